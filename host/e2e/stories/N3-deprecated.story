N3: Versions that people are to move away from are told to whoever binds one and refused from their day on; what is bound to them goes on.

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

--- workflow later
{
  "id": "later", "title": "More offers", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "company" },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
create offers
start offers
ask plugin deprecate company
    company: no version is deprecated
ask plugin deprecate company --versions <1.1.0 --message outdated --replaced-by company-1.1 --removed-on 2026-03-10T00:00:00Z
    company <1.1.0: deprecated: outdated; bind company-1.1 instead; not bound anew from 2026-03-10T00:00:00Z on
      workflow offers is bound to company 1.0.0: audience of version 1
ask workflow show offers
    offers: triggered, running, started at 2026-03-02T09:00:00Z, version 1: Offers to companies
      audience: company 1.0.0 (FILE)
      trigger: event 1.0.0 (FILE)
      the document: the workflow says no type: write what kind of mail it sends, such as `welcome`
      the document: the workflow says no stage: write where its contacts stand, such as `explore`
      /audience/plugin: company 1.0.0 is deprecated: outdated; from 2026-03-10T00:00:00Z on it is not bound anew: bind company-1.1 instead
      allowed: pause, end
# Until then one may still be bound.
create later
delete later
ask workflow put {later.json}
    workflow later: version 1, draft
ask plugin deprecate company
    company <1.1.0: deprecated: outdated; bind company-1.1 instead; not bound anew from 2026-03-10T00:00:00Z on
      workflow later is bound to company 1.0.0: audience of version 1
      workflow offers is bound to company 1.0.0: audience of version 1
at 2026-03-10 00:00
create offers
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin company 1.0.0 is deprecated: outdated; since 2026-03-10T00:00:00Z it is not bound anew
delete later
create later
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin company 1.0.0 is deprecated: outdated; since 2026-03-10T00:00:00Z it is not bound anew
ask workflow put {later.json}
    later.json:1:14: /audience/plugin: company 1.0.0 is deprecated: outdated; since 2026-03-10T00:00:00Z it is not bound anew (plugin_removed)
        bind company-1.1 instead
    error: the server would refuse later.json: 1 problem
    exit status: 1
# What is bound goes on, over a pause and a crash.
pause offers
kill
resume offers
contact bob {"email": "bob@corp.example"}
event bob visited #1
mails
    bob@corp.example | An offer | 2026-03-10 00:00:00
# An edit binds anew.
pause offers
edit offers
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin company 1.0.0 is deprecated: outdated; since 2026-03-10T00:00:00Z it is not bound anew
altered company-next.wasm of company.wasm 1.0.0=1.1.0
create later
edit offers
    paused, version 2, since 2026-03-02 09:00:00
bindings offers
    audience: company 1.1.0, D1
    trigger: event 1.0.0, D2
ask plugin deprecate company --undo
    company: no version is deprecated
