//! A batch is taken as a whole or not at all, and the answer says every item that is wrong.

use serde_json::{Value as Json, json};

use crate::support::{World, event};

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_item_is_told_and_nothing_is_logged() {
    let world = World::new();
    let good = event("ann", "order_completed").to_string();
    let with =
        |fields: &str| format!(r#"{{"contact":"ann","name":"order_completed","fields":{fields}}}"#);
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1_000), "]".repeat(1_000));
    let items = [
        good.clone(),
        r#"{"name":"order_completed"}"#.to_owned(),
        with(r#"{"a":1,"a":2}"#),
        r#"{"contact":"ann","name":"order_completed","occurred_at":"2027-01-01T00:00:00Z"}"#
            .to_owned(),
        good,
        with("{\"a\":1e400}"),
        with("{\"a\":\"\\udc00\"}"),
        with(&deep),
        with("{\"a b\":1}"),
        "null".to_owned(),
        "[]".to_owned(),
        r#"{"contact":"ann","name":"order_completed","more":1}"#.to_owned(),
    ];
    let durable = world.durable().await;
    let body = format!("{{\"events\":[{}]}}", items.join(","));
    let reply = world.send_body("POST", "/v1/events/batch", body).await;
    insta::assert_json_snapshot!(reply.expect(422));
    assert_eq!(world.durable().await, durable);
    assert_eq!(world.seen().await, [""; 0]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_a_shape_and_a_bound() {
    let world = World::new();
    let many: Vec<Json> = (0..10_001)
        .map(|_| event("ann", "order_completed"))
        .collect();
    let bodies = [
        ("cut off", "{\"events\":[".to_owned()),
        ("a list", "[]".to_owned()),
        ("no events", "{}".to_owned()),
        ("no list", "{\"events\":{}}".to_owned()),
        ("a member more", "{\"events\":[],\"more\":1}".to_owned()),
        ("events twice", "{\"events\":[],\"events\":[]}".to_owned()),
        ("none", "{\"events\":[]}".to_owned()),
        ("10,001", json!({ "events": many }).to_string()),
    ];
    let mut lines = Vec::new();
    for (what, body) in bodies {
        let reply = world.send_body("POST", "/v1/events/batch", body).await;
        lines.push(format!("{what}: {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    let wrong: Vec<Json> = (0..150).map(|_| json!({})).collect();
    let reply = world
        .post("/v1/events/batch", json!({ "events": wrong }))
        .await;
    let body = reply.expect(422);
    assert_eq!(
        body["error"]["message"],
        "150 of 150 events are wrong; none was taken"
    );
    assert_eq!(
        body["error"]["problems"].as_array().map(Vec::len),
        Some(100)
    );
    assert_eq!(world.seen().await, [""; 0]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_batch_is_taken_in_its_order() {
    let world = World::new();
    let events: Vec<Json> = (0..100)
        .map(|index| {
            let mut event = event(&format!("contact-{}", index % 7), "order_completed");
            event["id"] = json!(format!("order-{index}"));
            event["attributes"] = json!({ "last": index });
            event
        })
        .collect();
    let reply = world
        .post("/v1/events/batch", json!({ "events": events }))
        .await;
    let taken = reply.expect(202)["events"].clone();
    let taken = taken.as_array().expect("a list");
    assert_eq!(taken.len(), 100);
    for (index, event) in taken.iter().enumerate() {
        assert_eq!(event["id"], format!("order-{index}"));
    }
    let last = taken[99]["position"].as_str().expect("a text");
    // 99 is of contact 1.
    let contact = world
        .get(&format!("/v1/contacts/contact-1?at_least={last}"))
        .await
        .expect(200);
    assert_eq!(contact["contact"]["attributes"]["last"], 99);
    assert_eq!(contact["contact"]["events"], 15);
    world.settle().await;
    assert_eq!(world.seen().await, ["order_completed 100"]);
    world.stop().await;
}
