//! Two files with one plugin's name and version but different bytes: nobody can tell which is meant, so neither may be
//! bound until one of them is gone or holds something else. Whoever is bound to one goes on.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_model::id::{Digest, PluginName};

use super::{CatalogueEvent, Files, Held, Inner};

impl Inner {
    /// Another file that holds other bytes of the same plugin and version.
    pub(super) fn twin<'f>(&self, files: &'f Files, held: &Held) -> Option<&'f str> {
        let it = self.plugin(held.digest)?;
        let is_twin = |other: &Held| {
            let other = self.plugin(other.digest);
            other.is_some_and(|other| {
                other.description.name == it.description.name
                    && other.description.version == it.description.version
            })
        };
        let mut records = files.records.iter();
        let (file, _) = records.find(|(_, record)| {
            let other = record.current.as_ref();
            let other = other.filter(|other| other.digest != held.digest);
            other.is_some_and(is_twin)
        })?;
        Some(file)
    }

    /// The files whose own version the policy lets be bound, and that have no twin.
    pub(super) fn unhindered(&self, files: &Files) -> BTreeSet<(String, Digest)> {
        let mut digests: BTreeMap<(PluginName, semver::Version), BTreeSet<Digest>> =
            BTreeMap::new();
        let mut released = Vec::new();
        for (file, record) in &files.records {
            let Some(held) = &record.current else {
                continue;
            };
            let Some(plugin) = self.plugin(held.digest) else {
                continue;
            };
            let description = &plugin.description;
            let named = (description.name.clone(), description.version.clone());
            digests
                .entry(named.clone())
                .or_default()
                .insert(held.digest);
            if files.releases.allow(&self.config.trust, held) {
                released.push((named, file.clone(), held.digest));
            }
        }
        let alone = released
            .into_iter()
            .filter(|(named, ..)| digests.get(named).is_some_and(|found| found.len() == 1));
        alone.map(|(_, file, digest)| (file, digest)).collect()
    }

    /// Tells which files may be bound that could not be before.
    pub(super) fn tell_freed(
        &self,
        before: &BTreeSet<(String, Digest)>,
        after: &BTreeSet<(String, Digest)>,
    ) {
        for (file, digest) in after.difference(before) {
            let Some(plugin) = self.plugin(*digest) else {
                continue;
            };
            let (name, version) = (&plugin.description.name, &plugin.description.version);
            tracing::info!(
                rule.name = %name, rule.version = %version, rule.digest = %digest,
                "plugin {name} {version} is available from {file}"
            );
            (self.events)(CatalogueEvent::Available {
                file: file.clone(),
                name: name.clone(),
                version: version.clone(),
                digest: *digest,
            });
        }
    }
}
