//! Reads a workflow's document in spite of what is wrong with its form, so that what is wrong with its meaning is told at
//! the same time.
//!
//! Called by `api` and `app`. Whatever cannot be read gives way to something harmless; what later checks say about that is
//! no news for the author, and [`Reading::of_document`] leaves it out.

use std::{collections::BTreeMap, sync::LazyLock};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Value as Json, json};
use signalbox_model::{
    problem::Problem,
    schema,
    workflow::{Workflow, goal::GOAL_WITHIN_MAX},
};

use super::{PROBLEMS_MAX, compile, problem_of};
use crate::error::cut;

/// What to do about a value that its member cannot have.
const OF_SCHEMA: &str = "see `GET /v1/schemas/workflow` for what can stand here";
/// A duration that every member for one can have.
const DURATION: &str = "1d";
/// Most places that give way to something harmless: each mistake may take a few before its surroundings can be read.
const MENDED_MAX: usize = 4 * PROBLEMS_MAX;

static WORKFLOW: LazyLock<Validator> = LazyLock::new(|| {
    compile(&schema::workflow().to_value())
        .expect("the workflow's schema compiles, as a test shows")
});

/// What of a workflow's document could be read.
#[derive(Debug)]
pub struct Reading {
    /// The workflow, with something harmless in place of what cannot be read; `None` where too much cannot.
    pub workflow: Option<Workflow>,
    /// All that is wrong with the document's form, at most 50 of it, in the order of the places.
    pub problems: Vec<Problem>,
    mended: BTreeMap<String, Mended>,
}

/// What was done about a place that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mended {
    /// Something harmless stands there.
    Replaced,
    /// Nothing stands there.
    Removed,
    /// Nothing stands there; there is no such member, and nobody knows which one it was to be.
    Unknown,
}

/// Everything about a workflow's document that its schema does not allow, at most 50 of it.
pub fn workflow_problems(document: &Json) -> Vec<Problem> {
    let errors = WORKFLOW.iter_errors(document).take(PROBLEMS_MAX);
    let mut problems: Vec<Problem> = errors.map(|error| told(document, &error)).collect();
    problems.sort();
    problems.dedup_by(|one, other| {
        one.code == "zone_unknown" && (&one.pointer, &one.code) == (&other.pointer, &other.code)
    });
    problems
}

/// Reads a workflow's document: all that is wrong with its form, and the workflow as far as it can be read in spite of it,
/// so that the rest can be checked as well.
pub fn read_workflow(document: &Json) -> Reading {
    let mut mender = Mender {
        rest: document.clone(),
        problems: workflow_problems(document),
        mended: BTreeMap::new(),
    };
    let workflow = mender.read();
    mender.problems.sort();
    Reading {
        workflow,
        problems: mender.problems,
        mended: mender.mended,
    }
}

impl Reading {
    /// Of the problems that a check has found in the workflow, those of the document itself: neither what is said about
    /// the places that could not be read, nor what may be so only because of them.
    pub fn of_document(&self, mut found: Vec<Problem>) -> Vec<Problem> {
        found.retain(|problem| {
            let mut mended = self.mended.iter();
            !mended.any(|(place, how)| follows(problem, place, *how))
        });
        found
    }
}

/// The problem of a workflow's document that its schema found. A text for a zone that is none has a code of its own,
/// however far it is from being one.
fn told(document: &Json, error: &ValidationError<'_>) -> Problem {
    let problem = problem_of(error, OF_SCHEMA);
    let value = document.pointer(&problem.pointer);
    match value.and_then(Json::as_str) {
        Some(name) if problem.pointer == "/zone" => zone_unknown(&problem.pointer, name),
        _ => problem,
    }
}

fn zone_unknown(pointer: &str, name: &str) -> Problem {
    let reason = format!("{name:?} is not the name of a time zone");
    let problem = Problem::new(pointer, "zone_unknown", cut(&reason));
    problem.with_help("write a name of the IANA time zone database, such as Europe/Berlin")
}

struct Mender {
    rest: Json,
    problems: Vec<Problem>,
    mended: BTreeMap<String, Mended>,
}

impl Mender {
    /// Mends until all can be read.
    fn read(&mut self) -> Option<Workflow> {
        while self.problems.len() < PROBLEMS_MAX && self.mended.len() < MENDED_MAX {
            let places = self.misplaced();
            if !places.is_empty() {
                self.mend_all(places)?;
                continue;
            }
            let error = match serde_path_to_error::deserialize(&self.rest) {
                Ok(workflow) => return Some(workflow),
                Err(error) => error,
            };
            let place = super::pointer_of(error.path());
            if !self.mended.keys().any(|mended| covers(mended, &place)) {
                let problem = self.unreadable(&place, &error.into_inner().to_string());
                self.problems.push(problem);
            }
            self.mend(&place, Mended::Removed)?;
        }
        None
    }

