N3: A version of a rule arrives: where it is pinned the former one goes on answering, where it is followed the new one does, and each decision names its file.

--- workflow pinned
{
  "id": "pinned", "title": "Stays on its file", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "versioned", "config": {}, "follow": "pin" },
  "steps": [
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "which", "branch": { "arms": [{ "segment": { "plugin": "versioned", "config": {}, "follow": "pin" }, "goto": "end" }], "otherwise": "end" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- workflow followed
{
  "id": "followed", "title": "Follows", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "versioned", "config": {} },
  "steps": [
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "which", "branch": { "arms": [{ "segment": { "plugin": "versioned", "config": {} }, "goto": "end" }], "otherwise": "end" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- workflow later
{
  "id": "later", "title": "Made when the second version was there", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "versioned", "config": {}, "follow": "pin" },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
version 1
create pinned
start pinned
create followed
start followed
event ann visited #1
bindings pinned
    audience: versioned 1.0.1, D1
    steps/which/arms/0: versioned 1.0.1, D1
    trigger: event 1.0.0, D2
bindings followed
    audience: versioned 1.0.1, D1
    steps/which/arms/0: versioned 1.0.1, D1
    trigger: event 1.0.0, D2
at 2026-03-02 12:00
version 2
bindings pinned
    audience: versioned 1.0.1, D1
    steps/which/arms/0: versioned 1.0.1, D1
    trigger: event 1.0.0, D2
bindings followed
    audience: versioned 1.0.2, D3
    steps/which/arms/0: versioned 1.0.2, D3
    trigger: event 1.0.0, D2
create later
start later
event bo visited #1
# Ann was inside when it came, and Bo enters afterwards.
at 2026-03-04 09:00
decisions ann
    2026-03-02 09:00:00 followed: trigger said enter: matched, by D2
    2026-03-02 09:00:00 pinned: trigger said enter: matched, by D2
    2026-03-02 09:00:00 followed: audience said in: v1, by D1
    2026-03-02 09:00:00 pinned: audience said in: v1, by D1
    2026-03-03 09:00:00 followed: steps/which/arms/0 said in: v2, by D3
    2026-03-03 09:00:00 pinned: steps/which/arms/0 said in: v1, by D1
decisions bo
    2026-03-02 12:00:00 followed: trigger said enter: matched, by D2
    2026-03-02 12:00:00 later: trigger said enter: matched, by D2
    2026-03-02 12:00:00 pinned: trigger said enter: matched, by D2
    2026-03-02 12:00:00 followed: audience said in: v2, by D3
    2026-03-02 12:00:00 later: audience said in: v2, by D3
    2026-03-02 12:00:00 pinned: audience said in: v1, by D1
    2026-03-03 12:00:00 followed: steps/which/arms/0 said in: v2, by D3
    2026-03-03 12:00:00 pinned: steps/which/arms/0 said in: v1, by D1
# The folder has the second version only; the server's copy of the first goes on answering, also after a crash.
plugin versioned.wasm
    available
    serves: versioned 1.0.2, D3
kill
event cid visited #1
at 2026-03-06 09:00
decisions cid
    2026-03-04 09:00:00 followed: trigger said enter: matched, by D2
    2026-03-04 09:00:00 later: trigger said enter: matched, by D2
    2026-03-04 09:00:00 pinned: trigger said enter: matched, by D2
    2026-03-04 09:00:00 followed: audience said in: v2, by D3
    2026-03-04 09:00:00 later: audience said in: v2, by D3
    2026-03-04 09:00:00 pinned: audience said in: v1, by D1
    2026-03-05 09:00:00 followed: steps/which/arms/0 said in: v2, by D3
    2026-03-05 09:00:00 pinned: steps/which/arms/0 said in: v1, by D1
