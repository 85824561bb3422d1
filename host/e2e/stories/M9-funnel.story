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
later 6h
event bo left #2
funnel course
later 12h
funnel course
later 12h
funnel course
counters course

# Another version is counted apart.
pause course
edit course
resume course
event ann signed_up #3
funnel course
