//! Which source set which attribute of a contact, small enough to stand in its row.
//!
//! Written by `journey` with the attributes. Who may set what is decided there, by the settings.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{contact::ATTRIBUTES_MAX, id::FieldName, value::Fields};

/// Most sources that settings declare, and that a contact's attributes remember.
pub const SOURCES_MAX: usize = 16;

/// The sources of a contact's attributes: hashes of their names, each once, and a byte for each attribute. Empty where no
/// source has set any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttributeSources {
    /// Hashes of the names of sources.
    hashes: Vec<u64>,
    /// For each attribute, in their order, which of these it is, counted from 1; 0 for none.
    places: Vec<u8>,
}

impl AttributeSources {
    /// Most bytes it takes encoded: 10 for each hash and 1 for each attribute, with 1 and 2 for their counts.
    pub const BYTES_MAX: usize = 1 + SOURCES_MAX * 10 + 2 + ATTRIBUTES_MAX;

    /// The sources of those attributes that have one.
    pub fn new(attributes: &Fields, sources: &BTreeMap<FieldName, u64>) -> Self {
        let found = attributes.keys().filter_map(|name| sources.get(name));
        let distinct: BTreeSet<u64> = found.copied().collect();
        if distinct.is_empty() {
            return Self::default();
        }
        let hashes: Vec<u64> = distinct.into_iter().take(SOURCES_MAX).collect();
        let place = |name: &FieldName| {
            let hash = sources.get(name)?;
            let index = hashes.binary_search(hash).ok()?;
            u8::try_from(index + 1).ok()
        };
        let places = attributes
            .keys()
            .map(|name| place(name).unwrap_or_default());
        Self {
            places: places.collect(),
            hashes,
        }
    }

    /// The hash of the source of each attribute that has one. The attributes are those that it was made of.
    pub fn by_attribute(&self, attributes: &Fields) -> BTreeMap<FieldName, u64> {
        let placed = attributes.keys().zip(&self.places);
        let found = placed.filter_map(|(name, place)| {
            let index = usize::from(*place).checked_sub(1)?;
            Some((name.clone(), *self.hashes.get(index)?))
        });
        found.collect()
    }
}
