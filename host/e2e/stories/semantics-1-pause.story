semantics-1: Inside a pause a contact is still heard; what falls due in it is skipped, or caught up with after the resume as far as it is not too late.

--- workflow course
{
  "id": "course",
  "title": "A course",
  "goal": { "on": { "event": "order_completed" } },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "hello", "send": { "template": "note" } },
    { "id": "asked", "wait_for": { "timeout": "3d", "otherwise": "over", "arms": [{ "on": { "event": "answered" }, "goto": "thanks" }] } },
    { "id": "thanks", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "more", "send": { "template": "note" } },
    { "id": "over", "exit": { "reason": "asked_enough" } }
  ]
}

--- template course note
Subject: A lesson

A word.

--- workflow digest
{
  "id": "digest",
  "title": "Mail that is caught up with",
  "goal": "none",
  "on_resume": "catch_up",
  "trigger": { "plugin": "event", "config": { "event": "enrolled" } },
  "steps": [
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "letter", "send": { "template": "note", "late_limit": "6h" } },
    { "id": "more", "wait": { "for": "1d" } },
    { "id": "last", "send": { "template": "note" } }
  ]
}

--- template digest note
Subject: A letter

A word.

--- story
at 2026-03-02 09:00
create course
start course
create digest
start digest
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
event ann signed_up #1
event bo signed_up #1
event cem signed_up #1
mails
    ann@example.com | A lesson | 2026-03-02 09:00:00
    bo@example.com | A lesson | 2026-03-02 09:00:00
    cem@example.com | A lesson | 2026-03-02 09:00:00

shows 1-pause-listens
# An answer that is waited for and a conversion are heard in the pause; an arrival and an answer by nobody inside are not.
later 1h
pause course
event ann answered #2
event bo order_completed #2
event dan signed_up #1
counters course
    version 1 conversions counted: 1
    version 1 conversions credited: 1
    version 1 conversions messages: 1
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 inside: 3
    version 1 messages queued: 3
    version 1 messages sent: 3
    version 1 messages skipped paused: 1
log ann course
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached hello
    2026-03-02 09:00:00 course: message queued hello
    2026-03-02 09:00:00 course: message sent hello
    2026-03-02 09:00:00 course: step reached asked
    2026-03-02 09:00:00 course: wait started asked 2026-03-05 09:00:00
    2026-03-02 10:00:00 course: arm taken asked 0
    2026-03-02 10:00:00 course: step reached thanks
    2026-03-02 10:00:00 course: message skipped thanks paused
    2026-03-02 10:00:00 course: step reached rest
    2026-03-02 10:00:00 course: wait started rest 2026-03-03 10:00:00
journeys dan
    none

shows 1-pause-mail
# The thanks were due in the pause and never come; the journey went on, and what is due after the resume is sent.
later 1h
resume course
mails
    none
at 2026-03-03 12:00
mails
    ann@example.com | A lesson | 2026-03-03 10:00:00
log ann course
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached hello
    2026-03-02 09:00:00 course: message queued hello
    2026-03-02 09:00:00 course: message sent hello
    2026-03-02 09:00:00 course: step reached asked
    2026-03-02 09:00:00 course: wait started asked 2026-03-05 09:00:00
    2026-03-02 10:00:00 course: arm taken asked 0
    2026-03-02 10:00:00 course: step reached thanks
    2026-03-02 10:00:00 course: message skipped thanks paused
    2026-03-02 10:00:00 course: step reached rest
    2026-03-02 10:00:00 course: wait started rest 2026-03-03 10:00:00
    2026-03-03 10:00:00 course: step reached more
    2026-03-03 10:00:00 course: message queued more
    2026-03-03 10:00:00 course: message sent more
    2026-03-03 10:00:00 course: step reached over
    2026-03-03 10:00:00 course: journey exited asked_enough

# Whoever is waited for in vain leaves in a pause as well.
at 2026-03-05 08:00
pause course
at 2026-03-05 10:00
journeys cem
    J1 course version 1, key 1, entered 2026-03-02 09:00:00: asked_enough 2026-03-05 09:00:00
