//! What a partition has seen: names and types of events, fields and attributes, with counts.
//!
//! The partition's thread folds every applied event into the map it keeps in memory, and writes the rows that
//! changed once per commit. Forms and checks read all partitions' rows merged. Never decides anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use signalbox_model::{
    event::Event,
    id::{EventName, FieldName},
    time::Instant,
    value::{Fields, Value},
};

/// Names one row of what was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observable {
    /// An event.
    Event(EventName),
    /// An attribute of contacts.
    Attribute(FieldName),
    /// All that found no place any more.
    Overflow,
}

impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(name) => write!(f, "event {name}"),
            Self::Attribute(name) => write!(f, "attribute {name}"),
            Self::Overflow => f.write_str("overflow"),
        }
    }
}

/// The type of a value that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenType {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any other number.
    Number,
    /// A text that is an RFC 3339 instant.
    Instant,
    /// Any other text.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
}

impl SeenType {
    fn of(value: &Value) -> Self {
        match value {
            Value::Boolean(_) => Self::Boolean,
            Value::Integer(_) => Self::Integer,
            Value::Number(_) => Self::Number,
            Value::Text(text) if is_instant(text) => Self::Instant,
            Value::Text(_) => Self::Text,
            Value::List(_) => Self::List,
            Value::Map(_) => Self::Map,
        }
    }
}

/// Whether the text is an instant. The shape is looked at first, since most texts are none and parsing is dear.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    (20..=40).contains(&bytes.len())
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && Instant::parse(text).is_ok()
}

/// How often values of each type were seen.
pub type SeenTypes = BTreeMap<SeenType, u64>;

/// An event that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenEvents {
    /// How often.
    pub count: u64,
    /// Journey time of the last.
    pub last_seen: Instant,
    /// Its fields with their types; a field is missing from an event where its counts are less than `count`.
    pub fields: BTreeMap<FieldName, SeenTypes>,
}

/// An attribute that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenAttribute {
    /// How often it was set.
    pub count: u64,
    /// Journey time of the last.
    pub last_seen: Instant,
    /// The types of its values.
    pub types: SeenTypes,
}

/// What found no place any more since there were too many names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overflow {
    /// Events whose name found none.
    pub events: u64,
    /// Fields whose name found none.
    pub fields: u64,
    /// Attributes whose name found none.
    pub attributes: u64,
}

/// Most field names kept of one event name, so that its row stays below the bound of rows.
pub const OBSERVED_FIELDS_MAX: usize = 256;

/// What one partition, or all of them together, have seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// Events by name.
    pub events: BTreeMap<EventName, SeenEvents>,
    /// Attributes by name.
    pub attributes: BTreeMap<FieldName, SeenAttribute>,
    /// What found no place.
    pub overflow: Overflow,
}

impl Schema {
    /// Adds what another partition has seen.
    pub fn merge(&mut self, other: Self) {
        for (name, seen) in other.events {
            let events = self.events.entry(name).or_default();
            events.count += seen.count;
            events.last_seen = events.last_seen.max(seen.last_seen);
            for (field, types) in seen.fields {
                add(events.fields.entry(field).or_default(), types);
            }
        }
        for (name, seen) in other.attributes {
            let attribute = self.attributes.entry(name).or_default();
            attribute.count += seen.count;
            attribute.last_seen = attribute.last_seen.max(seen.last_seen);
            add(&mut attribute.types, seen.types);
        }
        self.overflow.events += other.overflow.events;
        self.overflow.fields += other.overflow.fields;
        self.overflow.attributes += other.overflow.attributes;
    }
}

fn add(types: &mut SeenTypes, more: SeenTypes) {
    for (kind, count) in more {
        *types.entry(kind).or_default() += count;
    }
}

/// What a partition has seen, kept in memory by its thread, with what changed since it was last written.
#[derive(Debug, Clone)]
pub struct Observed {
    schema: Schema,
    /// Rows that changed since the last [`Self::take_changed`].
    changed: BTreeSet<Observable>,
    /// Most event names, and most attribute names.
    names_max: usize,
}

impl Observed {
    pub(crate) fn new(schema: Schema, names_max: usize) -> Self {
        Self {
            schema,
            changed: BTreeSet::new(),
            names_max,
        }
    }

