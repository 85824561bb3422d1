//! HTTP: routes, keys, limits, the error envelope, OpenAPI, the inbox page and metrics.
//!
//! Called by `app` with an engine that runs. Handlers parse, ask the engine, and write the answer; they decide
//! nothing. No other room knows HTTP.

pub mod approvals;
pub mod bodies;
pub mod connections;
pub mod error;
pub mod keys;

pub mod clock;
pub mod contacts;
pub mod days;
pub mod deprecations;
pub mod events;
pub mod experiments;
pub mod facts;
pub mod quarantines;
pub mod releases;
pub mod segments;
pub mod settings;
pub mod shadows;
pub mod system;
pub mod tables;
pub mod webhooks;
pub mod why;
pub mod workflows;

pub mod openapi;

mod auth;
mod extract;
mod fields;
mod inbox;
mod metrics;
mod position;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{any, delete, get, post, put},
};
use signalbox_engine::Engine;
use signalbox_rules::limits::Limits;

use crate::{
    error::{Error, ErrorCode},
    keys::Keyring,
};

/// What every handler needs.
#[derive(Clone)]
pub struct App {
    /// The engine that runs.
    pub engine: Engine,
    /// Who may do what.
    pub keys: Arc<Keyring>,
    /// What every rule runs under, to be shown.
    pub rule_limits: Arc<Limits>,
    /// What bounds the connections and the bodies.
    pub connections: connections::Limits,
    /// Room for bodies, shared by all requests.
    pub bodies: bodies::Bodies,
}

/// All routes.
pub fn router(app: App) -> Router {
    let with_key = Router::new()
        .route("/v1/events", post(events::post_event))
        .route("/v1/events/batch", post(events::post_events))
        .route(
            "/v1/contacts/{id}",
            get(contacts::read).patch(contacts::patch),
        )
        .route("/v1/contacts/{id}/journeys", get(contacts::journeys))
        .route("/v1/contacts/{id}/webhooks", get(webhooks::list))
        .route("/v1/contacts/{id}/why", get(why::read))
        .route(
            "/v1/contacts/{id}/journeys/{journey}/approval",
            post(approvals::decide),
        )
        .route("/v1/workflows", get(workflows::list))
        .route(
            "/v1/workflows/{id}",
            get(workflows::read)
                .put(workflows::put)
                .delete(workflows::delete),
        )
        .route("/v1/workflows/{id}/start", post(workflows::start))
        .route("/v1/workflows/{id}/schedule", post(workflows::schedule))
        .route("/v1/workflows/{id}/resume", post(workflows::resume))
        .route("/v1/workflows/{id}/checklist", get(workflows::checklist))
        .route(
            "/v1/workflows/{id}/{action}",
            post(workflows::transition),
        )
        .route("/v1/workflows/{id}/days", get(days::read))
        .route("/v1/workflows/{id}/experiments", get(experiments::read))
        .route(
            "/v1/workflows/{id}/experiments/{step}/end",
            post(experiments::end),
        )
        .route("/v1/tables", get(tables::list))
        .route(
            "/v1/tables/{name}",
            get(tables::read).put(tables::put).delete(tables::delete),
        )
        .route("/v1/tables/{name}/rows", get(tables::rows))
        .route("/v1/settings", get(settings::read).put(settings::put))
        .route("/v1/segments", get(segments::list))
        .route(
            "/v1/segments/{name}",
            get(segments::read)
                .put(segments::put)
                .delete(segments::delete),
        )
        .route("/v1/segments/{name}/members", get(segments::members))
        .route("/v1/segments/{name}/members.csv", get(segments::members_csv))
        .route("/v1/schemas/workflow", get(workflows::schema))
        .route("/v1/schemas/segment", get(segments::schema))
        .merge(of_plugins())
        .route("/v1/schema", get(system::schema))
        .route("/v1/status", get(system::status))
        .route("/v1/clock", get(clock::read).post(clock::advance))
        .route("/v1/clock/follow", post(clock::follow))
        // What is not there needs a key as well, so that nobody without one learns what is.
        .route("/v1/{*rest}", any(no_route))
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(app.clone(), auth::with_key));
    Router::new()
        .merge(with_key)
        .merge(from_here(&app))
        .route("/healthz", get(system::healthz))
        .route("/readyz", get(system::readyz))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        // The extractors hold their own bounds; this one only guards what reads a body without them.
        .layer(DefaultBodyLimit::max(extract::BODY_BYTES_MAX))
        .with_state(app)
}

/// Plugins and what is tried beside them.
fn of_plugins() -> Router<App> {
    Router::new()
        .route("/v1/shadows", get(shadows::list).post(shadows::start))
        .route(
            "/v1/shadows/{number}",
            get(shadows::read).delete(shadows::drop),
        )
        .route("/v1/shadows/{number}/promote", post(shadows::promote))
        .route("/v1/plugins", get(system::plugins))
        .route("/v1/plugins/{digest}/quarantine", delete(quarantines::lift))
        .route("/v1/plugins/{digest}/revoke", post(quarantines::revoke))
        .route("/v1/plugins/deprecations", get(deprecations::list))
        .route(
            "/v1/plugins/deprecations/{name}",
            put(deprecations::put).delete(deprecations::delete),
        )
        .route(
            "/v1/plugins/releases",
            get(releases::list).post(releases::release),
        )
}

/// What whoever sits at this machine may look at.
fn from_here(app: &App) -> Router<App> {
    Router::new()
        .route("/inbox", get(inbox::list))
        .route("/inbox/{id}", get(inbox::show))
        .route("/inbox/{id}/html", get(inbox::show_html))
        .route("/inbox/{id}/raw", get(inbox::show_raw))
        .route("/metrics", get(system::prometheus))
        .route("/openapi.json", get(openapi::read))
        .route_layer(from_fn_with_state(app.clone(), auth::from_here_or_with_key))
}

async fn no_route(uri: axum::http::Uri) -> Error {
    Error::not_found("route", uri.path())
}

async fn no_method(method: axum::http::Method, uri: axum::http::Uri) -> Error {
    Error::new(
        ErrorCode::MethodNotAllowed,
        format!("{} does not take {method}", uri.path()),
    )
}
