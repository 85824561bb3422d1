//! Inputs as columns: what rows of values become before a rule sees them.
//!
//! Built by `decide` from rows, or by a caller who has columns already (a full evaluation, a benchmark). Nothing is
//! copied but JSON texts: a column of texts borrows from its rows.

use std::ops::Range;

use signalbox_model::{
    plan::{ColumnType, Plan, Source},
    time::Instant,
    value::Value,
};

/// One contact's values in the order of the plan; a shorter row lacks the rest.
pub type Row = Box<[Option<Value>]>;

/// The values of every input of a plan for a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns<'a> {
    rows: u32,
    columns: Vec<Column<'a>>,
}

/// The values of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<'a> {
    /// One per row, with a filler where there is none.
    pub values: ColumnValues<'a>,
    /// The rows that have no value, ascending, without repetition.
    pub missing: Vec<u32>,
}

/// Values of one type, as in the contract.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValues<'a> {
    /// 64-bit floating point, finite.
    Numbers(Vec<f64>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Texts.
    Texts(Vec<&'a str>),
    /// Booleans.
    Booleans(Vec<bool>),
    /// Milliseconds since 1970.
    Instants(Vec<i64>),
    /// JSON texts.
    Jsons(Vec<String>),
    /// Each row with its own type.
    Mixed(Vec<Scalar<'a>>),
    /// The same value for every row.
    Constant(Scalar<'a>),
    /// No row has a value.
    Absent,
}

/// One value of a mixed or constant column.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// 64-bit floating point, finite.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// True or false.
    Boolean(bool),
    /// Milliseconds since 1970.
    Instant(i64),
    /// A list or map as JSON text.
    Json(String),
}

/// The columns of a batch are not all of its length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "column {column} has {found} values or a missing row out of order, where the batch has {rows} rows"
)]
pub struct LengthError {
    /// Index of the first such column.
    pub column: usize,
    /// Values in it.
    pub found: usize,
    /// Rows of the batch.
    pub rows: u32,
}

impl<'a> Columns<'a> {
    /// A batch from columns made by the caller.
    ///
    /// # Errors
    /// When a column is not as long as the batch, or its missing rows are not ascending within it.
    pub fn new(rows: u32, columns: Vec<Column<'a>>) -> Result<Self, LengthError> {
        for (index, column) in columns.iter().enumerate() {
            let found = column.values.len().unwrap_or(rows as usize);
            let ascending = column.missing.windows(2).all(|pair| pair[0] < pair[1]);
            let within = column.missing.last().is_none_or(|last| *last < rows);
            let whole = column.values.len().is_none() && !column.missing.is_empty();
            if found != rows as usize || !ascending || !within || whole {
                return Err(LengthError {
                    column: index,
                    found,
                    rows,
                });
            }
        }
        Ok(Self { rows, columns })
    }

    /// A batch from rows, each input converted to its column's type; what does not fit the type is missing.
    pub fn from_rows(plan: &Plan, now: Instant, rows: &'a [Row]) -> Self {
        let columns = plan
            .inputs
            .iter()
            .enumerate()
            .map(|(index, input)| {
                if input.source == Source::Clock {
                    let values = ColumnValues::Constant(Scalar::Instant(now.as_ms()));
                    return Column {
                        values,
                        missing: Vec::new(),
                    };
                }
                match &input.source {
                    Source::Table(_) => Column::of_tables(input.kind, rows, index),
                    _ => Column::from_rows(input.kind, rows, index),
                }
            })
            .collect();
        Self {
            rows: rows.len() as u32,
            columns,
        }
    }

    /// How many rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The columns, in the order of the plan.
    pub fn columns(&self) -> &[Column<'a>] {
        &self.columns
    }

    /// Bytes of all texts, as a guest will hold them.
    pub(crate) fn text_bytes(&self) -> u64 {
        let bytes: usize = self
            .columns
            .iter()
            .map(|column| match &column.values {
                ColumnValues::Texts(list) => list.iter().map(|text| text.len()).sum(),
                ColumnValues::Jsons(list) => list.iter().map(String::len).sum(),
                ColumnValues::Mixed(list) => list.iter().map(Scalar::text_bytes).sum(),
                ColumnValues::Constant(scalar) => scalar.text_bytes(),
                _ => 0,
            })
            .sum();
        bytes as u64
    }

