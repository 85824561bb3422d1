T17: A request with a key begins one journey; the same key again is the same journey and no second one.

--- workflow quote
{
  "id": "quote",
  "title": "Quote asked for",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "quote_requested" } },
  "entry": "every",
  "steps": [
    { "id": "confirm", "send": { "template": "confirm", "class": "transactional" } },
    { "id": "think", "wait": { "for": "1d" } },
    { "id": "follow_up", "send": { "template": "follow_up" } }
  ]
}

--- template quote confirm
Subject: Your quote is on its way

We are working out a price for {{ event.seats }} seats.

--- template quote follow_up
Subject: Any questions about your quote?

The price for {{ event.seats }} seats stands until Friday.

--- story
at 2026-03-02 10:00
create quote
start quote
contact ann {"email": "ann@example.com"}

event ann quote_requested #req-1 {"seats": 40}
mails
    ann@example.com | Your quote is on its way | 2026-03-02 10:00:00
journeys ann
    J1 quote version 1, key req-1, entered 2026-03-02 10:00:00: inside, waiting at think until 2026-03-03 10:00:00

# The caller did not get the answer and asks again: at once, and once more after the server was killed.
event ann quote_requested #req-1 {"seats": 40}
    accepted
kill
event ann quote_requested #req-1 {"seats": 40}
    accepted
mails
    none
journeys ann
    J1 quote version 1, key req-1, entered 2026-03-02 10:00:00: inside, waiting at think until 2026-03-03 10:00:00

# Another request under a key that is used already changes nothing and is counted as a conflict.
event ann quote_requested #req-1 {"seats": 50}
mails
    none
status
    events_repeated: 2
    events_conflicting: 1
    records_parked: 0

# Another key is another journey.
event ann quote_requested #req-2 {"seats": 50}
mails
    ann@example.com | Your quote is on its way | 2026-03-02 10:00:00
later 2d
mails
    ann@example.com | Any questions about your quote? | 2026-03-03 10:00:00
    ann@example.com | Any questions about your quote? | 2026-03-03 10:00:00
journeys ann
    J1 quote version 1, key req-1, entered 2026-03-02 10:00:00: completed 2026-03-03 10:00:00
    J2 quote version 1, key req-2, entered 2026-03-02 10:00:00: completed 2026-03-03 10:00:00
