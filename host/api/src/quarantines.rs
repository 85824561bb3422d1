//! `/v1/plugins/{digest}/quarantine` and `/v1/plugins/{digest}/revoke`: files that are taken out of service, and brought
//! back.

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use signalbox_engine::{Revocation, RevokeError};
use signalbox_model::{
    definitions::Quarantined, id::Digest, record::OVERRIDE_BYTES_MAX, time::Instant,
};
use utoipa::ToSchema;

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Path},
    keys::Holder,
};

/// Who takes a version out of service, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationDocument {
    /// The person, by name; 1 to 500 bytes.
    #[schema(example = "Ann")]
    actor: String,
    /// Why; 1 to 500 bytes.
    reason: String,
}

/// A file that is not asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarantinedBody {
    /// The plugin's name.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The last failure, or why it was revoked.
    pub reason: String,
    /// Who revoked it; absent where it failed too often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<String>,
}

/// One such file.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarantinedAnswer {
    /// As it is kept.
    pub quarantined: QuarantinedBody,
}

pub(crate) fn quarantined_body((digest, found): (Digest, Quarantined)) -> QuarantinedBody {
    QuarantinedBody {
        plugin: found.plugin.to_string(),
        version: found.version.to_string(),
        digest: digest.to_string(),
        at: found.at,
        reason: found.reason,
        revoked_by: found.revoked.map(|by| by.actor),
    }
}

/// Lifts the quarantine of a file, so that it is asked again and bindings that follow its plugin move on to it; ten
/// failures in a minute quarantine it anew. Rather put a file that does not fail into the folder. Where releases are asked
/// for, what somebody revoked is not lifted so: a second person releases it anew.
#[utoipa::path(delete, path = "/v1/plugins/{digest}/quarantine", operation_id = "lift_quarantine", tag = "plugins", responses(
    (status = 204), (status = 404, body = Envelope), (status = 409, body = Envelope)))]
pub(crate) async fn lift(
    State(app): State<App>,
    Path(digest): Path<String>,
) -> Result<StatusCode, Error> {
    app.engine.lift_quarantine(parse_digest(&digest)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file out of service, for all bindings, and its release with it: it is asked no more, bindings that follow go back
/// to the last good file, and of the others `on_failure` says what becomes of contacts. Answers once nobody asks it.
#[utoipa::path(post, path = "/v1/plugins/{digest}/revoke", operation_id = "revoke_plugin", tag = "plugins",
    request_body = RevocationDocument, responses(
    (status = 200, body = QuarantinedAnswer),
    (status = 404, description = "No plugin with that digest is loaded or bound.", body = Envelope),
    (status = 409, body = Envelope)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Extension(holder): Extension<Holder>,
    Path(digest): Path<String>,
    JsonBody(document, _room): JsonBody<RevocationDocument>,
) -> Result<Json<QuarantinedAnswer>, Error> {
    let digest = parse_digest(&digest)?;
    let RevocationDocument { actor, reason } = document;
    for (text, pointer) in [(&actor, "/actor"), (&reason, "/reason")] {
        if text.trim().is_empty() || text.len() > OVERRIDE_BYTES_MAX {
            let count = text.len();
            let message = format!(
                "it has {count} bytes, 1 to {OVERRIDE_BYTES_MAX} are allowed, blanks alone are not"
            );
            return Err(Error::new(ErrorCode::InvalidBody, message).at(pointer));
        }
    }
    let by = holder.id;
    let revocation = Revocation { actor, reason, by };
    let found = app.engine.revoke_plugin(digest, revocation).await?;
    Ok(Json(QuarantinedAnswer {
        quarantined: quarantined_body((digest, found)),
    }))
}

fn parse_digest(text: &str) -> Result<Digest, Error> {
    Digest::parse(text).map_err(|error| Error::new(ErrorCode::InvalidParameter, error.to_string()))
}

impl From<RevokeError> for Error {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotThere(_) => Self::new(ErrorCode::NotFound, error.to_string()),
            RevokeError::Command(error) => error.into(),
        }
    }
}
