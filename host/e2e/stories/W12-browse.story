W12: The template browse writes to those who came back to look, once about the product and once with help.

--- story
at 2026-03-02 09:00
new browse
start browse
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann product_viewed #v1 {"product": "garden lamp"}
event bea product_viewed #v1 {"product": "iron pan"}
event cem product_viewed #v1 {"product": "iron pan"}
later 1h
event ann product_viewed #v2 {"product": "garden lamp", "price": "£62.00", "about": "Charges in the sun."}
event cem product_viewed #v2 {"product": "iron pan"}

# Bea looked only once, Cem puts it into his cart.
later 1h
event cem cart_updated #c1 {"cart_id": "c"}
at 2026-03-02 13:00
mails
    ann@example.com | Worth a second look: garden lamp | 2026-03-02 12:00:00
text
    You came back to this one:
    garden lamp, £62.00
    Charges in the sun.
    You can send anything back within 60 days, used or not. We pay for the way.
    Look at it again: https://fernandfield.example/shop
    --
    You get this mail because you looked at this at fernandfield.example while you were signed in.
    Unsubscribe: https://fernandfield.example/unsubscribe
    Fern & Field Ltd, 14 Mill Lane, Ashby AB1 2CD, United Kingdom
at 2026-03-20 00:00
mails
    ann@example.com | Can we help you choose? | 2026-03-06 12:00:00
journeys ann
    J1 browse version 1, key 2026-03-02T10:00:00Z, entered 2026-03-02 12:00:00: completed 2026-03-06 12:00:00
journeys bea
    none
counters browse
    version 1 armed: 5
    version 1 completed: 1
    version 1 decisions audience condition_1: 1
    version 1 decisions audience member: 1
    version 1 decisions trigger armed: 5
    version 1 decisions trigger waited: 2
    version 1 disarmed: 1
    version 1 entered: 1
    version 1 messages queued: 2
    version 1 messages sent: 2
    version 1 not_entered not_in_audience: 1
