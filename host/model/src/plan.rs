//! What a rule asks for: the document that a plugin's `plan(config)` answers with.
//!
//! A rule is given exactly the inputs it names here, in this order, and is asked on exactly these occasions. The
//! published schema is `wit/schemas/plan.schema.json`; the document may grow, so `format` says which one it is.

use serde::{Deserialize, Serialize};

use crate::{
    condition::{Condition, EventPattern},
    id::{EventName, FieldName},
    time::Span,
};

/// The only format of the document so far.
pub const PLAN_FORMAT: u32 = 1;
/// Most inputs of one plan.
pub const INPUTS_MAX: usize = 64;
/// Most occasions of one plan.
pub const OCCASIONS_MAX: usize = 16;
/// Most events that one `recent` input may ask for.
pub const RECENT_MAX: u32 = 100;

/// What a rule reads and when it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`PLAN_FORMAT`].
    pub format: u32,
    /// The inputs, in the order in which `decide` receives their columns.
    pub inputs: Vec<Input>,
    /// On what a trigger is asked; empty for segments and personalizers.
    #[serde(default)]
    pub occasions: Vec<Occasion>,
}

/// One input: a name for people and cases, and where its value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Unique in the plan, free text of at most 100 bytes.
    pub name: String,
    /// Where its value comes from.
    pub source: Source,
    /// The type of its column. A value of another type counts as missing. `any` makes a mixed column.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// 64-bit floating point; integers are widened.
    Number,
    /// 64-bit signed; a number with a fraction is missing.
    Integer,
    /// A text.
    Text,
    /// True or false.
    Boolean,
    /// Milliseconds since 1970; RFC 3339 texts are parsed.
    Instant,
    /// The value as JSON text, whatever its type.
    Json,
    /// Each row with its own type.
    Any,
}

/// Where the value of an input comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// An attribute of the contact, as it is now. Missing where the contact has none.
    Attribute(FieldName),
    /// A field of the event of the occasion (for a journey's later steps: of the event that entered it; for `due`:
    /// of the event that armed it). Missing where there is no such event or field.
    EventField(FieldName),
    /// How many such events the history holds. Never missing: none is 0.
    Count(EventSelection),
    /// The sum of a numeric field over such events. Missing where there is no event with a number there.
    Sum(FieldSelection),
    /// The first such event's instant (milliseconds), or its field where one is named. Missing where there is none.
    First(EventOrFieldSelection),
    /// The last such event's instant (milliseconds), or its field where one is named. Missing where there is none.
    Last(EventOrFieldSelection),
    /// The most recent n such events as a JSON list of objects with `occurred_at` and `fields`, newest first.
    /// Missing where there is none.
    Recent(RecentSelection),
    /// Whether the contact is in the named segment.
    Segment(String),
    /// A value kept by an earlier step or journey.
    Kept(String),
    /// The arm that this journey took at a step, as templates name it. A text; missing where the journey was not at that
    /// step, or there is none.
    ArmTaken(String),
    /// Rows of a reference table.
    Table(TableSelection),
    /// When that same event of [`Self::EventField`] occurred, an instant. Missing where there is no such event.
    OccurredAt,
    /// What the occasion is: for a trigger the index into `occasions`. An integer.
    Occasion,
    /// The key of the arm that fired. A text; missing on any other occasion.
    ArmKey,
    /// Journey time now, an instant; the same for every row.
    Clock,
    /// 64 bits that depend on contact and binding (for personalizers on journey and step too), an integer.
    Seed,
}

/// Events by name, optional conditions and an optional rolling window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSelection {
    /// The event's name.
    pub event: EventName,
    /// Equality conditions on its fields.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Only events with `now - within < occurred_at <= now`; all of the history without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

/// A field of selected events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSelection {
    /// Which events.
    pub of: EventSelection,
    /// Which of their fields.
    pub field: FieldName,
}

/// A field of selected events, or the events' instants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventOrFieldSelection {
    /// Which events.
    pub of: EventSelection,
    /// Which of their fields; the instant without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldName>,
}

/// The most recent of selected events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecentSelection {
    /// Which events.
    pub of: EventSelection,
    /// How many, 1 to [`RECENT_MAX`].
    pub count: u32,
}

/// Rows of a reference table: all of a small one, or a declared look-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSelection {
    /// The table's name.
    pub table: String,
    /// Rows whose key equals this other input's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_input: Option<String>,
    /// The first rows by this column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
    /// Most rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_max: Option<u32>,
}

/// An occasion on which a trigger is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Occasion {
    /// Such an event was applied.
    Event(EventPattern),
    /// This attribute of the contact took another value.
    AttributeChanged(FieldName),
    /// The contact came into this named segment.
    SegmentEntered(String),
    /// The contact left this named segment.
    SegmentLeft(String),
    /// A row of this table changed.
    TableRowChanged(String),
    /// The workflow started; asked once for every contact there is.
    Start,
    /// The rule's own arm fired.
    Due,
}

impl Source {
    /// What a person should know is read, in plain words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Attribute(name) => format!("attribute {name}"),
            Self::EventField(name) => format!("field {name} of the event"),
            Self::Count(selection) => format!("count of {}", selection.in_words()),
            Self::Sum(selection) => format!(
                "sum of {} over {}",
                selection.field,
                selection.of.in_words()
            ),
            Self::First(selection) => format!("first {}", selection.in_words()),
            Self::Last(selection) => format!("last {}", selection.in_words()),
            Self::Recent(selection) => format!(
                "the {} most recent of {}",
                selection.count,
                selection.of.in_words()
            ),
            Self::Segment(name) => format!("membership of segment {name}"),
            Self::Kept(name) => format!("kept value {name}"),
            Self::ArmTaken(step) => format!("the arm taken at step {step}"),
            Self::Table(selection) => selection.in_words(),
            Self::OccurredAt => "when the event occurred".to_owned(),
            Self::Occasion => "the occasion".to_owned(),
            Self::ArmKey => "the key of its own arm".to_owned(),
            Self::Clock => "the time".to_owned(),
            Self::Seed => "a seed of the contact".to_owned(),
        }
    }
}

impl EventSelection {
    fn in_words(&self) -> String {
        let mut words = self.event.to_string();
        for condition in &self.conditions {
            words.push_str(" where ");
            words.push_str(&condition.in_words());
        }
        if let Some(within) = self.within {
            words.push_str(" in ");
            words.push_str(&within.to_string());
        }
        words
    }
}

impl TableSelection {
    fn in_words(&self) -> String {
        let table = &self.table;
        let count = self
            .rows_max
            .map_or(String::new(), |count| format!("{count} "));
        match (&self.key_input, &self.order_by) {
            (Some(input), _) => format!("row of table {table} whose key is {input}"),
            (None, Some(column)) => format!("first {count}rows of table {table} by {column}"),
            (None, None) if count.is_empty() => format!("table {table}"),
            (None, None) => format!("first {count}rows of table {table}"),
        }
    }
}

impl EventOrFieldSelection {
    fn in_words(&self) -> String {
        match &self.field {
            Some(field) => format!("{field} of {}", self.of.in_words()),
            None => self.of.in_words(),
        }
    }
}
