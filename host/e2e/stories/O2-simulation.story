O2: A simulation of the same events on the same fields sends the mails that the server sends, under the same quiet hours and caps.

--- workflow welcome
{
  "id": "welcome",
  "title": "Welcome in the language of the country",
  "type": "welcome",
  "stage": "explore",
  "goal": { "on": { "event": "order_completed" }, "within": "7d" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [{ "on": { "event": "signed_off" }, "reason": "left" }],
  "steps": [
    { "id": "fork", "branch": {
      "arms": [{ "segment": { "plugin": "audience", "config": { "attribute": { "name": "country", "operator": "eq", "value": "FR" } } }, "goto": "french" }],
      "otherwise": "hello" } },
    { "id": "french", "send": { "template": "french" }, "next": "rest" },
    { "id": "hello", "send": { "template": "hello" } },
    { "id": "rest", "wait": { "calendar": { "days": 1, "at": "09:30" } } },
    { "id": "tip", "send": { "template": "tip", "window": { "from": "10:00", "to": "12:00" } } },
    { "id": "review", "approve": { "timeout": "2h", "rejected": "over", "otherwise": "unreviewed" } },
    { "id": "over", "exit": { "reason": "reviewed" } },
    { "id": "unreviewed", "exit": { "reason": "not_reviewed" } }
  ],
  "zone": "Europe/Paris"
}

--- template welcome hello
Subject: Hello {{ contact.first_name }}

Good to have you here.

--- template welcome french
Subject: Bonjour {{ contact.first_name }}

Bienvenue.

--- template welcome tip
Subject: A tip

Read slowly.

--- file settings.json
{
  "quiet_hours": { "window": { "from": "21:00", "to": "08:00" }, "spread": "10m" },
  "caps": [{ "count": 1, "per": { "last": "24h" }, "at_cap": "defer" }]
}

--- file tape.jsonl
{"contact": "ann", "name": "signed_up", "id": "a1", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "ann@example.com", "first_name": "Ann", "country": "FR"}}
{"contact": "bob", "name": "signed_up", "id": "b1", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "bob@example.com", "first_name": "Bob", "country": "DE", "time_zone": "Asia/Seoul"}}
{"contact": "cid", "name": "signed_up", "id": "c1", "occurred_at": "2026-03-02T11:30:00Z", "attributes": {"email": "cid@example.com", "first_name": "Cid", "country": "IT"}}
{"contact": "cid", "name": "signed_off", "id": "c2", "occurred_at": "2026-03-02T20:00:00Z"}
{"contact": "dee", "name": "signed_up", "id": "d1", "occurred_at": "2026-03-02T20:30:00Z", "attributes": {"email": "dee@example.com", "first_name": "Dee", "country": "FR"}}

--- story
at 2026-03-02 09:00
settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "10m"}, "caps": [{"count": 1, "per": {"last": "24h"}, "at_cap": "defer"}]}
create welcome
run simulate --workflow {welcome.json} --settings {settings.json} --tape {tape.jsonl} --from 2026-03-02T09:00:00Z --until 2026-03-06T00:00:00Z --seed-of {data} --full --out {out.jsonl}
    5 events from 2026-03-02T09:00:00Z until 2026-03-06T00:00:00Z, 8 decisions
    welcome
              4 entered
              0 completed
              1 exited: left
              3 exited: not_reviewed
              2 took arm 0 at fork
              2 took arm otherwise at fork
              2 sent by french
              2 sent by hello
              3 took arm otherwise at review
              3 sent by tip
    7 messages sent, at most 2 in an hour, from 2026-03-02T10:00:00Z on
simulated out.jsonl
    ann@example.com | A tip | 2026-03-03 10:00:00
    ann@example.com | Bonjour Ann | 2026-03-02 10:00:00
    bob@example.com | A tip | 2026-03-04 01:00:00
    bob@example.com | Hello Bob | 2026-03-02 10:00:00
    cid@example.com | Hello Cid | 2026-03-02 11:30:00
    dee@example.com | A tip | 2026-03-04 09:00:00
    dee@example.com | Bonjour Dee | 2026-03-03 07:01:57

# The server has done nothing of that yet; now it does the same.
mails
    none
start welcome
feed tape.jsonl
at 2026-03-06 00:00
mails
    ann@example.com | A tip | 2026-03-03 10:00:00
    ann@example.com | Bonjour Ann | 2026-03-02 10:00:00
    bob@example.com | A tip | 2026-03-04 01:00:00
    bob@example.com | Hello Bob | 2026-03-02 10:00:00
    cid@example.com | Hello Cid | 2026-03-02 11:30:00
    dee@example.com | A tip | 2026-03-04 09:00:00
    dee@example.com | Bonjour Dee | 2026-03-03 07:01:57
