//! What a rule asks for: the builder of the document that `plan` answers with.
//!
//! Called by a rule's `plan`. A rule receives exactly the inputs it names here, and a trigger is asked on exactly
//! these occasions; what is not declared is not passed, the clock and the seed included.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::time::Span;

/// Most inputs of one plan.
pub const INPUTS_MAX: usize = 64;
/// Most occasions of one plan.
pub const OCCASIONS_MAX: usize = 16;
/// Longest name of an input, in bytes.
pub const INPUT_NAME_BYTES_MAX: usize = 100;

/// What a rule reads and when it is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    format: u32,
    inputs: Vec<Input>,
    occasions: Vec<Occasion>,
}

/// One input: a name for people and cases, where its value comes from, and the type of its column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// Unique in the plan, at most [`INPUT_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// Where its value comes from.
    pub source: Source,
    /// A value of another type counts as missing.
    #[serde(rename = "type")]
    pub kind: Type,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// 64-bit floating point; integers are widened.
    Number,
    /// 64-bit signed; a number with a fraction is missing.
    Integer,
    /// A text.
    Text,
    /// True or false.
    Boolean,
    /// An instant; RFC 3339 texts are parsed by the host.
    Instant,
    /// The value as JSON text, whatever its type.
    Json,
    /// Each row with its own type.
    Any,
}

/// Where the value of an input comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An attribute of the contact, as it is now.
    Attribute(String),
    /// A field of the event of the occasion (for `due`: of the event that armed it).
    EventField(String),
    /// When that same event occurred, an instant.
    OccurredAt,
    /// How many such events the history holds. Never missing: none is 0.
    Count(Events),
    /// The sum of a numeric field over such events. Missing where no event has a number there.
    Sum(FieldOf),
    /// The first such event's instant, or its field where one is named. Missing where there is none.
    First(FieldOrInstantOf),
    /// The last such event's instant, or its field where one is named. Missing where there is none.
    Last(FieldOrInstantOf),
    /// The most recent such events as a JSON list of objects with `occurred_at` and `fields`, newest first.
    Recent(RecentOf),
    /// Whether the contact is in the named segment.
    Segment(String),
    /// A value kept by an earlier step or journey.
    Kept(String),
    /// The arm that the journey took at that step, a text: a split's arm by its name, a branch's by the step it leads
    /// to, the event that was waited for, or `otherwise`. Missing where the journey was not there.
    ArmTaken(String),
    /// Rows of a reference table, as a JSON list of objects.
    Table(TableRows),
    /// What the occasion is: the index into the plan's occasions.
    Occasion,
    /// The key of the arm that fired. A text; missing on any other occasion.
    ArmKey,
    /// Journey time now, the same for every row.
    Clock,
    /// 64 bits that depend on contact and binding (for personalizers on journey and step too).
    Seed,
}

/// Events of the contact's history: by name, conditions on their fields and a rolling window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Events {
    /// The event's name.
    pub event: String,
    /// Conditions on its fields, all of which must hold.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Only events with `now - within < occurred_at <= now`; all of the history without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

/// A field of selected events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldOf {
    /// Which events.
    pub of: Events,
    /// Which of their fields.
    pub field: String,
}

/// A field of selected events, or the events' instants.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldOrInstantOf {
    /// Which events.
    pub of: Events,
    /// Which of their fields; the instant without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The most recent of selected events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecentOf {
    /// Which events.
    pub of: Events,
    /// How many, 1 to 100.
    pub count: u32,
}

/// Which rows of a reference table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRows {
    /// The table's name.
    pub table: String,
    /// The input whose value is the rows' key; rows of any key without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_input: Option<String>,
    /// The column by which the first rows are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
    /// How many at most, 1 to 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_max: Option<u32>,
}

/// An occasion on which a trigger is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Such an event was applied.
    Event(EventPattern),
    /// This attribute of the contact took another value.
    AttributeChanged(String),
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

/// An event by name with conditions on its fields, all of which must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPattern {
    /// The event's name.
    pub event: String,
    /// Conditions on its fields; none means any such event.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
}

/// One condition on a field of an event. A field that is missing meets no condition but `exists: false`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field of the event.
    #[schemars(title = "Field", length(min = 1, max = 100))]
    pub field: String,
    /// How the field is compared.
    #[schemars(title = "Comparison")]
    pub operator: Operator,
    /// What it is compared with: a text, a number, true or false, or a list of them for `in`.
    #[schemars(title = "Value")]
    pub value: Json,
}

