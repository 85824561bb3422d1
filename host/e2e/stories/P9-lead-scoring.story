P9: Points for opens and a checkout count at once, add up to what a hand would add, and fade by the clock.

--- segment warm
{ "name": "warm", "title": "Six points or more", "rule": { "plugin": "engagement_score", "config": { "from": 6, "half_life": "10d", "signals": [
  { "event": "message_opened", "points": 1 }, { "event": "message_clicked", "points": 3 }, { "event": "checkout_started", "points": 5 } ] } } }

--- workflow call
{
  "id": "call",
  "title": "Write to whoever is warm",
  "type": "promotion",
  "stage": "push",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "segment_entered", "config": { "segment": "warm", "enters": "each_time" } },
  "steps": [{ "id": "write", "send": { "template": "write" } }]
}

--- template call write
Subject: Can we help?

A word.

--- story
at 2026-03-02 09:00
segment warm
create call
start call
contact ann {"email": "ann@example.com"}
contact bo {"email": "bo@example.com"}
# By hand: 1 + 5 = 6 points, with the second event, at once.
event ann message_opened #a1
members warm
    0 in, 0 came in, 0 left
event ann checkout_started #a2
soon members warm
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
mails
    ann@example.com | Can we help? | 2026-03-02 09:00:00
# From the next millisecond on they are less than 6; a rule that reads the clock is asked again after a minute at the earliest.
at 2026-03-02 09:00:59
members warm
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
at 2026-03-02 09:01
members warm
    0 in, 1 came in, 1 left
# Bo: 3 points now, and after one half-life 1.5, and 5 more: 6.5 points. They are 6 after 10 d * log2(6.5 / 6) = 99,772.316 s,
# on 13 March at 12:43:52.316.
event bo message_clicked #b1
at 2026-03-12 09:01
event bo checkout_started #b2
members warm
    bo since 2026-03-12 09:01:00
    1 in, 2 came in, 1 left
at 2026-03-13 12:43:52
members warm
    bo since 2026-03-12 09:01:00
    1 in, 2 came in, 1 left
at 2026-03-13 12:43:53
members warm
    0 in, 2 came in, 2 left
log bo
    2026-03-12 09:01:00 segment warm: membership said in: inside
    2026-03-12 09:01:00 segment warm: segment entered
    2026-03-12 09:01:00 call: trigger said enter: entered
    2026-03-12 09:01:00 call: journey entered 2026-03-12 09:01:00
    2026-03-12 09:01:00 call: step reached write
    2026-03-12 09:01:00 call: message queued write
    2026-03-12 09:01:00 call: message sent write
    2026-03-12 09:01:00 call: journey completed
    2026-03-13 12:43:52.316 segment warm: membership said out: low
    2026-03-13 12:43:52.316 segment warm: segment left
mails
    bo@example.com | Can we help? | 2026-03-12 09:01:00
