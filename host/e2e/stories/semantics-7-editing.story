semantics-7: Whoever is inside stays on the version that they entered with; under migrate every edit means what it says.

--- workflow pinned
{
  "id": "pinned", "title": "Pinned", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "pinned" } },
  "steps": [
    { "id": "rest", "wait": { "for": "24h" } },
    { "id": "gone", "send": { "template": "gone" } },
    { "id": "more", "wait": { "for": "24h" } },
    { "id": "note", "send": { "template": "note" } }
  ]
}

--- template pinned gone
Subject: Pinned, a letter that is taken out

A word.

--- template pinned note
Subject: Pinned, as it was

A word.

--- workflow pinned.2
{
  "id": "pinned", "title": "Pinned", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "other" } },
  "steps": [
    { "id": "rest", "wait": { "for": "1h" } },
    { "id": "new", "send": { "template": "new" } },
    { "id": "more", "wait": { "for": "48h" } },
    { "id": "note", "send": { "template": "note" } }
  ]
}

--- template pinned.2 new
Subject: Pinned, a new letter

A word.

--- template pinned.2 note
Subject: Pinned, in other words

A word.

--- workflow shorter
{
  "id": "shorter", "title": "Shorter", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "shorter" } },
  "steps": [{ "id": "rest", "wait": { "for": "24h" } }, { "id": "note", "send": { "template": "note" } }]
}

--- template shorter note
Subject: Shorter

A word.

--- workflow shorter.2
{
  "id": "shorter", "title": "Shorter", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "shorter" } },
  "steps": [{ "id": "rest", "wait": { "for": "12h" } }, { "id": "note", "send": { "template": "note" } }]
}

--- template shorter.2 note
Subject: Shorter

A word.

--- workflow longer
{
  "id": "longer", "title": "Longer", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "longer" } },
  "steps": [{ "id": "rest", "wait": { "for": "24h" } }, { "id": "note", "send": { "template": "note" } }]
}

--- template longer note
Subject: Longer

A word.

--- workflow longer.2
{
  "id": "longer", "title": "Longer", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "longer" } },
  "steps": [{ "id": "rest", "wait": { "for": "48h" } }, { "id": "note", "send": { "template": "note" } }]
}

--- template longer.2 note
Subject: Longer

A word.

--- workflow removed
{
  "id": "removed", "title": "Removed", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "removed" } },
  "steps": [
    { "id": "which", "branch": { "arms": [{ "segment": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } }, "goto": "gold" }] } },
    { "id": "rest", "wait": { "for": "24h" }, "next": "mark" },
    { "id": "gold", "send": { "template": "note" } },
    { "id": "mark", "update": { "set": { "marked": { "value": true } } } },
    { "id": "last", "wait": { "for": "24h" } }
  ]
}

--- template removed note
Subject: Removed

A word.

--- workflow removed.2
{
  "id": "removed", "title": "Removed", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "removed" } },
  "steps": [
    { "id": "which", "branch": { "arms": [{ "segment": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } }, "goto": "gold" }], "otherwise": "mark" } },
    { "id": "gold", "send": { "template": "note" } },
    { "id": "mark", "update": { "set": { "marked": { "value": true } } } },
    { "id": "last", "wait": { "for": "24h" } }
  ]
}

--- template removed.2 note
Subject: Removed

A word.

--- workflow removed.3
{
  "id": "removed", "title": "Removed", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "removed" } },
  "steps": [{ "id": "mark", "update": { "set": { "marked": { "value": true } } } }]
}

--- workflow added
{
  "id": "added", "title": "Added", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "added" } },
  "steps": [{ "id": "one", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "24h" } }, { "id": "two", "send": { "template": "note" } }]
}

--- template added note
Subject: There before

A word.

--- workflow added.2
{
  "id": "added", "title": "Added", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "added" } },
  "steps": [
    { "id": "behind", "send": { "template": "behind" } },
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "24h" } },
    { "id": "ahead", "send": { "template": "ahead" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template added.2 note
Subject: There before

A word.

--- template added.2 behind
Subject: Added behind

A word.

--- template added.2 ahead
Subject: Added ahead

A word.

--- workflow message
{
  "id": "message", "title": "Message", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "message" } },
  "steps": [{ "id": "one", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "1h" } }, { "id": "two", "send": { "template": "note" } }]
}

--- template message note
Subject: As it was queued

A word.

--- workflow message.2
{
  "id": "message", "title": "Message", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "message" } },
  "steps": [{ "id": "one", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "1h" } }, { "id": "two", "send": { "template": "note" } }]
}

--- template message.2 note
Subject: As it is edited

A word.

--- workflow entries
{
  "id": "entries", "title": "Entries", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "entered" } },
  "steps": [{ "id": "rest", "wait": { "for": "24h" } }]
}

--- workflow entries.2
{
  "id": "entries", "title": "Entries", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "arrived" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } },
  "steps": [{ "id": "rest", "wait": { "for": "24h" } }]
}

