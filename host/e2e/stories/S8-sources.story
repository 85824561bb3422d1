S8: Three sources with one key make one contact, and where they say different things the one is believed that the settings name first.

--- workflow thanks
{
  "id": "thanks",
  "title": "Thanks for the order",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
  "steps": [
    { "id": "thanks", "send": { "template": "thanks", "class": "transactional" } }
  ]
}

--- template thanks thanks
Subject: Thank you, {{ contact.first_name | default: "you" }}

We send it to {{ contact.city | default: "wherever you are" }}, and show it on your {{ contact.device | default: "screen" }}.

--- workflow moving
{
  "id": "moving",
  "title": "Moved house",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "moving_announced" } },
  "steps": [
    { "id": "note", "update": { "set": { "city": { "event": "city" } } } }
  ]
}

--- file visits
{"contact": "ann", "name": "page_viewed", "id": "v1", "occurred_at": "2026-03-03T09:00:00Z", "source": "analytics", "attributes": {"city": "Lyon", "device": "phone", "visits": 3}}
{"contact": "ann", "name": "page_viewed", "id": "v2", "occurred_at": "2026-03-03T10:00:00Z", "source": "analytics", "attributes": {"city": "Lyon", "device": "tablet", "visits": 4}}

--- story
at 2026-03-02 09:00
create thanks
start thanks
create moving
start moving
# The settings say who is believed; what is wrong with them is told at once.
settings {"sources": ["crm", "shop", "crm"], "precedence": {"device": ["analytics"]}}
    refused: invalid_body: the settings have 2 problems; nothing was stored; /sources/2 crm is named before; /precedence/device/0 analytics is not among the sources
contact ann from crm {"first_name": "Ann"}
    refused: invalid_body: there is no source crm; none is declared; /source there is no source crm; none is declared
settings {"sources": ["crm", "shop", "analytics"], "precedence": {"device": ["analytics"]}}
contact ann from till {"city": "Metz"}
    refused: invalid_body: there is no source till; there are crm, shop, analytics; /source there is no source till; there are crm, shop, analytics
# The shop knows the contact first, then the CRM, then analytics; and somebody posts what no source has said.
contact ann from shop {"email": "ann@example.com", "first_name": "A.", "city": "Nice", "device": "desk", "size": "M"}
contact ann from crm {"first_name": "Ann", "city": "Paris"}
feed visits
at 2026-03-03 12:00
contact ann {"city": "Metz", "size": "L", "birthday": "1990-05-01"}
profile ann
    events: 2
    inside: 0
    birthday: 1990-05-01
    city: Paris (said by crm)
    device: tablet (said by analytics)
    email: ann@example.com (said by shop)
    first_name: Ann (said by crm)
    size: M (said by shop)
    visits: 4 (said by analytics)
event ann order_completed #o1
mails
    ann@example.com | Thank you, Ann | 2026-03-03 12:00:00
text
    We send it to Paris, and show it on your tablet.
# Who is believed may change and remove what it has said; who is believed less may then say something again.
contact ann from shop {"first_name": null, "city": "Nantes"}
contact ann from crm {"first_name": null, "city": "Reims"}
contact ann from shop {"first_name": "Anna", "city": "Nantes"}
profile ann
    events: 4
    inside: 0
    birthday: 1990-05-01
    city: Reims (said by crm)
    device: tablet (said by analytics)
    email: ann@example.com (said by shop)
    first_name: Anna (said by shop)
    size: M (said by shop)
    visits: 4 (said by analytics)
# What a step of a workflow sets stands until the next word of anybody.
event ann moving_announced #m1 {"city": "Brest"}
profile ann
    events: 5
    inside: 0
    birthday: 1990-05-01
    city: Brest
    device: tablet (said by analytics)
    email: ann@example.com (said by shop)
    first_name: Anna (said by shop)
    size: M (said by shop)
    visits: 4 (said by analytics)
contact ann from analytics {"city": "Lyon", "first_name": "visitor 17"}
# Another order holds for what is said from then on.
settings {"sources": ["analytics", "shop", "crm"]}
contact ann from analytics {"first_name": "Annie"}
contact ann from crm {"first_name": "Ann", "city": "Paris"}
profile ann
    events: 5
    inside: 0
    birthday: 1990-05-01
    city: Lyon (said by analytics)
    device: tablet (said by analytics)
    email: ann@example.com (said by shop)
    first_name: Annie (said by analytics)
    size: M (said by shop)
    visits: 4 (said by analytics)
event ann order_completed #o2
mails
    ann@example.com | Thank you, Annie | 2026-03-03 12:00:00
text
    We send it to Lyon, and show it on your tablet.
