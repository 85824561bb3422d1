W5: The sequence changes while somebody is in it: an event skips ahead, and a step goes back a bounded number of times.

--- workflow nurture
{
  "id": "nurture",
  "title": "Until they are ready",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "jumps": [{ "on": { "event": "demo_booked" }, "goto": "prepare" }],
  "steps": [
    { "id": "tip", "send": { "template": "tip" } },
    { "id": "week", "wait": { "for": "7d" } },
    { "id": "again", "goto": { "step": "tip", "times_max": 2 } },
    { "id": "enough", "exit": { "reason": "not_ready" } },
    { "id": "prepare", "send": { "template": "prepare" } }
  ]
}

--- template nurture tip
Subject: A tip for the week

Small, but it helps.

--- template nurture prepare
Subject: Before your demo

Bring two questions.

--- story
at 2026-03-02 09:00
create nurture
start nurture
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann form_submitted #f1
event bea form_submitted #f1
at 2026-03-10 09:00
event bea demo_booked #d1
at 2026-05-01 00:00
mails
    ann@example.com | A tip for the week | 2026-03-02 09:00:00
    ann@example.com | A tip for the week | 2026-03-09 09:00:00
    ann@example.com | A tip for the week | 2026-03-16 09:00:00
    bea@example.com | A tip for the week | 2026-03-02 09:00:00
    bea@example.com | A tip for the week | 2026-03-09 09:00:00
    bea@example.com | Before your demo | 2026-03-10 09:00:00
journeys ann
    J1 nurture version 1, key f1, entered 2026-03-02 09:00:00: not_ready 2026-03-23 09:00:00
journeys bea
    J2 nurture version 1, key f1, entered 2026-03-02 09:00:00: completed 2026-03-10 09:00:00
log bea
    2026-03-02 09:00:00 nurture: trigger said enter: matched
    2026-03-02 09:00:00 nurture: journey entered f1
    2026-03-02 09:00:00 nurture: step reached tip
    2026-03-02 09:00:00 nurture: message queued tip
    2026-03-02 09:00:00 nurture: message sent tip
    2026-03-02 09:00:00 nurture: step reached week
    2026-03-02 09:00:00 nurture: wait started week 2026-03-09 09:00:00
    2026-03-09 09:00:00 nurture: step reached again
    2026-03-09 09:00:00 nurture: step reached tip
    2026-03-09 09:00:00 nurture: message queued tip
    2026-03-09 09:00:00 nurture: message sent tip
    2026-03-09 09:00:00 nurture: step reached week
    2026-03-09 09:00:00 nurture: wait started week 2026-03-16 09:00:00
    2026-03-10 09:00:00 nurture: jumped week prepare demo_booked
    2026-03-10 09:00:00 nurture: step skipped again
    2026-03-10 09:00:00 nurture: step skipped enough
    2026-03-10 09:00:00 nurture: step reached prepare
    2026-03-10 09:00:00 nurture: message queued prepare
    2026-03-10 09:00:00 nurture: message sent prepare
    2026-03-10 09:00:00 nurture: journey completed
