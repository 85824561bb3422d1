N11: A plugin chooses each contact's arm by their scores, and any arm for some to learn; arm and propensity are in the log, stay over kills and another journey, come out the same asked again, and weigh who converted.

--- workflow welcome
{
  "id": "welcome",
  "title": "Which welcome suits whom?",
  "goal": { "on": { "event": "order_completed" }, "within": "5d" },
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "subject", "split": {
      "by": { "plugin": "explore", "on_failure": "skip", "config": { "explore": 0, "arms": [
        { "name": "plain", "score": "plain_score" }, { "name": "gift", "score": "gift_score" }] } },
      "arms": [{ "name": "plain", "goto": "plain" }, { "name": "gift", "goto": "gift" }]
    } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "gift", "send": { "template": "gift" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template welcome plain
Subject: Welcome

Good to have you here.

--- template welcome gift
Subject: Welcome, and a gift

The first parcel is on us.

--- workflow many
{
  "id": "many",
  "title": "Half of them by chance",
  "goal": { "on": { "event": "order_completed" }, "within": "5d" },
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "product_viewed" } },
  "steps": [
    { "id": "offer", "split": {
      "by": { "plugin": "explore", "on_failure": "skip", "config": { "explore": 0.5, "arms": [
        { "name": "plain", "score": "plain_score" }, { "name": "gift", "score": "gift_score" }] } },
      "arms": [{ "name": "plain" }, { "name": "gift" }]
    } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- workflow wins
{
  "id": "wins",
  "title": "Refused",
  "goal": { "on": { "event": "order_completed" } },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "subject", "split": {
      "by": { "plugin": "explore", "config": { "explore": 0, "arms": [{ "name": "plain", "score": "plain_score" }] } },
      "arms": [{ "name": "plain" }, { "name": "gift" }],
      "winner": { "by": "goal" }
    } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- story
at 2026-03-02 09:00
shows N11
# What finds a winner needs arms that are drawn.
create wins
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /steps/0/split/winner a rule chooses the arms, and what finds a winner needs them drawn by their weights
create welcome
start welcome
create many
start many
contact ann {"email": "ann@example.com", "gift_score": 0.9, "plain_score": 0.2}
contact bo {"email": "bo@example.com", "plain_score": 0.4}
event ann signed_up #a1
event bo signed_up #b1
mails
    ann@example.com | Welcome, and a gift | 2026-03-02 09:00:00
    bo@example.com | Welcome | 2026-03-02 09:00:00
# Another score and another journey: who has an arm keeps it, and no rule is asked.
contact ann {"gift_score": 0.1}
kill
event ann signed_up #a2
event ann order_completed #a3
mails
    ann@example.com | Welcome, and a gift | 2026-03-02 09:00:00
experiment welcome
    subject gift: 1 of 1 converted, weighed 1.0000
    subject plain: 0 of 1 converted, weighed 0.0000
    subject: explore chooses
run why ann welcome
    welcome (Which welcome suits whom?)
      ann came in 2 times; got the message of gift 2 times; left, for the reason `done`
      2026-03-02T09:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  came in, with the key a1
      2026-03-02T09:00:00Z  came to subject
      2026-03-02T09:00:00Z  the personalizer of subject chose: Chosen by its score
          given score of plain = 0.2  (attribute plain_score)
          given score of gift = 0.9  (attribute gift_score)
          given seed = SEED  (a seed of the contact)
          explore 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  was given the arm gift at subject, the chance of which was 1
      2026-03-02T09:00:00Z  took arm 1 at subject
      2026-03-02T09:00:00Z  came to gift
      2026-03-02T09:00:00Z  the message of gift was made
      2026-03-02T09:00:00Z  got the message of gift
      2026-03-02T09:00:00Z  came to end
      2026-03-02T09:00:00Z  left, for the reason `done`
      2026-03-02T09:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  came in, with the key a2
      2026-03-02T09:00:00Z  came to subject
      2026-03-02T09:00:00Z  took arm 1 at subject
      2026-03-02T09:00:00Z  came to gift
      2026-03-02T09:00:00Z  the message of gift was made
      2026-03-02T09:00:00Z  got the message of gift
      2026-03-02T09:00:00Z  came to end
      2026-03-02T09:00:00Z  left, for the reason `done`
      2026-03-02T09:00:00Z  did what the workflow is for, after the message of gift: event a3
      2026-03-02T09:00:00Z  converted in the arm gift of subject
    3 decisions asked again: 3 equal, 0 different; 0 not re-executable
# Which arms are drawn here hangs on the seed of the store; that they are drawn alike again is what counts.
people 1..60 product_viewed
at 2026-03-02 10:00
down
run store reexecute
    the journal is applied from its first record on
    125 decisions recorded: 125 asked again, 125 equal, 0 different; 0 not re-executable
up
experiment welcome
    subject gift: 1 of 1 converted, weighed 1.0000
    subject plain: 0 of 1 converted, weighed 0.0000
    subject: explore chooses
contact ann {"gift_score": 0.5}
event ann signed_up #a4
mails
    ann@example.com | Welcome, and a gift | 2026-03-02 10:00:00
