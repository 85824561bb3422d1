//! Conditions on the fields of an event.
//!
//! Used by triggers' occasions, arms' cancels and workflows' exits, so that one wording means one thing everywhere.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{EventName, FieldName},
    value::{Fields, Value},
};

/// Most conditions in one list; all of them must hold.
pub const CONDITIONS_MAX: usize = 32;

/// How a field is held against the condition's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same value.
    Eq,
    /// There, and another value.
    Ne,
    /// Greater than; numbers, instants and texts.
    Gt,
    /// Greater than or the same.
    Gte,
    /// Less than.
    Lt,
    /// Less than or the same.
    Lte,
    /// One of the values of a list.
    In,
    /// A text that holds this text.
    Contains,
    /// There at all; the value says `true` (must be there) or `false` (must be missing).
    Exists,
}

/// One condition on a field. A field that is missing fails every operator but `exists: false`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field of the event.
    pub field: FieldName,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with.
    pub value: Value,
}

impl Condition {
    /// The condition in plain words, such as `plan = "gold"` or `value is there`.
    pub(crate) fn in_words(&self) -> String {
        let field = &self.field;
        let operator = match self.operator {
            Operator::Eq => "=",
            Operator::Ne => "is not",
            Operator::Gt => ">",
            Operator::Gte => ">=",
            Operator::Lt => "<",
            Operator::Lte => "<=",
            Operator::In => "is one of",
            Operator::Contains => "contains",
            Operator::Exists if self.value == Value::Boolean(false) => {
                return format!("{field} is missing");
            }
            Operator::Exists => return format!("{field} is there"),
        };
        format!("{field} {operator} {}", self.value.to_json())
    }

    /// Whether the fields meet the condition.
    pub fn holds(&self, fields: &Fields) -> bool {
        let Some(found) = fields.get(&self.field) else {
            return self.operator == Operator::Exists && self.value == Value::Boolean(false);
        };
        let compares =
            |wanted: fn(Ordering) -> bool| found.compare(&self.value).is_some_and(wanted);
        match self.operator {
            Operator::Eq => found.same(&self.value),
            Operator::Ne => !found.same(&self.value),
            Operator::Gt => compares(Ordering::is_gt),
            Operator::Gte => compares(Ordering::is_ge),
            Operator::Lt => compares(Ordering::is_lt),
            Operator::Lte => compares(Ordering::is_le),
            Operator::In => {
                matches!(&self.value, Value::List(list) if list.iter().any(|one| found.same(one)))
            }
            Operator::Contains => match (found, &self.value) {
                (Value::Text(found), Value::Text(part)) => found.contains(&**part),
                (Value::List(list), part) => list.iter().any(|one| one.same(part)),
                _ => false,
            },
            Operator::Exists => self.value == Value::Boolean(true),
        }
    }
}

/// An event by name with conditions, all of which must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPattern {
    /// The event's name.
    pub event: EventName,
    /// Conditions on its fields; none means any such event.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
}

impl EventPattern {
    /// Whether an event of that name and fields fits.
    pub fn matches(&self, name: &EventName, fields: &Fields) -> bool {
        self.event == *name
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators() {
        let fields: Fields = serde_json::from_str(
            r#"{"value": 49.5, "items": 3, "sku": "vinyl-12", "tags": ["gift"], "at": "2026-01-01T00:00:00Z"}"#,
        )
        .expect("fields");
        let cases = [
            (r#"{"field":"value","operator":"gte","value":49.5}"#, true),
            (r#"{"field":"items","operator":"eq","value":3.0}"#, true),
            (r#"{"field":"items","operator":"gt","value":"2"}"#, false),
            (
                r#"{"field":"sku","operator":"contains","value":"vinyl"}"#,
                true,
            ),
            (
                r#"{"field":"tags","operator":"contains","value":"gift"}"#,
                true,
            ),
            (
                r#"{"field":"sku","operator":"in","value":["cd","vinyl-12"]}"#,
                true,
            ),
            (
                r#"{"field":"at","operator":"lt","value":"2026-01-01T00:00:01+00:00"}"#,
                true,
            ),
            (r#"{"field":"none","operator":"ne","value":1}"#, false),
            (
                r#"{"field":"none","operator":"exists","value":false}"#,
                true,
            ),
            (r#"{"field":"sku","operator":"exists","value":true}"#, true),
        ];
        for (json, expected) in cases {
            let condition: Condition = serde_json::from_str(json).expect(json);
            assert_eq!(condition.holds(&fields), expected, "{json}");
        }
    }
}
