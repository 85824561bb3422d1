O7: Every template has a type, a goal and a stage; a workflow that lacks one is told so when it is checked.

--- workflow plain
{
  "id": "plain",
  "title": "Plain",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "steps": [{ "id": "hello", "send": { "template": "hello" } }]
}

--- template plain hello
Subject: Hello

A word.

--- story
at 2026-03-02 09:00
run workflow check {plain.json} --plugins {plugins}
    plain.json: the workflow says no type: write what kind of mail it sends, such as `welcome` (type_missing)
    plain.json: the workflow says no stage: write where its contacts stand, such as `explore` (stage_missing)
    plain.json: workflow plain is good, 1 step and 1 template
run new workflow --template welcome --out {welcome.yaml}
    welcome.yaml: change what its comments name, then run signalbox workflow check welcome.yaml
run workflow check {welcome.yaml} --plugins {plugins}
    welcome.yaml: workflow welcome is good, 10 steps and 4 templates
run new workflow --template win-back --out {win-back.yaml}
    win-back.yaml: change what its comments name, then run signalbox workflow check win-back.yaml
run workflow check {win-back.yaml} --plugins {plugins}
    win-back.yaml: workflow win-back is good, 13 steps and 3 templates
