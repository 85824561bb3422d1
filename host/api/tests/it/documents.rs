//! What callers build on: the OpenAPI document and the error envelope of each code.

use axum::{body::to_bytes, http::header, response::IntoResponse};
use signalbox_api::{
    error::{Error, ErrorCode},
    openapi::Document,
};
use signalbox_model::problem::Problem;
use utoipa::OpenApi;

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document() {
    let world = World::new();
    let served = world.get("/openapi.json").await.expect(200);
    let made = serde_json::to_value(Document::openapi()).expect("it is JSON");
    assert_eq!(served, made);
    insta::assert_json_snapshot!(made);
    world.stop().await;
}

#[tokio::test]
async fn each_code_has_its_envelope() {
    let mut lines = Vec::new();
    for code in ErrorCode::ALL {
        let response = Error::new(code, "what went wrong").into_response();
        let status = response.status().as_u16();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE).cloned();
        let body = to_bytes(response.into_body(), 10_000)
            .await
            .expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("text");
        let challenge = challenge
            .map(|value| format!(" ({value:?})"))
            .unwrap_or_default();
        lines.push(format!("{status} {body}{challenge}"));
    }
    let problem =
        Problem::new("/steps/0", "step_unknown", "no step is named x").with_help("name one");
    let full = Error::new(ErrorCode::Conflict, "what went wrong")
        .with_problems(vec![problem])
        .with_allowed(vec!["pause", "end"])
        .retry_after(3)
        .into_response();
    let retry_after = full.headers()[header::RETRY_AFTER]
        .to_str()
        .expect("ASCII")
        .to_owned();
    let body = to_bytes(full.into_body(), 10_000).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("text");
    lines.push(format!("{body} (retry after {retry_after})"));
    insta::assert_snapshot!(lines.join("\n"));
}
