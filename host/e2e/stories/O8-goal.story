O8: Each class of mail has a clear goal: a workflow without one, and without saying that it has none, does not start.

--- workflow welcome
{
  "id": "welcome",
  "title": "Welcome",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "hello", "send": { "template": "hello" } }]
}

--- template welcome hello
Subject: Hello

A word.

--- workflow welcome.2
{
  "id": "welcome",
  "title": "Welcome",
  "goal": { "on": { "event": "order_completed" }, "within": "7d" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "hello", "send": { "template": "hello" } }],
  "templates": { "hello": { "subject": "Hello", "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>A word.</mj-text></mj-column></mj-section></mj-body></mjml>" } }
}

--- story
at 2026-03-02 09:00
shows O8
shows 3-goal-stated
shows 1-start
create welcome
schedule welcome 2026-03-03 09:00
    refused: conflict: workflow welcome names no goal: say `goal: none`, or which event it is to bring about
start welcome
    refused: conflict: workflow welcome names no goal: say `goal: none`, or which event it is to bring about
edit welcome
start welcome
    running, version 2, since 2026-03-02 09:00:00
contact ann {"email": "ann@example.com"}
event ann signed_up
mails
    ann@example.com | Hello | 2026-03-02 09:00:00
event ann order_completed
counters welcome
    version 2 completed: 1
    version 2 conversions counted: 1
    version 2 conversions credited: 1
    version 2 conversions messages: 1
    version 2 decisions trigger matched: 1
    version 2 entered: 1
    version 2 messages queued: 1
    version 2 messages sent: 1