--- workflow weights
{
  "id": "weights", "title": "Weights", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "weighed" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "left", "weight": 10000, "goto": "rest" }, { "name": "right", "weight": 0, "goto": "rest" }] } },
    { "id": "rest", "wait": { "for": "24h" } },
    { "id": "again", "goto": { "step": "lot", "times_max": 1 } }
  ]
}

--- workflow weights.2
{
  "id": "weights", "title": "Weights", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "weighed" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "left", "weight": 0, "goto": "rest" }, { "name": "right", "weight": 10000, "goto": "rest" }] } },
    { "id": "rest", "wait": { "for": "24h" } },
    { "id": "again", "goto": { "step": "lot", "times_max": 1 } }
  ]
}

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
shows 7-pin
# Every kind of edit at once, and nobody inside sees any of it.
create pinned
start pinned
event ann pinned #1
later 2h
pause pinned
edit pinned
resume pinned
event bo other #1
at 2026-03-05 00:00
mails
    ann@example.com | Pinned, a letter that is taken out | 2026-03-03 09:00:00
    ann@example.com | Pinned, as it was | 2026-03-04 09:00:00
    bo@example.com | Pinned, a new letter | 2026-03-02 12:00:00
    bo@example.com | Pinned, in other words | 2026-03-04 12:00:00
journeys ann
    J1 pinned version 1, key 1, entered 2026-03-02 09:00:00: completed 2026-03-04 09:00:00

shows 7-shorter
# Twelve hours after each entered it: for Ann that is over, for Bo it is not.
create shorter
start shorter
event ann shorter #2
at 2026-03-05 08:00
event bo shorter #2
at 2026-03-05 16:00
pause shorter
migrate shorter
resume shorter
shows 7-overdue
mails
    ann@example.com | Shorter | 2026-03-05 16:00:00
shows 7-shorter
journeys bo
    J2 pinned version 2, key 1, entered 2026-03-02 11:00:00: completed 2026-03-04 12:00:00
    J3 shorter version 2, key 2, entered 2026-03-05 08:00:00: inside, waiting at rest until 2026-03-05 20:00:00
at 2026-03-06 00:00
mails
    bo@example.com | Shorter | 2026-03-05 20:00:00

shows 7-longer
create longer
start longer
event ann longer #3
at 2026-03-06 23:00
pause longer
migrate longer
resume longer
journeys ann
    J1 pinned version 1, key 1, entered 2026-03-02 09:00:00: completed 2026-03-04 09:00:00
    J4 shorter version 2, key 2, entered 2026-03-05 00:00:00: completed 2026-03-05 16:00:00
    J5 longer version 2, key 3, entered 2026-03-06 00:00:00: inside, waiting at rest until 2026-03-08 00:00:00
at 2026-03-10 00:00
mails
    ann@example.com | Longer | 2026-03-08 00:00:00

shows 7-removed
# The next step on its way that the new version has, though another is below it; then none.
create removed
start removed
event ann removed #4
later 1h
pause removed
migrate removed
resume removed
log ann removed
    2026-03-10 00:00:00 removed: trigger said enter: matched
    2026-03-10 00:00:00 removed: journey entered 4
    2026-03-10 00:00:00 removed: step reached which
    2026-03-10 00:00:00 removed: steps/which/arms/0 said out: missing_value
    2026-03-10 00:00:00 removed: arm taken which otherwise
    2026-03-10 00:00:00 removed: step reached rest
    2026-03-10 00:00:00 removed: wait started rest 2026-03-11 00:00:00
    2026-03-10 01:00:00 removed: migrated
    2026-03-10 01:00:00 removed: step reached mark
    2026-03-10 01:00:00 removed: updated mark marked
    2026-03-10 01:00:00 removed: step reached last
    2026-03-10 01:00:00 removed: wait started last 2026-03-11 01:00:00
later 1h
pause removed
migrate removed
resume removed
log ann removed
    2026-03-10 00:00:00 removed: trigger said enter: matched
    2026-03-10 00:00:00 removed: journey entered 4
    2026-03-10 00:00:00 removed: step reached which
    2026-03-10 00:00:00 removed: steps/which/arms/0 said out: missing_value
    2026-03-10 00:00:00 removed: arm taken which otherwise
    2026-03-10 00:00:00 removed: step reached rest
    2026-03-10 00:00:00 removed: wait started rest 2026-03-11 00:00:00
    2026-03-10 01:00:00 removed: migrated
    2026-03-10 01:00:00 removed: step reached mark
    2026-03-10 01:00:00 removed: updated mark marked
    2026-03-10 01:00:00 removed: step reached last
    2026-03-10 01:00:00 removed: wait started last 2026-03-11 01:00:00
    2026-03-10 02:00:00 removed: migrated
    2026-03-10 02:00:00 removed: journey exited step_removed
mails
    none

shows 7-added
create added
start added
event ann added #5
mails
    ann@example.com | There before | 2026-03-10 02:00:00
later 1h
pause added
migrate added
resume added
at 2026-03-12 00:00
mails
    ann@example.com | Added ahead | 2026-03-11 02:00:00
    ann@example.com | There before | 2026-03-11 02:00:00

