T5: A cart that was left gets up to three mails within 72 hours; whoever buys after the second gets no third and is tagged.

--- workflow cart
{
  "id": "cart",
  "title": "Cart left behind",
  "goal": "none",
  "trigger": { "plugin": "abandoned", "config": { "event": "cart_updated", "after": "24h", "unless": ["order_completed"], "key": "cart_id" } },
  "steps": [
    { "id": "reminder", "send": { "template": "reminder" } },
    { "id": "bought", "wait_for": { "timeout": "24h", "otherwise": "deal", "arms": [{ "on": { "event": "order_completed" } }] } },
    { "id": "by_itself", "exit": { "reason": "converted" } },
    { "id": "deal", "send": { "template": "deal" } },
    { "id": "bought_with_deal", "wait_for": { "timeout": "24h", "otherwise": "last", "arms": [{ "on": { "event": "order_completed" } }] } },
    { "id": "tag", "update": { "add_tags": ["deal_responder"] } },
    { "id": "by_deal", "exit": { "reason": "converted" } },
    { "id": "last", "send": { "template": "last" } }
  ]
}

--- template cart reminder
Subject: You left something behind

Your {{ event.product }} is still here.

--- template cart deal
Subject: 10 % off until tomorrow

For your {{ event.product }}, until tomorrow.

--- template cart last
Subject: Last call

Your {{ event.product }} goes back on the shelf.

--- story
at 2026-03-02 09:00
create cart
start cart
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
event ann cart_updated #c1 {"cart_id": "a", "product": "lamp"}
event bea cart_updated #c1 {"cart_id": "b", "product": "rug"}
event cem cart_updated #c1 {"cart_id": "c", "product": "desk"}
event dan cart_updated #c1 {"cart_id": "d", "product": "chair"}

# Dan buys before anything is sent, Cem after the first mail, Bea after the second, Ann never.
later 23h
event dan order_completed #o1 {"cart_id": "d"}
at 2026-03-03 09:30
mails
    ann@example.com | You left something behind | 2026-03-03 09:00:00
    bea@example.com | You left something behind | 2026-03-03 09:00:00
    cem@example.com | You left something behind | 2026-03-03 09:00:00
event cem order_completed #o1 {"cart_id": "c"}
at 2026-03-04 09:30
mails
    ann@example.com | 10 % off until tomorrow | 2026-03-04 09:00:00
    bea@example.com | 10 % off until tomorrow | 2026-03-04 09:00:00
event bea order_completed #o1 {"cart_id": "b"}
at 2026-03-20 00:00
mails
    ann@example.com | Last call | 2026-03-05 09:00:00
profile bea
    events: 4
    inside: 0
    email: bea@example.com
    tags: ["deal_responder"]
profile ann
    events: 4
    inside: 0
    email: ann@example.com
journeys ann
    J1 cart version 1, key a, entered 2026-03-03 09:00:00: completed 2026-03-05 09:00:00
journeys bea
    J2 cart version 1, key b, entered 2026-03-03 09:00:00: converted 2026-03-04 09:30:00
journeys cem
    J3 cart version 1, key c, entered 2026-03-03 09:00:00: converted 2026-03-03 09:30:00
journeys dan
    none
log bea
    2026-03-02 09:00:00 cart: trigger said arm: armed
    2026-03-02 09:00:00 cart: armed b 2026-03-03 09:00:00
    2026-03-03 09:00:00 cart: trigger said enter: waited
    2026-03-03 09:00:00 cart: journey entered b
    2026-03-03 09:00:00 cart: step reached reminder
    2026-03-03 09:00:00 cart: message queued reminder
    2026-03-03 09:00:00 cart: message sent reminder
    2026-03-03 09:00:00 cart: step reached bought
    2026-03-03 09:00:00 cart: wait started bought 2026-03-04 09:00:00
    2026-03-04 09:00:00 cart: arm taken bought otherwise
    2026-03-04 09:00:00 cart: step reached deal
    2026-03-04 09:00:00 cart: message queued deal
    2026-03-04 09:00:00 cart: message sent deal
    2026-03-04 09:00:00 cart: step reached bought_with_deal
    2026-03-04 09:00:00 cart: wait started bought_with_deal 2026-03-05 09:00:00
    2026-03-04 09:30:00 cart: arm taken bought_with_deal 0
    2026-03-04 09:30:00 cart: step reached tag
    2026-03-04 09:30:00 cart: updated tag +deal_responder
    2026-03-04 09:30:00 cart: step reached by_deal
    2026-03-04 09:30:00 cart: journey exited converted
counters cart
    version 1 armed: 4
    version 1 completed: 1
    version 1 decisions trigger armed: 4
    version 1 decisions trigger waited: 3
    version 1 disarmed: 1
    version 1 entered: 3
    version 1 exited converted: 2
    version 1 messages queued: 6
    version 1 messages sent: 6
