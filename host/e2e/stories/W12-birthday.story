W12: The template birthday sends a wish every year at nine in the contact's own zone, also on 29 February.

--- story
at 2026-02-01 12:00
new birthday
start birthday
contact ann {"email": "ann@example.com", "first_name": "Ann", "birthday": "1988-02-29"}
contact bea {"email": "bea@example.com", "birthday": "1990-07-14", "time_zone": "Asia/Tokyo"}
contact cem {"email": "cem@example.com"}
event ann birthday_saved #b1
event bea birthday_saved #b1
event cem birthday_saved #b1
journeys cem
    J1 birthday version 1, key b1, entered 2026-02-01 12:00:00: date_missing 2026-02-01 12:00:00
at 2028-03-31 00:00
mails
    ann@example.com | Happy birthday, Ann | 2026-02-28 09:00:00
    ann@example.com | Happy birthday, Ann | 2027-02-28 09:00:00
    ann@example.com | Happy birthday, Ann | 2028-02-29 09:00:00
    bea@example.com | Happy birthday | 2026-07-14 00:00:00
    bea@example.com | Happy birthday | 2027-07-14 00:00:00

# Bea mends the date; nothing else is needed: the next one from now on counts.
contact bea {"birthday": "1990-09-14"}
at 2028-12-31 00:00
mails
    bea@example.com | Happy birthday | 2028-09-14 00:00:00
journeys bea
    J2 birthday version 1, key b1, entered 2026-02-01 12:00:00: inside, waiting at the_day until 2029-09-14 00:00:00
