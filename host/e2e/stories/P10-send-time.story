P10: Each message goes at the hour at which its contact opens most, in the contact's zone, or at the hour for all, and the log says which.

--- workflow tips
{
  "id": "tips",
  "title": "Tips at the right hour",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "tip", "send": { "template": "tip", "personalizer": {
    "plugin": "send_time", "config": { "fallback_hour": 10, "opens_min": 3, "zone": "Europe/Paris" } } } }]
}

--- template tips tip
Subject: A tip at {{ rule.send_time.hour }}

Chosen by {{ rule.send_time.opens }} opens.

--- story
at 2026-03-02 09:00
contact ann {"email": "ann@example.com", "time_zone": "Asia/Seoul"}
contact bo {"email": "bo@example.com"}
# Ann opens at eight in the evening in Seoul as a rule; Bo has opened twice.
old event ann message_opened #a1 2026-02-20 11:10
old event ann message_opened #a2 2026-02-22 23:30
old event ann message_opened #a3 2026-02-24 11:40
old event bo message_opened #b1 2026-02-20 19:10
old event bo message_opened #b2 2026-02-21 19:20
create tips
start tips
event ann signed_up #a4
event bo signed_up #b3
at 2026-03-03 12:00
mails
    ann@example.com | A tip at 20 | 2026-03-02 11:00:00
    bo@example.com | A tip at 10 | 2026-03-02 09:00:00
log ann tips
    2026-03-02 09:00:00 tips: trigger said enter: matched
    2026-03-02 09:00:00 tips: journey entered a4
    2026-03-02 09:00:00 tips: step reached tip
    2026-03-02 09:00:00 tips: steps/tip/personalizer said chosen: own
    2026-03-02 09:00:00 tips: message queued tip
    2026-03-02 11:00:00 tips: message sent tip
    2026-03-02 11:00:00 tips: journey completed
log bo tips
    2026-03-02 09:00:00 tips: trigger said enter: matched
    2026-03-02 09:00:00 tips: journey entered b3
    2026-03-02 09:00:00 tips: step reached tip
    2026-03-02 09:00:00 tips: steps/tip/personalizer said chosen: fallback
    2026-03-02 09:00:00 tips: message queued tip
    2026-03-02 09:00:00 tips: message sent tip
    2026-03-02 09:00:00 tips: journey completed
