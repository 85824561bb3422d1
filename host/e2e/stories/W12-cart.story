W12: The template cart reminds once after a day, offers once, tags who comes back, and bothers nobody who has bought.

--- story
at 2026-03-02 10:00
new cart
start cart
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
event ann cart_updated #c1 {"cart_id": "a", "items": [{"name": "iron pan", "quantity": 1, "price": "£48.00"}, {"name": "tea towel", "quantity": 3}]}
event bea cart_updated #c1 {"cart_id": "b", "items": [{"name": "garden lamp", "quantity": 1, "price": "£62.00"}]}
event cem cart_updated #c1 {"cart_id": "c"}
event dan cart_updated #c1 {"cart_id": "d"}

# Dan orders another cart; Cem is reminded and empties his; Bea orders after the offer, Ann never.
later 5h
event dan order_completed #o1 {"order_id": "1", "cart_id": "other"}
at 2026-03-03 10:00
mails
    ann@example.com | Still in your basket: iron pan | 2026-03-03 10:00:00
    bea@example.com | Still in your basket: garden lamp | 2026-03-03 10:00:00
    cem@example.com | Still in your basket | 2026-03-03 10:00:00
at 2026-03-03 12:00
event cem cart_emptied #e1
at 2026-03-04 10:00
mails
    ann@example.com | 10% on what is in your basket | 2026-03-04 10:00:00
    bea@example.com | 10% on what is in your basket | 2026-03-04 10:00:00
at 2026-03-05 10:00
event bea order_completed #o1 {"order_id": "2"}

# Another cart within two weeks is not written about.
event ann cart_updated #c2 {"cart_id": "a2"}
at 2026-03-30 00:00
mails
    none
journeys ann
    J1 cart version 1, key a, entered 2026-03-03 10:00:00: not_bought 2026-03-07 10:00:00
journeys bea
    J2 cart version 1, key b, entered 2026-03-03 10:00:00: converted 2026-03-05 10:00:00
journeys cem
    J3 cart version 1, key c, entered 2026-03-03 10:00:00: cart_emptied 2026-03-03 12:00:00
journeys dan
    none
profile bea
    events: 4
    inside: 0
    email: bea@example.com
    tags: ["cart_recovered"]

# A cart as it is read.
event eve cart_updated #c1 {"cart_id": "e", "items": [{"name": "iron pan", "quantity": 2, "price": "£48.00"}, {"name": "tea towel"}]}
contact eve {"email": "eve@example.com", "first_name": "Eve"}
at 2026-03-31 09:00
text
    We have kept your basket for you, just as you left it:
    - 2 x iron pan, £48.00
    - 1 x tea towel
    Back to your basket: https://fernandfield.example/basket
    Not sure about a size, or how long it takes? Answer this mail and ask. And if you
    changed your mind, that is fine: you can leave it.
    --
    You get this mail because you put something into your basket at fernandfield.example.
    Unsubscribe: https://fernandfield.example/unsubscribe
    Fern & Field Ltd, 14 Mill Lane, Ashby AB1 2CD, United Kingdom

# Fay orders while her first mail waits for the morning: nobody has won her back.
at 2026-04-01 22:30
contact fay {"email": "fay@example.com"}
event fay cart_updated #c1 {"cart_id": "f"}
at 2026-04-02 23:30
event fay order_completed #o1 {"order_id": "3"}
at 2026-04-10 00:00
mails
    eve@example.com | 10% on what is in your basket | 2026-04-01 07:00:00
    eve@example.com | Still in your basket: iron pan | 2026-03-31 07:00:00
journeys fay
    J4 cart version 1, key f, entered 2026-04-02 22:30:00: converted 2026-04-02 23:30:00
profile fay
    events: 2
    inside: 0
    email: fay@example.com
