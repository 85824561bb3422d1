semantics-4: Durations pass as time does, calendar waits go by the clocks where the contact is, and a change of the clocks has one meaning.

--- workflow elapsed
{
  "id": "elapsed", "title": "36 hours", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "for": "36h" } }]
}

--- workflow calendar
{
  "id": "calendar", "title": "In two days at nine", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "calendar": { "days": 2, "at": "09:00" } } }]
}

--- workflow night
{
  "id": "night", "title": "Tomorrow at half past two", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "rest", "wait": { "calendar": { "days": 1, "at": "02:30" } } }]
}

--- workflow nowhere
{
  "id": "nowhere", "title": "No zone of its own", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "rest", "wait": { "calendar": { "days": 1, "at": "09:00" } } }]
}

--- workflow berlin
{
  "id": "berlin", "title": "Berlin for those without a zone", "goal": "none", "zone": "Europe/Berlin", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "rest", "wait": { "calendar": { "days": 1, "at": "09:00" } } }]
}

--- workflow atlantis
{
  "id": "atlantis", "title": "A zone that there is not", "goal": "none", "zone": "Europe/Atlantis",
  "trigger": { "plugin": "event", "config": { "event": "visited" } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- workflow opening
{
  "id": "opening", "title": "When the shop is open", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "steps": [{ "id": "rest", "wait": { "window": { "from": "09:00", "to": "18:00" } } }]
}

--- workflow until
{
  "id": "until", "title": "On the day", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "steps": [{ "id": "rest", "wait": { "until": { "attribute": "trial_ends_at", "at": "09:00" } } }]
}

--- workflow elapses
{
  "id": "elapses", "title": "Elapsed time", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "asked" } },
  "steps": [{ "id": "rest", "wait": { "for": "1d" } }]
}

--- story
# The clocks of Berlin go forward on 29 March 2026 at 01:00 UTC, and back on 25 October at 01:00 UTC.
at 2026-03-28 12:00
create elapsed
start elapsed
create calendar
start calendar
create night
start night
contact ann {"time_zone": "Europe/Berlin"}
event ann signed_up #1
shows 4-duration
log ann elapsed
    2026-03-28 12:00:00 elapsed: trigger said enter: matched
    2026-03-28 12:00:00 elapsed: journey entered 1
    2026-03-28 12:00:00 elapsed: step reached rest
    2026-03-28 12:00:00 elapsed: wait started rest 2026-03-30 00:00:00
shows 4-calendar
log ann calendar
    2026-03-28 12:00:00 calendar: trigger said enter: matched
    2026-03-28 12:00:00 calendar: journey entered 1
    2026-03-28 12:00:00 calendar: step reached rest
    2026-03-28 12:00:00 calendar: zone taken rest Europe/Berlin contact
    2026-03-28 12:00:00 calendar: wait started rest 2026-03-30 07:00:00
shows 4-gap
log ann night
    2026-03-28 12:00:00 night: trigger said enter: matched
    2026-03-28 12:00:00 night: journey entered 1
    2026-03-28 12:00:00 night: step reached rest
    2026-03-28 12:00:00 night: zone taken rest Europe/Berlin contact
    2026-03-28 12:00:00 night: wait started rest 2026-03-29 01:00:00

shows 4-overlap
at 2026-10-24 12:00
contact bo {"time_zone": "Europe/Berlin"}
event bo signed_up #1
log bo night
    2026-10-24 12:00:00 night: trigger said enter: matched
    2026-10-24 12:00:00 night: journey entered 1
    2026-10-24 12:00:00 night: step reached rest
    2026-10-24 12:00:00 night: zone taken rest Europe/Berlin contact
    2026-10-24 12:00:00 night: wait started rest 2026-10-25 00:30:00
