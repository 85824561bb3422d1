W1: A message goes out at once or after hours, days and weeks; a kill -9 in each wait changes nothing, and it is sent once.

--- workflow onboarding
{
  "id": "onboarding",
  "title": "Onboarding",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "at_once", "send": { "template": "note" } },
    { "id": "hours", "wait": { "for": "6h" } },
    { "id": "after_hours", "send": { "template": "note" } },
    { "id": "days", "wait": { "for": "3d" } },
    { "id": "after_days", "send": { "template": "note" } },
    { "id": "weeks", "wait": { "for": "2w" } },
    { "id": "after_weeks", "send": { "template": "note" } }
  ]
}

--- template onboarding note
Subject: A note for {{ contact.first_name }}

The next step is yours.

--- story
at 2026-03-02 09:00
create onboarding
start onboarding
contact ann {"email": "ann@example.com", "first_name": "Ann"}
event ann signed_up #s1
mails
    ann@example.com | A note for Ann | 2026-03-02 09:00:00

kill
journeys ann
    J1 onboarding version 1, key s1, entered 2026-03-02 09:00:00: inside, waiting at hours until 2026-03-02 15:00:00
at 2026-03-02 14:59:59
mails
    none
kill
at 2026-03-02 15:00
mails
    ann@example.com | A note for Ann | 2026-03-02 15:00:00

kill
at 2026-03-05 14:59:59
mails
    none
kill
at 2026-03-05 15:00
mails
    ann@example.com | A note for Ann | 2026-03-05 15:00:00

later 1d
kill
journeys ann
    J1 onboarding version 1, key s1, entered 2026-03-02 09:00:00: inside, waiting at weeks until 2026-03-19 15:00:00
at 2026-03-25 00:00
mails
    ann@example.com | A note for Ann | 2026-03-19 15:00:00
kill
later 30d
mails
    none
journeys ann
    J1 onboarding version 1, key s1, entered 2026-03-02 09:00:00: completed 2026-03-19 15:00:00
log ann
    2026-03-02 09:00:00 onboarding: trigger said enter: matched
    2026-03-02 09:00:00 onboarding: journey entered s1
    2026-03-02 09:00:00 onboarding: step reached at_once
    2026-03-02 09:00:00 onboarding: message queued at_once
    2026-03-02 09:00:00 onboarding: message sent at_once
    2026-03-02 09:00:00 onboarding: step reached hours
    2026-03-02 09:00:00 onboarding: wait started hours 2026-03-02 15:00:00
    2026-03-02 15:00:00 onboarding: step reached after_hours
    2026-03-02 15:00:00 onboarding: message queued after_hours
    2026-03-02 15:00:00 onboarding: message sent after_hours
    2026-03-02 15:00:00 onboarding: step reached days
    2026-03-02 15:00:00 onboarding: wait started days 2026-03-05 15:00:00
    2026-03-05 15:00:00 onboarding: step reached after_days
    2026-03-05 15:00:00 onboarding: message queued after_days
    2026-03-05 15:00:00 onboarding: message sent after_days
    2026-03-05 15:00:00 onboarding: step reached weeks
    2026-03-05 15:00:00 onboarding: wait started weeks 2026-03-19 15:00:00
    2026-03-19 15:00:00 onboarding: step reached after_weeks
    2026-03-19 15:00:00 onboarding: message queued after_weeks
    2026-03-19 15:00:00 onboarding: message sent after_weeks
    2026-03-19 15:00:00 onboarding: journey completed
