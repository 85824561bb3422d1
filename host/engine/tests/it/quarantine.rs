//! A version that fails too often: bindings go back to the last good one, for good.

use serde_json::{Value as Json, json};
use signalbox_engine::CameOut;
use signalbox_model::{
    definitions::{ResolvedBinding, Slot},
    id::{ContactId, WorkflowId},
    value::Value,
};

use crate::support::{BOUND, Place, World, component, event, exchanged, thanks};

/// How often a version fails before it is quarantined.
const FAILURES: u32 = 10;

/// A version of the plugin `trap` that lets nobody in and never fails.
fn good(version: &str) -> Vec<u8> {
    exchanged(&bad(version), "attack", "attacx")
}

/// One that panics about contacts with the attribute `attack`.
fn bad(version: &str) -> Vec<u8> {
    exchanged(&component("hostile/trap"), "1.0.0", version)
}

fn guarded(id: &str, follow: &str) -> Json {
    let mut document = thanks();
    document["id"] = json!(id);
    document["entry"] = json!("every");
    document["audience"] = json!({"plugin": "trap", "follow": follow, "on_failure": "skip"});
    document
}

async fn audience(world: &World, workflow: &str) -> ResolvedBinding {
    bound(world, workflow, &Slot::Audience).await
}

async fn bound(world: &World, workflow: &str, slot: &Slot) -> ResolvedBinding {
    let id = WorkflowId::parse(workflow).expect("an id");
    let view = world.engine.workflow(&id).await.expect("it runs");
    let definition = view.expect("it is there").definition;
    let version = definition.current_version().expect("a version");
    version.bindings[slot].clone()
}

async fn comes_to(world: &World, workflow: &str, version: &str) {
    let come = tokio::time::timeout(BOUND, async {
        while audience(world, workflow).await.version.to_string() != version {
            tokio::task::yield_now().await;
        }
    });
    come.await.expect("the binding comes to it");
}

async fn attack(world: &World, order: u32) {
    let mut attacking = event(
        "eve",
        "order_completed",
        json!({"order": order}),
        world.now(),
    );
    let attack = "attack".parse().expect("a name");
    attacking.attributes.insert(attack, Value::Boolean(true));
    world.accept(attacking).await;
    world.settle().await;
}

/// The bindings of both workflows, and what is quarantined.
async fn standing(world: &World) -> String {
    let mut lines = Vec::new();
    for workflow in ["follows", "pinned"] {
        let bound = audience(world, workflow).await;
        let from = bound
            .returned_from
            .map_or("nothing".to_owned(), |from| from.version.to_string());
        let formers: Vec<String> = bound
            .formers
            .iter()
            .map(|one| one.version.to_string())
            .collect();
        lines.push(format!(
            "{workflow} {} back from {from}, before {formers:?}",
            bound.version
        ));
    }
    let status = world.engine.status().await.expect("it runs");
    let quarantined = status.quarantined.values();
    lines.extend(quarantined.map(|one| format!("quarantined {} {}", one.plugin, one.version)));
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failures_bring_back_the_last_good_version_through_restarts_until_the_file_changes() {
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &good("1.0.0"));
    let world = place.start();
    world.run(guarded("follows", "adopt")).await;
    world.place.put_plugin("trap", &bad("1.1.0"));
    comes_to(&world, "follows", "1.1.0").await;
    let mut pinned = guarded("pinned", "pin");
    pinned["trigger"]["config"]["event"] = json!("order_returned");
    world.run(pinned).await;

    for order in 1..FAILURES {
        attack(&world, order).await;
    }
    assert_eq!(
        audience(&world, "follows").await.version.to_string(),
        "1.1.0"
    );
    attack(&world, FAILURES).await;
    comes_to(&world, "follows", "1.0.0").await;
    let returned = "follows 1.0.0 back from 1.1.0, before []\n\
        pinned 1.1.0 back from nothing, before []\n\
        quarantined trap 1.1.0";
    assert_eq!(standing(&world).await, returned);
    let before = world.facts("eve").await.len();
    attack(&world, FAILURES + 1).await;
    let told = world.facts("eve").await.split_off(before);
    assert!(told.contains(&"audience: out (out)".to_owned()), "{told:?}");

    // The file that holds the bad version is looked at anew, and its bytes come under another name.
    let world = world.restarted().await;
    world.place.put_plugin("again", &bad("1.1.0"));
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    world.place.put_plugin("trap", &bad("1.1.0"));
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    // What came before this has been followed once this is.
    let next = exchanged(&component("event"), "1.0.0", "1.9.9");
    world.place.put_plugin("event", &next);
    let followed = tokio::time::timeout(BOUND, async {
        while bound(&world, "follows", &Slot::Trigger)
            .await
            .version
            .to_string()
            != "1.9.9"
        {
            tokio::task::yield_now().await;
        }
    });
    followed.await.expect("the trigger moves on");
    assert_eq!(standing(&world).await, returned);

    world.place.put_plugin("trap", &good("1.2.0"));
    comes_to(&world, "follows", "1.2.0").await;
    assert_eq!(
        standing(&world).await,
        "follows 1.2.0 back from nothing, before [\"1.0.0\"]\n\
        pinned 1.1.0 back from nothing, before []\n\
        quarantined trap 1.1.0"
    );
    let (kept, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let (rebuilt, place) = place.start().export().await;
    assert_eq!(rebuilt, kept);
    let asked = place.reexecute().expect("the log is applied");
    assert_eq!((asked.different, asked.unasked), (0, 0), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarantine_is_lifted_by_hand_and_bindings_move_on_again() {
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &good("1.0.0"));
    let world = place.start();
    world.run(guarded("follows", "adopt")).await;
    world.place.put_plugin("trap", &bad("1.1.0"));
    comes_to(&world, "follows", "1.1.0").await;
    for order in 1..=FAILURES {
        attack(&world, order).await;
    }
    comes_to(&world, "follows", "1.0.0").await;
    let status = world.engine.status().await.expect("it runs");
    let [digest] = status.quarantined.keys().copied().collect::<Vec<_>>()[..] else {
        panic!("one file is quarantined: {status:?}");
    };
    let world = world.restarted().await;
    world
        .engine
        .lift_quarantine(digest)
        .await
        .expect("it is quarantined");
    comes_to(&world, "follows", "1.1.0").await;
    let twice = world.engine.lift_quarantine(digest).await;
    assert!(twice.is_err(), "{twice:?}");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_what_failed_quarantines_nothing() {
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &bad("1.1.0"));
    let world = place.start();
    world.run(guarded("follows", "adopt")).await;
    for order in 1..FAILURES {
        attack(&world, order).await;
    }
    let eve = ContactId::parse("eve").expect("an id");
    let told = world.engine.evidence(&eve).await.expect("it is asked");
    let again = told
        .decisions
        .iter()
        .filter(|one| one.slot == Slot::Audience);
    let again: Vec<&CameOut> = again.map(|one| &one.again).collect();
    assert_eq!(again, vec![&CameOut::Equal; FAILURES as usize - 1]);
    // The next failure in force is the tenth.
    let status = world.engine.status().await.expect("it runs");
    assert!(status.quarantined.is_empty(), "{status:?}");
    world
        .event("ann", "order_completed", json!({"order": 1}))
        .await;
    let told = world.facts("ann").await;
    assert!(told.contains(&"audience: out (out)".to_owned()), "{told:?}");
    world.stopped().await;
}