at 2026-10-25 00:29:59
journeys bo
    J1 calendar version 1, key 1, entered 2026-10-24 12:00:00: inside, waiting at rest until 2026-10-26 08:00:00
    J2 elapsed version 1, key 1, entered 2026-10-24 12:00:00: inside, waiting at rest until 2026-10-26 00:00:00
    J3 night version 1, key 1, entered 2026-10-24 12:00:00: inside, waiting at rest until 2026-10-25 00:30:00
at 2026-10-25 00:30
journeys bo
    J1 calendar version 1, key 1, entered 2026-10-24 12:00:00: inside, waiting at rest until 2026-10-26 08:00:00
    J2 elapsed version 1, key 1, entered 2026-10-24 12:00:00: inside, waiting at rest until 2026-10-26 00:00:00
    J3 night version 1, key 1, entered 2026-10-24 12:00:00: completed 2026-10-25 00:30:00

shows 4-zone-chain
# Its own, the workflow's, the server's, UTC: each tells whose it is; another zone of the server moves those who go by it.
create nowhere
start nowhere
create berlin
start berlin
contact dan {"time_zone": "Asia/Seoul"}
at 2026-11-01 12:00
event cem visited #1
event dan visited #1
settings {"zone": "America/New_York"}
event eva visited #1
log cem
    2026-11-01 12:00:00 berlin: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: journey entered 1
    2026-11-01 12:00:00 nowhere: step reached rest
    2026-11-01 12:00:00 nowhere: zone taken rest UTC utc
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 09:00:00
    2026-11-01 12:00:00 berlin: journey entered 1
    2026-11-01 12:00:00 berlin: step reached rest
    2026-11-01 12:00:00 berlin: zone taken rest Europe/Berlin workflow
    2026-11-01 12:00:00 berlin: wait started rest 2026-11-02 08:00:00
    2026-11-01 12:00:00 nowhere: zone taken rest America/New_York server
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 14:00:00
log dan
    2026-11-01 12:00:00 berlin: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: journey entered 1
    2026-11-01 12:00:00 nowhere: step reached rest
    2026-11-01 12:00:00 nowhere: zone taken rest Asia/Seoul contact
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 00:00:00
    2026-11-01 12:00:00 berlin: journey entered 1
    2026-11-01 12:00:00 berlin: step reached rest
    2026-11-01 12:00:00 berlin: zone taken rest Asia/Seoul contact
    2026-11-01 12:00:00 berlin: wait started rest 2026-11-02 00:00:00
log eva
    2026-11-01 12:00:00 berlin: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: journey entered 1
    2026-11-01 12:00:00 nowhere: step reached rest
    2026-11-01 12:00:00 nowhere: zone taken rest America/New_York server
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 14:00:00
    2026-11-01 12:00:00 berlin: journey entered 1
    2026-11-01 12:00:00 berlin: step reached rest
    2026-11-01 12:00:00 berlin: zone taken rest Europe/Berlin workflow
    2026-11-01 12:00:00 berlin: wait started rest 2026-11-02 08:00:00

shows 4-zone-invalid
# What is no zone is flagged, and the next one of the chain is taken.
contact fay {"time_zone": "Mars/Base"}
event fay visited #1
log fay
    2026-11-01 12:00:00 berlin: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: journey entered 1
    2026-11-01 12:00:00 nowhere: step reached rest
    2026-11-01 12:00:00 nowhere: zone taken rest America/New_York server_contact_invalid
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 14:00:00
    2026-11-01 12:00:00 berlin: journey entered 1
    2026-11-01 12:00:00 berlin: step reached rest
    2026-11-01 12:00:00 berlin: zone taken rest Europe/Berlin workflow_contact_invalid
    2026-11-01 12:00:00 berlin: wait started rest 2026-11-02 08:00:00
create atlantis
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /zone "Europe/Atlantis" is not the name of a time zone

