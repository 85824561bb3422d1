//! Bodies that no caller should send: each is refused with code, message and place, and nothing of it is logged.

use axum::{body::Body, http::header};
use serde_json::json;

use crate::support::{World, event, request};

/// What is wrong with a body, and the body.
type WrongBody = (&'static str, Vec<u8>);

/// A good event but for that member.
fn with(member: &str, json: &str) -> Vec<u8> {
    format!(r#"{{"contact":"ann","name":"order_completed","{member}":{json}}}"#).into_bytes()
}

fn deep(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

/// Bodies for `POST /v1/events` that are no events.
fn no_events() -> Vec<WrongBody> {
    vec![
        ("nothing", Vec::new()),
        ("no json", b"hello".to_vec()),
        ("cut off", br#"{"contact":"ann","name":"x""#.to_vec()),
        (
            "something behind",
            br#"{"contact":"ann","name":"x"} {}"#.to_vec(),
        ),
        (
            "not UTF-8",
            b"{\"contact\":\"\xff\",\"name\":\"x\"}".to_vec(),
        ),
        ("a list", b"[]".to_vec()),
        (
            "a list of the members",
            br#"["ann","order_completed",null,null,null,null,false]"#.to_vec(),
        ),
        ("no contact", br#"{"name":"x"}"#.to_vec()),
        ("no name", br#"{"contact":"ann"}"#.to_vec()),
        ("contact a number", br#"{"contact":7,"name":"x"}"#.to_vec()),
        ("contact empty", br#"{"contact":"","name":"x"}"#.to_vec()),
        (
            "contact with NUL",
            br#"{"contact":"a\u0000","name":"x"}"#.to_vec(),
        ),
        (
            "contact too long",
            event(&"a".repeat(257), "x").to_string().into_bytes(),
        ),
        ("name null", br#"{"contact":"ann","name":null}"#.to_vec()),
        (
            "name with spaces",
            event("ann", "Order Completed").to_string().into_bytes(),
        ),
        ("id empty", with("id", "\"\"")),
    ]
}

/// Events of which one member is wrong.
fn wrong_members() -> Vec<WrongBody> {
    let names: Vec<String> = (0..257).map(|name| format!("\"f{name}\":1")).collect();
    vec![
        ("unknown member", with("feilds", "{}")),
        ("member twice", with("name", "\"y\"")),
        ("instant a number", with("occurred_at", "17")),
        ("instant in words", with("occurred_at", "\"yesterday\"")),
        (
            "instant out of range",
            with("occurred_at", "\"1899-12-31T23:59:59Z\""),
        ),
        (
            "instant ahead",
            with("occurred_at", "\"2026-03-01T09:05:00.001Z\""),
        ),
        ("history_only a text", with("history_only", "\"yes\"")),
        ("fields a list", with("fields", "[1]")),
        ("fields a text", with("fields", "\"a\"")),
        ("field null", with("fields", "{\"a\":null}")),
        ("field name with space", with("fields", "{\"a b\":1}")),
        ("field name with slash", with("fields", "{\"a/b\":1}")),
        ("field twice", with("fields", "{\"a\":1,\"a\":2}")),
        (
            "member of a field twice",
            with("fields", "{\"a\":[{\"b\":1,\"b\":2}]}"),
        ),
        (
            "too many fields",
            with("fields", &format!("{{{}}}", names.join(","))),
        ),
        (
            "17 deep",
            with("fields", &format!("{{\"a\":{}}}", deep(17))),
        ),
        (
            "10,000 deep",
            with("fields", &format!("{{\"a\":{}}}", deep(10_000))),
        ),
        ("no finite number", with("fields", "{\"a\":1e400}")),
        ("lone surrogate", with("fields", "{\"a\":\"\\ud800\"}")),
        (
            "too large",
            with(
                "fields",
                &format!("{{\"a\":\"{}\"}}", "a".repeat(16 * 1024)),
            ),
        ),
        ("attribute null", with("attributes", "{\"a\":null}")),
        (
            "attributes too large",
            with(
                "attributes",
                &format!("{{\"a\":\"{}\"}}", "a".repeat(11 * 1024)),
            ),
        ),
        (
            "attribute 17 deep",
            with("attributes", &format!("{{\"a\":{}}}", deep(17))),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_event_is_named_by_its_place_and_not_logged() {
    let world = World::new();
    let durable = world.durable().await;
    let mut lines = Vec::new();
    for (what, body) in no_events().into_iter().chain(wrong_members()) {
        let reply = world.send_body("POST", "/v1/events", body).await;
        lines.push(format!("{what}: {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(world.durable().await, durable);
    assert_eq!(world.seen().await, [""; 0]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_the_bounds_is_taken() {
    let world = World::new();
    let deep = format!("{}1{}", "[".repeat(16), "]".repeat(16));
    for (field, json) in [
        ("occurred_at", "\"2026-03-01T10:05:00+01:00\"".to_owned()),
        ("occurred_at", "\"1900-01-01T00:00:00Z\"".to_owned()),
        ("fields", format!("{{\"a\":{deep}}}")),
        (
            "fields",
            "{\"a\":\"\\ud83d\\ude82\",\"b\":18446744073709551615,\"c\":1e300}".to_owned(),
        ),
        ("fields", format!("{{\"a\":\"{}\"}}", "a".repeat(16_000))),
    ] {
        let body = format!(r#"{{"contact":"ann","name":"order_completed","{field}":{json}}}"#);
        world
            .send_body("POST", "/v1/events", body)
            .await
            .expect(202);
    }
    world.settle().await;
    assert_eq!(world.seen().await, ["order_completed 5"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bodies_are_checked_alike() {
    let world = World::new();
    let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
    let large = "a".repeat(17 * 1024);
    let names: Vec<String> = (0..257).map(|name| format!("\"f{name}\":1")).collect();
    let cases = [
        ("PATCH", "/v1/contacts/ann", "{".to_owned()),
        ("PATCH", "/v1/contacts/ann", "{}".to_owned()),
        (
            "PATCH",
            "/v1/contacts/ann",
            "{\"attributes\":{},\"more\":1}".to_owned(),
        ),
        (
            "PATCH",
            "/v1/contacts/ann",
            "{\"attributes\":{\"a\":1,\"a\":2}}".to_owned(),
        ),
        (
            "PATCH",
            "/v1/contacts/ann",
            "{\"attributes\":{\"a b\":1}}".to_owned(),
        ),
        (
            "PATCH",
            "/v1/contacts/ann",
            format!("{{\"attributes\":{{\"a\":{deep}}}}}"),
        ),
        (
            "PATCH",
            "/v1/contacts/ann",
            format!("{{\"attributes\":{{\"a\":\"{large}\"}}}}"),
        ),
        (
            "PATCH",
            "/v1/contacts/ann",
            format!("{{\"attributes\":{{{}}}}}", names.join(",")),
        ),
        (
            "PATCH",
            "/v1/contacts/%00",
            "{\"attributes\":{}}".to_owned(),
        ),
        ("POST", "/v1/clock", "{}".to_owned()),
        ("POST", "/v1/clock", "{\"advance_to\":\"soon\"}".to_owned()),
        (
            "POST",
            "/v1/clock",
            "{\"advance_to\":\"2026-02-01T00:00:00Z\"}".to_owned(),
        ),
        (
            "POST",
            "/v1/clock",
            "{\"advance_to\":\"2026-04-01T00:00:00Z\",\"edge\":\"near\"}".to_owned(),
        ),
        (
            "POST",
            "/v1/workflows/thanks/schedule",
            "{\"at\":1}".to_owned(),
        ),
        (
            "PUT",
            "/v1/workflows/thanks",
            "{\"id\":\"thanks\",\"id\":\"thanks\"}".to_owned(),
        ),
        (
            "PUT",
            "/v1/workflows/thanks",
            "{\"id\":\"thanks\"}".to_owned(),
        ),
    ];
    let durable = world.durable().await;
    let mut lines = Vec::new();
    for (method, path, body) in cases {
        let shown: String = body.chars().take(60).collect();
        let reply = world.send_body(method, path, body).await;
        lines.push(format!("{method} {path} {shown}: {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(world.durable().await, durable);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused() {
    let world = World::new();
    for (path, bytes_max) in [("/v1/events", 1 << 20), ("/v1/events/batch", 8 << 20)] {
        let reply = world
            .send_body("POST", path, vec![b' '; bytes_max + 1])
            .await;
        assert_eq!(
            reply.error_line(),
            format!(
                "413 body_too_large at \"-\": the body is longer than {bytes_max} bytes, or it broke off"
            )
        );
        // One byte less is read, and is no JSON then.
        let reply = world.send_body("POST", path, vec![b' '; bytes_max]).await;
        assert_eq!(reply.expect(400)["error"]["code"], "malformed_json");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_declared_as_json() {
    let world = World::new();
    for (declared, status) in [
        (None, 415),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("application/jsonlines"), 415),
        (Some("application/json"), 202),
        (Some("Application/JSON; charset=utf-8"), 202),
    ] {
        for (path, body) in [
            ("/v1/events", event("ann", "order_completed")),
            (
                "/v1/events/batch",
                json!({"events": [event("ann", "order_completed")]}),
            ),
        ] {
            let mut request = request("POST", path)
                .header(header::AUTHORIZATION, format!("Bearer {}", world.ingest));
            if let Some(declared) = declared {
                request = request.header(header::CONTENT_TYPE, declared);
            }
            let request = request.body(Body::from(body.to_string()));
            let reply = world.send(request.expect("a request")).await;
            assert_eq!(
                reply.status.as_u16(),
                status,
                "{declared:?} {path} {}",
                reply.text
            );
            if status == 415 {
                assert_eq!(reply.json()["error"]["code"], "unsupported_media_type");
            }
        }
    }
    world.stop().await;
}
