T4: A cart that no order follows within the delay gets a reminder; an order one second before ends the journey as converted.

--- workflow cart
{
  "id": "cart",
  "title": "Cart not bought",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "cart_updated", "key": "cart_id" } },
  "entry": "every",
  "exits": [{ "on": { "event": "order_completed" }, "reason": "converted" }],
  "steps": [
    { "id": "give_time", "wait": { "for": "4h" } },
    { "id": "reminder", "send": { "template": "reminder" } }
  ]
}

--- template cart reminder
Subject: Your cart is waiting

The {{ event.product }} is still in it.

--- story
at 2026-03-02 09:00
create cart
start cart
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann cart_updated #c1 {"cart_id": "a", "product": "lamp"}
event bea cart_updated #c1 {"cart_id": "b", "product": "rug"}
at 2026-03-02 12:59:59
event bea order_completed #o1 {"cart_id": "b"}
at 2026-03-03 00:00
mails
    ann@example.com | Your cart is waiting | 2026-03-02 13:00:00
journeys ann
    J1 cart version 1, key a, entered 2026-03-02 09:00:00: completed 2026-03-02 13:00:00
journeys bea
    J2 cart version 1, key b, entered 2026-03-02 09:00:00: converted 2026-03-02 12:59:59
counters cart
    version 1 completed: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 exited converted: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
