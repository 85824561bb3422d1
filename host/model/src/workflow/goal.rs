//! What a workflow is for: the outcome it is measured by, and the words that say what kind of mail it sends.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{condition::EventPattern, id::FieldName, time::Span};

/// How long a conversion counts after the message was sent, opened or clicked.
pub const GOAL_WITHIN_DEFAULT: Span = Span::from_days(7);
/// Longest that a conversion may count, and longest that a message is remembered for it.
pub const GOAL_WITHIN_MAX: Span = Span::from_days(90);
/// How long a message may be credited with a conversion.
pub const CREDIT_WITHIN_DEFAULT: Span = Span::from_days(5);

/// The word of a workflow without a goal.
const NONE: &str = "none";

/// The outcome that a workflow is measured by, or the word `none`.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// It is said that there is none.
    None,
    /// An event.
    Event(Box<GoalEvent>),
}

/// An event that counts as a conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalEvent {
    /// Which event.
    pub on: EventPattern,
    /// How long after the message at most, up to [`GOAL_WITHIN_MAX`]. Default: 7d.
    #[serde(default = "within_default")]
    pub within: Span,
    /// What of the message the time is counted from. Default: that it was sent.
    #[serde(default)]
    pub after: Basis,
    /// How long after the message it may be credited with the conversion; of all messages of all workflows the last one
    /// is. At most `within`. Default: 5d, or `within` where that is shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_within: Option<Span>,
    /// The field of the event that says what it is worth, a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<FieldName>,
    /// Whether the event also ends a journey, `goal_reached`. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exit: bool,
}

impl GoalEvent {
    /// How long a message may be credited.
    pub fn credit_within(&self) -> Span {
        let credit_within = self.credit_within.unwrap_or(CREDIT_WITHIN_DEFAULT);
        credit_within.min(self.within)
    }
}

fn within_default() -> Span {
    GOAL_WITHIN_DEFAULT
}

/// What of a message a conversion is counted from. What a machine opens or clicks never counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A server took it.
    #[default]
    Sent,
    /// The contact opened or clicked it.
    Opened,
    /// The contact clicked it.
    Clicked,
}

/// Where in its life with us a contact is whom the mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// We have met.
    Contact,
    /// Looks around.
    Explore,
    /// Gets to know us better.
    Deepen,
    /// Needs a reason to decide.
    Push,
    /// Has decided.
    Confirm,
    /// Gets what was bought.
    Deliver,
    /// Stays with us.
    Maintain,
}

impl Goal {
    /// The event, if there is one.
    pub fn event(&self) -> Option<&GoalEvent> {
        match self {
            Self::None => None,
            Self::Event(event) => Some(event),
        }
    }
}

impl Serialize for Goal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str(NONE),
            Self::Event(event) => event.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Goal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Goal;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "an object, or the word {NONE}")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Goal, E> {
                if word == NONE {
                    return Ok(Goal::None);
                }
                Err(E::invalid_value(de::Unexpected::Str(word), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Goal, A::Error> {
                let event = GoalEvent::deserialize(MapAccessDeserializer::new(members))?;
                Ok(Goal::Event(Box::new(event)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Goal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Goal".into()
    }

    /// Said by cases, so that a mistake in the event is named by its own place.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let event = generator.subschema_for::<GoalEvent>();
        json_schema!({
            "description": "The outcome that a workflow is measured by, or the word `none`.",
            "if": { "type": "string" },
            "then": { "const": NONE },
            "else": event,
        })
    }
}
