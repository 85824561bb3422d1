W10: A workflow cannot start before it names a goal, or says that it has none.

--- workflow silent
{
  "id": "silent",
  "title": "For nothing in particular",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template silent note
Subject: Hello

A word.

--- workflow spoken
{
  "id": "spoken",
  "title": "For nothing, and says so",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template spoken note
Subject: Hello

A word.

--- workflow wrong
{
  "id": "wrong",
  "title": "For ever",
  "goal": { "on": { "event": "order_completed" }, "within": "91d", "credit_within": "0s" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template wrong note
Subject: Hello

A word.

--- story
at 2026-03-02 09:00
create silent
start silent
    refused: conflict: workflow silent names no goal: say `goal: none`, or which event it is to bring about
schedule silent 2026-03-03 09:00
    refused: conflict: workflow silent names no goal: say `goal: none`, or which event it is to bring about
state silent
    draft, version 1; allowed: edit, start, schedule, delete
create spoken
start spoken
create wrong
    refused: invalid_workflow: the workflow has 2 problems; nothing was stored; /goal/credit_within it is longer than nothing and at most 91d; /goal/within it is longer than nothing and at most 90d
