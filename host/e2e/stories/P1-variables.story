P1: A variable that is missing uses its declared default, or the mail is not sent and says why; never an empty hole.

--- workflow offer
{
  "id": "offer",
  "title": "An offer by name",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "offer_asked" } },
  "entry": "every",
  "steps": [{ "id": "offer", "send": { "template": "offer" } }]
}

--- template offer offer
Subject: {{ contact.first_name | default: "Hello" }}, about the {{ event.product }}

For {{ contact.company | default: "your company" }}: the {{ event.product }}.

--- story
at 2026-03-02 09:00
create offer
start offer
contact ann {"email": "ann@example.com", "first_name": "Ann", "company": "Ada & Co"}
contact bea {"email": "bea@example.com"}
event ann offer_asked #1 {"product": "lamp"}
mails
    ann@example.com | Ann, about the lamp | 2026-03-02 09:00:00
text
    For Ada & Co: the lamp.
event bea offer_asked #1 {"product": "rug"}
mails
    bea@example.com | Hello, about the rug | 2026-03-02 09:00:00
text
    For your company: the rug.
event bea offer_asked #2
mails
    none
log bea
    2026-03-02 09:00:00 offer: trigger said enter: matched
    2026-03-02 09:00:00 offer: journey entered 1
    2026-03-02 09:00:00 offer: step reached offer
    2026-03-02 09:00:00 offer: message queued offer
    2026-03-02 09:00:00 offer: message sent offer
    2026-03-02 09:00:00 offer: journey completed
    2026-03-02 09:00:00 offer: trigger said enter: matched
    2026-03-02 09:00:00 offer: journey entered 2
    2026-03-02 09:00:00 offer: step reached offer
    2026-03-02 09:00:00 offer: message queued offer
    2026-03-02 09:00:00 offer: message skipped offer variable_missing
    2026-03-02 09:00:00 offer: journey completed
