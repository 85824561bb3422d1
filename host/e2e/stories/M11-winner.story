M11: An experiment with a deterministic split ends by itself once an arm has won, and nobody gets the other arm from then on.

--- workflow welcome
{
  "id": "welcome",
  "title": "Which subject brings the first order?",
  "goal": { "on": { "event": "order_completed" }, "within": "5d" },
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [
    { "id": "subject", "split": {
      "arms": [
        { "name": "plain", "weight": 5000, "goto": "plain" },
        { "name": "gift", "weight": 5000, "goto": "gift" }
      ],
      "winner": { "by": "goal" }
    } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "gift", "send": { "template": "gift" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template welcome plain
Subject: Welcome

Good to have you here.

--- template welcome gift
Subject: Welcome, and a gift

Good to have you here. The first parcel is on us.

--- story
at 2026-03-02 09:00
shows M11
shows 6-winner
create welcome
start welcome
# Too few people, whatever they do.
people 1..300 signed_up
subjects
    Welcome: 154
    Welcome, and a gift: 146
of each 2 Welcome, and a gift | order_completed
at 2026-03-02 10:00
experiment welcome
    subject gift: 73 of 146 converted
    subject plain: 0 of 154 converted
    subject: too_few gift

people 301..1400 signed_up
at 2026-03-02 10:30
of each 20 Welcome | order_completed
of each 5 Welcome, and a gift | order_completed
experiment welcome
    subject gift: 199 of 692 converted
    subject plain: 36 of 708 converted
    subject: winner gift

# At the next full hour it is over; a restart changes nothing.
at 2026-03-02 11:01
experiment welcome
    subject gift: 199 of 692 converted
    subject plain: 36 of 708 converted
    subject: winner gift
    subject: over by itself at 2026-03-02 11:00:00, gift won
restart
people 1401..1500 signed_up
at 2026-03-02 12:00
subjects
    Welcome: 708
    Welcome, and a gift: 792
