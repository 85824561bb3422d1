S5: A contact goes through the stages of the lifecycle; each change is logged, and the stage says which mail may go.

--- segment contact
{ "name": "contact", "title": "Contact", "rule": { "plugin": "lifecycle", "config": { "stages": ["contact"] } } }

--- segment explore
{ "name": "explore", "title": "Explore", "rule": { "plugin": "lifecycle", "config": { "stages": ["explore"] } } }

--- segment deepen
{ "name": "deepen", "title": "Deepen", "rule": { "plugin": "lifecycle", "config": { "stages": ["deepen"] } } }

--- segment push
{ "name": "push", "title": "Push", "rule": { "plugin": "lifecycle", "config": { "stages": ["push"] } } }

--- segment confirm
{ "name": "confirm", "title": "Confirm", "rule": { "plugin": "lifecycle", "config": { "stages": ["confirm"] } } }

--- segment deliver
{ "name": "deliver", "title": "Deliver", "rule": { "plugin": "lifecycle", "config": { "stages": ["deliver"] } } }

--- segment maintain
{ "name": "maintain", "title": "Maintain", "rule": { "plugin": "lifecycle", "config": { "stages": ["maintain"] } } }

--- workflow selling
{
  "id": "selling",
  "title": "An offer for who is about to buy",
  "type": "promotion",
  "stage": "push",
  "goal": { "on": { "event": "order_completed" }, "within": "7d" },
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "offer_made" } },
  "audience": { "plugin": "lifecycle", "config": { "stages": ["push"] } },
  "steps": [{ "id": "offer", "send": { "template": "offer" } }]
}

--- template selling offer
Subject: Five percent off

Today.

