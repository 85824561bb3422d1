O4: A flow that was defined runs on in the background: killed between any two steps, it sends every mail, and none twice.

--- workflow course
{
  "id": "course",
  "title": "A course in three letters",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "enrolled" } },
  "steps": [
    { "id": "one", "send": { "template": "letter" } },
    { "id": "first_rest", "wait": { "for": "1d" } },
    { "id": "two", "send": { "template": "letter" } },
    { "id": "second_rest", "wait": { "for": "1d" } },
    { "id": "three", "send": { "template": "letter" } }
  ]
}

--- template course letter
Subject: The next letter

Read slowly.

--- story
at 2026-03-02 09:00
create course
kill
start course
kill
contact ann {"email": "ann@example.com"}
kill
event ann enrolled #e1
kill
# The same event once more, as a caller does who got no answer.
event ann enrolled #e1
mails
    ann@example.com | The next letter | 2026-03-02 09:00:00
kill
at 2026-03-03 09:00
kill
mails
    ann@example.com | The next letter | 2026-03-03 09:00:00
at 2026-03-04 08:59:59
kill
at 2026-03-04 09:00
smtp ann@example.com end 451 4.3.0 later
kill
later 10m
kill
mails
    ann@example.com | The next letter | 2026-03-04 09:00:00
at 2026-03-10 09:00
mails
    none
counters course
    version 1 completed: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages deferred smtp_451: 1
    version 1 messages queued: 3
    version 1 messages sent: 3
status
    events_repeated: 1
    events_conflicting: 0
    records_parked: 0
