P13: What a step of one journey kept, a rule of a later journey reads, and the journey's own comes first.

--- workflow survey
{
  "id": "survey",
  "title": "How was it?",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "survey_answered" } },
  "entry": "every",
  "steps": [{ "id": "remember", "update": { "keep": { "score": { "event": "score" } } } }]
}

--- workflow renewal
{
  "id": "renewal",
  "title": "Before the year is over",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "renewal_due" } },
  "audience": { "plugin": "audience", "config": { "kept": { "name": "score", "operator": "present" } } },
  "entry": "every",
  "steps": [
    {
      "id": "happy",
      "branch": {
        "arms": [{ "segment": { "plugin": "audience", "config": { "kept": { "name": "score", "operator": "gte", "value": 8 } } }, "goto": "refer" }],
        "otherwise": "help"
      }
    },
    { "id": "help", "send": { "template": "help" }, "next": "over" },
    { "id": "refer", "update": { "keep": { "score": { "value": 1 } } } },
    {
      "id": "own",
      "branch": {
        "arms": [{ "segment": { "plugin": "audience", "config": { "kept": { "name": "score", "operator": "eq", "value": 1 } } }, "goto": "refer_mail" }],
        "otherwise": "over"
      }
    },
    { "id": "refer_mail", "send": { "template": "refer" } },
    { "id": "over", "exit": {} }
  ]
}

--- template renewal help
Subject: What can we do better?

We would like to know.

--- template renewal refer
Subject: Tell a friend

You liked it.

--- story
at 2026-03-02 09:00
create survey
start survey
create renewal
start renewal
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann survey_answered #a1 {"score": 9}
event bea survey_answered #a1 {"score": 4}
kill
later 300d
event ann renewal_due #r1
event bea renewal_due #r1
event cem renewal_due #r1
mails
    ann@example.com | Tell a friend | 2026-12-27 09:00:00
    bea@example.com | What can we do better? | 2026-12-27 09:00:00
profile ann
    events: 3
    inside: 0
    email: ann@example.com
    kept score: 1
log cem
    2026-12-27 09:00:00 renewal: trigger said enter: matched
    2026-12-27 09:00:00 renewal: audience said out: not_member
    2026-12-27 09:00:00 renewal: not entered not_in_audience
down
run store rebuild
    rebuilt: 85 records in 8 partitions
up
profile bea
    events: 3
    inside: 0
    email: bea@example.com
    kept score: 4
later 1d
event ann renewal_due #r2
mails
    ann@example.com | What can we do better? | 2026-12-28 09:00:00
