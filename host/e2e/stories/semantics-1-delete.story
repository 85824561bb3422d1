semantics-1: A workflow that was deleted is gone with its statistics, also where a new one has its name.

--- workflow course
{
  "id": "course",
  "title": "A course",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "hello", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "1d" } }, { "id": "more", "send": { "template": "note" } }]
}

--- template course note
Subject: A lesson

A word.

--- story
at 2026-03-02 09:00
create course
start course
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
event ann signed_up #1
event bo signed_up #1
contact cem {"email": "cem@example.com"}
smtp cem@example.com rcpt 450 4.2.0 try later
event cem signed_up #1
mails
    ann@example.com | A lesson | 2026-03-02 09:00:00
    bo@example.com | A lesson | 2026-03-02 09:00:00
shows 1-delete
pause course
delete course
shows 1-create
# What those of the former life do from now on is none of the new one's.
later 1m
create course
counters course
    none
start course
counters course
    none
event ann signed_up #2
mails
    ann@example.com | A lesson | 2026-03-02 09:01:00
counters course
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 inside: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
funnel course
    version 1 hello: entered 1 = inside 0 + advanced 1 + exited 0
    version 1 rest: entered 1 = inside 1 + advanced 0 + exited 0
kill
counters course
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 inside: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
later 2d
mails
    ann@example.com | A lesson | 2026-03-03 09:01:00
log bo
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached hello
    2026-03-02 09:00:00 course: message queued hello
    2026-03-02 09:00:00 course: message sent hello
    2026-03-02 09:00:00 course: step reached rest
    2026-03-02 09:00:00 course: wait started rest 2026-03-03 09:00:00
    2026-03-02 09:00:00 course: journey exited workflow_deleted
log cem
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached hello
    2026-03-02 09:00:00 course: message queued hello
    2026-03-02 09:00:00 course: message deferred hello 2026-03-02 09:01:01.036 smtp_450
    2026-03-02 09:01:01.036 course: message skipped hello workflow_deleted
    2026-03-02 09:01:01.036 course: journey exited workflow_deleted
counters course
    version 1 completed: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 2
    version 1 messages sent: 2
