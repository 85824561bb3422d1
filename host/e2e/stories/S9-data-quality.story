S9: An address that can be none, one at a blocked domain, and an event without its fields are refused with the reason, and what is put right is seen by the next step.

--- workflow welcome
{
  "id": "welcome",
  "title": "Two words of welcome",
  "type": "welcome",
  "stage": "explore",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "first", "send": { "template": "first" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "city", "branch": { "arms": [{ "segment": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } } }, "goto": "berlin" }], "otherwise": "second" } },
    { "id": "second", "send": { "template": "second" }, "next": "end" },
    { "id": "berlin", "send": { "template": "berlin" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template welcome first
Subject: Welcome, {{ contact.first_name | default: "you" }}

Hello.

--- template welcome second
Subject: Again, {{ contact.first_name | default: "you" }}

Hello.

--- template welcome berlin
Subject: Berlin greets {{ contact.first_name | default: "you" }}

Hello.

--- workflow count
{
  "id": "count",
  "title": "Sends nothing, and minds no address",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "note", "update": { "add_tags": ["signed_up"] } }]
}

--- story
at 2026-03-02 09:00
settings {"blocked_domains": ["Throwaway.example", "two words", "a@b.example"]}
    refused: invalid_body: the settings have 3 problems; nothing was stored; /blocked_domains/0 "Throwaway.example" is no domain in lower case, such as mailbox.example; /blocked_domains/1 "two words" is no domain in lower case, such as mailbox.example; /blocked_domains/2 "a@b.example" is no domain in lower case, such as mailbox.example
settings {"blocked_domains": ["throwaway.example"], "events": {"signed_up": {"required": ["plan"]}}}
create welcome
start welcome
create count
start count
contact good {"email": "good@example.com", "first_name": "Goodie"}
contact no_at {"email": "nobody.example.com"}
contact two_at {"email": "a@b@example.com"}
contact space {"email": "no one@example.com"}
contact no_dot {"email": "nobody@localhost"}
contact dots {"email": "no..body@example.com"}
contact empty {"email": ""}
contact blocked {"email": "me@Throwaway.Example"}
contact below {"email": "me@mail.throwaway.example"}
contact beside {"email": "me@notthrowaway.example"}
contact unicode {"email": "me@bücher.example"}
event good signed_up #1
    refused: invalid_body: signed_up must have the field plan; /fields/plan signed_up must have the field plan
event good signed_up #1 {"plan": "free"}
event no_at signed_up #1 {"plan": "free"}
event two_at signed_up #1 {"plan": "free"}
event space signed_up #1 {"plan": "free"}
event no_dot signed_up #1 {"plan": "free"}
event dots signed_up #1 {"plan": "free"}
event empty signed_up #1 {"plan": "free"}
event blocked signed_up #1 {"plan": "free"}
event below signed_up #1 {"plan": "free"}
event beside signed_up #1 {"plan": "free"}
event unicode signed_up #1 {"plan": "free"}
mails
    good@example.com | Welcome, Goodie | 2026-03-02 09:00:00
    me@notthrowaway.example | Welcome, you | 2026-03-02 09:00:00
    me@xn--bcher-kva.example | Welcome, you | 2026-03-02 09:00:00
log no_at
    2026-03-02 09:00:00 count: trigger said enter: matched
    2026-03-02 09:00:00 welcome: trigger said enter: matched
    2026-03-02 09:00:00 welcome: not entered address_invalid
    2026-03-02 09:00:00 count: journey entered 1
    2026-03-02 09:00:00 count: step reached note
    2026-03-02 09:00:00 count: updated note +signed_up
    2026-03-02 09:00:00 count: journey completed
log blocked
    2026-03-02 09:00:00 count: trigger said enter: matched
    2026-03-02 09:00:00 welcome: trigger said enter: matched
    2026-03-02 09:00:00 welcome: not entered domain_blocked
    2026-03-02 09:00:00 count: journey entered 1
    2026-03-02 09:00:00 count: step reached note
    2026-03-02 09:00:00 count: updated note +signed_up
    2026-03-02 09:00:00 count: journey completed
counters welcome
    version 1 decisions trigger matched: 11
    version 1 entered: 3
    version 1 inside: 3
    version 1 messages queued: 3
    version 1 messages sent: 3
    version 1 not_entered address_invalid: 6
    version 1 not_entered domain_blocked: 2
counters count
    version 1 completed: 11
    version 1 decisions trigger matched: 11
    version 1 entered: 11
# What is put right is seen by the next step, and by the next sign-up.
at 2026-03-02 12:00
contact good {"first_name": "Gudrun", "city": "Berlin", "email": "gudrun@example.com"}
contact no_at {"email": "somebody@example.com"}
event no_at signed_up #2 {"plan": "free"}
at 2026-03-03 12:00
mails
    gudrun@example.com | Berlin greets Gudrun | 2026-03-03 09:00:00
    me@notthrowaway.example | Again, you | 2026-03-03 09:00:00
    me@xn--bcher-kva.example | Again, you | 2026-03-03 09:00:00
    somebody@example.com | Again, you | 2026-03-03 12:00:00
    somebody@example.com | Welcome, you | 2026-03-02 12:00:00
log good welcome
    2026-03-02 09:00:00 welcome: trigger said enter: matched
    2026-03-02 09:00:00 welcome: journey entered 1
    2026-03-02 09:00:00 welcome: step reached first
    2026-03-02 09:00:00 welcome: message queued first
    2026-03-02 09:00:00 welcome: message sent first
    2026-03-02 09:00:00 welcome: step reached rest
    2026-03-02 09:00:00 welcome: wait started rest 2026-03-03 09:00:00
    2026-03-03 09:00:00 welcome: step reached city
    2026-03-03 09:00:00 welcome: steps/city/arms/0 said in: member
    2026-03-03 09:00:00 welcome: arm taken city 0
    2026-03-03 09:00:00 welcome: step reached berlin
    2026-03-03 09:00:00 welcome: message queued berlin
    2026-03-03 09:00:00 welcome: message sent berlin
    2026-03-03 09:00:00 welcome: step reached end
    2026-03-03 09:00:00 welcome: journey exited done
