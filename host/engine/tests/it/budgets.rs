//! A contact whom more happens to than its row has room for.

use serde_json::json;
use signalbox_engine::NewInput;

use crate::support::{World, event, template};

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_row_can_hold_is_refused_with_a_reason_and_nobody_stands_still() {
    let world = World::new();
    world
        .run(json!({
            "id": "later",
            "title": "Later",
            "goal": "none",
            "trigger": {"plugin": "event", "config": {"event": "order_completed", "key": "order"}},
            "entry": "every",
            "steps": [
                {"id": "rest", "wait": {"for": "1d"}},
                {"id": "mail", "send": {"template": "later", "late_limit": "2d"}},
            ],
            "templates": {"later": template("Order {{ event.order }}")},
        }))
        .await;
    let note = "x".repeat(2_000);
    let orders = (0..60).map(|order| {
        let mut said = event(
            "ann",
            "order_completed",
            json!({"order": order}),
            world.now(),
        );
        let fields = json!({"order": order, "note": note});
        said.fields = serde_json::from_value(fields).expect("fields");
        let mut attributes = json!({"email": "ann@example.com"});
        attributes[format!("order_{order}")] = json!("y".repeat(500));
        said.attributes = serde_json::from_value(attributes).expect("attributes");
        NewInput::Event(said)
    });
    let accepted = world.engine.accept(orders.collect()).await;
    accepted.expect("they are accepted");
    world.settle().await;
    let count = |facts: &[String], what: &str| facts.iter().filter(|fact| *fact == what).count();
    let facts = world.facts("ann").await;
    let entered = count(&facts, "entered");
    let refused = count(&facts, "not entered: contact_full");
    assert!(entered > 5 && refused > 5, "{entered} and {refused}");
    assert_eq!(entered + refused, 60, "each order has its answer");

    world.advance("2026-03-03T09:00:00Z").await;
    let facts = world.facts("ann").await;
    assert_eq!(count(&facts, "completed"), entered, "all go on");
    assert_eq!(world.mails().len(), entered);
    let inputs = world.engine.status().await.expect("it runs").inputs;
    assert_eq!(inputs.parked, 0, "every input was applied");
    assert!(inputs.attributes_left_out > 30, "{inputs:?}");
    world.stopped().await;
}
