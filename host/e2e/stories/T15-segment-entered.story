T15: Coming into a segment starts a journey once; staying in it does not.

--- segment regulars
{
  "name": "regulars",
  "title": "Two orders in thirty days",
  "rule": { "plugin": "audience", "config": { "count": {
    "of": { "event": "order_completed", "within": "30d" }, "operator": "gte", "value": 2
  } } }
}

--- workflow welcome-back
{
  "id": "welcome-back",
  "title": "Welcome to the regulars",
  "type": "onboarding",
  "stage": "deliver",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "segment_entered", "config": { "segment": "regulars", "enters": "each_time" } },
  "steps": [{ "id": "hello", "send": { "template": "hello" } }]
}

--- template welcome-back hello
Subject: You are a regular now

Thank you.

--- story
at 2026-03-02 09:00
# Dora is in before anybody listens: she is a member, and has not come in now.
old event dora order_completed #d1 2026-02-20 10:00
old event dora order_completed #d2 2026-02-25 10:00
segment regulars
members regulars
    ?
create welcome-back
start welcome-back
event ann order_completed #a1
at 2026-03-10 09:00
event ann order_completed #a2
mails
    ?
at 2026-03-11 09:00
event ann order_completed #a3
mails
    ?
log ann
    ?

# Thirty days later she is out by time alone, to the second, and comes in again.
at 2026-04-09 08:59:59
members regulars
    ?
at 2026-04-09 09:00:00
members regulars
    ?
event ann order_completed #a4
event ann order_completed #a5
mails
    ?
members regulars
    ?

# Lists subscribed to and wishes come as events.
event bo wishlist_added #w1
mails
    ?
