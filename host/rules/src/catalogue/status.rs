//! What people are shown of the catalogue: files, versions, states and reasons.
//!
//! Read by `api` and by `signalbox plugin check`'s bigger sister, the plugins page.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};

use serde::Serialize;
use signalbox_model::{
    describe::{RuleDescription, RuleKind},
    id::{ActorName, Digest, PluginName},
};

use super::{Files, Inner, Record, releases};
use crate::plugin::Plugin;

/// One file of the folder, or one version that is loaded without a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginStatus {
    /// The file's name; `None` for a version that is in use but whose file is gone or holds another.
    pub file: Option<String>,
    /// How it stands.
    pub state: FileState,
    /// Why the file as it is now may not be bound. Unless its version waits for its release, the version below is what it
    /// held before.
    pub refusal: Option<Refusal>,
    /// Who has signed the version below; not there where nobody is asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<ActorName>,
    /// Who has released the version below, if somebody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_by: Option<ActorName>,
    /// What serves, or waits for its release.
    pub version: Option<VersionStatus>,
}

/// How a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Being looked at for the first time.
    Loading,
    /// Its version may be bound.
    Available,
    /// Its version passed every gate and waits for a second person to release it. What the file held before serves on.
    Unreleased,
    /// It was refused, or another file holds other bytes of the same version: nothing of it may be bound.
    Refused,
    /// Its version failed too often.
    Quarantined,
    /// Loaded for those who use it; not to be bound anew.
    Retired,
}

/// Why a file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Stable code in `snake_case`.
    pub code: &'static str,
    /// For people.
    pub reason: String,
}

/// A version that is loaded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionStatus {
    /// The file's content.
    pub digest: Digest,
    /// The plugin's name.
    pub name: PluginName,
    /// Its version.
    pub version: semver::Version,
    /// Title for people.
    pub title: String,
    /// A sentence or two for people.
    pub summary: String,
    /// Size of the component in bytes.
    pub bytes: u64,
    /// Its rules with their schemas, reasons and cases.
    pub rules: BTreeMap<RuleKind, RuleDescription>,
    /// What each rule reads in its cases, in plain words. A binding's own plan says it exactly.
    pub reads: BTreeMap<RuleKind, Vec<String>>,
    /// Whether it is quarantined.
    pub quarantined: bool,
    /// Rows answered since it was loaded.
    pub rows: u64,
    /// Rows without a verdict.
    pub failed_rows: u64,
    /// Runs that failed as a whole.
    pub failed_runs: u64,
    /// Fuel per row seen, a moving mean.
    pub fuel_per_row: u64,
    /// The last failure.
    pub last_error: Option<String>,
}

impl VersionStatus {
    fn of(plugin: &Plugin) -> Self {
        let (description, health) = (&plugin.description, &plugin.health);
        Self {
            digest: plugin.digest,
            name: description.name.clone(),
            version: description.version.clone(),
            title: description.title.clone(),
            summary: description.summary.clone(),
            bytes: plugin.bytes,
            rules: description.rules.clone(),
            reads: plugin.reads.clone(),
            quarantined: health.is_quarantined(),
            rows: health.rows(),
            failed_rows: health.failed_rows(),
            failed_runs: health.failed_runs(),
            fuel_per_row: health.fuel_per_row(),
            last_error: health.last_error(),
        }
    }
}

impl Inner {
    /// Files by name, then versions without a file by digest.
    pub(super) fn list(&self) -> Vec<PluginStatus> {
        let mut in_files = BTreeSet::new();
        let mut list = Vec::new();
        {
            let files = self.files();
            for (name, record) in &files.records {
                in_files.extend(record.current.as_ref().map(|held| held.digest));
                list.push(self.status(&files, name, record));
            }
        }
        let plugins = self.plugins.read().unwrap_or_else(PoisonError::into_inner);
        for plugin in plugins
            .values()
            .filter(|plugin| !in_files.contains(&plugin.digest))
        {
            let version = VersionStatus::of(plugin);
            let state = if version.quarantined {
                FileState::Quarantined
            } else {
                FileState::Retired
            };
            list.push(PluginStatus {
                file: None,
                state,
                refusal: None,
                signed_by: None,
                released_by: None,
                version: Some(version),
            });
        }
        list
    }

    fn status(&self, files: &Files, file: &str, record: &Record) -> PluginStatus {
        let held = record.current.as_ref();
        let plugin = held.and_then(|held| self.plugin(held.digest));
        let version = plugin.map(|plugin| VersionStatus::of(&plugin));
        let twin = held.and_then(|held| self.twin(files, held));
        let unreleased = held.filter(|held| !files.releases.allow(&self.config.trust, held));
        let refused = record.error.as_ref().map(|error| Refusal {
            code: error.code(),
            reason: error.to_string(),
        });
        let state = match (&version, &refused) {
            (Some(version), _) if version.quarantined => FileState::Quarantined,
            (Some(_), _) if twin.is_some() => FileState::Refused,
            (Some(_), _) if unreleased.is_some() => FileState::Unreleased,
            (Some(_), _) => FileState::Available,
            (None, Some(_)) => FileState::Refused,
            (None, None) => FileState::Loading,
        };
        let withheld = version.as_ref().and_then(|version| {
            let (name, number) = (&version.name, &version.version);
            let twin = twin.map(|other| releases::twin(name, number, (file, other)));
            twin.or_else(|| Some(releases::unreleased(name, number, unreleased?)))
        });
        let withheld = withheld.map(|withheld| Refusal {
            code: withheld.code,
            reason: format!("{}: {}", withheld.reason, withheld.help),
        });
        PluginStatus {
            file: Some(file.to_owned()),
            state,
            refusal: refused.or(withheld),
            signed_by: held.and_then(|held| Some(held.signer.as_ref()?.person.clone())),
            released_by: held
                .and_then(|held| files.releases.by(&self.config.trust, held.digest).cloned()),
            version,
        }
    }
}
