W2: The least time between two messages is one setting of the server and holds across workflows: the later message waits.

--- workflow alpha
{
  "id": "alpha",
  "title": "News",
  "goal": "none",
  "priority": 20,
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template alpha note
Subject: From alpha

A word.

--- workflow beta
{
  "id": "beta",
  "title": "Tips",
  "goal": "none",
  "priority": 80,
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template beta note
Subject: From beta

A word.

--- story
at 2026-03-02 09:00
settings {"caps": [{"count": 1, "per": {"last": "24h"}, "at_cap": "defer"}]}
create alpha
create beta
start alpha
start beta
contact ann {"email": "ann@example.com"}

# Both are due at one instant: the one of the higher priority goes, the other a day later.
event ann signed_up #a
mails
    ann@example.com | From beta | 2026-03-02 09:00:00
at 2026-03-03 08:59:59
mails
    none
at 2026-03-03 09:00
mails
    ann@example.com | From alpha | 2026-03-03 09:00:00
counters alpha
    version 1 completed: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
