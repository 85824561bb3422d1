//! A contact and the changes made to it from outside.

use serde::{Deserialize, Serialize};

use crate::{
    codec,
    id::{ContactId, FieldName, SourceName},
    time::Instant,
    value::{Fields, Value},
};

/// Most attributes of one contact.
pub const ATTRIBUTES_MAX: usize = 256;
/// Most bytes of a contact's attributes, stored: what [`attributes_bytes`] counts. A longer value that would pass it is
/// left out, and the attribute keeps its former one.
pub const ATTRIBUTES_BYTES_MAX: usize = 10 * 1024;
/// Most bytes of a contact's attributes after a new name; one that would pass it is left out. The rest is for what is
/// known already and grows. What one event or change sets is held to the same where it is taken in.
pub const NEW_ATTRIBUTES_BYTES_MAX: usize = 9 * 1024;
/// The attribute that holds a contact's mail address.
pub const EMAIL_ATTRIBUTE: &str = "email";
/// The attribute that holds the name of a contact's time zone.
pub const ZONE_ATTRIBUTE: &str = "time_zone";
/// The attribute that holds a contact's tags: a list of texts, sorted, each once.
pub const TAGS_ATTRIBUTE: &str = "tags";

/// One person, keyed by the caller's id. Written by the core when an event or a change is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The caller's id.
    pub id: ContactId,
    /// What is known of the contact now.
    pub attributes: Fields,
    /// Journey time of the first record that named the contact.
    pub created_at: Instant,
}

impl Contact {
    /// A contact that nothing is known of yet.
    pub fn new(id: ContactId, created_at: Instant) -> Self {
        Self {
            id,
            attributes: Fields::new(),
            created_at,
        }
    }

    /// The mail address, unparsed; `None` when there is none.
    pub fn email(&self) -> Option<&str> {
        self.attributes
            .get(EMAIL_ATTRIBUTE)
            .and_then(Value::as_text)
    }
}

/// Bytes that attributes take in a contact's row, names included.
pub fn attributes_bytes<'a>(
    attributes: impl IntoIterator<Item = (&'a FieldName, &'a Value)>,
) -> usize {
    attributes.into_iter().map(|one| codec::size(&one)).sum()
}

/// A change of attributes: each named attribute is set, or removed where the value is `None` (null in JSON).
/// Attributes that are not named stay as they are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeChanges {
    /// New values by attribute.
    pub attributes: std::collections::BTreeMap<FieldName, Option<Value>>,
    /// Who says so: whether they are taken goes by it.
    #[serde(default)]
    pub source: Option<SourceName>,
}
