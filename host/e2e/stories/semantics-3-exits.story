semantics-3: Exits are looked at when their event comes and once more before every message; some events always end a journey.

--- workflow course
{
  "id": "course",
  "title": "A course",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "one", "send": { "template": "note" } },
    { "id": "rest", "wait": { "for": "30d" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template course note
Subject: A lesson

A word.

--- workflow talk
{
  "id": "talk",
  "title": "Ends with an answer",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "exits": [
    { "on": { "event": "message_replied" }, "reason": "replied" },
    { "on": { "event": "order_completed", "where": [{ "field": "total", "operator": "gte", "value": 100 }] }, "reason": "bought" }
  ],
  "steps": [
    { "id": "rest", "wait": { "for": "30d" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template talk note
Subject: Shall we talk?

A word.

--- workflow lapsed
{
  "id": "lapsed",
  "title": "Ends a day after the last visit",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "exits": [{ "segment": { "plugin": "audience", "config": { "count": { "of": { "event": "visited", "within": "1d" }, "operator": "lt", "value": 1 } } }, "reason": "gone" }],
  "steps": [
    { "id": "rest", "wait": { "for": "2d" } },
    { "id": "two", "send": { "template": "note" } }
  ]
}

--- template lapsed note
Subject: Good to see you

A word.

--- story
at 2026-03-02 09:00
create course
start course
create talk
start talk
create lapsed
start lapsed
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
contact eva {"email": "eva@example.com"}
contact fay {"email": "fay@example.com"}
event ann signed_up #1
event bo signed_up #1
event cem signed_up #1
event dan signed_up #1
event eva signed_up #1
event fay signed_up #1
mails
    ann@example.com | A lesson | 2026-03-02 09:00:00
    bo@example.com | A lesson | 2026-03-02 09:00:00
    cem@example.com | A lesson | 2026-03-02 09:00:00
    dan@example.com | A lesson | 2026-03-02 09:00:00
    eva@example.com | A lesson | 2026-03-02 09:00:00
    fay@example.com | A lesson | 2026-03-02 09:00:00

# All of them in a wait of thirty days, and heard on the next one.
later 1d
shows 3-exit-in-wait
event eva order_completed #2 {"total": 99}
event fay order_completed #2 {"total": 100}
journeys eva
    J1 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
    J2 talk version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
journeys fay
    J3 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
    J4 talk version 1, key 1, entered 2026-03-02 09:00:00: bought 2026-03-03 09:00:00

shows 3-reply
event eva message_replied #3 {"workflow": "talk", "step": "two"}
journeys eva
    J1 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
    J2 talk version 1, key 1, entered 2026-03-02 09:00:00: replied 2026-03-03 09:00:00

shows 3-always
event ann contact_unsubscribed #2
event bo message_bounced #2 {"kind": "hard"}
event cem message_complained #2
event dan contact_erased #2
event fay message_bounced #3 {"kind": "soft"}
journeys ann
    J5 course version 1, key 1, entered 2026-03-02 09:00:00: unsubscribed 2026-03-03 09:00:00
    J6 talk version 1, key 1, entered 2026-03-02 09:00:00: unsubscribed 2026-03-03 09:00:00
journeys bo
    J7 course version 1, key 1, entered 2026-03-02 09:00:00: hard_bounce 2026-03-03 09:00:00
    J8 talk version 1, key 1, entered 2026-03-02 09:00:00: hard_bounce 2026-03-03 09:00:00
journeys cem
    J9 course version 1, key 1, entered 2026-03-02 09:00:00: complaint 2026-03-03 09:00:00
    J10 talk version 1, key 1, entered 2026-03-02 09:00:00: complaint 2026-03-03 09:00:00
journeys dan
    J11 course version 1, key 1, entered 2026-03-02 09:00:00: erased 2026-03-03 09:00:00
    J12 talk version 1, key 1, entered 2026-03-02 09:00:00: erased 2026-03-03 09:00:00
journeys fay
    J3 course version 1, key 1, entered 2026-03-02 09:00:00: inside, waiting at rest until 2026-04-01 09:00:00
    J4 talk version 1, key 1, entered 2026-03-02 09:00:00: bought 2026-03-03 09:00:00
# Nobody of them is mailed, whatever they do.
event bo signed_up #4
event dan signed_up #4
log bo
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 talk: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached one
    2026-03-02 09:00:00 course: message queued one
    2026-03-02 09:00:00 talk: journey entered 1
    2026-03-02 09:00:00 talk: step reached rest
    2026-03-02 09:00:00 talk: wait started rest 2026-04-01 09:00:00
    2026-03-02 09:00:00 course: message sent one
    2026-03-02 09:00:00 course: step reached rest
    2026-03-02 09:00:00 course: wait started rest 2026-04-01 09:00:00
    2026-03-03 09:00:00 course: journey exited hard_bounce
    2026-03-03 09:00:00 talk: journey exited hard_bounce
    2026-03-03 09:00:00 course: trigger said enter: matched
    2026-03-03 09:00:00 talk: trigger said enter: matched
    2026-03-03 09:00:00 talk: journey entered 4
    2026-03-03 09:00:00 talk: step reached rest
    2026-03-03 09:00:00 talk: wait started rest 2026-04-02 09:00:00
    2026-03-03 09:00:00 course: journey entered 4
    2026-03-03 09:00:00 course: step reached one
    2026-03-03 09:00:00 course: message skipped one hard_bounce
    2026-03-03 09:00:00 course: step reached rest
    2026-03-03 09:00:00 course: wait started rest 2026-04-02 09:00:00
log dan
    2026-03-02 09:00:00 course: trigger said enter: matched
    2026-03-02 09:00:00 talk: trigger said enter: matched
    2026-03-02 09:00:00 course: journey entered 1
    2026-03-02 09:00:00 course: step reached one
    2026-03-02 09:00:00 course: message queued one
    2026-03-02 09:00:00 talk: journey entered 1
    2026-03-02 09:00:00 talk: step reached rest
    2026-03-02 09:00:00 talk: wait started rest 2026-04-01 09:00:00
    2026-03-02 09:00:00 course: message sent one
    2026-03-02 09:00:00 course: step reached rest
    2026-03-02 09:00:00 course: wait started rest 2026-04-01 09:00:00
    2026-03-03 09:00:00 course: journey exited erased
    2026-03-03 09:00:00 talk: journey exited erased
    2026-03-03 09:00:00 course: trigger said enter: matched
    2026-03-03 09:00:00 talk: trigger said enter: matched
    2026-03-03 09:00:00 talk: journey entered 4
    2026-03-03 09:00:00 talk: step reached rest
    2026-03-03 09:00:00 talk: wait started rest 2026-04-02 09:00:00
    2026-03-03 09:00:00 course: journey entered 4
    2026-03-03 09:00:00 course: step reached one
    2026-03-03 09:00:00 course: message skipped one erased
    2026-03-03 09:00:00 course: step reached rest
    2026-03-03 09:00:00 course: wait started rest 2026-04-02 09:00:00
at 2026-04-02 09:00
mails
    eva@example.com | A lesson | 2026-04-01 09:00:00
    fay@example.com | A lesson | 2026-04-01 09:00:00

shows 3-exit-at-claim
# Nothing happens in this wait that the segment could be asked for; the message's claim does.
at 2026-05-04 09:00
event eva visited #5
event fay visited #5
at 2026-05-06 08:00
event fay visited #6
at 2026-05-06 09:00
mails
    fay@example.com | Good to see you | 2026-05-06 09:00:00
log eva lapsed
    2026-05-04 09:00:00 lapsed: trigger said enter: matched
    2026-05-04 09:00:00 lapsed: journey entered 5
    2026-05-04 09:00:00 lapsed: step reached rest
    2026-05-04 09:00:00 lapsed: wait started rest 2026-05-06 09:00:00
    2026-05-06 09:00:00 lapsed: step reached two
    2026-05-06 09:00:00 lapsed: message queued two
    2026-05-06 09:00:00 lapsed: exits/0 said in: member
    2026-05-06 09:00:00 lapsed: message skipped two exit
    2026-05-06 09:00:00 lapsed: journey exited gone
log fay lapsed
    2026-05-04 09:00:00 lapsed: trigger said enter: matched
    2026-05-04 09:00:00 lapsed: journey entered 5
    2026-05-04 09:00:00 lapsed: step reached rest
    2026-05-04 09:00:00 lapsed: wait started rest 2026-05-06 09:00:00
    2026-05-06 08:00:00 lapsed: trigger said enter: matched
    2026-05-06 08:00:00 lapsed: not entered inside
    2026-05-06 09:00:00 lapsed: step reached two
    2026-05-06 09:00:00 lapsed: message queued two
    2026-05-06 09:00:00 lapsed: exits/0 said out: not_member
    2026-05-06 09:00:00 lapsed: message sent two
    2026-05-06 09:00:00 lapsed: journey completed

# A message that a server deferred is asked about at each try: the last visit is a day ago at the second.
at 2026-06-01 09:00
event eva visited #7
at 2026-06-02 09:00:30
event eva visited #8
at 2026-06-03 09:00
smtp eva@example.com rcpt 450 4.2.0 try later
mails
    none
at 2026-06-03 09:10
mails
    none
log eva lapsed
    2026-05-04 09:00:00 lapsed: trigger said enter: matched
    2026-05-04 09:00:00 lapsed: journey entered 5
    2026-05-04 09:00:00 lapsed: step reached rest
    2026-05-04 09:00:00 lapsed: wait started rest 2026-05-06 09:00:00
    2026-05-06 09:00:00 lapsed: step reached two
    2026-05-06 09:00:00 lapsed: message queued two
    2026-05-06 09:00:00 lapsed: exits/0 said in: member
    2026-05-06 09:00:00 lapsed: message skipped two exit
    2026-05-06 09:00:00 lapsed: journey exited gone
    2026-06-01 09:00:00 lapsed: trigger said enter: matched
    2026-06-01 09:00:00 lapsed: journey entered 7
    2026-06-01 09:00:00 lapsed: step reached rest
    2026-06-01 09:00:00 lapsed: wait started rest 2026-06-03 09:00:00
    2026-06-02 09:00:30 lapsed: trigger said enter: matched
    2026-06-02 09:00:30 lapsed: not entered inside
    2026-06-03 09:00:00 lapsed: step reached two
    2026-06-03 09:00:00 lapsed: message queued two
    2026-06-03 09:00:00 lapsed: message deferred two 2026-06-03 09:01:02.043 smtp_450
    2026-06-03 09:01:02.043 lapsed: exits/0 said in: member
    2026-06-03 09:01:02.043 lapsed: message skipped two exit
    2026-06-03 09:01:02.043 lapsed: journey exited gone

# An event takes it back at once.
at 2026-07-01 09:00
event fay visited #9
at 2026-07-03 08:30
event fay visited #10
at 2026-07-03 09:00
smtp fay@example.com rcpt 450 4.2.0 try later
mails
    none
event fay message_bounced #11 {"kind": "hard"}
later 10m
mails
    none
log fay lapsed
    2026-05-04 09:00:00 lapsed: trigger said enter: matched
    2026-05-04 09:00:00 lapsed: journey entered 5
    2026-05-04 09:00:00 lapsed: step reached rest
    2026-05-04 09:00:00 lapsed: wait started rest 2026-05-06 09:00:00
    2026-05-06 08:00:00 lapsed: trigger said enter: matched
    2026-05-06 08:00:00 lapsed: not entered inside
    2026-05-06 09:00:00 lapsed: step reached two
    2026-05-06 09:00:00 lapsed: message queued two
    2026-05-06 09:00:00 lapsed: exits/0 said out: not_member
    2026-05-06 09:00:00 lapsed: message sent two
    2026-05-06 09:00:00 lapsed: journey completed
    2026-07-01 09:00:00 lapsed: trigger said enter: matched
    2026-07-01 09:00:00 lapsed: journey entered 9
    2026-07-01 09:00:00 lapsed: step reached rest
    2026-07-01 09:00:00 lapsed: wait started rest 2026-07-03 09:00:00
    2026-07-03 08:30:00 lapsed: trigger said enter: matched
    2026-07-03 08:30:00 lapsed: not entered inside
    2026-07-03 09:00:00 lapsed: step reached two
    2026-07-03 09:00:00 lapsed: message queued two
    2026-07-03 09:00:00 lapsed: message deferred two 2026-07-03 09:01:01.151 smtp_450
    2026-07-03 09:00:00 lapsed: message skipped two exit
    2026-07-03 09:00:00 lapsed: journey exited hard_bounce

shows 3-exit-in-wait
# An order of before the journey that is told late is none of its. One that came in the journey is, however late it is told.
at 2026-08-03 09:00
event gil signed_up #1
at 2026-08-06 09:00
old event gil order_completed #2 2026-06-01 09:00 {"total": 100}
journeys gil
    J13 course version 1, key 1, entered 2026-08-03 09:00:00: inside, waiting at rest until 2026-09-02 09:00:00
    J14 talk version 1, key 1, entered 2026-08-03 09:00:00: inside, waiting at rest until 2026-09-02 09:00:00
old event gil order_completed #3 2026-08-04 09:00 {"total": 100}
journeys gil
    J13 course version 1, key 1, entered 2026-08-03 09:00:00: inside, waiting at rest until 2026-09-02 09:00:00
    J14 talk version 1, key 1, entered 2026-08-03 09:00:00: bought 2026-08-06 09:00:00
