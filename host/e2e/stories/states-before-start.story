semantics-1: Before its start a workflow has no statistics and leaves no backlog; events are history all the same.

--- workflow thanks
{
  "id": "thanks",
  "title": "Thanks after the second order",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
  "audience": {
    "plugin": "audience",
    "config": { "count": { "of": { "event": "order_completed" }, "operator": "gte", "value": 2 } }
  },
  "steps": [{ "id": "thank", "send": { "template": "thanks" } }]
}

--- template thanks thanks
Subject: Thanks for coming back

You made our day.

--- workflow broken
{
  "id": "broken",
  "title": "What a check finds",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "Order Completed" } },
  "steps": [
    { "id": "thank", "send": { "template": "nowhere" } },
    { "id": "look", "wait": { "for": "1d" }, "next": "gone" }
  ]
}

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}

# What does not make sense is refused whole, every problem at once.
create broken
    refused: invalid_workflow: the workflow has 3 problems; nothing was stored; /steps/0/send/template there is no template nowhere; /steps/1/next there is no step gone; /trigger/config/event "Order Completed" does not match "^[a-z][a-z0-9_]{0,99}$"
state broken
    refused: not_found: there is no workflow broken

shows 1-create
create thanks
    draft, version 1
create thanks
    refused: conflict: workflow thanks exists already, its version is 1
event ann order_completed #o1
event bea order_completed #o1
counters thanks
    none
edit thanks
    draft, version 2

shows 1-start
shows 1-history
later 1h
start thanks
    running, version 2, since 2026-03-02 10:00:00
mails
    none
journeys ann
    none
counters thanks
    none

# The order from before the start did not enter anybody, but it is counted in the history.
later 1h
event ann order_completed #o2
mails
    ann@example.com | Thanks for coming back | 2026-03-02 11:00:00
event cem order_completed #o1
log cem
    2026-03-02 11:00:00 thanks: trigger said enter: matched
    2026-03-02 11:00:00 thanks: audience said out: not_member
    2026-03-02 11:00:00 thanks: not entered not_in_audience

# An event told late, of an instant before the start or older than a day, triggers nothing either.
later 3d
old event bea order_completed #o0 2026-03-02 09:30
mails
    none
profile bea
    events: 2
    inside: 0
    email: bea@example.com
counters thanks
    version 2 completed: 1
    version 2 decisions audience member: 1
    version 2 decisions audience not_member: 1
    version 2 decisions trigger matched: 2
    version 2 entered: 1
    version 2 messages queued: 1
    version 2 messages sent: 1
    version 2 not_entered before_start: 1
    version 2 not_entered not_in_audience: 1
