semantics-3: A segment ends the journey inside a wait when something happens that it reads, and is asked once more before every message.

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

--- workflow asked
{
  "id": "asked",
  "title": "Asks until there is an order",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "exits": [{ "segment": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed" }, "operator": "gte", "value": 1 } } }, "reason": "is_a_buyer" }],
  "steps": [
    { "id": "rest", "wait_for": { "arms": [{ "on": { "event": "order_completed" } }], "timeout": "10d" } },
    { "id": "tell", "webhook": { "url": "https://crm.example/asked" } },
    { "id": "last", "exit": { "reason": "by_step" } }
  ]
}

--- workflow plain
{
  "id": "plain",
  "title": "Not for those whom a step has tagged or scored",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "exits": [
    { "segment": { "plugin": "audience", "config": { "attribute": { "name": "tags", "operator": "contains", "value": "vip" } } }, "reason": "is_vip" },
    { "segment": { "plugin": "audience", "config": { "kept": { "name": "score", "operator": "gte", "value": 5 } } }, "reason": "scored" }
  ],
  "steps": [
    { "id": "rest", "wait_for": { "arms": [{ "on": { "event": "answered" } }], "timeout": "10d" } },
    { "id": "score", "update": { "keep": { "score": { "value": 9 } } } },
    { "id": "tell", "webhook": { "url": "https://crm.example/plain" } }
  ]
}

--- workflow tagger
{
  "id": "tagger",
  "title": "Tags who has upgraded",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "upgraded" } },
  "steps": [{ "id": "tag", "update": { "add_tags": ["vip"] } }]
}

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
    ann@example.com | A lesson | 2026-03-02 09:00:00
    bo@example.com | A lesson | 2026-03-02 09:00:00
    cem@example.com | A lesson | 2026-03-02 09:00:00

shows 3-exit-segment
# An attribute and a second order end it at once, a first order does not.
later 1h
contact ann {"level": "gold"}
event bo order_completed #2
event bo order_completed #3
event cem order_completed #2
log ann
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached one
    2026-03-02 09:00:00 course: message queued one
    2026-03-02 09:00:00 course: exits/0 said out: not_member
    2026-03-02 09:00:00 course: message sent one
    2026-03-02 09:00:00 course: step reached rest
    2026-03-02 09:00:00 course: wait started rest 2026-03-03 09:00:00
    2026-03-02 10:00:00 course: exits/0 said in: member
    2026-03-02 10:00:00 course: journey exited is_a_buyer
log bo
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached one
    2026-03-02 09:00:00 course: message queued one
    2026-03-02 09:00:00 course: exits/0 said out: not_member
    2026-03-02 09:00:00 course: message sent one
    2026-03-02 09:00:00 course: step reached rest
    2026-03-02 09:00:00 course: wait started rest 2026-03-03 09:00:00
    2026-03-02 10:00:00 course: exits/0 said in: member
    2026-03-02 10:00:00 course: journey exited is_a_buyer
journeys cem
    J1 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
later 1d
mails
    cem@example.com | A lesson | 2026-03-03 09:00:00

# The event that makes a member ends the journey, though its step waits for it.
create asked
start asked
event dan asked #1
event dan order_completed #2
log dan
    2026-03-03 10:00:00 asked: trigger said enter: matched
    2026-03-03 10:00:00 asked: journey entered 1
    2026-03-03 10:00:00 asked: step reached rest
    2026-03-03 10:00:00 asked: wait started rest 2026-03-13 10:00:00
    2026-03-03 10:00:00 asked: exits/0 said in: member
    2026-03-03 10:00:00 asked: journey exited is_a_buyer
webhooks dan
    none

# What a step changes is heard as well: a tag by another workflow, and what a step of its own keeps.
create plain
start plain
create tagger
start tagger
event eva asked #1
event fay asked #1
later 1h
event eva upgraded #2
event fay answered #2
log eva plain
    2026-03-03 10:00:00 plain: trigger said enter: matched
    2026-03-03 10:00:00 plain: journey entered 1
    2026-03-03 10:00:00 plain: step reached rest
    2026-03-03 10:00:00 plain: wait started rest 2026-03-13 10:00:00
    2026-03-03 11:00:00 plain: exits/0 said in: member
    2026-03-03 11:00:00 plain: journey exited is_vip
log fay plain
    2026-03-03 10:00:00 plain: trigger said enter: matched
    2026-03-03 10:00:00 plain: journey entered 1
    2026-03-03 10:00:00 plain: step reached rest
    2026-03-03 10:00:00 plain: wait started rest 2026-03-13 10:00:00
    2026-03-03 11:00:00 plain: arm taken rest 0
    2026-03-03 11:00:00 plain: step reached score
    2026-03-03 11:00:00 plain: updated score kept.score
    2026-03-03 11:00:00 plain: exits/1 said in: member
    2026-03-03 11:00:00 plain: journey exited scored
webhooks fay
    none
