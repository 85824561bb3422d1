//! A version that fails too often: bindings go back to the last good one, for good.

use serde_json::{Value as Json, json};
use signalbox_engine::{CameOut, PutError, Revocation, RevokeError};
use signalbox_model::{
    definitions::{ResolvedBinding, Slot},
    id::{ContactId, Digest, WorkflowId},
    value::Value,
    workflow::Edit,
};

use crate::support::{
    BOUND, Place, Standstill, World, component, event, exchanged, thanks, workflow,
};

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

/// One partition that stands before its next commit, with `trap` in the folder and one failure short of its quarantine.
async fn stands_still(failures: u32) -> (World, Standstill) {
    let (standstill, hops) = Standstill::new();
    let mut place = Place::new(&["event"]);
    place.partitions = 1;
    place.hops = hops;
    place.put_plugin("trap", &bad("1.1.0"));
    let world = place.start();
    world.run(guarded("pinned", "pin")).await;
    for order in 0..failures {
        attack(&world, order).await;
    }
    standstill.arm([("partition-0", 1)]);
    let held = event("ann", "order_completed", json!({"order": 1}), world.now());
    world.accept(held).await;
    standstill.wait(1);
    (world, standstill)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_at_a_crash_is_not_asked_of_a_quarantined_file() {
    let (world, standstill) = stands_still(FAILURES).await;
    let logged = tokio::time::timeout(BOUND, async {
        while world
            .engine
            .status()
            .await
            .expect("it runs")
            .quarantined
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    });
    logged.await.expect("the log has the quarantine");
    let waits = event("zoe", "order_completed", json!({"order": 1}), world.now());
    world.accept(waits).await;
    let crashed = world.place.copy();
    let mut rebuilt = world.place.copy();
    rebuilt.configure = |config| config.rebuild = true;
    drop(standstill);
    world.settle().await;
    world.stopped().await;
    for place in [crashed, rebuilt] {
        let world = place.start();
        let told = world.facts("zoe").await;
        assert!(
            told.contains(&"audience: failed (not_loaded)".to_owned()),
            "{told:?}"
        );
        world.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_what_nobody_has_answered_yet_quarantines_nothing() {
    let (world, standstill) = stands_still(FAILURES - 1).await;
    let mut attacking = event(
        "eve",
        "order_completed",
        json!({"order": "last"}),
        world.now(),
    );
    let name = "attack".parse().expect("a name");
    attacking.attributes.insert(name, Value::Boolean(true));
    world.accept(attacking).await;
    let ann = ContactId::parse("ann").expect("an id");
    world.engine.evidence(&ann).await.expect("it is asked");
    let is_quarantined = |world: &World| {
        let versions = world.catalogue.list().into_iter();
        let mut versions = versions.filter_map(|plugin| plugin.version);
        versions.any(|version| version.quarantined)
    };
    assert!(!is_quarantined(&world), "only nine failed in force");
    drop(standstill);
    world.settle().await;
    assert!(is_quarantined(&world), "the tenth");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_went_back_moves_on_only_beyond_what_it_left() {
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &good("1.0.0"));
    let world = place.start();
    world.run(guarded("follows", "adopt")).await;
    world.place.put_plugin("trap-2", &bad("1.2.0"));
    comes_to(&world, "follows", "1.2.0").await;
    world.place.put_plugin("trap-1", &good("1.1.0"));
    assert!(world.catalogue.wait_settled(BOUND), "it is loaded");
    for order in 1..=FAILURES {
        attack(&world, order).await;
    }
    comes_to(&world, "follows", "1.0.0").await;
    let world = world.restarted().await;
    // What is there at a start has been followed once this is.
    let next = exchanged(&component("event"), "1.0.0", "1.9.9");
    world.place.put_plugin("event", &next);
    let followed = tokio::time::timeout(BOUND, async {
        let version = || async {
            bound(&world, "follows", &Slot::Trigger)
                .await
                .version
                .to_string()
        };
        while version().await != "1.9.9" {
            tokio::task::yield_now().await;
        }
    });
    followed.await.expect("the trigger moves on");
    let binding = audience(&world, "follows").await;
    assert_eq!(binding.version.to_string(), "1.0.0");
    assert!(binding.returned_from.is_some(), "it left 1.2.0");
    // The mended build has the number of the one that failed.
    world.place.put_plugin("trap-2", &good("1.2.0"));
    comes_to(&world, "follows", "1.2.0").await;
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_a_quarantined_version_is_told_so() {
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &bad("1.0.0"));
    let world = place.start();
    world.run(guarded("follows", "adopt")).await;
    for order in 1..=FAILURES {
        attack(&world, order).await;
    }
    let put = world
        .engine
        .put_workflow(workflow(guarded("another", "pin")), None, Edit::Pin);
    let Err(PutError::Problems(problems)) = put.await else {
        panic!("it is refused");
    };
    let told: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}: {}", problem.pointer, problem.code, problem.reason))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("/audience/plugin plugin_quarantined: trap 1.0.0 is quarantined"),
        "{told:?}"
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_version_is_asked_no_more_through_restarts_and_a_rebuild() {
    let place = Place::new(&["event"]);
    place.put_plugin("trap", &good("1.0.0"));
    let world = place.start();
    world.run(guarded("follows", "adopt")).await;
    world.place.put_plugin("trap", &good("1.1.0"));
    comes_to(&world, "follows", "1.1.0").await;
    let mut pinned = guarded("pinned", "pin");
    pinned["trigger"]["config"]["event"] = json!("order_returned");
    world.run(pinned).await;
    let bad = audience(&world, "pinned").await.digest;
    let revocation = Revocation {
        actor: "eva".to_owned(),
        reason: "it leaks".to_owned(),
        by: "k1".to_owned(),
    };
    let unknown = world
        .engine
        .revoke_plugin(Digest::of_bytes(b"nothing"), revocation.clone());
    let unknown = unknown.await;
    assert!(
        matches!(unknown, Err(RevokeError::NotThere(_))),
        "{unknown:?}"
    );
    let revoked = world.engine.revoke_plugin(bad, revocation).await;
    let revoked = revoked.expect("it is bound");
    assert_eq!(revoked.in_words(), "revoked by eva: it leaks");
    comes_to(&world, "follows", "1.0.0").await;
    let returned = "follows 1.0.0 back from 1.1.0, before []\n\
        pinned 1.1.0 back from nothing, before []\n\
        quarantined trap 1.1.0";
    assert_eq!(standing(&world).await, returned);

    // From the copy of a crash on as well: who follows is answered, who is pinned is not, and nothing new is bound.
    let crashed = world.place.copy();
    world.stopped().await;
    let world = crashed.start();
    assert_eq!(standing(&world).await, returned);
    for (contact, name) in [("ann", "order_completed"), ("bob", "order_returned")] {
        world.event(contact, name, json!({"order": 1})).await;
    }
    let told = world.facts("ann").await;
    assert!(told.contains(&"audience: out (out)".to_owned()), "{told:?}");
    let told = world.facts("bob").await;
    let failed = "audience: failed (not_loaded)".to_owned();
    assert!(told.contains(&failed), "{told:?}");
    let refused = world
        .engine
        .put_workflow(workflow(guarded("new", "adopt")), None, Edit::Pin);
    let Err(PutError::Problems(problems)) = refused.await else {
        panic!("nothing else is there to be bound");
    };
    assert_eq!(problems[0].code, "plugin_revoked");
    assert_eq!(problems[0].pointer, "/audience/plugin");

    // No release is asked for here, so it is lifted like any other.
    let lifted = world.engine.lift_quarantine(bad).await;
    lifted.expect("it is revoked");
    comes_to(&world, "follows", "1.1.0").await;
    world
        .event("cem", "order_returned", json!({"order": 2}))
        .await;
    let told = world.facts("cem").await;
    assert!(told.contains(&"audience: out (out)".to_owned()), "{told:?}");
    let (kept, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let (rebuilt, _place) = place.start().export().await;
    assert_eq!(rebuilt, kept);
}
