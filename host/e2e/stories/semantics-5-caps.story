semantics-5: A contact gets so much marketing a day and in a rolling period, of one kind and over all; what is too much is skipped or waits, and the strictest cap wins.

--- workflow promo
{
  "id": "promo", "title": "Offers", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "send", "send": { "template": "note", "tags": ["promo"] } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template promo note
Subject: An offer

A word.

--- workflow tips
{
  "id": "tips", "title": "Tips", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "read" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }, { "id": "end", "exit": { "reason": "went_on" } }]
}

--- template tips note
Subject: A tip

A word.

--- workflow a_low
{
  "id": "a_low", "title": "Can wait", "goal": "none", "entry": "every", "priority": 10, "window": { "from": "09:00", "to": "18:00" },
  "trigger": { "plugin": "event", "config": { "event": "met" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template a_low note
Subject: Can wait

A word.

--- workflow b_high
{
  "id": "b_high", "title": "Matters", "goal": "none", "entry": "every", "priority": 90, "window": { "from": "09:00", "to": "18:00" },
  "trigger": { "plugin": "event", "config": { "event": "met" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template b_high note
Subject: Matters

A word.

--- workflow c_high
{
  "id": "c_high", "title": "Matters as much", "goal": "none", "entry": "every", "priority": 90, "window": { "from": "09:00", "to": "18:00" },
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template c_high note
Subject: Matters as much

A word.

--- story
at 2026-03-02 14:00
create promo
start promo
create tips
start tips
create a_low
start a_low
create b_high
start b_high
create c_high
start c_high
contact ann {"email": "ann@example.com", "time_zone": "Asia/Seoul"}
contact bo {"email": "bo@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
contact eva {"email": "eva@example.com"}
contact fay {"email": "fay@example.com"}
contact gus {"email": "gus@example.com"}

shows 5-cap-day
# One offer a day, and 15:00 in UTC is midnight in Seoul. A tip is no offer.
settings {"caps": [{"tag": "promo", "count": 1, "per": "day"}]}
event ann visited #1
event ann read #2
at 2026-03-02 14:30
event ann visited #3
mails
    ann@example.com | A tip | 2026-03-02 14:00:00
    ann@example.com | An offer | 2026-03-02 14:00:00
at 2026-03-02 15:00
event ann visited #4
mails
    ann@example.com | An offer | 2026-03-02 15:00:00
shows 5-cap-skip
log ann promo
    2026-03-02 14:00:00 promo: trigger said enter: matched
    2026-03-02 14:00:00 promo: journey entered 1
    2026-03-02 14:00:00 promo: step reached send
    2026-03-02 14:00:00 promo: message queued send
    2026-03-02 14:00:00 promo: message sent send
    2026-03-02 14:00:00 promo: step reached end
    2026-03-02 14:00:00 promo: journey exited went_on
    2026-03-02 14:30:00 promo: trigger said enter: matched
    2026-03-02 14:30:00 promo: journey entered 3
    2026-03-02 14:30:00 promo: step reached send
    2026-03-02 14:30:00 promo: message queued send
    2026-03-02 14:30:00 promo: message skipped send frequency_cap
    2026-03-02 14:30:00 promo: step reached end
    2026-03-02 14:30:00 promo: journey exited went_on
    2026-03-02 15:00:00 promo: trigger said enter: matched
    2026-03-02 15:00:00 promo: journey entered 4
    2026-03-02 15:00:00 promo: step reached send
    2026-03-02 15:00:00 promo: message queued send
    2026-03-02 15:00:00 promo: message sent send
    2026-03-02 15:00:00 promo: step reached end
    2026-03-02 15:00:00 promo: journey exited went_on

shows 5-cap-rolling
# Two in 24 hours of any kind, whatever day it is.
settings {"caps": [{"count": 2, "per": {"last": "24h"}}]}
at 2026-03-04 20:00
event bo visited #1
at 2026-03-05 08:00
event bo read #2
at 2026-03-05 19:59:59
event bo read #3
at 2026-03-05 20:00
event bo read #4
mails
    bo@example.com | A tip | 2026-03-05 08:00:00
    bo@example.com | A tip | 2026-03-05 20:00:00
    bo@example.com | An offer | 2026-03-04 20:00:00
counters tips
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 exited went_on: 4
    version 1 messages queued: 4
    version 1 messages sent: 3
    version 1 messages skipped frequency_cap: 1

shows 5-cap-defer
settings {"caps": [{"count": 1, "per": {"last": "24h"}, "at_cap": "defer"}]}
at 2026-03-09 09:00
event cem visited #1
at 2026-03-09 10:00
event cem read #2
event cem visited #3
mails
    cem@example.com | An offer | 2026-03-09 09:00:00
at 2026-03-10 08:59:59
mails
    none
at 2026-03-12 12:00
mails
    cem@example.com | A tip | 2026-03-10 09:00:00
    cem@example.com | An offer | 2026-03-11 09:00:00
log cem tips
    2026-03-09 10:00:00 tips: trigger said enter: matched
    2026-03-09 10:00:00 tips: journey entered 2
    2026-03-09 10:00:00 tips: step reached send
    2026-03-09 10:00:00 tips: message queued send
    2026-03-09 10:00:00 tips: message held send 2026-03-10 09:00:00 frequency_cap
    2026-03-10 09:00:00 tips: message sent send
    2026-03-10 09:00:00 tips: step reached end
    2026-03-10 09:00:00 tips: journey exited went_on

shows 5-strictest
# Room for more in a week, none today; room today, none in the week; and one that skips is stricter than one that waits.
settings {"caps": [{"count": 2, "per": {"last": "7d"}}, {"count": 1, "per": "day"}]}
at 2026-03-16 09:00
event dan visited #1
event dan visited #2
at 2026-03-17 09:00
event dan visited #3
at 2026-03-18 09:00
event dan visited #4
mails
    dan@example.com | An offer | 2026-03-16 09:00:00
    dan@example.com | An offer | 2026-03-17 09:00:00
counters promo
    version 1 decisions trigger matched: 10
    version 1 entered: 10
    version 1 exited went_on: 10
    version 1 messages queued: 10
    version 1 messages sent: 7
    version 1 messages skipped frequency_cap: 3
settings {"caps": [{"count": 1, "per": "day", "at_cap": "defer"}, {"count": 1, "per": {"last": "3d"}, "at_cap": "defer"}]}
event eva visited #1
event eva read #2
at 2026-03-23 09:00
mails
    eva@example.com | A tip | 2026-03-21 09:00:00
    eva@example.com | An offer | 2026-03-18 09:00:00
settings {"caps": [{"count": 1, "per": "day", "at_cap": "defer"}, {"count": 1, "per": {"last": "3d"}}]}
event fay visited #1
event fay read #2
mails
    fay@example.com | An offer | 2026-03-23 09:00:00
log fay tips
    2026-03-23 09:00:00 tips: trigger said enter: matched
    2026-03-23 09:00:00 tips: journey entered 2
    2026-03-23 09:00:00 tips: step reached send
    2026-03-23 09:00:00 tips: message queued send
    2026-03-23 09:00:00 tips: message skipped send frequency_cap
    2026-03-23 09:00:00 tips: step reached end
    2026-03-23 09:00:00 tips: journey exited went_on

shows 5-priority
# All are let out in one instant and there is room for one: the older of two that matter, and one that matters before an older one that can wait.
settings {"caps": [{"count": 1, "per": "day"}]}
at 2026-03-24 06:00
event gus asked #1
at 2026-03-24 07:00
event gus met #2
at 2026-03-24 09:00
mails
    gus@example.com | Matters as much | 2026-03-24 09:00:00
later 1m
counters a_low
    version 1 completed: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages skipped frequency_cap: 1
counters b_high
    version 1 completed: 1
    version 1 decisions trigger matched: 1
    version 1 entered: 1
    version 1 messages queued: 1
    version 1 messages skipped frequency_cap: 1
at 2026-03-25 06:00
event gus met #3
at 2026-03-25 07:00
event gus asked #4
at 2026-03-25 09:00
mails
    gus@example.com | Matters | 2026-03-25 09:00:00
pause b_high
at 2026-03-26 06:00
event gus met #5
at 2026-03-26 07:00
event gus asked #6
at 2026-03-26 09:00
mails
    gus@example.com | Matters as much | 2026-03-26 09:00:00
later 1m
counters a_low
    version 1 completed: 3
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 messages queued: 3
    version 1 messages skipped frequency_cap: 3
