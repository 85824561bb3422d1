W4: An exit event during a wait ends the journey before its next send, for that contact alone.

--- workflow nudge
{
  "id": "nudge",
  "title": "Finish your setup",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "trial_started" } },
  "exits": [
    { "on": { "event": "trial_converted" }, "reason": "converted" },
    { "on": { "event": "ticket_opened", "where": [{ "field": "topic", "operator": "eq", "value": "setup" }] } }
  ],
  "steps": [
    { "id": "first", "send": { "template": "nudge" } },
    { "id": "pause", "wait": { "for": "3d" } },
    { "id": "second", "send": { "template": "nudge" } }
  ]
}

--- template nudge nudge
Subject: Your setup is nearly done

Three clicks are left.

--- story
at 2026-03-02 09:00
shows W4
shows 3-exit-in-wait
create nudge
start nudge
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann trial_started #t1
event bea trial_started #t1
event cem trial_started #t1
mails
    ann@example.com | Your setup is nearly done | 2026-03-02 09:00:00
    bea@example.com | Your setup is nearly done | 2026-03-02 09:00:00
    cem@example.com | Your setup is nearly done | 2026-03-02 09:00:00

# The exit is seen when its event arrives, not when the wait is over.
at 2026-03-03 12:00
event ann trial_converted #c1
journeys ann
    J1 nudge version 1, key t1, entered 2026-03-02 09:00:00: converted 2026-03-03 12:00:00

# An event that does not meet the exit's conditions ends nothing.
event bea ticket_opened #k1 {"topic": "billing"}
journeys bea
    J2 nudge version 1, key t1, entered 2026-03-02 09:00:00: inside, waiting at pause until 2026-03-05 09:00:00

# One second before the send, and at the very instant: events go before timers.
at 2026-03-05 08:59:59
event bea ticket_opened #k2 {"topic": "setup"}
at 2026-03-05 09:00
event cem trial_converted #c1
mails
    none
log bea
    2026-03-02 09:00:00 nudge: trigger said enter: matched
    2026-03-02 09:00:00 nudge: journey entered t1
    2026-03-02 09:00:00 nudge: step reached first
    2026-03-02 09:00:00 nudge: message queued first
    2026-03-02 09:00:00 nudge: message sent first
    2026-03-02 09:00:00 nudge: step reached pause
    2026-03-02 09:00:00 nudge: wait started pause 2026-03-05 09:00:00
    2026-03-05 08:59:59 nudge: journey exited exit_event
journeys cem
    J3 nudge version 1, key t1, entered 2026-03-02 09:00:00: converted 2026-03-05 09:00:00
counters nudge
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 exited converted: 2
    version 1 exited exit_event: 1
    version 1 messages queued: 3
    version 1 messages sent: 3
later 30d
mails
    none
