semantics-1: In a pause nothing new is matched or armed; what is inside goes on listening, and mail due in it is never sent.

--- workflow series
{
  "id": "series",
  "title": "Three mails",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [{ "on": { "event": "trial_converted" } }],
  "steps": [
    { "id": "first", "send": { "template": "first" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "second", "send": { "template": "second" } },
    { "id": "more", "wait": { "for": "1d" } },
    { "id": "third", "send": { "template": "third" } }
  ]
}

--- template series first
Subject: First

One.

--- template series second
Subject: Second

Two.

--- template series third
Subject: Third

Three.

--- workflow cart
{
  "id": "cart",
  "title": "Left in the cart",
  "goal": "none",
  "trigger": {
    "plugin": "abandoned",
    "config": { "event": "cart_updated", "after": "4h", "unless": ["order_completed"], "key": "cart_id" }
  },
  "steps": [{ "id": "remind", "send": { "template": "remind" } }]
}

--- template cart remind
Subject: Still in your cart

Take your time.

--- story
at 2026-03-02 09:00
create series
create cart
start series
start cart
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann signed_up #s1
event bea signed_up #s1
mails
    ann@example.com | First | 2026-03-02 09:00:00
    bea@example.com | First | 2026-03-02 09:00:00

shows 1-pause-arm
shows 1-pause-listens
# Armed before the pause: one that falls due in it, one that is cancelled in it, one that falls due behind it.
at 2026-03-02 20:00
event ann cart_updated #c1 {"cart_id": "C-1"}
event ann cart_updated #c2 {"cart_id": "C-2"}
at 2026-03-02 22:00
event ann cart_updated #c3 {"cart_id": "C-3"}

at 2026-03-02 23:00
pause series
pause cart

# Nothing new matches or arms, and neither will it afterwards.
event cem signed_up #s1
event cem cart_updated #c1 {"cart_id": "C-9"}
event ann order_completed #o1 {"cart_id": "C-2"}
at 2026-03-03 01:00
resume cart
journeys ann
    J1 series version 1, key s1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
    arm of cart for 2026-03-03 02:00:00
at 2026-03-03 05:00
mails
    ann@example.com | Still in your cart | 2026-03-03 02:00:00
log ann cart
    2026-03-02 20:00:00 cart: trigger said arm: armed
    2026-03-02 20:00:00 cart: armed C-1 2026-03-03 00:00:00
    2026-03-02 20:00:00 cart: trigger said arm: armed
    2026-03-02 20:00:00 cart: armed C-2 2026-03-03 00:00:00
    2026-03-02 22:00:00 cart: trigger said arm: armed
    2026-03-02 22:00:00 cart: armed C-3 2026-03-03 02:00:00
    2026-03-02 23:00:00 cart: disarmed C-2 order_completed
    2026-03-03 00:00:00 cart: arm dropped C-1 paused
    2026-03-03 02:00:00 cart: trigger said enter: waited
    2026-03-03 02:00:00 cart: journey entered C-3
    2026-03-03 02:00:00 cart: step reached remind
    2026-03-03 02:00:00 cart: message queued remind
    2026-03-03 02:00:00 cart: message sent remind
    2026-03-03 02:00:00 cart: journey completed

shows 1-pause
shows 1-pause-mail
# Inside the pause: an exit is still heard; the second mail falls due and is skipped; the journey goes on.
event bea trial_converted #x1
at 2026-03-03 12:00
mails
    none
journeys bea
    J2 series version 1, key s1, entered 2026-03-02 09:00:00: exit_event 2026-03-03 05:00:00
counters series
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 exited exit_event: 1
    version 1 inside: 1
    version 1 messages queued: 2
    version 1 messages sent: 2
    version 1 messages skipped paused: 1

# Mail due after the resume is sent; the skipped one is not made up for.
at 2026-03-03 20:00
resume series
mails
    none
at 2026-03-05 00:00
mails
    ann@example.com | Third | 2026-03-04 09:00:00
log ann series
    2026-03-02 09:00:00 series: trigger said enter: matched
    2026-03-02 09:00:00 series: journey entered s1
    2026-03-02 09:00:00 series: step reached first
    2026-03-02 09:00:00 series: message queued first
    2026-03-02 09:00:00 series: message sent first
    2026-03-02 09:00:00 series: step reached rest
    2026-03-02 09:00:00 series: wait started rest 2026-03-03 09:00:00
    2026-03-03 09:00:00 series: step reached second
    2026-03-03 09:00:00 series: message skipped second paused
    2026-03-03 09:00:00 series: step reached more
    2026-03-03 09:00:00 series: wait started more 2026-03-04 09:00:00
    2026-03-04 09:00:00 series: step reached third
    2026-03-04 09:00:00 series: message queued third
    2026-03-04 09:00:00 series: message sent third
    2026-03-04 09:00:00 series: journey completed

shows 1-resume
# Nobody who matched in the pause was looked at; what they do from now on counts.
journeys cem
    none
event cem signed_up #s2
mails
    cem@example.com | First | 2026-03-05 00:00:00
profile cem
    events: 4
    inside: 1
    email: cem@example.com
