//! Everything a rule usually needs, to be imported as a whole.

pub use schemars::JsonSchema;
pub use serde::Deserialize;
pub use serde_json::json;

pub use crate::{
    Arm, Case, Condition, Contact, Enter, EventPattern, Events, Instant, Occasion, Operator,
    PersonalizerVerdict, Plan, Reasons, Rule, SegmentVerdict, Source, Span, TriggerVerdict, Type,
    plugin, reasons,
};
