semantics-1: What happens while a workflow does not run enters nobody into it, and is history that other workflows see.

--- workflow orders
{
  "id": "orders",
  "title": "Order taken",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
  "steps": [{ "id": "thank", "send": { "template": "thank" } }]
}

--- template orders thank
Subject: Thank you

For your order.

--- workflow news
{
  "id": "news",
  "title": "News for buyers",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "audience": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed" }, "operator": "gte", "value": 1 } } },
  "steps": [{ "id": "tell", "send": { "template": "tell" } }]
}

--- template news tell
Subject: News

For those who have bought.

--- story
at 2026-03-02 09:00
shows 1-history
create news
start news
create orders

# Draft.
contact ann {"email": "ann@example.com"}
event ann order_completed #1
event ann signed_up #2
mails
    ann@example.com | News | 2026-03-02 09:00:00

# Scheduled.
schedule orders 2026-03-02 12:00
    scheduled, version 1, starts at 2026-03-02 12:00:00
contact bo {"email": "bo@example.com"}
event bo order_completed #1
event bo signed_up #2
mails
    bo@example.com | News | 2026-03-02 09:00:00

# Paused.
at 2026-03-02 12:00
pause orders
    paused, version 1, since 2026-03-02 12:00:00
contact cem {"email": "cem@example.com"}
event cem order_completed #1
event cem signed_up #2
mails
    cem@example.com | News | 2026-03-02 12:00:00

# Ended.
end orders
    ended, version 1, since 2026-03-02 12:00:00
contact dan {"email": "dan@example.com"}
event dan order_completed #1
event dan signed_up #2
mails
    dan@example.com | News | 2026-03-02 12:00:00

# Who has bought nothing stays out of the news, and nobody was ever in the other.
contact eve {"email": "eve@example.com"}
event eve signed_up #1
mails
    none
counters orders
    none
counters news
    version 1 completed: 4
    version 1 decisions audience member: 4
    version 1 decisions audience not_member: 1
    version 1 decisions trigger matched: 5
    version 1 entered: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
    version 1 not_entered not_in_audience: 1
