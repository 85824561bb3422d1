N10: Who is idle costs no call in a day; a contact whose answer changes by time alone changes at the exact second, for one call.

--- segment readers
{ "name": "readers", "title": "Opened two in a week", "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "message_opened", "within": "7d" }, "operator": "gte", "value": 2 } } } }

--- segment warm
{ "name": "warm", "title": "A point or more", "rule": { "plugin": "engagement_score", "config": { "from": 1, "signals": [{ "event": "order_completed", "points": 10 }] } } }

--- segment buyers
{ "name": "buyers", "title": "Ever bought", "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed" }, "operator": "gte", "value": 1 } } } }

--- workflow shipped
{
  "id": "shipped", "title": "Hears of something else", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_shipped" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "country", "operator": "eq", "value": "DE" } } },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
create shipped
start shipped
segment readers
segment warm
segment buyers
people 1..100 order_completed
old event ann message_opened #a1 2026-02-24 15:30
old event ann message_opened #a2 2026-02-26 18:00
members readers
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
# Everybody is known by now, and from here on nothing happens. The counts begin anew with the server.
restart
calls
    0
at 2026-03-03 09:00
calls
    0
# The next thing to change is Ann's: her first opening leaves the week on 3 March at half past three.
at 2026-03-03 15:29:59
calls
    0
members readers
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
at 2026-03-03 15:30
members readers
    0 in, 1 came in, 1 left
calls
    1
# What no rule reads costs nothing either, and what one reads costs a call for each rule that does.
people 1..100 page_viewed
contact p1 {"city": "Berlin"}
calls
    1
event p1 order_completed #again
calls
    3
at 2026-03-04 15:30
calls
    3
