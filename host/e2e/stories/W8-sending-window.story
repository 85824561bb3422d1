W8: A match at 03:00 outside of the window is held, and its mail goes out at 09:00 by the contact's own clock.

--- workflow news
{
  "id": "news",
  "title": "News in the daytime",
  "goal": "none",
  "window": { "from": "09:00", "to": "18:00" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "first", "send": { "template": "news" } },
    { "id": "rest", "wait": { "for": "1d" } },
    { "id": "second", "send": { "template": "news", "outside": "skip" } }
  ]
}

--- template news news
Subject: News

Something new.

--- story
at 2026-03-02 00:00
shows W8
shows 1-held-match
shows 5-hold
shows 5-counts-from-send
create news
start news
contact ann {"email": "ann@example.com", "time_zone": "Europe/Paris"}
contact bo {"email": "bo@example.com", "time_zone": "Asia/Seoul"}
contact cem {"email": "cem@example.com"}

# 03:00 in Paris, 11:00 in Seoul, 02:00 for whom the zone is not known.
at 2026-03-02 02:00
event ann signed_up #a
event bo signed_up #b
event cem signed_up #c
mails
    bo@example.com | News | 2026-03-02 02:00:00
log ann
    2026-03-02 02:00:00 news: trigger said enter: matched
    2026-03-02 02:00:00 news: journey entered a
    2026-03-02 02:00:00 news: step reached first
    2026-03-02 02:00:00 news: message queued first
    2026-03-02 02:00:00 news: zone taken first Europe/Paris contact
    2026-03-02 02:00:00 news: message held first 2026-03-02 08:00:00 window

# Paused when the window opens for Cem at 09:00 UTC: not sent then, and not afterwards.
at 2026-03-02 08:00
mails
    ann@example.com | News | 2026-03-02 08:00:00
at 2026-03-02 08:30
pause news
at 2026-03-02 09:30
resume news
mails
    none
log cem
    2026-03-02 02:00:00 news: trigger said enter: matched
    2026-03-02 02:00:00 news: journey entered c
    2026-03-02 02:00:00 news: step reached first
    2026-03-02 02:00:00 news: message queued first
    2026-03-02 02:00:00 news: zone taken first UTC utc
    2026-03-02 02:00:00 news: message held first 2026-03-02 09:00:00 window
    2026-03-02 09:00:00 news: message skipped first paused
    2026-03-02 09:00:00 news: step reached rest
    2026-03-02 09:00:00 news: wait started rest 2026-03-03 09:00:00

# Later waits count from the sending, and the second message is skipped where the window is closed.
at 2026-03-04 00:00
mails
    ann@example.com | News | 2026-03-03 08:00:00
    bo@example.com | News | 2026-03-03 02:00:00
    cem@example.com | News | 2026-03-03 09:00:00
log bo
    2026-03-02 02:00:00 news: trigger said enter: matched
    2026-03-02 02:00:00 news: journey entered b
    2026-03-02 02:00:00 news: step reached first
    2026-03-02 02:00:00 news: message queued first
    2026-03-02 02:00:00 news: message sent first
    2026-03-02 02:00:00 news: step reached rest
    2026-03-02 02:00:00 news: wait started rest 2026-03-03 02:00:00
    2026-03-03 02:00:00 news: step reached second
    2026-03-03 02:00:00 news: message queued second
    2026-03-03 02:00:00 news: message sent second
    2026-03-03 02:00:00 news: journey completed
