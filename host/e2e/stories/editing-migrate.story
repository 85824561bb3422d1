editing-migrate: A new version that migrates moves who is inside once it runs: shorter waits end, longer ones count on, and what is gone is passed over; under pin nobody moves.

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

# Pinned: who is inside stays, who enters gets the new version.
later 1h
pause course
edit course
resume course
event bo signed_up #1
mails
journeys ann
journeys bo

# Migrated, 20 hours after Ann's wait began: half a day is over, so it ends within a tick, and what is ahead runs.
at 2026-03-03 05:00
pause course
migrate course
journeys ann
resume course
mails
log ann
funnel course
