D14: A transactional message passes frequency caps, quiet hours, holdouts and the opt-out of marketing; marketing does not.

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

--- workflow news
{
  "id": "news",
  "title": "News for buyers",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "entry": "every",
  "steps": [{ "id": "send", "send": { "template": "news" } }, { "id": "rest", "wait": { "for": "1d" } }]
}

--- template news news
Subject: News

A word.

--- story
at 2026-03-02 12:00
settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "0s"}, "caps": [{"count": 1, "per": "day"}]}
create order
create news
start order
start news
contact ann {"email": "ann@example.com"}

# The cap has room for one marketing message.
event ann order_completed #1 {"order_id": "o1"}
mails
later 1m
event ann order_completed #2 {"order_id": "o2"}
mails
log ann news

# In quiet hours.
at 2026-03-03 23:00
event ann order_completed #3 {"order_id": "o3"}
mails
at 2026-03-04 09:00
mails

# Whoever takes the consent back leaves what is marketing, and still gets what belongs to an order.
event ann order_completed #4 {"order_id": "o4"}
event ann contact_unsubscribed #u
event ann order_completed #5 {"order_id": "o5"}
mails
settings {"holdout": 10000}
event ann order_completed #6 {"order_id": "o6"}
mails
counters news
counters order
