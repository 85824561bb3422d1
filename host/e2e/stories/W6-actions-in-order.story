W6: Sending, waiting, moving to another segment and ending stand in one journey's log, in order.

--- workflow first_touch
{
  "id": "first_touch",
  "title": "First touch",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "form_submitted" } },
  "steps": [
    {
      "id": "known",
      "branch": {
        "arms": [{
          "segment": { "plugin": "audience", "config": { "attribute": { "name": "tags", "operator": "contains", "value": "contacted" } } },
          "goto": "leave"
        }],
        "otherwise": "greet"
      }
    },
    { "id": "greet", "send": { "template": "greet" } },
    { "id": "move", "update": { "add_tags": ["contacted"] } },
    { "id": "pause", "wait": { "for": "2d" } },
    {
      "id": "contacted",
      "branch": {
        "arms": [{
          "segment": { "plugin": "audience", "config": { "attribute": { "name": "tags", "operator": "contains", "value": "contacted" } } },
          "goto": "leave"
        }],
        "otherwise": "greet"
      }
    },
    { "id": "leave", "exit": { "reason": "handed_over" } }
  ]
}

--- template first_touch greet
Subject: Thanks for writing

Somebody will call you soon.

--- story
at 2026-03-02 09:00
create first_touch
start first_touch
contact ann {"email": "ann@example.com"}
event ann form_submitted #f1
mails
    ann@example.com | Thanks for writing | 2026-03-02 09:00:00
later 3d
mails
    none
log ann
    2026-03-02 09:00:00 first_touch: trigger said enter: matched
    2026-03-02 09:00:00 first_touch: journey entered f1
    2026-03-02 09:00:00 first_touch: step reached known
    2026-03-02 09:00:00 first_touch: steps/known/arms/0 said out: missing_value
    2026-03-02 09:00:00 first_touch: arm taken known otherwise
    2026-03-02 09:00:00 first_touch: step reached greet
    2026-03-02 09:00:00 first_touch: message queued greet
    2026-03-02 09:00:00 first_touch: message sent greet
    2026-03-02 09:00:00 first_touch: step reached move
    2026-03-02 09:00:00 first_touch: updated move +contacted
    2026-03-02 09:00:00 first_touch: step reached pause
    2026-03-02 09:00:00 first_touch: wait started pause 2026-03-04 09:00:00
    2026-03-04 09:00:00 first_touch: step reached contacted
    2026-03-04 09:00:00 first_touch: steps/contacted/arms/0 said in: member
    2026-03-04 09:00:00 first_touch: arm taken contacted 0
    2026-03-04 09:00:00 first_touch: step reached leave
    2026-03-04 09:00:00 first_touch: journey exited handed_over
journeys ann
    J1 first_touch version 1, key f1, entered 2026-03-02 09:00:00: handed_over 2026-03-04 09:00:00
