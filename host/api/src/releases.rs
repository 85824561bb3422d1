//! `/v1/plugins/releases`: who let which component be bound, where the policy asks for a second person.

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use signalbox_engine::ReleaseError;
use signalbox_model::{definitions::Released, id::Digest, time::Instant};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::JsonBody,
    keys::Holder,
};

/// What somebody signed to let a component be bound.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseDocument {
    /// The text that `signalbox plugin release` makes: four lines, the heading, then the component's digest, the public key
    /// of who releases it, and their signature.
    statement: String,
}

/// A release.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseAnswer {
    /// As it is kept.
    pub release: ReleaseBody,
}

/// The releases that are kept, at most 1,000.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleasesAnswer {
    /// The newest first.
    pub releases: Vec<ReleaseBody>,
}

/// A component that a second person let be bound.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseBody {
    /// The component's bytes.
    pub digest: String,
    /// The plugin's name.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Who had signed it then.
    pub signed_by: String,
    /// Who released it.
    pub released_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The id of the API key that the release came with.
    pub by: String,
}

fn body(digest: Digest, Released { at, release }: Released) -> ReleaseBody {
    ReleaseBody {
        digest: digest.to_string(),
        plugin: release.plugin.to_string(),
        version: release.version.to_string(),
        signed_by: release.signed_by.to_string(),
        released_by: release.released_by.to_string(),
        at,
        by: release.by,
    }
}

/// Lists the releases.
#[utoipa::path(get, path = "/v1/plugins/releases", operation_id = "list_releases", tag = "plugins", responses(
    (status = 200, body = ReleasesAnswer)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<ReleasesAnswer>, Error> {
    let definitions = app.engine.definitions()?;
    let releases = definitions.releases.iter();
    let mut releases: Vec<_> = releases
        .map(|(digest, released)| body(*digest, released.clone()))
        .collect();
    releases.sort_by(|one, other| (other.at, &other.digest).cmp(&(one.at, &one.digest)));
    Ok(Json(ReleasesAnswer { releases }))
}

/// Lets a component be bound that somebody else has signed. Answers once it may be.
#[utoipa::path(post, path = "/v1/plugins/releases", operation_id = "release_plugin", tag = "plugins",
    request_body = ReleaseDocument, responses(
    (status = 200, body = ReleaseAnswer),
    (status = 404, description = "No file that is let in has that digest.", body = Envelope),
    (status = 409, description = "Who releases it has signed it, or releases are not asked for here.", body = Envelope),
    (status = 422, description = "The statement is not a good one of somebody who is trusted.", body = Envelope)))]
pub(crate) async fn release(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    JsonBody(document, _room): JsonBody<ReleaseDocument>,
) -> Result<Json<ReleaseAnswer>, Error> {
    let (digest, released) = app
        .engine
        .release_plugin(&document.statement, holder.id)
        .await?;
    let release = body(digest, released);
    Ok(Json(ReleaseAnswer { release }))
}

impl From<ReleaseError> for Error {
    fn from(error: ReleaseError) -> Self {
        let message = error.to_string();
        match error {
            ReleaseError::NotAsked => Self::new(ErrorCode::Conflict, message),
            ReleaseError::Malformed(_) | ReleaseError::Unknown(_) | ReleaseError::Untrue => {
                Self::new(ErrorCode::InvalidRelease, message).at("/statement")
            }
            ReleaseError::NotThere(_) => Self::new(ErrorCode::NotFound, message),
            ReleaseError::Command(error) => error.into(),
        }
    }
}
