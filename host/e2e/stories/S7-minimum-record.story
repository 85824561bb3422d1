S7: A contact of whom only the minimum is known (name, address, sign-up, last purchase, cart, last activity) runs the templates welcome and cart.

--- story
at 2026-03-02 10:00
new welcome
new cart
start welcome
start cart
contact ann {"email": "ann@example.com", "first_name": "Ann", "signed_up_at": "2026-03-02T10:00:00Z"}
event ann signed_up #s1
at 2026-03-03 12:00
event ann page_viewed #p1
event ann cart_updated #c1 {"cart_id": "a"}
at 2026-03-05 00:00
mails
    ann@example.com | A year on our own kitchen table first | 2026-03-04 10:00:00
    ann@example.com | Good to have you here, Ann | 2026-03-02 10:00:00
    ann@example.com | Still in your basket | 2026-03-04 12:00:00
event ann order_completed #o1
at 2026-04-30 00:00
mails
    none
journeys ann
    J1 welcome version 1, key s1, entered 2026-03-02 10:00:00: first_order 2026-03-05 00:00:00
    J2 cart version 1, key a, entered 2026-03-04 12:00:00: converted 2026-03-05 00:00:00
