T3: An order is confirmed at once and a review asked for after seven days; two orders are two journeys, keyed by order.

--- workflow post_purchase
{
  "id": "post_purchase",
  "title": "After a purchase",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "entry": "every",
  "exits": [{ "on": { "event": "order_cancelled", "where": [{ "field": "order_id", "operator": "eq", "entry_event": "order_id" }] }, "reason": "cancelled" }],
  "steps": [
    { "id": "confirm", "send": { "template": "confirm", "class": "transactional" } },
    { "id": "time_to_try", "wait": { "for": "7d" } },
    { "id": "ask_review", "send": { "template": "review" } }
  ]
}

--- template post_purchase confirm
Subject: Your order {{ event.order_id }}

Thank you, {{ contact.first_name }}. We have your order {{ event.order_id }} over {{ event.value }} euros.

--- template post_purchase review
Subject: How is your {{ event.product }}?

It has been a week. Tell others what you think of the {{ event.product }}.

--- story
at 2026-03-02 10:00
create post_purchase
start post_purchase
contact ann {"email": "ann@example.com", "first_name": "Ann"}

event ann order_completed #e1 {"order_id": "A-100", "product": "lamp", "value": 49.5}
mails
    ann@example.com | Your order A-100 | 2026-03-02 10:00:00
text
    Thank you, Ann. We have your order A-100 over 49.5 euros.

# A second order while the first journey still waits is a journey of its own.
later 2d
event ann order_completed #e2 {"order_id": "A-101", "product": "rug", "value": 120}
mails
    ann@example.com | Your order A-101 | 2026-03-04 10:00:00
journeys ann
    J1 post_purchase version 1, key A-100, entered 2026-03-02 10:00:00: inside, waiting at time_to_try until 2026-03-09 10:00:00
    J2 post_purchase version 1, key A-101, entered 2026-03-04 10:00:00: inside, waiting at time_to_try until 2026-03-11 10:00:00

# The same order told once more under another event id enters nobody.
event ann order_completed #e3 {"order_id": "A-101", "product": "rug", "value": 120}
mails
    none

at 2026-03-09 09:59:59
mails
    none
at 2026-03-09 10:00
mails
    ann@example.com | How is your lamp? | 2026-03-09 10:00:00
at 2026-03-20 00:00
mails
    ann@example.com | How is your rug? | 2026-03-11 10:00:00
journeys ann
    J1 post_purchase version 1, key A-100, entered 2026-03-02 10:00:00: completed 2026-03-09 10:00:00
    J2 post_purchase version 1, key A-101, entered 2026-03-04 10:00:00: completed 2026-03-11 10:00:00
counters post_purchase
    version 1 completed: 2
    version 1 decisions trigger matched: 3
    version 1 entered: 2
    version 1 messages queued: 4
    version 1 messages sent: 4
    version 1 not_entered key_seen: 1

# Of two orders one is cancelled: nothing more is asked about it, and the other goes on.
contact bo {"email": "bo@example.com", "first_name": "Bo"}
event bo order_completed #e1 {"order_id": "B-1", "product": "desk", "value": 200}
event bo order_completed #e2 {"order_id": "B-2", "product": "chair", "value": 90}
later 1d
event bo order_cancelled #x1 {"order_id": "B-1"}
at 2026-04-01 00:00
mails
    bo@example.com | How is your chair? | 2026-03-27 00:00:00
    bo@example.com | Your order B-1 | 2026-03-20 00:00:00
    bo@example.com | Your order B-2 | 2026-03-20 00:00:00
journeys bo
    J3 post_purchase version 1, key B-1, entered 2026-03-20 00:00:00: cancelled 2026-03-21 00:00:00
    J4 post_purchase version 1, key B-2, entered 2026-03-20 00:00:00: completed 2026-03-27 00:00:00
