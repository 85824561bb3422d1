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

--- workflow orders
{
  "id": "orders", "title": "Orders by their number", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "country", "operator": "eq", "value": "FR" } } },
  "steps": [{ "id": "rest", "wait": { "for": "30d" } }, { "id": "over", "wait": { "for": "1d" } }]
}

--- workflow broken
{
  "id": "broken", "title": "Cannot be", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "note", "wait": { "for": "0s" } }, { "id": "over", "exit": {}, "next": "note" }]
}

--- file orders.jsonl
{"contact": "ann", "name": "order_completed", "id": "o1", "occurred_at": "2026-03-02T10:00:00Z"}
{"contact": "ann", "name": "order_completed", "id": "o2", "occurred_at": "2026-03-02T11:00:00Z", "fields": {"order_id": "A-2"}, "attributes": {"country": "FR"}}
{"contact": "bob", "name": "order_completed", "id": "o1", "occurred_at": "2026-03-02T12:00:00Z", "fields": {"order_id": "B-1"}}
{"contact": "cid", "name": "order_completed", "id": "o1", "occurred_at": "2026-03-09T12:00:00Z", "fields": {"order_id": "C-1"}}

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
              4 trigger said: matched
              0 completed
              1 exited: left
              3 exited: not_reviewed
              2 took arm 0 at fork
              2 took arm otherwise at fork
              2 sent by french
              2 sent by hello
              3 sent by tip
              3 took arm otherwise at review
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

# Why people do not enter, who is still inside, and that nobody came: all of it is said. What comes behind the end is not fed.
run simulate --workflow {orders.json} --workflow {welcome.json} --tape {orders.jsonl} --until 2026-03-03T00:00:00Z --out {orders.out}
    3 events from 2026-03-02T10:00:00Z until 2026-03-03T00:00:00Z, 5 decisions
    orders
              1 entered
              1 not entered: not_in_audience
              1 trigger said: key_missing
              2 trigger said: matched
              1 audience said: member
              1 audience said: missing_value
              0 completed
              1 still inside
              1 still at rest
    welcome
              0 entered
              0 completed
    0 messages sent
run simulate --workflow {orders.json} --tape {orders.jsonl} --until 2026-03-01T00:00:00Z --out {orders.out}
    error: it would end at 2026-03-01T00:00:00Z, before it begins at 2026-03-02T10:00:00Z: name a later --until
    exit status: 1
run simulate --workflow {broken.json} --tape {orders.jsonl} --out {orders.out}
    error: the server would refuse broken.json: 2 problems
    broken.json:1:60: /steps/0/wait/for: the wait has no length (wait_empty)
        say how long, such as 1d
    broken.json:1:96: /steps/1/next: an exit ends the journey, nothing comes next (next_after_exit)
        leave it out
    exit status: 1
