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
# The inputs of every decision, and that the rule says the same to them again.
run why bo
    paths (Three ways on)
      bo came in; got no message; left, for the reason `way_of_demos`
      2026-03-02T09:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  came in, with the key 1
      2026-03-02T09:00:00Z  came to fork
      2026-03-02T09:00:00Z  the segment of arm 0 at fork said out: Does not meet the conditions
          given count of order_completed in 30d = 0
          audience 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  the segment of arm 1 at fork said in: Meets the conditions
          given interest of the event = "demo"  (field interest of the event)
          audience 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  took arm 1 at fork
      2026-03-02T09:00:00Z  came to demo
      2026-03-02T09:00:00Z  left, for the reason `way_of_demos`
      2026-03-02T09:00:00Z  the segment of arm 2 at fork said out: Never engaged so far; nothing came of it
          given opens while active = 0  (count of message_opened in 30d)
          given opens while cooling = 0  (count of message_opened in 90d)
          given opens ever = 0  (count of message_opened)
          given clicks while active = 0  (count of message_clicked in 30d)
          given clicks while cooling = 0  (count of message_clicked in 90d)
          given clicks ever = 0  (count of message_clicked)
          given purchases while active = 0  (count of order_completed in 30d)
          given purchases while cooling = 0  (count of order_completed in 90d)
          given purchases ever = 0  (count of order_completed)
          engagement 1.0.0 (FILE) says the same again
    4 decisions asked again: 4 equal, 0 different; 0 not re-executable
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
