//! Sources of attributes over HTTP: declared in the settings, said with what comes in, shown with the contact.

use serde_json::{Value as Json, json};

use crate::support::{World, event, told};

const SETTINGS: &str = "/v1/settings?based_on=";

fn three() -> Json {
    json!({"sources": ["crm", "shop", "analytics"], "precedence": {"device": ["analytics"]}})
}

/// An event with attributes from that source.
fn said(source: &str, attributes: &Json) -> Json {
    let mut said = event("ann", "page_viewed");
    said["source"] = json!(source);
    said["attributes"] = attributes.clone();
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_with_sources_come_back_and_wrong_ones_are_told_whole() {
    let world = World::new();
    let wrong = json!({"sources": ["crm", "crm"], "precedence": {"device": ["till"]}});
    insta::assert_snapshot!(told(&world.put(&format!("{SETTINGS}0"), wrong).await), @r#"
    422 invalid_body at "/sources/1": the settings have 2 problems; nothing was stored
      /sources/1 named_twice: crm is named before
      /precedence/device/0 source_unknown: till is not among the sources
    "#);
    let put = world
        .put(&format!("{SETTINGS}0"), three())
        .await
        .expect(200);
    assert_eq!(put["settings"], three());
    assert_eq!(world.get("/v1/settings").await.expect(200), put);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_declared_is_refused_and_nothing_is_logged() {
    let world = World::new();
    let durable = world.durable().await;
    let change = json!({"source": "crm", "attributes": {"city": "Paris"}});
    let mut replies = vec![
        world.post("/v1/events", said("crm", &json!({}))).await,
        world.patch("/v1/contacts/ann", change).await,
    ];
    assert_eq!(world.durable().await, durable);
    world
        .put(&format!("{SETTINGS}0"), three())
        .await
        .expect(200);
    world.settle().await;
    let durable = world.durable().await;
    let batch = json!({"events": [said("crm", &json!({})), said("till", &json!({}))]});
    let change = json!({"source": "till", "attributes": {"city": "Paris"}});
    let nameless = json!({"source": "Our CRM", "attributes": {"city": "Paris"}});
    replies.push(world.post("/v1/events", said("till", &json!({}))).await);
    replies.push(world.post("/v1/events/batch", batch).await);
    replies.push(world.patch("/v1/contacts/ann", change).await);
    replies.push(world.patch("/v1/contacts/ann", nameless).await);
    replies.push(world.post("/v1/events", said("", &json!({}))).await);
    let lines: Vec<String> = replies.iter().map(told).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    422 invalid_body at "/source": there is no source crm; none is declared
      /source source_unknown: there is no source crm; none is declared
    422 invalid_body at "/source": there is no source crm; none is declared
      /source source_unknown: there is no source crm; none is declared
    422 invalid_body at "/source": there is no source till; there are crm, shop, analytics
      /source source_unknown: there is no source till; there are crm, shop, analytics
    422 invalid_batch at "/events/1/source": 1 of 2 events are wrong; none was taken
      /events/1/source source_unknown: there is no source till; there are crm, shop, analytics
    422 invalid_body at "/source": there is no source till; there are crm, shop, analytics
      /source source_unknown: there is no source till; there are crm, shop, analytics
    422 invalid_body at "/source": source may only hold a-z, 0-9, _ and -, starting with a letter or digit, found 'O' at byte 0 at line 1 column 50
    422 invalid_body at "/source": source is empty at line 1 column 66
    "#);
    assert_eq!(world.durable().await, durable);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_shows_what_stands_and_who_has_set_it() {
    let world = World::new();
    world
        .put(&format!("{SETTINGS}0"), three())
        .await
        .expect(200);
    let changes = [
        json!({"source": "shop", "attributes": {"city": "Nice", "device": "desk", "size": "M"}}),
        json!({"source": "crm", "attributes": {"city": "Paris"}}),
        json!({"attributes": {"city": "Metz", "note": "by nobody"}}),
    ];
    for change in changes {
        world.patch("/v1/contacts/ann", change).await.expect(202);
    }
    let visit = said("analytics", &json!({"city": "Lyon", "device": "phone"}));
    let batch = json!({"events": [visit]});
    world.post("/v1/events/batch", batch).await.expect(202);
    world.settle().await;
    let contact = world.get("/v1/contacts/ann").await.expect(200);
    let contact = &contact["contact"];
    assert_eq!(
        contact["attributes"],
        json!({"city": "Paris", "device": "phone", "size": "M", "note": "by nobody"})
    );
    assert_eq!(
        contact["sources"],
        json!({"city": "crm", "device": "analytics", "size": "shop"})
    );
    // The event itself happened.
    assert_eq!(contact["events"], 1);
    let status = world.get("/v1/status").await.expect(200);
    assert_eq!(status["status"]["attributes_overruled"], 2);
    assert_eq!(status["status"]["attributes_left_out"], 0);

    // What is not declared any more has no name, and anybody may set it.
    let others = json!({"sources": ["analytics", "shop"]});
    world.put(&format!("{SETTINGS}1"), others).await.expect(200);
    let contact = world.get("/v1/contacts/ann").await.expect(200);
    assert_eq!(
        contact["contact"]["sources"],
        json!({"device": "analytics", "size": "shop"})
    );
    let change = json!({"attributes": {"city": "Metz"}});
    world.patch("/v1/contacts/ann", change).await.expect(202);
    world.settle().await;
    let contact = world.get("/v1/contacts/ann").await.expect(200);
    assert_eq!(contact["contact"]["attributes"]["city"], "Metz");
    world.stop().await;
}
