T18: An entry needs what was done, in which mail, and where the contact stands, all three; each of them missing alone keeps it out.

--- workflow upgrade
{
  "id": "upgrade",
  "title": "Clicked the upgrade mail, and is on a trial that was billed once",
  "type": "promotion",
  "stage": "push",
  "goal": { "on": { "event": "plan_upgraded" }, "within": "7d" },
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "message_clicked", "where": [
    { "field": "subject", "operator": "contains", "value": "upgrade" },
    { "field": "source", "operator": "eq", "value": "newsletter" }
  ] } },
  "audience": { "plugin": "audience", "config": { "all": [
    { "attribute": { "name": "stage", "operator": "eq", "value": "trial" } },
    { "count": { "of": { "event": "invoice_paid", "within": "30d" }, "operator": "gte", "value": 1 } }
  ] } },
  "steps": [{ "id": "offer", "send": { "template": "offer" } }]
}

--- template upgrade offer
Subject: The upgrade you looked at

A month on us.

--- story
at 2026-03-02 09:00
create upgrade
start upgrade
contact all {"email": "all@example.com", "stage": "trial"}
contact behaviour {"email": "behaviour@example.com", "stage": "trial"}
contact subject {"email": "subject@example.com", "stage": "trial"}
contact source {"email": "source@example.com", "stage": "trial"}
contact stage {"email": "stage@example.com", "stage": "customer"}
contact business {"email": "business@example.com", "stage": "trial"}
event all invoice_paid #i
event behaviour invoice_paid #i
event subject invoice_paid #i
event source invoice_paid #i
event stage invoice_paid #i
# The last one paid too, but longer ago than thirty days.
old event business invoice_paid #i 2026-01-30 09:00
event all message_clicked #m {"subject": "Time to upgrade?", "source": "newsletter"}
# One thing is missing in each: it was opened and not clicked, the subject, the source, the stage, the invoice.
event behaviour message_opened #m {"subject": "Time to upgrade?", "source": "newsletter"}
event subject message_clicked #m {"subject": "News of March", "source": "newsletter"}
event source message_clicked #m {"subject": "Time to upgrade?", "source": "receipt"}
event stage message_clicked #m {"subject": "Time to upgrade?", "source": "newsletter"}
event business message_clicked #m {"subject": "Time to upgrade?", "source": "newsletter"}
mails
    all@example.com | The upgrade you looked at | 2026-03-02 09:00:00
log behaviour
    none
log subject
    none
log source
    none
log stage
    2026-03-02 09:00:00 upgrade: trigger said enter: matched
    2026-03-02 09:00:00 upgrade: audience said out: condition_1
    2026-03-02 09:00:00 upgrade: not entered not_in_audience
log business
    2026-03-02 09:00:00 upgrade: trigger said enter: matched
    2026-03-02 09:00:00 upgrade: audience said out: condition_2
    2026-03-02 09:00:00 upgrade: not entered not_in_audience
counters upgrade
    version 1 completed: 1
    version 1 decisions audience condition_1: 1
    version 1 decisions audience condition_2: 1
    version 1 decisions audience member: 1
    version 1 decisions trigger matched: 3
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 not_entered not_in_audience: 2
# Each gets what was missing, and comes in.
event behaviour message_clicked #m2 {"subject": "Time to upgrade?", "source": "newsletter"}
contact stage {"stage": "trial"}
event stage message_clicked #m2 {"subject": "Time to upgrade?", "source": "newsletter"}
event business invoice_paid #i2
event business message_clicked #m2 {"subject": "Time to upgrade?", "source": "newsletter"}
mails
    behaviour@example.com | The upgrade you looked at | 2026-03-02 09:00:00
    business@example.com | The upgrade you looked at | 2026-03-02 09:00:00
    stage@example.com | The upgrade you looked at | 2026-03-02 09:00:00
