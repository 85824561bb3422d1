W12: The template survey asks once, reminds once, and answers what was said; at most once in three months.

--- story
# A Wednesday.
at 2026-03-04 15:00
new survey
start survey
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann ticket_closed #t1 {"ticket_id": "T-1", "subject": "Export of a board"}
event bea ticket_closed #t1 {"ticket_id": "T-2"}
event cem ticket_closed #t1 {"ticket_id": "T-3"}
at 2026-03-05 12:00
mails
    ann@example.com | Did we solve it? | 2026-03-05 10:00:00
    bea@example.com | Did we solve it? | 2026-03-05 10:00:00
    cem@example.com | Did we solve it? | 2026-03-05 10:00:00

# Ann is content, Bea is not, after the reminder; Cem says nothing.
event ann survey_answered #s1 {"score": 5}
at 2026-03-10 12:00
mails
    ann@example.com | Thank you for your answer | 2026-03-05 12:00:00
    bea@example.com | Still one click: did we solve it? | 2026-03-09 10:00:00
    cem@example.com | Still one click: did we solve it? | 2026-03-09 10:00:00
event bea survey_answered #s1 {"score": 2}
event ann ticket_closed #t2 {"ticket_id": "T-4"}
at 2026-04-10 00:00
mails
    bea@example.com | We have not solved it. We are sorry | 2026-03-10 12:00:00
journeys ann
    J1 survey version 1, key T-1, entered 2026-03-04 15:00:00: answered 2026-03-05 12:00:00
journeys bea
    J2 survey version 1, key T-2, entered 2026-03-04 15:00:00: answered_low 2026-03-10 12:00:00
journeys cem
    J3 survey version 1, key T-3, entered 2026-03-04 15:00:00: no_answer 2026-03-16 10:00:00
profile bea
    events: 5
    inside: 0
    email: bea@example.com
    tags: ["call_back"]

# Another ticket that is opened again is no reason not to ask about this one.
contact dan {"email": "dan@example.com"}
at 2026-04-13 15:00
event dan ticket_closed #t1 {"ticket_id": "T-8"}
event dan ticket_reopened #t2 {"ticket_id": "T-7"}
at 2026-04-14 12:00
mails
    dan@example.com | Did we solve it? | 2026-04-14 09:00:00
event dan ticket_reopened #t3 {"ticket_id": "T-8"}
journeys dan
    J4 survey version 1, key T-8, entered 2026-04-13 15:00:00: ticket_reopened 2026-04-14 12:00:00
