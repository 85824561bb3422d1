//! What an accepted event is worth: applied once by its id, readable at its position, refused when too much waits.

use axum::http::header;
use serde_json::{Value as Json, json};

use signalbox_engine::ClockMode;

use crate::support::{NOW, World, event};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_is_applied_once() {
    let world = World::new();
    let mut said = event("ann", "order_completed");
    said["id"] = json!("order-1");
    said["occurred_at"] = json!(NOW);
    world.post("/v1/events", said.clone()).await.expect(202);
    world.post("/v1/events", said.clone()).await.expect(202);
    let twice = json!({ "events": [said.clone(), said.clone()] });
    world.post("/v1/events/batch", twice).await.expect(202);
    // The id is the contact's: another contact may have the same.
    let mut other = said.clone();
    other["contact"] = json!("bob");
    world.post("/v1/events", other).await.expect(202);
    // Another event under the same id is ignored too, but is a conflict.
    said["fields"] = json!({ "value": 1 });
    world.post("/v1/events", said).await.expect(202);
    world.settle().await;
    assert_eq!(world.seen().await, ["order_completed 2"]);
    let contact = world.get("/v1/contacts/ann").await.expect(200);
    assert_eq!(contact["contact"]["events"], 1);
    let status = world.get("/v1/status").await.expect(200);
    assert_eq!(status["status"]["events_repeated"], 3);
    assert_eq!(status["status"]["events_conflicting"], 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_without_an_id_get_one_each() {
    let world = World::new();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let body = world
            .post("/v1/events", event("ann", "order_completed"))
            .await
            .expect(202);
        ids.push(body["event"]["id"].as_str().expect("an id").to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    world.settle().await;
    assert_eq!(world.seen().await, ["order_completed 2"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_waits_for_its_position() {
    let world = World::new();
    for value in 0..20 {
        let change = json!({ "attributes": { "value": value, "name": "Ann" } });
        let body = world.patch("/v1/contacts/ann", change).await.expect(202);
        let position = body["change"]["position"]
            .as_str()
            .expect("a position")
            .to_owned();
        let path = format!("/v1/contacts/ann?at_least={position}");
        let contact = world.get(&path).await.expect(200);
        assert_eq!(
            contact["contact"]["attributes"],
            json!({ "value": value, "name": "Ann" })
        );
    }
    let removed = json!({ "attributes": { "value": null } });
    let body = world.patch("/v1/contacts/ann", removed).await.expect(202);
    let position = body["change"]["position"]
        .as_str()
        .expect("a position")
        .to_owned();
    let contact = world
        .get(&format!("/v1/contacts/ann?at_least={position}"))
        .await
        .expect(200);
    assert_eq!(contact["contact"]["attributes"], json!({ "name": "Ann" }));

    let mut lines = Vec::new();
    for query in [
        "at_least=",
        "at_least=1",
        "at_least=x:1",
        "at_least=1:-1",
        "at_least=1:1&more=1",
    ] {
        let reply = world
            .get(&format!("/v1/contacts/ann/journeys?{query}"))
            .await;
        lines.push(format!("{query} {}", reply.error_line()));
    }
    insta::assert_snapshot!(lines.join("\n"));
    let partition = position.split(':').next().expect("a partition");
    // Ann's records are in one partition, and no position of another one says anything of them.
    let other = if partition == "0" { "1" } else { "0" };
    let reply = world
        .get(&format!("/v1/contacts/ann?at_least={other}:1"))
        .await;
    assert_eq!(
        reply.error_line(),
        format!(
            "400 invalid_parameter at \"-\": at_least is a position in the contact's partition, which is {partition}"
        )
    );
    let reply = world
        .get(&format!("/v1/contacts/ann?at_least={partition}:999999"))
        .await;
    assert_eq!(reply.header(header::RETRY_AFTER), "1");
    assert_eq!(
        reply.error_line(),
        "429 busy at \"-\": the position was not applied in time"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_asks_to_try_again() {
    let world = World::with(&[], |config| config.limits.queue_records_max = 1);
    // A batch larger than the bound is let into an empty queue. Those of one contact are applied one group each, so
    // that they wait for a while.
    let many: Vec<Json> = (0..3_000)
        .map(|_| event("ann", "order_completed"))
        .collect();
    world
        .post("/v1/events/batch", json!({ "events": many }))
        .await
        .expect(202);
    let reply = world
        .post("/v1/events", event("ann", "order_completed"))
        .await;
    assert_eq!(reply.expect(429)["error"]["code"], "busy");
    let seconds: u64 = reply.header(header::RETRY_AFTER).parse().expect("seconds");
    assert!((1..=30).contains(&seconds), "{seconds}");
    world.settle().await;
    assert_eq!(world.seen().await, ["order_completed 3000"]);
    world
        .post("/v1/events", event("ann", "order_completed"))
        .await
        .expect(202);
    world.settle().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_wound_and_does_not_go_back() {
    let world = World::new();
    let clock = world.get("/v1/clock").await.expect(200);
    assert_eq!(clock, json!({ "clock": { "now": NOW, "manual": true } }));
    let later = json!({ "advance_to": "2026-03-02T09:00:00+01:00", "edge": "before" });
    let clock = world.post("/v1/clock", later).await.expect(200);
    assert_eq!(clock["clock"]["now"], "2026-03-02T08:00:00Z");
    let back = world.post("/v1/clock", json!({ "advance_to": NOW })).await;
    assert_eq!(
        back.error_line(),
        "422 invalid_instant at \"/advance_to\": the clock stands at 2026-03-02T08:00:00Z and does not go back"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_the_machine_is_followed_and_not_wound() {
    let world = World::on_clock(ClockMode::Real, &[], |_| {});
    let read = world.get("/v1/clock").await.expect(200);
    let followed = world.ask("POST", "/v1/clock/follow").await.expect(200);
    assert_eq!(followed["clock"]["manual"], false);
    let instant = |clock: &Json| clock["clock"]["now"].as_str().expect("a text").to_owned();
    assert!(instant(&read)[..19] <= instant(&followed)[..19]);
    let status = world.get("/v1/status").await.expect(200);
    assert_eq!(status["status"]["clock_leapt"], false);
    let wound = world.post("/v1/clock", json!({ "advance_to": NOW })).await;
    assert_eq!(wound.expect(409)["error"]["code"], "conflict");
    world.stop().await;

    let world = World::new();
    let reply = world.ask("POST", "/v1/clock/follow").await;
    assert_eq!(
        reply.error_line(),
        "409 conflict at \"-\": the clock is wound by hand, there is no clock of the machine to follow"
    );
    world.stop().await;
}
