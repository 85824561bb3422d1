semantics-6: Whoever is held out gets nothing that can wait, is compared at the same step, and gets what belongs to an order.

--- workflow news
{
  "id": "news", "title": "News", "goal": { "on": { "event": "bought" } }, "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "came" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "mailed", "weight": 5000 }, { "name": "held", "weight": 5000, "holdout": true }] } },
    { "id": "letter", "send": { "template": "letter" } },
    { "id": "receipt", "send": { "template": "receipt", "class": "transactional" } },
    { "id": "more", "send": { "template": "letter" } }
  ]
}

--- template news letter
Subject: A letter

A word.

--- template news receipt
Subject: A receipt

A word.

--- workflow tips
{
  "id": "tips", "title": "Tips", "goal": { "on": { "event": "bought" } }, "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "tip", "send": { "template": "tip" } }, { "id": "receipt", "send": { "template": "receipt", "class": "transactional" } }]
}

--- template tips tip
Subject: A tip

A word.

--- template tips receipt
Subject: A receipt of a tip

A word.

--- workflow tips.2
{
  "id": "tips", "title": "Tips", "goal": { "on": { "event": "bought" } }, "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "returned" } },
  "steps": [{ "id": "tip", "send": { "template": "tip" } }]
}

--- template tips.2 tip
Subject: Another tip

A word.

--- story
at 2026-03-02 09:00
shows 6-holdout
create news
start news
people 1..40 came
subjects
    A letter: 42
    A receipt: 40
log p1
    2026-03-02 09:00:00 news: trigger said enter: matched
    2026-03-02 09:00:00 news: journey entered came-p1
    2026-03-02 09:00:00 news: step reached lot
    2026-03-02 09:00:00 news: arm assigned lot mailed
    2026-03-02 09:00:00 news: arm taken lot 0
    2026-03-02 09:00:00 news: step reached letter
    2026-03-02 09:00:00 news: message queued letter
    2026-03-02 09:00:00 news: message sent letter
    2026-03-02 09:00:00 news: step reached receipt
    2026-03-02 09:00:00 news: message queued receipt
    2026-03-02 09:00:00 news: message sent receipt
    2026-03-02 09:00:00 news: step reached more
    2026-03-02 09:00:00 news: message queued more
    2026-03-02 09:00:00 news: message sent more
    2026-03-02 09:00:00 news: journey completed
log p2
    2026-03-02 09:00:00 news: trigger said enter: matched
    2026-03-02 09:00:00 news: journey entered came-p2
    2026-03-02 09:00:00 news: step reached lot
    2026-03-02 09:00:00 news: arm assigned lot held
    2026-03-02 09:00:00 news: arm taken lot 1
    2026-03-02 09:00:00 news: step reached letter
    2026-03-02 09:00:00 news: message skipped letter holdout
    2026-03-02 09:00:00 news: step reached receipt
    2026-03-02 09:00:00 news: message queued receipt
    2026-03-02 09:00:00 news: message sent receipt
    2026-03-02 09:00:00 news: step reached more
    2026-03-02 09:00:00 news: message skipped more holdout
    2026-03-02 09:00:00 news: journey completed
log p3
    2026-03-02 09:00:00 news: trigger said enter: matched
    2026-03-02 09:00:00 news: journey entered came-p3
    2026-03-02 09:00:00 news: step reached lot
    2026-03-02 09:00:00 news: arm assigned lot held
    2026-03-02 09:00:00 news: arm taken lot 1
    2026-03-02 09:00:00 news: step reached letter
    2026-03-02 09:00:00 news: message skipped letter holdout
    2026-03-02 09:00:00 news: step reached receipt
    2026-03-02 09:00:00 news: message queued receipt
    2026-03-02 09:00:00 news: message sent receipt
    2026-03-02 09:00:00 news: step reached more
    2026-03-02 09:00:00 news: message skipped more holdout
    2026-03-02 09:00:00 news: journey completed

shows 6-holdout-compared
# One in two of all buys, mailed or not: counted at the step, apart.
later 1h
of each 2 A receipt | bought
log p1 news
    2026-03-02 09:00:00 news: trigger said enter: matched
    2026-03-02 09:00:00 news: journey entered came-p1
    2026-03-02 09:00:00 news: step reached lot
    2026-03-02 09:00:00 news: arm assigned lot mailed
    2026-03-02 09:00:00 news: arm taken lot 0
    2026-03-02 09:00:00 news: step reached letter
    2026-03-02 09:00:00 news: message queued letter
    2026-03-02 09:00:00 news: message sent letter
    2026-03-02 09:00:00 news: step reached receipt
    2026-03-02 09:00:00 news: message queued receipt
    2026-03-02 09:00:00 news: message sent receipt
    2026-03-02 09:00:00 news: step reached more
    2026-03-02 09:00:00 news: message queued more
    2026-03-02 09:00:00 news: message sent more
    2026-03-02 09:00:00 news: journey completed
    2026-03-02 10:00:00 news: converted more bought-p1 0.0 true true false
    2026-03-02 10:00:00 news: arm converted lot mailed
