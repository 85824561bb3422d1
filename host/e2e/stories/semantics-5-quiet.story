semantics-5: In quiet hours nothing goes out that can wait, and what was held is spread; suppressed addresses get nothing at all.

--- workflow news
{
  "id": "news", "title": "News", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template news note
Subject: News

A word.

--- workflow order
{
  "id": "order", "title": "Order confirmed", "goal": "none", "entry": "every", "window": { "from": "01:00", "to": "02:00" },
  "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
  "steps": [{ "id": "confirm", "send": { "template": "confirm", "class": "transactional", "late_limit": "7d" } }]
}

--- template order confirm
Subject: Your order

Thank you.

--- story
at 2026-03-02 12:00
shows 5-quiet
settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "1h"}}
create news
start news
create order
start order
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
contact eva {"email": "eva@example.com", "time_zone": "Asia/Seoul"}
contact fay {"email": "fay@example.com", "time_zone": "Europe/Paris"}
# 23:00 in UTC, 08:00 in Seoul, midnight in Paris.
at 2026-03-02 23:00
event ann visited #1
event bo visited #1
event cem visited #1
event dan visited #1
event eva visited #1
event fay visited #1
mails
    eva@example.com | News | 2026-03-02 23:00:00
at 2026-03-03 06:59:59
mails
    none
at 2026-03-03 07:59:59
mails
    fay@example.com | News | 2026-03-03 07:47:45
at 2026-03-03 09:00
mails
    ann@example.com | News | 2026-03-03 08:53:12
    bo@example.com | News | 2026-03-03 08:50:41
    cem@example.com | News | 2026-03-03 08:01:01
    dan@example.com | News | 2026-03-03 08:48:09
log ann
    2026-03-02 23:00:00 news: trigger said enter: matched
    2026-03-02 23:00:00 news: journey entered 1
    2026-03-02 23:00:00 news: step reached send
    2026-03-02 23:00:00 news: message queued send
    2026-03-02 23:00:00 news: zone taken send UTC utc
    2026-03-02 23:00:00 news: message held send 2026-03-03 08:53:12.723 quiet_hours
    2026-03-03 08:53:12.723 news: message sent send
    2026-03-03 08:53:12.723 news: journey completed

shows 5-transactional
# Windows, quiet hours, caps, and the opt-out from marketing: all passed.
settings {"quiet_hours": {"window": {"from": "00:00", "to": "23:59"}}, "caps": [{"count": 1, "per": {"last": "30d"}}]}
event ann order_completed #2
event ann visited #3
event ann order_completed #4
event bo contact_unsubscribed #5
event bo order_completed #6
event bo visited #7
mails
    ann@example.com | Your order | 2026-03-03 09:00:00
    ann@example.com | Your order | 2026-03-03 09:00:00
    bo@example.com | Your order | 2026-03-03 09:00:00
log bo news
    2026-03-02 23:00:00 news: trigger said enter: matched
    2026-03-02 23:00:00 news: journey entered 1
    2026-03-02 23:00:00 news: step reached send
    2026-03-02 23:00:00 news: message queued send
    2026-03-02 23:00:00 news: zone taken send UTC utc
    2026-03-02 23:00:00 news: message held send 2026-03-03 08:50:41.664 quiet_hours
    2026-03-03 08:50:41.664 news: message sent send
    2026-03-03 08:50:41.664 news: journey completed
    2026-03-03 09:00:00 news: trigger said enter: matched
    2026-03-03 09:00:00 news: journey entered 7
    2026-03-03 09:00:00 news: step reached send
    2026-03-03 09:00:00 news: message skipped send unsubscribed
    2026-03-03 09:00:00 news: journey completed

shows 5-hard-suppression
# An address that does not exist, and a contact who is erased, get no order either.
event cem message_bounced #8 {"kind": "hard"}
event cem order_completed #9
event dan contact_erased #10
event dan order_completed #11
mails
    none
log cem order
    2026-03-03 09:00:00 order: trigger said enter: matched
    2026-03-03 09:00:00 order: journey entered 9
    2026-03-03 09:00:00 order: step reached confirm
    2026-03-03 09:00:00 order: message skipped confirm hard_bounce
    2026-03-03 09:00:00 order: journey completed
log dan order
    2026-03-03 09:00:00 order: trigger said enter: matched
    2026-03-03 09:00:00 order: journey entered 11
    2026-03-03 09:00:00 order: step reached confirm
    2026-03-03 09:00:00 order: message skipped confirm erased
    2026-03-03 09:00:00 order: journey completed

shows 5-own-queue
# Marketing to a domain waits after a refusal that is about us; an order does not wait behind it.
settings {}
contact gus {"email": "gus@slow.example"}
contact hal {"email": "hal@slow.example"}
contact ida {"email": "ida@slow.example"}
smtp gus@slow.example rcpt 550 5.7.1 blocked
event gus visited #1
mails
    none
event hal visited #1
event ida order_completed #1
mails
    ida@slow.example | Your order | 2026-03-03 09:00:00
log hal
    2026-03-03 09:00:00 news: trigger said enter: matched
    2026-03-03 09:00:00 news: journey entered 1
    2026-03-03 09:00:00 news: step reached send
    2026-03-03 09:00:00 news: message queued send
    2026-03-03 09:00:00 news: message deferred send 2026-03-03 09:01:04.391 domain_slowed
later 2m
mails
    hal@slow.example | News | 2026-03-03 09:00:00
