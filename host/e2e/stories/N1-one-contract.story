N1: One component serves two workflows with different configs, as what its own form takes, and no code is touched; what does not fit the form is refused at its place.

--- workflow berlin
{
  "id": "berlin", "title": "Customers in Berlin", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "fair_announced" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } } },
  "steps": [{ "id": "invite", "send": { "template": "invite", "personalizer": { "plugin": "persona", "config": {
    "personas": { "student": { "values": { "line": "Students come in for free." } } }, "default": { "values": { "line": "Tickets are at the door." } } } } } }]
}

--- template berlin invite
Subject: The fair in Berlin

{{ rule.persona.line }}

--- workflow buyers
{
  "id": "buyers", "title": "Who bought twice", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "order_completed", "where": [{ "field": "value", "operator": "gte", "value": 50 }] } },
  "audience": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed" }, "operator": "gte", "value": 2 } } },
  "steps": [{ "id": "thank", "send": { "template": "thank", "personalizer": { "plugin": "persona", "config": {
    "personas": { "enterprise": { "subject": "Thank you for your business", "values": { "line": "Your account manager will call." } } }, "default": { "values": { "line": "See you soon." } } } } } }]
}

--- template buyers thank
Subject: Thank you

{{ rule.persona.line }}

--- workflow wrong
{
  "id": "wrong", "title": "Nothing that the forms take", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "Fair Announced" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "near", "value": "Berlin" } } },
  "steps": [{ "id": "invite", "send": { "template": "invite", "personalizer": { "plugin": "audience", "config": {} } } }]
}

--- template wrong invite
Subject: The fair

Come.

--- story
at 2026-03-02 09:00
create wrong
    refused: invalid_workflow: the workflow has 3 problems; nothing was stored; /audience/config {"attribute":{"name":"city","operator":"near","value":"Berlin"}} is not valid under any of the schemas listed in the 'oneOf' keyword; /steps/0/send/personalizer/plugin plugin audience has no personalizer; /trigger/config/event "Fair Announced" does not match "^[a-z][a-z0-9_]{0,99}$"
create berlin
create buyers
start berlin
start buyers
# The same three files in both, a config each.
bindings berlin
    audience: audience 1.0.0, D1
    steps/invite/personalizer: persona 1.0.0, D2
    trigger: event 1.0.0, D3
bindings buyers
    audience: audience 1.0.0, D1
    steps/thank/personalizer: persona 1.0.0, D2
    trigger: event 1.0.0, D3
reads berlin
    audience: attribute city
    steps/invite/personalizer: attribute persona
    trigger: nothing
reads buyers
    audience: count of order_completed
    steps/thank/personalizer: attribute persona
    trigger: nothing
contact ann {"email": "ann@example.com", "city": "Berlin", "persona": "student"}
contact bo {"email": "bo@example.com", "city": "Paris", "persona": "enterprise"}
event ann fair_announced #f
text
    Students come in for free.
event bo fair_announced #f
event ann order_completed #o1 {"value": 60}
event bo order_completed #o1 {"value": 60}
event bo order_completed #o2 {"value": 60}
text
    Your account manager will call.
mails
    ann@example.com | The fair in Berlin | 2026-03-02 09:00:00
    bo@example.com | Thank you for your business | 2026-03-02 09:00:00
counters berlin
    version 1 completed: 1
    version 1 decisions audience member: 1
    version 1 decisions audience not_member: 1
    version 1 decisions steps/invite/personalizer chosen: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 not_entered not_in_audience: 1
counters buyers
    version 1 completed: 1
    version 1 decisions audience member: 1
    version 1 decisions audience not_member: 2
    version 1 decisions steps/thank/personalizer chosen: 1
    version 1 decisions trigger matched: 3
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 not_entered not_in_audience: 2
