//! The values of attributes, fields and rule inputs.
//!
//! A value is what JSON can say, without null: what is missing is absent, never false or 0.

use std::{cmp::Ordering, collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{id::FieldName, time::Instant};

/// Deepest nesting of lists and maps in a value.
pub const VALUE_DEPTH_MAX: usize = 16;

/// Attributes of a contact or fields of an event, in the order of their names.
pub type Fields = BTreeMap<FieldName, Value>;

/// One value. In JSON it is written plainly; in stored bytes it carries its type.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number from -2^63 to 2^63-1.
    Integer(i64),
    /// Any other finite number, or one written with a point or exponent.
    Number(f64),
    /// A text.
    Text(Box<str>),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<Box<str>, Value>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is an integer or a number.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The instant, if it is an RFC 3339 text.
    pub fn as_instant(&self) -> Option<Instant> {
        self.as_text().and_then(|text| Instant::parse(text).ok())
    }

    /// How two values of comparable type stand: numbers with numbers by amount, instants by time, texts by bytes,
    /// booleans with false first. Anything else is not comparable.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => match (self.as_instant(), other.as_instant()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => Some(a.cmp(b)),
            },
            _ => self.as_number()?.partial_cmp(&other.as_number()?),
        }
    }

    /// Whether two values are the same to a rule: as [`Self::compare`], and lists and maps by their parts.
    pub fn same(&self, other: &Self) -> bool {
        match self.compare(other) {
            Some(ordering) => ordering == Ordering::Equal,
            None => self == other,
        }
    }

    /// The value's type as people read it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }

    /// Deepest nesting: 0 for a plain value.
    pub fn depth(&self) -> usize {
        match self {
            Self::List(list) => 1 + list.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(map) => 1 + map.values().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }
}

impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "title": "Any value but null",
            "type": ["boolean", "number", "string", "array", "object"],
        })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::Integer(integer) => integer.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::List(list) => list.fmt(f),
            Self::Map(map) => map.fmt(f),
        }
    }
}

/// The stored form: the same cases, each with its tag.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(Box<str>),
    List(Vec<Value>),
    Map(BTreeMap<Box<str>, Value>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return match self {
                Self::Boolean(boolean) => {
                    serializer.serialize_newtype_variant("Tagged", 0, "Boolean", boolean)
                }
                Self::Integer(integer) => {
                    serializer.serialize_newtype_variant("Tagged", 1, "Integer", integer)
                }
                Self::Number(number) => {
                    serializer.serialize_newtype_variant("Tagged", 2, "Number", number)
                }
                Self::Text(text) => serializer.serialize_newtype_variant("Tagged", 3, "Text", text),
                Self::List(list) => serializer.serialize_newtype_variant("Tagged", 4, "List", list),
                Self::Map(map) => serializer.serialize_newtype_variant("Tagged", 5, "Map", map),
            };
        }
        match self {
            Self::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Self::Integer(integer) => serializer.serialize_i64(*integer),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => list.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Plain);
        }
        Ok(match Tagged::deserialize(deserializer)? {
            Tagged::Boolean(boolean) => Self::Boolean(boolean),
            Tagged::Integer(integer) => Self::Integer(integer),
            Tagged::Number(number) => Self::Number(number),
            Tagged::Text(text) => Self::Text(text),
            Tagged::List(list) => Self::List(list),
            Tagged::Map(map) => Self::Map(map),
        })
    }
}

struct Plain;

impl<'de> de::Visitor<'de> for Plain {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, number, text, list or object (null is not a value: leave it out)")
    }

    fn visit_bool<E: de::Error>(self, boolean: bool) -> Result<Value, E> {
        Ok(Value::Boolean(boolean))
    }

    fn visit_i64<E: de::Error>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer))
    }

    fn visit_u64<E: de::Error>(self, integer: u64) -> Result<Value, E> {
        Ok(i64::try_from(integer).map_or(Value::Number(integer as f64), Value::Integer))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        if number.is_finite() {
            Ok(Value::Number(number))
        } else {
            Err(E::custom("the number is not finite"))
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((name, value)) = access.next_entry::<Box<str>, Value>()? {
            if let Some(_twice) = map.insert(name.clone(), value) {
                return Err(de::Error::custom(format_args!(
                    "the name {name:?} stands twice"
                )));
            }
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Value, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn json_is_plain_and_stored_bytes_are_tagged() {
        for json in [
            r#"{"a":[1,2.5,"x",true],"b":{}}"#,
            "9223372036854775807",
            "1.5e300",
            r#""""#,
        ] {
            let value = read(json).expect("a value");
            let bytes = postcard::to_stdvec(&value).expect("values encode");
            assert_eq!(
                postcard::from_bytes::<Value>(&bytes).expect("and decode"),
                value
            );
            assert_eq!(
                read(&serde_json::to_string(&value).expect("json")).expect("again"),
                value
            );
        }
    }

    #[test]
    fn what_is_not_a_value_is_refused() {
        for json in ["null", "[null]", "1e999", r#"{"a":1,"a":2}"#] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn comparison_never_mixes_types() {
        let number = Value::Number(3.0);
        assert!(number.same(&Value::Integer(3)));
        assert_eq!(number.compare(&Value::text("3")), None);
        assert!(
            Value::text("2026-01-01T00:00:00Z").same(&Value::text("2026-01-01T01:00:00+01:00"))
        );
    }
}
