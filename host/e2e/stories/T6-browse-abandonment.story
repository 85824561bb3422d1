T6: A product that was looked at and not bought within the window is written about, by name.

--- workflow browse
{
  "id": "browse",
  "title": "Looked at and left",
  "goal": "none",
  "trigger": { "plugin": "abandoned", "config": { "event": "product_viewed", "after": "3h", "unless": ["cart_updated", "order_completed"], "key": "product_id", "unless_any_key": true } },
  "steps": [{ "id": "alert", "send": { "template": "alert" } }]
}

--- template browse alert
Subject: Still thinking about the {{ event.product }}?

The {{ event.product }} is in stock at {{ event.price }} euros.

--- story
at 2026-03-02 09:00
create browse
start browse
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann product_viewed #v1 {"product_id": "p1", "product": "lamp", "price": 49}
event bea product_viewed #v1 {"product_id": "p2", "product": "rug", "price": 120}
at 2026-03-02 11:59:59
event bea cart_updated #c1 {"cart_id": "b"}
mails
    none
at 2026-03-03 00:00
mails
    ann@example.com | Still thinking about the lamp? | 2026-03-02 12:00:00
text
    The lamp is in stock at 49 euros.
log bea
    2026-03-02 09:00:00 browse: trigger said arm: armed
    2026-03-02 09:00:00 browse: armed p2 2026-03-02 12:00:00
    2026-03-02 11:59:59 browse: disarmed p2 cart_updated
