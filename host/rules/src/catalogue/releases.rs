//! Which versions a second person lets be bound, and which wait for that.
//!
//! The control partition says what is released; `engine` passes it on. Without the policy everything counts as released.

use std::collections::BTreeMap;

use signalbox_model::id::{ActorName, Digest, PluginName};

use super::{Catalogue, Held, Record};
use crate::{
    signature::PublicKey,
    trust::{Requirement, Trust, TrustedKey},
};

/// Why a version that is in the folder may not be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Stable code in `snake_case`.
    pub code: &'static str,
    /// Why, for people.
    pub reason: String,
    /// What to do about it.
    pub help: String,
}

/// A version of the folder that somebody has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The plugin's name.
    pub name: PluginName,
    /// Its version.
    pub version: semver::Version,
    /// Who has signed it, and with which key.
    pub by: TrustedKey,
}

/// By which keys which bytes were released.
#[derive(Debug, Default)]
pub(super) struct Releases(BTreeMap<Digest, PublicKey>);

impl Releases {
    /// Whether the policy lets it be bound: its release counts, and is not by who has signed it.
    pub(super) fn allow(&self, trust: &Trust, held: &Held) -> bool {
        if trust.requirement() < Requirement::Release {
            return true;
        }
        let by = self.by(trust, held.digest);
        by.is_some() && by != held.signer.as_ref().map(|signer| &signer.person)
    }

    /// Who has released the bytes, as long as the key that this was done with is trusted.
    pub(super) fn by<'a>(&self, trust: &'a Trust, digest: Digest) -> Option<&'a ActorName> {
        trust.person(*self.0.get(&digest)?)
    }
}

impl Catalogue {
    /// Says what is released, all of it: bytes by the key that this was done with. Files that may be bound from now on are
    /// told as [`CatalogueEvent::Available`](super::CatalogueEvent::Available).
    pub fn set_releases(&self, releases: BTreeMap<Digest, PublicKey>) {
        let inner = &self.inner;
        let (before, after) = {
            let mut files = inner.files();
            if files.releases.0 == releases {
                return;
            }
            let before = inner.unhindered(&files);
            files.releases = Releases(releases);
            (before, inner.unhindered(&files))
        };
        inner.tell_freed(&before, &after);
    }

    /// The version of the folder with those bytes, if somebody has signed it.
    pub fn signed(&self, digest: Digest) -> Option<Signed> {
        let plugin = self.inner.plugin(digest)?;
        let files = self.inner.files();
        let mut held = files
            .records
            .values()
            .filter_map(|record| record.current.as_ref());
        let held = held.find(|held| held.digest == digest)?;
        Some(Signed {
            name: plugin.description.name.clone(),
            version: plugin.description.version.clone(),
            by: held.signer.clone()?,
        })
    }

    /// Whose signatures count.
    pub fn trust(&self) -> &Trust {
        &self.inner.config.trust
    }

    /// Why no version of the plugin that meets the requirement may be bound though a file is there: it waits for its
    /// release, or it lacks a good signature. Of a file that lacks one nothing is known but its name, so that one counts
    /// that is named after the plugin: `NAME.wasm`, or `NAME` and anything behind `-`, `_`, `@` or `.`.
    pub fn withheld(
        &self,
        name: &PluginName,
        requirement: &semver::VersionReq,
    ) -> Option<Withheld> {
        let files = self.inner.files();
        let unreleased = files.records.iter().find_map(|(file, record)| {
            let held = record.current.as_ref()?;
            let plugin = self.inner.plugin(held.digest)?;
            let description = &plugin.description;
            let is_meant = description.name == *name && requirement.matches(&description.version);
            if !is_meant || plugin.health.is_quarantined() {
                return None;
            }
            if let Some(other) = self.inner.twin(&files, held) {
                return Some(twin(name, &description.version, (file, other)));
            }
            let waits = !files.releases.allow(self.trust(), held);
            waits.then(|| unreleased(name, &description.version, held))
        });
        unreleased.or_else(|| {
            let mut records = files.records.iter();
            records.find_map(|(file, record)| of_trust(name, file, record))
        })
    }
}

/// Why a version may not be bound of which two files hold different bytes.
pub(super) fn twin(
    name: &PluginName,
    version: &semver::Version,
    (file, other): (&str, &str),
) -> Withheld {
    Withheld {
        code: "plugin_twice",
        reason: format!("{file} and {other} hold different bytes of {name} {version}"),
        help: "take one of them away, or give one another version".to_owned(),
    }
}

/// Why a version that waits for its release may not be bound.
pub(super) fn unreleased(name: &PluginName, version: &semver::Version, held: &Held) -> Withheld {
    let signer = held.signer.as_ref();
    let signer = signer.map_or("nobody", |signer| signer.person.as_str());
    Withheld {
        code: "plugin_unreleased",
        reason: format!(
            "{name} {version}, signed by {signer}, waits for somebody else to release it"
        ),
        help: format!(
            "somebody else than {signer} looks at it and runs `signalbox plugin release {name}@{version}`"
        ),
    }
}

fn of_trust(name: &PluginName, file: &str, record: &Record) -> Option<Withheld> {
    let error = record.error.as_ref().filter(|error| error.is_of_trust())?;
    let rest = file.strip_prefix(name.as_str())?;
    let is_it = rest.starts_with(['-', '_', '@', '.']);
    is_it.then(|| Withheld {
        code: error.code(),
        reason: format!("{file} is not let in: {error}"),
        help: "the list of plugins says how each file stands".to_owned(),
    })
}
