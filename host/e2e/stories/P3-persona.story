P3: A persona decides which words a message has; an unknown persona, or none, gets the default ones.

--- workflow offer
{
  "id": "offer",
  "title": "An offer in the right words",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "tell", "send": { "template": "offer", "personalizer": { "plugin": "persona", "config": {
    "personas": {
      "student": { "subject": "Your student discount", "values": { "headline": "Half the price, all the fun" } },
      "enterprise": { "template": "business", "values": { "headline": "Ready for your procurement" } }
    },
    "default": { "values": { "headline": "Have a look" } }
  } } } }]
}

--- template offer offer
Subject: Our offer

{{ rule.persona.headline }} ({{ rule.persona.name }})

--- template offer business
Subject: Our offer for companies

{{ rule.persona.headline }} ({{ rule.persona.name }})

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com", "persona": "student"}
contact bo {"email": "bo@example.com", "persona": "Enterprise"}
contact cid {"email": "cid@example.com", "persona": "astronaut"}
contact dee {"email": "dee@example.com"}
create offer
start offer
event ann signed_up #a
text
    Half the price, all the fun (student)
event bo signed_up #b
text
    Ready for your procurement (enterprise)
event cid signed_up #c
text
    Have a look (default)
event dee signed_up #d
text
    Have a look (default)
mails
    ann@example.com | Your student discount | 2026-03-02 09:00:00
    bo@example.com | Our offer for companies | 2026-03-02 09:00:00
    cid@example.com | Our offer | 2026-03-02 09:00:00
    dee@example.com | Our offer | 2026-03-02 09:00:00
counters offer
    version 1 completed: 4
    version 1 decisions steps/tell/personalizer chosen: 2
    version 1 decisions steps/tell/personalizer missing: 1
    version 1 decisions steps/tell/personalizer unknown: 1
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
