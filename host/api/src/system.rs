//! What is known of the system itself: plugins, the observed schema, health, readiness and metrics.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value as JsonValue;
use signalbox_engine::Misfit;
use signalbox_model::time::Instant;
use utoipa::ToSchema;

use crate::{
    App,
    deprecations::deprecated_body,
    error::{Envelope, Error, ErrorCode},
    metrics,
    quarantines::{QuarantinedBody, quarantined_body},
};

/// The plugins.
#[derive(Debug, Serialize, ToSchema)]
pub struct PluginsAnswer {
    /// One entry per file of the folder, then one per version that is in use without a file: state, why it was
    /// refused or may not be bound yet, who has signed and who has released it where that is asked, and of what serves:
    /// name, version, digest, rules with schemas and reasons, what it reads in plain words, rows, failures, fuel per row,
    /// last error; `deprecated` where people are to move away from the version.
    #[schema(value_type = Vec<Object>)]
    pub plugins: JsonValue,
    /// The limits that every rule runs under, with units in their names.
    #[schema(value_type = Object)]
    pub limits: JsonValue,
}

/// What the store has seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SchemaAnswer {
    /// Names of events with their fields, names of attributes; with types, counts and when last seen.
    #[schema(value_type = Object)]
    pub schema: JsonValue,
}

/// Whether it is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthAnswer {
    /// `ok`, or why not.
    pub status: String,
}

/// How the engine is.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusAnswer {
    /// In detail.
    pub status: StatusBody,
}

/// How the engine is, in detail.
#[derive(Debug, Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent answers, each its own member in JSON"
)]
pub struct StatusBody {
    /// Inputs are accepted and applied.
    pub ready: bool,
    /// Journey time.
    #[schema(value_type = String, format = DateTime)]
    pub now: Instant,
    /// The clock is wound by hand.
    pub manual_clock: bool,
    /// The machine's clock has leapt ahead by more than 5 minutes; nothing is sent until it is right again or an operator
    /// has looked and asked for `POST /v1/clock/follow`.
    pub clock_leapt: bool,
    /// Mail servers cannot be reached; sending is tried again by itself.
    pub servers_unreachable: bool,
    /// The last sequence applied, by partition, the control partition last.
    pub applied: Vec<u64>,
    /// The last sequence that is durable, likewise.
    pub durable: Vec<u64>,
    /// Events that came again and were dropped.
    pub events_repeated: u64,
    /// Events that were ignored because their id named another event.
    pub events_conflicting: u64,
    /// Attributes that were left out because the contact had too many, or they took too many bytes.
    pub attributes_left_out: u64,
    /// Attributes that were not taken because a source that is believed before had said otherwise.
    pub attributes_overruled: u64,
    /// Records that could not be applied and were passed over.
    pub records_parked: u64,
    /// Bindings that stay on their version because a newer one does not fit them.
    pub misfits: Vec<MisfitBody>,
    /// Files of plugins that failed too often, or that somebody revoked: they are not asked, and no binding moves on to them.
    pub quarantined: Vec<QuarantinedBody>,
}

/// A binding that stays on its version.
#[derive(Debug, Serialize, ToSchema)]
pub struct MisfitBody {
    /// The workflow, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The segment, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its version.
    pub version: u32,
    /// Where in it the binding stands.
    pub binding: String,
    /// The plugin.
    pub plugin: String,
    /// The version of the plugin that does not fit.
    pub offered: String,
    /// Why.
    pub reason: String,
}

fn misfit_body(misfit: Misfit) -> MisfitBody {
    MisfitBody {
        workflow: misfit.owner.workflow().map(ToString::to_string),
        segment: misfit.owner.segment().map(ToString::to_string),
        version: misfit.version,
        binding: misfit.slot,
        plugin: misfit.plugin.to_string(),
        offered: misfit.offered.to_string(),
        reason: misfit.reason,
    }
}

