semantics-2: Whoever is there when a bulk workflow starts enters once, as far as the audience has them; a pause and a restart change nothing.

--- workflow news
{
  "id": "news",
  "title": "News for customers in Berlin",
  "goal": "none",
  "enter_existing": true,
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } } },
  "steps": [{ "id": "letter", "send": { "template": "letter" } }]
}

--- template news letter
Subject: News from Berlin

What is new.

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com", "city": "Berlin"}
contact bea {"email": "bea@example.com", "city": "Paris"}
contact eva {"email": "eva@example.com", "city": "Berlin"}
shows 2-bulk
at 2026-03-02 10:00
create news
schedule news 2026-03-02 12:00
down
at 2026-03-02 13:00
up
contact zoe {"email": "zoe@example.com", "city": "Berlin"}
mails
    ann@example.com | News from Berlin | 2026-03-02 13:00:00
    eva@example.com | News from Berlin | 2026-03-02 13:00:00
counters news
    version 1 completed: 2
    version 1 decisions audience member: 2
    version 1 decisions audience not_member: 1
    version 1 entered: 2
    version 1 messages queued: 2
    version 1 messages sent: 2
    version 1 not_entered not_in_audience: 1
log ann
    2026-03-02 13:00:00 news: audience said in: member
    2026-03-02 13:00:00 news: journey entered existing
    2026-03-02 13:00:00 news: step reached letter
    2026-03-02 13:00:00 news: message queued letter
    2026-03-02 13:00:00 news: message sent letter
    2026-03-02 13:00:00 news: journey completed
log bea
    none
pause news
restart
resume news
mails
    none

shows 4-late
# Down for more than a day from the start on: whoever is there enters, and a letter of yesterday is too late.
pause news
delete news
create news
schedule news 2026-03-05 12:00
down
at 2026-03-06 13:00
up
mails
    none
log ann
    2026-03-02 13:00:00 news: audience said in: member
    2026-03-02 13:00:00 news: journey entered existing
    2026-03-02 13:00:00 news: step reached letter
    2026-03-02 13:00:00 news: message queued letter
    2026-03-02 13:00:00 news: message sent letter
    2026-03-02 13:00:00 news: journey completed
    2026-03-06 13:00:00 news: audience said in: member
    2026-03-06 13:00:00 news: journey entered existing
    2026-03-06 13:00:00 news: step reached letter
    2026-03-06 13:00:00 news: message queued letter
    2026-03-06 13:00:00 news: message skipped letter late
    2026-03-06 13:00:00 news: journey completed
counters news
    version 1 completed: 3
    version 1 decisions audience member: 3
    version 1 decisions audience not_member: 1
    version 1 entered: 3
    version 1 messages queued: 3
    version 1 messages skipped late: 3
    version 1 not_entered not_in_audience: 1
