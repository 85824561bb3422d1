//! The OpenAPI document, made from the handlers themselves.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, Response, ResponseBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    approvals, clock, contacts, days, deprecations, events, experiments, inbox, quarantines,
    releases, segments, settings, shadows, system, tables, webhooks, why, workflows,
};

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
        why::read,
        approvals::decide,
        webhooks::list,
        workflows::list,
        workflows::read,
        workflows::put,
        workflows::delete,
        workflows::transition,
        workflows::start,
        workflows::checklist,
        workflows::schedule,
        workflows::resume,
        workflows::schema,
        days::read,
        experiments::read,
        experiments::end,
        segments::list,
        segments::read,
        segments::put,
        segments::delete,
        segments::members,
        segments::members_csv,
        segments::schema,
        settings::read,
        settings::put,
        tables::list,
        tables::read,
        tables::put,
        tables::delete,
        tables::rows,
        shadows::list,
        shadows::start,
        shadows::read,
        shadows::promote,
        shadows::drop,
        system::plugins,
        quarantines::lift,
        quarantines::revoke,
        deprecations::list,
        deprecations::put,
        deprecations::delete,
        releases::list,
        releases::release,
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
    modifiers(&Key, &Refusals),
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

/// What every route of its kind may answer, said once: who has no key or a wrong role, and what is wrong with a body
/// before anybody looks at what it means.
struct Refusals;

impl Refusals {
    const OF_A_KEY: [(&str, &str); 2] = [
        ("401", "No key, a wrong key, or a revoked one."),
        ("403", "The key's role does not allow this."),
    ];
    const OF_A_BODY: [(&str, &str); 5] = [
        (
            "400",
            "The body is not JSON, or a parameter is not what it should be.",
        ),
        ("408", "The body did not come within `http.body_timeout_s`."),
        ("413", "The body is too long."),
        (
            "415",
            "The body is not declared as a type that the route takes.",
        ),
        (
            "429",
            "A queue is full, or there is no room for the body; see Retry-After.",
        ),
    ];
}

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let paths = document.paths.paths.iter_mut();
        for (_, item) in paths.filter(|(path, _)| path.starts_with("/v1/")) {
            let methods = [
                &mut item.get,
                &mut item.put,
                &mut item.post,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in methods.into_iter().flatten() {
                let of_a_body = match operation.request_body {
                    Some(_) => &Self::OF_A_BODY[..],
                    None => &[],
                };
                for (status, description) in Self::OF_A_KEY.iter().chain(of_a_body) {
                    let responses = &mut operation.responses.responses;
                    let refusal = responses.entry((*status).to_owned());
                    refusal.or_insert_with(|| envelope(description).into());
                }
            }
        }
    }
}

fn envelope(description: &str) -> Response {
    let schema = Ref::from_schema_name("Envelope");
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(schema)))
        .build()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "read_openapi", tag = "system", responses((status = 200, body = Object)))]
pub(crate) async fn read() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
