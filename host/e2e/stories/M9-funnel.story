M9: In every step's funnel entered = inside + advanced + exited, at every instant; reports are by version and by reason.

--- workflow course
{
  "id": "course",
  "title": "A course",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [{ "on": { "event": "left" }, "reason": "left" }],
  "steps": [
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "two", "send": { "template": "note" } },
    { "id": "over", "wait": { "for": "1d" } }
  ]
}

--- template course note
Subject: A lesson

A word.

--- story
at 2026-03-02 09:00
create course
start course
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
event ann signed_up #1
event bo signed_up #1
later 12h
event cem signed_up #1
funnel course
    version 1 one: entered 3 = inside 0 + advanced 3 + exited 0
    version 1 rest: entered 3 = inside 3 + advanced 0 + exited 0
later 6h
event bo left #2
funnel course
    version 1 one: entered 3 = inside 0 + advanced 3 + exited 0
    version 1 rest: entered 3 = inside 2 + advanced 0 + exited 1
later 12h
funnel course
    version 1 one: entered 3 = inside 0 + advanced 3 + exited 0
    version 1 over: entered 1 = inside 1 + advanced 0 + exited 0
    version 1 rest: entered 3 = inside 1 + advanced 1 + exited 1
    version 1 two: entered 1 = inside 0 + advanced 1 + exited 0
later 12h
funnel course
    version 1 one: entered 3 = inside 0 + advanced 3 + exited 0
    version 1 over: entered 2 = inside 2 + advanced 0 + exited 0
    version 1 rest: entered 3 = inside 0 + advanced 2 + exited 1
    version 1 two: entered 2 = inside 0 + advanced 2 + exited 0
counters course
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 exited left: 1
    version 1 inside: 2
    version 1 messages queued: 5
    version 1 messages sent: 5

# Another version is counted apart.
pause course
edit course
resume course
event ann signed_up #3
funnel course
    version 1 one: entered 3 = inside 0 + advanced 3 + exited 0
    version 1 over: entered 2 = inside 2 + advanced 0 + exited 0
    version 1 rest: entered 3 = inside 0 + advanced 2 + exited 1
    version 1 two: entered 2 = inside 0 + advanced 2 + exited 0
