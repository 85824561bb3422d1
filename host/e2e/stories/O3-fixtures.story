O3: A table of contacts and what is expected of each is held against a simulation, and a difference fails the command.

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
    { "id": "tip", "send": { "template": "tip", "window": { "from": "10:00", "to": "12:00" } } }
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

--- file tape.jsonl
{"contact": "ann", "name": "signed_up", "id": "a1", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "ann@example.com", "first_name": "Ann", "country": "FR"}}
{"contact": "bob", "name": "signed_up", "id": "b1", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "bob@example.com", "first_name": "Bob", "country": "DE", "time_zone": "Asia/Seoul"}}
{"contact": "cid", "name": "signed_up", "id": "c1", "occurred_at": "2026-03-02T11:30:00Z", "attributes": {"email": "cid@example.com", "first_name": "Cid", "country": "IT"}}
{"contact": "cid", "name": "signed_off", "id": "c2", "occurred_at": "2026-03-02T20:00:00Z"}

--- file good.csv
contact,entered,arm:fork,messages,outcome
ann,1,0,french tip,completed
bob,1,otherwise,hello tip,completed
cid,1,otherwise,hello,left

--- file wrong.csv
contact,entered,arm:fork,messages,outcome
ann,1,otherwise,french tip,completed
bob,1,otherwise,hello tip,completed
cid,1,otherwise,hello tip,completed

--- story
at 2026-03-02 09:00
run simulate --workflow {welcome.json} --tape {tape.jsonl} --no-render --out {out.jsonl} --expect {good.csv}
    4 events from 2026-03-02T10:00:00Z until 2026-04-01T20:00:00Z, 6 decisions
    welcome
              3 entered
              3 trigger said: matched
              2 completed
              1 exited: left
              1 took arm 0 at fork
              2 took arm otherwise at fork
              1 sent by french
              2 sent by hello
              2 sent by tip
    5 messages sent, at most 2 in an hour, from 2026-03-02T10:00:00Z on
run simulate --workflow {welcome.json} --tape {tape.jsonl} --no-render --out {out.jsonl} --expect {wrong.csv}
    4 events from 2026-03-02T10:00:00Z until 2026-04-01T20:00:00Z, 6 decisions
    welcome
              3 entered
              3 trigger said: matched
              2 completed
              1 exited: left
              1 took arm 0 at fork
              2 took arm otherwise at fork
              1 sent by french
              2 sent by hello
              2 sent by tip
    5 messages sent, at most 2 in an hour, from 2026-03-02T10:00:00Z on
    line 2: contact ann in welcome: arm:fork is 0, expected otherwise
    line 4: contact cid in welcome: messages is hello, expected hello tip
    line 4: contact cid in welcome: outcome is left, expected completed
    error: 2 of 3 rows are not as expected
    exit status: 1
