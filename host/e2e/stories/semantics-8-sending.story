semantics-8: What a server refuses for now is tried again, what it refuses for good is told and goes the way for errors, and only an address that does not exist is suppressed.

--- workflow letter
{
  "id": "letter", "title": "A letter", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "came" } },
  "steps": [
    { "id": "letter", "send": { "template": "note", "on_error": "failed" } },
    { "id": "done", "exit": { "reason": "went_well" } },
    { "id": "failed", "exit": { "reason": "went_wrong" } }
  ]
}

--- template letter note
Subject: A letter

A word.

--- workflow plain
{
  "id": "plain", "title": "Without a way for errors", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "wrote" } },
  "steps": [
    { "id": "letter", "send": { "template": "note" } },
    { "id": "done", "exit": { "reason": "went_on" } }
  ]
}

--- template plain note
Subject: Another letter

A word.

--- workflow order
{
  "id": "order", "title": "Order confirmed", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "order_completed" } },
  "steps": [{ "id": "confirm", "send": { "template": "note", "class": "transactional" } }]
}

--- template order note
Subject: Your order

A word.

--- story
at 2026-03-02 09:00
create letter
start letter
create plain
start plain
create order
start order
contact ann {"email": "ann@one.example"}
contact bo {"email": "bo@two.example"}
contact cem {"email": "cem@three.example"}
contact dan {"email": "dan@four.example"}
contact eva {"email": "eva@four.example"}
contact fay {"email": "fay@five.example"}
contact gus {"email": "gus@four.example"}
contact hal {"email": "hal@six.example"}
contact ida {"email": "ida@seven.example"}

shows 8-retry
# Six times not now: after 1, 5, 15 and 30 minutes, then every 30 to 60.
smtp ann@one.example rcpt 450 4.2.0 try later
smtp ann@one.example data 451 4.3.0 try later
smtp ann@one.example end 452 4.2.2 full
smtp ann@one.example rcpt 450 4.2.0 try later
smtp ann@one.example rcpt 450 4.2.0 try later
smtp ann@one.example rcpt 450 4.7.1 try later
event ann came #1
at 2026-03-02 18:00
mails
    ann@one.example | A letter | 2026-03-02 09:00:00
log ann letter
    2026-03-02 09:00:00 letter: trigger said enter: matched
    2026-03-02 09:00:00 letter: journey entered 1
    2026-03-02 09:00:00 letter: step reached letter
    2026-03-02 09:00:00 letter: message queued letter
    2026-03-02 09:00:00 letter: message deferred letter 2026-03-02 09:01:02.135 smtp_450
    2026-03-02 09:01:02.135 letter: message deferred letter 2026-03-02 09:06:08.905 smtp_450
    2026-03-02 09:06:08.905 letter: message deferred letter 2026-03-02 09:21:48.912 smtp_450
    2026-03-02 09:21:48.912 letter: message deferred letter 2026-03-02 09:52:47.733 policy_deferred
    2026-03-02 09:52:47.733 letter: message deferred letter 2026-03-02 10:38:14.134 smtp_451
    2026-03-02 10:38:14.134 letter: message deferred letter 2026-03-02 11:15:58.359 smtp_452
    2026-03-02 11:15:58.359 letter: message sent letter
    2026-03-02 11:15:58.359 letter: step reached done
    2026-03-02 11:15:58.359 letter: journey exited went_well

shows 8-5xx
# Said once and for good: not tried again, and nobody is suppressed for it.
smtp bo@two.example end 554 5.6.0 not like this
event bo came #1
shows 8-on-error
log bo letter
    2026-03-02 18:00:00 letter: trigger said enter: matched
    2026-03-02 18:00:00 letter: journey entered 1
    2026-03-02 18:00:00 letter: step reached letter
    2026-03-02 18:00:00 letter: message queued letter
    2026-03-02 18:00:00 letter: message refused letter smtp_554
    2026-03-02 18:00:00 letter: step reached failed
    2026-03-02 18:00:00 letter: journey exited went_wrong
at 2026-03-02 20:00
mails
    none
# Nor can a mail be made for whoever has no address.
contact jo {"first_name": "Jo"}
event jo came #1
log jo letter
    2026-03-02 20:00:00 letter: trigger said enter: matched
    2026-03-02 20:00:00 letter: journey entered 1
    2026-03-02 20:00:00 letter: step reached letter
    2026-03-02 20:00:00 letter: message skipped letter no_address
    2026-03-02 20:00:00 letter: step reached failed
    2026-03-02 20:00:00 letter: journey exited went_wrong
shows 8-goes-on
smtp bo@two.example end 554 5.6.0 not like this
event bo wrote #2
log bo plain
    2026-03-02 20:00:00 plain: trigger said enter: matched
    2026-03-02 20:00:00 plain: journey entered 2
    2026-03-02 20:00:00 plain: step reached letter
    2026-03-02 20:00:00 plain: message queued letter
    2026-03-02 20:00:00 plain: message refused letter smtp_554
    2026-03-02 20:00:00 plain: step reached done
    2026-03-02 20:00:00 plain: journey exited went_on
event bo came #3
mails
    bo@two.example | A letter | 2026-03-02 20:00:00

