N5: The forecast of a draft on a copy of the store says what its live run on the same events then does: sends per hour, arms, caps, coupons and what they cost.

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

--- workflow offers
{
  "id": "offers",
  "title": "Offers",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "rest", "wait": { "for": "1h" } },
    { "id": "offer", "send": { "template": "offer" } },
    { "id": "later", "wait": { "for": "2d" } },
    { "id": "coupon", "send": { "template": "coupon", "personalizer": { "plugin": "incentive", "config": {
      "score": "need", "arms": [{ "name": "strong", "from": 0.5, "coupon": "STAY10", "cost": 10 }] } } } }
  ]
}

--- template offers offer
Subject: An offer

For you.

--- template offers coupon
Subject: {{ rule.incentive.coupon | default: "News" }}

Worth {{ rule.incentive.cost }}.

--- file tape.jsonl
{"contact": "ann", "name": "signed_up", "id": "a1", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "ann@example.com", "first_name": "Ann", "country": "FR", "need": 0.9}}
{"contact": "bob", "name": "signed_up", "id": "b1", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "bob@example.com", "first_name": "Bob", "country": "DE", "need": 0.2, "time_zone": "Asia/Seoul"}}
{"contact": "cid", "name": "signed_up", "id": "c1", "occurred_at": "2026-03-02T11:30:00Z", "attributes": {"email": "cid@example.com", "first_name": "Cid", "country": "IT"}}
{"contact": "cid", "name": "signed_off", "id": "c2", "occurred_at": "2026-03-02T20:00:00Z"}

--- story
at 2026-03-02 09:00
settings {"caps": [{"count": 1, "per": "day"}]}
create welcome
start welcome
create offers
run forecast offers --tape {tape.jsonl} --from 2026-03-02T09:00:00Z --until 2026-03-06T00:00:00Z
    forecast of offers; nothing was sent and nothing has changed
    fed with the events of tape.jsonl
    4 events from 2026-03-02T09:00:00Z until 2026-03-06T00:00:00Z, 12 decisions
    offers
              3 entered
              3 trigger said: matched
              3 completed
              0 sent by offer
              3 skipped at offer: frequency_cap
              1 chosen at coupon: given
              1 chosen at coupon: not_needed
              1 chosen at coupon: score_missing
              3 sent by coupon
              2 offered none by coupon, cost 0
              1 offered strong by coupon, cost 10
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
    8 messages sent, at most 2 in an hour, from 2026-03-02T10:00:00Z on
    sends per hour (UTC)
      2026-03-02T10:00:00Z  2 welcome
      2026-03-02T11:00:00Z  1 welcome
      2026-03-03T01:00:00Z  1 welcome
      2026-03-03T09:00:00Z  1 welcome
      2026-03-04T11:00:00Z  2 offers
      2026-03-04T12:00:00Z  1 offers
state offers
    draft, version 1; allowed: edit, start, schedule, delete
mails
    none
start offers
feed tape.jsonl
at 2026-03-06 00:00
counters offers
    version 1 completed: 3
    version 1 decisions steps/coupon/personalizer given: 1
    version 1 decisions steps/coupon/personalizer not_needed: 1
    version 1 decisions steps/coupon/personalizer score_missing: 1
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 messages queued: 6
    version 1 messages sent: 3
    version 1 messages skipped frequency_cap: 3
    version 1 coupon offered none: 2, cost 0.0
    version 1 coupon offered strong: 1, cost 10.0
counters welcome
    version 1 completed: 2
    version 1 decisions steps/fork/arms/0 member: 1
    version 1 decisions steps/fork/arms/0 not_member: 2
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 exited left: 1
    version 1 messages queued: 5
    version 1 messages sent: 5
mails
    ann@example.com | A tip | 2026-03-03 09:00:00
    ann@example.com | Bonjour Ann | 2026-03-02 10:00:00
    ann@example.com | STAY10 | 2026-03-04 11:00:00
    bob@example.com | A tip | 2026-03-03 01:00:00
    bob@example.com | Hello Bob | 2026-03-02 10:00:00
    bob@example.com | News | 2026-03-04 11:00:00
    cid@example.com | Hello Cid | 2026-03-02 11:30:00
    cid@example.com | News | 2026-03-04 12:30:00
