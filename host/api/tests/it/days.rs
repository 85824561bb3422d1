//! What a trigger says day by day, over HTTP.

use serde_json::json;

use crate::support::{World, event, thanks};

const DAYS: &str = "/v1/workflows/thanks/days";

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_a_workflow_are_those_since_its_start() {
    let world = World::with(&["event"], |_| {});
    let put = world.put("/v1/workflows/thanks", thanks()).await;
    assert_eq!(put.expect(201)["workflow"]["kind"], "triggered");
    let none = json!({ "days": [], "zone": "UTC" });
    assert_eq!(world.get(DAYS).await.expect(200), none);
    let started = world.ask("POST", "/v1/workflows/thanks/start").await;
    started.expect(200);
    for (contact, order) in [("ann", 1), ("ann", 1), ("bea", 2)] {
        let mut completed = event(contact, "order_completed");
        completed["fields"] = json!({ "order": order });
        world.post("/v1/events", completed).await.expect(202);
    }
    world.settle().await;
    let shown = world.get(DAYS).await.expect(200);
    let day = json!({
        "day": "2026-03-01",
        "trigger": { "matched": 3 },
        "entered": 2,
        "not_entered": { "key_seen": 1 },
    });
    assert_eq!(shown, json!({ "days": [day], "zone": "UTC" }));
    let nobody = world.get("/v1/workflows/nobody/days").await;
    assert_eq!(
        nobody.error_line(),
        r#"404 not_found at "-": there is no workflow nobody"#
    );
    let listed = world.get("/v1/workflows").await.expect(200);
    assert_eq!(listed["workflows"][0]["kind"], "triggered");
    world.stop().await;
}
