//! Whether a workflow's document makes sense by itself: every problem at once, each with its JSON pointer.
//!
//! `engine` calls this before anything of a workflow is stored, together with what only other rooms know: plugins,
//! configs and templates.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_model::{
    condition::{CONDITIONS_MAX, EventPattern, Operator},
    id::{StepId, TemplateName},
    problem::Problem,
    time::Span,
    value::Value,
    workflow::{ARMS_MAX, Branch, EXITS_MAX, STEPS_MAX, Step, TEMPLATES_MAX, Workflow},
};

use crate::{
    budget::visits_bytes,
    compiled::{reaches, ways_from},
    limits::{LOOPS_BYTES_MAX, TITLE_BYTES_MAX, WAVES_MAX},
};

/// Longest reason of an exit step, in bytes.
const REASON_BYTES_MAX: usize = 100;
/// Waves that an entry uses up before the first step: trigger and audience.
const WAVES_OF_ENTRY: u32 = 2;

/// All problems of the document's shape.
pub fn check(workflow: &Workflow) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_title(&workflow.title, &mut problems);
    check_counts(workflow, &mut problems);
    for (index, exit) in workflow.exits.iter().enumerate() {
        check_pattern(&format!("/exits/{index}"), exit, &mut problems);
    }
    let positions = check_ids(workflow, &mut problems);
    for (index, step) in workflow.steps.iter().enumerate() {
        let pointer = format!("/steps/{index}");
        check_actions(&pointer, step, &mut problems);
        check_names(&pointer, workflow, step, &positions, &mut problems);
    }
    check_ways(workflow, &positions, &mut problems);
    problems.sort();
    problems
}

fn check_title(title: &str, problems: &mut Vec<Problem>) {
    if title.trim().is_empty() {
        problems.push(Problem::new("/title", "title_empty", "the title is empty"));
    }
    if title.len() > TITLE_BYTES_MAX {
        let reason = format!(
            "the title has {} bytes, at most {TITLE_BYTES_MAX} are allowed",
            title.len()
        );
        problems.push(Problem::new("/title", "title_too_long", reason));
    }
}

fn check_counts(workflow: &Workflow, problems: &mut Vec<Problem>) {
    if workflow.steps.is_empty() {
        let problem = Problem::new("/steps", "no_steps", "there is no step");
        problems.push(problem.with_help("add at least one step, such as a send"));
    }
    let counts = [
        ("/steps", "steps", workflow.steps.len(), STEPS_MAX),
        ("/exits", "exits", workflow.exits.len(), EXITS_MAX),
        (
            "/templates",
            "templates",
            workflow.templates.len(),
            TEMPLATES_MAX,
        ),
    ];
    for (pointer, what, count, count_max) in counts {
        if count > count_max {
            let reason = format!("there are {count} {what}, at most {count_max} are allowed");
            problems.push(Problem::new(pointer, "too_many", reason));
        }
    }
}

fn check_pattern(pointer: &str, pattern: &EventPattern, problems: &mut Vec<Problem>) {
    let count = pattern.conditions.len();
    if count > CONDITIONS_MAX {
        let reason = format!("there are {count} conditions, at most {CONDITIONS_MAX} are allowed");
        problems.push(Problem::new(format!("{pointer}/where"), "too_many", reason));
    }
    for (index, condition) in pattern.conditions.iter().enumerate() {
        let wanted = match (condition.operator, &condition.value) {
            (Operator::In, Value::List(_)) | (Operator::Exists, Value::Boolean(_)) => continue,
            (Operator::In, _) => "a list",
            (Operator::Exists, _) => "true or false",
            (
                Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte,
                Value::List(_) | Value::Map(_),
            ) => "a number, a text or an instant",
            _ => continue,
        };
        let reason = format!(
            "the operator wants {wanted}, the value is of type {}",
            condition.value.kind()
        );
        let pointer = format!("{pointer}/where/{index}/value");
        problems.push(Problem::new(pointer, "condition_value", reason));
    }
}

