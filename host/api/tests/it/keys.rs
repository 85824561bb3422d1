//! Every route with every kind of key: nothing is reachable without its permission.

use axum::{
    body::Body,
    http::{Request, header},
};
use signalbox_api::keys::Role;
use signalbox_model::time::Instant;

use crate::{
    routes::{Access, ROUTES, reachable},
    support::{World, request},
};

fn with_key(method: &str, path: &str, authorization: &str) -> Request<Body> {
    request(method, path)
        .header(header::AUTHORIZATION, authorization)
        .body(Body::empty())
        .expect("a request")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_key_learns_nothing() {
    let world = World::new();
    let (revoked, revoked_key) = world
        .keys
        .create("gone", Role::Admin, Instant::from_ms(0))
        .expect("a key is made");
    world.keys.revoke(&revoked.id).expect("it is revoked");
    let mut refusals = Vec::new();
    for (method, path, access) in ROUTES {
        if access == Access::Open {
            continue;
        }
        let path = reachable(path);
        let in_query = format!("{path}?key={0}&api_key={0}&access_token={0}", world.admin);
        let requests = [
            request(method, &path)
                .body(Body::empty())
                .expect("a request"),
            request(method, &in_query)
                .body(Body::empty())
                .expect("a request"),
            with_key(method, &path, ""),
            with_key(method, &path, "Bearer"),
            with_key(method, &path, "Bearer "),
            with_key(method, &path, "Bearer sbx_0000"),
            with_key(method, &path, &format!("Bearer {revoked_key}")),
            with_key(method, &path, &format!("bearer {}", world.admin)),
            with_key(method, &path, &format!("Basic {}", world.admin)),
            with_key(method, &path, &world.admin),
            with_key(method, &path, &format!("Bearer {}x", world.admin)),
            with_key(method, &path, &format!("Bearer {0} {0}", world.admin)),
        ];
        for request in requests {
            let shown = format!("{request:?}");
            let reply = world.send(request).await;
            assert_eq!(reply.status.as_u16(), 401, "{shown}");
            refusals.push((reply.text, reply.headers));
        }
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "every refusal looks the same");
    let (text, headers) = &refusals[0];
    assert_eq!(headers[header::WWW_AUTHENTICATE], "Bearer");
    insta::assert_snapshot!(text);
    // What does not exist is not told either.
    for (method, path) in [
        ("GET", "/v1/nowhere"),
        ("GET", "/v1/a/b/c/d"),
        ("POST", "/v1/schema"),
    ] {
        let request = request(method, path)
            .body(Body::empty())
            .expect("a request");
        assert_eq!(world.send(request).await.text, *text, "{method} {path}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_reaches_what_it_may_and_nothing_else() {
    let world = World::new();
    let mut lines = Vec::new();
    for (method, path, access) in ROUTES {
        let path = reachable(path);
        let roles = [
            (Role::Admin, &world.admin, true),
            (Role::Read, &world.read, method == "GET"),
            (Role::Ingest, &world.ingest, access == Access::Ingest),
        ];
        for (role, key, may) in roles {
            let request = with_key(method, &path, &format!("Bearer {key}"));
            let reply = world.send(request).await;
            let status = reply.status.as_u16();
            assert_ne!(status, 401, "{role:?} {method} {path}");
            let may = may || access == Access::Open;
            assert_eq!(
                status != 403,
                may,
                "{role:?} {method} {path} {}",
                reply.text
            );
            if !may {
                lines.push(reply.error_line());
            }
        }
    }
    lines.sort();
    lines.dedup();
    insta::assert_snapshot!(lines.join("\n"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_process_makes_or_revokes_counts_at_once() {
    let world = World::new();
    let path = world.key_file();
    let other = signalbox_api::keys::Keyring::open(path).expect("the same file");
    let status = async |key: &str| {
        let request = with_key("GET", "/v1/status", &format!("Bearer {key}"));
        world.send(request).await.status.as_u16()
    };
    for _ in 0..20 {
        let made = other.create("shop", Role::Read, Instant::from_ms(0));
        let (stored, key) = made.expect("a key is made");
        assert_eq!(status(&key).await, 200);
        other.revoke(&stored.id).expect("it is revoked");
        assert_eq!(status(&key).await, 401);
    }
    world.stop().await;
}
