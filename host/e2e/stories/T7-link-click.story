T7: A click on one link of one mail begins the journey; a click on another link, or in another mail, does not.

--- workflow clicked
{
  "id": "clicked",
  "title": "For whoever looked at the price",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "message_clicked", "where": [
    { "field": "workflow", "operator": "eq", "value": "news" },
    { "field": "link", "operator": "eq", "value": "https://example.com/price" }
  ] } },
  "steps": [{ "id": "send", "send": { "template": "note" } }]
}

--- template clicked note
Subject: About the price

A word.

--- story
at 2026-03-02 09:00
create clicked
start clicked
contact ann {"email": "ann@example.com"}
event ann message_clicked #1 {"workflow": "news", "step": "send", "link": "https://example.com/about"}
event ann message_clicked #2 {"workflow": "other", "step": "send", "link": "https://example.com/price"}
mails
    none
event ann message_clicked #3 {"workflow": "news", "step": "send", "link": "https://example.com/price"}
mails
    ann@example.com | About the price | 2026-03-02 09:00:00
log ann clicked
    2026-03-02 09:00:00 clicked: trigger said enter: matched
    2026-03-02 09:00:00 clicked: journey entered 3
    2026-03-02 09:00:00 clicked: step reached send
    2026-03-02 09:00:00 clicked: message queued send
    2026-03-02 09:00:00 clicked: message sent send
    2026-03-02 09:00:00 clicked: journey completed
