S3: Frequency, average order and preferred product are right after each added order.

--- segment frequent
{
  "name": "frequent",
  "title": "Three orders in ninety days",
  "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed", "within": "90d" }, "operator": "gte", "value": 3 } } }
}

--- segment tea
{
  "name": "tea",
  "title": "Two orders of tea",
  "rule": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed", "where": [{ "field": "product", "operator": "eq", "value": "tea" }] }, "operator": "gte", "value": 2 } } }
}

--- segment large-orders
{
  "name": "large-orders",
  "title": "Forty or more an order on average",
  "rule": { "plugin": "audience", "config": { "average": { "of": { "event": "order_completed" }, "field": "value", "operator": "gte", "value": 40 } } }
}

--- story
at 2026-03-02 09:00
segment frequent
segment tea
segment large-orders
event ann order_completed #o1 {"product": "tea", "value": 10}
members frequent
    0 in, 0 came in, 0 left
members tea
    0 in, 0 came in, 0 left
event ann order_completed #o2 {"product": "rice", "value": 90}
members frequent
    0 in, 0 came in, 0 left
# (10 + 90) / 2 is 50, and with the next one 120 / 3 is 40.
members large-orders
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
event ann order_completed #o3 {"product": "tea", "value": 20}
members frequent
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members tea
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members large-orders
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
event ann order_completed #o4 {"product": "rice", "value": 39.96}
members large-orders
    0 in, 1 came in, 1 left
# The same order again is no other order.
event ann order_completed #o3 {"product": "tea", "value": 20}
members tea
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
at 2026-05-31 09:00
members frequent
    0 in, 1 came in, 1 left
