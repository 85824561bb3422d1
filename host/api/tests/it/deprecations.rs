//! What operators say of versions of plugins over HTTP: deprecations with what they are refused for, and revocations.

use serde_json::json;

use crate::support::{World, told};

#[tokio::test(flavor = "multi_thread")]
async fn deprecations_are_put_listed_and_taken_back() {
    let world = World::with(&["event"], |_| {});
    let path = "/v1/plugins/deprecations/event";
    let good = json!({
        "versions": "<2.0.0",
        "message": "it is old",
        "replaced_by": "event ^2",
        "removed_on": "2026-05-01T00:00:00Z",
    });
    let mut lines = Vec::new();
    for body in [
        json!({}),
        json!({"message": " "}),
        json!({"message": "x".repeat(501)}),
        json!({"message": "old", "replaced_by": ""}),
        json!({"message": "old", "versions": "two"}),
        json!({"message": "old", "removed_on": "in May"}),
        json!({"message": "old", "since": "1.0.0"}),
        good,
    ] {
        lines.push(told(&world.put(path, body).await));
    }
    let listed = world.get("/v1/plugins/deprecations").await;
    let by = listed.json()["deprecations"][0]["deprecated"]["by"].clone();
    lines.push(told(&listed));
    let plugins = world.get("/v1/plugins").await.json();
    let plugins = plugins["plugins"].as_array().expect("a list").iter();
    lines.extend(plugins.map(|one| format!("{}: {}", one["file"], one["deprecated"])));
    for _ in 0..2 {
        lines.push(told(&world.ask("DELETE", path).await));
    }
    let elsewhere = "/v1/plugins/deprecations/No%20name";
    lines.push(told(&world.ask("DELETE", elsewhere).await));
    let lines = lines.join("\n").replace(&by.to_string(), "KEY");
    insta::assert_snapshot!(lines, @r#"
    422 invalid_body at "/message": missing field `message` at line 1 column 2
    422 invalid_body at "/message": it has 1 bytes, 1 to 500 are allowed, blanks alone are not
    422 invalid_body at "/message": it has 501 bytes, 1 to 500 are allowed, blanks alone are not
    422 invalid_body at "/replaced_by": it has 0 bytes, 1 to 500 are allowed, blanks alone are not
    422 invalid_body at "/versions": "two" names no versions: unexpected character 't' while parsing major version number
    422 invalid_body at "/removed_on": "in May" is not an RFC 3339 instant such as 2026-01-31T09:30:00Z at line 1 column 39
    422 invalid_body at "/since": unknown field `since`, expected one of `versions`, `message`, `replaced_by`, `removed_on` at line 1 column 24
    200 {"deprecation":{"deprecated":{"at":"2026-03-01T09:00:00Z","by":KEY,"message":"it is old","removed_on":"2026-05-01T00:00:00Z","replaced_by":"event ^2","versions":"<2.0.0"},"left_out":0,"plugin":"event","used_by":[]}}
    200 {"deprecations":[{"deprecated":{"at":"2026-03-01T09:00:00Z","by":KEY,"message":"it is old","removed_on":"2026-05-01T00:00:00Z","replaced_by":"event ^2","versions":"<2.0.0"},"left_out":0,"plugin":"event","used_by":[]}]}
    "event.wasm": {"at":"2026-03-01T09:00:00Z","by":KEY,"message":"it is old","removed_on":"2026-05-01T00:00:00Z","replaced_by":"event ^2","versions":"<2.0.0"}
    204
    404 not_found at "-": no version of plugin event is deprecated
    400 invalid_parameter at "-": plugin name may only hold a-z, 0-9, _ and -, starting with a letter or digit, found 'N' at byte 0
    "#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_names_who_and_why_and_a_file_that_is_there() {
    let world = World::with(&["event"], |_| {});
    let plugins = world.get("/v1/plugins").await.json();
    let event = plugins["plugins"].as_array().expect("a list").iter();
    let event = event
        .map(|one| &one["version"])
        .find(|version| version["name"] == "event");
    let digest = event.expect("it is there")["digest"].as_str();
    let digest = digest.expect("a text");
    let path = format!("/v1/plugins/{digest}/revoke");
    let body = json!({"actor": "eva", "reason": "it leaks"});
    let mut lines = vec![
        told(&world.post(&path, json!({"actor": "eva"})).await),
        told(
            &world
                .post(&path, json!({"actor": " ", "reason": "it leaks"}))
                .await,
        ),
        told(
            &world
                .post(&path, json!({"actor": "eva", "reason": "x".repeat(501)}))
                .await,
        ),
        told(&world.post("/v1/plugins/none/revoke", body.clone()).await),
    ];
    let unknown = format!("/v1/plugins/{}/revoke", "0".repeat(64));
    lines.push(told(&world.post(&unknown, body.clone()).await));
    lines.push(told(&world.post(&path, body).await));
    let status = world.get("/v1/status").await.json();
    lines.push(status["status"]["quarantined"].to_string());
    let lift = format!("/v1/plugins/{digest}/quarantine");
    for _ in 0..2 {
        lines.push(told(&world.ask("DELETE", &lift).await));
    }
    insta::assert_snapshot!(lines.join("\n").replace(digest, "FILE"), @r#"
    422 invalid_body at "/reason": missing field `reason` at line 1 column 15
    422 invalid_body at "/actor": it has 1 bytes, 1 to 500 are allowed, blanks alone are not
    422 invalid_body at "/reason": it has 501 bytes, 1 to 500 are allowed, blanks alone are not
    400 invalid_parameter at "-": digest may only hold 0-9 and a-f, found 'n' at byte 0
    404 not_found at "-": no plugin with the digest 0000000000000000000000000000000000000000000000000000000000000000 is loaded or bound; the list of plugins has the digests
    200 {"quarantined":{"at":"2026-03-01T09:00:00Z","digest":"FILE","plugin":"event","reason":"it leaks","revoked_by":"eva","version":"1.0.0"}}
    [{"at":"2026-03-01T09:00:00Z","digest":"FILE","plugin":"event","reason":"it leaks","revoked_by":"eva","version":"1.0.0"}]
    204
    404 not_found at "-": no file FILE is quarantined
    "#);
    world.stop().await;
}
