T2: A welcome series sends its four mails at the declared offsets within two weeks, none twice.

--- workflow series
{
  "id": "series",
  "title": "Welcome series",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "entry": "once",
  "steps": [
    { "id": "hello", "send": { "template": "mail" } },
    { "id": "two_days", "wait": { "for": "2d" } },
    { "id": "first_steps", "send": { "template": "mail" } },
    { "id": "five_days", "wait": { "for": "5d" } },
    { "id": "ideas", "send": { "template": "mail" } },
    { "id": "a_week", "wait": { "for": "7d" } },
    { "id": "ask", "send": { "template": "mail" } }
  ]
}

--- template series mail
Subject: Glad you are here, {{ contact.first_name }}

One thing at a time.

--- story
at 2026-03-02 09:00
create series
start series
contact ann {"email": "ann@example.com", "first_name": "Ann"}
event ann signed_up #s1
mails
    ann@example.com | Glad you are here, Ann | 2026-03-02 09:00:00

# The same sign-up once more, and another one a day later, enter nobody.
event ann signed_up #s1
later 1d
event ann signed_up #s2
mails
    none
at 2026-03-04 08:59:59
mails
    none
later 1s
kill
mails
    ann@example.com | Glad you are here, Ann | 2026-03-04 09:00:00
at 2026-03-30 00:00
mails
    ann@example.com | Glad you are here, Ann | 2026-03-09 09:00:00
    ann@example.com | Glad you are here, Ann | 2026-03-16 09:00:00
journeys ann
    J1 series version 1, key s1, entered 2026-03-02 09:00:00: completed 2026-03-16 09:00:00
counters series
    version 1 completed: 1
    version 1 decisions trigger matched: 2
    version 1 entered: 1
    version 1 messages queued: 4
    version 1 messages sent: 4
    version 1 not_entered entered_before: 1
status
    events_repeated: 1
    events_conflicting: 0
    records_parked: 0
