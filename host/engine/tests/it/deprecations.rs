//! Versions that people are to move away from: told to whoever binds one, refused from their day on, and no matter to what
//! is bound.

use serde_json::{Value as Json, json};
use signalbox_engine::{DeprecationView, PutError};
use signalbox_model::{
    definitions::Slot,
    deprecation::Deprecation,
    id::{PluginName, SegmentName, WorkflowId},
    problem::Problem,
    workflow::{Action, Edit},
};

use crate::support::{BOUND, Place, World, component, exchanged, instant, thanks, workflow};

fn company() -> PluginName {
    PluginName::parse("company").expect("a name")
}

fn offers(id: &str) -> Json {
    let mut document = thanks();
    document["id"] = json!(id);
    document["audience"] = json!({"plugin": "company", "version": "^1"});
    document
}

async fn put(
    world: &World,
    document: Json,
    based_on: Option<u32>,
) -> Result<Vec<String>, Vec<String>> {
    let put = world
        .engine
        .put_workflow(workflow(document), based_on, Edit::Pin);
    match put.await {
        Ok(view) => Ok(told(&view.advice)),
        Err(PutError::Problems(problems)) => Err(told(&problems)),
        Err(other) => panic!("it has no other reason to be refused: {other:?}"),
    }
}

/// Those about deprecations.
fn told(problems: &[Problem]) -> Vec<String> {
    let about = problems
        .iter()
        .filter(|one| one.code.starts_with("plugin_"));
    let told =
        about.map(|one| format!("{} {}: {}: {}", one.pointer, one.code, one.reason, one.help));
    told.collect()
}

async fn deprecate(world: &World, removed_on: Option<&str>) -> DeprecationView {
    let deprecation = Deprecation {
        versions: "<1.1.0".parse().expect("a requirement"),
        message: "its list is old".to_owned(),
        replaced_by: Some("company ^1.1".to_owned()),
        removed_on: removed_on.map(instant),
        by: "k1".to_owned(),
    };
    let done = world.engine.deprecate_plugin(&company(), deprecation).await;
    done.expect("it is noted")
}

