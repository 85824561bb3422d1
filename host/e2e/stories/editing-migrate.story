semantics-7: A new version that migrates moves who is inside once it runs: shorter waits end, longer ones count on, and what is gone is passed over; under pin nobody moves.

--- workflow course
{
  "id": "course",
  "title": "A course",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "24h" } },
    { "id": "two", "send": { "template": "note" } },
    { "id": "long", "wait": { "for": "24h" } },
    { "id": "three", "send": { "template": "note" } }
  ]
}

--- template course note
Subject: A lesson

A word.

--- workflow course.2
{
  "id": "course",
  "title": "A course",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "one", "send": { "template": "other" } }, { "id": "rest", "wait": { "for": "1h" } }]
}

--- template course.2 other
Subject: Another lesson

A word.

--- workflow course.3
{
  "id": "course",
  "title": "A course",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "12h" } },
    { "id": "new", "send": { "template": "new" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template course.3 note
Subject: A lesson

A word.

--- template course.3 new
Subject: A new lesson

A word.

--- story
at 2026-03-02 09:00
create course
start course
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
event ann signed_up #1
mails
    ann@example.com | A lesson | 2026-03-02 09:00:00

shows 7-pin
# Pinned: who is inside stays, who enters gets the new version.
later 1h
pause course
edit course
resume course
event bo signed_up #1
mails
    bo@example.com | Another lesson | 2026-03-02 10:00:00
journeys ann
    J1 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
journeys bo
    J2 course version 2, key 1, entered 2026-03-02 10:00:00: inside, waiting at rest until 2026-03-02 11:00:00

shows 7-shorter
shows 7-overdue
shows 7-added
# Migrated, 20 hours after Ann's wait began: half a day is over, so it ends within a tick, and what is ahead runs.
at 2026-03-03 05:00
pause course
migrate course
journeys ann
    J1 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
resume course
mails
    ann@example.com | A lesson | 2026-03-03 05:00:00
    ann@example.com | A new lesson | 2026-03-03 05:00:00
log ann
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached one
    2026-03-02 09:00:00 course: message queued one
    2026-03-02 09:00:00 course: message sent one
    2026-03-02 09:00:00 course: step reached rest
    2026-03-02 09:00:00 course: wait started rest 2026-03-03 09:00:00
    2026-03-03 05:00:00 course: migrated rest
    2026-03-03 05:00:00 course: wait started rest 2026-03-03 05:00:00
    2026-03-03 05:00:00 course: step reached new
    2026-03-03 05:00:00 course: message queued new
    2026-03-03 05:00:00 course: message sent new
    2026-03-03 05:00:00 course: step reached two
    2026-03-03 05:00:00 course: message queued two
    2026-03-03 05:00:00 course: message sent two
    2026-03-03 05:00:00 course: journey completed
funnel course
    version 1 one: entered 1 = inside 0 + advanced 1 + exited 0
    version 1 rest: entered 1 = inside 0 + advanced 0 + exited 1
    version 2 one: entered 1 = inside 0 + advanced 1 + exited 0
    version 2 rest: entered 1 = inside 0 + advanced 1 + exited 0
    version 3 new: entered 1 = inside 0 + advanced 1 + exited 0
    version 3 rest: entered 1 = inside 0 + advanced 1 + exited 0
    version 3 two: entered 1 = inside 0 + advanced 1 + exited 0