shows 4-zone-change
# In Honolulu the morning comes later than in Berlin; in Seoul it was an hour ago, so it is now.
settings {}
at 2026-11-05 12:00
event cem visited #2
journeys cem
    J4 berlin version 1, key 1, entered 2026-11-01 12:00:00: completed 2026-11-02 08:00:00
    J5 nowhere version 1, key 1, entered 2026-11-01 12:00:00: completed 2026-11-02 09:00:00
    J6 berlin version 1, key 2, entered 2026-11-05 12:00:00: inside, waiting at rest until 2026-11-06 08:00:00
    J7 nowhere version 1, key 2, entered 2026-11-05 12:00:00: inside, waiting at rest until 2026-11-06 09:00:00
contact cem {"time_zone": "Pacific/Honolulu"}
journeys cem
    J4 berlin version 1, key 1, entered 2026-11-01 12:00:00: completed 2026-11-02 08:00:00
    J5 nowhere version 1, key 1, entered 2026-11-01 12:00:00: completed 2026-11-02 09:00:00
    J6 berlin version 1, key 2, entered 2026-11-05 12:00:00: inside, waiting at rest until 2026-11-06 19:00:00
    J7 nowhere version 1, key 2, entered 2026-11-05 12:00:00: inside, waiting at rest until 2026-11-06 19:00:00
at 2026-11-06 01:00
contact cem {"time_zone": "Asia/Seoul"}
journeys cem
    J4 berlin version 1, key 1, entered 2026-11-01 12:00:00: completed 2026-11-02 08:00:00
    J5 nowhere version 1, key 1, entered 2026-11-01 12:00:00: completed 2026-11-02 09:00:00
    J6 berlin version 1, key 2, entered 2026-11-05 12:00:00: completed 2026-11-06 01:00:00
    J7 nowhere version 1, key 2, entered 2026-11-05 12:00:00: completed 2026-11-06 01:00:00
log cem nowhere
    2026-11-01 12:00:00 nowhere: trigger said enter: matched
    2026-11-01 12:00:00 nowhere: journey entered 1
    2026-11-01 12:00:00 nowhere: step reached rest
    2026-11-01 12:00:00 nowhere: zone taken rest UTC utc
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 09:00:00
    2026-11-01 12:00:00 nowhere: zone taken rest America/New_York server
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 14:00:00
    2026-11-01 12:00:00 nowhere: zone taken rest UTC utc
    2026-11-01 12:00:00 nowhere: wait started rest 2026-11-02 09:00:00
    2026-11-02 09:00:00 nowhere: journey completed
    2026-11-05 12:00:00 nowhere: trigger said enter: matched
    2026-11-05 12:00:00 nowhere: journey entered 2
    2026-11-05 12:00:00 nowhere: step reached rest
    2026-11-05 12:00:00 nowhere: zone taken rest UTC utc
    2026-11-05 12:00:00 nowhere: wait started rest 2026-11-06 09:00:00
    2026-11-05 12:00:00 nowhere: zone taken rest Pacific/Honolulu contact
    2026-11-05 12:00:00 nowhere: wait started rest 2026-11-06 19:00:00
    2026-11-06 01:00:00 nowhere: zone taken rest Asia/Seoul contact
    2026-11-06 01:00:00 nowhere: wait started rest 2026-11-06 01:00:00
    2026-11-06 01:00:00 nowhere: journey completed
# So with windows and dates; elapsed time is what it was.
create opening
start opening
create until
start until
create elapses
start elapses
at 2026-11-10 22:00
contact gil {"trial_ends_at": "2026-11-12"}
event gil asked #1
journeys gil
    J8 elapses version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-11 22:00:00
    J9 opening version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-11 09:00:00
    J10 until version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-12 09:00:00
contact gil {"time_zone": "Asia/Seoul"}
journeys gil
    J8 elapses version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-11 22:00:00
    J9 opening version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-11 00:00:00
    J10 until version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-12 00:00:00
contact gil {"time_zone": "America/New_York"}
journeys gil
    J8 elapses version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-11 22:00:00
    J9 opening version 1, key 1, entered 2026-11-10 22:00:00: completed 2026-11-10 22:00:00
    J10 until version 1, key 1, entered 2026-11-10 22:00:00: inside, waiting at rest until 2026-11-12 14:00:00
