N9: A segment is tried on the history of all contacts: members per day, as counted by hand; so is a trigger, entries per day.

--- file regulars.json
{
  "name": "regulars",
  "title": "Two orders in three days",
  "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed", "within": "3d" }, "operator": "gte", "value": 2 } } }
}

--- file french.yaml
name: french
title: French regulars
of: { all: [in-france, regulars] }

--- file second.yaml
id: second
title: The second order
goal: none
trigger: { plugin: threshold, config: { event: order_completed, reached: { count: { at_least: 2 } } } }
steps:
  - id: rest
    wait: { for: 1d }

--- file broken.json
{ "name": "broken", "title": "No rule of that name", "rule": { "plugin": "nowhere", "config": {} } }

--- segment regulars
{
  "name": "regulars",
  "title": "Two orders in three days",
  "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed", "within": "3d" }, "operator": "gte", "value": 2 } } }
}

--- segment in-france
{
  "name": "in-france",
  "title": "In France",
  "rule": { "plugin": "audience", "config": { "attribute": { "name": "country", "operator": "eq", "value": "FR" } } }
}

--- story
at 2026-03-01 09:00
contact ann {"email": "ann@example.com", "country": "FR"}
contact bob {"email": "bob@example.com", "country": "DE"}
contact cem {"email": "cem@example.com", "country": "FR"}
segment in-france
segment regulars
at 2026-03-02 10:00
event ann order_completed #a1
event bob order_completed #b1
at 2026-03-03 10:00
event ann order_completed #a2
at 2026-03-04 10:00
event bob order_completed #b2
event cem order_completed #c1
at 2026-03-06 12:00
event ann order_completed #a3
at 2026-03-08 00:00
# Ann has two orders from the 3rd at 10:00 until the 5th at 10:00, Bob from the 4th at 10:00 until the 5th at 10:00.
run backtest {regulars.json}
    segment regulars with the past of 3 contacts, from 2026-03-01T09:00:00Z until 2026-03-07T10:00:00Z; nothing was sent and nothing has changed
      2026-03-03  1 in (1 came, 0 left)
      2026-03-04  2 in (1 came, 0 left)
      2026-03-05  0 in (0 came, 2 left)
              2 membership said member
             12 membership said not_member
run backtest {french.yaml}
    segment french with the past of 3 contacts, from 2026-03-01T09:00:00Z until 2026-03-07T10:00:00Z; nothing was sent and nothing has changed
      2026-03-03  1 in (1 came, 0 left)
      2026-03-05  0 in (0 came, 1 left)
run backtest {second.yaml}
    workflow second with the past of 3 contacts, from 2026-03-01T09:00:00Z until 2026-03-07T10:00:00Z; nothing was sent and nothing has changed
      2026-03-03  1 entered
      2026-03-04  1 entered
              1 not entered: key_seen
              3 trigger said below
              3 trigger said reached
run backtest {second.yaml} --from 2026-03-04T00:00:00Z
    workflow second with the past of 3 contacts, from 2026-03-04T00:00:00Z until 2026-03-07T10:00:00Z; nothing was sent and nothing has changed
      2026-03-04  1 entered
      2026-03-06  1 entered
              1 trigger said below
              2 trigger said reached
run backtest {broken.json}
    error: the server would refuse broken.json: 1 problem
    broken.json:1:64: /rule/plugin: no plugin is named nowhere (plugin_unknown)
        put its file into the plugins folder; the list of plugins says why a file is refused
    exit status: 1
run backtest {regulars.json} --from 2026-03-09T00:00:00Z
    error: it would end at 2026-03-07T10:00:00Z, before it begins at 2026-03-09T00:00:00Z: name another --from or --until
    exit status: 1
mails
    none
