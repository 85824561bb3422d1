S10: A step tags a contact and changes an attribute: the membership of segments changes, and the journey's log says so.

--- workflow buyers
{
  "id": "buyers",
  "title": "Buyers become customers",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
  "entry": "every",
  "steps": [
    { "id": "move", "update": { "set": { "stage": { "value": "customer" }, "orders": { "plus": 1 } }, "add_tags": ["buyer"], "remove_tags": ["prospect"] } }
  ]
}

--- workflow thanks
{
  "id": "thanks",
  "title": "For customers only",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "page_viewed" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "stage", "operator": "eq", "value": "customer" } } },
  "entry": "every",
  "steps": [{ "id": "note", "send": { "template": "note" } }]
}

--- template thanks note
Subject: For customers

After {{ contact.orders }} orders.

--- story
at 2026-03-02 09:00
create buyers
start buyers
create thanks
start thanks
contact ann {"email": "ann@example.com", "stage": "prospect", "tags": ["prospect", "fair-2026"]}
event ann page_viewed #v1
mails
    none
event ann order_completed #o1
event ann order_completed #o2
profile ann
    events: 3
    inside: 0
    email: ann@example.com
    orders: 2
    stage: customer
    tags: ["buyer","fair-2026"]
event ann page_viewed #v2
mails
    ann@example.com | For customers | 2026-03-02 09:00:00
log ann buyers
    2026-03-02 09:00:00 buyers: trigger said enter: matched
    2026-03-02 09:00:00 buyers: journey entered o1
    2026-03-02 09:00:00 buyers: step reached move
    2026-03-02 09:00:00 buyers: updated move orders stage -prospect +buyer
    2026-03-02 09:00:00 buyers: journey completed
    2026-03-02 09:00:00 buyers: trigger said enter: matched
    2026-03-02 09:00:00 buyers: journey entered o2
    2026-03-02 09:00:00 buyers: step reached move
    2026-03-02 09:00:00 buyers: updated move orders
    2026-03-02 09:00:00 buyers: journey completed
log ann thanks
    2026-03-02 09:00:00 thanks: trigger said enter: matched
    2026-03-02 09:00:00 thanks: audience said out: not_member
    2026-03-02 09:00:00 thanks: not entered not_in_audience
    2026-03-02 09:00:00 thanks: trigger said enter: matched
    2026-03-02 09:00:00 thanks: audience said in: member
    2026-03-02 09:00:00 thanks: journey entered v2
    2026-03-02 09:00:00 thanks: step reached note
    2026-03-02 09:00:00 thanks: message queued note
    2026-03-02 09:00:00 thanks: message sent note
    2026-03-02 09:00:00 thanks: journey completed
