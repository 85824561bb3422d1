//! Which source is believed about which attribute: by the order that the settings declare, whenever something is said.
//!
//! Called where attributes are taken in, and by whoever shows them. A contact's row holds hashes of names; that of a source
//! which is not declared any more means nothing until it is declared again.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_model::{
    id::{FieldName, SourceName},
    settings::Settings,
    sources::{AttributeSources, SOURCES_MAX},
    state::ContactState,
    value::Value,
};

use crate::hash::fnv1a;

/// The source of each attribute of the contact that a declared one has set.
pub fn of_attributes(settings: &Settings, state: &ContactState) -> BTreeMap<FieldName, SourceName> {
    let hashes = state.sources.by_attribute(&state.contact.attributes);
    if hashes.is_empty() {
        return BTreeMap::new();
    }
    let declared = settings.sources.iter();
    let declared: BTreeMap<u64, &SourceName> = declared.map(|one| (hash(one), one)).collect();
    let named = hashes.into_iter();
    named
        .filter_map(|(name, hash)| Some((name, (*declared.get(&hash)?).clone())))
        .collect()
}

/// Which of the changes the contact's attributes take, and how many they do not though it would change them: a source that
/// is believed before has set what stands.
pub(crate) fn taken<'v>(
    settings: &Settings,
    state: &ContactState,
    source: Option<&SourceName>,
    changes: impl Iterator<Item = (&'v FieldName, Option<&'v Value>)>,
) -> (Vec<(&'v FieldName, Option<&'v Value>)>, u32) {
    let standing = of_attributes(settings, state);
    let is_believed = |name: &FieldName| {
        let before = settings.sources_before(name, standing.get(name));
        settings.sources_before(name, source) <= before
    };
    let (taken, overruled): (Vec<_>, Vec<_>) = changes.partition(|(name, _)| is_believed(name));
    let attributes = &state.contact.attributes;
    let would_change = overruled.iter();
    let would_change = would_change.filter(|(name, value)| attributes.get(*name) != *value);
    let count = would_change.count();
    (taken, u32::try_from(count).unwrap_or(u32::MAX))
}

/// Remembers the source of those changes that the attributes have taken; of one that is not declared, nothing.
pub(crate) fn remember(
    settings: &Settings,
    state: &mut ContactState,
    source: Option<&SourceName>,
    changes: &[(&FieldName, Option<&Value>)],
) {
    let Some(source) = source.filter(|source| settings.sources.contains(source)) else {
        return;
    };
    let attributes = &state.contact.attributes;
    let mut sources = state.sources.by_attribute(attributes);
    for (name, value) in changes {
        if value.is_some() && attributes.get(*name) == *value {
            sources.insert((*name).clone(), hash(source));
        }
    }
    let distinct: BTreeSet<u64> = sources.values().copied().collect();
    if distinct.len() > SOURCES_MAX {
        let declared: BTreeSet<u64> = settings.sources.iter().map(hash).collect();
        sources.retain(|_, hash| declared.contains(hash));
    }
    state.sources = AttributeSources::new(attributes, &sources);
}

fn hash(source: &SourceName) -> u64 {
    fnv1a(source.as_str().as_bytes())
}
