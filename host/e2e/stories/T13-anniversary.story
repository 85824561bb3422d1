T13: A birthday mail comes once a year in the contact's zone, on 28 February or 1 March for who was born on the 29th, and follows a date that is put right.

--- workflow birthday
{
  "id": "birthday",
  "title": "Happy birthday",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "anniversary", "config": { "day": { "attribute": "birthday" }, "at": "09:00", "leap_day": "1 March" } },
  "steps": [{ "id": "cake", "send": { "template": "cake" } }]
}

--- template birthday cake
Subject: Happy birthday

Cake for you.

--- story
at 2026-02-01 12:00
shows T13
shows 4-birthday
contact ann {"email": "ann@example.com", "birthday": "1992-02-29", "time_zone": "Asia/Seoul"}
contact bo {"email": "bo@example.com", "birthday": "1980-02-10"}
contact cid {"email": "cid@example.com"}
create birthday
start birthday
log cid
    none
at 2026-02-12 12:00
mails
    bo@example.com | Happy birthday | 2026-02-10 09:00:00
# Cid says when it is, and Bo corrects his: he has had this year's already.
contact cid {"birthday": "2000-02-20"}
contact bo {"birthday": "1980-02-15"}
at 2026-12-31 12:00
mails
    ann@example.com | Happy birthday | 2026-03-01 00:00:00
    cid@example.com | Happy birthday | 2026-02-20 09:00:00
at 2028-12-31 12:00
mails
    ann@example.com | Happy birthday | 2027-03-01 00:00:00
    ann@example.com | Happy birthday | 2028-02-29 00:00:00
    bo@example.com | Happy birthday | 2027-02-15 09:00:00
    bo@example.com | Happy birthday | 2028-02-15 09:00:00
    cid@example.com | Happy birthday | 2027-02-20 09:00:00
    cid@example.com | Happy birthday | 2028-02-20 09:00:00
log bo
    2028-02-15 09:00:00 birthday: trigger said enter_and_arm: today
    2028-02-15 09:00:00 birthday: armed anniversary 2029-02-15 09:00:00
    2028-02-15 09:00:00 birthday: journey entered 2028
    2028-02-15 09:00:00 birthday: step reached cake
    2028-02-15 09:00:00 birthday: message queued cake
    2028-02-15 09:00:00 birthday: message sent cake
    2028-02-15 09:00:00 birthday: journey completed
counters birthday
    version 1 armed: 14
    version 1 completed: 9
    version 1 decisions trigger armed: 4
    version 1 decisions trigger day_missing: 1
    version 1 decisions trigger today: 10
    version 1 entered: 9
    version 1 messages queued: 9
    version 1 messages sent: 9
    version 1 not_entered key_seen: 1
