//! What a rule reads: one contact at a time by input name, or whole columns where speed matters.
//!
//! Called by a rule's `decide` or `decide_batch`. A value that is missing is `None`, never false or 0. Asking for an
//! input that the plan does not declare, or for a text where the plan says number, is a mistake in the rule: the
//! answer for that contact becomes a failure that names the input.

use std::cell::{Cell, LazyCell, OnceCell, RefCell};

use serde_json::Value as Json;

use crate::{
    plan::{Occasion, Plan},
    random::Random,
    raw::types::{self, ColumnValues},
    time::Instant,
};

/// Longest key of an entry or an arm, in bytes.
pub const KEY_BYTES_MAX: usize = 256;

/// One value of an input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A finite number.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// True or false.
    Boolean(bool),
    /// An instant.
    Instant(Instant),
    /// A list or object as JSON text.
    Json(&'a str),
}

/// The values of one input for every row of the batch.
#[derive(Debug)]
pub struct Column {
    values: ColumnValues,
    missing: Vec<u32>,
    /// One bit a row, made when the first row is asked about.
    missing_bits: OnceCell<Box<[u64]>>,
}

type PlanResult = Result<Plan, String>;

/// One or many contacts to decide on.
///
/// No answer may depend on which other contacts are in the batch, or on their order.
pub struct Batch {
    rows: usize,
    columns: Vec<Column>,
    plan: LazyCell<PlanResult, Box<dyn FnOnce() -> PlanResult>>,
    /// Where the last name was found: rules ask for the same names in the same order for every row.
    next: Cell<usize>,
    mistake: RefCell<Option<String>>,
}

/// One contact of a batch.
#[derive(Clone, Copy)]
pub struct Contact<'a> {
    batch: &'a Batch,
    row: usize,
}

impl<'a> Value<'a> {
    /// The amount, if this is a number or a whole number.
    #[must_use]
    pub fn as_number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Integer(integer) => Some(integer as f64),
            _ => None,
        }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as the key of an entry or an arm: a text of 1 to 256 bytes as it is, a number in digits, a boolean
    /// as a word. `None` for what cannot be a key.
    #[must_use]
    pub fn to_key(self) -> Option<String> {
        match self {
            Self::Text(text) if (1..=KEY_BYTES_MAX).contains(&text.len()) => Some(text.to_owned()),
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(boolean) => Some(boolean.to_string()),
            Self::Instant(instant) => Some(instant.to_string()),
            Self::Text(_) | Self::Json(_) => None,
        }
    }

    /// The value as JSON, for conditions that compare with it; JSON text that cannot be read becomes a text.
    #[must_use]
    pub fn to_json(self) -> Json {
        match self {
            Self::Number(number) => number.into(),
            Self::Integer(integer) => integer.into(),
            Self::Text(text) => text.into(),
            Self::Boolean(boolean) => boolean.into(),
            Self::Instant(instant) => instant.to_string().into(),
            Self::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        }
    }

    fn of(value: &'a types::Value) -> Self {
        match value {
            types::Value::Number(number) => Self::Number(*number),
            types::Value::Integer(integer) => Self::Integer(*integer),
            types::Value::Text(text) => Self::Text(text),
            types::Value::Boolean(boolean) => Self::Boolean(*boolean),
            types::Value::Instant(ms) => Self::Instant(Instant::from_ms(*ms)),
            types::Value::Json(text) => Self::Json(text),
        }
    }
}

impl Column {
    pub(crate) fn new(column: types::Column) -> Self {
        Self {
            values: column.values,
            missing: column.missing,
            missing_bits: OnceCell::new(),
        }
    }

    /// The values as the contract has them; at a missing row there is a filler that means nothing.
    #[must_use]
    pub fn values(&self) -> &ColumnValues {
        &self.values
    }

    /// The rows that have no value, ascending. Empty for a column that is absent as a whole.
    #[must_use]
    pub fn missing(&self) -> &[u32] {
        &self.missing
    }

    /// Whether that row has no value.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        if self.missing.is_empty() {
            return matches!(self.values, ColumnValues::Absent);
        }
        let bits = self.missing_bits.get_or_init(|| {
            let last = self.missing.iter().copied().max().unwrap_or(0) as usize;
            let mut bits = vec![0_u64; last / 64 + 1].into_boxed_slice();
            for row in &self.missing {
                bits[*row as usize / 64] |= 1 << (row % 64);
            }
            bits
        });
        bits.get(row / 64)
            .is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The value of a row; `None` where it is missing.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<Value<'_>> {
        if self.is_missing(row) {
            return None;
        }
        match &self.values {
            ColumnValues::Numbers(list) => list.get(row).copied().map(Value::Number),
            ColumnValues::Integers(list) => list.get(row).copied().map(Value::Integer),
            ColumnValues::Texts(list) => list.get(row).map(|text| Value::Text(text)),
            ColumnValues::Booleans(list) => list.get(row).copied().map(Value::Boolean),
            ColumnValues::Instants(list) => list
                .get(row)
                .map(|ms| Value::Instant(Instant::from_ms(*ms))),
            ColumnValues::Jsons(list) => list.get(row).map(|text| Value::Json(text)),
            ColumnValues::Mixed(list) => list.get(row).map(Value::of),
            ColumnValues::Constant(value) => Some(Value::of(value)),
            ColumnValues::Absent => None,
        }
    }
}

