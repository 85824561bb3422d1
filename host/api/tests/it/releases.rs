//! Plugins that two persons stand for: what is refused until both have signed, and who may be the second.

use std::fs;

use axum::{body::Body, http::header};
use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::id::Digest;
use signalbox_rules::{
    signature::{Purpose, SecretKey},
    trust::{Requirement, Trust, TrustedKey, signature_path},
};

use crate::support::{BOUND, World, request, thanks, told};

const RELEASES: &str = "/v1/plugins/releases";

fn trusted(person: &str, key: &SecretKey) -> TrustedKey {
    let text = format!("{person} {}", key.public());
    text.parse().expect("a trusted key")
}

/// The text with words in the place of what differs from run to run.
fn masked(text: &str, names: &[(String, &str)]) -> String {
    let masked = names.iter().fold(text.to_owned(), |text, (found, name)| {
        text.replace(found, name)
    });
    masked.replace(&"0".repeat(64), "NOTHING")
}

fn release(key: &SecretKey, digest: Digest) -> Json {
    json!({ "statement": key.sign(Purpose::Release, digest).to_string() })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_bound_until_a_second_person_releases_it() {
    let draw = || SecretKey::draw().expect("a key");
    let (eva, tom, mallory) = (draw(), draw(), draw());
    let keys = vec![trusted("eva", &eva), trusted("tom", &tom)];
    let trust = Trust::new(Requirement::Release, keys).expect("a policy");
    let world = World::trusting(&["event"], trust);
    let put = || world.put("/v1/workflows/thanks", thanks());
    let mut lines = vec![told(&put().await)];

    let file = world.plugin("event");
    let digest = Digest::of_bytes(&fs::read(&file).expect("the component"));
    lines.push(told(&world.post(RELEASES, release(&tom, digest)).await));
    let signature = eva.sign(Purpose::Signature, digest).to_string();
    fs::write(signature_path(&file), &signature).expect("the signature is written");
    assert!(world.catalogue.wait_settled(BOUND), "it is looked at");
    lines.push(told(&put().await));

    let untrue = release(&tom, digest).to_string();
    let untrue = untrue.replace(&digest.to_string(), &"0".repeat(64));
    for body in [
        json!({}),
        json!({ "statement": "please" }),
        json!({ "statement": signature }),
        serde_json::from_str(&untrue).expect("JSON"),
        release(&mallory, digest),
        release(&tom, Digest([0; 32])),
        release(&eva, digest),
    ] {
        lines.push(told(&world.post(RELEASES, body).await));
    }
    assert_eq!(
        world.get(RELEASES).await.expect(200),
        json!({"releases": []})
    );
    lines.push(told(&put().await));

    let released = world
        .post(RELEASES, release(&tom, digest))
        .await
        .expect(200);
    let mut kept = released["release"].clone();
    assert_eq!(
        world.get(RELEASES).await.expect(200),
        json!({"releases": [kept]})
    );
    assert_ne!(kept["by"], Json::Null);
    kept["by"] = json!("KEY");
    kept["version"] = json!("VERSION");
    lines.push(kept.to_string());
    put().await.expect(201);
    let listed = world.get("/v1/plugins").await.expect(200);
    let page = &listed["plugins"][0];
    let standing = ["file", "state", "refusal", "signed_by", "released_by"];
    lines.push(standing.map(|member| page[member].to_string()).join(" "));

    let version = page["version"]["version"].as_str().expect("a version");
    let names = [
        (digest.to_string(), "DIGEST"),
        (mallory.public().to_string(), "MALLORY"),
        (format!("event {version}"), "event VERSION"),
        (format!("event@{version}"), "event@VERSION"),
    ];
    assert_snapshot!(masked(&lines.join("\n"), &names), @r#"
    422 invalid_workflow at "/trigger/plugin": the workflow has a problem; nothing was stored
      /trigger/plugin plugin_unsigned: event.wasm is not let in: nobody has signed it: sign it with `signalbox plugin sign` and put the signature beside the file, under its name and .sig
    404 not_found at "-": no file that is let in has the digest DIGEST; the list of plugins says how each file stands
    422 invalid_workflow at "/trigger/plugin": the workflow has a problem; nothing was stored
      /trigger/plugin plugin_unreleased: event VERSION, signed by eva, waits for somebody else to release it
    422 invalid_body at "/statement": missing field `statement` at line 1 column 2
    422 invalid_release at "/statement": the release cannot be read: line 1 should be `signalbox plugin release 1`; make it with `signalbox plugin release`
    422 invalid_release at "/statement": the release cannot be read: line 1 should be `signalbox plugin release 1`; make it with `signalbox plugin release`
    422 invalid_release at "/statement": the release was not signed with the key that it names, or has changed since
    422 invalid_release at "/statement": the key MALLORY is not trusted here: let somebody release it whose key is among trust.keys
    404 not_found at "-": no file that is let in has the digest NOTHING; the list of plugins says how each file stands
    409 self_release at "-": event VERSION is signed by eva: somebody else has to release it
    422 invalid_workflow at "/trigger/plugin": the workflow has a problem; nothing was stored
      /trigger/plugin plugin_unreleased: event VERSION, signed by eva, waits for somebody else to release it
    {"at":"2026-03-01T09:00:00Z","by":"KEY","digest":"DIGEST","plugin":"event","released_by":"tom","signed_by":"eva","version":"VERSION"}
    "event.wasm" "available" null "eva" "tom"
    "#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_comes_with_an_admins_key() {
    let draw = || SecretKey::draw().expect("a key");
    let (eva, tom) = (draw(), draw());
    let keys = vec![trusted("eva", &eva), trusted("tom", &tom)];
    let trust = Trust::new(Requirement::Release, keys).expect("a policy");
    let world = World::trusting(&["event"], trust);
    let file = world.plugin("event");
    let digest = Digest::of_bytes(&fs::read(&file).expect("the component"));
    let signature = eva.sign(Purpose::Signature, digest).to_string();
    fs::write(signature_path(&file), signature).expect("the signature is written");
    assert!(world.catalogue.wait_settled(BOUND), "it is looked at");

    for key in [&world.read, &world.ingest] {
        let body = Body::from(release(&tom, digest).to_string());
        let request = request("POST", RELEASES)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let refused = world.send(request.expect("a request")).await.error_line();
        assert!(refused.starts_with("403 forbidden "), "{refused}");
    }
    assert_eq!(
        world.get(RELEASES).await.expect(200),
        json!({"releases": []})
    );
    let released = world.post(RELEASES, release(&tom, digest)).await;
    assert_eq!(released.expect(200)["release"]["released_by"], "tom");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_policy_there_is_nothing_to_release() {
    let world = World::with(&["event"], |_| {});
    let key = SecretKey::draw().expect("a key");
    let digest = Digest::of_bytes(&fs::read(world.plugin("event")).expect("the component"));
    let refused = world.post(RELEASES, release(&key, digest)).await;
    assert_eq!(
        refused.error_line(),
        "409 conflict at \"-\": releases are not asked for here: set trust.require_release, and trust.keys of two persons"
    );
    let page = world.get("/v1/plugins").await.expect(200)["plugins"][0].clone();
    assert_eq!(page["state"], "available");
    assert!(page.get("signed_by").is_none() && page.get("released_by").is_none());
    world.stop().await;
}
