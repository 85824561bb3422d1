P11: A prediction stays reviewable: the step parks the journey; approving, rejecting and doing nothing each have a way, and an actor.

--- workflow offer
{
  "id": "offer",
  "title": "A strong offer, looked at first",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "churn_predicted" } },
  "steps": [
    { "id": "review", "approve": { "timeout": "2d", "rejected": "nudge", "otherwise": "unreviewed" } },
    { "id": "strong", "send": { "template": "strong" }, "next": "over" },
    { "id": "nudge", "send": { "template": "nudge" }, "next": "over" },
    { "id": "unreviewed", "exit": { "reason": "not_reviewed" } },
    { "id": "over", "exit": { "reason": "reviewed" } }
  ]
}

--- template offer strong
Subject: Stay, and pay half

For a year. {{ journey.arms.review }}.

--- template offer nudge
Subject: Still with us?

We hope so.

--- story
at 2026-03-02 09:00
create offer
start offer
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann churn_predicted #p1 {"score": 0.9}
event bea churn_predicted #p1 {"score": 0.6}
event cem churn_predicted #p1 {"score": 0.7}
mails
    none
journeys ann
    J1 offer version 1, key p1, entered 2026-03-02 09:00:00: inside, waiting at review until 2026-03-04 09:00:00
later 1h
approve ann review eva@example.com
kill
reject bea review eva@example.com
mails
    ann@example.com | Stay, and pay half | 2026-03-02 10:00:00
    bea@example.com | Still with us? | 2026-03-02 10:00:00
# Only the server makes the event of a decision.
event cem approval_decided #x {"decision": "approved"}
    refused: invalid_body: approval_decided is made by the server, when somebody decides; /name approval_decided is made by the server, when somebody decides
at 2026-03-04 08:59:59
journeys cem
    J2 offer version 1, key p1, entered 2026-03-02 09:00:00: inside, waiting at review until 2026-03-04 09:00:00
at 2026-03-05 00:00
mails
    none
journeys cem
    J2 offer version 1, key p1, entered 2026-03-02 09:00:00: not_reviewed 2026-03-04 09:00:00
log ann
    2026-03-02 09:00:00 offer: trigger said enter: matched
    2026-03-02 09:00:00 offer: journey entered p1
    2026-03-02 09:00:00 offer: step reached review
    2026-03-02 09:00:00 offer: wait started review 2026-03-04 09:00:00
    2026-03-02 10:00:00 offer: approval decided review approved eva@example.com
    2026-03-02 10:00:00 offer: arm taken review 0
    2026-03-02 10:00:00 offer: step reached strong
    2026-03-02 10:00:00 offer: message queued strong
    2026-03-02 10:00:00 offer: message sent strong
    2026-03-02 10:00:00 offer: step reached over
    2026-03-02 10:00:00 offer: journey exited reviewed
log bea
    2026-03-02 09:00:00 offer: trigger said enter: matched
    2026-03-02 09:00:00 offer: journey entered p1
    2026-03-02 09:00:00 offer: step reached review
    2026-03-02 09:00:00 offer: wait started review 2026-03-04 09:00:00
    2026-03-02 10:00:00 offer: approval decided review rejected eva@example.com
    2026-03-02 10:00:00 offer: arm taken review 1
    2026-03-02 10:00:00 offer: step reached nudge
    2026-03-02 10:00:00 offer: message queued nudge
    2026-03-02 10:00:00 offer: message sent nudge
    2026-03-02 10:00:00 offer: step reached over
    2026-03-02 10:00:00 offer: journey exited reviewed
counters offer
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 exited not_reviewed: 1
    version 1 exited reviewed: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
