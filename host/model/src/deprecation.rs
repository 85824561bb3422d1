//! Versions of a plugin that people are to move away from.

use serde::{Deserialize, Serialize};

use crate::{definitions::Definitions, id::PluginName, time::Instant};

/// Most plugins with deprecated versions.
pub const DEPRECATIONS_MAX: usize = 256;
/// Most bytes of what is told of a deprecation, and of what takes its place.
pub const DEPRECATION_BYTES_MAX: usize = 500;

/// What an operator says of versions of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    /// Which versions.
    pub versions: semver::VersionReq,
    /// Why, for whoever binds or has bound them; 1 to [`DEPRECATION_BYTES_MAX`] bytes.
    pub message: String,
    /// What takes their place, for people, such as `company ^2`; at most as many bytes.
    pub replaced_by: Option<String>,
    /// From then on none of them is bound anew; `None` for never.
    pub removed_on: Option<Instant>,
    /// The id of the API key that it came with.
    pub by: String,
}

/// A deprecation as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecated {
    /// Since when.
    pub at: Instant,
    /// What was said.
    pub deprecation: Deprecation,
}

impl Deprecation {
    /// Whether the versions may not be bound any more.
    pub fn is_removed(&self, now: Instant) -> bool {
        self.removed_on.is_some_and(|on| on <= now)
    }

    /// Whether it is said of that version. Of all versions means those before a release, too, which no other requirement
    /// admits unless it names one.
    pub fn is_of(&self, version: &semver::Version) -> bool {
        self.versions == semver::VersionReq::STAR || self.versions.matches(version)
    }

    /// Why, with what takes its place, of one of the versions.
    pub fn in_words(&self, plugin: &PluginName, version: &semver::Version) -> String {
        format!("{plugin} {version} is deprecated: {}", self.message)
    }
}

impl Definitions {
    /// What was said of that version of the plugin.
    pub fn deprecation(
        &self,
        plugin: &PluginName,
        version: &semver::Version,
    ) -> Option<&Deprecated> {
        let found = self.deprecations.get(plugin)?;
        found.deprecation.is_of(version).then_some(found)
    }
}
