P13: What a step of one workflow wrote, a later workflow of the same contact reads.

--- workflow survey
{
  "id": "survey",
  "title": "How was it?",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "survey_answered" } },
  "steps": [{ "id": "remember", "update": { "set": { "last_score": { "event": "score" }, "last_wish": { "event": "wish" } } } }]
}

--- workflow renewal
{
  "id": "renewal",
  "title": "Before the year is over",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "renewal_due" } },
  "steps": [
    {
      "id": "happy",
      "branch": {
        "arms": [{ "segment": { "plugin": "audience", "config": { "attribute": { "name": "last_score", "operator": "gte", "value": 8 } } }, "goto": "refer" }],
        "otherwise": "help"
      }
    },
    { "id": "help", "send": { "template": "help" }, "next": "over" },
    { "id": "refer", "send": { "template": "refer" } },
    { "id": "over", "exit": {} }
  ]
}

--- template renewal help
Subject: What can we do better?

You wished for {{ contact.last_wish | default: "nothing" }}.

--- template renewal refer
Subject: Tell a friend

You gave us {{ contact.last_score }}.

--- story
at 2026-03-02 09:00
create survey
start survey
create renewal
start renewal
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann survey_answered #a1 {"score": 9}
event bea survey_answered #a1 {"score": 4, "wish": "a quieter fan"}
later 300d
event ann renewal_due #r1
event bea renewal_due #r1
mails
    ann@example.com | Tell a friend | 2026-12-27 09:00:00
    bea@example.com | What can we do better? | 2026-12-27 09:00:00
text
    You wished for a quieter fan.
log bea
    2026-03-02 09:00:00 survey: trigger said enter: matched
    2026-03-02 09:00:00 survey: journey entered a1
    2026-03-02 09:00:00 survey: step reached remember
    2026-03-02 09:00:00 survey: updated remember last_score last_wish
    2026-03-02 09:00:00 survey: journey completed
    2026-12-27 09:00:00 renewal: trigger said enter: matched
    2026-12-27 09:00:00 renewal: journey entered r1
    2026-12-27 09:00:00 renewal: step reached happy
    2026-12-27 09:00:00 renewal: steps/happy/arms/0 said out: not_member
    2026-12-27 09:00:00 renewal: arm taken happy otherwise
    2026-12-27 09:00:00 renewal: step reached help
    2026-12-27 09:00:00 renewal: message queued help
    2026-12-27 09:00:00 renewal: message sent help
    2026-12-27 09:00:00 renewal: step reached over
    2026-12-27 09:00:00 renewal: journey exited exit_step
