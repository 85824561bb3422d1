W3: Behaviour, intent and engagement each have their branch; which one was taken, and by what answer, is in the log.

--- workflow paths
{
  "id": "paths",
  "title": "Three ways on",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [
      { "segment": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed", "within": "30d" }, "operator": "gte", "value": 2 } } }, "goto": "buyer" },
      { "segment": { "plugin": "audience", "config": { "field": { "name": "interest", "operator": "eq", "value": "demo" } } }, "goto": "demo" },
      { "segment": { "plugin": "engagement", "config": { "stages": ["active"], "active_within": "30d", "cooling_within": "90d" } }, "goto": "active" }
    ], "otherwise": "rest" } },
    { "id": "buyer", "exit": { "reason": "way_of_buyers" } },
    { "id": "demo", "exit": { "reason": "way_of_demos" } },
    { "id": "active", "exit": { "reason": "way_of_the_active" } },
    { "id": "rest", "exit": { "reason": "way_of_the_rest" } }
  ]
}

--- story
at 2026-03-02 09:00
create paths
start paths
event ann order_completed #1
event ann order_completed #2
event ann form_submitted #3 {"interest": "demo"}
log ann
event bo form_submitted #1 {"interest": "demo"}
log bo
event cem message_opened #1
event cem form_submitted #2 {"interest": "news"}
log cem
event dan form_submitted #1 {"interest": "news"}
log dan
counters paths
