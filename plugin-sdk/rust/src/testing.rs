//! Runs a rule natively in its author's own tests, by the same conversions as the server's.
//!
//! Called by tests only; not there on wasm.

use std::{collections::BTreeMap, fs};

use serde_json::Value as Json;

use crate::{
    description::{Case, Description},
    plan::{Input, Plan, Source, Type},
    raw::types,
    rule::{self, Rule},
    time::Instant,
    verdict::Verdict,
};

/// The clock of a case that gives none, as on the server: 2026-01-01T00:00:00Z.
const NOW_MS: i64 = 1_767_225_600_000;

/// The values of one contact by input name; what is not set is missing. The clock is 2026-01-01T00:00:00Z and the seed
/// is 0 where they are not set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    occasion: u32,
    given: BTreeMap<String, Json>,
}

impl Row {
    /// A contact without any value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of an input; instants are RFC 3339 texts or milliseconds.
    #[must_use]
    pub fn set(mut self, input: &str, value: impl Into<Json>) -> Self {
        self.given.insert(input.to_owned(), value.into());
        self
    }

    /// The occasion on which a trigger is asked; the plan's first without it.
    #[must_use]
    pub fn occasion(mut self, index: u32) -> Self {
        self.occasion = index;
        self
    }

    /// What the rule decides on this contact alone.
    ///
    /// # Errors
    /// What the rule says, or why it was not asked: a bad config, or a value for an input that the plan does not
    /// declare.
    pub fn decide<R: Rule>(self, config: &str) -> Result<R::Verdict, String> {
        decide_rows::<R>(config, &[self])
            .pop()
            .unwrap_or_else(|| Err("no answer".to_owned()))
    }

    fn of_case(case: &Case) -> Self {
        Self {
            occasion: case.occasion_index(),
            given: case.values().clone(),
        }
    }
}

/// What the rule decides on many contacts in one batch.
pub fn decide_rows<R: Rule>(config: &str, rows: &[Row]) -> Vec<Result<R::Verdict, String>> {
    match batch_of::<R>(config, rows) {
        Ok(batch) => rule::verdicts::<R, _>(config, batch, |verdict| verdict),
        Err(message) => rows.iter().map(|_| Err(message.clone())).collect(),
    }
}

/// Runs the rule's cases as the server does before it lets a plugin in: singly, together and in reverse.
///
/// # Panics
/// When a case does not come out as it says, or comes out otherwise in other company.
#[track_caller]
pub fn check_cases<R: Rule>() {
    let cases = R::cases();
    assert!(!cases.is_empty(), "the rule has no cases");
    let mut wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| check_alone::<R>(case).err())
        .collect();
    let mut groups: BTreeMap<(String, i64), Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        let config = case.config().to_string();
        let now =
            parsed_plan::<R>(&config).map_or(NOW_MS, |plan| clock(&plan, &Row::of_case(case)));
        groups.entry((config, now)).or_default().push(case);
    }
    for ((config, _), mut group) in groups {
        wrong.extend(check_together::<R>(&config, &group));
        group.reverse();
        wrong.extend(check_together::<R>(&config, &group));
    }
    assert!(
        wrong.is_empty(),
        "cases that come out otherwise:\n{}",
        wrong.join("\n")
    );
}

/// Holds the finished description that a plugin brings against the one its source makes. With the environment variable
/// `SIGNALBOX_WRITE_DESCRIPTION` set it writes the file instead.
///
/// # Panics
/// When the file cannot be read or written, or says something else.
#[track_caller]
pub fn check_description(description: &Description, file: &str) {
    let made = format!("{:#}\n", description.to_value());
    if std::env::var_os("SIGNALBOX_WRITE_DESCRIPTION").is_some() {
        let written = fs::write(file, &made);
        assert!(written.is_ok(), "{file} cannot be written: {written:?}");
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == made,
        "{file} is not what the source makes; run the test with SIGNALBOX_WRITE_DESCRIPTION=1"
    );
}

fn check_alone<R: Rule>(case: &Case) -> Result<(), String> {
    let name = case.name();
    let answer = Row::of_case(case).decide::<R>(&case.config().to_string());
    let found = answer
        .map_err(|message| format!("- {name}: failed: {message}"))?
        .to_json();
    if meets(&found, case.expected()) {
        Ok(())
    } else {
        Err(format!(
            "- {name}: expected {}, found {found}",
            case.expected()
        ))
    }
}

fn check_together<R: Rule>(config: &str, cases: &[&Case]) -> Vec<String> {
    let rows: Vec<Row> = cases.iter().map(|case| Row::of_case(case)).collect();
    let alone = rows.iter().map(|row| row.clone().decide::<R>(config));
    let together = decide_rows::<R>(config, &rows);
    let texts =
        |answer: Result<R::Verdict, String>| answer.map(|verdict| verdict.to_json().to_string());
    alone
        .map(texts)
        .zip(together.into_iter().map(texts))
        .zip(cases)
        .filter(|((alone, together), _)| alone != together)
        .map(|((alone, together), case)| {
            format!(
                "- {}: {alone:?} alone, {together:?} in a batch",
                case.name()
            )
        })
        .collect()
}

