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
shows D14
shows 5-transactional
shows 6-holdout-server
settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "0s"}, "caps": [{"count": 1, "per": "day"}]}
create order
create news
start order
start news
contact ann {"email": "ann@example.com"}

# The cap has room for one marketing message.
event ann order_completed #1 {"order_id": "o1"}
mails
    ann@example.com | News | 2026-03-02 12:00:00
    ann@example.com | Order o1 | 2026-03-02 12:00:00
later 1m
event ann order_completed #2 {"order_id": "o2"}
mails
    ann@example.com | Order o2 | 2026-03-02 12:01:00
log ann news
    2026-03-02 12:00:00 news: trigger said enter: matched
    2026-03-02 12:00:00 news: journey entered o1
    2026-03-02 12:00:00 news: step reached send
    2026-03-02 12:00:00 news: message queued send
    2026-03-02 12:00:00 news: message sent send
    2026-03-02 12:00:00 news: step reached rest
    2026-03-02 12:00:00 news: wait started rest 2026-03-03 12:00:00
    2026-03-02 12:01:00 news: trigger said enter: matched
    2026-03-02 12:01:00 news: journey entered o2
    2026-03-02 12:01:00 news: step reached send
    2026-03-02 12:01:00 news: message queued send
    2026-03-02 12:01:00 news: message skipped send frequency_cap
    2026-03-02 12:01:00 news: step reached rest
    2026-03-02 12:01:00 news: wait started rest 2026-03-03 12:01:00

# In quiet hours.
at 2026-03-03 23:00
event ann order_completed #3 {"order_id": "o3"}
mails
    ann@example.com | Order o3 | 2026-03-03 23:00:00
at 2026-03-04 09:00
mails
    ann@example.com | News | 2026-03-04 08:00:00

# Whoever takes the consent back leaves what is marketing, and still gets what belongs to an order.
event ann order_completed #4 {"order_id": "o4"}
event ann contact_unsubscribed #u
event ann order_completed #5 {"order_id": "o5"}
mails
    ann@example.com | Order o4 | 2026-03-04 09:00:00
    ann@example.com | Order o5 | 2026-03-04 09:00:00
settings {"holdout": 10000}
event ann order_completed #6 {"order_id": "o6"}
mails
    ann@example.com | Order o6 | 2026-03-04 09:00:00
counters news
    version 1 completed: 2
    version 1 decisions trigger matched: 6
    version 1 entered: 6
    version 1 exited unsubscribed: 2
    version 1 inside: 2
    version 1 messages queued: 4
    version 1 messages sent: 2
    version 1 messages skipped frequency_cap: 2
    version 1 messages skipped unsubscribed: 2
counters order
    version 1 completed: 6
    version 1 decisions trigger matched: 6
    version 1 entered: 6
    version 1 messages queued: 6
    version 1 messages sent: 6