/// Lists the plugins.
#[utoipa::path(get, path = "/v1/plugins", operation_id = "list_plugins", tag = "plugins", responses((status = 200, body = PluginsAnswer)))]
pub(crate) async fn plugins(State(app): State<App>) -> Result<Json<PluginsAnswer>, Error> {
    let json = |value: Result<JsonValue, serde_json::Error>| {
        value.map_err(|error| Error::internal(&error))
    };
    let definitions = app.engine.definitions()?;
    let mut plugins = Vec::new();
    for status in app.engine.plugins()? {
        let mut shown = json(serde_json::to_value(&status))?;
        let version = status.version.as_ref();
        let said = version.and_then(|one| definitions.deprecation(&one.name, &one.version));
        if let Some(said) = said {
            shown["deprecated"] = json(serde_json::to_value(deprecated_body(said)))?;
        }
        plugins.push(shown);
    }
    Ok(Json(PluginsAnswer {
        plugins: plugins.into(),
        limits: json(serde_json::to_value(&*app.rule_limits))?,
    }))
}

/// What the store has seen: names and types of events, fields and attributes.
#[utoipa::path(get, path = "/v1/schema", operation_id = "read_schema", tag = "schema", responses((status = 200, body = SchemaAnswer)))]
pub(crate) async fn schema(State(app): State<App>) -> Result<Json<SchemaAnswer>, Error> {
    let schema = app.engine.schema().await?;
    let schema = serde_json::to_value(schema).map_err(|error| Error::internal(&error))?;
    Ok(Json(SchemaAnswer { schema }))
}

/// How the engine is, in detail.
#[utoipa::path(get, path = "/v1/status", operation_id = "read_status", tag = "system", responses((status = 200, body = StatusAnswer)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<StatusAnswer>, Error> {
    let status = app.engine.status().await?;
    Ok(Json(StatusAnswer {
        status: StatusBody {
            ready: status.is_ready,
            now: status.now,
            manual_clock: status.is_manual,
            clock_leapt: status.clock_leapt,
            servers_unreachable: status.outbox_resting,
            applied: status.applied,
            durable: status.durable,
            events_repeated: status.inputs.repeated,
            events_conflicting: status.inputs.conflicts,
            attributes_left_out: status.inputs.attributes_left_out,
            attributes_overruled: status.inputs.attributes_overruled,
            records_parked: status.inputs.parked,
            misfits: status.misfits.into_iter().map(misfit_body).collect(),
            quarantined: status
                .quarantined
                .into_iter()
                .map(quarantined_body)
                .collect(),
        },
    }))
}

/// Whether the process is alive and can go on.
#[utoipa::path(get, path = "/healthz", operation_id = "read_health", tag = "system", security(()), responses(
    (status = 200, body = HealthAnswer), (status = 503, body = Envelope)))]
pub(crate) async fn healthz(State(app): State<App>) -> Result<Json<HealthAnswer>, Error> {
    match app.engine.status().await?.failed {
        None => Ok(Json(HealthAnswer {
            status: "ok".to_owned(),
        })),
        Some(_) => Err(Error::new(
            ErrorCode::Unavailable,
            "the engine has failed; the log says why",
        )),
    }
}

/// Whether it takes requests.
#[utoipa::path(get, path = "/readyz", operation_id = "read_readiness", tag = "system", security(()), responses(
    (status = 200, body = HealthAnswer), (status = 503, body = Envelope)))]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<HealthAnswer>, Error> {
    if app.engine.status().await?.is_ready {
        return Ok(Json(HealthAnswer {
            status: "ok".to_owned(),
        }));
    }
    Err(Error::new(ErrorCode::Unavailable, "the server is starting or stopping").retry_after(1))
}

/// Counts and histograms in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "read_metrics", tag = "system", responses(
    (status = 200, content_type = "application/openmetrics-text", body = String)))]
pub(crate) async fn prometheus(State(app): State<App>) -> Result<Response, Error> {
    let text =
        metrics::text(&app.engine.metrics_snapshot()?).map_err(|error| Error::internal(&error))?;
    let kind = [(
        header::CONTENT_TYPE,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )];
    Ok((StatusCode::OK, kind, text).into_response())
}