/// Whether the answer has every member that is expected of it; null and an absent member are the same.
fn meets(found: &Json, expected: &Json) -> bool {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => expected
            .iter()
            .all(|(name, expected)| meets(found.get(name).unwrap_or(&Json::Null), expected)),
        (Json::Array(found), Json::Array(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| meets(found, expected))
        }
        (Json::Number(found), Json::Number(expected)) => found.as_f64() == expected.as_f64(),
        _ => found == expected,
    }
}

fn parsed_plan<R: Rule>(config: &str) -> Result<Plan, String> {
    let config: R::Config = serde_json::from_str(config).map_err(|error| error.to_string())?;
    let plan = R::plan(&config)?;
    plan.check()?;
    Ok(plan)
}

/// Journey time as the row gives it.
fn clock(plan: &Plan, row: &Row) -> i64 {
    let input = plan
        .inputs()
        .iter()
        .find(|input| input.source == Source::Clock);
    let given = input.and_then(|input| value_of(Type::Instant, row.given.get(&input.name)?));
    match given {
        Some(types::Value::Instant(ms)) => ms,
        _ => NOW_MS,
    }
}

fn batch_of<R: Rule>(config: &str, rows: &[Row]) -> Result<types::Batch, String> {
    let plan = parsed_plan::<R>(config)?;
    for name in rows.iter().flat_map(|row| row.given.keys()) {
        if !plan.inputs().iter().any(|input| input.name == *name) {
            let known: Vec<&str> = plan
                .inputs()
                .iter()
                .map(|input| input.name.as_str())
                .collect();
            return Err(format!(
                "a value is given for {name:?}, the plan's inputs are {known:?}"
            ));
        }
    }
    let columns = plan
        .inputs()
        .iter()
        .map(|input| column_of(input, &plan, rows))
        .collect();
    Ok(types::Batch {
        rows: rows.len() as u32,
        columns,
    })
}

fn column_of(input: &Input, plan: &Plan, rows: &[Row]) -> types::Column {
    if input.source == Source::Clock {
        let now = rows.first().map_or(NOW_MS, |row| clock(plan, row));
        return types::Column {
            values: types::ColumnValues::Constant(types::Value::Instant(now)),
            missing: Vec::new(),
        };
    }
    let values: Vec<Option<types::Value>> = rows
        .iter()
        .map(|row| match (&input.source, row.given.get(&input.name)) {
            (Source::Occasion, None) if !plan.occasions().is_empty() => {
                Some(types::Value::Integer(i64::from(row.occasion)))
            }
            (Source::Seed, None) => Some(types::Value::Integer(0)),
            (_, given) => value_of(input.kind, given?),
        })
        .collect();
    if values.iter().all(Option::is_none) {
        return types::Column {
            values: types::ColumnValues::Absent,
            missing: Vec::new(),
        };
    }
    let missing = (0_u32..)
        .zip(&values)
        .filter(|(_, value)| value.is_none())
        .map(|(row, _)| row);
    types::Column {
        missing: missing.collect(),
        values: column_values(input.kind, &values),
    }
}

fn column_values(kind: Type, values: &[Option<types::Value>]) -> types::ColumnValues {
    use types::{ColumnValues, Value};
    macro_rules! list {
        ($column:ident, $value:ident, $filler:expr) => {
            ColumnValues::$column(
                values
                    .iter()
                    .map(|value| match value {
                        Some(Value::$value(value)) => value.clone(),
                        _ => $filler,
                    })
                    .collect(),
            )
        };
    }
    match kind {
        Type::Number => list!(Numbers, Number, 0.0),
        Type::Integer => list!(Integers, Integer, 0),
        Type::Text => list!(Texts, Text, String::new()),
        Type::Boolean => list!(Booleans, Boolean, false),
        Type::Instant => list!(Instants, Instant, 0),
        Type::Json => list!(Jsons, Json, String::new()),
        Type::Any => ColumnValues::Mixed(
            values
                .iter()
                .map(|value| value.clone().unwrap_or(Value::Boolean(false)))
                .collect(),
        ),
    }
}

/// The value of the column's type; `None` where the given value has another.
fn value_of(kind: Type, given: &Json) -> Option<types::Value> {
    use types::Value;
    let whole =
        |number: f64| (number.fract() == 0.0 && number.abs() < 9.2e18).then_some(number as i64);
    Some(match kind {
        Type::Number => Value::Number(given.as_f64()?),
        Type::Integer => Value::Integer(given.as_i64().or_else(|| whole(given.as_f64()?))?),
        Type::Text => Value::Text(given.as_str()?.to_owned()),
        Type::Boolean => Value::Boolean(given.as_bool()?),
        Type::Instant => Value::Instant(match given.as_str() {
            Some(text) => Instant::parse(text)?.as_ms(),
            None => given.as_i64()?,
        }),
        Type::Json => Value::Json(given.to_string()),
        Type::Any => match given {
            Json::Null => return None,
            Json::Bool(boolean) => Value::Boolean(*boolean),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Value::Integer(integer),
                None => Value::Number(number.as_f64()?),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(_) | Json::Object(_) => Value::Json(given.to_string()),
        },
    })
}
