W7: A bulk workflow asks no trigger, a triggered one answers an event with one mail, a drip sends several in order and tells where people leave; each says which it is.

--- workflow news
{
  "id": "news", "title": "News for everybody in Berlin", "type": "newsletter", "stage": "maintain", "goal": "none",
  "enter_existing": true,
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } } },
  "steps": [{ "id": "letter", "send": { "template": "letter" } }]
}

--- template news letter
Subject: News

What is new.

--- workflow receipt
{
  "id": "receipt", "title": "One mail for an order", "type": "transactional", "stage": "confirm", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "key": "order_id" } },
  "steps": [
    { "id": "large", "branch": { "arms": [{ "segment": { "plugin": "audience", "config": { "field": { "name": "value", "operator": "gte", "value": 100 } } }, "goto": "thanks" }], "otherwise": "receipt" } },
    { "id": "thanks", "send": { "template": "thanks", "class": "transactional" }, "next": "end" },
    { "id": "receipt", "send": { "template": "receipt", "class": "transactional" } },
    { "id": "end", "exit": { "reason": "told" } }
  ]
}

--- template receipt thanks
Subject: Thank you for the large order

Thank you.

--- template receipt receipt
Subject: Your order

Thank you.

--- workflow lessons
{
  "id": "lessons", "title": "Three lessons", "type": "onboarding", "stage": "explore", "goal": { "on": { "event": "order_completed" }, "within": "7d" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [{ "on": { "event": "order_completed" }, "reason": "bought" }],
  "steps": [
    { "id": "one", "send": { "template": "one" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "two", "send": { "template": "two" } },
    { "id": "rest_again", "wait": { "for": "1d" } },
    { "id": "three", "send": { "template": "three" } }
  ]
}

--- template lessons one
Subject: Lesson 1

Read.

--- template lessons two
Subject: Lesson 2

Read.

--- template lessons three
Subject: Lesson 3

Read.

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com", "city": "Berlin"}
contact bo {"email": "bo@example.com", "city": "Paris"}
create news
create receipt
create lessons
workflows
    lessons is drip, draft
    news is bulk, draft
    receipt is triggered, draft
start receipt
start lessons
start news
mails
    ann@example.com | News | 2026-03-02 09:00:00
# What happens afterwards is nothing to the bulk workflow: neither an event nor a contact who comes later.
contact cem {"email": "cem@example.com", "city": "Berlin"}
event ann order_completed #o1 {"order_id": "o1", "value": 10}
event ann order_completed #o2 {"order_id": "o2", "value": 200}
mails
    ann@example.com | Thank you for the large order | 2026-03-02 09:00:00
    ann@example.com | Your order | 2026-03-02 09:00:00
# The drip: Bo reads all of it, Cem buys after the first lesson, Ann after the second.
event ann signed_up #s
event bo signed_up #s
event cem signed_up #s
at 2026-03-02 12:00
event cem order_completed #o3 {"order_id": "o3", "value": 10}
at 2026-03-03 12:00
event ann order_completed #o4 {"order_id": "o4", "value": 10}
at 2026-03-05 09:00
mails
    ann@example.com | Lesson 1 | 2026-03-02 09:00:00
    ann@example.com | Lesson 2 | 2026-03-03 09:00:00
    ann@example.com | Your order | 2026-03-03 12:00:00
    bo@example.com | Lesson 1 | 2026-03-02 09:00:00
    bo@example.com | Lesson 2 | 2026-03-03 09:00:00
    bo@example.com | Lesson 3 | 2026-03-04 09:00:00
    cem@example.com | Lesson 1 | 2026-03-02 09:00:00
    cem@example.com | Your order | 2026-03-02 12:00:00
workflows
    lessons is drip, running
    news is bulk, running
    receipt is triggered, running
# Their reports differ: how many of the audience, how many mails for how many events, where people leave.
counters news
    version 1 completed: 1
    version 1 decisions audience member: 1
    version 1 decisions audience not_member: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 not_entered not_in_audience: 1
counters receipt
    version 1 decisions steps/large/arms/0 member: 1
    version 1 decisions steps/large/arms/0 not_member: 3
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 exited told: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
funnel lessons
    version 1 one: entered 3 = inside 0 + advanced 3 + exited 0
    version 1 rest: entered 3 = inside 0 + advanced 2 + exited 1
    version 1 rest_again: entered 2 = inside 0 + advanced 1 + exited 1
    version 1 three: entered 1 = inside 0 + advanced 1 + exited 0
    version 1 two: entered 2 = inside 0 + advanced 2 + exited 0