    /// How many texts those rows put into a guest's memory, lists included.
    pub(crate) fn texts(&self, range: &Range<u32>) -> u64 {
        let rows = u64::from(range.end - range.start);
        let in_columns: u64 = self
            .columns
            .iter()
            .map(|column| match &column.values {
                ColumnValues::Texts(_) | ColumnValues::Jsons(_) | ColumnValues::Mixed(_) => {
                    rows + 2
                }
                _ => 3,
            })
            .sum();
        in_columns + 2
    }
}

impl<'a> Column<'a> {
    fn from_rows(kind: ColumnType, rows: &'a [Row], index: usize) -> Self {
        let mut missing = Vec::new();
        let values = match kind {
            ColumnType::Number => {
                ColumnValues::Numbers(gather(rows, index, &mut missing, as_number))
            }
            ColumnType::Integer => {
                ColumnValues::Integers(gather(rows, index, &mut missing, as_integer))
            }
            ColumnType::Text => {
                ColumnValues::Texts(gather(rows, index, &mut missing, Value::as_text))
            }
            ColumnType::Boolean => {
                ColumnValues::Booleans(gather(rows, index, &mut missing, as_boolean))
            }
            ColumnType::Instant => {
                ColumnValues::Instants(gather(rows, index, &mut missing, as_instant_ms))
            }
            ColumnType::Json => ColumnValues::Jsons(gather(rows, index, &mut missing, as_json)),
            ColumnType::Any => ColumnValues::Mixed(gather(rows, index, &mut missing, |value| {
                Some(scalar(value))
            })),
        };
        if missing.len() == rows.len() && !rows.is_empty() {
            return Self {
                values: ColumnValues::Absent,
                missing: Vec::new(),
            };
        }
        Self { values, missing }
    }

    /// Rows of a table, which are the text of JSON already. Those that are the same for everybody are passed once.
    fn of_tables(kind: ColumnType, rows: &'a [Row], index: usize) -> Self {
        let mut all = rows
            .iter()
            .map(|row| row.get(index).and_then(Option::as_ref));
        let first = all.next().flatten();
        if let Some(first) = first.filter(|first| all.all(|one| one == Some(*first))) {
            return Self {
                values: ColumnValues::Constant(Scalar::Json(table_json(first))),
                missing: Vec::new(),
            };
        }
        let mut missing = Vec::new();
        let texts = gather(rows, index, &mut missing, |value| Some(table_json(value)));
        if missing.len() == rows.len() {
            return Self {
                values: ColumnValues::Absent,
                missing: Vec::new(),
            };
        }
        let values = match kind {
            ColumnType::Any => ColumnValues::Mixed(texts.into_iter().map(Scalar::Json).collect()),
            _ => ColumnValues::Jsons(texts),
        };
        Self { values, missing }
    }

    /// The missing rows within the range, counted from its start.
    pub(crate) fn missing_in(&self, range: &Range<u32>) -> Vec<u32> {
        let from = self.missing.partition_point(|row| *row < range.start);
        let to = self.missing.partition_point(|row| *row < range.end);
        self.missing[from..to]
            .iter()
            .map(|row| row - range.start)
            .collect()
    }
}

/// The text that the core gave for rows of a table, or what a case says they are.
fn table_json(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => other.to_json().to_string(),
    }
}

impl Scalar<'_> {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Json(json) => json.len(),
            _ => 0,
        }
    }
}

impl ColumnValues<'_> {
    /// How many values, if it has one per row.
    fn len(&self) -> Option<usize> {
        Some(match self {
            Self::Numbers(list) => list.len(),
            Self::Integers(list) | Self::Instants(list) => list.len(),
            Self::Texts(list) => list.len(),
            Self::Booleans(list) => list.len(),
            Self::Jsons(list) => list.len(),
            Self::Mixed(list) => list.len(),
            Self::Constant(_) | Self::Absent => return None,
        })
    }
}

/// A filler for a row without a value.
trait Filler {
    fn filler() -> Self;
}

impl Filler for f64 {
    fn filler() -> Self {
        0.0
    }
}
impl Filler for i64 {
    fn filler() -> Self {
        0
    }
}
impl Filler for bool {
    fn filler() -> Self {
        false
    }
}
impl Filler for &str {
    fn filler() -> Self {
        ""
    }
}
impl Filler for String {
    fn filler() -> Self {
        Self::new()
    }
}
impl Filler for Scalar<'_> {
    fn filler() -> Self {
        Self::Integer(0)
    }
}

