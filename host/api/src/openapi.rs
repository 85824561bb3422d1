//! The OpenAPI document, made from the handlers themselves.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{clock, contacts, events, inbox, system, workflows};

/// The document at `/openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Signalbox",
        description = "Events in, journeys decided by sandboxed rules, mail out. Every answer that is not 2xx has one \
                       shape: `error` with `code`, `message`, and where it applies `field`, `problems`, `allowed`.",
        license(name = "Apache-2.0"),
    ),
    paths(
        events::post_event,
        events::post_events,
        contacts::read,
        contacts::patch,
        contacts::journeys,
        workflows::list,
        workflows::read,
        workflows::put,
        workflows::delete,
        workflows::transition,
        workflows::schedule,
        system::plugins,
        system::schema,
        system::status,
        system::healthz,
        system::readyz,
        system::prometheus,
        clock::read,
        clock::advance,
        clock::follow,
        inbox::list,
        inbox::show,
        inbox::show_html,
        inbox::show_raw,
        read,
    ),
    security(("key" = [])),
    modifiers(&Key),
)]
pub struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key: `signalbox key create`"))
            .build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "read_openapi", tag = "system", responses((status = 200, body = Object)))]
pub(crate) async fn read() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
