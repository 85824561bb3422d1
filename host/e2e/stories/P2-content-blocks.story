P2: What a contact has bought, left in the cart, looked at, and who they are decides which blocks a message has; two who differ get different ones.

--- segment faithful
{ "name": "faithful", "title": "Maintained", "rule": { "plugin": "lifecycle", "config": { "stages": ["maintain", "deliver", "confirm"] } } }

--- workflow letter
{
  "id": "letter",
  "title": "A letter for everyone",
  "type": "newsletter",
  "stage": "deepen",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "letter_requested" } },
  "steps": [{ "id": "letter", "send": { "template": "letter", "personalizer": { "plugin": "blocks", "config": {
    "slots": {
      "opening": [
        { "when": { "count": { "of": { "event": "order_completed" }, "operator": "gte", "value": 1 } }, "values": { "text": "Thank you for your orders." } }
      ],
      "cart": [
        { "when": { "all": [
            { "count": { "of": { "event": "cart_updated", "within": "7d" }, "operator": "gte", "value": 1 } },
            { "not": { "count": { "of": { "event": "order_completed", "within": "7d" }, "operator": "gte", "value": 1 } } }
          ] }, "values": { "text": "Your cart is still here." } }
      ],
      "product": [
        { "when": { "count": { "of": { "event": "product_viewed", "within": "30d", "where": [{ "field": "category", "operator": "eq", "value": "coffee" }] }, "operator": "gte", "value": 2 } }, "values": { "text": "New coffee has come in." } },
        { "when": { "count": { "of": { "event": "product_viewed", "within": "30d", "where": [{ "field": "category", "operator": "eq", "value": "tea" }] }, "operator": "gte", "value": 2 } }, "values": { "text": "New tea has come in." } }
      ],
      "delivery": [
        { "when": { "attribute": { "name": "country", "operator": "eq", "value": "DE" } }, "values": { "text": "Free delivery within Germany." } }
      ]
    },
    "default": {
      "opening": { "text": "Nice to meet you." },
      "cart": { "text": "" },
      "product": { "text": "See what is new." },
      "delivery": { "text": "We deliver everywhere." }
    }
  } } } }]
}

--- template letter letter
Subject: Our letter

{{ rule.opening.text }}

{{ rule.cart.text }}

{{ rule.product.text }}

{{ rule.delivery.text }}

--- story
at 2026-03-02 09:00
create letter
start letter
# Ann has bought before, left a cart, looks at coffee and lives in Germany; Bo is new, looks at tea, and lives elsewhere.
contact ann {"email": "ann@example.com", "country": "DE"}
contact bo {"email": "bo@example.com", "country": "FR"}
contact cid {"email": "cid@example.com"}
old event ann order_completed #a1 2026-01-10 10:00 {"value": 40}
old event ann product_viewed #a2 2026-02-20 10:00 {"category": "coffee"}
old event ann product_viewed #a3 2026-02-21 10:00 {"category": "coffee"}
old event ann cart_updated #a4 2026-03-01 10:00
old event bo product_viewed #b1 2026-02-20 10:00 {"category": "tea"}
old event bo product_viewed #b2 2026-02-21 10:00 {"category": "tea"}
event ann letter_requested #a5
text
    Thank you for your orders.
    Your cart is still here.
    New coffee has come in.
    Free delivery within Germany.
html
    Thank you for your orders.
    Your cart is still here.
    New coffee has come in.
    Free delivery within Germany.
event bo letter_requested #b3
text
    Nice to meet you.
    New tea has come in.
    We deliver everywhere.
html
    Nice to meet you.
    New tea has come in.
    We deliver everywhere.
event cid letter_requested #c1
text
    Nice to meet you.
    See what is new.
    We deliver everywhere.
# What is no longer so is no longer said: the cart was bought, and the coffee is looked at no more.
event ann order_completed #a6 {"value": 15}
at 2026-03-25 09:00
event ann letter_requested #a7
text
    Thank you for your orders.
    See what is new.
    Free delivery within Germany.
counters letter
    version 1 completed: 4
    version 1 decisions steps/letter/personalizer chosen: 3
    version 1 decisions steps/letter/personalizer default: 1
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
