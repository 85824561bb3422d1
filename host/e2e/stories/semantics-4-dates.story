semantics-4: Dates that are over, birthdays in years without their day, and what a downtime makes late.

--- workflow on
{
  "id": "on", "title": "A date that is over: on", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "until": { "attribute": "trial_ends_at", "days": -3, "at": "09:00" } } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- workflow next
{
  "id": "next", "title": "A date that is over: the next one", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "until": { "attribute": "trial_ends_at", "days": -3, "at": "09:00", "past": "next" } } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- workflow exits
{
  "id": "exits", "title": "A date that is over: out", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "until": { "attribute": "trial_ends_at", "days": -3, "at": "09:00", "past": "exit" } } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- workflow february
{
  "id": "february", "title": "Every birthday", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "born" } },
  "steps": [{ "id": "rest", "wait": { "until": { "attribute": "birthday", "yearly": true } } }, { "id": "wish", "send": { "template": "note" } }, { "id": "again", "goto": { "step": "rest", "times_max": 9 } }]
}

--- template february note
Subject: In February

A word.

--- workflow march
{
  "id": "march", "title": "Every birthday", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "born" } },
  "steps": [{ "id": "rest", "wait": { "until": { "attribute": "birthday", "yearly": true, "leap_day": "march_1" } } }, { "id": "wish", "send": { "template": "note" } }, { "id": "again", "goto": { "step": "rest", "times_max": 9 } }]
}

--- template march note
Subject: In March

A word.

--- workflow letters
{
  "id": "letters", "title": "Letters", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "enrolled" } },
  "steps": [
    { "id": "day", "wait": { "for": "1d" } },
    { "id": "letter", "send": { "template": "note" } },
    { "id": "end", "exit": { "reason": "over" } }
  ]
}

--- template letters note
Subject: A letter

A word.

--- workflow urgent
{
  "id": "urgent", "title": "A letter of an hour", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "enrolled" } },
  "steps": [
    { "id": "day", "wait": { "for": "1d" } },
    { "id": "letter", "send": { "template": "note", "late_limit": "1h" } },
    { "id": "end", "exit": { "reason": "over" } }
  ]
}

--- template urgent note
Subject: An urgent letter

A word.

--- workflow pair
{
  "id": "pair", "title": "Two letters at once", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "paired" } },
  "steps": [{ "id": "day", "wait": { "for": "1d" } }, { "id": "one", "send": { "template": "note" } }, { "id": "two", "send": { "template": "note" } }]
}

--- template pair note
Subject: One of two

A word.

--- story
at 2026-03-02 09:00
shows 4-past
create on
start on
create next
start next
create exits
start exits
contact ann {"trial_ends_at": "2026-03-04"}
contact bo {"trial_ends_at": "2026-03-20"}
event ann signed_up #1
event bo signed_up #1
journeys ann
    J1 exits version 1, key 1, entered 2026-03-02 09:00:00: date_passed 2026-03-02 09:00:00
    J2 next version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2027-03-01 09:00:00
    J3 on version 1, key 1, entered 2026-03-02 09:00:00: went_on 2026-03-02 09:00:00
journeys bo
    J4 exits version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-17 09:00:00
    J5 next version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-17 09:00:00
    J6 on version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-03-17 09:00:00

shows 4-birthday
create february
start february
create march
start march
contact cem {"email": "cem@example.com", "birthday": "1992-02-29"}
event cem born #1
at 2028-12-31 12:00
mails
    cem@example.com | In February | 2027-02-28 09:00:00
    cem@example.com | In February | 2028-02-29 09:00:00
    cem@example.com | In March | 2027-03-01 09:00:00
    cem@example.com | In March | 2028-02-29 09:00:00
pause february
end february
pause march
end march

shows 4-late
# Down when the letters of both are due, until 25 hours after that of Dan and 23 after that of Eva: late for the urgent one.
create letters
start letters
create urgent
start urgent
contact dan {"email": "dan@example.com"}
contact eva {"email": "eva@example.com"}
at 2029-01-10 08:00
event dan enrolled #1
at 2029-01-10 10:00
event eva enrolled #1
at 2029-01-10 12:00
down
at 2029-01-12 09:00
up
mails
    eva@example.com | A letter | 2029-01-12 09:00:00
log dan letters
    2029-01-10 08:00:00 letters: trigger said enter: matched
    2029-01-10 08:00:00 letters: journey entered 1
    2029-01-10 08:00:00 letters: step reached day
    2029-01-10 08:00:00 letters: wait started day 2029-01-11 08:00:00
    2029-01-12 09:00:00 letters: step reached letter
    2029-01-12 09:00:00 letters: message queued letter
    2029-01-12 09:00:00 letters: message skipped letter late
    2029-01-12 09:00:00 letters: step reached end
    2029-01-12 09:00:00 letters: journey exited over
