//! Whether a workflow's document makes sense by itself: every problem at once, each with its JSON pointer.
//!
//! `engine` calls this before anything of a workflow is stored, together with what only other rooms know: plugins,
//! configs and templates.

pub mod arms;
pub mod segments;
mod steps;
mod ways;

use std::collections::BTreeMap;

use signalbox_model::{
    condition::{CONDITIONS_MAX, JourneyCondition, JourneyPattern, Operator},
    event::APPROVAL_DECIDED,
    id::{EventName, StepId},
    problem::Problem,
    time::Span,
    value::Value,
    workflow::{
        EXITS_MAX, Entry, GRACE_MAX, JUMPS_MAX, PRIORITY_MAX, STEPS_MAX, TEMPLATES_MAX, Workflow,
        goal::{GOAL_WITHIN_MAX, Goal, GoalEvent},
    },
};

use crate::{
    advance::MESSAGE_SENT,
    limits::{NAMES_TOLD_MAX, PROBLEMS_MAX, TITLE_BYTES_MAX},
};

/// Longest reason of an exit, in bytes.
const REASON_BYTES_MAX: usize = 100;

/// The first place of each step's id.
type Positions = BTreeMap<StepId, usize>;

/// The problems of the document's shape, as [`told`].
pub fn check(workflow: &Workflow) -> Vec<Problem> {
    told(found(workflow))
}

/// All problems of the document's shape. Where it is larger than it may be, only that.
pub fn found(workflow: &Workflow) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_title(&workflow.title, &mut problems);
    check_entrance(workflow, &mut problems);
    if check_counts(workflow, &mut problems) {
        check_parts(workflow, &mut problems);
    }
    problems
}

/// The problems in their order, each once and at most [`PROBLEMS_MAX`] of them: what is too much to tell is left out and
/// counted.
pub fn told(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    if problems.len() > PROBLEMS_MAX {
        let kept = PROBLEMS_MAX - 1;
        let reason = format!("there are {} more problems", problems.len() - kept);
        problems.truncate(kept);
        let problem = Problem::new("", "more_problems", reason);
        problems.push(problem.with_help("mend these first"));
    }
    problems
}

fn check_parts(workflow: &Workflow, problems: &mut Vec<Problem>) {
    if workflow.entry == Entry::After(Span::ZERO) {
        let problem = Problem::new("/entry/after", "entry_empty", "the duration has no length");
        problems.push(problem.with_help("write `every` to let a contact in every time"));
    }
    for (index, exit) in workflow.exits.iter().enumerate() {
        let at = format!("/exits/{index}");
        match (&exit.on, &exit.segment) {
            (Some(on), None) => check_heard(workflow, &format!("{at}/on"), on, problems),
            (None, Some(_)) => {}
            _ => {
                let reason = "an exit names either an event (`on`) or a segment";
                let problem = Problem::new(at.as_str(), "exit_of_one", reason);
                problems.push(
                    problem
                        .with_help("give it one of the two, and an exit of its own for the other"),
                );
            }
        }
        check_reason(&format!("{at}/reason"), exit.reason.as_deref(), problems);
    }
    if workflow
        .grace
        .is_some_and(|grace| grace == Span::ZERO || grace > GRACE_MAX)
    {
        let reason = format!("the grace is longer than nothing and at most {GRACE_MAX}");
        let problem = Problem::new("/grace", "grace_length", reason);
        problems.push(problem.with_help("write how long, such as 2h, or leave it out"));
    }
    if let Some(window) = &workflow.window {
        problems.extend(window.problems("/window"));
    }
    if workflow.priority > PRIORITY_MAX {
        let reason = format!("{} is more than {PRIORITY_MAX}", workflow.priority);
        let problem = Problem::new("/priority", "priority_too_high", reason);
        problems.push(problem.with_help(format!("write a number from 0 to {PRIORITY_MAX}")));
    }
    if let Some(Goal::Event(goal)) = &workflow.goal {
        check_goal(goal, problems);
    }
    let positions = check_ids(workflow, problems);
    for (index, jump) in workflow.jumps.iter().enumerate() {
        check_awaited(workflow, &format!("/jumps/{index}/on"), &jump.on, problems);
        let pointer = format!("/jumps/{index}/goto");
        check_step(&pointer, &jump.goto, &positions, problems);
    }
    steps::check(workflow, &positions, problems);
    ways::check(workflow, &positions, problems);
}

