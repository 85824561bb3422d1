//! A contact and the changes made to it from outside.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ContactId, FieldName},
    time::Instant,
    value::{Fields, Value},
};

/// Most attributes of one contact.
pub const ATTRIBUTES_MAX: usize = 256;
/// The attribute that holds a contact's mail address.
pub const EMAIL_ATTRIBUTE: &str = "email";

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

/// A change of attributes: each named attribute is set, or removed where the value is `None` (null in JSON).
/// Attributes that are not named stay as they are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeChanges {
    /// New values by attribute.
    pub attributes: std::collections::BTreeMap<FieldName, Option<Value>>,
}
