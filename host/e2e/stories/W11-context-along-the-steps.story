W11: A later step reads every earlier decision of the same journey, and what earlier steps kept.

--- workflow order
{
  "id": "order",
  "title": "One mail for every way",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "entry": "every",
  "steps": [
    { "id": "keep", "update": { "keep": { "value": { "event": "value" } } } },
    {
      "id": "how_much",
      "branch": {
        "arms": [{ "segment": { "plugin": "audience", "config": { "sum": { "of": { "event": "order_completed" }, "field": "value", "operator": "gte", "value": 100 } } }, "goto": "shipped" }],
        "otherwise": "shipped"
      }
    },
    { "id": "shipped", "wait_for": { "timeout": "2d", "arms": [{ "on": { "event": "order_shipped" } }, { "on": { "event": "order_collected" } }] } },
    { "id": "offer", "split": { "arms": [{ "name": "coupon", "weight": 10000 }, { "name": "none", "weight": 0 }] } },
    {
      "id": "collected",
      "branch": {
        "arms": [{ "segment": { "plugin": "audience", "config": { "arm_taken": { "step": "shipped", "arms": ["order_collected"] } } }, "goto": "note" }],
        "otherwise": "far"
      }
    },
    { "id": "far", "update": { "add_tags": ["far"] } },
    { "id": "note", "send": { "template": "note" } }
  ]
}

--- template order note
Subject: {{ journey.arms.how_much }}, {{ journey.arms.shipped }}, {{ journey.arms.offer }}

You paid {{ journey.kept.value }} euros.

--- story
at 2026-03-02 09:00
create order
start order
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann order_completed #o1 {"order_id": "1", "value": 120}
event bea order_completed #o1 {"order_id": "1", "value": 12}
later 1d
event ann order_collected #c1
at 2026-03-10 00:00
mails
    ann@example.com | shipped, order_collected, coupon | 2026-03-03 09:00:00
    bea@example.com | otherwise, otherwise, coupon | 2026-03-04 09:00:00
text
    You paid 12 euros.
log ann
    2026-03-02 09:00:00 order: trigger said enter: matched
    2026-03-02 09:00:00 order: journey entered 1
    2026-03-02 09:00:00 order: step reached keep
    2026-03-02 09:00:00 order: updated keep kept.value
    2026-03-02 09:00:00 order: step reached how_much
    2026-03-02 09:00:00 order: steps/how_much/arms/0 said in: member
    2026-03-02 09:00:00 order: arm taken how_much 0
    2026-03-02 09:00:00 order: step reached shipped
    2026-03-02 09:00:00 order: wait started shipped 2026-03-04 09:00:00
    2026-03-03 09:00:00 order: arm taken shipped 1
    2026-03-03 09:00:00 order: step reached offer
    2026-03-03 09:00:00 order: arm assigned offer coupon
    2026-03-03 09:00:00 order: arm taken offer 0
    2026-03-03 09:00:00 order: step reached collected
    2026-03-03 09:00:00 order: steps/collected/arms/0 said in: member
    2026-03-03 09:00:00 order: arm taken collected 0
    2026-03-03 09:00:00 order: step reached note
    2026-03-03 09:00:00 order: message queued note
    2026-03-03 09:00:00 order: message sent note
    2026-03-03 09:00:00 order: journey completed
profile bea
    events: 2
    inside: 0
    email: bea@example.com
    tags: ["far"]
    kept value: 12
