//! Conditions on the fields of an event.
//!
//! Used by triggers' occasions, arms' cancels, goals, and workflows' exits, jumps and waits, so that one wording means
//! one thing everywhere. Where there is a journey, a field may also be held against the event that it began with.

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
        self.operator.holds(fields.get(&self.field), &self.value)
    }
}

impl Operator {
    /// Whether the value that was found, if there is one, is as wanted.
    fn holds(self, found: Option<&Value>, wanted: &Value) -> bool {
        let Some(found) = found else {
            return self == Self::Exists && *wanted == Value::Boolean(false);
        };
        let compares = |is_met: fn(Ordering) -> bool| found.compare(wanted).is_some_and(is_met);
        match self {
            Self::Eq => found.same(wanted),
            Self::Ne => !found.same(wanted),
            Self::Gt => compares(Ordering::is_gt),
            Self::Gte => compares(Ordering::is_ge),
            Self::Lt => compares(Ordering::is_lt),
            Self::Lte => compares(Ordering::is_le),
            Self::In => {
                matches!(wanted, Value::List(list) if list.iter().any(|one| found.same(one)))
            }
            Self::Contains => match (found, wanted) {
                (Value::Text(found), Value::Text(part)) => found.contains(&**part),
                (Value::List(list), part) => list.iter().any(|one| one.same(part)),
                _ => false,
            },
            Self::Exists => *wanted == Value::Boolean(true),
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

/// One condition of a workflow on a field: held against a value, or against the event that the journey began with.
/// Exactly one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyCondition {
    /// The field of the event.
    pub field: FieldName,
    /// How it is compared.
    pub operator: Operator,
    /// The value that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The field of the event that the journey began with, with whose value it is compared. Where that event has no such
    /// field, the condition does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_event: Option<FieldName>,
}

impl JourneyCondition {
    /// Whether the fields meet the condition in a journey that began with an event of those other fields.
    pub fn holds(&self, fields: &Fields, began_with: &Fields) -> bool {
        let referred = self.entry_event.as_ref();
        let referred = referred.and_then(|name| began_with.get(name));
        let wanted = self.value.as_ref().or(referred);
        wanted.is_some_and(|wanted| self.operator.holds(fields.get(&self.field), wanted))
    }
}

/// An event by name that ends, moves or wakes a journey, with conditions, all of which must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyPattern {
    /// The event's name.
    pub event: EventName,
    /// Conditions on its fields; none means any such event.
    #[serde(default, rename = "where")]
    pub conditions: Vec<JourneyCondition>,
}

impl JourneyPattern {
    /// Whether an event of that name and fields fits a journey that began with an event of those other fields.
    pub fn matches(&self, name: &EventName, fields: &Fields, began_with: &Fields) -> bool {
        let mut conditions = self.conditions.iter();
        self.event == *name && conditions.all(|condition| condition.holds(fields, began_with))
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

    #[test]
    fn compared_with_the_event_that_the_journey_began_with() {
        let order = |id: &str| -> Fields {
            serde_json::from_str(&format!(r#"{{"order_id": {id}}}"#)).expect("fields")
        };
        let cases = [
            ("eq", order(r#""A-1""#), true),
            ("eq", order(r#""A-2""#), false),
            ("ne", order(r#""A-2""#), true),
            ("in", order(r#"["A-1", "A-2"]"#), true),
            ("eq", Fields::new(), false),
            ("ne", Fields::new(), false),
        ];
        for (operator, began_with, expected) in cases {
            let json = format!(
                r#"{{"field": "order_id", "operator": "{operator}", "entry_event": "order_id"}}"#
            );
            let condition: JourneyCondition = serde_json::from_str(&json).expect("condition");
            let holds = condition.holds(&order(r#""A-1""#), &began_with);
            assert_eq!(holds, expected, "{operator} {began_with:?}");
        }
    }
}
