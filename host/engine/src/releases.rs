//! Releases of plugins: a second person lets be bound what somebody else has signed.
//!
//! Called through [`Engine`]. Both persons are known by their keys, so it does not matter with whose API key a release
//! comes. The control partition keeps it, and refuses one by whoever has signed.

use signalbox_model::{
    definitions::{Definitions, Release, Released},
    id::Digest,
    record::Command,
};
use signalbox_rules::{
    catalogue::Catalogue,
    signature::{self, PublicKey, Purpose, Statement},
    trust::{Requirement, Trust},
};

use crate::{
    Engine, control,
    error::{CommandError, Unavailable},
};

/// Why a plugin was not released.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The settings do not ask for releases, so that nobody knows who has signed what.
    #[error(
        "releases are not asked for here: set trust.require_release, and trust.keys of two persons"
    )]
    NotAsked,
    /// The text is no statement of a release.
    #[error("the release cannot be read: {0}; make it with `signalbox plugin release`")]
    Malformed(signature::Error),
    /// Its key is nobody's who is trusted.
    #[error(
        "the key {0} is not trusted here: let somebody release it whose key is among trust.keys"
    )]
    Unknown(PublicKey),
    /// The holder of the key has not signed it so.
    #[error("the release was not signed with the key that it names, or has changed since")]
    Untrue,
    /// No file of the folder holds these bytes, or it is not let in.
    #[error(
        "no file that is let in has the digest {0}; the list of plugins says how each file stands"
    )]
    NotThere(Digest),
    /// The command was not applied: whoever releases it has signed it, or another reason.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl From<Unavailable> for ReleaseError {
    fn from(error: Unavailable) -> Self {
        Self::Command(error.into())
    }
}

/// Whether the policy lets a binding have the file that it stands for, or stood for once. Where that is not in the folder,
/// only a release tells that somebody stands for it still.
pub(crate) fn is_stood_for(
    catalogue: &Catalogue,
    definitions: &Definitions,
    digest: Digest,
) -> bool {
    let trust = catalogue.trust();
    let released = definitions.releases.get(&digest);
    catalogue.is_let_in(digest)
        || trust.requirement() == Requirement::Release
            && released.is_some_and(|released| stands(released, trust))
}

/// Whether two persons who are trusted stand for what was released, whether or not a file holds it still.
fn stands(released: &Released, trust: &Trust) -> bool {
    let release = &released.release;
    let key_of = |text: &str| text.parse::<PublicKey>().ok();
    let released_by = key_of(&release.key).and_then(|key| trust.person(key));
    released_by.is_some_and(|person| *person != release.signed_by)
        && key_of(&release.signed_with).and_then(|key| trust.person(key))
            == Some(&release.signed_by)
}

impl Engine {
    /// Lets a component of the folder be bound, as the text of a [`Statement`] says. `by` is the id of the API key that
    /// it came with. Answers once every partition's log has it.
    ///
    /// # Errors
    /// When the statement is not a good one of somebody who is trusted, the component is not there, or the same person
    /// has signed it.
    pub async fn release_plugin(
        &self,
        statement: &str,
        by: String,
    ) -> Result<(Digest, Released), ReleaseError> {
        let shared = self.shared()?;
        let trust = shared.catalogue.trust();
        if trust.requirement() < Requirement::Release {
            return Err(ReleaseError::NotAsked);
        }
        let statement =
            Statement::parse(Purpose::Release, statement).map_err(ReleaseError::Malformed)?;
        let (digest, key) = (statement.digest(), statement.key());
        let released_by = trust.person(key).ok_or(ReleaseError::Unknown(key))?;
        if !statement.is_true() {
            return Err(ReleaseError::Untrue);
        }
        let signed = shared.catalogue.signed(digest);
        let signed = signed.ok_or(ReleaseError::NotThere(digest))?;
        tracing::info!(
            rule.name = %signed.name, rule.version = %signed.version, rule.digest = %digest,
            actor = %released_by, key.id = by,
            "{released_by} releases {} {}, signed by {}", signed.name, signed.version, signed.by.person
        );
        let release = Release {
            plugin: signed.name,
            version: signed.version,
            signed_by: signed.by.person,
            signed_with: signed.by.key.to_string(),
            released_by: released_by.clone(),
            key: key.to_string(),
            by,
        };
        let command = Command::ReleasePlugin { digest, release };
        let definitions = control::command(&shared, command).await?;
        let released = definitions.releases.get(&digest).cloned();
        Ok((digest, released.ok_or(Unavailable::Failed)?))
    }
}
