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

--- workflow one
{
  "id": "one", "title": "Shares its lots", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "met" } },
  "steps": [
    { "id": "lot", "split": { "experiment": "gifts", "arms": [{ "name": "plain", "weight": 5000, "goto": "plain" }, { "name": "gift", "weight": 5000, "goto": "gift" }] } },
    { "id": "plain", "exit": { "reason": "plain" } },
    { "id": "gift", "exit": { "reason": "gift" } }
  ]
}

--- workflow two
{
  "id": "two", "title": "Shares its lots", "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "met" } },
  "steps": [
    { "id": "lot", "split": { "experiment": "gifts", "arms": [{ "name": "plain", "weight": 5000, "goto": "plain" }, { "name": "gift", "weight": 5000, "goto": "gift" }] } },
    { "id": "plain", "exit": { "reason": "plain" } },
    { "id": "gift", "exit": { "reason": "gift" } }
  ]
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

shows 6-split
# Splits of one experiment in two workflows: the same arm in both, whatever it was in another experiment.
create one
start one
create two
start two
people 1..100 met
journeys p1
    J1 one version 1, key met-p1, entered 2026-03-02 09:00:00: gift 2026-03-02 09:00:00
    J2 test version 1, key came-p1, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J3 test version 2, key came_again-p1, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J4 test version 3, key came_once_more-p1, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J5 two version 1, key met-p1, entered 2026-03-02 09:00:00: gift 2026-03-02 09:00:00
journeys p2
    J6 one version 1, key met-p2, entered 2026-03-02 09:00:00: plain 2026-03-02 09:00:00
    J7 test version 1, key came-p2, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J8 test version 2, key came_again-p2, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J9 test version 3, key came_once_more-p2, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J10 two version 1, key met-p2, entered 2026-03-02 09:00:00: plain 2026-03-02 09:00:00
journeys p3
    J11 one version 1, key met-p3, entered 2026-03-02 09:00:00: plain 2026-03-02 09:00:00
    J12 test version 1, key came-p3, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J13 test version 2, key came_again-p3, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J14 test version 3, key came_once_more-p3, entered 2026-03-02 09:00:00: done 2026-03-02 09:00:00
    J15 two version 1, key met-p3, entered 2026-03-02 09:00:00: plain 2026-03-02 09:00:00
counters one
    version 1 decisions trigger matched: 100
    version 1 entered: 100
    version 1 exited gift: 44
    version 1 exited plain: 56
counters two
    version 1 decisions trigger matched: 100
    version 1 entered: 100
    version 1 exited gift: 44
    version 1 exited plain: 56
