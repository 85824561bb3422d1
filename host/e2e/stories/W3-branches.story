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
shows W3
shows 6-branch
create paths
start paths
event ann order_completed #1
event ann order_completed #2
event ann form_submitted #3 {"interest": "demo"}
log ann
    2026-03-02 09:00:00 paths: trigger said enter: matched
    2026-03-02 09:00:00 paths: journey entered 3
    2026-03-02 09:00:00 paths: step reached fork
    2026-03-02 09:00:00 paths: steps/fork/arms/0 said in: member
    2026-03-02 09:00:00 paths: arm taken fork 0
    2026-03-02 09:00:00 paths: step reached buyer
    2026-03-02 09:00:00 paths: journey exited way_of_buyers
event bo form_submitted #1 {"interest": "demo"}
log bo
    2026-03-02 09:00:00 paths: trigger said enter: matched
    2026-03-02 09:00:00 paths: journey entered 1
    2026-03-02 09:00:00 paths: step reached fork
    2026-03-02 09:00:00 paths: steps/fork/arms/0 said out: not_member
    2026-03-02 09:00:00 paths: steps/fork/arms/1 said in: member
    2026-03-02 09:00:00 paths: arm taken fork 1
    2026-03-02 09:00:00 paths: step reached demo
    2026-03-02 09:00:00 paths: journey exited way_of_demos
event cem message_opened #1
event cem form_submitted #2 {"interest": "news"}
log cem
    2026-03-02 09:00:00 paths: trigger said enter: matched
    2026-03-02 09:00:00 paths: journey entered 2
    2026-03-02 09:00:00 paths: step reached fork
    2026-03-02 09:00:00 paths: steps/fork/arms/0 said out: not_member
    2026-03-02 09:00:00 paths: steps/fork/arms/1 said out: not_member
    2026-03-02 09:00:00 paths: steps/fork/arms/2 said in: active
    2026-03-02 09:00:00 paths: arm taken fork 2
    2026-03-02 09:00:00 paths: step reached active
    2026-03-02 09:00:00 paths: journey exited way_of_the_active
event dan form_submitted #1 {"interest": "news"}
log dan
    2026-03-02 09:00:00 paths: trigger said enter: matched
    2026-03-02 09:00:00 paths: journey entered 1
    2026-03-02 09:00:00 paths: step reached fork
    2026-03-02 09:00:00 paths: steps/fork/arms/0 said out: not_member
    2026-03-02 09:00:00 paths: steps/fork/arms/1 said out: not_member
    2026-03-02 09:00:00 paths: steps/fork/arms/2 said out: never
    2026-03-02 09:00:00 paths: arm taken fork otherwise
    2026-03-02 09:00:00 paths: step reached rest
    2026-03-02 09:00:00 paths: journey exited way_of_the_rest
counters paths
    version 1 decisions steps/fork/arms/0 member: 1
    version 1 decisions steps/fork/arms/0 not_member: 3
    version 1 decisions steps/fork/arms/1 member: 1
    version 1 decisions steps/fork/arms/1 not_member: 2
    version 1 decisions steps/fork/arms/2 active: 1
    version 1 decisions steps/fork/arms/2 never: 1
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 exited way_of_buyers: 1
    version 1 exited way_of_demos: 1
    version 1 exited way_of_the_active: 1
    version 1 exited way_of_the_rest: 1
