semantics-8: Loops end, and every message that is not sent and every journey that is not entered has one reason.

--- workflow echo
{
  "id": "echo", "title": "Answers what is sent", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "message_sent" } },
  "steps": [{ "id": "letter", "send": { "template": "note" } }]
}

--- template echo note
Subject: An echo

A word.

--- workflow call
{
  "id": "call", "title": "Calls", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "came" } },
  "steps": [{ "id": "letter", "send": { "template": "note" } }]
}

--- template call note
Subject: A call

A word.

--- workflow back
{
  "id": "back", "title": "Answers the echo", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "message_sent", "where": [{ "field": "workflow", "operator": "eq", "value": "echo" }] } },
  "steps": [{ "id": "letter", "send": { "template": "note" } }]
}

--- template back note
Subject: An echo of the echo

A word.

--- workflow circle
{
  "id": "circle", "title": "Round and round at once", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "spun" } },
  "steps": [{ "id": "mark", "update": { "set": { "marked": { "value": true } } } }, { "id": "again", "goto": { "step": "mark", "times_max": 9 } }]
}

--- workflow forever
{
  "id": "forever", "title": "Round and round", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "spun" } },
  "steps": [
    { "id": "rest", "wait": { "for": "1m" } },
    { "id": "m00", "update": { "add_tags": ["seen"] } }, { "id": "m01", "update": { "add_tags": ["seen"] } }, { "id": "m02", "update": { "add_tags": ["seen"] } },
    { "id": "m03", "update": { "add_tags": ["seen"] } }, { "id": "m04", "update": { "add_tags": ["seen"] } }, { "id": "m05", "update": { "add_tags": ["seen"] } },
    { "id": "m06", "update": { "add_tags": ["seen"] } }, { "id": "m07", "update": { "add_tags": ["seen"] } }, { "id": "m08", "update": { "add_tags": ["seen"] } },
    { "id": "m09", "update": { "add_tags": ["seen"] } }, { "id": "m10", "update": { "add_tags": ["seen"] } }, { "id": "m11", "update": { "add_tags": ["seen"] } },
    { "id": "m12", "update": { "add_tags": ["seen"] } }, { "id": "m13", "update": { "add_tags": ["seen"] } }, { "id": "m14", "update": { "add_tags": ["seen"] } },
    { "id": "m15", "update": { "add_tags": ["seen"] } }, { "id": "m16", "update": { "add_tags": ["seen"] } }, { "id": "m17", "update": { "add_tags": ["seen"] } },
    { "id": "again", "goto": { "step": "rest", "times_max": 9999 } }
  ]
}

--- workflow gate
{
  "id": "gate", "title": "Kept out", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "knocked", "key": "key" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow post
{
  "id": "post", "title": "Not sent", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "steps": [{ "id": "letter", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "1d" } }]
}

--- template post note
Subject: For {{ contact.first_name }}

A word.

--- story
at 2026-03-02 09:00
shows 8-loop-self
create echo
start echo
create call
start call
contact ann {"email": "ann@example.com"}
event ann came #1
mails
    ann@example.com | A call | 2026-03-02 09:00:00
    ann@example.com | An echo | 2026-03-02 09:00:00
log ann echo
    2026-03-02 09:00:00 echo: trigger said enter: matched
    2026-03-02 09:00:00 echo: journey entered message_sent:fa3c91091146df4e5d065f754da250b9
    2026-03-02 09:00:00 echo: step reached letter
    2026-03-02 09:00:00 echo: message queued letter
    2026-03-02 09:00:00 echo: message sent letter
    2026-03-02 09:00:00 echo: journey completed

shows 8-loop-others
# Two that answer each other: five journeys in a row, and not one more.
create back
start back
event ann came #2
later 1d
mails
    ann@example.com | A call | 2026-03-02 09:00:00
    ann@example.com | An echo of the echo | 2026-03-02 09:00:00
    ann@example.com | An echo of the echo | 2026-03-02 09:00:00
    ann@example.com | An echo | 2026-03-02 09:00:00
    ann@example.com | An echo | 2026-03-02 09:00:00
    ann@example.com | An echo | 2026-03-02 09:00:00
counters echo
    version 1 completed: 4
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
counters back
    version 1 completed: 2
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
    version 1 not_entered loop_guard: 1
pause echo
delete echo
pause back
delete back

shows 8-loop-steps
# A way back that takes no time is not let in; one that goes on and on ends behind ten thousand steps.
create circle
    refused: invalid_workflow: the workflow has 2 problems; nothing was stored; /steps/0 step mark comes back to itself without a wait in between; /steps/1 step again comes back to itself without a wait in between
create forever
start forever
contact bo {}
event bo spun #1
at 2026-03-04 09:00
profile bo
    events: 1
    inside: 0
    tags: ["seen"]
funnel forever
    version 1 again: entered 500 = inside 0 + advanced 499 + exited 1
    version 1 m00: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m01: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m02: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m03: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m04: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m05: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m06: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m07: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m08: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m09: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m10: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m11: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m12: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m13: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m14: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m15: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m16: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 m17: entered 500 = inside 0 + advanced 500 + exited 0
    version 1 rest: entered 500 = inside 0 + advanced 500 + exited 0
counters forever
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 exited loop_guard: 1

