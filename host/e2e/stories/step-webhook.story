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
    refused: invalid_workflow: the workflow has 4 problems; nothing was stored; /steps/0/webhook/url "http://crm.example/" does not begin with https://; /steps/1/webhook/url "https://user@crm.example/" names no host, or more than a host; /steps/2/webhook/fields/n/plus nothing is changed here that a number could be added to; /steps/2/webhook/url "https:///path" names no host, or more than a host
create crm
start crm
contact ann {"email": "ann@example.com"}
event ann form_submitted #1 {"company": "Acme"}
kill
log ann
    2026-03-02 09:00:00 crm: trigger said enter: matched
    2026-03-02 09:00:00 crm: journey entered 1
    2026-03-02 09:00:00 crm: step reached note
    2026-03-02 09:00:00 crm: updated note kept.source
    2026-03-02 09:00:00 crm: step reached tell
    2026-03-02 09:00:00 crm: webhook queued tell
    2026-03-02 09:00:00 crm: step reached rest
    2026-03-02 09:00:00 crm: wait started rest 2026-03-03 09:00:00
webhooks ann
    2026-03-02 09:00:00 crm tell: https://crm.example/hooks/7 {"company":"Acme","email":"ann@example.com","from":"form"}
later 1h
event ann form_submitted #2 {"company": "Other"}
webhooks ann
    2026-03-02 09:00:00 crm tell: https://crm.example/hooks/7 {"company":"Acme","email":"ann@example.com","from":"form"}
    2026-03-02 10:00:00 crm tell: https://crm.example/hooks/7 {"company":"Other","email":"ann@example.com","from":"form"}
