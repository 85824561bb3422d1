//! The JSON documents that are read by published schemas: `describe` and `plan` of the contract, and a workflow's.
//!
//! Called by `load`, `plugin` and `check`, and by `api` for workflows. The schemas of `wit/v1/schemas` find every problem with its place; the
//! types of `model` are what comes out. What the schemas cannot say (unique names, what this host can do) is checked
//! here too.

mod workflow;

use std::{collections::BTreeSet, sync::LazyLock};

use jsonschema::{Draft, PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use signalbox_model::{
    describe::{Description, RuleKind},
    plan::{ColumnType, Input, Occasion, Plan, Source, TableSelection},
    problem::Problem,
};

pub use self::workflow::{Reading, read_workflow, workflow_problems};

use crate::{
    error::cut,
    limits::{DESCRIBE_BYTES_MAX, PLAN_BYTES_MAX},
};

/// What to do about a value that its schema does not allow.
const OF_SCHEMA: &str = "write what its schema allows here";
/// Most problems that one check lists.
const PROBLEMS_MAX: usize = 50;
/// Largest compiled pattern of a config schema, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The published schema of the `describe` document.
pub const DESCRIBE_SCHEMA: &str = include_str!("../../../wit/v1/schemas/describe.schema.json");
/// The published schema of the `plan` document.
pub const PLAN_SCHEMA: &str = include_str!("../../../wit/v1/schemas/plan.schema.json");

static DESCRIBE: LazyLock<Validator> = LazyLock::new(|| published(DESCRIBE_SCHEMA));
static PLAN: LazyLock<Validator> = LazyLock::new(|| published(PLAN_SCHEMA));
fn published(schema: &str) -> Validator {
    let schema: Json =
        serde_json::from_str(schema).expect("the published schemas are JSON, as a test shows");
    compile(&schema).expect("the published schemas compile, as a test shows")
}

/// A schema made ready: the 2020-12 draft, patterns in linear time, no references to elsewhere.
///
/// # Errors
/// When it is no schema, with the place in it.
pub fn compile(schema: &Json) -> Result<Validator, Vec<Problem>> {
    let patterns = PatternOptions::regex()
        .size_limit(PATTERN_BYTES_MAX)
        .dfa_size_limit(PATTERN_BYTES_MAX);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(patterns)
        .offline()
        .build(schema)
        .map_err(|error| {
            let pointer = error.schema_path().as_str().to_owned();
            let problem = Problem::new(pointer, "schema", cut(&error.to_string()));
            vec![problem.with_help(
                "write a JSON Schema of the draft 2020-12 without references to elsewhere",
            )]
        })
}

/// Everything about the document that its schema does not allow, with places in the document.
pub fn problems(validator: &Validator, document: &Json) -> Vec<Problem> {
    let errors = validator.iter_errors(document).take(PROBLEMS_MAX);
    errors.map(|error| problem_of(&error, OF_SCHEMA)).collect()
}

/// The problem that a schema found, and what to do about it where that does not follow from its kind.
fn problem_of(error: &ValidationError<'_>, help: &str) -> Problem {
    let pointer = error.instance_path().as_str().to_owned();
    let problem = Problem::new(pointer, "schema", cut(&error.to_string()));
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { .. } => {
            problem.with_help("take it out, or write the name that is meant")
        }
        ValidationErrorKind::Required { .. } => problem.with_help("add it"),
        _ => problem.with_help(help),
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    path.iter().fold(String::new(), |pointer, segment| {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => return pointer,
        };
        format!("{pointer}/{name}")
    })
}

