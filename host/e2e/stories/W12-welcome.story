W12: The template welcome sends four mails over two weeks, none twice; whoever orders gets no more of them.

--- story
# A Monday. Ann and Bea sign up in the morning, Cem at night: his first mail comes at once, the others by day.
at 2026-03-02 10:00
new welcome
start welcome
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com", "first_name": "Cem"}
event ann signed_up #s1
event bea signed_up #s1
at 2026-03-02 22:30
event cem signed_up #s1
at 2026-03-05 00:00
mails
    ann@example.com | A year on our own kitchen table first | 2026-03-04 10:00:00
    ann@example.com | Good to have you here, Ann | 2026-03-02 10:00:00
    bea@example.com | A year on our own kitchen table first | 2026-03-04 10:00:00
    bea@example.com | Good to have you here | 2026-03-02 10:00:00
    cem@example.com | Good to have you here, Cem | 2026-03-02 22:30:00

# Signed up a second time: welcomed already.
event ann signed_up #s2
event bea order_completed #o1 {"order_id": "1", "total": 20}
at 2026-04-30 00:00
mails
    ann@example.com | A small thank-you for your first order | 2026-03-16 10:00:00
    ann@example.com | Three things people come back for | 2026-03-08 10:00:00
    cem@example.com | A small thank-you for your first order | 2026-03-17 09:00:00
    cem@example.com | A year on our own kitchen table first | 2026-03-05 09:00:00
    cem@example.com | Three things people come back for | 2026-03-09 09:00:00
journeys ann
    J1 welcome version 1, key s1, entered 2026-03-02 10:00:00: completed 2026-03-16 10:00:00
journeys bea
    J2 welcome version 1, key s1, entered 2026-03-02 10:00:00: first_order 2026-03-05 00:00:00
