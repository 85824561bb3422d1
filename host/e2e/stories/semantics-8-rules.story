semantics-8: A rule that fails does what its binding says, tells why, and stops nobody else.

--- workflow skips
{
  "id": "skips", "title": "Skip", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "skipped" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [{ "segment": { "plugin": "trap", "on_failure": "skip" }, "goto": "in" }], "otherwise": "out" } },
    { "id": "in", "exit": { "reason": "was_in" } },
    { "id": "out", "exit": { "reason": "was_out" } }
  ]
}

--- workflow defaults
{
  "id": "defaults", "title": "Default", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "defaulted" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [{ "segment": { "plugin": "trap", "on_failure": "default" }, "goto": "in" }], "otherwise": "out" } },
    { "id": "in", "exit": { "reason": "was_in" } },
    { "id": "out", "exit": { "reason": "was_out" } }
  ]
}

--- workflow holds
{
  "id": "holds", "title": "Hold", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "held" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [{ "segment": { "plugin": "trap", "on_failure": "hold" }, "goto": "in" }], "otherwise": "out" } },
    { "id": "in", "exit": { "reason": "was_in" } },
    { "id": "out", "exit": { "reason": "was_out" } }
  ]
}

--- workflow pauses
{
  "id": "pauses", "title": "Pause", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "paused" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [{ "segment": { "plugin": "trap", "on_failure": "pause" }, "goto": "in" }], "otherwise": "out" } },
    { "id": "in", "exit": { "reason": "was_in" } },
    { "id": "out", "exit": { "reason": "was_out" } }
  ]
}

