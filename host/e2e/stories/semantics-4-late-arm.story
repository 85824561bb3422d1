semantics-4: A trigger that comes due in a downtime enters the contact once the server is back, and what it sends is late from when it was due.

--- workflow cart
{
  "id": "cart",
  "title": "Cart not bought",
  "goal": "none",
  "trigger": { "plugin": "abandoned", "config": { "event": "cart_updated", "key": "cart_id", "unless": ["order_completed"], "after": "3h" } },
  "steps": [
    { "id": "reminder", "send": { "template": "reminder", "late_limit": "6h" } },
    { "id": "rest", "wait": { "for": "1h" } },
    { "id": "second", "send": { "template": "reminder", "late_limit": "6h" } }
  ]
}

--- template cart reminder
Subject: Your cart is waiting

It is still there.

--- story
at 2026-03-02 09:00
shows 4-late
create cart
start cart
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann cart_updated #c1 {"cart_id": "a"}
at 2026-03-02 14:00
mails
    ann@example.com | Your cart is waiting | 2026-03-02 12:00:00
    ann@example.com | Your cart is waiting | 2026-03-02 13:00:00
event bea cart_updated #c1 {"cart_id": "b"}
down
at 2026-03-03 03:00
up
mails
    none
log bea
    2026-03-02 14:00:00 cart: trigger said arm: armed
    2026-03-02 14:00:00 cart: armed b 2026-03-02 17:00:00
    2026-03-03 03:00:00 cart: trigger said enter: waited
    2026-03-03 03:00:00 cart: journey entered b
    2026-03-03 03:00:00 cart: step reached reminder
    2026-03-03 03:00:00 cart: message queued reminder
    2026-03-03 03:00:00 cart: message skipped reminder late
    2026-03-03 03:00:00 cart: step reached rest
    2026-03-03 03:00:00 cart: wait started rest 2026-03-03 04:00:00
later 1h
mails
    bea@example.com | Your cart is waiting | 2026-03-03 04:00:00
log bea
    2026-03-02 14:00:00 cart: trigger said arm: armed
    2026-03-02 14:00:00 cart: armed b 2026-03-02 17:00:00
    2026-03-03 03:00:00 cart: trigger said enter: waited
    2026-03-03 03:00:00 cart: journey entered b
    2026-03-03 03:00:00 cart: step reached reminder
    2026-03-03 03:00:00 cart: message queued reminder
    2026-03-03 03:00:00 cart: message skipped reminder late
    2026-03-03 03:00:00 cart: step reached rest
    2026-03-03 03:00:00 cart: wait started rest 2026-03-03 04:00:00
    2026-03-03 04:00:00 cart: step reached second
    2026-03-03 04:00:00 cart: message queued second
    2026-03-03 04:00:00 cart: message sent second
    2026-03-03 04:00:00 cart: journey completed
