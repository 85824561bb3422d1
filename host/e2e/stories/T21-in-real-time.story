T21: What is known of a contact is compared with what a workflow asks for when the event comes: the journey is there within a second, by nobody's hand.

--- workflow gold
{
  "id": "gold",
  "title": "For gold members who spend",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "where": [{ "field": "total", "operator": "gte", "value": 100 }] } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "level", "operator": "eq", "value": "gold" } } },
  "steps": [{ "id": "thanks", "send": { "template": "note" } }, { "id": "rest", "wait": { "for": "1d" } }]
}

--- template gold note
Subject: Thank you

A word.

--- story
at 2026-03-02 09:00
create gold
start gold
contact ann {"email": "ann@example.com", "level": "gold"}
contact bo {"email": "bo@example.com", "level": "silver"}
event ann order_completed #1 {"total": 120}
soon journeys ann
    J1 gold version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
event bo order_completed #1 {"total": 120}
soon log bo
    2026-03-02 09:00:00 gold: trigger said enter: matched
    2026-03-02 09:00:00 gold: audience said out: not_member
    2026-03-02 09:00:00 gold: not entered not_in_audience
event ann order_completed #2 {"total": 20}
soon journeys ann
    J1 gold version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-03 09:00:00
mails
    ann@example.com | Thank you | 2026-03-02 09:00:00
