T20: A workflow starts at its instant by itself, and its sequence needs no behaviour.

--- workflow course
{
  "id": "course",
  "title": "A course in three letters",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "enrolled" } },
  "steps": [
    { "id": "one", "send": { "template": "letter" } },
    { "id": "next_morning", "wait": { "calendar": { "days": 1, "at": "07:30" } } },
    { "id": "two", "send": { "template": "letter" } },
    { "id": "monday", "wait": { "calendar": { "weekdays": ["monday"], "at": "07:30" } } },
    { "id": "three", "send": { "template": "letter" } }
  ],
  "zone": "Europe/Berlin"
}

--- template course letter
Subject: The next letter

Read slowly.

--- story
at 2026-03-24 09:00
create course
schedule course 2026-03-25 12:00
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com", "time_zone": "America/New_York"}
at 2026-03-25 11:59:59
event ann enrolled #early
at 2026-03-25 12:00:01
state course
    running, version 1, since 2026-03-25 12:00:00; allowed: pause, end
event ann enrolled #e1
event bea enrolled #e1
# The clocks of Berlin go forward on the 29th.
at 2026-04-10 00:00
mails
    ann@example.com | The next letter | 2026-03-25 12:00:01
    ann@example.com | The next letter | 2026-03-26 06:30:00
    ann@example.com | The next letter | 2026-03-30 05:30:00
    bea@example.com | The next letter | 2026-03-25 12:00:01
    bea@example.com | The next letter | 2026-03-26 11:30:00
    bea@example.com | The next letter | 2026-03-30 11:30:00
log bea
    2026-03-25 12:00:01 course: trigger said enter: matched
    2026-03-25 12:00:01 course: journey entered e1
    2026-03-25 12:00:01 course: step reached one
    2026-03-25 12:00:01 course: message queued one
    2026-03-25 12:00:01 course: message sent one
    2026-03-25 12:00:01 course: step reached next_morning
    2026-03-25 12:00:01 course: zone taken next_morning America/New_York contact
    2026-03-25 12:00:01 course: wait started next_morning 2026-03-26 11:30:00
    2026-03-26 11:30:00 course: step reached two
    2026-03-26 11:30:00 course: message queued two
    2026-03-26 11:30:00 course: message sent two
    2026-03-26 11:30:00 course: step reached monday
    2026-03-26 11:30:00 course: zone taken monday America/New_York contact
    2026-03-26 11:30:00 course: wait started monday 2026-03-30 11:30:00
    2026-03-30 11:30:00 course: step reached three
    2026-03-30 11:30:00 course: message queued three
    2026-03-30 11:30:00 course: message sent three
    2026-03-30 11:30:00 course: journey completed
