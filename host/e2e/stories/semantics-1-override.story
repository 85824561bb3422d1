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
create welcome
checklist welcome
    ?
start welcome
    ?
schedule welcome 2026-03-02 10:00
    ?
state welcome
    ?
event ann signed_up #s1
mails
    ?
start welcome over : it is urgent
    ?
start welcome over Ann Lee: the picture is explained in the text
    ?
checklist welcome
    ?
# It is known for good.
restart
pause welcome
checklist welcome
    ?
event bo signed_up #s2
resume welcome
event cid signed_up #s3
mails
    ?
