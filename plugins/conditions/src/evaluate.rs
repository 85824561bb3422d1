//! Holds a compiled tree against contacts: column by column for a batch, by recursion for one contact.
//!
//! Called by a rule's `decide`. Three values: what needs a missing value is unknown, and stays so when it is negated,
//! so that a missing value never makes anybody a member.

use serde_json::Value as Json;
use signalbox_sdk::{Batch, Column, Contact, Value, raw::types::ColumnValues};

use crate::{
    compile::{Compiled, Leaf, Node, Test, Want},
    tree::Comparison,
};

/// Whether a contact meets a condition. The order makes `all` the least and `any` the greatest of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Truth {
    /// It does not.
    No = 0,
    /// A value is missing without which nobody can tell.
    Unknown = 1,
    /// It does.
    Yes = 2,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

impl Compiled {
    /// Whether each contact of the batch meets the tree, in their order.
    #[must_use]
    pub fn evaluate(&self, batch: &Batch) -> Vec<Truth> {
        let mut truths = vec![Truth::Yes; batch.rows()];
        self.root.fill(batch, &mut truths);
        truths
    }

    /// As [`Self::evaluate`], and which of the tree's topmost conditions each contact fails first, where those must all
    /// be met: its place from 0, or `u8::MAX` for none.
    #[must_use]
    pub fn explain(&self, batch: &Batch) -> Vec<(Truth, u8)> {
        let Node::All(children) = &self.root else {
            return self
                .evaluate(batch)
                .into_iter()
                .map(|truth| (truth, u8::MAX))
                .collect();
        };
        let mut outcomes = vec![(Truth::Yes, u8::MAX); batch.rows()];
        let mut truths = vec![Truth::Yes; batch.rows()];
        for (child, place) in children
            .iter()
            .zip((0..u8::MAX).chain(std::iter::repeat(u8::MAX - 1)))
        {
            child.fill(batch, &mut truths);
            for ((truth, failed), one) in outcomes.iter_mut().zip(&truths) {
                if *one == Truth::No && *failed == u8::MAX {
                    *failed = place;
                }
                *truth = (*truth).min(*one);
            }
        }
        outcomes
    }

    /// Whether one contact meets the tree.
    #[must_use]
    pub fn at(&self, contact: &Contact<'_>) -> Truth {
        self.root.at(contact)
    }

    /// As [`Self::explain`], for one contact.
    #[must_use]
    pub fn explain_at(&self, contact: &Contact<'_>) -> (Truth, u8) {
        let failed = match &self.root {
            Node::All(children) => children
                .iter()
                .position(|child| child.at(contact) == Truth::No),
            _ => None,
        };
        (
            self.at(contact),
            failed.map_or(u8::MAX, |place| place.min(254) as u8),
        )
    }
}

impl Node {
    fn at(&self, contact: &Contact<'_>) -> Truth {
        match self {
            Self::All(children) => children
                .iter()
                .map(|child| child.at(contact))
                .min()
                .unwrap_or(Truth::Yes),
            Self::Any(children) => children
                .iter()
                .map(|child| child.at(contact))
                .max()
                .unwrap_or(Truth::No),
            Self::Not(child) => child.at(contact).not(),
            Self::Leaf(leaf) => {
                let other = match leaf.test {
                    Test::Average { count, .. } => contact.at(count),
                    _ => None,
                };
                leaf.test.holds(contact.at(leaf.input), other)
            }
        }
    }

    /// Writes one truth a row, whatever stood there.
    fn fill(&self, batch: &Batch, out: &mut [Truth]) {
        let combine = |children: &[Node],
                       out: &mut [Truth],
                       empty: Truth,
                       fold: fn(Truth, Truth) -> Truth| {
            let Some((first, rest)) = children.split_first() else {
                return out.fill(empty);
            };
            first.fill(batch, out);
            if rest.is_empty() {
                return;
            }
            let mut other = vec![empty; out.len()];
            for child in rest {
                child.fill(batch, &mut other);
                for (truth, one) in out.iter_mut().zip(&other) {
                    *truth = fold(*truth, *one);
                }
            }
        };
        match self {
            Self::All(children) => combine(children, out, Truth::Yes, Ord::min),
            Self::Any(children) => combine(children, out, Truth::No, Ord::max),
            Self::Not(child) => {
                child.fill(batch, out);
                for truth in out {
                    *truth = truth.not();
                }
            }
            Self::Leaf(leaf) => leaf.fill(batch, out),
        }
    }
}

