P4: A subject comes from a rule or a variant, never passes its limit, and stands with what was sent.

--- workflow news
{
  "id": "news",
  "title": "A subject for each",
  "type": "newsletter",
  "stage": "maintain",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "news_due" } },
  "steps": [{ "id": "news", "send": { "template": "news", "personalizer": { "plugin": "subject_line", "config": {
    "chars_max": 30,
    "variants": [{ "name": "come_back", "when": { "not": { "count": { "of": { "event": "order_completed", "within": "60d" }, "operator": "gte", "value": 1 } } }, "texts": ["{first_name|Hello}, we miss you"] }],
    "default": ["News for {first_name|you}"]
  } } } }]
}

--- template news news
Subject: The template's own

{{ rule.subject_line.variant }}, text {{ rule.subject_line.text }}, own words: {{ rule.subject_line.own }}

--- workflow loud
{
  "id": "loud",
  "title": "What shouts or is too long is refused",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "news_due" } },
  "steps": [{ "id": "news", "send": { "template": "news", "personalizer": { "plugin": "subject_line", "config": {
    "chars_max": 20, "default": ["A subject that is longer than twenty characters"]
  } } } }]
}

--- template loud news
Subject: Loud

{{ rule.subject_line.variant }}

--- workflow layouts
{
  "id": "layouts",
  "title": "Two subjects and layouts against each other",
  "type": "newsletter",
  "stage": "maintain",
  "goal": { "on": { "event": "order_completed" }, "within": "5d" },
  "trigger": { "plugin": "event", "config": { "event": "layout_due" } },
  "steps": [
    { "id": "layout", "split": { "arms": [{ "name": "plain", "weight": 5000, "goto": "plain" }, { "name": "rich", "weight": 5000, "goto": "rich" }] } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "rich", "send": { "template": "rich" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template layouts plain
Subject: Plain words

Words.

--- template layouts rich
Subject: Many pictures

Pictures.

--- story
at 2026-03-02 09:00
create loud
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /steps/0/send/personalizer/config the rule refuses the config: "A subject that is longer than twenty characters" has 47 characters, 1 to 20 are allowed
create news
start news
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bo {"email": "bo@example.com", "first_name": "BODO"}
contact cem {"email": "cem@example.com", "first_name": "Maximiliane-Alexandra Eleonore"}
contact dee {"email": "dee@example.com"}
old event bo order_completed #b1 2026-02-20 10:00
event ann news_due #a1
text
    come_back, text 1, own words: true
# A name in capitals is written with one.
event bo news_due #b2
text
    default, text 1, own words: true
# A name that would pass the limit is left out of the subject.
event cem news_due #c1
text
    come_back, text 1, own words: false
event dee news_due #d1
mails
    ann@example.com | Ann, we miss you | 2026-03-02 09:00:00
    bo@example.com | News for Bodo | 2026-03-02 09:00:00
    cem@example.com | Hello, we miss you | 2026-03-02 09:00:00
    dee@example.com | Hello, we miss you | 2026-03-02 09:00:00
# The subject that went out is recorded with the message.
messages ann
    2026-03-02 09:00:00 news news: accepted, T1, Ann, we miss you
messages cem
    2026-03-02 09:00:00 news news: accepted, T1, Hello, we miss you
counters news
    version 1 completed: 4
    version 1 decisions steps/news/personalizer chosen: 3
    version 1 decisions steps/news/personalizer default: 1
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 messages queued: 4
    version 1 messages sent: 4

# A test of two subjects and layouts: each person gets one of them, and the counts say who got which.
create layouts
start layouts
people 1..40 layout_due
subjects
    Ann, we miss you: 1
    Hello, we miss you: 2
    Many pictures: 22
    News for Bodo: 1
    Plain words: 18
experiment layouts
    layout plain: 0 of 18 converted
    layout rich: 0 of 22 converted
    layout: too_few plain