shows 8-hard-bounce
# No such address: never mailed again, not even about an order.
smtp cem@three.example rcpt 550 5.1.1 no such user
event cem came #1
log cem letter
    2026-03-02 20:00:00 letter: trigger said enter: matched
    2026-03-02 20:00:00 letter: journey entered 1
    2026-03-02 20:00:00 letter: step reached letter
    2026-03-02 20:00:00 letter: message queued letter
    2026-03-02 20:00:00 letter: message refused letter hard_bounce
    2026-03-02 20:00:00 letter: journey exited hard_bounce
event cem wrote #2
event cem order_completed #3
mails
    none
log cem plain
    2026-03-02 20:00:00 plain: trigger said enter: matched
    2026-03-02 20:00:00 plain: journey entered 2
    2026-03-02 20:00:00 plain: step reached letter
    2026-03-02 20:00:00 plain: message skipped letter hard_bounce
    2026-03-02 20:00:00 plain: step reached done
    2026-03-02 20:00:00 plain: journey exited went_on
log cem order
    2026-03-02 20:00:00 order: trigger said enter: matched
    2026-03-02 20:00:00 order: journey entered 3
    2026-03-02 20:00:00 order: step reached confirm
    2026-03-02 20:00:00 order: message skipped confirm hard_bounce
    2026-03-02 20:00:00 order: journey completed

shows 8-policy
# About us: nobody is suppressed, and marketing to that domain slows down; an order goes, and so does all else.
smtp dan@four.example rcpt 550 5.7.1 blocked by policy
event dan came #1
log dan letter
    2026-03-02 20:00:00 letter: trigger said enter: matched
    2026-03-02 20:00:00 letter: journey entered 1
    2026-03-02 20:00:00 letter: step reached letter
    2026-03-02 20:00:00 letter: message queued letter
    2026-03-02 20:00:00 letter: message refused letter policy_refused
    2026-03-02 20:00:00 letter: step reached failed
    2026-03-02 20:00:00 letter: journey exited went_wrong
event eva came #1
event fay came #1
event gus order_completed #2
mails
    fay@five.example | A letter | 2026-03-02 20:00:00
    gus@four.example | Your order | 2026-03-02 20:00:00
log eva letter
    2026-03-02 20:00:00 letter: trigger said enter: matched
    2026-03-02 20:00:00 letter: journey entered 1
    2026-03-02 20:00:00 letter: step reached letter
    2026-03-02 20:00:00 letter: message queued letter
    2026-03-02 20:00:00 letter: message deferred letter 2026-03-02 20:01:00.371 domain_slowed
later 59s
mails
    none
later 1s
mails
    none
later 2m
event dan came #4
mails
    dan@four.example | A letter | 2026-03-02 20:03:00
    eva@four.example | A letter | 2026-03-02 20:00:00
at 2026-03-02 23:00
mails
    none
counters letter
    version 1 decisions trigger matched: 9
    version 1 entered: 9
    version 1 exited hard_bounce: 1
    version 1 exited went_well: 5
    version 1 exited went_wrong: 3
    version 1 messages deferred domain_slowed: 1
    version 1 messages deferred policy_deferred: 1
    version 1 messages deferred smtp_450: 3
    version 1 messages deferred smtp_451: 1
    version 1 messages deferred smtp_452: 1
    version 1 messages queued: 8
    version 1 messages refused hard_bounce: 1
    version 1 messages refused policy_refused: 1
    version 1 messages refused smtp_554: 1
    version 1 messages sent: 5
    version 1 messages skipped no_address: 1

shows 8-expired
# Not now for ever: four days for a letter, one for an order, which nobody waits for any longer.
at 2026-03-10 09:00
smtp hal@six.example rcpt*200 450 4.2.0 try later
smtp ida@seven.example rcpt*200 450 4.2.0 try later
event hal came #1
event ida order_completed #1
at 2026-03-11 08:00
journeys ida
    J1 order version 1, key 1, entered 2026-03-10 09:00:00: inside, sending at confirm
at 2026-03-11 09:00
journeys ida
    J1 order version 1, key 1, entered 2026-03-10 09:00:00: completed 2026-03-11 08:21:36.265
at 2026-03-14 08:00
journeys hal
    J2 letter version 1, key 1, entered 2026-03-10 09:00:00: inside, sending at letter
at 2026-03-14 09:00
journeys hal
    J2 letter version 1, key 1, entered 2026-03-10 09:00:00: went_wrong 2026-03-14 08:50:11.611
mails
    none
counters letter
    version 1 decisions trigger matched: 10
    version 1 entered: 10
    version 1 exited hard_bounce: 1
    version 1 exited went_well: 5
    version 1 exited went_wrong: 4
    version 1 messages deferred domain_slowed: 1
    version 1 messages deferred policy_deferred: 1
    version 1 messages deferred smtp_450: 133
    version 1 messages deferred smtp_451: 1
    version 1 messages deferred smtp_452: 1
    version 1 messages queued: 9
    version 1 messages refused expired: 1
    version 1 messages refused hard_bounce: 1
    version 1 messages refused policy_refused: 1
    version 1 messages refused smtp_554: 1
    version 1 messages sent: 5
    version 1 messages skipped no_address: 1
counters order
    version 1 completed: 3
    version 1 decisions trigger matched: 3
    version 1 entered: 3
    version 1 messages deferred smtp_450: 34
    version 1 messages queued: 2
    version 1 messages refused expired: 1
    version 1 messages sent: 1
    version 1 messages skipped hard_bounce: 1
