W9: Whoever stops opening is written to less often: the interval grows by the declared rule, and shrinks again.

--- workflow letter
{
  "id": "letter",
  "title": "A letter as often as it is read",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "entry": "once",
  "exits": [{ "on": { "event": "left" } }],
  "steps": [
    { "id": "letter", "send": { "template": "letter" } },
    { "id": "opened", "wait_for": { "timeout": "7d", "otherwise": "how_often", "arms": [{ "on": { "event": "message_opened" } }] } },
    { "id": "fresh", "update": { "set": { "unread": { "value": 0 } } } },
    { "id": "soon", "wait": { "for": "7d" }, "next": "letter" },
    { "id": "how_often", "update": { "set": { "unread": { "plus": 1 } } } },
    {
      "id": "tired",
      "branch": {
        "arms": [{ "segment": { "plugin": "audience", "config": { "attribute": { "name": "unread", "operator": "gte", "value": 2 } } }, "goto": "later" }],
        "otherwise": "soon"
      }
    },
    { "id": "later", "wait": { "for": "30d" }, "next": "letter" }
  ]
}

--- template letter letter
Subject: The letter

News.

--- story
at 2026-01-01 09:00
create letter
start letter
contact ann {"email": "ann@example.com"}
event ann signed_up #s1
at 2026-01-03 09:00
event ann message_opened #m1
at 2026-02-28 00:00
mails
    ann@example.com | The letter | 2026-01-01 09:00:00
    ann@example.com | The letter | 2026-01-10 09:00:00
    ann@example.com | The letter | 2026-01-24 09:00:00
at 2026-03-12 09:00
profile ann
    events: 6
    inside: 1
    email: ann@example.com
    unread: 3
at 2026-04-01 00:00
mails
    ann@example.com | The letter | 2026-03-02 09:00:00
# Read again: the next letter comes after a week.
at 2026-04-10 09:00
event ann message_opened #m2
profile ann
    events: 8
    inside: 1
    email: ann@example.com
    unread: 0
at 2026-05-10 00:00
mails
    ann@example.com | The letter | 2026-04-08 09:00:00
    ann@example.com | The letter | 2026-04-17 09:00:00
    ann@example.com | The letter | 2026-05-01 09:00:00
