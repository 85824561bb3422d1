//! Attributes and fields of a body: bounded in count, depth and bytes before anything of them is logged.
//!
//! Called by the routes that take them. What is let through here is stored in the contact's row and history.

use serde::Serialize;
use signalbox_model::{
    codec,
    contact::{ATTRIBUTES_MAX, AttributeChanges, NEW_ATTRIBUTES_BYTES_MAX, attributes_bytes},
    event::{EVENT_BYTES_MAX, FIELDS_MAX},
    id::FieldName,
    problem::Problem,
    value::{Fields, VALUE_DEPTH_MAX, Value},
};

/// The fields that a value holds, or the first thing that is wrong with it.
pub(crate) fn checked(value: Option<Value>, pointer: &str) -> Result<Fields, Problem> {
    let map = match value {
        None => return Ok(Fields::new()),
        Some(Value::Map(map)) => map,
        Some(other) => {
            let reason = format!("an object is needed, this is a {}", other.kind());
            return Err(Problem::new(pointer, "wrong_type", reason));
        }
    };
    check_count(map.len(), FIELDS_MAX, pointer)?;
    let mut fields = Fields::new();
    for (name, value) in map {
        let parsed = FieldName::parse(&name).map_err(|error| {
            Problem::new(place(pointer, &name), "invalid_name", error.to_string())
        })?;
        check_depth(&value, pointer, &name)?;
        fields.insert(parsed, value);
    }
    Ok(fields)
}

/// Whether a change of attributes keeps to the same bounds.
pub(crate) fn check_changes(changes: &AttributeChanges) -> Result<(), Problem> {
    const POINTER: &str = "/attributes";
    check_count(changes.attributes.len(), ATTRIBUTES_MAX, POINTER)?;
    for (name, value) in &changes.attributes {
        if let Some(value) = value {
            check_depth(value, POINTER, name.as_str())?;
        }
    }
    let set = changes.attributes.iter();
    check_attributes(
        set.filter_map(|(name, value)| Some((name, value.as_ref()?))),
        POINTER,
    )?;
    check_size(changes, POINTER)
}

/// Whether attributes would fit a contact that has none.
pub(crate) fn check_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a FieldName, &'a Value)>,
    pointer: &str,
) -> Result<(), Problem> {
    check_bytes(
        attributes_bytes(attributes),
        NEW_ATTRIBUTES_BYTES_MAX,
        pointer,
    )
}

/// Whether the stored form of an input is short enough.
pub(crate) fn check_size(input: &impl Serialize, pointer: &str) -> Result<(), Problem> {
    let bytes = codec::encode(input).map_or(usize::MAX, |bytes| bytes.len());
    check_bytes(bytes, EVENT_BYTES_MAX, pointer)
}

fn check_bytes(bytes: usize, bytes_max: usize, pointer: &str) -> Result<(), Problem> {
    if bytes <= bytes_max {
        return Ok(());
    }
    let reason = format!("this takes {bytes} bytes, at most {bytes_max} are allowed");
    Err(Problem::new(pointer, "too_large", reason)
        .with_help("leave out what no rule or mail reads"))
}

fn check_count(count: usize, count_max: usize, pointer: &str) -> Result<(), Problem> {
    if count <= count_max {
        return Ok(());
    }
    let reason = format!("{count} names are too many, at most {count_max} are allowed");
    Err(Problem::new(pointer, "too_many_names", reason))
}

fn check_depth(value: &Value, pointer: &str, name: &str) -> Result<(), Problem> {
    let depth = value.depth();
    if depth <= VALUE_DEPTH_MAX {
        return Ok(());
    }
    let reason = format!("nested {depth} deep, at most {VALUE_DEPTH_MAX} are allowed");
    Err(Problem::new(place(pointer, name), "too_deep", reason))
}

fn place(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
