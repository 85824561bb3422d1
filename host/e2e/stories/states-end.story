semantics-1: The end is for good: pending mail is not sent, nobody enters, those inside leave, statistics stay.

--- workflow series
{
  "id": "series",
  "title": "Two mails",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "first", "send": { "template": "first", "class": "transactional" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "second", "send": { "template": "second" } }
  ]
}

--- template series first
Subject: First

One.

--- template series second
Subject: Second

Two.

--- story
at 2026-03-02 09:00
create series
start series
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann signed_up #s1
mails
    ann@example.com | First | 2026-03-02 09:00:00

shows 1-end
# The mail server is busy, so that this mail is pending at the end.
smtp bea@example.com rcpt 450 4.2.0 try later
event bea signed_up #s1
mails
    none
journeys bea
    J1 series version 1, key s1, entered 2026-03-02 09:00:00: inside, sending at first
end series
    ended, version 1, since 2026-03-02 09:00:00
later 10m
mails
    none
event cem signed_up #s1
later 2d
mails
    none
journeys ann
    J2 series version 1, key s1, entered 2026-03-02 09:00:00: workflow_ended 2026-03-02 09:00:00
journeys cem
    none
counters series
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 exited workflow_ended: 2
    version 1 messages deferred smtp_450: 1
    version 1 messages queued: 2
    version 1 messages sent: 1
    version 1 messages skipped workflow_ended: 1
edit series
    refused: conflict: workflow series is ended, but edit needs draft or paused; allowed: delete
delete series
    gone