fn gather<'a, T: Filler>(
    rows: &'a [Row],
    index: usize,
    missing: &mut Vec<u32>,
    convert: impl Fn(&'a Value) -> Option<T>,
) -> Vec<T> {
    let mut list = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let value = row.get(index).and_then(Option::as_ref).and_then(&convert);
        if value.is_none() {
            missing.push(at as u32);
        }
        list.push(value.unwrap_or_else(T::filler));
    }
    list
}

fn as_number(value: &Value) -> Option<f64> {
    value.as_number().filter(|number| number.is_finite())
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(integer) => Some(*integer),
        // 2^63 as a float is out of range itself, so the comparison with it is exact.
        Value::Number(number)
            if number.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(number) =>
        {
            Some(*number as i64)
        }
        _ => None,
    }
}

fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(boolean) => Some(*boolean),
        _ => None,
    }
}

fn as_instant_ms(value: &Value) -> Option<i64> {
    match value {
        Value::Text(_) => value.as_instant().map(Instant::as_ms),
        _ => as_integer(value)
            .filter(|ms| (Instant::MIN.as_ms()..=Instant::MAX.as_ms()).contains(ms)),
    }
}

fn as_json(value: &Value) -> Option<String> {
    serde_json::to_string(value).ok()
}

fn scalar(value: &Value) -> Scalar<'_> {
    match value {
        Value::Boolean(boolean) => Scalar::Boolean(*boolean),
        Value::Integer(integer) => Scalar::Integer(*integer),
        Value::Number(number) => Scalar::Number(*number),
        Value::Text(text) => Scalar::Text(text),
        Value::List(_) | Value::Map(_) => Scalar::Json(as_json(value).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Vec<Row> {
        let rows: Vec<Vec<serde_json::Value>> = serde_json::from_str(json).expect("rows");
        rows.into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|value| serde_json::from_value(value).ok())
                    .collect()
            })
            .collect()
    }

    fn plan(kinds: &[&str]) -> Plan {
        let inputs: Vec<_> = kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| serde_json::json!({"name": format!("i{i}"), "source": {"attribute": format!("a{i}")}, "type": kind}))
            .collect();
        serde_json::from_value(serde_json::json!({"format": 1, "inputs": inputs})).expect("a plan")
    }

    #[test]
    fn what_does_not_fit_its_type_is_missing() {
        let plan = plan(&[
            "number", "integer", "text", "boolean", "instant", "json", "any",
        ]);
        let rows = rows(
            r#"[[1, 2.0, "x", true, "1970-01-01T00:00:01Z", {"a":1}, [1]],
                ["1", 2.5, 1, 0, 5, "t", 1.5],
                [null, 1e300, null, null, "soon", null, null]]"#,
        );
        let columns = Columns::from_rows(&plan, Instant::from_ms(0), &rows);
        let texts: Vec<String> = columns
            .columns()
            .iter()
            .map(|column| format!("{:?} missing {:?}", column.values, column.missing))
            .collect();
        assert_eq!(
            texts.join("\n"),
            r#"Numbers([1.0, 0.0, 0.0]) missing [1, 2]
Integers([2, 0, 0]) missing [1, 2]
Texts(["x", "", ""]) missing [1, 2]
Booleans([true, false, false]) missing [1, 2]
Instants([1000, 5, 0]) missing [2]
Jsons(["{\"a\":1}", "\"t\"", ""]) missing [2]
Mixed([Json("[1]"), Number(1.5), Integer(0)]) missing [2]"#
        );
        assert_eq!(columns.columns()[0].missing_in(&(1..2)), [0]);
    }

    #[test]
    fn a_column_of_another_length_is_refused() {
        let column = Column {
            values: ColumnValues::Numbers(vec![1.0]),
            missing: vec![],
        };
        assert!(Columns::new(2, vec![column.clone()]).is_err());
        assert!(Columns::new(1, vec![column.clone()]).is_ok());
        assert!(
            Columns::new(
                1,
                vec![Column {
                    missing: vec![1],
                    ..column
                }]
            )
            .is_err()
        );
    }
}
