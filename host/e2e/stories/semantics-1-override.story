semantics-1: A workflow whose checklist fails starts only if somebody says so, by name and with a reason that stays.

--- workflow welcome
{
  "id": "welcome",
  "title": "Welcome",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "hello", "send": { "template": "hello" } }],
  "templates": { "hello": {
    "subject": "Welcome",
    "mjml": "<mjml><mj-body><mj-section><mj-column><mj-image src=\"https://shop.example/hat.png\" /><mj-image src=\"https://shop.example/line.png\" alt=\"\" /><mj-text>Good to have you here.</mj-text></mj-column></mj-section></mj-body></mjml>"
  } }
}

--- workflow first
{
  "id": "first", "title": "Asks a rule that traps", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [{ "segment": { "plugin": "trap", "on_failure": "skip" }, "goto": "in" }], "otherwise": "out" } },
    { "id": "in", "exit": { "reason": "was_in" } },
    { "id": "out", "exit": { "reason": "was_out" } }
  ]
}

--- workflow second
{
  "id": "second", "title": "Asks a rule that traps", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "asked_too" } },
  "steps": [
    { "id": "fork", "branch": { "arms": [{ "segment": { "plugin": "trap", "on_failure": "skip" }, "goto": "in" }], "otherwise": "out" } },
    { "id": "in", "exit": { "reason": "was_in" } },
    { "id": "out", "exit": { "reason": "was_out" } }
  ]
}

--- story
at 2026-03-02 09:00
shows 1-override
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cid {"email": "cid@example.com"}
create welcome
checklist welcome
    rules_ready passes
    image_alt fails
      /templates/hello/mjml line 1, column 39: the image has no `alt`
start welcome
    refused: checklist_failed: the checklist fails: mend what is listed, or override it with `override`: who, and why; /templates/hello/mjml line 1, column 39: the image has no `alt`
schedule welcome 2026-03-02 10:00
    refused: checklist_failed: the checklist fails: mend what is listed, or override it with `override`: who, and why; /templates/hello/mjml line 1, column 39: the image has no `alt`
state welcome
    draft, version 1; allowed: edit, start, schedule, delete
event ann signed_up #s1
mails
    none
start welcome over : it is urgent
    refused: invalid_body: actor has 0 bytes, 1 to 500 are allowed
start welcome over Ann Lee: the picture is explained in the text
    running, version 1, since 2026-03-02 09:00:00
checklist welcome
    rules_ready passes
    image_alt fails
      /templates/hello/mjml line 1, column 39: the image has no `alt`
    2026-03-02 09:00:00 Ann Lee overrides image_alt of version 1: the picture is explained in the text
# It is known for good.
restart
pause welcome
checklist welcome
    rules_ready passes
    image_alt fails
      /templates/hello/mjml line 1, column 39: the image has no `alt`
    2026-03-02 09:00:00 Ann Lee overrides image_alt of version 1: the picture is explained in the text
event bo signed_up #s2
resume welcome
event cid signed_up #s3
mails
    cid@example.com | Welcome | 2026-03-02 09:00:00

# A rule that failed so often that it is quarantined keeps a workflow from starting.
hostile trap
contact ann {"attack": true}
create first
start first
create second
checklist second
    rules_ready passes
    image_alt passes
event ann asked #q1
later 1s
event ann asked #q2
later 1s
event ann asked #q3
later 1s
event ann asked #q4
later 1s
event ann asked #q5
later 1s
event ann asked #q6
later 1s
event ann asked #q7
later 1s
event ann asked #q8
later 1s
event ann asked #q9
later 1s
event ann asked #q10
later 1s
event ann asked #q11
later 1s
checklist second
    rules_ready fails
      /steps/0/branch/arms/0/segment trap 1.0.0 cannot be asked: it is quarantined, since it failed too often
    image_alt passes
start second
    refused: checklist_failed: the checklist fails: mend what is listed, or override it with `override`: who, and why; /steps/0/branch/arms/0/segment trap 1.0.0 cannot be asked: it is quarantined, since it failed too often
start second over Ann Lee: the rule only decides between two exits
    running, version 1, since 2026-03-02 09:00:11

# An edit in a pause is asked the same before it goes on; what was overridden counts for its own version.
pause welcome
edit welcome
    paused, version 2, since 2026-03-02 09:00:00
resume welcome
    refused: checklist_failed: the checklist fails: mend what is listed, or override it with `override`: who, and why; /templates/hello/mjml line 1, column 39: the image has no `alt`
resume welcome over Bo Kim: still explained in the text
    running, version 2, since 2026-03-02 09:00:00
checklist welcome
    rules_ready passes
    image_alt fails
      /templates/hello/mjml line 1, column 39: the image has no `alt`
    2026-03-02 09:00:00 Ann Lee overrides image_alt of version 1: the picture is explained in the text
    2026-03-02 09:00:11 Bo Kim overrides image_alt of version 2: still explained in the text
pause welcome
resume welcome
    running, version 2, since 2026-03-02 09:00:00