/// How a field is held against a condition's value.
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
    /// A text that holds this text, or a list that holds this value.
    Contains,
    /// There at all: `true` must be there, `false` must be missing.
    Exists,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

impl Plan {
    /// A plan that reads nothing and, for a trigger, is never asked.
    #[must_use]
    pub fn new() -> Self {
        Self {
            format: 1,
            inputs: Vec::new(),
            occasions: Vec::new(),
        }
    }

    /// Adds any input.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, source: Source, kind: Type) -> Self {
        self.inputs.push(Input {
            name: name.into(),
            source,
            kind,
        });
        self
    }

    /// Adds an attribute of the contact, under its own name.
    #[must_use]
    pub fn attribute(self, attribute: &str, kind: Type) -> Self {
        self.input(attribute, Source::Attribute(attribute.to_owned()), kind)
    }

    /// Adds a field of the occasion's event, under its own name.
    #[must_use]
    pub fn event_field(self, field: &str, kind: Type) -> Self {
        self.input(field, Source::EventField(field.to_owned()), kind)
    }

    /// Adds the number of such events: an integer, never missing.
    #[must_use]
    pub fn count(self, name: &str, events: impl Into<Events>) -> Self {
        self.input(name, Source::Count(events.into()), Type::Integer)
    }

    /// Adds the sum of a numeric field over such events: a number, missing where no event has one.
    #[must_use]
    pub fn sum(self, name: &str, events: impl Into<Events>, field: &str) -> Self {
        let of = FieldOf {
            of: events.into(),
            field: field.to_owned(),
        };
        self.input(name, Source::Sum(of), Type::Number)
    }

    /// Adds when the first such event occurred: an instant, missing where there is none.
    #[must_use]
    pub fn first(self, name: &str, events: impl Into<Events>) -> Self {
        let of = FieldOrInstantOf {
            of: events.into(),
            field: None,
        };
        self.input(name, Source::First(of), Type::Instant)
    }

    /// Adds when the last such event occurred: an instant, missing where there is none.
    #[must_use]
    pub fn last(self, name: &str, events: impl Into<Events>) -> Self {
        let of = FieldOrInstantOf {
            of: events.into(),
            field: None,
        };
        self.input(name, Source::Last(of), Type::Instant)
    }

    /// Adds a field of the last such event.
    #[must_use]
    pub fn last_field(
        self,
        name: &str,
        events: impl Into<Events>,
        field: &str,
        kind: Type,
    ) -> Self {
        let of = FieldOrInstantOf {
            of: events.into(),
            field: Some(field.to_owned()),
        };
        self.input(name, Source::Last(of), kind)
    }

    /// Adds the most recent such events as JSON, newest first.
    #[must_use]
    pub fn recent(self, name: &str, events: impl Into<Events>, count: u32) -> Self {
        self.input(
            name,
            Source::Recent(RecentOf {
                of: events.into(),
                count,
            }),
            Type::Json,
        )
    }

    /// Adds the arm that the journey took at a step, under that step's id. Not for triggers and audiences, which are
    /// asked before there is a journey.
    #[must_use]
    pub fn arm_taken(self, step: &str) -> Self {
        self.input(step, Source::ArmTaken(step.to_owned()), Type::Text)
    }

    /// Adds rows of a reference table as a JSON list of objects.
    #[must_use]
    pub fn table(self, name: &str, rows: TableRows) -> Self {
        self.input(name, Source::Table(rows), Type::Json)
    }

    /// Adds when the occasion's event occurred, under the name `occurred_at`.
    #[must_use]
    pub fn occurred_at(self) -> Self {
        self.input("occurred_at", Source::OccurredAt, Type::Instant)
    }

    /// Adds what the occasion is, under the name `occasion`; read it by [`crate::Contact::occasion`].
    #[must_use]
    pub fn occasion(self) -> Self {
        self.input("occasion", Source::Occasion, Type::Integer)
    }

    /// Adds the key of the arm that fired, under the name `arm_key`.
    #[must_use]
    pub fn arm_key(self) -> Self {
        self.input("arm_key", Source::ArmKey, Type::Text)
    }

    /// Adds the time, under the name `clock`; read it by [`crate::Contact::clock`].
    ///
    /// A segment that reads it must say when its answer can change: prefer counts within windows, whose changes
    /// the host works out by itself.
    #[must_use]
    pub fn clock(self) -> Self {
        self.input("clock", Source::Clock, Type::Instant)
    }

    /// Adds 64 bits that are the same at each re-execution, under the name `seed`; read them by
    /// [`crate::Contact::random`].
    #[must_use]
    pub fn seed(self) -> Self {
        self.input("seed", Source::Seed, Type::Integer)
    }

    /// Asks the trigger on an occasion.
    #[must_use]
    pub fn on(mut self, occasion: Occasion) -> Self {
        self.occasions.push(occasion);
        self
    }

    /// Asks the trigger when such an event was applied.
    #[must_use]
    pub fn on_event(self, pattern: impl Into<EventPattern>) -> Self {
        self.on(Occasion::Event(pattern.into()))
    }

    /// Asks the trigger when its own arm fired.
    #[must_use]
    pub fn on_due(self) -> Self {
        self.on(Occasion::Due)
    }

    /// The inputs in the order of their columns.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The occasions in their order.
    #[must_use]
    pub fn occasions(&self) -> &[Occasion] {
        &self.occasions
    }

    /// Refuses what the host would refuse, in words for the person who wrote the config.
    ///
    /// # Errors
    /// When there are too many inputs or occasions, or a name is empty, too long or taken twice.
    pub fn check(&self) -> Result<(), String> {
        let (inputs, occasions) = (self.inputs.len(), self.occasions.len());
        if inputs > INPUTS_MAX {
            return Err(format!(
                "this reads {inputs} different values, at most {INPUTS_MAX} are allowed"
            ));
        }
        if occasions > OCCASIONS_MAX {
            return Err(format!(
                "this has {occasions} occasions, at most {OCCASIONS_MAX} are allowed"
            ));
        }
        for (index, input) in self.inputs.iter().enumerate() {
            let name = &input.name;
            if name.is_empty() || name.len() > INPUT_NAME_BYTES_MAX {
                return Err(format!(
                    "the input name {name:?} must have 1 to {INPUT_NAME_BYTES_MAX} bytes"
                ));
            }
            if self.inputs[..index]
                .iter()
                .any(|earlier| earlier.name == *name)
            {
                return Err(format!("two inputs are named {name:?}"));
            }
        }
        Ok(())
    }
}