shows 8-entry-reason
# Each of them once.
create gate
start gate
contact cem {"level": "gold"}
contact dan {"level": "silver"}
event cem knocked #1 {"key": "k1"}
event cem knocked #2 {"key": "k1"}
event cem knocked #3 {"key": "k2"}
event dan knocked #1 {"key": "k1"}
old event cem knocked #4 2026-03-02 12:00 {"key": "k3"}
event dan knocked #5
log cem gate
    2026-03-04 09:00:00 gate: trigger said enter: matched
    2026-03-04 09:00:00 gate: audience said in: member
    2026-03-04 09:00:00 gate: journey entered k1
    2026-03-04 09:00:00 gate: step reached rest
    2026-03-04 09:00:00 gate: wait started rest 2026-03-05 09:00:00
    2026-03-04 09:00:00 gate: trigger said enter: matched
    2026-03-04 09:00:00 gate: not entered key_seen
    2026-03-04 09:00:00 gate: trigger said enter: matched
    2026-03-04 09:00:00 gate: not entered inside
    2026-03-04 09:00:00 gate: not entered before_start
log dan gate
    2026-03-04 09:00:00 gate: trigger said enter: matched
    2026-03-04 09:00:00 gate: audience said out: not_member
    2026-03-04 09:00:00 gate: not entered not_in_audience
counters gate
    version 1 decisions audience member: 1
    version 1 decisions audience not_member: 1
    version 1 decisions trigger key_missing: 1
    version 1 decisions trigger matched: 4
    version 1 entered: 1
    version 1 inside: 1
    version 1 not_entered before_start: 1
    version 1 not_entered inside: 1
    version 1 not_entered key_seen: 1
    version 1 not_entered not_in_audience: 1

shows 8-message-reason
create post
start post
contact eva {"email": "eva@example.com", "first_name": "Eva"}
contact fay {"first_name": "Fay"}
contact gus {"email": "gus@example.com"}
contact hal {"email": "hal@example.com", "first_name": "Hal"}
contact ida {"email": "ida@-home.example", "first_name": "Ida"}
contact jo {"email": "jo@example.com", "first_name": "Jo"}
event eva asked #1
event fay asked #1
event gus asked #1
event hal contact_unsubscribed #1
event hal asked #2
event ida asked #1
smtp jo@example.com rcpt 450 4.2.0 try later
event jo asked #1
mails
    eva@example.com | For Eva | 2026-03-04 09:00:00
end post
later 1d
mails
    none
log eva post
    2026-03-04 09:00:00 post: trigger said enter: matched
    2026-03-04 09:00:00 post: journey entered 1
    2026-03-04 09:00:00 post: step reached letter
    2026-03-04 09:00:00 post: message queued letter
    2026-03-04 09:00:00 post: message sent letter
    2026-03-04 09:00:00 post: step reached rest
    2026-03-04 09:00:00 post: wait started rest 2026-03-05 09:00:00
    2026-03-04 09:00:00 post: journey exited workflow_ended
log fay post
    2026-03-04 09:00:00 post: trigger said enter: matched
    2026-03-04 09:00:00 post: journey entered 1
    2026-03-04 09:00:00 post: step reached letter
    2026-03-04 09:00:00 post: message skipped letter no_address
    2026-03-04 09:00:00 post: step reached rest
    2026-03-04 09:00:00 post: wait started rest 2026-03-05 09:00:00
    2026-03-04 09:00:00 post: journey exited workflow_ended
log gus post
    2026-03-04 09:00:00 post: trigger said enter: matched
    2026-03-04 09:00:00 post: journey entered 1
    2026-03-04 09:00:00 post: step reached letter
    2026-03-04 09:00:00 post: message queued letter
    2026-03-04 09:00:00 post: message skipped letter variable_missing
    2026-03-04 09:00:00 post: step reached rest
    2026-03-04 09:00:00 post: wait started rest 2026-03-05 09:00:00
    2026-03-04 09:00:00 post: journey exited workflow_ended
log hal post
    2026-03-04 09:00:00 post: trigger said enter: matched
    2026-03-04 09:00:00 post: journey entered 2
    2026-03-04 09:00:00 post: step reached letter
    2026-03-04 09:00:00 post: message skipped letter unsubscribed
    2026-03-04 09:00:00 post: step reached rest
    2026-03-04 09:00:00 post: wait started rest 2026-03-05 09:00:00
    2026-03-04 09:00:00 post: journey exited workflow_ended
log ida post
    2026-03-04 09:00:00 post: trigger said enter: matched
    2026-03-04 09:00:00 post: journey entered 1
    2026-03-04 09:00:00 post: step reached letter
    2026-03-04 09:00:00 post: message queued letter
    2026-03-04 09:00:00 post: message skipped letter address_invalid
    2026-03-04 09:00:00 post: step reached rest
    2026-03-04 09:00:00 post: wait started rest 2026-03-05 09:00:00
    2026-03-04 09:00:00 post: journey exited workflow_ended
log jo post
    2026-03-04 09:00:00 post: trigger said enter: matched
    2026-03-04 09:00:00 post: journey entered 1
    2026-03-04 09:00:00 post: step reached letter
    2026-03-04 09:00:00 post: message queued letter
    2026-03-04 09:00:00 post: message deferred letter 2026-03-04 09:01:02.879 smtp_450
    2026-03-04 09:01:02.879 post: message skipped letter workflow_ended
    2026-03-04 09:01:02.879 post: journey exited workflow_ended
counters post
    version 1 decisions trigger matched: 6
    version 1 entered: 6
    version 1 exited workflow_ended: 6
    version 1 messages deferred smtp_450: 1
    version 1 messages queued: 4
    version 1 messages sent: 1
    version 1 messages skipped address_invalid: 1
    version 1 messages skipped no_address: 1
    version 1 messages skipped unsubscribed: 1
    version 1 messages skipped variable_missing: 1
    version 1 messages skipped workflow_ended: 1
