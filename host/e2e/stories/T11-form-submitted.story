T11: A form with all that it must have begins a journey; one that lacks a field is refused, and the field is named.

--- workflow forms
{
  "id": "forms",
  "title": "Form submitted",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template forms note
Subject: Thank you, {{ event.name_given }}

A word.

--- story
at 2026-03-02 09:00
settings {"events": {"form_submitted": {"required": ["name_given", "company"]}}}
create forms
start forms
contact ann {"email": "ann@example.com"}
event ann form_submitted #1 {"name_given": "Ann"}
    ?
event ann form_submitted #2 {"company": "Acme"}
    ?
mails
journeys ann
event ann form_submitted #3 {"name_given": "Ann", "company": "Acme"}
mails
journeys ann
