T9: An open that no order follows within seven days is answered with a coupon; an order at six days and 23 hours is enough.

--- workflow coupon
{
  "id": "coupon",
  "title": "Opened, not bought",
  "goal": "none",
  "trigger": { "plugin": "abandoned", "config": { "event": "message_opened", "after": "7d", "unless": ["order_completed"] } },
  "entry": "once",
  "steps": [{ "id": "coupon", "send": { "template": "coupon" } }]
}

--- template coupon coupon
Subject: 5 euros for you

Because you looked.

--- story
at 2026-03-02 09:00
create coupon
start coupon
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann message_opened #m1 {"workflow": "news", "step": "long"}
event bea message_opened #m1 {"workflow": "news", "step": "long"}
at 2026-03-09 08:00
event bea order_completed #o1
mails
    none
at 2026-03-09 08:59:59
mails
    none
at 2026-03-20 00:00
mails
    ann@example.com | 5 euros for you | 2026-03-09 09:00:00
