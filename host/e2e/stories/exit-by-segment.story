exit-by-segment: A segment ends the journey inside a wait when something happens that it reads, and is asked once more before every message.

--- workflow course
{
  "id": "course",
  "title": "A course for those who have not bought",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [{ "segment": { "plugin": "audience", "config": { "any": [
    { "attribute": { "name": "level", "operator": "eq", "value": "gold" } },
    { "count": { "of": { "event": "order_completed", "within": "30d" }, "operator": "gte", "value": 2 } }
  ] } }, "reason": "is_a_buyer" }],
  "steps": [
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template course note
Subject: A lesson

A word.

--- story
at 2026-03-02 09:00
create course
start course
contact ann {"email": "ann@example.com", "level": "silver"}
contact bo {"email": "bo@example.com", "level": "silver"}
contact cem {"email": "cem@example.com", "level": "silver"}
event ann signed_up #1
event bo signed_up #1
event cem signed_up #1
mails

# An attribute and a second order end it at once, a first order does not.
later 1h
contact ann {"level": "gold"}
event bo order_completed #2
event bo order_completed #3
event cem order_completed #2
log ann
log bo
journeys cem
later 1d
mails
