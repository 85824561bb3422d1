T12: Who has done nothing for thirty days gets one win-back mail for each such spell, also who was there before the workflow.

--- workflow winback
{
  "id": "winback",
  "title": "Win back",
  "type": "win_back",
  "stage": "maintain",
  "goal": { "on": { "event": "order_completed" }, "within": "14d" },
  "trigger": { "plugin": "inactivity", "config": {
    "activities": [{ "event": "order_completed" }, { "event": "app_opened" }],
    "inactive_for": "30d"
  } },
  "enter_existing": true,
  "steps": [{ "id": "miss", "send": { "template": "miss" } }]
}

--- template winback miss
Subject: We miss you

Come back.

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cid {"email": "cid@example.com"}
# Ann's spell is over thirty days long already, Bo's is not, and Cid never did anything.
old event ann order_completed #a1 2026-01-05 12:00
old event bo app_opened #b1 2026-02-20 12:00
create winback
start winback
mails
    ann@example.com | We miss you | 2026-03-02 09:00:00
log bo
    2026-03-02 09:00:00 winback: trigger said arm: active
    2026-03-02 09:00:00 winback: armed inactive 2026-03-22 12:00:00
log cid
    none

# Bo opens the app before his time is over, which begins it anew.
at 2026-03-12 12:00
event bo app_opened #b2
at 2026-04-11 11:59:59
mails
    none
at 2026-04-11 12:00
mails
    bo@example.com | We miss you | 2026-04-11 12:00:00

# However long it goes on, a spell is one; what Ann does ends hers and begins another.
at 2026-06-01 12:00
mails
    none
event ann order_completed #a2
restart
at 2026-07-01 12:00
mails
    ann@example.com | We miss you | 2026-07-01 12:00:00
at 2026-12-01 12:00
mails
    none
counters winback
    version 1 armed: 3
    version 1 completed: 3
    version 1 decisions trigger active: 3
    version 1 decisions trigger inactive: 3
    version 1 decisions trigger never: 1
    version 1 entered: 3
    version 1 messages queued: 3
    version 1 messages sent: 3