log dan urgent
    2029-01-10 08:00:00 urgent: trigger said enter: matched
    2029-01-10 08:00:00 urgent: journey entered 1
    2029-01-10 08:00:00 urgent: step reached day
    2029-01-10 08:00:00 urgent: wait started day 2029-01-11 08:00:00
    2029-01-12 09:00:00 urgent: step reached letter
    2029-01-12 09:00:00 urgent: message queued letter
    2029-01-12 09:00:00 urgent: message skipped letter late
    2029-01-12 09:00:00 urgent: step reached end
    2029-01-12 09:00:00 urgent: journey exited over
log eva letters
    2029-01-10 10:00:00 letters: trigger said enter: matched
    2029-01-10 10:00:00 letters: journey entered 1
    2029-01-10 10:00:00 letters: step reached day
    2029-01-10 10:00:00 letters: wait started day 2029-01-11 10:00:00
    2029-01-12 09:00:00 letters: step reached letter
    2029-01-12 09:00:00 letters: message queued letter
    2029-01-12 09:00:00 letters: message sent letter
    2029-01-12 09:00:00 letters: step reached end
    2029-01-12 09:00:00 letters: journey exited over
log eva urgent
    2029-01-10 10:00:00 urgent: trigger said enter: matched
    2029-01-10 10:00:00 urgent: journey entered 1
    2029-01-10 10:00:00 urgent: step reached day
    2029-01-10 10:00:00 urgent: wait started day 2029-01-11 10:00:00
    2029-01-12 09:00:00 urgent: step reached letter
    2029-01-12 09:00:00 urgent: message queued letter
    2029-01-12 09:00:00 urgent: message skipped letter late
    2029-01-12 09:00:00 urgent: step reached end
    2029-01-12 09:00:00 urgent: journey exited over

shows 4-late-retry
# A letter that was tried in time is not late, however long the next try takes.
contact fay {"email": "fay@example.com"}
at 2029-01-20 09:00
event fay enrolled #1
at 2029-01-21 09:00
smtp fay@example.com rcpt 450 4.2.0 try later
smtp fay@example.com rcpt 450 4.2.0 try later
mails
    none
down
at 2029-01-23 09:00
up
mails
    fay@example.com | A letter | 2029-01-21 09:00:00
    fay@example.com | An urgent letter | 2029-01-21 09:00:00
log fay letters
    2029-01-20 09:00:00 letters: trigger said enter: matched
    2029-01-20 09:00:00 letters: journey entered 1
    2029-01-20 09:00:00 letters: step reached day
    2029-01-20 09:00:00 letters: wait started day 2029-01-21 09:00:00
    2029-01-21 09:00:00 letters: step reached letter
    2029-01-21 09:00:00 letters: message queued letter
    2029-01-21 09:00:00 letters: message deferred letter 2029-01-21 09:01:04.483 smtp_450
    2029-01-23 09:00:00 letters: message sent letter
    2029-01-23 09:00:00 letters: step reached end
    2029-01-23 09:00:00 letters: journey exited over
log fay urgent
    2029-01-20 09:00:00 urgent: trigger said enter: matched
    2029-01-20 09:00:00 urgent: journey entered 1
    2029-01-20 09:00:00 urgent: step reached day
    2029-01-20 09:00:00 urgent: wait started day 2029-01-21 09:00:00
    2029-01-21 09:00:00 urgent: step reached letter
    2029-01-21 09:00:00 urgent: message queued letter
    2029-01-21 09:00:00 urgent: message deferred letter 2029-01-21 09:01:02.439 smtp_450
    2029-01-23 09:00:00 urgent: message sent letter
    2029-01-23 09:00:00 urgent: step reached end
    2029-01-23 09:00:00 urgent: journey exited over

shows 4-late
# What follows at once on a late letter is late as well.
create pair
start pair
event dan paired #2
down
at 2029-01-28 09:00
up
mails
    none
log dan pair
    2029-01-23 09:00:00 pair: trigger said enter: matched
    2029-01-23 09:00:00 pair: journey entered 2
    2029-01-23 09:00:00 pair: step reached day
    2029-01-23 09:00:00 pair: wait started day 2029-01-24 09:00:00
    2029-01-28 09:00:00 pair: step reached one
    2029-01-28 09:00:00 pair: message queued one
    2029-01-28 09:00:00 pair: message skipped one late
    2029-01-28 09:00:00 pair: step reached two
    2029-01-28 09:00:00 pair: message queued two
    2029-01-28 09:00:00 pair: message skipped two late
    2029-01-28 09:00:00 pair: journey completed
