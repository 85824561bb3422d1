//! Versions of plugins that are taken out of service by hand, and what is lifted again.
//!
//! A revoked file is quarantined like one that failed too often: it is asked no more, and bindings that follow go back to
//! the last good one. Where releases are asked for, only another release brings it back.

use signalbox_journey::control::Conflict;
use signalbox_model::{
    definitions::{Quarantined, RevokedBy},
    id::{Digest, PluginName},
    record::Command,
};
use signalbox_rules::trust::Requirement;

use crate::{
    Engine,
    bindings::bound_in,
    control,
    error::{CommandError, Unavailable},
    shared::Shared,
};

/// Who takes a version out of service, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The person, by name.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The id of the API key that it came with.
    pub by: String,
}

/// Why a version was not taken out of service.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// Nobody knows it.
    #[error(
        "no plugin with the digest {0} is loaded or bound; the list of plugins has the digests"
    )]
    NotThere(Digest),
    /// The command was not applied.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Engine {
    /// Takes a file out of service, and its release with it: it is asked no more, and bindings that follow go back to the
    /// last good file. Answers once every partition's log has it.
    ///
    /// # Errors
    /// When it is neither loaded nor bound, or too many are revoked.
    pub async fn revoke_plugin(
        &self,
        digest: Digest,
        revocation: Revocation,
    ) -> Result<Quarantined, RevokeError> {
        let shared = self.shared().map_err(CommandError::from)?;
        let named = named(&shared, digest);
        let (plugin, version) = named.ok_or(RevokeError::NotThere(digest))?;
        let Revocation { actor, reason, by } = revocation;
        tracing::warn!(
            rule.name = %plugin, rule.version = %version, rule.digest = %digest, actor, reason, key.id = by,
            "{actor} revokes {plugin} {version}: {reason}"
        );
        let command = Command::RevokePlugin {
            plugin,
            version: version.to_string(),
            digest,
            reason,
            revoked: RevokedBy { actor, by },
        };
        let definitions = control::command(&shared, command).await?;
        let found = definitions.quarantined.get(&digest).cloned();
        let found = found.ok_or(CommandError::from(Unavailable::Failed))?;
        Ok(found)
    }

    /// Ends the quarantine of a file, for all bindings. Answers once every partition's log has it.
    ///
    /// # Errors
    /// When it is not quarantined, or somebody revoked it and only another release brings it back.
    pub async fn lift_quarantine(&self, digest: Digest) -> Result<(), CommandError> {
        let shared = self.shared()?;
        let asks_for_releases = shared.catalogue.trust().requirement() >= Requirement::Release;
        let command = Command::LiftQuarantine {
            digest,
            lifts_revoked: !asks_for_releases,
        };
        match control::command(&shared, command).await {
            // The log knows the last ones only; the process may know of one more.
            Err(CommandError::Conflict(Conflict::NotQuarantined { .. }))
                if shared.catalogue.is_quarantined(digest) => {}
            other => drop(other?),
        }
        shared.lift_unlogged(digest);
        Ok(())
    }
}

/// What the file calls itself, or what is known of it: that it failed or was released, or what stands or stood for it.
fn named(shared: &Shared, digest: Digest) -> Option<(PluginName, semver::Version)> {
    if let Some(description) = shared.catalogue.description(digest) {
        return Some((description.name, description.version));
    }
    let definitions = shared.definitions.borrow();
    if let Some(known) = definitions.quarantined.get(&digest) {
        return Some((known.plugin.clone(), known.version.clone()));
    }
    if let Some(known) = definitions.releases.get(&digest) {
        return Some((known.release.plugin.clone(), known.release.version.clone()));
    }
    bound_in(&definitions).find_map(|(.., bound)| {
        let mut formers = bound.formers.iter();
        let former = formers.find(|former| former.digest == digest);
        let former = former.map(|former| &former.version);
        let version = former.or_else(|| (bound.digest == digest).then_some(&bound.version))?;
        Some((bound.plugin.clone(), version.clone()))
    })
}
