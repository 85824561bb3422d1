semantics-6: A contact's arm is a hash of experiment and contact: the same after a restart, in every version and journey, and kept when weights change.

--- workflow test
{
  "id": "test", "title": "Two subjects", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "came" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "plain", "weight": 2500, "goto": "plain" }, { "name": "gift", "weight": 7500, "goto": "gift" }] } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "gift", "send": { "template": "gift" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template test plain
Subject: Plain

A word.

--- template test gift
Subject: Gift

A word.

--- workflow test.2
{
  "id": "test", "title": "Two subjects", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "came_again" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "plain", "weight": 2500, "goto": "plain" }, { "name": "gift", "weight": 7500, "goto": "gift" }] } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "gift", "send": { "template": "gift" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template test.2 plain
Subject: Plain again

A word.

--- template test.2 gift
Subject: Gift again

A word.

--- workflow test.3
{
  "id": "test", "title": "Two subjects", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "came_once_more" } },
  "steps": [
    { "id": "lot", "split": { "arms": [{ "name": "plain", "weight": 10000, "goto": "plain" }, { "name": "gift", "weight": 0, "goto": "gift" }] } },
    { "id": "plain", "send": { "template": "plain" }, "next": "end" },
    { "id": "gift", "send": { "template": "gift" } },
    { "id": "end", "exit": { "reason": "done" } }
  ]
}

--- template test.3 plain
Subject: Plain once more

A word.

--- template test.3 gift
Subject: Gift once more

A word.

--- workflow heavy
{
  "id": "heavy", "title": "More than everybody", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "came" } },
  "steps": [{ "id": "lot", "split": { "arms": [{ "name": "plain", "weight": 5000 }, { "name": "gift", "weight": 5001 }] } }]
}

--- story
at 2026-03-02 09:00
shows 6-split
create heavy
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /steps/0/split/arms the weights add up to 10001, not to 10000
create test
start test
people 1..200 came
subjects
    Gift: 144
    Plain: 56
log p1
    2026-03-02 09:00:00 test: trigger said enter: matched
    2026-03-02 09:00:00 test: journey entered came-p1
    2026-03-02 09:00:00 test: step reached lot
    2026-03-02 09:00:00 test: arm assigned lot plain
    2026-03-02 09:00:00 test: arm taken lot 0
    2026-03-02 09:00:00 test: step reached plain
    2026-03-02 09:00:00 test: message queued plain
    2026-03-02 09:00:00 test: message sent plain
    2026-03-02 09:00:00 test: step reached end
    2026-03-02 09:00:00 test: journey exited done
log p2
    2026-03-02 09:00:00 test: trigger said enter: matched
    2026-03-02 09:00:00 test: journey entered came-p2
    2026-03-02 09:00:00 test: step reached lot
    2026-03-02 09:00:00 test: arm assigned lot gift
    2026-03-02 09:00:00 test: arm taken lot 1
    2026-03-02 09:00:00 test: step reached gift
    2026-03-02 09:00:00 test: message queued gift
    2026-03-02 09:00:00 test: message sent gift
    2026-03-02 09:00:00 test: step reached end
    2026-03-02 09:00:00 test: journey exited done

shows 6-sticky
# Killed, in another version, and in another journey: every one of them keeps the arm.
kill
pause test
edit test
resume test
people 1..200 came_again
subjects
    Gift: 144
    Gift again: 144
    Plain: 56
    Plain again: 56
log p1
    2026-03-02 09:00:00 test: trigger said enter: matched
    2026-03-02 09:00:00 test: journey entered came-p1
    2026-03-02 09:00:00 test: step reached lot
    2026-03-02 09:00:00 test: arm assigned lot plain
    2026-03-02 09:00:00 test: arm taken lot 0
    2026-03-02 09:00:00 test: step reached plain
    2026-03-02 09:00:00 test: message queued plain
    2026-03-02 09:00:00 test: message sent plain
    2026-03-02 09:00:00 test: step reached end
    2026-03-02 09:00:00 test: journey exited done
    2026-03-02 09:00:00 test: trigger said enter: matched
    2026-03-02 09:00:00 test: journey entered came_again-p1
    2026-03-02 09:00:00 test: step reached lot
    2026-03-02 09:00:00 test: arm taken lot 0
    2026-03-02 09:00:00 test: step reached plain
    2026-03-02 09:00:00 test: message queued plain
    2026-03-02 09:00:00 test: message sent plain
    2026-03-02 09:00:00 test: step reached end
    2026-03-02 09:00:00 test: journey exited done
log p2
    2026-03-02 09:00:00 test: trigger said enter: matched
    2026-03-02 09:00:00 test: journey entered came-p2
    2026-03-02 09:00:00 test: step reached lot
    2026-03-02 09:00:00 test: arm assigned lot gift
    2026-03-02 09:00:00 test: arm taken lot 1
    2026-03-02 09:00:00 test: step reached gift
    2026-03-02 09:00:00 test: message queued gift
    2026-03-02 09:00:00 test: message sent gift
    2026-03-02 09:00:00 test: step reached end
    2026-03-02 09:00:00 test: journey exited done
    2026-03-02 09:00:00 test: trigger said enter: matched
    2026-03-02 09:00:00 test: journey entered came_again-p2
    2026-03-02 09:00:00 test: step reached lot
    2026-03-02 09:00:00 test: arm taken lot 1
    2026-03-02 09:00:00 test: step reached gift
    2026-03-02 09:00:00 test: message queued gift
    2026-03-02 09:00:00 test: message sent gift
    2026-03-02 09:00:00 test: step reached end
    2026-03-02 09:00:00 test: journey exited done

shows 6-weights
# A quarter had the plain one; whoever comes anew has it from now on, and nobody who was assigned changes.
pause test
edit test
resume test
restart
people 1..220 came_once_more
subjects
    Gift: 144
    Gift again: 144
    Gift once more: 144
    Plain: 56
    Plain again: 56
    Plain once more: 76
