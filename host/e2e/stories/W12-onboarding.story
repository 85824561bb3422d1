W12: The template onboarding goes on with the first project, helps who has none, and takes back help that is late.

--- story
# A Monday.
at 2026-03-02 10:00
new onboarding
start onboarding
contact ann {"email": "ann@example.com", "first_name": "Ann"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
contact dan {"email": "dan@example.com"}
event ann account_created #a1
event bea account_created #a1
event cem account_created #a1
event dan account_created #a1
mails
    ann@example.com | Your board is ready | 2026-03-02 10:00:00
    bea@example.com | Your board is ready | 2026-03-02 10:00:00
    cem@example.com | Your board is ready | 2026-03-02 10:00:00
    dan@example.com | Your board is ready | 2026-03-02 10:00:00

# Ann begins at once and invites, Dan begins and has invited already, Bea begins after the nudge, Cem never.
later 1h
event ann project_created #p1
event dan project_created #p1
event dan teammate_invited #t1
at 2026-03-03 12:00
mails
    ann@example.com | Who else should see your project? | 2026-03-03 09:30:00
    bea@example.com | An empty board is hard. Take one of these | 2026-03-03 10:00:00
    cem@example.com | An empty board is hard. Take one of these | 2026-03-03 10:00:00
event ann teammate_invited #t1
event bea project_created #p1
at 2026-03-10 12:00
mails
    bea@example.com | Who else should see your project? | 2026-03-04 09:30:00
    cem@example.com | Fifteen minutes with Mia? | 2026-03-06 10:00:00
at 2026-04-10 00:00
mails
    none
journeys ann
    J1 onboarding version 1, key a1, entered 2026-03-02 10:00:00: activated 2026-03-03 12:00:00
journeys bea
    J2 onboarding version 1, key a1, entered 2026-03-02 10:00:00: works_alone 2026-03-11 09:30:00
journeys cem
    J3 onboarding version 1, key a1, entered 2026-03-02 10:00:00: not_begun 2026-03-13 10:00:00
journeys dan
    J4 onboarding version 1, key a1, entered 2026-03-02 10:00:00: activated 2026-03-03 09:30:00
profile cem
    events: 4
    inside: 0
    email: cem@example.com
    tags: ["onboarding_stalled"]
