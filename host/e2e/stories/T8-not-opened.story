T8: Whoever does not open a mail within three days gets a short version; an open one second before suppresses it.

--- workflow news
{
  "id": "news",
  "title": "News, and once more in short",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "long", "send": { "template": "long" } },
    {
      "id": "opened",
      "wait_for": {
        "timeout": "3d",
        "otherwise": "short",
        "arms": [{ "on": { "event": "message_opened", "where": [
          { "field": "workflow", "operator": "eq", "value": "news" },
          { "field": "step", "operator": "eq", "value": "long" }
        ] } }]
      }
    },
    { "id": "read", "exit": { "reason": "opened" } },
    { "id": "short", "send": { "template": "short" } }
  ]
}

--- template news long
Subject: All that is new

Eleven things, at length.

--- template news short
Subject: In short

One thing.

--- story
at 2026-03-02 09:00
create news
start news
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann signed_up #s1
event bea signed_up #s1
mails
    ann@example.com | All that is new | 2026-03-02 09:00:00
    bea@example.com | All that is new | 2026-03-02 09:00:00
at 2026-03-05 08:59:59
event bea message_opened #m1 {"workflow": "news", "step": "long"}
# An open of another mail is none of this one.
event ann message_opened #m1 {"workflow": "other", "step": "long"}
at 2026-03-10 00:00
mails
    ann@example.com | In short | 2026-03-05 09:00:00
journeys ann
    J1 news version 1, key s1, entered 2026-03-02 09:00:00: completed 2026-03-05 09:00:00
journeys bea
    J2 news version 1, key s1, entered 2026-03-02 09:00:00: opened 2026-03-05 08:59:59
