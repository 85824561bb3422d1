//! New versions of a plugin, and files that are gone.

use std::fs;

use serde_json::json;
use signalbox_model::{definitions::Slot, id::WorkflowId};

use crate::support::{BOUND, World, component, thanks, with_version};

/// The version of the plugin that the workflow's trigger stands for.
async fn bound(world: &World, workflow: &str) -> String {
    let id = WorkflowId::parse(workflow).expect("an id");
    let view = world
        .engine
        .workflow(&id)
        .await
        .expect("it runs")
        .expect("it is there");
    let version = view
        .definition
        .current_version()
        .expect("a version")
        .clone();
    version.bindings[&Slot::Trigger].version.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_adopts_moves_on_and_a_pinned_one_stays() {
    let world = World::new();
    world.run(thanks()).await;
    let mut pinned = thanks();
    pinned["id"] = json!("pinned");
    pinned["trigger"]["follow"] = json!("pin");
    world.run(pinned).await;
    world
        .event("ann", "order_completed", json!({"order": 1}))
        .await;
    let before = bound(&world, "thanks").await;

    let next = with_version(&component("event"), &before, "1.9.9");
    world.place.put_plugin("event", &next);
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    let moved = tokio::time::timeout(BOUND, async {
        while bound(&world, "thanks").await == before {
            tokio::task::yield_now().await;
        }
    });
    moved.await.expect("the binding moves on");
    assert_eq!(bound(&world, "thanks").await, "1.9.9");
    assert_eq!(bound(&world, "pinned").await, before);
    world
        .event("ann", "order_completed", json!({"order": 2}))
        .await;
    assert_eq!(world.mails().len(), 4);

    // What a version names keeps working once its file is gone.
    fs::remove_file(world.place.plugins().join("event.wasm")).expect("the file is there");
    assert!(world.catalogue.wait_settled(BOUND), "its loss is noted");
    let world = world.restarted().await;
    world
        .event("ann", "order_completed", json!({"order": 3}))
        .await;
    assert_eq!(world.mails().len(), 6);
    world.stopped().await;
}