resume course

shows 1-catch-up
# Two letters fall due in the pause: 13 hours before the resume, which is too late for it, and 2 hours before.
at 2026-03-10 09:00
event ann enrolled #3
at 2026-03-10 20:00
event bo enrolled #3
at 2026-03-11 08:00
pause digest
at 2026-03-11 22:00
mails
    none
resume digest
at 2026-03-11 23:00
mails
    bo@example.com | A letter | 2026-03-11 23:00:00
log ann digest
    2026-03-10 09:00:00 digest: trigger said enter: matched
    2026-03-10 09:00:00 digest: journey entered 3
    2026-03-10 09:00:00 digest: step reached rest
    2026-03-10 09:00:00 digest: wait started rest 2026-03-11 09:00:00
    2026-03-11 09:00:00 digest: step reached letter
    2026-03-11 09:00:00 digest: message held letter 2026-03-11 10:00:00 paused
    2026-03-11 16:00:00 digest: message skipped letter late
    2026-03-11 16:00:00 digest: step reached more
    2026-03-11 16:00:00 digest: wait started more 2026-03-12 16:00:00
log bo digest
    2026-03-10 20:00:00 digest: trigger said enter: matched
    2026-03-10 20:00:00 digest: journey entered 3
    2026-03-10 20:00:00 digest: step reached rest
    2026-03-10 20:00:00 digest: wait started rest 2026-03-11 20:00:00
    2026-03-11 20:00:00 digest: step reached letter
    2026-03-11 20:00:00 digest: message held letter 2026-03-11 21:00:00 paused
    2026-03-11 23:00:00 digest: message queued letter
    2026-03-11 23:00:00 digest: message sent letter
    2026-03-11 23:00:00 digest: step reached more
    2026-03-11 23:00:00 digest: wait started more 2026-03-12 23:00:00
# What follows counts from there.
at 2026-03-13 00:00
mails
    ann@example.com | A letter | 2026-03-12 16:00:00
    bo@example.com | A letter | 2026-03-12 23:00:00

shows 1-resume
# What happened in the pause is not looked at afterwards either, when it is told later.
at 2026-03-16 09:00
pause course
at 2026-03-16 12:00
resume course
old event eva signed_up #1 2026-03-16 10:00
log eva
    2026-03-16 12:00:00 course: not entered paused
old event eva signed_up #2 2026-03-16 08:00
log eva
    2026-03-16 12:00:00 course: not entered paused
    2026-03-16 12:00:00 course: trigger said enter: matched
    2026-03-16 12:00:00 course: journey entered 2
    2026-03-16 12:00:00 course: step reached hello
    2026-03-16 12:00:00 course: message skipped hello no_address
    2026-03-16 12:00:00 course: step reached asked
    2026-03-16 12:00:00 course: wait started asked 2026-03-19 12:00:00
# Nor in a pause before the last one.
at 2026-03-16 12:10
pause course
at 2026-03-16 12:20
resume course
old event gil signed_up #1 2026-03-16 10:00
log gil
    2026-03-16 12:20:00 course: not entered paused

shows 1-pause-mail
# A message that a server deferred is due when it is to be tried again.
at 2026-03-23 09:00
contact fay {"email": "fay@example.com"}
smtp fay@example.com rcpt 450 4.2.0 try later
event fay signed_up #1
mails
    none
at 2026-03-23 09:00:30
pause course
at 2026-03-23 09:10
resume course
mails
    none
log fay
    2026-03-23 09:00:00 course: trigger said enter: matched
    2026-03-23 09:00:00 course: journey entered 1
    2026-03-23 09:00:00 course: step reached hello
    2026-03-23 09:00:00 course: message queued hello
    2026-03-23 09:00:00 course: message deferred hello 2026-03-23 09:01:00.598 smtp_450
    2026-03-23 09:01:00.598 course: message skipped hello paused
    2026-03-23 09:01:00.598 course: step reached asked
    2026-03-23 09:01:00.598 course: wait started asked 2026-03-26 09:01:00.598