/// What would make the document better, without being wrong: what every workflow of a team should say.
pub fn advise(workflow: &Workflow) -> Vec<Problem> {
    let mut advice = Vec::new();
    let mut missing = |is_missing: bool, code: &str, what: &str, help: &str| {
        if is_missing {
            let reason = format!("the workflow says no {what}");
            advice.push(Problem::new("", code, reason).with_help(help));
        }
    };
    let kind = "write what kind of mail it sends, such as `welcome`";
    missing(workflow.kind.is_none(), "type_missing", "type", kind);
    let goal = "write the event it is to bring about, or `none`: it cannot start without";
    missing(workflow.goal.is_none(), "goal_missing", "goal", goal);
    let stage = "write where its contacts stand, such as `explore`";
    missing(workflow.stage.is_none(), "stage_missing", "stage", stage);
    advice
}

fn check_goal(goal: &GoalEvent, problems: &mut Vec<Problem>) {
    check_event("/goal/on", &goal.on.event, problems);
    let conditions = &goal.on.conditions;
    if check_count(
        "/goal/on/where",
        "conditions",
        conditions.len(),
        CONDITIONS_MAX,
        problems,
    ) {
        for (index, condition) in conditions.iter().enumerate() {
            let at = format!("/goal/on/where/{index}");
            check_value(&at, condition.operator, &condition.value, problems);
        }
    }
    let spans = [
        ("within", Some(goal.within), GOAL_WITHIN_MAX),
        ("credit_within", goal.credit_within, goal.within),
    ];
    for (member, span, span_max) in spans {
        if span.is_some_and(|span| span == Span::ZERO || span > span_max) {
            let reason = format!("it is longer than nothing and at most {span_max}");
            let problem = Problem::new(format!("/goal/{member}"), "goal_window", reason);
            problems
                .push(problem.with_help(format!("write how long, such as 1d, at most {span_max}")));
        }
    }
}

/// Somebody must be able to enter.
fn check_entrance(workflow: &Workflow, problems: &mut Vec<Problem>) {
    if workflow.trigger.is_none() && !workflow.enter_existing {
        let reason = "nobody can enter: it has no trigger, and takes in nobody at its start";
        let problem = Problem::new("/trigger", "trigger_missing", reason);
        problems.push(problem.with_help("name a rule, or say `enter_existing: true`"));
    }
}

fn check_title(title: &str, problems: &mut Vec<Problem>) {
    if title.trim().is_empty() {
        let problem = Problem::new("/title", "title_empty", "the title is empty");
        problems.push(problem.with_help("write what people are to call it"));
    }
    if title.len() > TITLE_BYTES_MAX {
        let reason = format!(
            "the title has {} bytes, at most {TITLE_BYTES_MAX} are allowed",
            title.len()
        );
        let problem = Problem::new("/title", "title_too_long", reason);
        problems.push(problem.with_help("shorten it"));
    }
}

/// Whether none of the document's lists is too long to be looked at.
fn check_counts(workflow: &Workflow, problems: &mut Vec<Problem>) -> bool {
    if workflow.steps.is_empty() {
        let problem = Problem::new("/steps", "no_steps", "there is no step");
        problems.push(problem.with_help("add at least one step, such as a send"));
    }
    let counts = [
        ("/steps", "steps", workflow.steps.len(), STEPS_MAX),
        ("/exits", "exits", workflow.exits.len(), EXITS_MAX),
        ("/jumps", "jumps", workflow.jumps.len(), JUMPS_MAX),
        (
            "/templates",
            "templates",
            workflow.templates.len(),
            TEMPLATES_MAX,
        ),
    ];
    let mut fits = true;
    for (pointer, what, count, count_max) in counts {
        fits &= check_count(pointer, what, count, count_max, problems);
    }
    fits
}

/// Whether the list is not too long to be looked at.
fn check_count(
    pointer: &str,
    what: &str,
    count: usize,
    count_max: usize,
    problems: &mut Vec<Problem>,
) -> bool {
    if count > count_max {
        let reason = format!("there are {count} {what}, at most {count_max} are allowed");
        let problem = Problem::new(pointer, "too_many", reason);
        problems.push(problem.with_help("take some out, or share them among several workflows"));
    }
    count <= count_max
}

/// Why a journey ends, as reports count it.
fn check_reason(pointer: &str, reason: Option<&str>, problems: &mut Vec<Problem>) {
    if let Some(reason) = reason.filter(|reason| !is_code(reason)) {
        let reason =
            format!("{reason:?} is not a code in snake_case of at most {REASON_BYTES_MAX} bytes");
        let problem = Problem::new(pointer, "reason_malformed", reason);
        problems.push(problem.with_help("write a code such as `not_wanted`: reports count by it"));
    }
}

