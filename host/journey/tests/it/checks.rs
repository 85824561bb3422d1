//! What is wrong with a document, all at once.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::check;
use signalbox_model::workflow::Workflow;

use crate::rules::{has, on, with, workflow};

fn problems(workflow: Json) -> String {
    let document: Workflow = serde_json::from_value(workflow).unwrap();
    let problems = check(&document).into_iter().map(|problem| {
        let help = if problem.help.is_empty() {
            String::new()
        } else {
            format!(" [{}]", problem.help)
        };
        format!(
            "{} {}: {}{help}",
            problem.pointer, problem.code, problem.reason
        )
    });
    problems.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_workflow_has_none() {
    let steps = json!([
        {"id": "hello", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "which", "branch": {"arms": [{"segment": has("gold"), "goto": "hello"}], "otherwise": "over"}},
        {"id": "over", "exit": {"reason": "not_gold"}},
    ]);
    assert_eq!(problems(workflow("sound", on("signup"), steps)), "");
}

#[test]
fn all_problems_come_at_once() {
    let steps = json!([
        {"id": "a", "send": {"template": "nowhere"}, "wait": {"for": "0s"}, "next": "gone"},
        {"id": "a", "wait": {"for": "1d"}},
        {"id": "c"},
        {"id": "d", "exit": {"reason": "Not A Code"}, "next": "c"},
        {"id": "e", "branch": {"arms": [], "otherwise": "nobody"}, "next": "d"},
        {"id": "f", "branch": {"arms": [{"segment": has("gold"), "goto": "lost"}]}},
    ]);
    let exits = json!([
        {"event": "order_completed", "where": [
            {"field": "value", "operator": "in", "value": 3},
            {"field": "value", "operator": "exists", "value": "yes"},
            {"field": "value", "operator": "gt", "value": [1]},
        ]},
    ]);
    let broken = with(workflow("broken", on("signup"), steps), "exits", exits);
    assert_snapshot!(problems(with(broken, "title", json!(" "))), @r#"
    /exits/0/where/0/value condition_value: the operator wants a list, the value is of type integer
    /exits/0/where/1/value condition_value: the operator wants true or false, the value is of type text
    /exits/0/where/2/value condition_value: the operator wants a number, a text or an instant, the value is of type list
    /steps/0 several_actions: step a has several actions: send, wait [make a step of each]
    /steps/0/next step_unknown: there is no step gone
    /steps/0/send/template template_unknown: there is no template nowhere [templates of the workflow: hello]
    /steps/0/wait/for wait_empty: the wait has no length
    /steps/1/id id_twice: the id a is that of step 0 already
    /steps/2 no_action: step c does nothing [give it one of send, wait, branch, exit]
    /steps/3/exit/reason reason_malformed: "Not A Code" is not a code in snake_case of at most 100 bytes
    /steps/3/next next_after_exit: an exit ends the journey, nothing comes next
    /steps/4/branch/arms no_arms: the branch has no arm
    /steps/4/branch/otherwise step_unknown: there is no step nobody
    /steps/4/next next_beside_otherwise: the branch says `otherwise`, so nobody takes `next` [leave one of them out]
    /steps/5/branch/arms/0/goto step_unknown: there is no step lost
    /title title_empty: the title is empty
    "#);
    assert_snapshot!(problems(workflow("empty", on("signup"), json!([]))), @"/steps no_steps: there is no step [add at least one step, such as a send]");
}

#[test]
fn loops_need_a_wait() {
    let steps = json!([
        {"id": "a", "send": {"template": "hello"}},
        {"id": "b", "branch": {"arms": [{"segment": has("gold"), "goto": "a"}], "otherwise": "c"}},
        {"id": "c", "wait": {"for": "1h"}, "next": "c"},
        {"id": "d", "wait": {"for": "1h"}},
    ]);
    assert_snapshot!(problems(workflow("round", on("signup"), steps)), @r"
    /steps/0 loop_without_wait: step a comes back to itself without a wait in between [put a wait into the loop]
    /steps/1 loop_without_wait: step b comes back to itself without a wait in between [put a wait into the loop]
    /steps/3 unreachable: no way leads to step d
    ");
}

#[test]
fn only_so_many_questions_in_a_row() {
    let branch = |index: u32| {
        json!({"id": format!("b{index}"), "branch": {
            "arms": [{"segment": has("gold"), "goto": format!("b{}", index + 1)}],
        }})
    };
    let mut steps: Vec<Json> = (0..30).map(branch).collect();
    steps.push(json!({"id": "b30", "wait": {"for": "1h"}}));
    assert_snapshot!(problems(workflow("deep", on("signup"), json!(steps))), @"/steps/0 too_many_questions: more than 29 steps that ask a rule follow each other [put a wait between them]");
    steps.remove(0);
    assert_eq!(problems(workflow("deep", on("signup"), json!(steps))), "");
}

#[test]
fn counts_are_bounded() {
    let steps: Vec<Json> = (0..201)
        .map(|index| json!({"id": format!("s{index}"), "wait": {"for": "1h"}}))
        .collect();
    let exits: Vec<Json> = (0..21)
        .map(|_| json!({"event": "order_completed"}))
        .collect();
    let large = with(
        workflow("large", on("signup"), json!(steps)),
        "exits",
        json!(exits),
    );
    assert_snapshot!(problems(with(large, "title", json!("x".repeat(201)))), @r"
    /exits too_many: there are 21 exits, at most 20 are allowed
    /steps too_many: there are 201 steps, at most 200 are allowed
    /title title_too_long: the title has 201 bytes, at most 200 are allowed
    ");
}

#[test]
fn loops_count_their_steps_by_short_ids() {
    let ids: Vec<String> = (0..60)
        .map(|at| format!("{at}{}", "s".repeat(70)))
        .collect();
    let mut steps: Vec<Json> = ids
        .iter()
        .map(|id| json!({"id": id, "wait": {"for": "1h"}}))
        .collect();
    assert_eq!(problems(workflow("row", on("signup"), json!(steps))), "");
    steps[59]["next"] = json!(ids[0]);
    assert_snapshot!(problems(workflow("round", on("signup"), json!(steps))), @"/steps loops_too_large: the ids of steps in loops take 4490 bytes, at most 4096 are allowed [give the steps shorter ids, or make the loops shorter]");
}