--- workflow care
{
  "id": "care",
  "title": "Nothing is sold while a parcel is on its way",
  "type": "onboarding",
  "stage": "deliver",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "offer_made" } },
  "steps": [
    { "id": "stage", "branch": { "arms": [{ "segment": { "plugin": "lifecycle", "config": { "stages": ["confirm", "deliver"] } }, "goto": "service" }], "otherwise": "none" } },
    { "id": "service", "send": { "template": "service" }, "next": "end" },
    { "id": "none", "exit": { "reason": "not_this_stage" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template care service
Subject: About your order

We are at it.

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com"}
segment contact
segment explore
segment deepen
segment push
segment confirm
segment deliver
segment maintain
create selling
start selling
create care
start care
event ann offer_made #o1
mails
    none
at 2026-03-03 09:00
event ann product_viewed #v1
at 2026-03-04 09:00
event ann product_viewed #v2
event ann product_viewed #v3
event ann offer_made #o2
mails
    none
at 2026-03-05 09:00
event ann cart_updated #c1
event ann offer_made #o3
mails
    ann@example.com | Five percent off | 2026-03-05 09:00:00
at 2026-03-06 09:00
event ann order_completed #p1 {"value": 30}
event ann offer_made #o4
mails
    ann@example.com | About your order | 2026-03-06 09:00:00
at 2026-03-07 09:00
event ann order_shipped #h1
event ann offer_made #o5
mails
    ann@example.com | About your order | 2026-03-07 09:00:00
# Fourteen days after it was shipped nothing is under way any more.
at 2026-03-21 08:59:59
event ann offer_made #o6
mails
    ann@example.com | About your order | 2026-03-21 08:59:59
at 2026-03-21 09:00
event ann offer_made #o7
mails
    none
log ann
    2026-03-02 09:00:00 segment contact: membership said in: contact
    2026-03-02 09:00:00 segment contact: segment entered
    2026-03-02 09:00:00 care: trigger said enter: matched
    2026-03-02 09:00:00 selling: trigger said enter: matched
    2026-03-02 09:00:00 selling: audience said out: contact
    2026-03-02 09:00:00 selling: not entered not_in_audience
    2026-03-02 09:00:00 care: journey entered o1
    2026-03-02 09:00:00 care: step reached stage
    2026-03-02 09:00:00 care: steps/stage/arms/0 said out: contact
    2026-03-02 09:00:00 care: arm taken stage otherwise
    2026-03-02 09:00:00 care: step reached none
    2026-03-02 09:00:00 care: journey exited not_this_stage
    2026-03-03 09:00:00 segment contact: membership said out: explore
    2026-03-03 09:00:00 segment contact: segment left
    2026-03-03 09:00:00 segment explore: membership said in: explore
    2026-03-03 09:00:00 segment explore: segment entered
    2026-03-04 09:00:00 segment explore: membership said out: deepen
    2026-03-04 09:00:00 segment explore: segment left
    2026-03-04 09:00:00 segment deepen: membership said in: deepen
    2026-03-04 09:00:00 segment deepen: segment entered
    2026-03-04 09:00:00 care: trigger said enter: matched
    2026-03-04 09:00:00 selling: trigger said enter: matched
    2026-03-04 09:00:00 selling: audience said out: deepen
    2026-03-04 09:00:00 selling: not entered not_in_audience
    2026-03-04 09:00:00 care: journey entered o2
    2026-03-04 09:00:00 care: step reached stage
    2026-03-04 09:00:00 care: steps/stage/arms/0 said out: deepen
    2026-03-04 09:00:00 care: arm taken stage otherwise
    2026-03-04 09:00:00 care: step reached none
    2026-03-04 09:00:00 care: journey exited not_this_stage
    2026-03-05 09:00:00 segment deepen: membership said out: push
    2026-03-05 09:00:00 segment deepen: segment left
    2026-03-05 09:00:00 segment push: membership said in: push
    2026-03-05 09:00:00 segment push: segment entered
    2026-03-05 09:00:00 care: trigger said enter: matched
    2026-03-05 09:00:00 selling: trigger said enter: matched
    2026-03-05 09:00:00 selling: audience said in: push
    2026-03-05 09:00:00 care: journey entered o3
    2026-03-05 09:00:00 care: step reached stage
    2026-03-05 09:00:00 care: steps/stage/arms/0 said out: push
    2026-03-05 09:00:00 care: arm taken stage otherwise
    2026-03-05 09:00:00 care: step reached none
    2026-03-05 09:00:00 care: journey exited not_this_stage
    2026-03-05 09:00:00 selling: journey entered o3
    2026-03-05 09:00:00 selling: step reached offer
    2026-03-05 09:00:00 selling: message queued offer
    2026-03-05 09:00:00 selling: message sent offer
    2026-03-05 09:00:00 selling: journey completed
    2026-03-06 09:00:00 segment push: membership said out: confirm
    2026-03-06 09:00:00 segment push: segment left
    2026-03-06 09:00:00 segment confirm: membership said in: confirm
    2026-03-06 09:00:00 segment confirm: segment entered
    2026-03-06 09:00:00 selling: converted offer p1 0.0 true true false
    2026-03-06 09:00:00 care: trigger said enter: matched
    2026-03-06 09:00:00 selling: trigger said enter: matched
    2026-03-06 09:00:00 selling: audience said out: confirm
    2026-03-06 09:00:00 selling: not entered not_in_audience
    2026-03-06 09:00:00 care: journey entered o4
    2026-03-06 09:00:00 care: step reached stage
    2026-03-06 09:00:00 care: steps/stage/arms/0 said in: confirm
    2026-03-06 09:00:00 care: arm taken stage 0
    2026-03-06 09:00:00 care: step reached service
    2026-03-06 09:00:00 care: message queued service
    2026-03-06 09:00:00 care: message sent service
    2026-03-06 09:00:00 care: step reached end
    2026-03-06 09:00:00 care: journey exited done
    2026-03-07 09:00:00 segment confirm: membership said out: deliver
    2026-03-07 09:00:00 segment confirm: segment left
    2026-03-07 09:00:00 segment deliver: membership said in: deliver
    2026-03-07 09:00:00 segment deliver: segment entered
    2026-03-07 09:00:00 care: trigger said enter: matched
    2026-03-07 09:00:00 selling: trigger said enter: matched
    2026-03-07 09:00:00 selling: audience said out: deliver
    2026-03-07 09:00:00 selling: not entered not_in_audience
    2026-03-07 09:00:00 care: journey entered o5
    2026-03-07 09:00:00 care: step reached stage
    2026-03-07 09:00:00 care: steps/stage/arms/0 said in: deliver
    2026-03-07 09:00:00 care: arm taken stage 0
    2026-03-07 09:00:00 care: step reached service
    2026-03-07 09:00:00 care: message queued service
    2026-03-07 09:00:00 care: message sent service
    2026-03-07 09:00:00 care: step reached end
    2026-03-07 09:00:00 care: journey exited done
    2026-03-21 08:59:59 care: trigger said enter: matched
    2026-03-21 08:59:59 selling: trigger said enter: matched
    2026-03-21 08:59:59 selling: audience said out: deliver
    2026-03-21 08:59:59 selling: not entered not_in_audience
    2026-03-21 08:59:59 care: journey entered o6
    2026-03-21 08:59:59 care: step reached stage
    2026-03-21 08:59:59 care: steps/stage/arms/0 said in: deliver
    2026-03-21 08:59:59 care: arm taken stage 0
    2026-03-21 08:59:59 care: step reached service
    2026-03-21 08:59:59 care: message queued service
    2026-03-21 08:59:59 care: message sent service
    2026-03-21 08:59:59 care: step reached end
    2026-03-21 08:59:59 care: journey exited done
    2026-03-21 09:00:00 care: trigger said enter: matched
    2026-03-21 09:00:00 selling: trigger said enter: matched
    2026-03-21 09:00:00 selling: audience said out: maintain
    2026-03-21 09:00:00 selling: not entered not_in_audience
    2026-03-21 09:00:00 care: journey entered o7
    2026-03-21 09:00:00 care: step reached stage
    2026-03-21 09:00:00 care: steps/stage/arms/0 said out: maintain
    2026-03-21 09:00:00 care: arm taken stage otherwise
    2026-03-21 09:00:00 care: step reached none
    2026-03-21 09:00:00 care: journey exited not_this_stage
    2026-03-21 09:00:00 segment deliver: membership said out: maintain
    2026-03-21 09:00:00 segment deliver: segment left
    2026-03-21 09:00:00 segment maintain: membership said in: maintain
    2026-03-21 09:00:00 segment maintain: segment entered
counters selling
    version 1 completed: 1
    version 1 conversions counted: 1
    version 1 conversions credited: 1
    version 1 conversions messages: 1
    version 1 decisions audience confirm: 1
    version 1 decisions audience contact: 1
    version 1 decisions audience deepen: 1
    version 1 decisions audience deliver: 2
    version 1 decisions audience maintain: 1
    version 1 decisions audience push: 1
    version 1 decisions trigger matched: 7
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages sent: 1
    version 1 not_entered not_in_audience: 6
counters care
    version 1 decisions steps/stage/arms/0 confirm: 1
    version 1 decisions steps/stage/arms/0 contact: 1
    version 1 decisions steps/stage/arms/0 deepen: 1
    version 1 decisions steps/stage/arms/0 deliver: 2
    version 1 decisions steps/stage/arms/0 maintain: 1
    version 1 decisions steps/stage/arms/0 push: 1
    version 1 decisions trigger matched: 7
    version 1 entered: 7
    version 1 exited done: 3
    version 1 exited not_this_stage: 4
    version 1 messages queued: 3
    version 1 messages sent: 3
