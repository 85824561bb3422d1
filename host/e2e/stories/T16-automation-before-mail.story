T16: What happens to a named mail counts from the instant that the workflow runs: opens of a mail that went out before never trigger.

--- workflow news
{
  "id": "news",
  "title": "News",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template news note
Subject: News

A word.

--- workflow opened
{
  "id": "opened",
  "title": "For whoever opened the news",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "message_opened", "where": [{ "field": "workflow", "operator": "eq", "value": "news" }] } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template opened note
Subject: You opened it

A word.

--- story
at 2026-03-02 09:00
shows T16
shows 1-named-message
create news
start news
create opened
contact ann {"email": "ann@example.com"}
event ann signed_up #1
mails
    ann@example.com | News | 2026-03-02 09:00:00

# The automation starts after the mail went out.
later 1h
start opened
event ann message_opened #2 {"workflow": "news", "step": "send"}
mails
    none
log ann opened
    2026-03-02 10:00:00 opened: not entered sent_before_start

# The next mail goes out while it runs.
event ann signed_up #3
mails
    ann@example.com | News | 2026-03-02 10:00:00
event ann message_opened #4 {"workflow": "news", "step": "send"}
mails
    ann@example.com | You opened it | 2026-03-02 10:00:00
log ann opened
    2026-03-02 10:00:00 opened: not entered sent_before_start
    2026-03-02 10:00:00 opened: trigger said enter: matched
    2026-03-02 10:00:00 opened: journey entered 4
    2026-03-02 10:00:00 opened: step reached send
    2026-03-02 10:00:00 opened: message queued send
    2026-03-02 10:00:00 opened: message sent send
    2026-03-02 10:00:00 opened: journey completed
