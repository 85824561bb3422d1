N17: A new version that fails its own cases never serves: the former one goes on answering, and its page says which case failed.

--- workflow visits
{
  "id": "visits", "title": "Follows the rule", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "versioned", "config": {} },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
version 1
create visits
start visits
event ann visited #1
version 2 lying
plugin versioned.wasm
    available
    serves: versioned 1.0.1, D1
    refused: plugin_case: case "everybody" of the segment: /member is true, expected false
bindings visits
    audience: versioned 1.0.1, D1
    trigger: event 1.0.0, D2
event ann visited #2
decisions ann
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
# Neither a restart nor a crash lets it in.
restart
plugin versioned.wasm
    refused
    refused: plugin_case: case "everybody" of the segment: /member is true, expected false
event ann visited #3
kill
event ann visited #4
bindings visits
    audience: versioned 1.0.1, D1
    trigger: event 1.0.0, D2
# One that holds to its cases does come in.
version 3
plugin versioned.wasm
    available
    serves: versioned 1.0.3, D3
event ann visited #5
decisions ann
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said in: v3, by D3
counters visits
    version 1 decisions audience v1: 4
    version 1 decisions audience v3: 1
    version 1 decisions trigger matched: 5
    version 1 entered: 5
    version 1 exited done: 5
