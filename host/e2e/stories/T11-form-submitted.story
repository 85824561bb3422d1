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
    refused: invalid_body: form_submitted must have the field company; /fields/company form_submitted must have the field company
event ann form_submitted #2 {"company": "Acme"}
    refused: invalid_body: form_submitted must have the field name_given; /fields/name_given form_submitted must have the field name_given
mails
    none
journeys ann
    none
event ann form_submitted #3 {"name_given": "Ann", "company": "Acme"}
mails
    ann@example.com | Thank you, Ann | 2026-03-02 09:00:00
journeys ann
    J1 forms version 1, key 3, entered 2026-03-02 09:00:00: completed 2026-03-02 09:00:00
