//! New versions of a plugin, and files that are gone.

use std::fs;

use serde_json::json;
use signalbox_engine::PutError;
use signalbox_model::{definitions::Slot, id::WorkflowId, workflow::Edit};

use crate::support::{BOUND, Place, World, component, exchanged, thanks, workflow};

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

    let next = exchanged(&component("event"), &before, "1.9.9");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_a_new_version_no_longer_takes_stays_on_the_old_one_and_is_put_no_more() {
    let world = Place::new(&["event", "engagement"]).start();
    let mut document = thanks();
    document["audience"] = json!({
        "plugin": "engagement",
        "config": {"stages": ["never"], "purchase_event": "subscription_renewed"},
    });
    world.run(document.clone()).await;

    // The names of events may have no more than ten letters from now on.
    let old = component("engagement");
    let stricter = exchanged(&old, "[a-z0-9_]{0,99}$", "[a-z0-9_]{0,09}$");
    let next = exchanged(&stricter, "1.0.0", "1.9.9");
    world.place.put_plugin("engagement", &next);
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    let told = tokio::time::timeout(BOUND, async {
        loop {
            let misfits = world.engine.status().await.expect("it runs").misfits;
            if let [misfit] = misfits.as_slice() {
                break format!("{} {} {}", misfit.slot, misfit.plugin, misfit.offered);
            }
            tokio::task::yield_now().await;
        }
    });
    let told = told.await.expect("it is told that the config does not fit");
    assert_eq!(told, "audience engagement 1.9.9");
    world
        .event("ann", "order_completed", json!({"order": 1}))
        .await;
    assert_eq!(world.mails().len(), 1, "the old version goes on");

    document["title"] = json!("Edited");
    let put = world
        .engine
        .put_workflow(workflow(document), Some(1), Edit::Pin);
    let refused = put.await;
    let Err(PutError::Problems(problems)) = refused else {
        panic!("it is refused for its config: {refused:?}");
    };
    let places: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}", problem.pointer, problem.code))
        .collect();
    assert_eq!(places, ["/audience/config/purchase_event schema"]);
    let id = WorkflowId::parse("thanks").expect("an id");
    let kept = world.engine.workflow(&id).await.expect("it runs");
    let kept = kept.expect("it is there").definition;
    assert_eq!(kept.current, 1);
    world.stopped().await;
}
