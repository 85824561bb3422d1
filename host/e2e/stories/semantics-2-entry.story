semantics-2: Modes of entry, the audience, a grace for data that comes late, and what a version names.

--- workflow once
{
  "id": "once", "title": "Once ever", "goal": "none", "entry": "once",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "steps": [{ "id": "rest", "wait": { "for": "3d" } }]
}

--- workflow after_exit
{
  "id": "after_exit", "title": "Not while inside, as by default", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "steps": [{ "id": "rest", "wait": { "for": "3d" } }]
}

--- workflow after_week
{
  "id": "after_week", "title": "A week since the last entry", "goal": "none", "entry": { "after": "7d" },
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "steps": [{ "id": "rest", "wait": { "for": "10d" } }]
}

--- workflow every
{
  "id": "every", "title": "Every time", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "steps": [{ "id": "rest", "wait": { "for": "10d" } }]
}

--- workflow grace
{
  "id": "grace", "title": "The birthday may come after the sign-up", "goal": "none", "grace": "2h",
  "trigger": { "plugin": "anniversary", "config": { "day": { "attribute": "birthday" }, "armed_by": ["signed_up"], "existing": false, "follow_changes": false } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow no_grace
{
  "id": "no_grace", "title": "The birthday must be there", "goal": "none",
  "trigger": { "plugin": "anniversary", "config": { "day": { "attribute": "birthday" }, "armed_by": ["signed_up"], "existing": false, "follow_changes": false } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow gold
{
  "id": "gold", "title": "For gold members", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow gold.2
{
  "id": "gold", "title": "For gold members who were seen lately", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "engagement", "config": { "stages": ["active"], "active_within": "30d", "cooling_within": "90d" } },
  "steps": [{ "id": "rest", "wait": { "for": "2d" } }]
}

--- workflow existing
{
  "id": "existing", "title": "Whoever is there, and whoever comes", "goal": "none", "enter_existing": true, "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "arrived" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow form
{
  "id": "form", "title": "Takes the birthday from a form", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "steps": [{ "id": "set", "update": { "set": { "birthday": { "event": "birthday" } } } }]
}

--- story
at 2026-03-02 09:00
create once
start once
create after_exit
start after_exit
create after_week
start after_week
create every
start every

# The first order enters everywhere; its own number never does again.
event ann order_completed #1 {"order_id": "A"}
later 1d
event ann order_completed #2 {"order_id": "B"}
at 2026-03-06 09:00
event ann order_completed #3 {"order_id": "C"}
at 2026-03-09 08:59:59
event ann order_completed #4 {"order_id": "D"}
at 2026-03-09 09:00
event ann order_completed #5 {"order_id": "E"}
at 2027-03-09 09:00
event ann order_completed #6 {"order_id": "F"}
event ann order_completed #7 {"order_id": "A"}
shows 2-once
log ann once
    2026-03-02 09:00:00 once: trigger said enter: matched
    2026-03-02 09:00:00 once: journey entered A
    2026-03-02 09:00:00 once: step reached rest
    2026-03-02 09:00:00 once: wait started rest 2026-03-05 09:00:00
    2026-03-03 09:00:00 once: trigger said enter: matched
    2026-03-03 09:00:00 once: not entered entered_before
    2026-03-05 09:00:00 once: journey completed
    2026-03-06 09:00:00 once: trigger said enter: matched
    2026-03-06 09:00:00 once: not entered entered_before
    2026-03-09 08:59:59 once: trigger said enter: matched
    2026-03-09 08:59:59 once: not entered entered_before
    2026-03-09 09:00:00 once: trigger said enter: matched
    2026-03-09 09:00:00 once: not entered entered_before
    2027-03-09 09:00:00 once: trigger said enter: matched
    2027-03-09 09:00:00 once: not entered entered_before
    2027-03-09 09:00:00 once: trigger said enter: matched
    2027-03-09 09:00:00 once: not entered key_seen
shows 2-after-exit
log ann after_exit
    2026-03-02 09:00:00 after_exit: trigger said enter: matched
    2026-03-02 09:00:00 after_exit: journey entered A
    2026-03-02 09:00:00 after_exit: step reached rest
    2026-03-02 09:00:00 after_exit: wait started rest 2026-03-05 09:00:00
    2026-03-03 09:00:00 after_exit: trigger said enter: matched
    2026-03-03 09:00:00 after_exit: not entered inside
    2026-03-05 09:00:00 after_exit: journey completed
    2026-03-06 09:00:00 after_exit: trigger said enter: matched
    2026-03-06 09:00:00 after_exit: journey entered C
    2026-03-06 09:00:00 after_exit: step reached rest
    2026-03-06 09:00:00 after_exit: wait started rest 2026-03-09 09:00:00
    2026-03-09 08:59:59 after_exit: trigger said enter: matched
    2026-03-09 08:59:59 after_exit: not entered inside
    2026-03-09 09:00:00 after_exit: trigger said enter: matched
    2026-03-09 09:00:00 after_exit: not entered inside
    2026-03-09 09:00:00 after_exit: journey completed
    2027-03-09 09:00:00 after_exit: trigger said enter: matched
    2027-03-09 09:00:00 after_exit: journey entered F
    2027-03-09 09:00:00 after_exit: step reached rest
    2027-03-09 09:00:00 after_exit: wait started rest 2027-03-12 09:00:00
    2027-03-09 09:00:00 after_exit: trigger said enter: matched
    2027-03-09 09:00:00 after_exit: not entered key_seen
shows 2-after
log ann after_week
    2026-03-02 09:00:00 after_week: trigger said enter: matched
    2026-03-02 09:00:00 after_week: journey entered A
    2026-03-02 09:00:00 after_week: step reached rest
    2026-03-02 09:00:00 after_week: wait started rest 2026-03-12 09:00:00
    2026-03-03 09:00:00 after_week: trigger said enter: matched
    2026-03-03 09:00:00 after_week: not entered entered_lately
    2026-03-06 09:00:00 after_week: trigger said enter: matched
    2026-03-06 09:00:00 after_week: not entered entered_lately
    2026-03-09 08:59:59 after_week: trigger said enter: matched
    2026-03-09 08:59:59 after_week: not entered entered_lately
    2026-03-09 09:00:00 after_week: trigger said enter: matched
    2026-03-09 09:00:00 after_week: journey entered E
    2026-03-09 09:00:00 after_week: step reached rest
    2026-03-09 09:00:00 after_week: wait started rest 2026-03-19 09:00:00
    2026-03-12 09:00:00 after_week: journey completed
    2026-03-19 09:00:00 after_week: journey completed
    2027-03-09 09:00:00 after_week: trigger said enter: matched
    2027-03-09 09:00:00 after_week: journey entered F
    2027-03-09 09:00:00 after_week: step reached rest
    2027-03-09 09:00:00 after_week: wait started rest 2027-03-19 09:00:00
    2027-03-09 09:00:00 after_week: trigger said enter: matched
    2027-03-09 09:00:00 after_week: not entered key_seen
shows 2-every
log ann every
    2026-03-02 09:00:00 every: trigger said enter: matched
    2026-03-02 09:00:00 every: journey entered A
    2026-03-02 09:00:00 every: step reached rest
    2026-03-02 09:00:00 every: wait started rest 2026-03-12 09:00:00
    2026-03-03 09:00:00 every: trigger said enter: matched
    2026-03-03 09:00:00 every: journey entered B
    2026-03-03 09:00:00 every: step reached rest
    2026-03-03 09:00:00 every: wait started rest 2026-03-13 09:00:00
    2026-03-06 09:00:00 every: trigger said enter: matched
    2026-03-06 09:00:00 every: journey entered C
    2026-03-06 09:00:00 every: step reached rest
    2026-03-06 09:00:00 every: wait started rest 2026-03-16 09:00:00
    2026-03-09 08:59:59 every: trigger said enter: matched
    2026-03-09 08:59:59 every: journey entered D
    2026-03-09 08:59:59 every: step reached rest
    2026-03-09 08:59:59 every: wait started rest 2026-03-19 08:59:59
    2026-03-09 09:00:00 every: trigger said enter: matched
    2026-03-09 09:00:00 every: journey entered E
    2026-03-09 09:00:00 every: step reached rest
    2026-03-09 09:00:00 every: wait started rest 2026-03-19 09:00:00
    2026-03-12 09:00:00 every: journey completed
    2026-03-13 09:00:00 every: journey completed
    2026-03-16 09:00:00 every: journey completed
    2026-03-19 08:59:59 every: journey completed
    2026-03-19 09:00:00 every: journey completed
    2027-03-09 09:00:00 every: trigger said enter: matched
    2027-03-09 09:00:00 every: journey entered F
    2027-03-09 09:00:00 every: step reached rest
    2027-03-09 09:00:00 every: wait started rest 2027-03-19 09:00:00
    2027-03-09 09:00:00 every: trigger said enter: matched
    2027-03-09 09:00:00 every: not entered key_seen
shows 2-key-again
counters once
    version 1 completed: 1
    version 1 decisions trigger matched: 7
    version 1 entered: 1
    version 1 not_entered entered_before: 5
    version 1 not_entered key_seen: 1
counters every
    version 1 completed: 5
    version 1 decisions trigger matched: 7
    version 1 entered: 6
    version 1 inside: 1
    version 1 not_entered key_seen: 1

shows 2-grace
create grace
start grace
create no_grace
start no_grace
event bo signed_up #1
event cem signed_up #1
# Asked again as often as something changes, as long as it says no.
later 1h
contact bo {"city": "Berlin"}
contact bo {"birthday": "1990-06-01"}
later 3601s
contact cem {"birthday": "1990-06-01"}
# A step of another workflow may bring it.
create form
start form
event ida signed_up #1
event ida form_submitted #2 {"birthday": "1990-06-01"}
journeys ida
    J1 form version 1, key 2, entered 2027-03-09 11:00:01: completed 2027-03-09 11:00:01
    arm of grace for 2027-06-01 09:00:00
journeys bo
    arm of grace for 2027-06-01 09:00:00
journeys cem
    none
log bo
    2027-03-09 10:00:00 grace: trigger said arm: armed
    2027-03-09 10:00:00 grace: armed anniversary 2027-06-01 09:00:00
log cem
    none
counters grace
    version 1 armed: 2
    version 1 decisions trigger armed: 2
    version 1 decisions trigger day_missing: 4

shows 2-audience
create gold
start gold
contact dan {"level": "silver"}
contact eva {"level": "gold"}
event dan visited #1
event eva visited #1
log dan
    2027-03-09 11:00:01 gold: trigger said enter: matched
    2027-03-09 11:00:01 gold: audience said out: not_member
    2027-03-09 11:00:01 gold: not entered not_in_audience
log eva
    2027-03-09 11:00:01 gold: trigger said enter: matched
    2027-03-09 11:00:01 gold: audience said in: member
    2027-03-09 11:00:01 gold: journey entered 1
    2027-03-09 11:00:01 gold: step reached rest
    2027-03-09 11:00:01 gold: wait started rest 2027-03-10 11:00:01
counters gold
    version 1 decisions audience member: 1
    version 1 decisions audience not_member: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 1
    version 1 inside: 1
    version 1 not_entered not_in_audience: 1

shows 2-version
# A version names the files of its rules; a journey stays on its own, and the next one names others.
bindings gold
    audience: audience 1.0.0, D1
    trigger: event 1.0.0, D2
pause gold
edit gold
resume gold
bindings gold
    audience: engagement 1.0.0, D3
    trigger: event 1.0.0, D2
event eva message_opened #2
event fay message_opened #2
event fay visited #3
journeys eva
    J2 gold version 1, key 1, entered 2027-03-09 11:00:01: inside, waiting at rest until 2027-03-10 11:00:01
journeys fay
    J3 gold version 2, key 3, entered 2027-03-09 11:00:01: inside, waiting at rest until 2027-03-11 11:00:01

shows 2-enter-existing
# Eva is gold, Dan is not, Gil comes later; a pause and another start of the server change nothing.
create existing
start existing
contact gil {"level": "gold"}
pause existing
restart
resume existing
event gil arrived #1
event eva arrived #4
log eva existing
    2027-03-09 11:00:01 existing: audience said in: member
    2027-03-09 11:00:01 existing: journey entered existing
    2027-03-09 11:00:01 existing: step reached rest
    2027-03-09 11:00:01 existing: wait started rest 2027-03-10 11:00:01
    2027-03-09 11:00:01 existing: trigger said enter: matched
    2027-03-09 11:00:01 existing: audience said in: member
    2027-03-09 11:00:01 existing: journey entered 4
    2027-03-09 11:00:01 existing: step reached rest
    2027-03-09 11:00:01 existing: wait started rest 2027-03-10 11:00:01
log dan existing
    none
log gil existing
    2027-03-09 11:00:01 existing: trigger said enter: matched
    2027-03-09 11:00:01 existing: audience said in: member
    2027-03-09 11:00:01 existing: journey entered 1
    2027-03-09 11:00:01 existing: step reached rest
    2027-03-09 11:00:01 existing: wait started rest 2027-03-10 11:00:01
counters existing
    version 1 decisions audience member: 3
    version 1 decisions audience missing_value: 5
    version 1 decisions audience not_member: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 3
    version 1 inside: 3
    version 1 not_entered not_in_audience: 6