impl Events {
    /// All events of that name in the history.
    #[must_use]
    pub fn named(event: impl Into<String>) -> Self {
        Self {
            event: event.into(),
            conditions: Vec::new(),
            within: None,
        }
    }

    /// Only those within a rolling window that ends now.
    #[must_use]
    pub fn within(mut self, window: Span) -> Self {
        self.within = Some(window);
        self
    }

    /// Only those whose field has this value.
    #[must_use]
    pub fn with_field(mut self, field: &str, value: impl Into<Json>) -> Self {
        self.conditions.push(Condition::eq(field, value));
        self
    }
}

impl TableRows {
    /// The whole of a small table, at most 64 KiB.
    #[must_use]
    pub fn all(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            key_input: None,
            order_by: None,
            rows_max: None,
        }
    }

    /// The rows whose key is the value of the input of that name.
    #[must_use]
    pub fn with_key(table: impl Into<String>, input: impl Into<String>) -> Self {
        Self {
            key_input: Some(input.into()),
            ..Self::all(table)
        }
    }

    /// The first so many rows by a column.
    #[must_use]
    pub fn first(table: impl Into<String>, rows: u32, column: impl Into<String>) -> Self {
        Self {
            order_by: Some(column.into()),
            rows_max: Some(rows),
            ..Self::all(table)
        }
    }
}

impl EventPattern {
    /// Any event of that name.
    #[must_use]
    pub fn named(event: impl Into<String>) -> Self {
        Self {
            event: event.into(),
            conditions: Vec::new(),
        }
    }

    /// Only events that meet these conditions too.
    #[must_use]
    pub fn with_conditions(mut self, conditions: &[Condition]) -> Self {
        self.conditions.extend_from_slice(conditions);
        self
    }
}

impl Condition {
    /// The field has this value.
    #[must_use]
    pub fn eq(field: &str, value: impl Into<Json>) -> Self {
        Self {
            field: field.to_owned(),
            operator: Operator::Eq,
            value: value.into(),
        }
    }
}

impl From<&str> for Events {
    fn from(event: &str) -> Self {
        Self::named(event)
    }
}

impl From<&str> for EventPattern {
    fn from(event: &str) -> Self {
        Self::named(event)
    }
}