    /// What has been seen so far.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn into_schema(self) -> Schema {
        self.schema
    }

    /// Takes note of an event that was applied at that journey time, and of the attributes it sets.
    pub fn see_event(&mut self, event: &Event, at: Instant) {
        self.see_attributes(&event.attributes, at);
        let known = self.schema.events.contains_key(&event.name);
        if !known && self.schema.events.len() >= self.names_max {
            self.schema.overflow.events += 1;
            self.changed.insert(Observable::Overflow);
            return;
        }
        let seen = self.schema.events.entry(event.name.clone()).or_default();
        seen.count += 1;
        seen.last_seen = at;
        for (field, value) in &event.fields {
            if let Some(types) = seen.fields.get_mut(field) {
                *types.entry(SeenType::of(value)).or_default() += 1;
            } else if seen.fields.len() < OBSERVED_FIELDS_MAX {
                let types = BTreeMap::from([(SeenType::of(value), 1)]);
                seen.fields.insert(field.clone(), types);
            } else {
                self.schema.overflow.fields += 1;
                self.changed.insert(Observable::Overflow);
            }
        }
        self.changed.insert(Observable::Event(event.name.clone()));
    }

    /// Takes note of attributes that were set at that journey time.
    pub fn see_attributes(&mut self, attributes: &Fields, at: Instant) {
        for (name, value) in attributes {
            let known = self.schema.attributes.contains_key(name);
            if !known && self.schema.attributes.len() >= self.names_max {
                self.schema.overflow.attributes += 1;
                self.changed.insert(Observable::Overflow);
                continue;
            }
            let seen = self.schema.attributes.entry(name.clone()).or_default();
            seen.count += 1;
            seen.last_seen = at;
            *seen.types.entry(SeenType::of(value)).or_default() += 1;
            self.changed.insert(Observable::Attribute(name.clone()));
        }
    }

    /// The rows that changed, which count as written from here on.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<Observable> {
        std::mem::take(&mut self.changed)
    }
}

#[cfg(test)]
mod tests {
    use signalbox_model::id::{ContactId, EventId};

    use super::*;

    fn event(name: &str, fields: &str) -> Event {
        Event {
            contact: ContactId::parse("c1").expect("an id"),
            name: EventName::parse(name).expect("a name"),
            id: EventId::parse("e1").expect("an id"),
            occurred_at: Instant::from_ms(0),
            fields: serde_json::from_str(fields).expect("fields"),
            attributes: Fields::new(),
            history_only: false,
            source: None,
        }
    }

    fn types(schema: &Schema, event: &str, field: &str) -> Vec<(SeenType, u64)> {
        let types = &schema.events[event].fields[field];
        types.iter().map(|(kind, count)| (*kind, *count)).collect()
    }

    #[test]
    fn names_types_and_counts_are_kept() {
        let mut observed = Observed::new(Schema::default(), 2);
        let at = Instant::from_ms(7);
        observed.see_event(&event("a", r#"{"x": 1, "at": "2026-01-01T00:00:00Z"}"#), at);
        observed.see_event(
            &event("a", r#"{"x": 1.5, "at": "2026-01-01 is no instant"}"#),
            at,
        );
        observed.see_event(&event("b", "{}"), at);
        observed.see_event(&event("too_many", "{}"), at);
        let schema = observed.schema();
        assert_eq!(schema.events["a"].count, 2);
        assert_eq!(schema.events["a"].last_seen, at);
        assert_eq!(
            types(schema, "a", "x"),
            [(SeenType::Integer, 1), (SeenType::Number, 1)]
        );
        assert_eq!(
            types(schema, "a", "at"),
            [(SeenType::Instant, 1), (SeenType::Text, 1)]
        );
        assert_eq!(schema.overflow.events, 1);
        assert_eq!(observed.take_changed().len(), 3);
        assert!(observed.take_changed().is_empty());
    }

    #[test]
    fn partitions_add_up() {
        let mut observed = Observed::new(Schema::default(), 10);
        observed.see_event(&event("a", r#"{"x": 1}"#), Instant::from_ms(1));
        let mut merged = observed.schema().clone();
        observed.see_event(&event("a", r#"{"y": 1}"#), Instant::from_ms(2));
        merged.merge(observed.schema().clone());
        assert_eq!(merged.events["a"].count, 3);
        assert_eq!(merged.events["a"].last_seen, Instant::from_ms(2));
        assert_eq!(types(&merged, "a", "x"), [(SeenType::Integer, 2)]);
        assert_eq!(types(&merged, "a", "y"), [(SeenType::Integer, 1)]);
    }
}
