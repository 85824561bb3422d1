//! The one list of routes that other tests go through, and what happens beside them.

use std::collections::BTreeSet;

use utoipa::OpenApi;

use crate::support::World;

/// Whom a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// A key, of the role `read` where the method is GET.
    Key,
    /// A key, of the role `ingest` too.
    Ingest,
    /// Whoever sits at this machine, or a key.
    Here,
    /// Anybody.
    Open,
}

/// Every route.
pub(crate) const ROUTES: [(&str, &str, Access); 61] = [
    ("POST", "/v1/events", Access::Ingest),
    ("POST", "/v1/events/batch", Access::Ingest),
    ("GET", "/v1/contacts/{id}", Access::Key),
    ("PATCH", "/v1/contacts/{id}", Access::Ingest),
    ("GET", "/v1/contacts/{id}/journeys", Access::Key),
    ("GET", "/v1/contacts/{id}/why", Access::Key),
    (
        "POST",
        "/v1/contacts/{id}/journeys/{journey}/approval",
        Access::Key,
    ),
    ("GET", "/v1/contacts/{id}/webhooks", Access::Key),
    ("GET", "/v1/workflows", Access::Key),
    ("GET", "/v1/workflows/{id}", Access::Key),
    ("PUT", "/v1/workflows/{id}", Access::Key),
    ("DELETE", "/v1/workflows/{id}", Access::Key),
    ("POST", "/v1/workflows/{id}/start", Access::Key),
    ("POST", "/v1/workflows/{id}/schedule", Access::Key),
    ("POST", "/v1/workflows/{id}/resume", Access::Key),
    ("GET", "/v1/workflows/{id}/checklist", Access::Key),
    ("POST", "/v1/workflows/{id}/{action}", Access::Key),
    ("GET", "/v1/workflows/{id}/days", Access::Key),
    ("GET", "/v1/workflows/{id}/experiments", Access::Key),
    (
        "POST",
        "/v1/workflows/{id}/experiments/{step}/end",
        Access::Key,
    ),
    ("GET", "/v1/tables", Access::Key),
    ("GET", "/v1/tables/{name}", Access::Key),
    ("PUT", "/v1/tables/{name}", Access::Key),
    ("DELETE", "/v1/tables/{name}", Access::Key),
    ("GET", "/v1/tables/{name}/rows", Access::Key),
    ("GET", "/v1/segments", Access::Key),
    ("GET", "/v1/segments/{name}", Access::Key),
    ("PUT", "/v1/segments/{name}", Access::Key),
    ("DELETE", "/v1/segments/{name}", Access::Key),
    ("GET", "/v1/segments/{name}/members", Access::Key),
    ("GET", "/v1/segments/{name}/members.csv", Access::Key),
    ("GET", "/v1/schemas/segment", Access::Key),
    ("GET", "/v1/settings", Access::Key),
    ("PUT", "/v1/settings", Access::Key),
    ("GET", "/v1/schemas/workflow", Access::Key),
    ("GET", "/v1/shadows", Access::Key),
    ("POST", "/v1/shadows", Access::Key),
    ("GET", "/v1/shadows/{number}", Access::Key),
    ("POST", "/v1/shadows/{number}/promote", Access::Key),
    ("DELETE", "/v1/shadows/{number}", Access::Key),
    ("GET", "/v1/plugins", Access::Key),
    ("DELETE", "/v1/plugins/{digest}/quarantine", Access::Key),
    ("POST", "/v1/plugins/{digest}/revoke", Access::Key),
    ("GET", "/v1/plugins/deprecations", Access::Key),
    ("PUT", "/v1/plugins/deprecations/{name}", Access::Key),
    ("DELETE", "/v1/plugins/deprecations/{name}", Access::Key),
    ("GET", "/v1/plugins/releases", Access::Key),
    ("POST", "/v1/plugins/releases", Access::Key),
    ("GET", "/v1/schema", Access::Key),
    ("GET", "/v1/status", Access::Key),
    ("GET", "/v1/clock", Access::Key),
    ("POST", "/v1/clock", Access::Key),
    ("POST", "/v1/clock/follow", Access::Key),
    ("GET", "/inbox", Access::Here),
    ("GET", "/inbox/{id}", Access::Here),
    ("GET", "/inbox/{id}/html", Access::Here),
    ("GET", "/inbox/{id}/raw", Access::Here),
    ("GET", "/metrics", Access::Here),
    ("GET", "/openapi.json", Access::Here),
    ("GET", "/healthz", Access::Open),
    ("GET", "/readyz", Access::Open),
];