async fn audience(world: &World, id: &str) -> String {
    let id = WorkflowId::parse(id).expect("an id");
    let view = world.engine.workflow(&id).await.expect("it is read");
    let definition = view.expect("it is there").definition;
    let version = definition.current_version().expect("a version");
    version.bindings[&Slot::Audience].version.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_binds_one_is_told_and_from_its_day_on_refused_while_what_is_bound_goes_on() {
    let world = Place::new(&["event", "company"]).start();
    world.run(offers("early")).await;
    let document = json!({
        "name": "business",
        "title": "At companies",
        "rule": {"plugin": "company", "follow": "pin"},
    });
    let business = serde_json::from_value(document).expect("the shape of a segment");
    let done = world.engine.put_segment(business, None).await;
    done.expect("it is good");
    assert_eq!(put(&world, offers("late"), None).await, Ok(Vec::new()));

    let view = deprecate(&world, Some("2026-03-02T00:00:00Z")).await;
    let uses = view.used_by.iter().map(|one| {
        let owner = one.owner.in_words();
        format!(
            "{owner}: {} of version {} by {}",
            one.slot, one.version, one.bound
        )
    });
    insta::assert_snapshot!(uses.collect::<Vec<_>>().join("\n"), @r"
    workflow early: audience of version 1 by 1.0.0
    workflow late: audience of version 1 by 1.0.0
    segment business: membership of version 1 by 1.0.0
    ");
    let advised = put(&world, offers("late"), Some(1)).await;
    insta::assert_snapshot!(advised.expect("it may be bound still").join("\n"), @"/audience/plugin plugin_deprecated: company 1.0.0 is deprecated: its list is old; from 2026-03-02T00:00:00Z on it is not bound anew: bind company ^1.1 instead");
    let name = SegmentName::parse("business").expect("a name");
    let segment = world.engine.segment(&name).await.expect("it is read");
    let advice = told(&segment.expect("it is there").advice);
    assert_eq!(advice.len(), 1, "{advice:?}");

    // Also across a crash.
    let crashed = world.place.copy();
    world.stopped().await;
    let world = crashed.start();
    world.advance("2026-03-02T00:00:00Z").await;
    let refused = put(&world, offers("new"), None).await;
    insta::assert_snapshot!(refused.expect_err("it is removed").join("\n"), @"/audience/plugin plugin_removed: company 1.0.0 is deprecated: its list is old; since 2026-03-02T00:00:00Z it is not bound anew: bind company ^1.1 instead");
    world.action("early", Action::Pause).await;
    let edited = put(&world, offers("early"), Some(1)).await;
    assert!(edited.is_err(), "an edit binds anew: {edited:?}");
    world.action("early", Action::Resume).await;
    world
        .event("ann", "order_completed", json!({"order": 1}))
        .await;
    let told = world.facts("ann").await;
    let asked = told.iter().any(|fact| fact.starts_with("audience: "));
    assert!(
        asked && !told.iter().any(|fact| fact.contains("failed")),
        "{told:?}"
    );

    // A version that is not removed is there: it is taken, and what follows moves on to it.
    let next = exchanged(&component("company"), "1.0.0", "1.1.0");
    world.place.put_plugin("company-next", &next);
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    assert_eq!(put(&world, offers("new"), None).await, Ok(Vec::new()));
    let moved = tokio::time::timeout(BOUND, async {
        while audience(&world, "early").await != "1.1.0" {
            tokio::task::yield_now().await;
        }
    });
    moved.await.expect("it follows");
    let left = &world.engine.deprecations().expect("it runs")[0].used_by;
    let left: Vec<String> = left.iter().map(|one| one.owner.in_words()).collect();
    assert_eq!(left, ["segment business"], "which is pinned");
    world
        .engine
        .lift_deprecation(&company())
        .await
        .expect("it is deprecated");
    assert!(world.engine.deprecations().expect("it runs").is_empty());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_binding_moves_on_to_a_removed_version() {
    let place = Place::new(&["event"]);
    let newer = exchanged(&component("company"), "1.0.0", "1.1.0");
    place.put_plugin("company-next", &newer);
    let world = place.start();
    world.run(offers("first")).await;
    let deprecation = Deprecation {
        versions: "=1.2.0".parse().expect("a requirement"),
        message: "it was a mistake".to_owned(),
        replaced_by: None,
        removed_on: Some(instant("2026-01-01T00:00:00Z")),
        by: "k1".to_owned(),
    };
    let done = world.engine.deprecate_plugin(&company(), deprecation).await;
    done.expect("it need not be there");
    for version in ["1.2.0", "1.3.0"] {
        let newer = exchanged(&component("company"), "1.0.0", version);
        world.place.put_plugin("company-next", &newer);
        assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
        if version == "1.2.0" {
            // Seen, and passed over; the file before it in the same place is retired.
            let refused = put(&world, offers("second"), None).await;
            let refused = refused.expect_err("it is removed");
            assert!(refused[0].contains("plugin_removed"), "{refused:?}");
        }
    }
    let moved = tokio::time::timeout(BOUND, async {
        while audience(&world, "first").await != "1.3.0" {
            tokio::task::yield_now().await;
        }
    });
    moved.await.expect("it follows");
    let id = WorkflowId::parse("first").expect("an id");
    let view = world.engine.workflow(&id).await.expect("it is read");
    let definition = view.expect("it is there").definition;
    let binding = &definition.versions[&1].bindings[&Slot::Audience];
    let formers: Vec<String> = binding
        .formers
        .iter()
        .map(|one| one.version.to_string())
        .collect();
    assert_eq!(formers, ["1.1.0"], "never to the removed one");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deprecated_no_more_is_moved_on_to() {
    let world = Place::new(&["event", "company"]).start();
    world.run(offers("first")).await;
    let deprecation = Deprecation {
        versions: ">=1.1.0".parse().expect("a requirement"),
        message: "it was a mistake".to_owned(),
        replaced_by: None,
        removed_on: Some(instant("2026-01-01T00:00:00Z")),
        by: "k1".to_owned(),
    };
    let done = world.engine.deprecate_plugin(&company(), deprecation).await;
    done.expect("it need not be there");
    let newer = exchanged(&component("company"), "1.0.0", "1.1.0");
    world.place.put_plugin("company-next", &newer);
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    assert_eq!(audience(&world, "first").await, "1.0.0");
    let lifted = world.engine.lift_deprecation(&company()).await;
    lifted.expect("it is deprecated");
    let moved = tokio::time::timeout(BOUND, async {
        while audience(&world, "first").await != "1.1.0" {
            tokio::task::yield_now().await;
        }
    });
    moved.await.expect("it follows");
    world.stopped().await;
}
