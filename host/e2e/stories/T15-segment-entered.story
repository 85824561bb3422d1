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

--- workflow wishes
{
  "id": "wishes",
  "title": "A wish is noted",
  "type": "onboarding",
  "stage": "explore",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "wishlist_added" } },
  "steps": [{ "id": "noted", "send": { "template": "noted" } }]
}

--- template wishes noted
Subject: We keep {{ event.product }} for you

Thank you.

--- workflow newsletter
{
  "id": "newsletter",
  "title": "Welcome to the list",
  "type": "onboarding",
  "stage": "explore",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "list_subscribed", "where": [{ "field": "list", "operator": "eq", "value": "news" }] } },
  "steps": [{ "id": "hello", "send": { "template": "hello" } }]
}

--- template newsletter hello
Subject: You are on the list

Thank you.

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact dora {"email": "dora@example.com"}
# Dora is in before anybody listens: she is a member, and has not come in now.
old event dora order_completed #d1 2026-02-20 10:00
old event dora order_completed #d2 2026-02-25 10:00
segment regulars
members regulars
    dora since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
create welcome-back
start welcome-back
event ann order_completed #a1
at 2026-03-10 09:00
event ann order_completed #a2
mails
    ann@example.com | You are a regular now | 2026-03-10 09:00:00
at 2026-03-11 09:00
event ann order_completed #a3
mails
    none
log ann
    2026-03-10 09:00:00 segment regulars: membership said in: member
    2026-03-10 09:00:00 segment regulars: segment entered
    2026-03-10 09:00:00 welcome-back: trigger said enter: entered
    2026-03-10 09:00:00 welcome-back: journey entered 2026-03-10 09:00:00
    2026-03-10 09:00:00 welcome-back: step reached hello
    2026-03-10 09:00:00 welcome-back: message queued hello
    2026-03-10 09:00:00 welcome-back: message sent hello
    2026-03-10 09:00:00 welcome-back: journey completed

# Thirty days later she is out by time alone, to the second, and comes in again.
at 2026-04-09 08:59:59
members regulars
    ann since 2026-03-10 09:00:00
    1 in, 2 came in, 1 left
at 2026-04-09 09:00:00
members regulars
    0 in, 2 came in, 2 left
event ann order_completed #a4
event ann order_completed #a5
mails
    ann@example.com | You are a regular now | 2026-04-09 09:00:00
members regulars
    ann since 2026-04-09 09:00:00
    1 in, 3 came in, 2 left

# A wish and a list begin a journey each; another list does not.
create wishes
start wishes
create newsletter
start newsletter
event bo wishlist_added #w1 {"product": "a lamp"}
event bo list_subscribed #l1 {"list": "offers"}
event bo list_subscribed #l2 {"list": "news"}
mails
    bo@example.com | We keep a lamp for you | 2026-04-09 09:00:00
    bo@example.com | You are on the list | 2026-04-09 09:00:00
