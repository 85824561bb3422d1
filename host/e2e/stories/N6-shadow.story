N6: A new version is asked whatever the one in force is asked, says where it differs and why, and has no effect until it is promoted.

--- workflow offers
{
  "id": "offers", "title": "Offers to companies", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "company", "version": "^1", "follow": "pin" },
  "steps": [{ "id": "offer", "send": { "template": "offer" } }]
}

--- template offers offer
Subject: An offer

For your company.

--- story
at 2026-03-02 09:00
create offers
start offers
# To the next version, addresses at icloux.com are private, and those at icloud.com are not.
altered company-next.wasm of company.wasm 1.0.0=1.1.0 icloud.com=icloux.com
bindings offers
    audience: company 1.0.0, D1
    trigger: event 1.0.0, D2
contact ann {"email": "ann@icloud.com"}
contact bob {"email": "bob@icloux.com"}
contact cat {"email": "cat@corp.example"}
event ann visited #before
shadow start --workflow offers --binding audience
    shadow 1: company 1.1.0 beside 1.0.0, audience of workflow offers
      nothing compared yet
shadow start --workflow offers --binding audience
    error: beginning a shadow: the server answered 409 (conflict): audience of workflow offers has the shadow 1 already: promote or drop that first
    exit status: 1
shadow start --workflow offers --binding trigger
    error: beginning a shadow: the server answered 422 (invalid_body): the shadow cannot begin: the binding stands for event 1.0.0 itself, and the folder has no newer version
      /version: the binding stands for event 1.0.0 itself, and the folder has no newer version
    exit status: 1
event ann visited #1
event bob visited #2
event cat visited #3
later 1h
event ann visited #4
awaits shadow report 1
    shadow 1: company 1.1.0 beside 1.0.0, audience of workflow offers
      1 agree, 3 differ
    ann at 2026-03-02T09:00:00Z
      1.0.0 said {"member":false,"reason":"private","recheck_at":null}
      the shadow said {"member":true,"reason":"inside","recheck_at":null}
    ann at 2026-03-02T10:00:00Z
      1.0.0 said {"member":false,"reason":"private","recheck_at":null}
      the shadow said {"member":true,"reason":"inside","recheck_at":null}
    bob at 2026-03-02T09:00:00Z
      1.0.0 said {"member":true,"reason":"inside","recheck_at":null}
      the shadow said {"member":false,"reason":"private","recheck_at":null}
# The version in force decided alone.
decisions ann
    2026-03-02 09:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 09:00:00 offers: audience said out: private, by D1
    2026-03-02 09:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 09:00:00 offers: audience said out: private, by D1
    2026-03-02 10:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 10:00:00 offers: audience said out: private, by D1
decisions bob
    2026-03-02 09:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 09:00:00 offers: audience said in: inside, by D1
counters offers
    version 1 completed: 2
    version 1 decisions audience inside: 2
    version 1 decisions audience private: 3
    version 1 decisions trigger matched: 5
    version 1 entered: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
    version 1 not_entered not_in_audience: 3
mails
    bob@icloux.com | An offer | 2026-03-02 09:00:00
    cat@corp.example | An offer | 2026-03-02 09:00:00
# What came of it outlives a stop.
restart
event bob visited #5
awaits shadow report 1
    shadow 1: company 1.1.0 beside 1.0.0, audience of workflow offers
      1 agree, 4 differ
    ann at 2026-03-02T09:00:00Z
      1.0.0 said {"member":false,"reason":"private","recheck_at":null}
      the shadow said {"member":true,"reason":"inside","recheck_at":null}
    ann at 2026-03-02T10:00:00Z
      1.0.0 said {"member":false,"reason":"private","recheck_at":null}
      the shadow said {"member":true,"reason":"inside","recheck_at":null}
    bob at 2026-03-02T09:00:00Z
      1.0.0 said {"member":true,"reason":"inside","recheck_at":null}
      the shadow said {"member":false,"reason":"private","recheck_at":null}
    bob at 2026-03-02T10:00:00Z
      1.0.0 said {"member":true,"reason":"inside","recheck_at":null}
      the shadow said {"member":false,"reason":"private","recheck_at":null}
awaits shadow list
    shadow 1: company 1.1.0 beside 1.0.0, audience of workflow offers
      1 agree, 4 differ
shadow promote 1
    audience of workflow offers stands for company 1.1.0 now
bindings offers
    audience: company 1.1.0, D3
    trigger: event 1.0.0, D2
shadow report 1
    error: reading shadow 1: the server answered 404 (not_found): there is no shadow 1
    exit status: 1
event ann visited #6
decisions ann
    2026-03-02 09:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 09:00:00 offers: audience said out: private, by D1
    2026-03-02 09:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 09:00:00 offers: audience said out: private, by D1
    2026-03-02 10:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 10:00:00 offers: audience said out: private, by D1
    2026-03-02 10:00:00 offers: trigger said enter: matched, by D2
    2026-03-02 10:00:00 offers: audience said in: inside, by D3
mails
    ann@icloud.com | An offer | 2026-03-02 10:00:00
    bob@icloux.com | An offer | 2026-03-02 10:00:00
# One beyond what the workflow asks for can be tried, and is put in force by an edit only.
altered company-later.wasm of company.wasm 1.0.0=2.0.0
shadow start --workflow offers --binding audience --requirement ^2
    shadow 2: company 2.0.0 beside 1.1.0, audience of workflow offers
      nothing compared yet
event ann visited #7
awaits shadow report 2
    shadow 2: company 2.0.0 beside 1.1.0, audience of workflow offers
      1 differ
    ann at 2026-03-02T10:00:00Z
      1.1.0 said {"member":true,"reason":"inside","recheck_at":null}
      the shadow said {"member":false,"reason":"private","recheck_at":null}
shadow promote 2
    error: promoting shadow 2: the server answered 409 (conflict): the shadow cannot be promoted: the binding asks for company ^1, the shadow is 2.0.0
      /version: the binding asks for company ^1, the shadow is 2.0.0
    exit status: 1
shadow drop 2
    shadow 2: dropped
shadow list
    none
