S1: Segments by purchases, browsing and mail engagement have exactly those members whom a look at every event finds.

--- segment buyers
{
  "name": "buyers",
  "title": "Ordered shoes for 100 or more",
  "rule": { "plugin": "audience", "config": { "sum": {
    "of": { "event": "order_completed", "where": [{ "field": "category", "operator": "eq", "value": "shoes" }] },
    "field": "value", "operator": "gte", "value": 100
  } } }
}

--- segment browsers
{
  "name": "browsers",
  "title": "Looked three times and bought nothing",
  "rule": { "plugin": "audience", "config": { "all": [
    { "count": { "of": { "event": "product_viewed" }, "operator": "gte", "value": 3 } },
    { "count": { "of": { "event": "order_completed" }, "operator": "eq", "value": 0 } }
  ] } }
}

--- segment readers
{
  "name": "readers",
  "title": "Opened a mail this week",
  "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "message_opened", "within": "7d" }, "operator": "gte", "value": 1 } } }
}

--- story
at 2026-03-02 09:00
# By hand, of everything below: buyers are bea (60 + 40) and dan (150); browsers is cid, since bea has bought; readers is
# ann, since dan's opening is eight days old.
old event ann order_completed #a1 2026-02-01 10:00 {"category": "shoes", "value": 99.99}
old event ann message_opened #a2 2026-03-01 10:00
old event bea order_completed #b1 2026-02-01 10:00 {"category": "shoes", "value": 60}
old event bea order_completed #b2 2026-02-02 10:00 {"category": "hats", "value": 500}
old event bea product_viewed #b3 2026-02-03 10:00
old event bea product_viewed #b4 2026-02-03 11:00
old event bea product_viewed #b5 2026-02-03 12:00
old event cid product_viewed #c1 2026-02-03 10:00
old event cid product_viewed #c2 2026-02-03 11:00
old event cid product_viewed #c3 2026-02-03 12:00
old event dan order_completed #d1 2026-02-10 10:00 {"category": "shoes", "value": 150}
old event dan message_opened #d2 2026-02-22 09:00
segment buyers
segment browsers
segment readers
# The last of Bea's hundred comes after the segments are there.
event bea order_completed #b6 {"category": "shoes", "value": 40}
members buyers
    bea since 2026-03-02 09:00:00
    dan since 2026-03-02 09:00:00
    2 in, 2 came in, 0 left
members browsers
    cid since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members readers
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