fn is_code(text: &str) -> bool {
    text.len() <= REASON_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// An event that a journey waits for. It may not be one that sending makes: journeys that wake each other would send
/// without end.
fn check_awaited(
    workflow: &Workflow,
    pointer: &str,
    pattern: &JourneyPattern,
    problems: &mut Vec<Problem>,
) {
    check_heard(workflow, pointer, pattern, problems);
    if pattern.event.as_str() == MESSAGE_SENT {
        let at = format!("{pointer}/event");
        let problem = Problem::new(
            at,
            "event_of_sending",
            "no journey can wait for a sent message",
        );
        problems.push(problem.with_help("the step behind a send begins when its message is sent"));
    }
}

/// An event that ends, moves or wakes a journey. A person's decision has its own step.
fn check_heard(
    workflow: &Workflow,
    pointer: &str,
    pattern: &JourneyPattern,
    problems: &mut Vec<Problem>,
) {
    check_event(pointer, &pattern.event, problems);
    let (at, count) = (format!("{pointer}/where"), pattern.conditions.len());
    if check_count(&at, "conditions", count, CONDITIONS_MAX, problems) {
        for (index, condition) in pattern.conditions.iter().enumerate() {
            check_condition(workflow, &format!("{at}/{index}"), condition, problems);
        }
    }
}

fn check_event(pointer: &str, event: &EventName, problems: &mut Vec<Problem>) {
    if event.as_str() == APPROVAL_DECIDED {
        let at = format!("{pointer}/event");
        let reason = "a person's decision is heard by the approve step alone";
        let problem = Problem::new(at, "event_of_approval", reason);
        problems.push(problem.with_help("use an approve step and its ways on"));
    }
}

/// The first of the names, and how many more there are.
fn some_of(names: &[&str]) -> String {
    let told = &names[..names.len().min(NAMES_TOLD_MAX)];
    match names.len() - told.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

/// Whether there is such a step.
fn check_step(pointer: &str, name: &StepId, positions: &Positions, problems: &mut Vec<Problem>) {
    if !positions.contains_key(name) {
        let reason = format!("there is no step {name}");
        let names: Vec<&str> = positions.keys().map(StepId::as_str).collect();
        let help = format!("steps of the workflow: {}", some_of(&names));
        problems.push(Problem::new(pointer, "step_unknown", reason).with_help(help));
    }
}

/// A condition compares with a value, or with the event that the journey began with where that can have fields.
fn check_condition(
    workflow: &Workflow,
    pointer: &str,
    condition: &JourneyCondition,
    problems: &mut Vec<Problem>,
) {
    match (&condition.value, &condition.entry_event) {
        (Some(value), None) => check_value(pointer, condition.operator, value, problems),
        (None, Some(_)) => check_reference(workflow, pointer, condition.operator, problems),
        _ => {
            let reason = "a condition compares with exactly one of `value` and `entry_event`";
            let problem = Problem::new(pointer, "condition_of_one", reason);
            problems.push(problem.with_help("give it one of the two"));
        }
    }
}

fn check_reference(
    workflow: &Workflow,
    pointer: &str,
    operator: Operator,
    problems: &mut Vec<Problem>,
) {
    let (reason, help) = if workflow.trigger.is_none() {
        (
            "journeys of a workflow without a trigger begin with an event without fields",
            "compare with a `value`, or name a trigger",
        )
    } else if operator == Operator::Exists {
        (
            "whether a field is there does not depend on another event",
            "give the `value` true or false",
        )
    } else {
        return;
    };
    let at = format!("{pointer}/entry_event");
    problems.push(Problem::new(at, "condition_reference", reason).with_help(help));
}

fn check_value(pointer: &str, operator: Operator, value: &Value, problems: &mut Vec<Problem>) {
    let wanted = match (operator, value) {
        (Operator::In, Value::List(_)) | (Operator::Exists, Value::Boolean(_)) => return,
        (Operator::In, _) => "a list",
        (Operator::Exists, _) => "true or false",
        (
            Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte,
            Value::List(_) | Value::Map(_),
        ) => "a number, a text or an instant",
        _ => return,
    };
    let reason = format!(
        "the operator wants {wanted}, the value is of type {}",
        value.kind()
    );
    let problem = Problem::new(format!("{pointer}/value"), "condition_value", reason);
    problems.push(problem.with_help(format!("write {wanted}, or choose another operator")));
}

fn check_ids(workflow: &Workflow, problems: &mut Vec<Problem>) -> Positions {
    let mut positions = BTreeMap::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        if let Some(first) = positions.get(&step.id) {
            let reason = format!("the id {} is that of step {first} already", step.id);
            let problem = Problem::new(format!("/steps/{index}/id"), "id_twice", reason);
            problems.push(problem.with_help("give each step an id of its own"));
        } else {
            positions.insert(step.id.clone(), index);
        }
    }
    positions
}
