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
