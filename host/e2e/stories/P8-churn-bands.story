P8: A churn score picks a nudge or a strong offer: each contact is in one band and no other, also at its boundary.

--- workflow keep
{
  "id": "keep",
  "title": "Nudge or offer",
  "type": "win_back",
  "stage": "maintain",
  "goal": { "on": { "event": "order_completed" }, "within": "14d" },
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "month_ended" } },
  "steps": [
    { "id": "risk", "branch": { "arms": [
      { "segment": { "plugin": "churn_risk", "config": { "bands": ["safe"], "safe_from": 0.8, "lost_below": 0.5 } }, "goto": "nothing" },
      { "segment": { "plugin": "churn_risk", "config": { "bands": ["wavering"], "safe_from": 0.8, "lost_below": 0.5 } }, "goto": "nudge" },
      { "segment": { "plugin": "churn_risk", "config": { "bands": ["lost"], "safe_from": 0.8, "lost_below": 0.5 } }, "goto": "offer" }
    ], "otherwise": "unknown" } },
    { "id": "nothing", "exit": { "reason": "safe" } },
    { "id": "nudge", "send": { "template": "nudge" }, "next": "done" },
    { "id": "offer", "send": { "template": "offer" }, "next": "done" },
    { "id": "unknown", "exit": { "reason": "bought_once_or_never" } },
    { "id": "done", "exit": { "reason": "written_to" } }
  ]
}

--- template keep nudge
Subject: How was the last one?

A word.

--- template keep offer
Subject: Half the price

Come back.

--- segment safe
{ "name": "safe", "title": "Safe", "rule": { "plugin": "churn_risk", "config": { "bands": ["safe"], "safe_from": 0.8, "lost_below": 0.5 } } }

--- segment wavering
{ "name": "wavering", "title": "Wavering", "rule": { "plugin": "churn_risk", "config": { "bands": ["wavering"], "safe_from": 0.8, "lost_below": 0.5 } } }

--- segment lost
{ "name": "lost", "title": "Lost", "rule": { "plugin": "churn_risk", "config": { "bands": ["lost"], "safe_from": 0.8, "lost_below": 0.5 } } }

--- segment once
{ "name": "once", "title": "Bought once", "rule": { "plugin": "churn_risk", "config": { "bands": ["once"] } } }

--- segment never
{ "name": "never", "title": "Never bought", "rule": { "plugin": "churn_risk", "config": { "bands": ["never"] } } }

--- segment banded
{ "name": "banded", "title": "In any band", "of": { "any": ["safe", "wavering", "lost", "once", "never"] } }

--- segment unbanded
{ "name": "unbanded", "title": "In none", "of": { "none": ["safe", "wavering", "lost", "once", "never"] } }

--- workflow overlap
{
  "id": "overlap", "title": "Bands that cross", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "month_ended" } },
  "audience": { "plugin": "churn_risk", "config": { "bands": ["lost"], "safe_from": 0.5, "lost_below": 0.8 } },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
create overlap
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/config the rule refuses the config: the probability for lost must not be above the one for safe
# Ann bought each week until yesterday; Bo often, until seven weeks ago; Cem each week, until five months ago; Dee once.
old event ann order_completed #a1 2026-02-08 09:00
old event ann order_completed #a2 2026-02-15 09:00
old event ann order_completed #a3 2026-02-22 09:00
old event ann order_completed #a4 2026-03-01 09:00
old event bo order_completed #b1 2025-12-10 09:00
old event bo order_completed #b2 2025-12-24 09:00
old event bo order_completed #b3 2026-01-07 09:00
old event bo order_completed #b4 2026-01-12 09:00
old event cem order_completed #c1 2025-09-08 09:00
old event cem order_completed #c2 2025-09-15 09:00
old event cem order_completed #c3 2025-09-22 09:00
old event cem order_completed #c4 2025-09-29 09:00
old event dee order_completed #d1 2026-01-20 09:00
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
contact dee {"email": "dee@example.com"}
contact eve {"email": "eve@example.com"}
create keep
start keep
segment safe
segment wavering
segment lost
segment once
segment never
segment banded
segment unbanded
# Everybody has been asked before anything happens.
at 2026-03-02 09:00
event ann month_ended #m
event bo month_ended #m
event cem month_ended #m
event dee month_ended #m
event eve month_ended #m
mails
    bo@example.com | Half the price | 2026-03-02 09:00:00
    cem@example.com | Half the price | 2026-03-02 09:00:00
counters keep
    version 1 decisions steps/risk/arms/0 lost: 2
    version 1 decisions steps/risk/arms/0 never: 1
    version 1 decisions steps/risk/arms/0 once: 1
    version 1 decisions steps/risk/arms/0 safe: 1
    version 1 decisions steps/risk/arms/1 lost: 2
    version 1 decisions steps/risk/arms/1 never: 1
    version 1 decisions steps/risk/arms/1 once: 1
    version 1 decisions steps/risk/arms/2 lost: 2
    version 1 decisions steps/risk/arms/2 never: 1
    version 1 decisions steps/risk/arms/2 once: 1
    version 1 decisions trigger matched: 5
    version 1 entered: 5
    version 1 exited bought_once_or_never: 2
    version 1 exited safe: 1
    version 1 exited written_to: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
members safe
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members wavering
    0 in, 0 came in, 0 left
members lost
    bo since 2026-03-02 09:00:00
    cem since 2026-03-02 09:00:00
    2 in, 2 came in, 0 left