fn check_ids(workflow: &Workflow, problems: &mut Vec<Problem>) -> BTreeMap<StepId, usize> {
    let mut positions = BTreeMap::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        if let Some(first) = positions.get(&step.id) {
            let reason = format!("the id {} is that of step {first} already", step.id);
            problems.push(Problem::new(
                format!("/steps/{index}/id"),
                "id_twice",
                reason,
            ));
        } else {
            positions.insert(step.id.clone(), index);
        }
    }
    positions
}

fn check_actions(pointer: &str, step: &Step, problems: &mut Vec<Problem>) {
    let actions = [
        ("send", step.send.is_some()),
        ("wait", step.wait.is_some()),
        ("branch", step.branch.is_some()),
        ("exit", step.exit.is_some()),
    ];
    let given: Vec<&str> = actions
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| *name)
        .collect();
    match given.as_slice() {
        [_one] => {}
        [] => {
            let problem = Problem::new(
                pointer,
                "no_action",
                format!("step {} does nothing", step.id),
            );
            problems.push(problem.with_help("give it one of send, wait, branch, exit"));
        }
        several => {
            let reason = format!(
                "step {} has several actions: {}",
                step.id,
                several.join(", ")
            );
            let problem = Problem::new(pointer, "several_actions", reason);
            problems.push(problem.with_help("make a step of each"));
        }
    }
    if step
        .wait
        .as_ref()
        .is_some_and(|wait| wait.duration == Span::ZERO)
    {
        let reason = "the wait has no length";
        problems.push(Problem::new(
            format!("{pointer}/wait/for"),
            "wait_empty",
            reason,
        ));
    }
    if let Some(exit) = &step.exit {
        if let Some(reason) = exit.reason.as_deref().filter(|reason| !is_code(reason)) {
            let reason = format!(
                "{reason:?} is not a code in snake_case of at most {REASON_BYTES_MAX} bytes"
            );
            problems.push(Problem::new(
                format!("{pointer}/exit/reason"),
                "reason_malformed",
                reason,
            ));
        }
        if step.next.is_some() {
            let reason = "an exit ends the journey, nothing comes next";
            problems.push(Problem::new(
                format!("{pointer}/next"),
                "next_after_exit",
                reason,
            ));
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() <= REASON_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check_names(
    pointer: &str,
    workflow: &Workflow,
    step: &Step,
    positions: &BTreeMap<StepId, usize>,
    problems: &mut Vec<Problem>,
) {
    let mut known = |at: String, name: &StepId| {
        if !positions.contains_key(name) {
            let reason = format!("there is no step {name}");
            problems.push(Problem::new(at, "step_unknown", reason));
        }
    };
    if let Some(next) = &step.next {
        known(format!("{pointer}/next"), next);
    }
    if let Some(branch) = &step.branch {
        for (index, arm) in branch.arms.iter().enumerate() {
            known(format!("{pointer}/branch/arms/{index}/goto"), &arm.goto);
        }
        if let Some(otherwise) = &branch.otherwise {
            known(format!("{pointer}/branch/otherwise"), otherwise);
        }
        check_branch(pointer, step, branch, problems);
    }
    if let Some(send) = &step.send
        && !workflow.templates.contains_key(&send.template)
    {
        let problem = Problem::new(
            format!("{pointer}/send/template"),
            "template_unknown",
            format!("there is no template {}", send.template),
        );
        let names: Vec<&str> = workflow
            .templates
            .keys()
            .map(TemplateName::as_str)
            .collect();
        problems
            .push(problem.with_help(format!("templates of the workflow: {}", names.join(", "))));
    }
}

fn check_branch(pointer: &str, step: &Step, branch: &Branch, problems: &mut Vec<Problem>) {
    let at = format!("{pointer}/branch/arms");
    if branch.arms.is_empty() {
        problems.push(Problem::new(at.clone(), "no_arms", "the branch has no arm"));
    }
    if branch.arms.len() > ARMS_MAX {
        let reason = format!(
            "there are {} arms, at most {ARMS_MAX} are allowed",
            branch.arms.len()
        );
        problems.push(Problem::new(at, "too_many", reason));
    }
    if branch.otherwise.is_some() && step.next.is_some() {
        let problem = Problem::new(
            format!("{pointer}/next"),
            "next_beside_otherwise",
            "the branch says `otherwise`, so nobody takes `next`",
        );
        problems.push(problem.with_help("leave one of them out"));
    }
}

/// What can only be seen from all steps together: who is never reached, and who goes round without waiting.
fn check_ways(
    workflow: &Workflow,
    positions: &BTreeMap<StepId, usize>,
    problems: &mut Vec<Problem>,
) {
    let steps = &workflow.steps;
    if steps.is_empty() || steps.len() > STEPS_MAX {
        return;
    }
    let ways: Vec<Vec<usize>> = (0..steps.len())
        .map(|at| ways_from(workflow, positions, at))
        .collect();
    // A wrong name breaks ways: what is unreachable can be said once all names are right.
    let names_are_right = problems
        .iter()
        .all(|problem| !matches!(problem.code.as_str(), "step_unknown" | "id_twice"));
    for (index, step) in steps.iter().enumerate().skip(1) {
        if names_are_right && !reaches(&ways, 0, index) {
            let reason = format!("no way leads to step {}", step.id);
            problems.push(Problem::new(
                format!("/steps/{index}"),
                "unreachable",
                reason,
            ));
        }
    }
    check_loops(steps, &ways, problems);
    let without_waits: Vec<Vec<usize>> = (0..steps.len())
        .map(|at| {
            if steps[at].wait.is_some() {
                Vec::new()
            } else {
                ways[at].clone()
            }
        })
        .collect();
    let round: BTreeSet<usize> = (0..steps.len())
        .filter(|&at| reaches(&without_waits, at, at))
        .collect();
    for &index in &round {
        let reason = format!(
            "step {} comes back to itself without a wait in between",
            steps[index].id
        );
        let problem = Problem::new(format!("/steps/{index}"), "loop_without_wait", reason);
        problems.push(problem.with_help("put a wait into the loop"));
    }
    if round.is_empty() {
        check_questions_in_a_row(steps, &without_waits, problems);
    }
}

/// A journey counts its visits of steps that it can come back to, by their ids.
fn check_loops(steps: &[Step], ways: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let recurring = (0..steps.len()).filter(|&at| reaches(ways, at, at));
    let bytes: usize = recurring.map(|at| visits_bytes(&steps[at].id)).sum();
    if bytes > LOOPS_BYTES_MAX {
        let reason = format!(
            "the ids of steps in loops take {bytes} bytes, at most {LOOPS_BYTES_MAX} are allowed"
        );
        let problem = Problem::new("/steps", "loops_too_large", reason);
        problems.push(problem.with_help("give the steps shorter ids, or make the loops shorter"));
    }
}

/// Each branch and each personalizer asks, and one input has only so many waves of questions. A send that is skipped
/// does not park the journey, so only waits end the row.
fn check_questions_in_a_row(steps: &[Step], ways: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let mut longest: Vec<Option<u32>> = vec![None; steps.len()];
    for at in 0..steps.len() {
        questions_from(at, steps, ways, &mut longest);
    }
    let most = WAVES_MAX - WAVES_OF_ENTRY - 1;
    let first = (0..steps.len()).find(|&at| longest[at].is_some_and(|count| count > most));
    if let Some(at) = first {
        let reason = format!("more than {most} steps that ask a rule follow each other");
        let problem = Problem::new(format!("/steps/{at}"), "too_many_questions", reason);
        problems.push(problem.with_help("put a wait between them"));
    }
}

fn questions_from(
    at: usize,
    steps: &[Step],
    ways: &[Vec<usize>],
    longest: &mut [Option<u32>],
) -> u32 {
    if let Some(known) = longest[at] {
        return known;
    }
    let next = ways[at].iter();
    let behind = next
        .map(|&next| questions_from(next, steps, ways, longest))
        .max();
    let send = steps[at].send.as_ref();
    let asks = steps[at].branch.is_some() || send.is_some_and(|send| send.personalizer.is_some());
    let count = behind.unwrap_or(0) + u32::from(asks);
    longest[at] = Some(count);
    count
}
