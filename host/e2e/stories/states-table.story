states-table: Every action in every state leads where the table says, or is refused with the state and what it allows.

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

# Nothing there.
start news
    refused: not_found: there is no workflow news
edit news
    refused: not_found: there is no workflow news
delete news
    refused: not_found: there is no workflow news

# Draft.
create news
    draft, version 1
state news
    draft, version 1; allowed: edit, start, schedule, delete
cancel news
    refused: conflict: workflow news is draft, which does not allow cancel; allowed: edit, start, schedule, delete
pause news
    refused: conflict: workflow news is draft, which does not allow pause; allowed: edit, start, schedule, delete
resume news
    refused: conflict: workflow news is draft, which does not allow resume; allowed: edit, start, schedule, delete
end news
    refused: conflict: workflow news is draft, which does not allow end; allowed: edit, start, schedule, delete
schedule news 2026-03-02 09:00
    refused: invalid_instant: the start at 2026-03-02T09:00:00Z is not ahead of 2026-03-02T09:00:00Z
state news
    draft, version 1; allowed: edit, start, schedule, delete
edit news
    draft, version 2
delete news
    gone
state news
    refused: not_found: there is no workflow news

# Scheduled.
create news
    draft, version 1
schedule news 2026-03-02 12:00
    scheduled, version 1, starts at 2026-03-02 12:00:00
schedule news 2026-03-02 13:00
    refused: conflict: workflow news is scheduled, which does not allow schedule; allowed: cancel
start news
    refused: conflict: workflow news is scheduled, which does not allow start; allowed: cancel
edit news
    refused: conflict: workflow news is scheduled, which does not allow edit; allowed: cancel
pause news
    refused: conflict: workflow news is scheduled, which does not allow pause; allowed: cancel
resume news
    refused: conflict: workflow news is scheduled, which does not allow resume; allowed: cancel
end news
    refused: conflict: workflow news is scheduled, which does not allow end; allowed: cancel
delete news
    refused: conflict: workflow news is scheduled, which does not allow delete; allowed: cancel
state news
    scheduled, version 1, starts at 2026-03-02 12:00:00; allowed: cancel
cancel news
    draft, version 1

# Running.
start news
    running, version 1, since 2026-03-02 09:00:00
start news
    refused: conflict: workflow news is running, which does not allow start; allowed: pause, end
schedule news 2026-03-02 12:00
    refused: conflict: workflow news is running, which does not allow schedule; allowed: pause, end
cancel news
    refused: conflict: workflow news is running, which does not allow cancel; allowed: pause, end
edit news
    refused: conflict: workflow news is running, which does not allow edit; allowed: pause, end
resume news
    refused: conflict: workflow news is running, which does not allow resume; allowed: pause, end
delete news
    refused: conflict: workflow news is running, which does not allow delete; allowed: pause, end
state news
    running, version 1, since 2026-03-02 09:00:00; allowed: pause, end

# Paused.
pause news
    paused, version 1, since 2026-03-02 09:00:00
pause news
    refused: conflict: workflow news is paused, which does not allow pause; allowed: edit, resume, end, delete
start news
    refused: conflict: workflow news is paused, which does not allow start; allowed: edit, resume, end, delete
schedule news 2026-03-02 12:00
    refused: conflict: workflow news is paused, which does not allow schedule; allowed: edit, resume, end, delete
cancel news
    refused: conflict: workflow news is paused, which does not allow cancel; allowed: edit, resume, end, delete
edit news
    paused, version 2, since 2026-03-02 09:00:00
resume news
    running, version 2, since 2026-03-02 09:00:00
pause news
    paused, version 2, since 2026-03-02 09:00:00
delete news
    gone

# Ended, from running and from paused.
create news
start news
pause news
end news
    ended, version 1, since 2026-03-02 09:00:00
delete news
    gone
create news
start news
end news
    ended, version 1, since 2026-03-02 09:00:00
start news
    refused: conflict: workflow news is ended, which does not allow start; allowed: delete
schedule news 2026-03-02 12:00
    refused: conflict: workflow news is ended, which does not allow schedule; allowed: delete
cancel news
    refused: conflict: workflow news is ended, which does not allow cancel; allowed: delete
pause news
    refused: conflict: workflow news is ended, which does not allow pause; allowed: delete
resume news
    refused: conflict: workflow news is ended, which does not allow resume; allowed: delete
end news
    refused: conflict: workflow news is ended, which does not allow end; allowed: delete
edit news
    refused: conflict: workflow news is ended, which does not allow edit; allowed: delete
state news
    ended, version 1, since 2026-03-02 09:00:00; allowed: delete

# All of it is there after a kill.
kill
state news
    ended, version 1, since 2026-03-02 09:00:00; allowed: delete
delete news
    gone