--- workflow door_skips
{
  "id": "door_skips", "title": "An audience that fails: skip", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "knocked" } },
  "audience": { "plugin": "wrong_count", "on_failure": "skip" },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow door_holds
{
  "id": "door_holds", "title": "An audience that fails: hold", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "knocked" } },
  "audience": { "plugin": "wrong_count", "on_failure": "hold" },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow mail_skips
{
  "id": "mail_skips", "title": "A personalizer that fails: skip", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "wrote" } },
  "steps": [{ "id": "letter", "send": { "template": "note", "personalizer": { "plugin": "bad_values", "on_failure": "skip" } } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template mail_skips note
Subject: Skipped

A word.

--- workflow mail_defaults
{
  "id": "mail_defaults", "title": "A personalizer that fails: default", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "wrote" } },
  "steps": [{ "id": "letter", "send": { "template": "note", "personalizer": { "plugin": "bad_values", "on_failure": "default" } } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template mail_defaults note
Subject: Without its values

A word.

--- workflow mail_holds
{
  "id": "mail_holds", "title": "A personalizer that fails: hold", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "wrote" } },
  "steps": [{ "id": "letter", "send": { "template": "note", "personalizer": { "plugin": "bad_values", "on_failure": "hold" } } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template mail_holds note
Subject: Held

A word.

--- workflow leaves
{
  "id": "leaves", "title": "An exit that fails: hold", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "left" } },
  "exits": [{ "segment": { "plugin": "trap", "on_failure": "hold" } }],
  "steps": [{ "id": "letter", "send": { "template": "note" } }]
}

--- template leaves note
Subject: Asked twice

A word.

--- story
at 2026-03-02 09:00
hostile trap
hostile wrong-count
hostile bad-values
create skips
start skips
create defaults
start defaults
create holds
start holds
create pauses
start pauses
contact ann {"attack": true}
contact bo {"attack": false}

shows 8-skip
event ann skipped #1
event bo skipped #1
log ann
    2026-03-02 09:00:00 skips: trigger said enter: matched
    2026-03-02 09:00:00 skips: journey entered 1
    2026-03-02 09:00:00 skips: step reached fork
    2026-03-02 09:00:00 skips: steps/fork/arms/0 said failed: trapped
    2026-03-02 09:00:00 skips: journey exited rule_failed
log bo
    2026-03-02 09:00:00 skips: trigger said enter: matched
    2026-03-02 09:00:00 skips: journey entered 1
    2026-03-02 09:00:00 skips: step reached fork
    2026-03-02 09:00:00 skips: steps/fork/arms/0 said out: out
    2026-03-02 09:00:00 skips: arm taken fork otherwise
    2026-03-02 09:00:00 skips: step reached out
    2026-03-02 09:00:00 skips: journey exited was_out
counters skips
    version 1 decisions steps/fork/arms/0 out: 1
    version 1 decisions steps/fork/arms/0 trapped: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 exited rule_failed: 1
    version 1 exited was_out: 1

shows 8-default
event ann defaulted #2
event bo defaulted #2
log ann defaults
    2026-03-02 09:00:00 defaults: trigger said enter: matched
    2026-03-02 09:00:00 defaults: journey entered 2
    2026-03-02 09:00:00 defaults: step reached fork
    2026-03-02 09:00:00 defaults: steps/fork/arms/0 said failed: trapped
    2026-03-02 09:00:00 defaults: arm taken fork otherwise
    2026-03-02 09:00:00 defaults: step reached out
    2026-03-02 09:00:00 defaults: journey exited was_out
log bo defaults
    2026-03-02 09:00:00 defaults: trigger said enter: matched
    2026-03-02 09:00:00 defaults: journey entered 2
    2026-03-02 09:00:00 defaults: step reached fork
    2026-03-02 09:00:00 defaults: steps/fork/arms/0 said out: out
    2026-03-02 09:00:00 defaults: arm taken fork otherwise
    2026-03-02 09:00:00 defaults: step reached out
    2026-03-02 09:00:00 defaults: journey exited was_out

shows 8-hold
event ann held #3
event bo held #3
log ann holds
    2026-03-02 09:00:00 holds: trigger said enter: matched
    2026-03-02 09:00:00 holds: journey entered 3
    2026-03-02 09:00:00 holds: step reached fork
    2026-03-02 09:00:00 holds: steps/fork/arms/0 said failed: trapped
log bo holds
    2026-03-02 09:00:00 holds: trigger said enter: matched
    2026-03-02 09:00:00 holds: journey entered 3
    2026-03-02 09:00:00 holds: step reached fork
    2026-03-02 09:00:00 holds: steps/fork/arms/0 said out: out
    2026-03-02 09:00:00 holds: arm taken fork otherwise
    2026-03-02 09:00:00 holds: step reached out
    2026-03-02 09:00:00 holds: journey exited was_out
journeys ann
    J1 defaults version 1, key 2, entered 2026-03-02 09:00:00: was_out 2026-03-02 09:00:00
    J2 holds version 1, key 3, entered 2026-03-02 09:00:00: inside, held at fork until 2026-03-02 09:01:00
    J3 skips version 1, key 1, entered 2026-03-02 09:00:00: rule_failed 2026-03-02 09:00:00

shows 8-pause
event bo paused #4
event ann paused #4
state pauses
    paused, version 1, since 2026-03-02 09:00:00; allowed: edit, resume, end, delete
log ann pauses
    2026-03-02 09:00:00 pauses: trigger said enter: matched
    2026-03-02 09:00:00 pauses: journey entered 4
    2026-03-02 09:00:00 pauses: step reached fork
    2026-03-02 09:00:00 pauses: steps/fork/arms/0 said failed: trapped
# The others were not stopped by it; whoever comes from now on is not looked at.
log bo pauses
    2026-03-02 09:00:00 pauses: trigger said enter: matched
    2026-03-02 09:00:00 pauses: journey entered 4
    2026-03-02 09:00:00 pauses: step reached fork
    2026-03-02 09:00:00 pauses: steps/fork/arms/0 said out: out
    2026-03-02 09:00:00 pauses: arm taken fork otherwise
    2026-03-02 09:00:00 pauses: step reached out
    2026-03-02 09:00:00 pauses: journey exited was_out
event cem paused #4
log cem
    none

shows 8-hold
# Asked again after one minute; the reason is gone by then.
at 2026-03-02 09:00:30
contact ann {"attack": false}
at 2026-03-02 09:00:59
journeys ann
    J1 defaults version 1, key 2, entered 2026-03-02 09:00:00: was_out 2026-03-02 09:00:00
    J2 holds version 1, key 3, entered 2026-03-02 09:00:00: inside, held at fork until 2026-03-02 09:01:00
    J4 pauses version 1, key 4, entered 2026-03-02 09:00:00: inside, held at fork until 2026-03-02 09:01:00
    J3 skips version 1, key 1, entered 2026-03-02 09:00:00: rule_failed 2026-03-02 09:00:00
at 2026-03-02 09:01
journeys ann
    J1 defaults version 1, key 2, entered 2026-03-02 09:00:00: was_out 2026-03-02 09:00:00
    J2 holds version 1, key 3, entered 2026-03-02 09:00:00: was_out 2026-03-02 09:01:00
    J4 pauses version 1, key 4, entered 2026-03-02 09:00:00: inside, held at fork until 2026-03-02 10:01:00
    J3 skips version 1, key 1, entered 2026-03-02 09:00:00: rule_failed 2026-03-02 09:00:00
log ann holds
    2026-03-02 09:00:00 holds: trigger said enter: matched
    2026-03-02 09:00:00 holds: journey entered 3
    2026-03-02 09:00:00 holds: step reached fork
    2026-03-02 09:00:00 holds: steps/fork/arms/0 said failed: trapped
    2026-03-02 09:01:00 holds: steps/fork/arms/0 said out: out
    2026-03-02 09:01:00 holds: arm taken fork otherwise
    2026-03-02 09:01:00 holds: step reached out
    2026-03-02 09:01:00 holds: journey exited was_out

shows 8-pause
# Who was inside waits for the resume, and is asked within an hour after it.
at 2026-03-02 12:00
journeys ann
    J1 defaults version 1, key 2, entered 2026-03-02 09:00:00: was_out 2026-03-02 09:00:00
    J2 holds version 1, key 3, entered 2026-03-02 09:00:00: was_out 2026-03-02 09:01:00
    J4 pauses version 1, key 4, entered 2026-03-02 09:00:00: inside, held at fork until 2026-03-02 12:01:00
    J3 skips version 1, key 1, entered 2026-03-02 09:00:00: rule_failed 2026-03-02 09:00:00
resume pauses
at 2026-03-02 13:00
log ann pauses
    2026-03-02 09:00:00 pauses: trigger said enter: matched
    2026-03-02 09:00:00 pauses: journey entered 4
    2026-03-02 09:00:00 pauses: step reached fork
    2026-03-02 09:00:00 pauses: steps/fork/arms/0 said failed: trapped
    2026-03-02 12:01:00 pauses: steps/fork/arms/0 said out: out
    2026-03-02 12:01:00 pauses: arm taken fork otherwise
    2026-03-02 12:01:00 pauses: step reached out
    2026-03-02 12:01:00 pauses: journey exited was_out
state pauses
    running, version 1, since 2026-03-02 09:00:00; allowed: pause, end

# An audience that fails: the same words, before the journey.
create door_skips
start door_skips
create door_holds
start door_holds
contact cem {"attack": true}
event cem knocked #2
shows 8-skip
log cem door_skips
    2026-03-02 13:00:00 door_skips: trigger said enter: matched
    2026-03-02 13:00:00 door_skips: audience said failed: bad_answer
    2026-03-02 13:00:00 door_skips: not entered rule_failed
shows 8-hold
log cem door_holds
    2026-03-02 13:00:00 door_holds: trigger said enter: matched
    2026-03-02 13:00:00 door_holds: audience said failed: bad_answer
at 2026-03-02 13:00:30
contact cem {"attack": false}
at 2026-03-02 13:05
log cem door_holds
    2026-03-02 13:00:00 door_holds: trigger said enter: matched
    2026-03-02 13:00:00 door_holds: audience said failed: bad_answer
    2026-03-02 13:01:00 door_holds: audience said out: out
    2026-03-02 13:01:00 door_holds: not entered not_in_audience
counters door_holds
    version 1 decisions audience bad_answer: 1
    version 1 decisions audience out: 1
    version 1 decisions trigger matched: 1
    version 1 not_entered not_in_audience: 1

# A personalizer that fails: no message, one without its values, or one that waits for them.
create mail_skips
start mail_skips
create mail_defaults
start mail_defaults
create mail_holds
start mail_holds
contact eva {"email": "eva@example.com", "attack": true}
event eva wrote #1
mails
    eva@example.com | Without its values | 2026-03-02 13:05:00
shows 8-skip
log eva mail_skips
    2026-03-02 13:05:00 mail_skips: trigger said enter: matched
    2026-03-02 13:05:00 mail_skips: journey entered 1
    2026-03-02 13:05:00 mail_skips: step reached letter
    2026-03-02 13:05:00 mail_skips: steps/letter/personalizer said failed: bad_answer
    2026-03-02 13:05:00 mail_skips: message skipped letter rule_failed
    2026-03-02 13:05:00 mail_skips: journey exited rule_failed
shows 8-default
log eva mail_defaults
    2026-03-02 13:05:00 mail_defaults: trigger said enter: matched
    2026-03-02 13:05:00 mail_defaults: journey entered 1
    2026-03-02 13:05:00 mail_defaults: step reached letter
    2026-03-02 13:05:00 mail_defaults: steps/letter/personalizer said failed: bad_answer
    2026-03-02 13:05:00 mail_defaults: message queued letter
    2026-03-02 13:05:00 mail_defaults: message sent letter
    2026-03-02 13:05:00 mail_defaults: step reached end
    2026-03-02 13:05:00 mail_defaults: journey exited went_on
shows 8-hold
log eva mail_holds
    2026-03-02 13:05:00 mail_holds: trigger said enter: matched
    2026-03-02 13:05:00 mail_holds: journey entered 1
    2026-03-02 13:05:00 mail_holds: step reached letter
    2026-03-02 13:05:00 mail_holds: steps/letter/personalizer said failed: bad_answer
contact eva {"attack": false}
later 1m
mails
    eva@example.com | Held | 2026-03-02 13:06:00
log eva mail_holds
    2026-03-02 13:05:00 mail_holds: trigger said enter: matched
    2026-03-02 13:05:00 mail_holds: journey entered 1
    2026-03-02 13:05:00 mail_holds: step reached letter
    2026-03-02 13:05:00 mail_holds: steps/letter/personalizer said failed: bad_answer
    2026-03-02 13:06:00 mail_holds: steps/letter/personalizer said chosen: out
    2026-03-02 13:06:00 mail_holds: message queued letter
    2026-03-02 13:06:00 mail_holds: message sent letter
    2026-03-02 13:06:00 mail_holds: step reached end
    2026-03-02 13:06:00 mail_holds: journey exited went_on

# An exit that cannot be asked keeps the message back until it can.
create leaves
start leaves
contact fay {"email": "fay@example.com", "attack": true}
event fay left #1
mails
    none
contact fay {"attack": false}
later 5m
mails
    fay@example.com | Asked twice | 2026-03-02 13:11:00
log fay leaves
    2026-03-02 13:06:00 leaves: trigger said enter: matched
    2026-03-02 13:06:00 leaves: journey entered 1
    2026-03-02 13:06:00 leaves: step reached letter
    2026-03-02 13:06:00 leaves: message queued letter
    2026-03-02 13:06:00 leaves: exits/0 said failed: trapped
    2026-03-02 13:06:00 leaves: message held letter 2026-03-02 13:11:00 rule_failed
    2026-03-02 13:11:00 leaves: exits/0 said out: out
    2026-03-02 13:11:00 leaves: message sent letter
    2026-03-02 13:11:00 leaves: journey completed

# As long as it fails: after 1, 5, 15 and 30 minutes, then hourly for a day; then as skip, with its reason.
at 2026-03-03 09:00
contact dan {"attack": true}
event dan held #1
at 2026-03-04 09:50
journeys dan
    J5 holds version 1, key 1, entered 2026-03-03 09:00:00: inside, held at fork until 2026-03-04 09:51:00
at 2026-03-04 09:51
journeys dan
    J5 holds version 1, key 1, entered 2026-03-03 09:00:00: rule_failed 2026-03-04 09:51:00
