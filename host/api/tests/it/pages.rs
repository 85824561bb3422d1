//! What whoever sits at the machine sees without a key: the inbox, the metrics and the document.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use serde_json::json;

use crate::support::{Reply, World, thanks};

async fn look(world: &World, path: &str, host: Option<&str>, peer: &str) -> Reply {
    let peer: SocketAddr = peer.parse().expect("an address");
    let mut request = Request::builder().uri(path).extension(ConnectInfo(peer));
    if let Some(host) = host {
        request = request.header(header::HOST, host);
    }
    world
        .send(request.body(Body::empty()).expect("a request"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_open_from_here_under_a_name_of_this_machine() {
    let world = World::new();
    let here = "127.0.0.1:50000";
    for path in ["/inbox", "/metrics", "/openapi.json"] {
        for (host, peer, status) in [
            (Some("localhost:8080"), here, 200),
            (Some("127.0.0.1:8080"), here, 200),
            (Some("[::1]:8080"), "[::1]:50000", 200),
            // A page of another site that a browser here has open.
            (Some("evil.example"), here, 401),
            (Some("localhost.evil.example"), here, 401),
            (None, here, 401),
            // Somebody else who claims to be here.
            (Some("localhost:8080"), "192.0.2.7:50000", 401),
            (Some("127.0.0.1"), "[::ffff:192.0.2.7]:50000", 401),
        ] {
            let reply = look(&world, path, host, peer).await;
            assert_eq!(reply.status.as_u16(), status, "{path} {host:?} {peer}");
        }
    }
    for path in ["/healthz", "/readyz"] {
        let reply = look(&world, path, Some("evil.example"), "192.0.2.7:50000").await;
        assert_eq!(reply.expect(200), json!({ "status": "ok" }));
    }
    // What has secrets needs a key from here as well.
    let reply = look(&world, "/v1/status", Some("localhost"), here).await;
    reply.expect(401);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_shown_without_rights() {
    let world = World::with(&["event"], |_| {});
    world
        .put("/v1/workflows/thanks", thanks())
        .await
        .expect(201);
    world
        .ask("POST", "/v1/workflows/thanks/start")
        .await
        .expect(200);
    let event = json!({
        "contact": "ann",
        "name": "order_completed",
        "fields": { "order": "<script>alert(1)</script>" },
        "attributes": { "email": "ann@example.com" },
    });
    world.post("/v1/events", event).await.expect(202);
    world.settle().await;
    let list = world.get("/inbox").await;
    assert!(list.text.contains("ann@example.com"), "{}", list.text);
    assert!(list.text.contains("Order &lt;script&gt;"), "{}", list.text);
    assert!(!list.text.contains("<script>"));
    assert!(
        list.header(header::CONTENT_SECURITY_POLICY)
            .starts_with("default-src 'none'")
    );
    let (_, rest) = list
        .text
        .split_once("href=\"/inbox/")
        .expect("a link to the mail");
    let (id, _) = rest.split_once('"').expect("it ends");

    let page = world.get(&format!("/inbox/{id}")).await;
    assert!(!page.text.contains("<script>") && page.text.contains("<iframe sandbox "));
    let html = world.get(&format!("/inbox/{id}/html")).await;
    assert!(html.text.contains("Hello"), "{}", html.text);
    assert!(
        html.header(header::CONTENT_SECURITY_POLICY)
            .starts_with("sandbox; default-src 'none'")
    );
    let raw = world.get(&format!("/inbox/{id}/raw")).await;
    assert_eq!(raw.header(header::CONTENT_TYPE), "message/rfc822");
    assert_eq!(raw.header(header::CONTENT_DISPOSITION), "attachment");
    for reply in [&list, &page, &html, &raw] {
        assert_eq!(reply.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
    }

    let journeys = world.get("/v1/contacts/ann/journeys").await.expect(200);
    let journey = &journeys["journeys"][0];
    assert_eq!(journey["outcome"], "completed");
    assert_eq!(journey["messages"][0]["status"], "accepted");
    let facts = journey["facts"].as_array().expect("a list").len();
    assert!(facts >= 4, "{journey}");
    let text = world.get("/metrics").await.text;
    for line in ["signalbox_events_applied_total 1", "# EOF"] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    let plugins = world.get("/v1/plugins").await.expect(200);
    let shown = plugins.to_string();
    assert!(
        shown.contains("\"event\"") && plugins["limits"].is_object(),
        "{shown}"
    );
    world.stop().await;
}