    /// A value that the schema allows and the workflow cannot have.
    fn unreadable(&self, place: &str, reason: &str) -> Problem {
        match self.rest.pointer(place).and_then(Json::as_str) {
            Some(name) if place == "/zone" => zone_unknown(place, name),
            _ => Problem::new(place, "schema", cut(reason)).with_help(OF_SCHEMA),
        }
    }

    /// The places of what the schema does not allow, and what becomes of them where nothing can stand in for them.
    fn misplaced(&self) -> BTreeMap<String, Mended> {
        let errors = WORKFLOW.iter_errors(&self.rest).take(PROBLEMS_MAX);
        let places = errors.flat_map(|error| {
            let place = error.instance_path().as_str().to_owned();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
                    .iter()
                    .map(|name| (within(&place, name), Mended::Unknown))
                    .collect(),
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    vec![(within(&place, name), Mended::Removed)]
                }
                _ => vec![(place, Mended::Removed)],
            }
        });
        places.collect()
    }

    /// Mends each place once: what stands there then has no mistakes of before.
    fn mend_all(&mut self, places: BTreeMap<String, Mended>) -> Option<()> {
        let mut mended: Vec<String> = Vec::new();
        for (place, how) in places {
            if !mended.iter().any(|outer| covers(outer, &place)) {
                mended.push(self.mend(&place, how)?);
            }
        }
        Some(())
    }

    /// Has the value at the place give way; where neither another can stand there nor nothing, what it is a part of. The
    /// place that did; `None` if that is the whole document.
    fn mend(&mut self, place: &str, how: Mended) -> Option<String> {
        let (parent, member) = place.rsplit_once('/')?;
        let is_first = !self.mended.contains_key(place);
        let stand_in = match how {
            Mended::Unknown => None,
            _ if is_first => stand_in(place, self.mended.len()),
            _ => None,
        };
        let mended = match (self.rest.pointer_mut(parent), stand_in) {
            (Some(Json::Object(members)), Some(value)) => {
                members.insert(unescaped(member), value);
                Some(Mended::Replaced)
            }
            (Some(Json::Object(members)), None) => members.remove(&unescaped(member)).map(|_| how),
            (Some(Json::Array(items)), Some(value)) => {
                let item = member.parse().ok().and_then(|at: usize| items.get_mut(at));
                item.map(|item| *item = value).map(|()| Mended::Replaced)
            }
            _ => None,
        };
        let Some(mended) = mended else {
            return self.mend(parent, Mended::Removed);
        };
        self.mended.insert(place.to_owned(), mended);
        Some(place.to_owned())
    }
}

/// Something that can stand at a place of a workflow's document and leads nowhere. Its name is as new as the number.
fn stand_in(place: &str, number: usize) -> Option<Json> {
    let segments: Vec<&str> = place.split('/').skip(1).collect();
    let name = format!("unread-{number}");
    let event = json!({"event": format!("unread_{number}")});
    let binding = json!({"plugin": name});
    let arm = |action: &str| match action {
        "branch" => json!({"segment": binding, "goto": name}),
        "wait_for" => json!({"on": event, "goto": name}),
        _ => json!({"name": name, "weight": 0, "goto": name}),
    };
    let value = match segments.as_slice() {
        ["steps"] => json!([{"id": name, "goto": {"step": name.clone() + "-"}}]),
        ["steps", _] => json!({"id": name, "goto": {"step": name.clone() + "-"}}),
        ["steps", _, "send"] => json!({"template": name}),
        ["steps", _, "wait"] => json!({"for": DURATION}),
        ["steps", _, "wait_for"] => json!({"arms": [arm("wait_for")], "timeout": DURATION}),
        ["steps", _, "approve"] => {
            json!({"rejected": name, "otherwise": name, "timeout": DURATION})
        }
        ["steps", _, action @ ("branch" | "split")] => json!({"arms": [arm(action)]}),
        ["steps", _, "update"] => json!({"unset": [name]}),
        ["steps", _, "webhook"] => json!({"url": "https://example.com/"}),
        ["steps", _, "goto"] => json!({"step": name}),
        ["steps", _, "exit"] => json!({}),
        [
            "steps",
            _,
            action @ ("branch" | "wait_for" | "split"),
            "arms",
        ] => json!([arm(action)]),
        [
            "steps",
            _,
            action @ ("branch" | "wait_for" | "split"),
            "arms",
            _,
        ] => arm(action),
        ["steps", _, "split", "arms", _, "weight"] => json!(0),
        ["steps", _, "goto", "times_max"] => json!(1),
        ["exits"] => json!([{"on": event}]),
        ["exits", _] => json!({"on": event}),
        ["jumps"] => json!([{"on": event, "goto": name}]),
        ["jumps", _] => json!({"on": event, "goto": name}),
        ["templates", _] => json!({"subject": name, "mjml": empty_mjml()}),
        ["templates", _, "mjml"] => json!(empty_mjml()),
        ["goal", "within"] => json!(GOAL_WITHIN_MAX.to_string()),
        [.., "event"] => event["event"].clone(),
        [.., "on"] => event,
        ["steps", _, "split", "by"] | [.., "segment"] => binding,
        [.., "operator"] => json!("eq"),
        [.., "at" | "from"] => json!("09:00"),
        [.., "to"] => json!("17:00"),
        [
            ..,
            "for" | "timeout" | "late_limit" | "grace" | "credit_within" | "after",
        ] => {
            json!(DURATION)
        }
        [
            ..,
            "id" | "title" | "name" | "step" | "goto" | "next" | "otherwise" | "approved"
            | "rejected" | "on_error" | "template" | "subject" | "plugin" | "field" | "attribute"
            | "value",
        ] => json!(name),
        [.., "url"] => json!("https://example.com/"),
        _ => return None,
    };
    Some(value)
}