members once
    dee since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members never
    eve since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members banded
    ann since 2026-03-02 09:00:00
    bo since 2026-03-02 09:00:00
    cem since 2026-03-02 09:00:00
    dee since 2026-03-02 09:00:00
    eve since 2026-03-02 09:00:00
    5 in, 5 came in, 0 left
members unbanded
    0 in, 0 came in, 0 left
# The days go by: Ann is safe up to an instant, gets a nudge from then on, and an offer from another instant on.
at 2026-03-06 23:45:02
event ann month_ended #m2
mails
    none
at 2026-03-06 23:45:03
event ann month_ended #m3
mails
    ann@example.com | How was the last one? | 2026-03-06 23:45:03
at 2026-04-06 15:58:23
event ann month_ended #m4
mails
    ann@example.com | How was the last one? | 2026-04-06 15:58:23
at 2026-04-06 15:58:24
event ann month_ended #m5
mails
    ann@example.com | Half the price | 2026-04-06 15:58:24
# Whenever it was, nobody was in none of the bands, and everybody is in one.
at 2027-03-02 09:00
log ann
    2026-03-02 09:00:00 segment safe: membership said in: safe
    2026-03-02 09:00:00 segment safe: segment entered
    2026-03-02 09:00:00 segment banded: segment entered
    2026-03-02 09:00:00 keep: trigger said enter: matched
    2026-03-02 09:00:00 keep: journey entered m
    2026-03-02 09:00:00 keep: step reached risk
    2026-03-02 09:00:00 keep: steps/risk/arms/0 said in: safe
    2026-03-02 09:00:00 keep: arm taken risk 0
    2026-03-02 09:00:00 keep: step reached nothing
    2026-03-02 09:00:00 keep: journey exited safe
    2026-03-06 23:45:02 keep: trigger said enter: matched
    2026-03-06 23:45:02 keep: journey entered m2
    2026-03-06 23:45:02 keep: step reached risk
    2026-03-06 23:45:02 keep: steps/risk/arms/0 said in: safe
    2026-03-06 23:45:02 keep: arm taken risk 0
    2026-03-06 23:45:02 keep: step reached nothing
    2026-03-06 23:45:02 keep: journey exited safe
    2026-03-06 23:45:02.441 segment safe: membership said out: wavering
    2026-03-06 23:45:02.441 segment safe: segment left
    2026-03-06 23:45:02.441 segment wavering: membership said in: wavering
    2026-03-06 23:45:02.441 segment wavering: segment entered
    2026-03-06 23:45:03 keep: trigger said enter: matched
    2026-03-06 23:45:03 keep: journey entered m3
    2026-03-06 23:45:03 keep: step reached risk
    2026-03-06 23:45:03 keep: steps/risk/arms/0 said out: wavering
    2026-03-06 23:45:03 keep: steps/risk/arms/1 said in: wavering
    2026-03-06 23:45:03 keep: arm taken risk 1
    2026-03-06 23:45:03 keep: step reached nudge
    2026-03-06 23:45:03 keep: message queued nudge
    2026-03-06 23:45:03 keep: message sent nudge
    2026-03-06 23:45:03 keep: step reached done
    2026-03-06 23:45:03 keep: journey exited written_to
    2026-04-06 15:58:23 keep: trigger said enter: matched
    2026-04-06 15:58:23 keep: journey entered m4
    2026-04-06 15:58:23 keep: step reached risk
    2026-04-06 15:58:23 keep: steps/risk/arms/0 said out: wavering
    2026-04-06 15:58:23 keep: steps/risk/arms/1 said in: wavering
    2026-04-06 15:58:23 keep: arm taken risk 1
    2026-04-06 15:58:23 keep: step reached nudge
    2026-04-06 15:58:23 keep: message queued nudge
    2026-04-06 15:58:23 keep: message sent nudge
    2026-04-06 15:58:23 keep: step reached done
    2026-04-06 15:58:23 keep: journey exited written_to
    2026-04-06 15:58:23.074 segment wavering: membership said out: lost
    2026-04-06 15:58:23.074 segment wavering: segment left
    2026-04-06 15:58:23.074 segment lost: membership said in: lost
    2026-04-06 15:58:23.074 segment lost: segment entered
    2026-04-06 15:58:24 keep: trigger said enter: matched
    2026-04-06 15:58:24 keep: journey entered m5
    2026-04-06 15:58:24 keep: step reached risk
    2026-04-06 15:58:24 keep: steps/risk/arms/0 said out: lost
    2026-04-06 15:58:24 keep: steps/risk/arms/1 said out: lost
    2026-04-06 15:58:24 keep: steps/risk/arms/2 said in: lost
    2026-04-06 15:58:24 keep: arm taken risk 2
    2026-04-06 15:58:24 keep: step reached offer
    2026-04-06 15:58:24 keep: message queued offer
    2026-04-06 15:58:24 keep: message sent offer
    2026-04-06 15:58:24 keep: step reached done
    2026-04-06 15:58:24 keep: journey exited written_to
members safe
    0 in, 1 came in, 1 left
members wavering
    0 in, 1 came in, 1 left
members lost
    ann since 2026-04-06 15:58:23.074
    bo since 2026-03-02 09:00:00
    cem since 2026-03-02 09:00:00
    3 in, 3 came in, 0 left
members banded
    ann since 2026-03-02 09:00:00
    bo since 2026-03-02 09:00:00
    cem since 2026-03-02 09:00:00
    dee since 2026-03-02 09:00:00
    eve since 2026-03-02 09:00:00
    5 in, 5 came in, 0 left
members unbanded
    0 in, 0 came in, 0 left
