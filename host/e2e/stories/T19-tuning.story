T19: How often a trigger fires stands there day by day, and another threshold is in force at once, without a restart.

--- workflow views
{
  "id": "views",
  "title": "Looked at it three times",
  "type": "promotion",
  "stage": "deepen",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "threshold", "config": { "event": "product_viewed", "reached": { "count": { "at_least": 3 } }, "within": "7d" } },
  "steps": [{ "id": "look", "send": { "template": "look" } }]
}

--- template views look
Subject: Still interested?

A word.

--- workflow views.2
{
  "id": "views",
  "title": "Looked at it twice",
  "type": "promotion",
  "stage": "deepen",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "threshold", "config": { "event": "product_viewed", "reached": { "count": { "at_least": 2 } }, "within": "7d" } },
  "steps": [{ "id": "look", "send": { "template": "look" } }]
}

--- template views.2 look
Subject: Still interested?

A word.

--- story
at 2026-03-02 09:00
create views
days views
    none
start views
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
event ann product_viewed #a1
event ann product_viewed #a2
event ann product_viewed #a3
event bo product_viewed #b1
at 2026-03-02 23:59:59
event bo product_viewed #b2
at 2026-03-03 00:00
event cem product_viewed #c1
event cem product_viewed #c2
days views
    2026-03-02: entered 1, said below 4, said reached 1
    2026-03-03: entered 0, said below 2
# It fires too rarely: two views are to be enough.
pause views
edit views
resume views
at 2026-03-05 10:00
contact dee {"email": "dee@example.com"}
event dee product_viewed #d1
event dee product_viewed #d2
event cem product_viewed #c3
days views
    2026-03-02: entered 1, said below 4, said reached 1
    2026-03-03: entered 0, said below 2
    2026-03-05: entered 2, said below 1, said reached 2
mails
    ann@example.com | Still interested? | 2026-03-02 09:00:00
    cem@example.com | Still interested? | 2026-03-05 10:00:00
    dee@example.com | Still interested? | 2026-03-05 10:00:00
# A crash forgets no day.
kill
event eve product_viewed #e1
days views
    2026-03-02: entered 1, said below 4, said reached 1
    2026-03-03: entered 0, said below 2
    2026-03-05: entered 2, said below 2, said reached 2
# Days of more than four hundred days ago are gone.
at 2027-04-06 23:59:59
days views
    2026-03-03: entered 0, said below 2
    2026-03-05: entered 2, said below 2, said reached 2
at 2027-04-07 00:00
days views
    2026-03-05: entered 2, said below 2, said reached 2
# A new workflow of its name begins anew.
end views
delete views
create views
days views
    none
start views
event ann product_viewed #x1
days views
    2027-04-07: entered 0, said below 1
