semantics-2: An event counts once for its contact and id, and a key enters once, whatever else happens.

--- workflow order
{
  "id": "order",
  "title": "Order confirmed",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "entry": "every",
  "steps": [{ "id": "confirm", "send": { "template": "confirm", "class": "transactional" } }]
}

--- template order confirm
Subject: Order {{ event.order_id }}

Thank you.

--- workflow visit
{
  "id": "visit",
  "title": "By the event's own id",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "entry": "every",
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- story
at 2026-03-02 09:00
create order
start order
create visit
start visit
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}

shows 2-key
# The key is the field where the trigger names one, else the event's id; each key is a journey of its own.
event ann order_completed #1 {"order_id": "A"}
event ann order_completed #2 {"order_id": "B"}
event ann visited #v1
event bo order_completed #1 {"order_id": "A"}
journeys ann
    J1 order version 1, key A, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
    J2 order version 1, key B, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
    J3 visit version 1, key v1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
journeys bo
    J4 order version 1, key A, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
mails
    ann@example.com | Order A | 2026-03-02 09:00:00
    ann@example.com | Order B | 2026-03-02 09:00:00
    bo@example.com | Order A | 2026-03-02 09:00:00

shows 2-duplicate
# The same again: dropped for this contact, new for another one.
event ann order_completed #1 {"order_id": "A"}
event ann visited #v1
event bo visited #v1
journeys ann
    J1 order version 1, key A, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
    J2 order version 1, key B, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
    J3 visit version 1, key v1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
journeys bo
    J4 order version 1, key A, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
    J5 visit version 1, key v1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
profile ann
    events: 5
    inside: 1
    email: ann@example.com
status
    events_repeated: 2
    events_conflicting: 0
    records_parked: 0

shows 2-conflict
# The same id with something else to say is counted, and ignored.
event ann order_completed #2 {"order_id": "C"}
event ann signed_up #2
mails
    none
profile ann
    events: 5
    inside: 1
    email: ann@example.com
status
    events_repeated: 2
    events_conflicting: 2
    records_parked: 0

shows 2-no-id
# Without an id the server makes one, so a repetition is another event.
event bo visited
event bo visited
profile bo
    events: 5
    inside: 3
    email: bo@example.com
status
    events_repeated: 2
    events_conflicting: 2
    records_parked: 0

shows 2-duplicate
# Ids are known for thirty days.
later 29d
event ann visited #v1
status
    events_repeated: 3
    events_conflicting: 2
    records_parked: 0
profile ann
    events: 5
    inside: 0
    email: ann@example.com
later 2d
event ann visited #v1
status
    events_repeated: 3
    events_conflicting: 2
    records_parked: 0
profile ann
    events: 6
    inside: 0
    email: ann@example.com

shows 2-key-again
# That event was taken again by now, and yet its key has entered already; so has that of an order under another id.
log ann visit
    2026-03-02 09:00:00 visit: trigger said enter: matched
    2026-03-02 09:00:00 visit: journey entered v1
    2026-03-02 09:00:00 visit: step reached rest
    2026-03-02 09:00:00 visit: wait started rest 2026-03-03 09:00:00
    2026-03-03 09:00:00 visit: journey completed
    2026-04-02 09:00:00 visit: trigger said enter: matched
    2026-04-02 09:00:00 visit: not entered key_seen
event ann order_completed #10 {"order_id": "A"}
mails
    none
log ann order
    2026-03-02 09:00:00 order: trigger said enter: matched
    2026-03-02 09:00:00 order: journey entered A
    2026-03-02 09:00:00 order: step reached confirm
    2026-03-02 09:00:00 order: message queued confirm
    2026-03-02 09:00:00 order: message sent confirm
    2026-03-02 09:00:00 order: journey completed
    2026-03-02 09:00:00 order: trigger said enter: matched
    2026-03-02 09:00:00 order: journey entered B
    2026-03-02 09:00:00 order: step reached confirm
    2026-03-02 09:00:00 order: message queued confirm
    2026-03-02 09:00:00 order: message sent confirm
    2026-03-02 09:00:00 order: journey completed
    2026-04-02 09:00:00 order: trigger said enter: matched
    2026-04-02 09:00:00 order: not entered key_seen
kill
event ann order_completed #11 {"order_id": "A"}
mails
    none

shows 2-key-kept
# Eight hundred days later it is forgotten, and as soon as its workflow is deleted.
at 2028-05-10 09:00
event ann order_completed #12 {"order_id": "A"}
mails
    none
at 2028-05-12 09:00
event ann order_completed #13 {"order_id": "A"}
mails
    ann@example.com | Order A | 2028-05-12 09:00:00
event ann order_completed #14 {"order_id": "A"}
mails
    none
pause order
delete order
create order
start order
event ann order_completed #15 {"order_id": "A"}
mails
    ann@example.com | Order A | 2028-05-12 09:00:00
