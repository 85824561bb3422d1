T14: New order, shipped and payment due each send their mail, filled from the event; the tracking number is in it.

--- workflow new_order
{
  "id": "new_order",
  "title": "New order",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "steps": [{ "id": "confirm", "send": { "template": "confirm", "class": "transactional" } }]
}

--- template new_order confirm
Subject: We have your order {{ event.order_id }}

Your order: {% for item in event.items %}{{ item.count }} x {{ item.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}.

--- workflow shipped
{
  "id": "shipped",
  "title": "Shipped",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_shipped", "key": "tracking_number" } },
  "steps": [{ "id": "tell", "send": { "template": "shipped", "class": "transactional" } }]
}

--- template shipped shipped
Subject: Order {{ event.order_id }} is on its way

Your parcel left us today with {{ event.carrier }}. The tracking number is {{ event.tracking_number }}.

--- workflow payment_due
{
  "id": "payment_due",
  "title": "Payment due",
  "goal": "none",
  "trigger": {
    "plugin": "event",
    "config": {
      "event": "invoice_due",
      "key": "invoice",
      "where": [{ "field": "open_amount", "operator": "gt", "value": 0 }]
    }
  },
  "steps": [{ "id": "remind", "send": { "template": "due", "class": "transactional" } }]
}

--- template payment_due due
Subject: Invoice {{ event.invoice }} is due

{{ event.open_amount }} euros are open until {{ event.due_on }}.

--- story
at 2026-03-02 10:00
create new_order
create shipped
create payment_due
start new_order
start shipped
start payment_due
contact ann {"email": "ann@example.com"}

event ann order_completed #e1 {"order_id": "A-100", "items": [{"name": "lamp", "count": 2}, {"name": "rug", "count": 1}]}
mails
    ann@example.com | We have your order A-100 | 2026-03-02 10:00:00
text
    Your order: 2 x lamp, 1 x rug.

later 1d
event ann order_shipped #e2 {"order_id": "A-100", "carrier": "Parcel & Co", "tracking_number": "1Z999AA10123456784"}
mails
    ann@example.com | Order A-100 is on its way | 2026-03-03 10:00:00
text
    Your parcel left us today with Parcel & Co. The tracking number is 1Z999AA10123456784.
html
    Your parcel left us today with Parcel &amp; Co. The tracking number is 1Z999AA10123456784.

# An invoice that is paid already reminds nobody; one that is open does.
later 1d
event ann invoice_due #e3 {"invoice": "R-7", "open_amount": 0, "due_on": "2026-03-18"}
event ann invoice_due #e4 {"invoice": "R-8", "open_amount": 129.9, "due_on": "2026-03-18"}
mails
    ann@example.com | Invoice R-8 is due | 2026-03-04 10:00:00
text
    129.9 euros are open until 2026-03-18.

# A parcel without a number has nothing to tell: the mail is not sent with a hole in it, and the reason is counted.
event ann order_shipped #e5 {"order_id": "A-102", "carrier": "Parcel & Co"}
mails
    none
log ann shipped
    2026-03-03 10:00:00 shipped: trigger said enter: matched
    2026-03-03 10:00:00 shipped: journey entered 1Z999AA10123456784
    2026-03-03 10:00:00 shipped: step reached tell
    2026-03-03 10:00:00 shipped: message queued tell
    2026-03-03 10:00:00 shipped: message sent tell
    2026-03-03 10:00:00 shipped: journey completed
counters shipped
    version 1 completed: 1
    version 1 decisions trigger key_missing: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
