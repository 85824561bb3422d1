semantics-5: Windows are half-open, may cross midnight, and mean the local day on which they open; outside a message is held, skipped, or ends its journey.

--- workflow day
{
  "id": "day", "title": "From nine to six", "goal": "none", "entry": "every",
  "window": { "from": "09:00", "to": "18:00" },
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "1h" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template day note
Subject: In the daytime

A word.

--- workflow night
{
  "id": "night", "title": "Friday night", "goal": "none", "entry": "every",
  "window": { "from": "22:00", "to": "02:00", "days": ["friday"] },
  "trigger": { "plugin": "event", "config": { "event": "danced" } },
  "steps": [{ "id": "one", "send": { "template": "note" } }]
}

--- template night note
Subject: On Friday night

A word.

--- workflow skips
{
  "id": "skips", "title": "Skipped outside", "goal": "none", "entry": "every",
  "window": { "from": "09:00", "to": "18:00" }, "outside": "skip",
  "trigger": { "plugin": "event", "config": { "event": "woken" } },
  "steps": [{ "id": "one", "send": { "template": "note" } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template skips note
Subject: Or not at all

A word.

--- workflow leaves
{
  "id": "leaves", "title": "Out when outside", "goal": "none", "entry": "every",
  "window": { "from": "09:00", "to": "18:00" }, "outside": "exit",
  "trigger": { "plugin": "event", "config": { "event": "woken" } },
  "steps": [{ "id": "one", "send": { "template": "note" } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template leaves note
Subject: Or goodbye

A word.

--- workflow empty
{
  "id": "empty", "title": "Never", "goal": "none",
  "window": { "from": "09:00", "to": "09:00" },
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "one", "send": { "template": "note", "window": { "from": "00:00", "to": "00:00" } } }]
}

--- template empty note
Subject: Never

A word.

--- story
at 2026-03-02 08:00
shows 5-empty
create empty
    refused: invalid_workflow: the workflow has 2 problems; nothing was stored; /steps/0/send/window/to the window opens and closes at 00:00; /window/to the window opens and closes at 09:00
settings {"quiet_hours": {"window": {"from": "21:00", "to": "21:00"}}}
    refused: invalid_body: the settings have 1 problems; nothing was stored; /quiet_hours/window/to the window opens and closes at 21:00

shows 5-half-open
create day
start day
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
at 2026-03-02 08:59:59
event ann visited #1
mails
    none
at 2026-03-02 09:00
mails
    ann@example.com | In the daytime | 2026-03-02 09:00:00
event ann visited #2
mails
    ann@example.com | In the daytime | 2026-03-02 09:00:00
at 2026-03-02 17:59:59
event bo visited #1
mails
    ann@example.com | In the daytime | 2026-03-02 10:00:00
    ann@example.com | In the daytime | 2026-03-02 10:00:00
    bo@example.com | In the daytime | 2026-03-02 17:59:59
at 2026-03-02 18:00
event cem visited #1
mails
    none
shows 5-hold
log cem
    2026-03-02 18:00:00 day: trigger said enter: matched
    2026-03-02 18:00:00 day: journey entered 1
    2026-03-02 18:00:00 day: step reached one
    2026-03-02 18:00:00 day: message queued one
    2026-03-02 18:00:00 day: zone taken one UTC utc
    2026-03-02 18:00:00 day: message held one 2026-03-03 09:00:00 window
shows 5-counts-from-send
# An hour after the sending and not after the step: for Bo that is outside again.
at 2026-03-03 09:30
mails
    bo@example.com | In the daytime | 2026-03-03 09:00:00
    cem@example.com | In the daytime | 2026-03-03 09:00:00
at 2026-03-03 12:00
mails
    cem@example.com | In the daytime | 2026-03-03 10:00:00
log cem
    2026-03-02 18:00:00 day: trigger said enter: matched
    2026-03-02 18:00:00 day: journey entered 1
    2026-03-02 18:00:00 day: step reached one
    2026-03-02 18:00:00 day: message queued one
    2026-03-02 18:00:00 day: zone taken one UTC utc
    2026-03-02 18:00:00 day: message held one 2026-03-03 09:00:00 window
    2026-03-03 09:00:00 day: message sent one
    2026-03-03 09:00:00 day: step reached rest
    2026-03-03 09:00:00 day: wait started rest 2026-03-03 10:00:00
    2026-03-03 10:00:00 day: step reached two
    2026-03-03 10:00:00 day: message queued two
    2026-03-03 10:00:00 day: message sent two
    2026-03-03 10:00:00 day: journey completed

shows 5-midnight
# 6 March is a Friday. Saturday at one belongs to its window, Friday at one and Saturday at 22 do not.
create night
start night
at 2026-03-06 01:00
event ann danced #3
mails
    none
at 2026-03-06 22:00
mails
    ann@example.com | On Friday night | 2026-03-06 22:00:00
at 2026-03-07 01:59:59
event bo danced #3
mails
    bo@example.com | On Friday night | 2026-03-07 01:59:59
at 2026-03-07 02:00
event cem danced #3
mails
    none
at 2026-03-07 22:00
mails
    none
at 2026-03-13 23:00
mails
    cem@example.com | On Friday night | 2026-03-13 22:00:00

shows 5-skip
shows 5-exit
create skips
start skips
create leaves
start leaves
at 2026-03-16 08:00
event ann woken #4
at 2026-03-16 18:00
event bo woken #4
at 2026-03-17 09:00
event cem woken #4
mails
    cem@example.com | Or goodbye | 2026-03-17 09:00:00
    cem@example.com | Or not at all | 2026-03-17 09:00:00
log ann skips
    2026-03-16 08:00:00 skips: trigger said enter: matched
    2026-03-16 08:00:00 skips: journey entered 4
    2026-03-16 08:00:00 skips: step reached one
    2026-03-16 08:00:00 skips: zone taken one UTC utc
    2026-03-16 08:00:00 skips: message skipped one window_closed
    2026-03-16 08:00:00 skips: step reached end
    2026-03-16 08:00:00 skips: journey exited went_on
log ann leaves
    2026-03-16 08:00:00 leaves: trigger said enter: matched
    2026-03-16 08:00:00 leaves: journey entered 4
    2026-03-16 08:00:00 leaves: step reached one
    2026-03-16 08:00:00 leaves: zone taken one UTC utc
    2026-03-16 08:00:00 leaves: message skipped one window_closed
    2026-03-16 08:00:00 leaves: journey exited window_closed
log bo skips
    2026-03-16 18:00:00 skips: trigger said enter: matched
    2026-03-16 18:00:00 skips: journey entered 4
    2026-03-16 18:00:00 skips: step reached one
    2026-03-16 18:00:00 skips: zone taken one UTC utc
    2026-03-16 18:00:00 skips: message skipped one window_closed
    2026-03-16 18:00:00 skips: step reached end
    2026-03-16 18:00:00 skips: journey exited went_on
counters skips
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 exited went_on: 3
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 messages skipped window_closed: 2
counters leaves
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 exited went_on: 1
    version 1 exited window_closed: 2
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 messages skipped window_closed: 2

shows 5-hold
# Held for the morning of New York, and let out in the morning of Berlin, where its contact is by then.
at 2026-03-23 03:00
contact dan {"email": "dan@example.com", "time_zone": "America/New_York"}
event dan visited #1
at 2026-03-23 04:00
contact dan {"time_zone": "Europe/Berlin"}
at 2026-03-23 08:00
mails
    dan@example.com | In the daytime | 2026-03-23 08:00:00
log dan
    2026-03-23 03:00:00 day: trigger said enter: matched
    2026-03-23 03:00:00 day: journey entered 1
    2026-03-23 03:00:00 day: step reached one
    2026-03-23 03:00:00 day: message queued one
    2026-03-23 03:00:00 day: zone taken one America/New_York contact
    2026-03-23 03:00:00 day: message held one 2026-03-23 13:00:00 window
    2026-03-23 04:00:00 day: zone taken one Europe/Berlin contact
    2026-03-23 04:00:00 day: message held one 2026-03-23 08:00:00 window
    2026-03-23 08:00:00 day: message sent one
    2026-03-23 08:00:00 day: step reached rest
    2026-03-23 08:00:00 day: wait started rest 2026-03-23 09:00:00