impl Batch {
    /// A batch as the contract has it. The plan is asked for only if a rule reads an input by name.
    pub(crate) fn new(
        batch: types::Batch,
        plan: impl FnOnce() -> Result<Plan, String> + 'static,
    ) -> Self {
        Self {
            rows: batch.rows as usize,
            columns: batch.columns.into_iter().map(Column::new).collect(),
            plan: LazyCell::new(Box::new(plan)),
            next: Cell::new(0),
            mistake: RefCell::new(None),
        }
    }

    /// How many contacts, 1 to 10,000.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The column of the input at that place of the plan.
    #[must_use]
    pub fn column(&self, index: usize) -> Option<&Column> {
        self.columns.get(index)
    }

    /// One answer for every contact, in their order. A mistake in reading a contact's inputs becomes its failure.
    pub fn each<'a, V>(
        &'a self,
        mut decide: impl FnMut(&Contact<'a>) -> Result<V, String>,
    ) -> Vec<Result<V, String>> {
        (0..self.rows)
            .map(|row| {
                let answer = decide(&Contact { batch: self, row });
                match self.mistake.take() {
                    None => answer,
                    Some(mistake) => Err(mistake),
                }
            })
            .collect()
    }

    fn plan(&self) -> Option<&Plan> {
        match &*self.plan {
            Ok(plan) => Some(plan),
            Err(message) => {
                self.note(|| message.clone());
                None
            }
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        let inputs = self.plan()?.inputs();
        let start = self.next.get();
        let found = inputs[start..]
            .iter()
            .position(|input| input.name == name)
            .map(|offset| start + offset)
            .or_else(|| inputs[..start].iter().position(|input| input.name == name));
        match found {
            Some(index) => self.next.set((index + 1) % inputs.len()),
            None => self.note(|| {
                format!("the rule reads the input {name:?}, which its plan does not declare")
            }),
        }
        found
    }

    /// Keeps the first mistake of a row.
    fn note(&self, mistake: impl FnOnce() -> String) {
        self.mistake.borrow_mut().get_or_insert_with(mistake);
    }
}

impl<'a> Contact<'a> {
    /// The value of an input, whatever its type.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value<'a>> {
        let index = self.batch.index(name)?;
        self.at(index)
    }

    /// The value of the input at that place of the plan.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Value<'a>> {
        self.batch.columns.get(index)?.value(self.row)
    }

    /// The number or whole number of an input.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.typed(name, "a number", Value::as_number)
    }

    /// The whole number of an input.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.typed(name, "a whole number", |value| match value {
            Value::Integer(integer) => Some(integer),
            _ => None,
        })
    }

    /// A count, which is never missing.
    #[must_use]
    pub fn count(&self, name: &str) -> i64 {
        self.integer(name).unwrap_or(0)
    }

    /// The text of an input.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.typed(name, "a text", Value::as_text)
    }

    /// The boolean of an input.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.typed(name, "a boolean", |value| match value {
            Value::Boolean(boolean) => Some(boolean),
            _ => None,
        })
    }

    /// The instant of an input.
    #[must_use]
    pub fn instant(&self, name: &str) -> Option<Instant> {
        self.typed(name, "an instant", |value| match value {
            Value::Instant(instant) => Some(instant),
            _ => None,
        })
    }

    /// The JSON text of an input.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&'a str> {
        self.typed(name, "JSON", |value| match value {
            Value::Json(text) => Some(text),
            _ => None,
        })
    }

    /// The time, for a rule whose plan declares [`Plan::clock`]. The same for every row.
    #[must_use]
    pub fn clock(&self) -> Option<Instant> {
        self.instant("clock")
    }

    /// The contact's own random numbers, for a rule whose plan declares [`Plan::seed`]: the same at each
    /// re-execution.
    #[must_use]
    pub fn random(&self) -> Option<Random> {
        self.integer("seed").map(|seed| Random::new(seed as u64))
    }

    /// On what a trigger is asked: the only occasion of its plan, or the one that the input [`Plan::occasion`]
    /// says.
    #[must_use]
    pub fn occasion(&self) -> Option<&'a Occasion> {
        match self.batch.plan()?.occasions() {
            [only] => Some(only),
            occasions => occasions.get(usize::try_from(self.integer("occasion")?).ok()?),
        }
    }

    /// Whether the trigger is asked because its own arm fired.
    #[must_use]
    pub fn is_due(&self) -> bool {
        matches!(self.occasion(), Some(Occasion::Due))
    }

    fn typed<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let index = self.batch.index(name)?;
        let column = self.batch.columns.get(index)?;
        let value = column.value(self.row)?;
        let found = read(value);
        // In a mixed column another type is just another contact's value.
        if found.is_none()
            && !matches!(
                column.values,
                ColumnValues::Mixed(_) | ColumnValues::Constant(_)
            )
        {
            self.batch.note(|| {
                format!("the rule reads the input {name:?} as {wanted}, its plan says otherwise")
            });
        }
        found
    }
}
