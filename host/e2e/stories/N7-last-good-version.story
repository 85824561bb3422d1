N7: A version that fails ten times in a minute is quarantined, and whoever follows goes back to the last good one until the file changes.

--- workflow visits
{
  "id": "visits", "title": "Follows the rule", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "trap", "on_failure": "skip" },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- workflow calm
{
  "id": "calm", "title": "Another workflow", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
altered trap.wasm of trap.wasm attack=attacx
create visits
start visits
create calm
start calm
bindings visits
    audience: trap 1.0.0, D1
    trigger: event 1.0.0, D2
contact eve {"attack": true}
event eve visited #0
altered trap.wasm of trap.wasm 1.0.0=1.1.0
awaits bindings visits
    audience: trap 1.1.0, D3
    trigger: event 1.0.0, D2
event eve visited #1
event eve visited #2
event eve visited #3
event eve visited #4
event eve visited #5
event eve visited #6
event eve visited #7
event eve visited #8
event eve visited #9
bindings visits
    audience: trap 1.1.0, D3
    trigger: event 1.0.0, D2
# The tenth failure.
event eve visited #10
awaits bindings visits
    audience: trap 1.0.0, D1, back from 1.1.0
    trigger: event 1.0.0, D2
awaits plugin trap.wasm
    quarantined
    serves: trap 1.1.0, D3
event eve visited #11
# Neither a restart nor a crash has it adopted again, nor the same bytes under another name.
restart
bindings visits
    audience: trap 1.0.0, D1, back from 1.1.0
    trigger: event 1.0.0, D2
plugin trap.wasm
    quarantined
    serves: trap 1.1.0, D3
kill
altered again.wasm of trap.wasm 1.0.0=1.1.0
event eve visited #12
bindings visits
    audience: trap 1.0.0, D1, back from 1.1.0
    trigger: event 1.0.0, D2
decisions eve
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said out: out, by D1
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said failed: trapped, by D3
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said out: out, by D1
    2026-03-02 09:00:00 calm: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D2
    2026-03-02 09:00:00 visits: audience said out: out, by D1
counters visits
    version 1 decisions audience out: 3
    version 1 decisions audience trapped: 10
    version 1 decisions trigger matched: 13
    version 1 not_entered not_in_audience: 3
    version 1 not_entered rule_failed: 10
# What others decided went on.
counters calm
    version 1 decisions trigger matched: 13
    version 1 entered: 13
    version 1 exited done: 13
# A mended file is adopted as any other.
altered trap.wasm of trap.wasm attack=attacx 1.0.0=1.2.0
event eve visited #13
awaits bindings visits
    audience: trap 1.2.0, D4
    trigger: event 1.0.0, D2
# An operator lifts a quarantine by hand.
ask plugin lift trap@1.0.0
    error: looking for it among what is quarantined: the server lists no trap 1.0.0 there: name its file with --digest
    exit status: 1
ask plugin lift trap@1.1.0
    trap 1.1.0: asked again, digest ..
ask plugin list trap
    again.wasm: trap 1.1.0, available
    trap.wasm: trap 1.2.0, available
    without a file: trap 1.0.0, retired
