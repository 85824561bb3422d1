semantics-2: A bulk workflow says how far it came: how many of those who were there it has looked at, who entered, and who was kept out for which reason.

--- workflow news
{
  "id": "news", "title": "News for everybody in Berlin", "goal": "none", "enter_existing": true,
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } } },
  "steps": [{ "id": "letter", "send": { "template": "letter" } }, { "id": "rest", "wait": { "for": "1d" } }]
}

--- template news letter
Subject: News

What is new.

--- workflow again
{
  "id": "again", "title": "News for everybody who was there", "goal": "none", "enter_existing": true,
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } } },
  "steps": [{ "id": "letter", "send": { "template": "letter" } }]
}

--- template again letter
Subject: Again

What is new again.

--- workflow quiet
{
  "id": "quiet", "title": "Whoever signs up", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "letter", "send": { "template": "letter" } }]
}

--- template quiet letter
Subject: Hello

Good to have you here.

--- story
at 2026-03-02 09:00
shows 2-bulk
# More than two thousand people, so that each partition takes several pages.
people 1..2400 signed_up
contact ann {"email": "ann@example.com", "city": "Berlin"}
contact bea {"email": "bea@example.com", "city": "Berlin"}
contact cem {"email": "cem@example.com", "city": "Paris"}
contact dan {"email": "dan at example", "city": "Berlin"}
create news
create quiet
ask workflow list
    news: bulk, draft, version 1: News for everybody in Berlin
    quiet: triggered, draft, version 1: Whoever signs up
ask workflow show news
    news: bulk, draft, version 1: News for everybody in Berlin
      audience: audience 1.0.0 (FILE)
      the document: the workflow says no type: write what kind of mail it sends, such as `welcome`
      the document: the workflow says no stage: write where its contacts stand, such as `explore`
      allowed: edit, start, schedule, delete
start quiet
ask workflow watch quiet
    quiet: running, takes in nobody who was there before
at 2026-03-02 10:00
start news
ask workflow watch news
    news: running, 2404 of 2404 contacts looked at, 2 entered, 2402 kept out
ask workflow show news
    news: bulk, running, started at 2026-03-02T10:00:00Z, version 1: News for everybody in Berlin
      2404 of 2404 contacts looked at, 2 entered, 2402 kept out
      kept out then: address_invalid 1, not_in_audience 2401
      from 2026-03-02T10:00:00Z to 2026-03-02T10:00:00Z
      version 1: 2 entered, 2 inside, 0 completed, 0 exited; 2 messages sent
      audience: audience 1.0.0 (FILE)
      the document: the workflow says no type: write what kind of mail it sends, such as `welcome`
      the document: the workflow says no stage: write where its contacts stand, such as `explore`
      allowed: pause, end
# Whoever comes later is not among those who were there, over a pause and a crash neither.
contact eva {"email": "eva@example.com", "city": "Berlin"}
pause news
kill
resume news
ask workflow show news
    news: bulk, running, started at 2026-03-02T10:00:00Z, version 1: News for everybody in Berlin
      2404 of 2404 contacts looked at, 2 entered, 2402 kept out
      kept out then: address_invalid 1, not_in_audience 2401
      from 2026-03-02T10:00:00Z to 2026-03-02T10:00:00Z
      version 1: 2 entered, 2 inside, 0 completed, 0 exited; 2 messages sent
      audience: audience 1.0.0 (FILE)
      the document: the workflow says no type: write what kind of mail it sends, such as `welcome`
      the document: the workflow says no stage: write where its contacts stand, such as `explore`
      allowed: pause, end
mails
    ann@example.com | News | 2026-03-02 10:00:00
    bea@example.com | News | 2026-03-02 10:00:00
# An event enters, the start of the workflow did before: each of the two by its own key.
event ann signed_up #s1
create again
at 2026-03-02 11:00
start again
ask workflow show again
    again: triggered, running, started at 2026-03-02T11:00:00Z, version 1: News for everybody who was there
      2405 of 2405 contacts looked at, 3 entered, 2402 kept out
      kept out then: address_invalid 1, not_in_audience 2401
      from 2026-03-02T11:00:00Z to 2026-03-02T11:00:00Z
      version 1: 3 entered, 0 inside, 3 completed, 0 exited; 3 messages sent
      audience: audience 1.0.0 (FILE)
      trigger: event 1.0.0 (FILE)
      the document: the workflow says no type: write what kind of mail it sends, such as `welcome`
      the document: the workflow says no stage: write where its contacts stand, such as `explore`
      allowed: pause, end
at 2026-03-04 12:00
end news
ask workflow show news
    news: bulk, ended, started at 2026-03-02T10:00:00Z, version 1: News for everybody in Berlin
      2404 of 2404 contacts looked at, 2 entered, 2402 kept out
      kept out then: address_invalid 1, not_in_audience 2401
      from 2026-03-02T10:00:00Z to 2026-03-02T10:00:00Z
      version 1: 2 entered, 0 inside, 2 completed, 0 exited; 2 messages sent
      audience: audience 1.0.0 (FILE)
      the document: the workflow says no type: write what kind of mail it sends, such as `welcome`
      the document: the workflow says no stage: write where its contacts stand, such as `explore`
      allowed: delete