shows 7-message
# Queued and deferred before the edit.
create message
start message
smtp ann@example.com rcpt 450 4.2.0 try later
event ann message #6
mails
    none
log ann message
    2026-03-12 00:00:00 message: trigger said enter: matched
    2026-03-12 00:00:00 message: journey entered 6
    2026-03-12 00:00:00 message: step reached one
    2026-03-12 00:00:00 message: message queued one
    2026-03-12 00:00:00 message: message deferred one 2026-03-12 00:01:05.789 smtp_450
pause message
migrate message
resume message
at 2026-03-12 00:30
mails
    ann@example.com | As it was queued | 2026-03-12 00:00:00
at 2026-03-12 12:00
mails
    ann@example.com | As it is edited | 2026-03-12 01:01:05

shows 7-trigger
create entries
start entries
event ann entered #7
later 1h
pause entries
migrate entries
resume entries
journeys ann
    J1 pinned version 1, key 1, entered 2026-03-02 09:00:00: completed 2026-03-04 09:00:00
    J4 shorter version 2, key 2, entered 2026-03-05 00:00:00: completed 2026-03-05 16:00:00
    J5 longer version 2, key 3, entered 2026-03-06 00:00:00: completed 2026-03-08 00:00:00
    J6 removed version 3, key 4, entered 2026-03-10 00:00:00: step_removed 2026-03-10 02:00:00
    J7 added version 2, key 5, entered 2026-03-10 02:00:00: completed 2026-03-11 02:00:00
    J8 message version 2, key 6, entered 2026-03-12 00:00:00: completed 2026-03-12 01:01:05.789
    J9 entries version 2, key 7, entered 2026-03-12 12:00:00: inside, waiting at rest until 2026-03-13 12:00:00
event bo entered #7
event bo arrived #8
contact cem {"level": "gold"}
event cem arrived #8
journeys bo
    J2 pinned version 2, key 1, entered 2026-03-02 11:00:00: completed 2026-03-04 12:00:00
    J3 shorter version 2, key 2, entered 2026-03-05 08:00:00: completed 2026-03-05 20:00:00
journeys cem
    J10 entries version 2, key 8, entered 2026-03-12 13:00:00: inside, waiting at rest until 2026-03-13 13:00:00
later 1d
journeys ann
    J1 pinned version 1, key 1, entered 2026-03-02 09:00:00: completed 2026-03-04 09:00:00
    J4 shorter version 2, key 2, entered 2026-03-05 00:00:00: completed 2026-03-05 16:00:00
    J5 longer version 2, key 3, entered 2026-03-06 00:00:00: completed 2026-03-08 00:00:00
    J6 removed version 3, key 4, entered 2026-03-10 00:00:00: step_removed 2026-03-10 02:00:00
    J7 added version 2, key 5, entered 2026-03-10 02:00:00: completed 2026-03-11 02:00:00
    J8 message version 2, key 6, entered 2026-03-12 00:00:00: completed 2026-03-12 01:01:05.789
    J9 entries version 2, key 7, entered 2026-03-12 12:00:00: completed 2026-03-13 12:00:00

shows 7-weights
# Everybody was on the left; whoever comes now is on the right, also when Ann comes to the split once more.
create weights
start weights
event ann weighed #9
pause weights
migrate weights
resume weights
event bo weighed #9
later 1d
log ann weights
    2026-03-13 13:00:00 weights: trigger said enter: matched
    2026-03-13 13:00:00 weights: journey entered 9
    2026-03-13 13:00:00 weights: step reached lot
    2026-03-13 13:00:00 weights: arm assigned lot left
    2026-03-13 13:00:00 weights: arm taken lot 0
    2026-03-13 13:00:00 weights: step reached rest
    2026-03-13 13:00:00 weights: wait started rest 2026-03-14 13:00:00
    2026-03-13 13:00:00 weights: migrated rest
    2026-03-14 13:00:00 weights: step reached again
    2026-03-14 13:00:00 weights: step reached lot
    2026-03-14 13:00:00 weights: arm taken lot 0
    2026-03-14 13:00:00 weights: step reached rest
    2026-03-14 13:00:00 weights: wait started rest 2026-03-15 13:00:00
log bo weights
    2026-03-13 13:00:00 weights: trigger said enter: matched
    2026-03-13 13:00:00 weights: journey entered 9
    2026-03-13 13:00:00 weights: step reached lot
    2026-03-13 13:00:00 weights: arm assigned lot right
    2026-03-13 13:00:00 weights: arm taken lot 1
    2026-03-13 13:00:00 weights: step reached rest
    2026-03-13 13:00:00 weights: wait started rest 2026-03-14 13:00:00
    2026-03-14 13:00:00 weights: step reached again
    2026-03-14 13:00:00 weights: step reached lot
    2026-03-14 13:00:00 weights: arm taken lot 1
    2026-03-14 13:00:00 weights: step reached rest
    2026-03-14 13:00:00 weights: wait started rest 2026-03-15 13:00:00
