step-webhook: A webhook step queues a call with values of contact, event and journey, and the journey goes on; the call can be read.

--- workflow crm
{
  "id": "crm",
  "title": "Tell the CRM",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "entry": "every",
  "steps": [
    { "id": "note", "update": { "keep": { "source": { "value": "form" } } } },
    { "id": "tell", "webhook": { "url": "https://crm.example/hooks/7", "fields": {
      "email": { "attribute": "email" }, "company": { "event": "company" }, "from": { "kept": "source" }, "phone": { "attribute": "phone" }
    } } },
    { "id": "rest", "wait": { "for": "1d" } }
  ]
}

--- workflow wrong
{
  "id": "wrong",
  "title": "Nowhere",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "steps": [
    { "id": "a", "webhook": { "url": "http://crm.example/" } },
    { "id": "b", "webhook": { "url": "https://user@crm.example/" } },
    { "id": "c", "webhook": { "url": "https:///path", "fields": { "n": { "plus": 1 } } } }
  ]
}

--- story
at 2026-03-02 09:00
create wrong
    ?
create crm
start crm
contact ann {"email": "ann@example.com"}
event ann form_submitted #1 {"company": "Acme"}
kill
log ann
webhooks ann
later 1h
event ann form_submitted #2 {"company": "Other"}
webhooks ann
