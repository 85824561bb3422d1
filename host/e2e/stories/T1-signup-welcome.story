T1: A sign-up of a new contact begins exactly one journey and sends exactly one welcome mail.

--- workflow welcome
{
  "id": "welcome",
  "title": "Welcome",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "entry": "once",
  "steps": [{ "id": "hello", "send": { "template": "hello" } }]
}

--- template welcome hello
Subject: Welcome, {{ contact.first_name | default: "friend" }}

Good to have you here. You chose the {{ event.plan }} plan.

--- story
at 2026-03-02 09:00
create welcome
    draft, version 1
start welcome
    running, version 1, since 2026-03-02 09:00:00

at 2026-03-02 09:30
contact ann {"email": "ann@example.com", "first_name": "Ann"}
event ann signed_up #s1 {"plan": "free"}
mails
    ann@example.com | Welcome, Ann | 2026-03-02 09:30:00
text
    Good to have you here. You chose the free plan.
journeys ann
    J1 welcome version 1, key s1, entered 2026-03-02 09:30:00: completed 2026-03-02 09:30:00
log ann
    2026-03-02 09:30:00 welcome: trigger said enter: matched
    2026-03-02 09:30:00 welcome: journey entered s1
    2026-03-02 09:30:00 welcome: step reached hello
    2026-03-02 09:30:00 welcome: message queued hello
    2026-03-02 09:30:00 welcome: message sent hello
    2026-03-02 09:30:00 welcome: journey completed

# A contact without an address cannot be mailed: the reason is counted.
event bea signed_up #s1 {"plan": "pro"}
mails
    none

# Signing up twice is no second welcome. A contact without a name gets the declared default.
later 1d
event ann signed_up #s2 {"plan": "pro"}
contact cem {"email": "cem@example.com"}
event cem signed_up #s1 {"plan": "free"}
mails
    cem@example.com | Welcome, friend | 2026-03-03 09:30:00
journeys ann
    J1 welcome version 1, key s1, entered 2026-03-02 09:30:00: completed 2026-03-02 09:30:00
counters welcome
    version 1 completed: 3
    version 1 decisions trigger matched: 4
    version 1 entered: 3
    version 1 messages queued: 2
    version 1 messages sent: 2
    version 1 messages skipped no_address: 1
    version 1 not_entered entered_before: 1
