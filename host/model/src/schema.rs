//! The JSON Schema of a workflow's document, for editors and for checks before it is parsed.
//!
//! Made from the types themselves, so that it cannot say another thing than they do. What no schema can say (which steps
//! there are, what weights add up to) is `journey::check`'s to say.

use schemars::{Schema, json_schema, transform::transform_subschemas};
use serde_json::Value as Json;

use crate::{segment::Segment, workflow::Workflow};

/// The format of the document that this schema describes; raised when a document of before would be refused.
pub const WORKFLOW_FORMAT: u32 = 1;

/// The schema of [`Workflow`], draft 2020-12.
pub fn workflow() -> Schema {
    let mut schema = schemars::schema_for!(Workflow);
    without_null(&mut schema);
    let id = format!("urn:signalbox:workflow:{WORKFLOW_FORMAT}");
    schema.insert("$id".to_owned(), id.into());
    schema
}

/// The format of a segment's document, as [`WORKFLOW_FORMAT`].
pub const SEGMENT_FORMAT: u32 = 1;

/// The schema of [`Segment`], draft 2020-12.
pub fn segment() -> Schema {
    let mut schema = schemars::schema_for!(Segment);
    without_null(&mut schema);
    let id = format!("urn:signalbox:segment:{SEGMENT_FORMAT}");
    schema.insert("$id".to_owned(), id.into());
    schema
}

/// Takes null out of what may be left out: a member that has nothing to say is not there. So a mistake inside of it is
/// named by its own place too, and not by that of a choice between it and null.
fn without_null(schema: &mut Schema) {
    let is_null = |choice: &Json| choice.get("type").is_some_and(|kind| kind == "null");
    if let Some(Json::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
        if let [Json::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (keyword, value) in only {
                schema.insert(keyword, value);
            }
        }
    }
    if let Some(Json::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if schema.get("default").is_some_and(Json::is_null) {
        schema.remove("default");
    }
    transform_subschemas(&mut without_null, schema);
}

/// A text of that form.
pub(crate) fn text(title: &str, bytes_max: usize, pattern: &str) -> Schema {
    json_schema!({
        "type": "string",
        "title": title,
        "minLength": 1,
        "maxLength": bytes_max,
        "pattern": pattern,
    })
}

/// Writes how a type that is a text in JSON describes itself.
macro_rules! text_schema {
    ($name:ident, $title:expr, $bytes_max:expr, $pattern:expr) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::schema::text($title, $bytes_max, $pattern)
            }
        }
    };
}

pub(crate) use text_schema;