/// The path with something in its places.
pub(crate) fn reachable(path: &str) -> String {
    path.replace("{id}", "ann")
        .replace("{action}", "pause")
        .replace("{step}", "lot")
        .replace("{journey}", &"0".repeat(32))
}

#[test]
fn the_list_is_what_the_document_has() {
    let document = serde_json::to_value(signalbox_api::openapi::Document::openapi());
    let document = document.expect("it is JSON");
    let paths = document["paths"].as_object().expect("an object");
    let documented: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("an object").keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let listed: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(documented, listed);
    // Generated clients name their calls by these.
    let operations = paths.values().flat_map(|methods| {
        let methods = methods.as_object().expect("an object").values();
        methods.map(|operation| operation["operationId"].as_str())
    });
    let names: BTreeSet<Option<&str>> = operations.collect();
    assert_eq!(names.len(), ROUTES.len(), "{names:?}");
}

#[test]
fn every_handler_of_the_router_is_documented() {
    const ROUTER: &str = include_str!("../../src/lib.rs");
    const DOCUMENT: &str = include_str!("../../src/openapi.rs");
    let (_, paths) = DOCUMENT
        .split_once("paths(")
        .expect("the document lists paths");
    let (paths, _) = paths.split_once("\n    ),").expect("the list ends");
    let documented: BTreeSet<&str> = paths.split(',').map(str::trim).collect();
    // `openapi::read` is `read` in its own module.
    let handlers: BTreeSet<&str> = ["get(", "post(", "put(", "patch(", "delete("]
        .iter()
        .flat_map(|call| ROUTER.split(*call).skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(handler, _)| handler.strip_prefix("openapi::").unwrap_or(handler))
        .collect();
    assert!(handlers.len() > 20, "{handlers:?}");
    let documented: BTreeSet<&str> = documented
        .into_iter()
        .filter(|path| !path.is_empty())
        .collect();
    assert_eq!(handlers, documented);
    let routed: BTreeSet<&str> = ROUTER
        .split('"')
        .filter(|text| text.starts_with('/') && !text.contains(['*', '\n']))
        .collect();
    let listed: BTreeSet<&str> = ROUTES.iter().map(|(_, path, _)| *path).collect();
    assert_eq!(routed, listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_answers_in_the_envelope() {
    let world = World::new();
    let mut lines = Vec::new();
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("GET", "/v1"),
        ("GET", "/v1/nowhere"),
        ("POST", "/v1/contacts/ann/journeys/1"),
        ("GET", "/v1/contacts/ann"),
        ("GET", "/v1/contacts/ann/journeys"),
        ("GET", "/v1/contacts/%ff"),
        ("GET", "/v1/contacts/a%0ab"),
        ("GET", "/v1/contacts/..%2f..%2fkeys.json"),
        ("GET", "/v1/workflows/thanks"),
        ("GET", "/v1/workflows/No%20Slug"),
        ("GET", "/v1/workflows/thanks/%ff"),
        ("POST", "/v1/workflows/thanks/%ff"),
        ("POST", "/v1/workflows/thanks/explode"),
        ("PUT", "/v1/workflows/thanks?based_on=one"),
        ("GET", "/inbox/..%2f..%2fkeys.json"),
        ("GET", "/inbox/nothing/raw"),
        ("GET", "/inbox?after=1"),
    ] {
        let reply = world.ask(method, path).await;
        lines.push(format!("{method} {path} {}", reply.error_line()));
    }
    for (method, path) in [
        ("GET", "/v1/events"),
        ("POST", "/v1/contacts/ann"),
        ("TRACE", "/v1/workflows"),
        ("DELETE", "/v1/clock"),
        ("POST", "/healthz"),
        ("POST", "/inbox"),
    ] {
        let reply = world.ask(method, path).await;
        let allow = reply.header(axum::http::header::ALLOW).to_owned();
        lines.push(format!(
            "{method} {path} {} (allow: {allow})",
            reply.error_line()
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}
