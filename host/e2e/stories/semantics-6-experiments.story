semantics-6: What an experiment says when nobody has won, and when its arms have other shares than they should.

--- workflow equal
{
  "id": "equal", "title": "No difference", "goal": { "on": { "event": "bought" } },
  "trigger": { "plugin": "event", "config": { "event": "came" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "plain", "weight": 5000, "goto": "plain" }, { "name": "gift", "weight": 5000, "goto": "gift" }], "winner": { "per_arm": 500 } } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "gift", "send": { "template": "gift" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template equal plain
Subject: Plain

A word.

--- template equal gift
Subject: Gift

A word.

--- workflow skewed
{
  "id": "skewed", "title": "Shares that are not those of the weights", "goal": { "on": { "event": "bought" } },
  "trigger": { "plugin": "event", "config": { "event": "sorted" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "few", "weight": 3500, "goto": "few" }, { "name": "many", "weight": 6500, "goto": "many" }] } },
    { "id": "few", "send": { "template": "few" }, "next": "end" },
    { "id": "many", "send": { "template": "many" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template skewed few
Subject: Few

A word.

--- template skewed many
Subject: Many

A word.

--- workflow skewed.2
{
  "id": "skewed", "title": "Shares that are not those of the weights", "goal": { "on": { "event": "bought" } },
  "trigger": { "plugin": "event", "config": { "event": "went" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "few", "weight": 3500, "goto": "few" }, { "name": "many", "weight": 6500, "goto": "many" }] } },
    { "id": "few", "send": { "template": "few" }, "next": "end" },
    { "id": "many", "send": { "template": "many" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template skewed.2 few
Subject: Few

A word.

--- template skewed.2 many
Subject: Many

A word.

--- story
at 2026-03-02 09:00
shows 6-no-winner
create equal
start equal
at 2026-03-02 09:10
people 1..1080 came
subjects
    Gift: 519
    Plain: 561
of each 10 Plain | bought
of each 10 Gift | bought
experiment equal
    lot gift: 52 of 519 converted
    lot plain: 57 of 561 converted
    lot: no_winner
at 2026-03-02 10:01
experiment equal
    lot gift: 52 of 519 converted
    lot plain: 57 of 561 converted
    lot: no_winner
    lot: over by itself at 2026-03-02 10:00:00, nobody won

shows 6-unbalanced
# A first life sorts the people; in the second one half of an arm is lost on the way in.
create skewed
start skewed
people 1..1600 sorted
subjects
    Few: 532
    Gift: 519
    Many: 1068
    Plain: 561
pause skewed
delete skewed
later 1h
create skewed
edit skewed
start skewed
of each 1 Few | went
of each 2 Many | went
experiment skewed
    lot few: 0 of 532 converted
    lot many: 0 of 534 converted
    lot: unbalanced
