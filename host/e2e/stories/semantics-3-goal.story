semantics-3: A conversion is counted within its window, whether or not the journey is over; one message at most has the credit.

--- workflow week
{
  "id": "week",
  "title": "Counts, and does not exit",
  "goal": { "on": { "event": "order_completed" } },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "hello", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "30d" } }]
}

--- template week note
Subject: Hello

A word.

--- workflow leaves
{
  "id": "leaves",
  "title": "Counts, and exits",
  "goal": { "on": { "event": "order_completed" }, "exit": true },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "for": "30d" } }]
}

--- workflow opened
{
  "id": "opened",
  "title": "Within a day after it was opened",
  "goal": { "on": { "event": "order_completed" }, "after": "opened", "within": "1d" },
  "trigger": { "plugin": "event", "config": { "event": "viewed" } },
  "steps": [{ "id": "tip", "send": { "template": "note" } }]
}

--- template opened note
Subject: A tip

A word.

--- workflow long
{
  "id": "long",
  "title": "Too long",
  "goal": { "on": { "event": "order_completed" }, "within": "91d" },
  "trigger": { "plugin": "event", "config": { "event": "viewed" } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow none
{
  "id": "none",
  "title": "Says nothing of a goal",
  "trigger": { "plugin": "event", "config": { "event": "viewed" } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- story
at 2026-03-02 09:00
shows 3-goal-window
create long
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /goal/within it is longer than nothing and at most 90d
shows 3-goal-stated
create none
start none
    refused: conflict: workflow none names no goal: say `goal: none`, or which event it is to bring about

create week
start week
create leaves
start leaves
create opened
start opened
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
event ann signed_up #1
event bo signed_up #1
contact dan {"email": "dan@example.com"}
contact eva {"email": "eva@example.com"}
event dan signed_up #1
event eva signed_up #1
mails
    ann@example.com | Hello | 2026-03-02 09:00:00
    bo@example.com | Hello | 2026-03-02 09:00:00
    dan@example.com | Hello | 2026-03-02 09:00:00
    eva@example.com | Hello | 2026-03-02 09:00:00

shows 3-goal-apart
# The same order: one journey stays, the other leaves.
later 1d
event ann order_completed #2
journeys ann
    J1 leaves version 1, key 1, entered 2026-03-02 09:00:00: goal_reached 2026-03-03 09:00:00
    J2 week version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
counters leaves
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 exited goal_reached: 1
    version 1 inside: 3

shows 3-goal-window
# By default, five days after the mail a conversion still has the credit, a second later it has not.
at 2026-03-07 09:00
event dan order_completed #2
at 2026-03-07 09:00:01
event eva order_completed #2
log dan week
    2026-03-02 09:00:00 week: trigger said enter: matched
    2026-03-02 09:00:00 week: journey entered 1
    2026-03-02 09:00:00 week: step reached hello
    2026-03-02 09:00:00 week: message queued hello
    2026-03-02 09:00:00 week: message sent hello
    2026-03-02 09:00:00 week: step reached rest
    2026-03-02 09:00:00 week: wait started rest 2026-04-01 09:00:00
    2026-03-07 09:00:00 week: converted hello 2 0.0 true true false
log eva week
    2026-03-02 09:00:00 week: trigger said enter: matched
    2026-03-02 09:00:00 week: journey entered 1
    2026-03-02 09:00:00 week: step reached hello
    2026-03-02 09:00:00 week: message queued hello
    2026-03-02 09:00:00 week: message sent hello
    2026-03-02 09:00:00 week: step reached rest
    2026-03-02 09:00:00 week: wait started rest 2026-04-01 09:00:00
    2026-03-07 09:00:01 week: converted hello 2 0.0 true false false
# Seven days after the mail it counts, a second later it does not.
at 2026-03-09 09:00
event ann order_completed #3
counters week
    version 1 conversions counted: 4
    version 1 conversions credited: 2
    version 1 conversions messages: 3
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 inside: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
at 2026-03-09 09:00:01
event bo order_completed #2
counters week
    version 1 conversions counted: 4
    version 1 conversions credited: 2
    version 1 conversions messages: 3
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 inside: 4
    version 1 messages queued: 4
    version 1 messages sent: 4

shows 3-credit
# Beyond five days a message has no credit; of two messages within them the last one has it.
log ann week
    2026-03-02 09:00:00 week: trigger said enter: matched
    2026-03-02 09:00:00 week: journey entered 1
    2026-03-02 09:00:00 week: step reached hello
    2026-03-02 09:00:00 week: message queued hello
    2026-03-02 09:00:00 week: message sent hello
    2026-03-02 09:00:00 week: step reached rest
    2026-03-02 09:00:00 week: wait started rest 2026-04-01 09:00:00
    2026-03-03 09:00:00 week: converted hello 2 0.0 true true false
    2026-03-09 09:00:00 week: converted hello 3 0.0 false false false
at 2026-03-20 09:00
event bo viewed #3
at 2026-03-21 09:00
contact cem {"email": "cem@example.com"}
event cem signed_up #1
later 1h
event cem viewed #2
event cem message_opened #3 {"workflow": "opened", "step": "tip"}
later 1h
event cem order_completed #4
log cem
    2026-03-21 09:00:00 leaves: trigger said enter: matched
    2026-03-21 09:00:00 week: trigger said enter: matched
    2026-03-21 09:00:00 leaves: journey entered 1
    2026-03-21 09:00:00 leaves: step reached rest
    2026-03-21 09:00:00 leaves: wait started rest 2026-04-20 09:00:00
    2026-03-21 09:00:00 week: journey entered 1
    2026-03-21 09:00:00 week: step reached hello
    2026-03-21 09:00:00 week: message queued hello
    2026-03-21 09:00:00 week: message sent hello
    2026-03-21 09:00:00 week: step reached rest
    2026-03-21 09:00:00 week: wait started rest 2026-04-20 09:00:00
    2026-03-21 10:00:00 opened: trigger said enter: matched
    2026-03-21 10:00:00 opened: journey entered 2
    2026-03-21 10:00:00 opened: step reached tip
    2026-03-21 10:00:00 opened: message queued tip
    2026-03-21 10:00:00 opened: message sent tip
    2026-03-21 10:00:00 opened: journey completed
    2026-03-21 11:00:00 opened: converted tip 4 0.0 true true false
    2026-03-21 11:00:00 leaves: journey exited goal_reached
    2026-03-21 11:00:00 week: converted hello 4 0.0 true false false

shows 3-machine
# A machine that opens begins no window and takes no credit.
event bo message_opened #4 {"workflow": "opened", "step": "tip", "machine": true}
event bo order_completed #5
counters opened
    version 1 completed: 2
    version 1 conversions counted: 1
    version 1 conversions credited: 1
    version 1 conversions messages: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
event bo message_opened #6 {"workflow": "opened", "step": "tip"}
later 1h
event bo order_completed #7
counters opened
    version 1 completed: 2
    version 1 conversions counted: 2
    version 1 conversions credited: 2
    version 1 conversions messages: 2
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 messages queued: 2
    version 1 messages sent: 2

shows 3-goal-after-exit
# The journey of the tip was over at once, and its conversion counted; a day after the opening none does.
journeys bo
    J3 leaves version 1, key 1, entered 2026-03-02 09:00:00: goal_reached 2026-03-09 09:00:01
    J4 week version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
    J5 opened version 1, key 3, entered 2026-03-20 09:00:00: completed 2026-03-20 09:00:00
later 24h
event bo order_completed #8
counters opened
    version 1 completed: 2
    version 1 conversions counted: 2
    version 1 conversions credited: 2
    version 1 conversions messages: 2
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
