M10: A conversion is seen within a second of its event, counted once for each event, and credited to one message of all workflows.

--- workflow welcome
{
  "id": "welcome",
  "title": "Welcome",
  "type": "welcome",
  "stage": "explore",
  "goal": { "on": { "event": "order_completed" }, "within": "10d", "value": "total" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [{ "on": { "event": "order_completed" }, "reason": "bought" }],
  "steps": [{ "id": "hello", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "30d" } }]
}

--- template welcome note
Subject: Welcome

A word.

--- workflow tips
{
  "id": "tips",
  "title": "Tips",
  "goal": { "on": { "event": "order_completed" }, "after": "clicked", "value": "total" },
  "trigger": { "plugin": "event", "config": { "event": "viewed" } },
  "steps": [{ "id": "tip", "send": { "template": "note" } }]
}

--- template tips note
Subject: A tip

A word.

--- story
at 2026-03-02 09:00
shows M10
shows 3-goal-after-exit
shows 3-credit
shows 3-machine
create welcome
create tips
start welcome
start tips
contact ann {"email": "ann@example.com"}
event ann signed_up #1
mails
    ann@example.com | Welcome | 2026-03-02 09:00:00

# In time, and the journey leaves; a second order after that counts as well.
later 1d
event ann order_completed #2 {"total": 20.5}
soon counters welcome
    version 1 conversions counted: 1
    version 1 conversions credited: 1
    version 1 conversions messages: 1
    version 1 conversions worth: 20.5
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 exited bought: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
later 1d
event ann order_completed #3 {"total": 9.5}
soon counters welcome
    version 1 conversions counted: 2
    version 1 conversions credited: 2
    version 1 conversions messages: 1
    version 1 conversions worth: 30.0
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 exited bought: 1
    version 1 messages queued: 1
    version 1 messages sent: 1

# A click by a machine counts for nothing, one by the contact takes the credit; only one message gets it.
event ann viewed #4
mails
    ann@example.com | A tip | 2026-03-04 09:00:00
event ann message_clicked #5 {"workflow": "tips", "step": "tip", "machine": true}
event ann order_completed #6 {"total": 1}
soon counters tips
    version 1 completed: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
event ann message_clicked #7 {"workflow": "tips", "step": "tip"}
event ann order_completed #8 {"total": 100}
soon counters tips
    version 1 completed: 1
    version 1 conversions counted: 1
    version 1 conversions credited: 1
    version 1 conversions messages: 1
    version 1 conversions worth: 100.0
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
counters welcome
    version 1 conversions counted: 4
    version 1 conversions credited: 3
    version 1 conversions messages: 1
    version 1 conversions worth: 31.0
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 exited bought: 1
    version 1 messages queued: 1
    version 1 messages sent: 1

# After the window nothing counts.
at 2026-04-02 09:00
event ann order_completed #9 {"total": 1000}
counters welcome
    version 1 conversions counted: 4
    version 1 conversions credited: 3
    version 1 conversions messages: 1
    version 1 conversions worth: 31.0
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 exited bought: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
counters tips
    version 1 completed: 1
    version 1 conversions counted: 1
    version 1 conversions credited: 1
    version 1 conversions messages: 1
    version 1 conversions worth: 100.0
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
