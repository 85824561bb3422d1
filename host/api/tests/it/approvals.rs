//! A person's decision: about a journey that waits for it, once, by somebody with a name.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::{World, event, thanks};

const JOURNEYS: &str = "/v1/contacts/ann/journeys";

/// A journey of Ann's stands at the approval behind its first step, a wait.
async fn asking() -> (World, String) {
    let world = World::with(&["event"], |_| {});
    let mut document = thanks();
    document["steps"] = json!([
        {"id": "rest", "wait": {"for": "1m"}},
        {"id": "look", "approve": {"timeout": "2d", "rejected": "no", "otherwise": "late"}},
        {"id": "yes", "exit": {"reason": "agreed"}},
        {"id": "no", "exit": {"reason": "declined"}},
        {"id": "late", "exit": {"reason": "nobody_looked"}},
    ]);
    let put = world.put("/v1/workflows/thanks", document).await;
    put.expect(201);
    let started = world.ask("POST", "/v1/workflows/thanks/start").await;
    started.expect(200);
    let mut completed = event("ann", "order_completed");
    completed["fields"] = json!({ "order": 1 });
    world.post("/v1/events", completed).await.expect(202);
    world.settle().await;
    let page = world.get(JOURNEYS).await.expect(200);
    let journey = page["journeys"][0]["id"].as_str().expect("a journey");
    let path = format!("{JOURNEYS}/{journey}/approval");
    (world, path)
}

async fn outcome(world: &World) -> Json {
    world.settle().await;
    let page = world.get(JOURNEYS).await.expect(200);
    page["journeys"][0]["outcome"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_decision_counts() {
    let (world, path) = asking().await;
    let approve = json!({"step": "look", "visit": 2, "decision": "approved", "actor": "Eva"});
    let with = |member: &str, value: Json| {
        let mut changed = approve.clone();
        changed[member] = value;
        changed
    };
    // It waits for a time, not for a person.
    let early = world.post(&path, approve.clone()).await;
    let early = early.error_line();
    let wound = json!({"advance_to": "2026-03-01T10:00:00Z"});
    world.post("/v1/clock", wound).await.expect(200);
    let mut lines = vec![early];
    for body in [
        with("decision", json!("maybe")),
        with("actor", json!(" ")),
        with("actor", json!("E\nva")),
        json!({"step": "look", "visit": 2, "decision": "approved"}),
        json!({"decision": "approved", "actor": "Eva"}),
        with("step", json!("rest")),
        with("visit", json!(1)),
    ] {
        lines.push(world.post(&path, body).await.error_line());
    }
    let other = format!("{JOURNEYS}/{}/approval", "0".repeat(32));
    lines.push(world.post(&other, approve.clone()).await.error_line());
    let forged = json!({"contact": "ann", "name": "approval_decided"});
    lines.push(world.post("/v1/events", forged).await.error_line());
    let squatting = json!({"contact": "ann", "name": "hello", "id": "approval:x"});
    lines.push(
        world
            .post("/v1/events", squatting.clone())
            .await
            .error_line(),
    );
    let batch = json!({"events": [squatting]});
    lines.push(world.post("/v1/events/batch", batch).await.error_line());
    assert_eq!(outcome(&world).await, "inside");

    world.post(&path, approve.clone()).await.expect(202);
    assert_eq!(outcome(&world).await, "agreed");
    let reject = with("decision", json!("rejected"));
    lines.push(world.post(&path, reject).await.error_line());
    let lines = lines.join("\n");
    let id = path.split('/').nth(5).expect("the journey");
    assert_snapshot!(lines.replace(id, "JOURNEY"), @r#"
    409 conflict at "-": the journey is at step rest and waits for no decision there
    422 invalid_body at "/decision": unknown variant `maybe`, expected `approved` or `rejected` at line 1 column 33
    422 invalid_body at "/actor": who decided has 1 to 100 bytes in printable characters
    422 invalid_body at "/actor": who decided has 1 to 100 bytes in printable characters
    422 invalid_body at "/actor": missing field `actor` at line 1 column 47
    422 invalid_body at "/step": missing field `step` at line 1 column 37
    409 conflict at "-": the journey asks at step look in visit 2, not this
    409 conflict at "-": the journey asks at step look in visit 2, not this
    404 not_found at "-": there is no journey inside 00000000000000000000000000000000
    422 invalid_body at "/name": approval_decided is made by the server, when somebody decides
    422 invalid_body at "/id": ids that begin with approval: are the server's
    422 invalid_batch at "/events/0/id": 1 of 1 events are wrong; none was taken
    404 not_found at "-": there is no journey inside JOURNEY
    "#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_late_is_told_so() {
    let (world, path) = asking().await;
    let approve = json!({"step": "look", "visit": 2, "decision": "approved", "actor": "Eva"});
    let wound = json!({"advance_to": "2026-03-01T10:00:00Z"});
    world.post("/v1/clock", wound).await.expect(200);
    world
        .ask("POST", "/v1/workflows/thanks/pause")
        .await
        .expect(200);
    world
        .ask("POST", "/v1/workflows/thanks/end")
        .await
        .expect(200);
    world.settle().await;
    let late = world.post(&path, approve).await.error_line();
    let id = path.split('/').nth(5).expect("the journey");
    assert_snapshot!(late.replace(id, "JOURNEY"), @r#"404 not_found at "-": there is no journey inside JOURNEY"#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_names_who_and_which_key() {
    let (world, path) = asking().await;
    let approve = json!({"step": "look", "visit": 2, "decision": "approved", "actor": "Eva"});
    let wound = json!({"advance_to": "2026-03-01T10:00:00Z"});
    world.post("/v1/clock", wound).await.expect(200);
    world.post(&path, approve).await.expect(202);
    world.settle().await;
    let page = world.get(JOURNEYS).await.expect(200);
    let facts = page["journeys"][0]["facts"].as_array().expect("facts");
    let decided = facts.iter().find(|fact| fact["kind"] == "approval_decided");
    let decided = decided.expect("it is kept");
    assert_eq!(decided["actor"], "Eva");
    let key = decided["key"].as_str().expect("the key's id");
    assert_eq!(key.len(), 12, "{key}");
    world.stop().await;
}