log p2 news
    2026-03-02 09:00:00 news: trigger said enter: matched
    2026-03-02 09:00:00 news: journey entered came-p2
    2026-03-02 09:00:00 news: step reached lot
    2026-03-02 09:00:00 news: arm assigned lot held
    2026-03-02 09:00:00 news: arm taken lot 1
    2026-03-02 09:00:00 news: step reached letter
    2026-03-02 09:00:00 news: message skipped letter holdout
    2026-03-02 09:00:00 news: step reached receipt
    2026-03-02 09:00:00 news: message queued receipt
    2026-03-02 09:00:00 news: message sent receipt
    2026-03-02 09:00:00 news: step reached more
    2026-03-02 09:00:00 news: message skipped more holdout
    2026-03-02 09:00:00 news: journey completed
log p3 news
    2026-03-02 09:00:00 news: trigger said enter: matched
    2026-03-02 09:00:00 news: journey entered came-p3
    2026-03-02 09:00:00 news: step reached lot
    2026-03-02 09:00:00 news: arm assigned lot held
    2026-03-02 09:00:00 news: arm taken lot 1
    2026-03-02 09:00:00 news: step reached letter
    2026-03-02 09:00:00 news: message skipped letter holdout
    2026-03-02 09:00:00 news: step reached receipt
    2026-03-02 09:00:00 news: message queued receipt
    2026-03-02 09:00:00 news: message sent receipt
    2026-03-02 09:00:00 news: step reached more
    2026-03-02 09:00:00 news: message skipped more holdout
    2026-03-02 09:00:00 news: journey completed
    2026-03-02 10:00:00 news: converted more bought-p3 0.0 true false true
    2026-03-02 10:00:00 news: arm converted lot held
counters news
    version 1 completed: 40
    version 1 conversions counted: 11
    version 1 conversions credited: 11
    version 1 conversions messages: 11
    version 1 conversions withheld: 9
    version 1 decisions trigger matched: 40
    version 1 entered: 40
    version 1 messages queued: 82
    version 1 messages sent: 82
    version 1 messages skipped holdout: 38

shows 6-holdout-server
# Over all workflows: half of all contacts get no marketing, and everybody gets the receipt.
settings {"holdout": 5000}
create tips
start tips
people 1..40 visited
subjects
    A letter: 42
    A receipt: 40
    A receipt of a tip: 40
    A tip: 19
counters tips
    version 1 completed: 40
    version 1 decisions trigger matched: 40
    version 1 entered: 40
    version 1 messages queued: 59
    version 1 messages sent: 59
    version 1 messages skipped holdout: 21
# Always the same ones: after a restart, in another version.
restart
log p1 tips
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered visited-p1
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message queued tip
    2026-03-02 10:00:00 tips: message sent tip
    2026-03-02 10:00:00 tips: step reached receipt
    2026-03-02 10:00:00 tips: message queued receipt
    2026-03-02 10:00:00 tips: message sent receipt
    2026-03-02 10:00:00 tips: journey completed
pause tips
edit tips
resume tips
people 1..40 returned
counters tips
    version 1 completed: 40
    version 1 decisions trigger matched: 40
    version 1 entered: 40
    version 1 messages queued: 59
    version 1 messages sent: 59
    version 1 messages skipped holdout: 21
    version 2 completed: 40
    version 2 decisions trigger matched: 40
    version 2 entered: 40
    version 2 messages queued: 19
    version 2 messages sent: 19
    version 2 messages skipped holdout: 21
log p1 tips
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered visited-p1
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message queued tip
    2026-03-02 10:00:00 tips: message sent tip
    2026-03-02 10:00:00 tips: step reached receipt
    2026-03-02 10:00:00 tips: message queued receipt
    2026-03-02 10:00:00 tips: message sent receipt
    2026-03-02 10:00:00 tips: journey completed
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered returned-p1
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message queued tip
    2026-03-02 10:00:00 tips: message sent tip
    2026-03-02 10:00:00 tips: journey completed
log p2 tips
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered visited-p2
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message skipped tip holdout
    2026-03-02 10:00:00 tips: step reached receipt
    2026-03-02 10:00:00 tips: message queued receipt
    2026-03-02 10:00:00 tips: message sent receipt
    2026-03-02 10:00:00 tips: journey completed
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered returned-p2
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message skipped tip holdout
    2026-03-02 10:00:00 tips: journey completed
log p3 tips
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered visited-p3
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message queued tip
    2026-03-02 10:00:00 tips: message sent tip
    2026-03-02 10:00:00 tips: step reached receipt
    2026-03-02 10:00:00 tips: message queued receipt
    2026-03-02 10:00:00 tips: message sent receipt
    2026-03-02 10:00:00 tips: journey completed
    2026-03-02 10:00:00 tips: trigger said enter: matched
    2026-03-02 10:00:00 tips: journey entered returned-p3
    2026-03-02 10:00:00 tips: step reached tip
    2026-03-02 10:00:00 tips: message queued tip
    2026-03-02 10:00:00 tips: message sent tip
    2026-03-02 10:00:00 tips: journey completed
# What they buy is compared at the step as well.
shows 6-holdout-compared
later 1h
event p1 bought #again
event p2 bought #again
counters tips
    version 1 completed: 40
    version 1 decisions trigger matched: 40
    version 1 entered: 40
    version 1 messages queued: 59
    version 1 messages sent: 59
    version 1 messages skipped holdout: 21
    version 2 completed: 40
    version 2 conversions counted: 1
    version 2 conversions credited: 1
    version 2 conversions messages: 1
    version 2 conversions withheld: 1
    version 2 decisions trigger matched: 40
    version 2 entered: 40
    version 2 messages queued: 19
    version 2 messages sent: 19
    version 2 messages skipped holdout: 21
