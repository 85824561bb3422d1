W12: The template back-in-stock tells those who asked, once for each delivery, and reminds only while it lasts.

--- story
at 2026-03-02 10:00
new back-in-stock
start back-in-stock
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
event ann stock_alert_requested #q1 {"product": "garden lamp"}
event bea stock_alert_requested #q1 {"product": "garden lamp"}
event cem stock_alert_requested #q1 {"product": "garden lamp"}
at 2026-03-20 10:00
event ann product_restocked #r1 {"restock_id": "77", "product": "garden lamp", "price": "£62.00", "left": 12}
event bea product_restocked #r1 {"restock_id": "77", "product": "garden lamp"}
event cem product_restocked #r1 {"restock_id": "77", "product": "garden lamp"}
event dan product_restocked #r1 {"restock_id": "77", "product": "garden lamp"}
event ann product_restocked #r2 {"restock_id": "77", "product": "garden lamp"}
mails
    ann@example.com | garden lamp: it is back | 2026-03-20 10:00:00
    bea@example.com | garden lamp: it is back | 2026-03-20 10:00:00
    cem@example.com | garden lamp: it is back | 2026-03-20 10:00:00

# Bea orders, for Cem it is gone again before he looks.
at 2026-03-21 10:00
event bea order_completed #o1 {"order_id": "1"}
event cem product_sold_out #g1 {"product": "garden lamp"}
at 2026-04-10 00:00
mails
    ann@example.com | Still here: garden lamp | 2026-03-22 10:00:00
text
    Hello Ann,
    What we wrote to you about two days ago is still on the shelf. We do not know for how
    long, and this is the last time that we write about it.
    garden lamp, £62.00 (12 have come in)
    Look at it: https://fernandfield.example/shop
    --
    You get this mail because you asked us at fernandfield.example to tell you.
    Unsubscribe: https://fernandfield.example/unsubscribe
    Fern & Field Ltd, 14 Mill Lane, Ashby AB1 2CD, United Kingdom
journeys ann
    J1 back-in-stock version 1, key 77, entered 2026-03-20 10:00:00: completed 2026-03-22 10:00:00
journeys bea
    J2 back-in-stock version 1, key 77, entered 2026-03-20 10:00:00: converted 2026-03-21 10:00:00
journeys cem
    J3 back-in-stock version 1, key 77, entered 2026-03-20 10:00:00: sold_out 2026-03-21 10:00:00
journeys dan
    none

# Eve waits for two things; one of them is gone again, and she is reminded of the other.
contact eve {"email": "eve@example.com"}
event eve stock_alert_requested #q1 {"product": "garden lamp"}
event eve stock_alert_requested #q2 {"product": "wool rug"}
at 2026-04-10 10:00
event eve product_restocked #r1 {"restock_id": "80", "product": "garden lamp"}
event eve product_restocked #r2 {"restock_id": "81", "product": "wool rug"}
later 1h
event eve product_sold_out #g1 {"product": "garden lamp"}
at 2026-04-20 00:00
mails
    eve@example.com | Still here: wool rug | 2026-04-12 10:00:00
    eve@example.com | garden lamp: it is back | 2026-04-10 10:00:00
    eve@example.com | wool rug: it is back | 2026-04-10 10:00:00
journeys eve
    J4 back-in-stock version 1, key 80, entered 2026-04-10 10:00:00: sold_out 2026-04-10 11:00:00
    J5 back-in-stock version 1, key 81, entered 2026-04-10 10:00:00: completed 2026-04-12 10:00:00
