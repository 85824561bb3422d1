W12: The template win-back writes three times to those who have stayed away, and lets go of who stays silent.

--- story
at 2026-03-02 12:00
new win-back
start win-back
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
event ann order_completed #o1 {"order_id": "1"}
event bea order_completed #o1 {"order_id": "2"}
event cem order_completed #o1 {"order_id": "3"}
event dan order_completed #o1 {"order_id": "4"}

# Dan orders again in time. Bea orders after the first mail, Cem says after the last one that he stays.
at 2026-05-01 12:00
event dan order_completed #o2 {"order_id": "5"}
at 2026-06-01 12:00
mails
    ann@example.com | It has been a while, Ann | 2026-05-31 12:00:00
    bea@example.com | It has been a while | 2026-05-31 12:00:00
    cem@example.com | It has been a while | 2026-05-31 12:00:00
event bea order_completed #o2 {"order_id": "6"}
at 2026-07-02 12:00
mails
    ann@example.com | 15% to come back to | 2026-06-10 12:00:00
    ann@example.com | Shall we stop writing? | 2026-07-01 12:00:00
    cem@example.com | 15% to come back to | 2026-06-10 12:00:00
    cem@example.com | Shall we stop writing? | 2026-07-01 12:00:00
event cem stay_confirmed #s1
at 2026-07-20 12:00
mails
    none
journeys ann
    J1 win-back version 1, key 2026-03-02T12:00:00Z, entered 2026-05-31 12:00:00: dormant 2026-07-15 12:00:00
journeys bea
    J2 win-back version 1, key 2026-03-02T12:00:00Z, entered 2026-05-31 12:00:00: converted 2026-06-01 12:00:00
    arm of win-back for 2026-08-30 12:00:00
journeys cem
    J3 win-back version 1, key 2026-03-02T12:00:00Z, entered 2026-05-31 12:00:00: stays 2026-07-02 12:00:00
journeys dan
    arm of win-back for 2026-07-30 12:00:00
profile ann
    events: 4
    inside: 0
    email: ann@example.com
    first_name: Ann
    tags: ["dormant"]
profile bea
    events: 3
    inside: 0
    email: bea@example.com
    tags: ["won_back"]
