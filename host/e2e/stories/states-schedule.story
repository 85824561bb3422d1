semantics-1: A scheduled workflow starts by itself at its instant, as a start then would, also after a downtime.

--- workflow news
{
  "id": "news",
  "title": "News",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "tell", "send": { "template": "tell" } }]
}

--- template news tell
Subject: News

There is some.

--- story
at 2026-03-02 09:00
shows 1-schedule
contact ann {"email": "ann@example.com"}
create news
schedule news 2026-03-02 12:00
    scheduled, version 1, starts at 2026-03-02 12:00:00

# Until then its triggers are dead and it has no statistics.
at 2026-03-02 11:59:59
event ann signed_up #s1
mails
    none
counters news
    none
state news
    scheduled, version 1, starts at 2026-03-02 12:00:00; allowed: cancel

at 2026-03-02 12:00
state news
    running, version 1, since 2026-03-02 12:00:00; allowed: pause, end
mails
    none
event ann signed_up #s2
mails
    ann@example.com | News | 2026-03-02 12:00:00

shows 1-starts-itself
# The server is down when the instant comes.
pause news
delete news
create news
schedule news 2026-03-03 12:00
at 2026-03-03 11:00
down
at 2026-03-03 14:00
up
state news
    running, version 1, since 2026-03-03 12:00:00; allowed: pause, end
event ann signed_up #s3
mails
    ann@example.com | News | 2026-03-03 14:00:00

# Killed just before the instant.
pause news
delete news
create news
schedule news 2026-03-04 12:00
at 2026-03-04 11:59:59
kill
at 2026-03-04 12:00
state news
    running, version 1, since 2026-03-04 12:00:00; allowed: pause, end

shows 1-cancel
# A cancelled one never starts.
pause news
delete news
create news
schedule news 2026-03-05 12:00
cancel news
at 2026-03-06 12:00
state news
    draft, version 1; allowed: edit, start, schedule, delete
