W12: The template transactional sends what was asked for at any hour, once, and nothing without what it needs.

--- story
at 2026-03-02 23:30
new transactional
start transactional
contact ann {"email": "ann@example.com", "first_name": "Ann"}
event ann notice_requested #n1 {"notice_id": "1", "kind": "order_shipped", "order_id": "A-1", "carrier": "Royal Mail", "tracking_number": "RM 123 456", "tracking_url": "https://track.example/RM123456", "arrives": "Thursday, 5 March", "items": [{"name": "iron pan", "quantity": 2}]}
mails
    ann@example.com | Your order A-1 is on its way | 2026-03-02 23:30:00
text
    Your order A-1 is on its way.
    Royal Mail has your parcel. It should arrive on Thursday, 5 March.
    Tracking number: RM 123 456
    Follow the parcel: https://track.example/RM123456
    In the parcel:
    - 2 x iron pan
    Not there in time, or not whole? Answer this mail, and we see to it.
    --
    You get this mail because you ordered at fernandfield.example.
    Fern & Field Ltd, 14 Mill Lane, Ashby AB1 2CD, United Kingdom
event ann notice_requested #n2 {"notice_id": "2", "kind": "password_reset", "reset_url": "https://fernandfield.example/reset/abc"}
event ann notice_requested #n3 {"notice_id": "2", "kind": "password_reset", "reset_url": "https://fernandfield.example/reset/abc"}
mails
    ann@example.com | Choose a new password | 2026-03-02 23:30:00
text
    Somebody, we hope you, asked for a new password for this address. This link lets you
    choose one. It works once, and for 30 minutes:
    https://fernandfield.example/reset/abc
    It was not you? Then you need not do anything: without the link your password stays as it
    is. If it happens again, answer this mail.
    --
    You get this mail because a new password was asked for at fernandfield.example.
    Fern & Field Ltd, 14 Mill Lane, Ashby AB1 2CD, United Kingdom

# Without its link a reset is not sent, and neither is a kind that nobody has written a mail for.
event ann notice_requested #n4 {"notice_id": "3", "kind": "password_reset"}
event ann notice_requested #n5 {"notice_id": "4", "kind": "horoscope"}
at 2026-03-10 00:00
mails
    none
journeys ann
    J1 transactional version 1, key 1, entered 2026-03-02 23:30:00: done 2026-03-02 23:30:00
    J2 transactional version 1, key 2, entered 2026-03-02 23:30:00: done 2026-03-02 23:30:00
    J3 transactional version 1, key 3, entered 2026-03-02 23:30:00: not_sent 2026-03-02 23:30:00
    J4 transactional version 1, key 4, entered 2026-03-02 23:30:00: not_sent 2026-03-02 23:30:00
counters transactional
    version 1 decisions steps/kind/arms/0 member: 1
    version 1 decisions steps/kind/arms/0 not_member: 3
    version 1 decisions steps/kind/arms/1 member: 2
    version 1 decisions steps/kind/arms/1 not_member: 1
    version 1 decisions trigger matched: 5
    version 1 entered: 4
    version 1 exited done: 2
    version 1 exited not_sent: 2
    version 1 messages queued: 3
    version 1 messages sent: 2
    version 1 messages skipped variable_missing: 1
    version 1 not_entered key_seen: 1
