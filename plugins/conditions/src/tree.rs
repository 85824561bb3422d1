//! The tree as a config: its types are the form that marketers fill in.
//!
//! Read by [`crate::Compiled`]. Titles and descriptions here are for people.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use signalbox_sdk::{Condition, Events, Span};

/// Conditions that a contact meets or not. One that needs a value the contact does not have is met by nobody, however
/// it is turned round; `missing` is the condition that asks for just that.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(title = "Conditions")]
pub enum Tree {
    /// All of these are met; an empty list is met by everybody.
    #[schemars(title = "All of")]
    All(Vec<Tree>),
    /// At least one of these is met; an empty list is met by nobody.
    #[schemars(title = "Any of")]
    Any(Vec<Tree>),
    /// This is not met.
    #[schemars(title = "Not")]
    Not(Box<Tree>),
    /// An attribute of the contact.
    #[schemars(title = "Attribute")]
    Attribute(AttributeCondition),
    /// A field of the event that the journey entered by.
    #[schemars(title = "Field of the event")]
    Field(AttributeCondition),
    /// A value that an earlier step or journey kept.
    #[schemars(title = "Kept value")]
    Kept(AttributeCondition),
    /// The arm that the journey took at an earlier step: a split's by its name, a branch's by the step it leads to, the
    /// event that was waited for, or `otherwise`.
    #[schemars(title = "Arm taken at a step")]
    ArmTaken(ArmCondition),
    /// How often something happened.
    #[schemars(title = "How often")]
    Count(CountCondition),
    /// The total of a field over events, such as what was spent.
    #[schemars(title = "Total of a field")]
    Sum(SumCondition),
    /// The average of a field over events, such as the average order value.
    #[schemars(title = "Average of a field")]
    Average(AverageCondition),
    /// How long ago something happened.
    #[schemars(title = "How long ago")]
    Recency(RecencyCondition),
}

/// A condition on an attribute of the contact, on a field of the event, or on a kept value.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeCondition {
    /// The name of the attribute, field or kept value.
    #[schemars(title = "Name", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"), example = &"country")]
    pub name: String,
    /// How it is compared.
    #[schemars(title = "Comparison")]
    pub operator: AttributeOperator,
    /// What it is compared with: a text, a number, true or false; a list for `in`; a list of the least and the
    /// greatest for `between`; nothing for `missing` and `present`. Instants are texts such as 2026-01-31T09:30:00Z.
    #[serde(default)]
    #[schemars(title = "Value", example = &"DE", example = 18)]
    pub value: Json,
}

/// A condition on the arm taken at a step.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmCondition {
    /// The id of the step.
    #[schemars(title = "Step", regex(pattern = r"^[a-z0-9][a-z0-9_-]{0,99}$"), example = &"offer")]
    pub step: String,
    /// The arms that are meant, one at least.
    #[schemars(title = "Arms", length(min = 1, max = 100), example = vec!["coupon"])]
    pub arms: Vec<String>,
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeOperator {
    /// The same value.
    Eq,
    /// There, and another value.
    Ne,
    /// Greater than.
    Gt,
    /// Greater than or the same.
    Gte,
    /// Less than.
    Lt,
    /// Less than or the same.
    Lte,
    /// From the least to the greatest, both included.
    Between,
    /// One of a list.
    In,
    /// A text that holds this text, or a list that holds this value.
    Contains,
    /// The contact does not have it.
    Missing,
    /// The contact has it, whatever its value.
    Present,
}

/// How a number from the history is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same.
    Eq,
    /// Another number.
    Ne,
    /// More than.
    Gt,
    /// At least.
    Gte,
    /// Less than.
    Lt,
    /// At most.
    Lte,
}

/// Which events of the history are looked at.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryCondition {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"), example = &"order_completed")]
    pub event: String,
    /// Only events whose fields have these values.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,
    /// Only events in the time that ends now; all of the history without it.
    #[serde(default)]
    #[schemars(title = "Within", example = &"90d")]
    pub within: Option<Span>,
}

/// A condition on a number of events; nobody's number is missing, none is 0.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountCondition {
    /// Which events.
    #[schemars(title = "Of")]
    pub of: HistoryCondition,
    /// How their number is compared.
    #[schemars(title = "Comparison")]
    pub operator: Comparison,
    /// What it is compared with.
    #[schemars(title = "Number", example = 3)]
    pub value: f64,
}

/// A condition on the total of a numeric field; missing where no event has a number there.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SumCondition {
    /// Which events.
    #[schemars(title = "Of")]
    pub of: HistoryCondition,
    /// The field that is added up.
    #[schemars(title = "Field", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"), example = &"value")]
    pub field: String,
    /// How the total is compared.
    #[schemars(title = "Comparison")]
    pub operator: Comparison,
    /// What it is compared with.
    #[schemars(title = "Total", example = 100)]
    pub value: f64,
}

/// A condition on the total of a numeric field divided by the number of events; missing where no event has a number
/// there. An event without the field counts as 0.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AverageCondition {
    /// Which events.
    #[schemars(title = "Of")]
    pub of: HistoryCondition,
    /// The field whose average is taken.
    #[schemars(title = "Field", regex(pattern = r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$"), example = &"value")]
    pub field: String,
    /// How the average is compared.
    #[schemars(title = "Comparison")]
    pub operator: Comparison,
    /// What it is compared with.
    #[schemars(title = "Average", example = 50)]
    pub value: f64,
}

/// A condition on when something last happened.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecencyCondition {
    /// The event's name.
    #[schemars(title = "Event", regex(pattern = r"^[a-z][a-z0-9_]{0,99}$"), example = &"order_completed")]
    pub event: String,
    /// Only events whose fields have these values.
    #[serde(default, rename = "where")]
    #[schemars(title = "Only where", length(max = 32))]
    pub conditions: Vec<Condition>,
    /// How the time since the last one is compared.
    #[schemars(title = "Was")]
    pub is: RecencyKind,
    /// The time itself; not needed for `never` and `ever`.
    #[serde(default)]
    #[schemars(title = "Time", example = &"30d")]
    pub span: Option<Span>,
}

/// How the time since an event is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecencyKind {
    /// It happened in that time.
    Within,
    /// It happened, but not in that time.
    LongerAgo,
    /// It happened at some time.
    Ever,
    /// It never happened.
    Never,
}

impl HistoryCondition {
    /// The events as a plan asks for them.
    pub(crate) fn events(&self) -> Events {
        Events {
            event: self.event.clone(),
            conditions: self.conditions.clone(),
            within: self.within,
        }
    }
}

impl Comparison {
    /// Whether the number stands so to the other.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "the same number is what was asked for")]
    pub fn holds(self, number: f64, other: f64) -> bool {
        match self {
            Self::Eq => number == other,
            Self::Ne => number != other,
            Self::Gt => number > other,
            Self::Gte => number >= other,
            Self::Lt => number < other,
            Self::Lte => number <= other,
        }
    }
}
