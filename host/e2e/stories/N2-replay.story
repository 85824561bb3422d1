N2: What was decided in a day is decided again from the record, by the same rules, and comes out the same to the last verdict; what rules know of time and chance was given to them.

--- segment warm
{ "name": "warm", "title": "Eight points or more", "rule": { "plugin": "engagement_score", "config": { "from": 8 } } }

--- workflow letters
{
  "id": "letters", "title": "Each at their hour, with a subject by lot", "goal": "none", "entry": "every",
  "trigger": { "plugin": "threshold", "config": { "event": "product_viewed", "reached": { "count": { "at_least": 2 } }, "within": "7d" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "country", "operator": "in", "value": ["DE", "FR"] } } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "now", "weight": 5000, "goto": "now" }, { "name": "then", "weight": 5000, "goto": "then" }] } },
    { "id": "now", "send": { "template": "letter", "personalizer": { "plugin": "subject_line", "config": { "default": ["One subject", "Another subject", "A third one"] } } }, "next": "done" },
    { "id": "then", "send": { "template": "letter", "personalizer": { "plugin": "send_time", "config": { "fallback_hour": 17, "opens_min": 1 } } }, "next": "done" },
    { "id": "done", "exit": { "reason": "written_to" } }
  ]
}

--- template letters letter
Subject: A letter

Read.

--- workflow warmed
{
  "id": "warmed", "title": "Who became warm", "goal": "none", "entry": "every",
  "trigger": { "plugin": "segment_entered", "config": { "segment": "warm", "enters": "each_time" } },
  "steps": [{ "id": "rest", "wait": { "for": "6h" } }, { "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 08:00
segment warm
create letters
start letters
create warmed
start warmed
contact ann {"email": "ann@example.com", "country": "DE", "time_zone": "Asia/Seoul"}
contact bo {"email": "bo@example.com", "country": "FR"}
contact cem {"email": "cem@example.com", "country": "TR"}
contact dee {"email": "dee@example.com", "country": "DE"}
event ann message_opened #a0
event ann product_viewed #a1
event bo product_viewed #b1
event cem product_viewed #c1
at 2026-03-02 10:30
event ann order_completed #a2
event ann product_viewed #a3
event bo product_viewed #b2
event cem product_viewed #c2
event dee product_viewed #d1
event dee product_viewed #d2
kill
at 2026-03-02 15:00
event dee order_completed #d3
event bo order_completed #b3
people 1..50 product_viewed
at 2026-03-03 08:00
# Which subjects were drawn hangs on the seed of the store; that they are drawn alike again is what counts.
counters letters
    version 1 decisions audience member: 3
    version 1 decisions audience not_member: 1
    version 1 decisions steps/now/personalizer default: 2
    version 1 decisions steps/then/personalizer fallback: 1
    version 1 decisions trigger below: 54
    version 1 decisions trigger reached: 4
    version 1 entered: 3
    version 1 exited written_to: 3
    version 1 messages queued: 3
    version 1 messages sent: 3
    version 1 not_entered not_in_audience: 1
down
run store reexecute
    the journal is applied from its first record on
    126 decisions recorded: 126 asked again, 126 equal, 0 different; 0 not re-executable