/// Reads the answer of `describe`, of a component that exports these kinds, in order.
///
/// # Errors
/// When it is too long, is no JSON of its schema, describes other kinds, repeats a reason, or has control characters in
/// texts for people.
pub fn read_description(text: &str, kinds: &[RuleKind]) -> Result<Description, Vec<Problem>> {
    let description: Description = read(text, DESCRIBE_BYTES_MAX, &DESCRIBE)?;
    let described: Vec<_> = description.rules.keys().copied().collect();
    let mut problems = Vec::new();
    if described != kinds {
        let words = |kinds: &[RuleKind]| {
            kinds
                .iter()
                .map(|kind| kind.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let reason = format!(
            "it describes {} but the component exports {}",
            words(&described),
            words(kinds)
        );
        let problem = Problem::new("/rules", "rules_exported", reason);
        problems.push(problem.with_help("describe exactly the rules that are exported"));
    }
    problems.extend(control_characters(&description).take(PROBLEMS_MAX));
    for (kind, rule) in &description.rules {
        let mut codes = BTreeSet::new();
        for (at, reason) in rule.reasons.iter().enumerate() {
            if !codes.insert(&reason.code) {
                let pointer = format!("/rules/{}/reasons/{at}/code", kind.as_str());
                let reason = format!("the code {:?} stands twice", reason.code);
                let problem = Problem::new(pointer, "repeated", reason);
                problems.push(problem.with_help("give each reason a code of its own"));
            }
        }
    }
    if problems.is_empty() {
        Ok(description)
    } else {
        Err(problems)
    }
}

/// Texts for people that could speak to a terminal, such as one that hides what stands above it.
fn control_characters(description: &Description) -> impl Iterator<Item = Problem> {
    let mut texts = vec![
        ("/title".to_owned(), &description.title),
        ("/summary".to_owned(), &description.summary),
    ];
    for (kind, rule) in &description.rules {
        let rule_at = format!("/rules/{}", kind.as_str());
        for (at, reason) in rule.reasons.iter().enumerate() {
            texts.push((format!("{rule_at}/reasons/{at}/title"), &reason.title));
        }
        for (at, case) in rule.cases.iter().enumerate() {
            texts.push((format!("{rule_at}/cases/{at}/name"), &case.name));
        }
    }
    texts.into_iter().filter_map(|(pointer, text)| {
        let found = text.chars().find(|c| c.is_control())?;
        let reason = format!("it has the control character {found:?}");
        let problem = Problem::new(pointer, "control_character", reason);
        Some(problem.with_help("write one line of plain text"))
    })
}

/// Reads the answer of `plan` of a rule of that kind, and checks that what it asks for makes sense.
///
/// # Errors
/// When it is too long, is no JSON of its schema, or asks for what cannot be given.
pub fn read_plan(text: &str, kind: RuleKind) -> Result<Plan, Vec<Problem>> {
    let plan: Plan = read(text, PLAN_BYTES_MAX, &PLAN)?;
    let problems = check_plan(kind, &plan);
    if problems.is_empty() {
        Ok(plan)
    } else {
        Err(problems)
    }
}

fn read<T: DeserializeOwned>(
    text: &str,
    bytes_max: usize,
    schema: &Validator,
) -> Result<T, Vec<Problem>> {
    let problem = |code, reason, help: &str| vec![Problem::new("", code, reason).with_help(help)];
    if text.len() > bytes_max {
        return Err(problem(
            "too_large",
            format!(
                "it has {} bytes, at most {bytes_max} are allowed",
                text.len()
            ),
            "shorten it",
        ));
    }
    let json: Json = serde_json::from_str(text)
        .map_err(|e| problem("not_json", cut(&e.to_string()), "answer one JSON document"))?;
    let found = problems(schema, &json);
    if !found.is_empty() {
        return Err(found);
    }
    serde_json::from_value(json).map_err(|e| problem("schema", cut(&e.to_string()), OF_SCHEMA))
}

/// What a plan of a rule of that kind asks for that makes no sense. Places are pointers into the plan.
pub fn check_plan(kind: RuleKind, plan: &Plan) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    for (at, input) in plan.inputs.iter().enumerate() {
        let pointer = format!("/inputs/{at}");
        if !names.insert(&input.name) {
            let reason = format!("the name {:?} stands twice", input.name);
            let problem = Problem::new(format!("{pointer}/name"), "repeated", reason);
            problems.push(problem.with_help("give each input a name of its own"));
        }
        problems.extend(check_input(kind, plan, input, &pointer));
    }
    match kind {
        RuleKind::Trigger if plan.occasions.is_empty() => {
            let problem = Problem::new(
                "/occasions",
                "no_occasion",
                "a trigger without an occasion is never asked",
            );
            problems.push(problem.with_help("name at least one event"));
        }
        RuleKind::Segment | RuleKind::Personalizer if !plan.occasions.is_empty() => {
            let reason = format!("a {} has no occasions", kind.as_str());
            let problem = Problem::new("/occasions", "occasion_of_trigger", reason);
            problems.push(problem.with_help("leave them out"));
        }
        _ => {}
    }
    for (at, occasion) in plan.occasions.iter().enumerate() {
        if let Occasion::TableRowChanged(table) = occasion {
            problems.extend(check_joined(plan, table, format!("/occasions/{at}")));
        }
    }
    problems
}

fn check_input(kind: RuleKind, plan: &Plan, input: &Input, pointer: &str) -> Option<Problem> {
    let source = format!("{pointer}/source");
    match &input.source {
        Source::Table(_) if !matches!(input.kind, ColumnType::Json | ColumnType::Any) => {
            let reason = "rows of a table come as JSON";
            let problem = Problem::new(format!("{pointer}/type"), "table_type", reason);
            Some(problem.with_help("give the input the type json"))
        }
        Source::Table(selection) => check_key(plan, selection, &source),
        Source::Occasion | Source::ArmKey if kind != RuleKind::Trigger => {
            let reason = format!("a {} is not asked on an occasion", kind.as_str());
            let problem = Problem::new(source, "occasion_of_trigger", reason);
            Some(problem.with_help("ask for another input, such as the last event of a name"))
        }
        _ => None,
    }
}

fn check_key(plan: &Plan, selection: &TableSelection, pointer: &str) -> Option<Problem> {
    let name = selection.key_input.as_ref()?;
    let found = plan.inputs.iter().find(|input| input.name == *name);
    let reason = match found.map(|input| &input.source) {
        None => format!("no input is named {name:?}"),
        Some(Source::Table(_)) => format!("the input {name:?} is rows of a table itself"),
        Some(_) => return None,
    };
    let pointer = format!("{pointer}/table/key_input");
    let problem = Problem::new(pointer, "key_input", reason);
    Some(problem.with_help("name an input of the same plan whose value is the key"))
}

/// Only a key joins contacts with the rows of a table.
fn check_joined(plan: &Plan, table: &str, pointer: String) -> Option<Problem> {
    let is_join = |input: &Input| matches!(&input.source, Source::Table(selection) if selection.table == table && selection.key_input.is_some());
    if plan.inputs.iter().any(is_join) {
        return None;
    }
    let reason = format!("nothing says which contacts a row of table {table} concerns");
    let problem = Problem::new(pointer, "table_not_joined", reason);
    Some(problem.with_help("ask for rows of the table with a key_input too"))
}
