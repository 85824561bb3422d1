semantics-1: Every action in every state leads where the table says, or is refused with the state and what it allows.

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

shows 1-refused
shows 1-delete
shows 1-pause
shows 1-cancel
shows 1-end
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
    refused: conflict: workflow news is draft, but cancel needs scheduled; allowed: edit, start, schedule, delete
pause news
    refused: conflict: workflow news is draft, but pause needs running; allowed: edit, start, schedule, delete
resume news
    refused: conflict: workflow news is draft, but resume needs paused; allowed: edit, start, schedule, delete
end news
    refused: conflict: workflow news is draft, but end needs running or paused; allowed: edit, start, schedule, delete
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
    refused: conflict: workflow news is scheduled, but schedule needs draft; allowed: cancel
start news
    refused: conflict: workflow news is scheduled, but start needs draft; allowed: cancel
edit news
    refused: conflict: workflow news is scheduled, but edit needs draft or paused; allowed: cancel
pause news
    refused: conflict: workflow news is scheduled, but pause needs running; allowed: cancel
resume news
    refused: conflict: workflow news is scheduled, but resume needs paused; allowed: cancel
end news
    refused: conflict: workflow news is scheduled, but end needs running or paused; allowed: cancel
delete news
    refused: conflict: workflow news is scheduled, but delete needs draft, paused or ended; allowed: cancel
state news
    scheduled, version 1, starts at 2026-03-02 12:00:00; allowed: cancel
cancel news
    draft, version 1

# Running.
start news
    running, version 1, since 2026-03-02 09:00:00
start news
    refused: conflict: workflow news is running, but start needs draft; allowed: pause, end
schedule news 2026-03-02 12:00
    refused: conflict: workflow news is running, but schedule needs draft; allowed: pause, end
cancel news
    refused: conflict: workflow news is running, but cancel needs scheduled; allowed: pause, end
edit news
    refused: conflict: workflow news is running, but edit needs draft or paused; allowed: pause, end
resume news
    refused: conflict: workflow news is running, but resume needs paused; allowed: pause, end
delete news
    refused: conflict: workflow news is running, but delete needs draft, paused or ended; allowed: pause, end
state news
    running, version 1, since 2026-03-02 09:00:00; allowed: pause, end

# Paused.
pause news
    paused, version 1, since 2026-03-02 09:00:00
pause news
    refused: conflict: workflow news is paused, but pause needs running; allowed: edit, resume, end, delete
start news
    refused: conflict: workflow news is paused, but start needs draft; allowed: edit, resume, end, delete
schedule news 2026-03-02 12:00
    refused: conflict: workflow news is paused, but schedule needs draft; allowed: edit, resume, end, delete
cancel news
    refused: conflict: workflow news is paused, but cancel needs scheduled; allowed: edit, resume, end, delete
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
    refused: conflict: workflow news is ended, but start needs draft; allowed: delete
schedule news 2026-03-02 12:00
    refused: conflict: workflow news is ended, but schedule needs draft; allowed: delete
cancel news
    refused: conflict: workflow news is ended, but cancel needs scheduled; allowed: delete
pause news
    refused: conflict: workflow news is ended, but pause needs running; allowed: delete
resume news
    refused: conflict: workflow news is ended, but resume needs paused; allowed: delete
end news
    refused: conflict: workflow news is ended, but end needs running or paused; allowed: delete
edit news
    refused: conflict: workflow news is ended, but edit needs draft or paused; allowed: delete
state news
    ended, version 1, since 2026-03-02 09:00:00; allowed: delete

# All of it is there after a kill.
kill
state news
    ended, version 1, since 2026-03-02 09:00:00; allowed: delete
delete news
    gone
