S4: A contact becomes inactive as the clock moves, without an event, and active again by one.

--- segment active
{
  "name": "active",
  "title": "Opened the app or ordered in two weeks",
  "rule": { "plugin": "audience", "config": { "any": [
    { "count": { "of": { "event": "app_opened", "within": "14d" }, "operator": "gte", "value": 1 } },
    { "count": { "of": { "event": "order_completed", "within": "14d" }, "operator": "gte", "value": 1 } }
  ] } }
}

--- segment inactive
{ "name": "inactive", "title": "Everybody else", "of": { "none": ["active"] } }

--- story
at 2026-03-02 09:00
segment active
segment inactive
event ann app_opened #a1
contact bo {"email": "bo@example.com"}
members active
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members inactive
    bo since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
at 2026-03-05 18:30
event ann order_completed #a2
# The visit has left the window, the order has not.
at 2026-03-17 09:00
members active
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
at 2026-03-19 18:29:59
members active
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
kill
at 2026-03-19 18:30:00
members active
    0 in, 1 came in, 1 left
members inactive
    ann since 2026-03-19 18:30:00
    bo since 2026-03-02 09:00:00
    2 in, 2 came in, 0 left
event bo app_opened #b1
members active
    bo since 2026-03-19 18:30:00
    1 in, 2 came in, 1 left
log ann
    2026-03-02 09:00:00 segment active: membership said in: member
    2026-03-02 09:00:00 segment active: segment entered
    2026-03-19 18:30:00 segment active: membership said out: not_member
    2026-03-19 18:30:00 segment active: segment left
    2026-03-19 18:30:00 segment inactive: segment entered