fn empty_mjml() -> &'static str {
    "<mjml><mj-body></mj-body></mjml>"
}

/// Whether the problem is said of what stands in for the mended place, or may be there only because of it.
fn follows(problem: &Problem, place: &str, how: Mended) -> bool {
    let segments: Vec<&str> = place.split('/').skip(1).collect();
    let is_unknown_at_top = segments.len() == 1 && how == Mended::Unknown;
    let (first, inner) = segments.split_first().unwrap_or((&"", &[]));
    let follows_by_code = match problem.code.as_str() {
        "weights_sum" if how == Mended::Unknown && matches!(inner, [_, "split", _]) => {
            in_same_step(&problem.pointer, place)
        }
        "no_action" | "no_arms" | "no_steps" | "wait_count" | "source_count" | "update_empty"
        | "exit_of_one" | "condition_of_one" | "goto_unbounded" | "weights_sum"
        | "window_empty" => covers(window_of(problem), place),
        "unreachable" | "never_ends" | "loop_without_wait" | "too_many_questions" => {
            is_unknown_at_top || hides_ways(first, inner, how)
        }
        "step_unknown" => *first == "steps" && matches!(inner, [] | [_] | [_, "id"]),
        "arm_untaken" => *first == "steps" && (inner.len() < 3 || how != Mended::Replaced),
        "next_not_taken" => how == Mended::Unknown && in_same_step(&problem.pointer, place),
        "template_unknown" => is_unknown_at_top || (*first == "templates" && inner.len() < 2),
        "variable_missing" => is_unknown_at_top || (*first == "steps" && hides_values(inner, how)),
        "trigger_missing" => is_unknown_at_top || matches!(*first, "trigger" | "enter_existing"),
        "condition_reference" => is_unknown_at_top || *first == "trigger",
        "winner_without_goal" => is_unknown_at_top || *first == "goal",
        "winner_of_one" | "winner_by_plugin" | "arms_differ" => matches!(inner, [_, "split", ..]),
        _ => false,
    };
    covers(place, &problem.pointer) || follows_by_code
}

/// The place of what the problem is about: a window without hours is told at its end.
fn window_of(problem: &Problem) -> &str {
    let end = (problem.code == "window_empty").then_some("/to");
    end.and_then(|end| problem.pointer.strip_suffix(end))
        .unwrap_or(&problem.pointer)
}

/// Whether a step may lead elsewhere, or wait otherwise, than the workflow that was read shows.
fn hides_ways(first: &str, inner: &[&str], how: Mended) -> bool {
    match (first, inner) {
        ("steps", [_, "send" | "update" | "webhook" | "exit", ..]) | ("exits" | "jumps", _) => {
            how == Mended::Unknown
        }
        ("steps", _) => how != Mended::Replaced,
        ("goal", _) => true,
        _ => false,
    }
}

/// Whether a step may give templates more than the workflow that was read shows.
fn hides_values(inner: &[&str], how: Mended) -> bool {
    let gives = matches!(inner, [] | [_] | [_, "id" | "update" | "send", ..]);
    gives || how != Mended::Replaced
}

fn in_same_step(one: &str, other: &str) -> bool {
    one.split('/').take(3).eq(other.split('/').take(3))
}

/// Whether the place is that one or inside of it.
fn covers(outer: &str, place: &str) -> bool {
    let rest = place.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn within(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn unescaped(member: &str) -> String {
    member.replace("~1", "/").replace("~0", "~")
}
