W12: The template post-purchase confirms every order at once, thanks the day after and asks once for a review.

--- story
at 2026-03-02 10:30
new post-purchase
start post-purchase
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann order_completed #o1 {"order_id": "A-1", "total": 96, "total_text": "£96.00", "ship_to": "Ann Example, 1 High Street, Ashby", "items": [{"name": "iron pan", "quantity": 2, "price": "£48.00"}]}
mails
    ann@example.com | Your order A-1 is with us | 2026-03-02 10:30:00
text
    Thank you. We have your order A-1. We pack it by hand, mostly on the next
    working day, and write again when it leaves.
    - 2 x iron pan, £48.00
    Total: £96.00
    It goes to: Ann Example, 1 High Street, Ashby
    See your order: https://fernandfield.example/orders
    Something wrong with it? Answer this mail before the parcel leaves, and we change it.
    --
    You get this mail because you ordered at fernandfield.example.
    Fern & Field Ltd, 14 Mill Lane, Ashby AB1 2CD, United Kingdom

# At night a confirmation goes out all the same. The same order told twice is one.
at 2026-03-02 23:15
event bea order_completed #o1 {"order_id": "B-1", "items": [{"name": "tea towel"}]}
event bea order_completed #o2 {"order_id": "B-1", "items": [{"name": "tea towel"}]}
event cem order_completed #o1 {"order_id": "C-1"}
mails
    bea@example.com | Your order B-1 is with us | 2026-03-02 23:15:00
    cem@example.com | Your order C-1 is with us | 2026-03-02 23:15:00
later 1h
event cem order_cancelled #x1 {"order_id": "C-1"}

# Bea writes a review before she is asked, Ann when she is.
at 2026-03-10 12:00
mails
    ann@example.com | Thank you, from the four of us | 2026-03-03 10:00:00
    bea@example.com | Thank you, from the four of us | 2026-03-03 10:00:00
event bea review_written #r1 {"order_id": "B-1"}
at 2026-03-13 12:00
mails
    ann@example.com | iron pan: how is it doing? | 2026-03-12 10:00:00
event ann review_written #r1 {"order_id": "A-1"}
at 2026-04-10 00:00
mails
    none
journeys ann
    J1 post-purchase version 1, key A-1, entered 2026-03-02 10:30:00: reviewed 2026-03-13 12:00:00
journeys bea
    J2 post-purchase version 1, key B-1, entered 2026-03-02 23:15:00: reviewed 2026-03-12 10:00:00
journeys cem
    J3 post-purchase version 1, key C-1, entered 2026-03-02 23:15:00: order_cancelled 2026-03-03 00:15:00
profile ann
    events: 5
    inside: 0
    email: ann@example.com
    first_name: Ann
    tags: ["reviewer"]

# Of two orders at one time one is called off: the other is thanked for and asked about all the same.
contact dan {"email": "dan@example.com"}
at 2026-05-04 10:30
event dan order_completed #o1 {"order_id": "D-1", "items": [{"name": "iron pan"}]}
event dan order_completed #o2 {"order_id": "D-2", "items": [{"name": "garden lamp"}]}
later 1h
event dan order_cancelled #x1 {"order_id": "D-2"}
at 2026-06-10 00:00
mails
    dan@example.com | Thank you, from the four of us | 2026-05-05 09:00:00
    dan@example.com | Your order D-1 is with us | 2026-05-04 10:30:00
    dan@example.com | Your order D-2 is with us | 2026-05-04 10:30:00
    dan@example.com | iron pan: how is it doing? | 2026-05-14 09:00:00
journeys dan
    J4 post-purchase version 1, key D-1, entered 2026-05-04 10:30:00: no_review 2026-05-28 09:00:00
    J5 post-purchase version 1, key D-2, entered 2026-05-04 10:30:00: order_cancelled 2026-05-04 11:30:00
