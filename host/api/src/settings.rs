//! `GET` and `PUT /v1/settings`: what decides with every workflow: zone, quiet hours, frequency caps, holdout, sources of
//! attributes.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use signalbox_model::settings::Settings;
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    error::{Envelope, Error, ErrorCode},
    extract::{JsonBody, Query, typed},
};

/// The settings as they stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsAnswer {
    /// `zone`, `quiet_hours`, `caps`, `events`, `blocked_domains`, `holdout`, `sources`, `precedence`; what is not there is not set.
    #[schema(value_type = Object)]
    pub settings: JsonValue,
    /// Counts up by one with every change.
    pub version: u64,
}

/// From what a change was made.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SettingsQuery {
    /// The version that was read before the change. Another one in between is a conflict.
    based_on: u64,
}

/// Reads the settings.
#[utoipa::path(get, path = "/v1/settings", operation_id = "read_settings", tag = "settings", responses(
    (status = 200, body = SettingsAnswer)))]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<SettingsAnswer>, Error> {
    let (settings, version) = app.engine.settings()?;
    Ok(Json(answer(&settings, version)))
}

/// Puts the settings, all of them. They hold for every message from then on, those in the outbox included.
#[utoipa::path(put, path = "/v1/settings", operation_id = "put_settings", tag = "settings", params(SettingsQuery), request_body = Object, responses(
    (status = 200, body = SettingsAnswer), (status = 409, body = Envelope), (status = 422, body = Envelope)))]
pub(crate) async fn put(
    State(app): State<App>,
    Query(query): Query<SettingsQuery>,
    JsonBody(document, _room): JsonBody<JsonValue>,
) -> Result<Json<SettingsAnswer>, Error> {
    let settings: Settings = typed(document)?;
    let problems = settings.problems();
    if !problems.is_empty() {
        let count = problems.len();
        let message = format!("the settings have {count} problems; nothing was stored");
        return Err(Error::new(ErrorCode::InvalidBody, message).with_problems(problems));
    }
    let (settings, version) = app.engine.put_settings(&settings, query.based_on).await?;
    Ok(Json(answer(&settings, version)))
}

fn answer(settings: &Settings, version: u64) -> SettingsAnswer {
    SettingsAnswer {
        settings: serde_json::to_value(settings).unwrap_or_default(),
        version,
    }
}