impl Leaf {
    fn fill(&self, batch: &Batch, out: &mut [Truth]) {
        let Some(column) = batch.column(self.input) else {
            return out.fill(Truth::Unknown);
        };
        match (&self.test, column.values()) {
            (Test::Missing | Test::Present, values) => {
                let absent = matches!(values, ColumnValues::Absent);
                let missing = Truth::of(matches!(self.test, Test::Missing));
                out.fill(if absent { missing } else { missing.not() });
                mark(column, out, missing);
            }
            (_, ColumnValues::Absent) => out.fill(Truth::Unknown),
            (Test::Number(want), ColumnValues::Numbers(list)) => {
                compare_all(want, list, |number| number, out);
                mark(column, out, Truth::Unknown);
            }
            (Test::Number(want), ColumnValues::Integers(list)) => {
                compare_all(want, list, |integer| integer as f64, out);
                mark(column, out, Truth::Unknown);
            }
            (Test::Instant(want), ColumnValues::Instants(list)) => {
                compare_all(want, list, |instant| instant, out);
                mark(column, out, Truth::Unknown);
            }
            (Test::Text(want), ColumnValues::Texts(list)) => {
                for (truth, text) in out.iter_mut().zip(list) {
                    *truth = Truth::of(want.holds(text.as_str()));
                }
                mark(column, out, Truth::Unknown);
            }
            (Test::Average { count, .. }, _) => {
                let counts = batch.column(*count);
                for (row, truth) in out.iter_mut().enumerate() {
                    let count = counts.and_then(|counts| counts.value(row));
                    *truth = self.test.holds(column.value(row), count);
                }
            }
            _ => {
                for (row, truth) in out.iter_mut().enumerate() {
                    *truth = self.test.holds(column.value(row), None);
                }
            }
        }
    }
}

/// What holds at a missing row was worked out on a filler and is put right here.
fn mark(column: &Column, out: &mut [Truth], truth: Truth) {
    for row in column.missing() {
        if let Some(one) = out.get_mut(*row as usize) {
            *one = truth;
        }
    }
}

/// Chooses the comparison once, so that the loop over the rows holds nothing else.
fn compare_all<T: Copy, N: PartialOrd + Copy>(
    want: &Want<N>,
    list: &[T],
    read: impl Fn(T) -> N,
    out: &mut [Truth],
) {
    let mut each = |holds: &dyn Fn(&N) -> bool| {
        for (truth, value) in out.iter_mut().zip(list) {
            *truth = Truth::of(holds(&read(*value)));
        }
    };
    match want {
        Want::Is(comparison, wanted) => {
            let wanted = *wanted;
            macro_rules! run {
                ($operator:tt) => {
                    for (truth, value) in out.iter_mut().zip(list) {
                        *truth = Truth::of(read(*value) $operator wanted);
                    }
                };
            }
            match comparison {
                Comparison::Eq => run!(==),
                Comparison::Ne => run!(!=),
                Comparison::Gt => run!(>),
                Comparison::Gte => run!(>=),
                Comparison::Lt => run!(<),
                Comparison::Lte => run!(<=),
            }
        }
        Want::Between(..) | Want::In(_) => each(&|value| want.holds(value)),
    }
}

impl Test {
    /// One row; `other` is the second input of an average.
    fn holds(&self, found: Option<Value<'_>>, other: Option<Value<'_>>) -> Truth {
        let Some(found) = found else {
            return match self {
                Self::Missing => Truth::Yes,
                Self::Present => Truth::No,
                _ => Truth::Unknown,
            };
        };
        let holds = match (self, found) {
            (Self::Missing, _) => Some(false),
            (Self::Present, _) => Some(true),
            (Self::Contains(part), found) => Some(contains(found, part)),
            (Self::Number(want), found) => found.as_number().map(|number| want.holds(&number)),
            (Self::Text(want), Value::Text(text)) => Some(want.holds(text)),
            (Self::Instant(want), Value::Instant(instant)) => Some(want.holds(&instant.as_ms())),
            (Self::Boolean(want), Value::Boolean(boolean)) => Some(want.holds(&boolean)),
            (
                Self::Average {
                    comparison, value, ..
                },
                sum,
            ) => average(sum, other).map(|average| comparison.holds(average, *value)),
            _ => None,
        };
        holds.map_or(Truth::Unknown, Truth::of)
    }
}

fn average(sum: Value<'_>, count: Option<Value<'_>>) -> Option<f64> {
    let (sum, count) = (sum.as_number()?, count?.as_number()?);
    (count > 0.0).then(|| sum / count)
}

#[expect(clippy::float_cmp, reason = "the same number is what was asked for")]
fn contains(found: Value<'_>, part: &Json) -> bool {
    match (found, part) {
        (Value::Text(text), Json::String(part)) => text.contains(part.as_str()),
        (Value::Json(text), part) => match serde_json::from_str(text) {
            Ok(Json::Array(list)) => list.iter().any(|one| match (one.as_f64(), part.as_f64()) {
                (Some(one), Some(part)) => one == part,
                _ => one == part,
            }),
            _ => false,
        },
        _ => false,
    }
}
