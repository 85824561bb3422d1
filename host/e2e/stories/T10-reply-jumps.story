T10: A reply moves the journey past the regular mails to the quotation; what it passed over is told as skipped.

--- workflow quotations
{
  "id": "quotations",
  "title": "From a question to a quotation",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "jumps": [
    { "on": { "event": "message_replied", "where": [{ "field": "details", "operator": "exists", "value": true }] }, "goto": "quotation" }
  ],
  "steps": [
    { "id": "thanks", "send": { "template": "regular" } },
    { "id": "pause", "wait": { "for": "2d" } },
    { "id": "examples", "send": { "template": "regular" } },
    { "id": "pause_again", "wait": { "for": "2d" } },
    { "id": "still_there", "send": { "template": "regular" }, "next": "over" },
    { "id": "quotation", "send": { "template": "quotation" } },
    { "id": "over", "exit": { "reason": "handed_over" } }
  ]
}

--- template quotations regular
Subject: About your question

Tell us more and we make an offer.

--- template quotations quotation
Subject: Your quotation

Here it is.

--- story
at 2026-03-02 09:00
create quotations
start quotations
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
event ann form_submitted #f1
event bea form_submitted #f1
mails
    ann@example.com | About your question | 2026-03-02 09:00:00
    bea@example.com | About your question | 2026-03-02 09:00:00
later 1d
event ann message_replied #r1 {"details": "40 chairs"}
# A reply without details moves nobody.
event bea message_replied #r1
mails
    ann@example.com | Your quotation | 2026-03-03 09:00:00
event ann message_replied #r2 {"details": "or 50"}
at 2026-03-20 00:00
mails
    bea@example.com | About your question | 2026-03-04 09:00:00
    bea@example.com | About your question | 2026-03-06 09:00:00
log ann
    2026-03-02 09:00:00 quotations: trigger said enter: matched
    2026-03-02 09:00:00 quotations: journey entered f1
    2026-03-02 09:00:00 quotations: step reached thanks
    2026-03-02 09:00:00 quotations: message queued thanks
    2026-03-02 09:00:00 quotations: message sent thanks
    2026-03-02 09:00:00 quotations: step reached pause
    2026-03-02 09:00:00 quotations: wait started pause 2026-03-04 09:00:00
    2026-03-03 09:00:00 quotations: jumped pause quotation message_replied
    2026-03-03 09:00:00 quotations: step skipped examples
    2026-03-03 09:00:00 quotations: step skipped pause_again
    2026-03-03 09:00:00 quotations: step skipped still_there
    2026-03-03 09:00:00 quotations: step reached quotation
    2026-03-03 09:00:00 quotations: message queued quotation
    2026-03-03 09:00:00 quotations: message sent quotation
    2026-03-03 09:00:00 quotations: step reached over
    2026-03-03 09:00:00 quotations: journey exited handed_over
journeys bea
    J1 quotations version 1, key f1, entered 2026-03-02 09:00:00: handed_over 2026-03-06 09:00:00
counters quotations
    version 1 decisions trigger matched: 2
    version 1 entered: 2
    version 1 exited handed_over: 2
    version 1 messages queued: 5
    version 1 messages sent: 5
