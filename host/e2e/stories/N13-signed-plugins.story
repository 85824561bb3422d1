N13: Where the policy asks for it, a plugin that nobody signed, or that only its signer approves of, cannot be selected; what was good serves on.

--- workflow visits
{
  "id": "visits", "title": "Follows the rule", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "versioned", "config": {} },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- workflow later
{
  "id": "later", "title": "Wants the newer version", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "audience": { "plugin": "versioned", "version": ">=1.0.2", "config": {} },
  "steps": [{ "id": "end", "exit": { "reason": "done" } }]
}

--- story
at 2026-03-02 09:00
trust release eva tom
version 1 unsigned
plugin versioned.wasm
    refused
    refused: plugin_unsigned: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig
plugin event.wasm
    refused
    refused: plugin_unsigned: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig
create visits
    refused: invalid_workflow: the workflow has 2 problems; nothing was stored; /audience/plugin versioned.wasm is not let in: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig; /trigger/plugin event.wasm is not let in: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig
# The trigger's plugin is signed and released; of the audience's the signature is bad in every way before it is good.
sign event.wasm tom
release event@1.0.0 eva
    event 1.0.0: released by eva, signed by tom
sign versioned.wasm eva damaged
plugin versioned.wasm
    refused
    refused: plugin_signature_invalid: the signature beside the file is no good: it is not what eva signs these bytes with; sign the file anew with `signalbox plugin sign`
sign versioned.wasm eva huge
plugin versioned.wasm
    refused
    refused: plugin_signature_invalid: the signature beside the file is no good: it has more than 1024 bytes; sign the file anew with `signalbox plugin sign`
sign versioned.wasm mallory
plugin versioned.wasm
    refused
    refused: plugin_signer_unknown: the key KEY that signed it is not trusted here: let somebody sign it whose key is among trust.keys
create visits
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned.wasm is not let in: the key KEY that signed it is not trusted here: let somebody sign it whose key is among trust.keys
sign versioned.wasm eva
plugin versioned.wasm
    unreleased
    holds: versioned 1.0.1, D1
    refused: plugin_unreleased: versioned 1.0.1, signed by eva, waits for somebody else to release it: somebody else than eva looks at it and runs `signalbox plugin release versioned@1.0.1`
    signed by: eva
create visits
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned 1.0.1, signed by eva, waits for somebody else to release it
# Who has signed it does not release it, nor does somebody whom nobody trusts.
release versioned@1.0.1 eva
    error: releasing versioned 1.0.1: the server answered 409 (self_release): versioned 1.0.1 is signed by eva: somebody else has to release it
release versioned@1.0.1 mallory
    error: releasing versioned 1.0.1: the server answered 422 (invalid_release): the key KEY is not trusted here: let somebody release it whose key is among trust.keys
release versioned@1.0.2 tom
    error: the server has no versioned 1.0.2 that is let in: GET /v1/plugins says how each file stands
create visits
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned 1.0.1, signed by eva, waits for somebody else to release it
release versioned@1.0.1 tom
    versioned 1.0.1: released by tom, signed by eva
plugin versioned.wasm
    available
    serves: versioned 1.0.1, D1
    signed by: eva
    released by: tom
create visits
start visits
event ann visited #1
# New bytes with the old signature beside them: the former version serves on, and nothing newer can be bound.
version 2 unsigned
plugin versioned.wasm
    available
    serves: versioned 1.0.1, D1
    refused: plugin_signature_of_other: the signature beside the file is for other bytes (D1) than its own (D2): bring the signature that belongs to it
    signed by: eva
    released by: tom
create later
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned.wasm is not let in: the signature beside the file is for other bytes (D1) than its own (D2): bring the signature that belongs to it
sign versioned.wasm tom
plugin versioned.wasm
    unreleased
    holds: versioned 1.0.2, D2
    refused: plugin_unreleased: versioned 1.0.2, signed by tom, waits for somebody else to release it: somebody else than tom looks at it and runs `signalbox plugin release versioned@1.0.2`
    signed by: tom
create later
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned 1.0.2, signed by tom, waits for somebody else to release it
bindings visits
    audience: versioned 1.0.1, D1
    trigger: event 1.0.0, D3
event ann visited #2
# A release is kept: neither a restart nor a crash forgets one or makes one up.
kill
plugin versioned.wasm
    unreleased
    holds: versioned 1.0.2, D2
    refused: plugin_unreleased: versioned 1.0.2, signed by tom, waits for somebody else to release it: somebody else than tom looks at it and runs `signalbox plugin release versioned@1.0.2`
    signed by: tom
event ann visited #3
bindings visits
    audience: versioned 1.0.1, D1
    trigger: event 1.0.0, D3
release versioned@1.0.2 tom
    error: releasing versioned 1.0.2: the server answered 409 (self_release): versioned 1.0.2 is signed by tom: somebody else has to release it
release versioned@1.0.2 eva
    versioned 1.0.2: released by eva, signed by tom
bindings visits
    audience: versioned 1.0.2, D2
    trigger: event 1.0.0, D3
restart
plugin versioned.wasm
    available
    serves: versioned 1.0.2, D2
    signed by: tom
    released by: eva
create later
event ann visited #4
decisions ann
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v2, by D2
# Without its signature it is bound no more; who is bound is served on.
unsign versioned.wasm
plugin versioned.wasm
    refused
    refused: plugin_unsigned: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig
create later
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned.wasm is not let in: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig
event ann visited #5
decisions ann
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v1, by D1
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v2, by D2
    2026-03-02 09:00:00 visits: trigger said enter: matched, by D3
    2026-03-02 09:00:00 visits: audience said in: v2, by D2
# What is revoked decides nothing more, at once and through a crash: who follows goes back to the last good version.
sign versioned.wasm tom
ask plugin revoke versioned@1.0.2 --actor eva --reason wrong
    versioned 1.0.2: revoked by eva, asked no more, digest ..
awaits bindings visits
    audience: versioned 1.0.1, D1, back from 1.0.2
    trigger: event 1.0.0, D3
kill
event ann visited #6
plugin versioned.wasm
    quarantined
    serves: versioned 1.0.2, D2
    refused: plugin_unreleased: versioned 1.0.2, signed by tom, waits for somebody else to release it: somebody else than tom looks at it and runs `signalbox plugin release versioned@1.0.2`
    signed by: tom
create later
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /audience/plugin versioned 1.0.2 was revoked by eva: wrong
# An admin's key does not bring it back, nor does its signer: a second person does.
ask plugin list versioned
    versioned.wasm: versioned 1.0.2, quarantined
      revoked by eva: wrong
      versioned 1.0.2, signed by tom, waits for somebody else to release it: somebody else than tom looks at it and runs `signalbox plugin release versioned@1.0.2`
    without a file: versioned 1.0.1, retired
ask plugin lift versioned@1.0.2
    error: lifting the quarantine of versioned 1.0.2: the server answered 409 (conflict): D2 was revoked by eva: a second person has to release it anew
    exit status: 1
release versioned@1.0.2 tom
    error: releasing versioned 1.0.2: the server answered 409 (self_release): versioned 1.0.2 is signed by tom: somebody else has to release it
release versioned@1.0.2 eva
    versioned 1.0.2: released by eva, signed by tom
awaits bindings visits
    audience: versioned 1.0.2, D2
    trigger: event 1.0.0, D3
event ann visited #7
counters visits
    version 1 decisions audience v1: 4
    version 1 decisions audience v2: 3
    version 1 decisions trigger matched: 7
    version 1 entered: 7
    version 1 exited done: 7
