//! Visits of those who wait, so that they move to a version that wants them, cut off by a stop.

use std::sync::{Mutex, PoisonError, mpsc};

use serde_json::{Value as Json, json};
use signalbox_engine::Hops;
use signalbox_model::{
    id::FieldName,
    workflow::{Action, Edit},
};

use crate::support::{BOUND, Place, World, event, follow_up, workflow};

const CONTACTS: [&str; 3] = ["ann", "bob", "cid"];
const MOVED: &str = "moved from version 1";

/// Everybody waits in the first version, and the second, which wants them, is paused.
async fn edited(place: Place) -> World {
    let world = place.start();
    world.run(follow_up()).await;
    for contact in CONTACTS {
        let fields = json!({"order": 1, "value": 6});
        world.event(contact, "order_completed", fields).await;
    }
    world.action("follow_up", Action::Pause).await;
    let mut second = follow_up();
    second["steps"][0]["wait"]["for"] = "2d".into();
    let put = world
        .engine
        .put_workflow(workflow(second), Some(1), Edit::Migrate);
    put.await.expect("the version is good");
    world
}

async fn assert_all_moved(world: &World) {
    for contact in CONTACTS {
        let facts = world.facts(contact).await;
        let moves = facts.iter().filter(|fact| *fact == MOVED).count();
        assert_eq!(moves, 1, "{contact}: {facts:?}");
    }
}

/// Has that partition's thread stand before its next commit, once it was sent the end of a channel, until the other end is
/// dropped.
pub(crate) fn gate(thread: &'static str) -> (mpsc::Sender<mpsc::Receiver<()>>, Hops) {
    let (arm, armed) = mpsc::channel::<mpsc::Receiver<()>>();
    let armed = Mutex::new(armed);
    let hops = Hops::heard_by(move |hop| {
        if hop != "commit" || std::thread::current().name() != Some(thread) {
            return;
        }
        let gate = armed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .try_recv();
        if let Ok(gate) = gate {
            // Nothing is ever sent.
            let _ = gate.recv();
        }
    });
    (arm, hops)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_a_visit_to_the_next_start() {
    let mut place = Place::new(&["event", "audience"]);
    place.partitions = 1;
    let (arm, hops) = gate("partition-0");
    place.hops = hops;
    let world = edited(place).await;
    let (release, gate) = mpsc::channel();
    arm.send(gate).expect("the engine listens");
    // Answered once the partition's log has it, and the partition stands before the commit.
    world.action("follow_up", Action::Resume).await;
    let clock = world.engine.clock().expect("it runs").expect("it is wound");
    let release_once_it_stops = async {
        // Nothing settles while the partition stands.
        let settled = clock.settle().await;
        settled.expect_err("the engine stops");
        drop(release);
    };
    let stopped = tokio::time::timeout(BOUND, world.stopped());
    let (stopped, ()) = tokio::join!(stopped, release_once_it_stops);
    let place = stopped.expect("nobody waits for the visit");

    let world = place.start();
    world.settle().await;
    assert_all_moved(&world).await;
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_a_pause_cuts_off_begins_anew_with_the_resume() {
    let mut place = Place::new(&["event", "audience"]);
    place.partitions = 1;
    let (arm, hops) = gate("partition-0");
    place.hops = hops;
    let world = edited(place).await;
    let (release, gate) = mpsc::channel();
    arm.send(gate).expect("the engine listens");
    // Both stand in the partition's log before it has come to the first of them.
    world.action("follow_up", Action::Resume).await;
    world.action("follow_up", Action::Pause).await;
    drop(release);
    world.settle().await;
    world.action("follow_up", Action::Resume).await;
    world.settle().await;
    assert_all_moved(&world).await;
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_in_a_workflow_that_is_deleted_leaves_it_at_once() {
    let world = edited(Place::new(&["event", "audience"])).await;
    world.action("follow_up", Action::Delete).await;
    world.settle().await;
    for contact in CONTACTS {
        let facts = world.facts(contact).await;
        assert_eq!(
            facts.last().map(String::as_str),
            Some("exited: workflow_deleted"),
            "{facts:?}"
        );
    }
    // Nothing is kept of its pages.
    let (exported, _) = world.export().await;
    let rows = exported.lines().filter(|line| line.contains("visited/"));
    assert_eq!(rows.count(), 0);
}

/// Waits until nine in the morning after, where the contact is.
fn morning() -> Json {
    json!({
        "id": "morning",
        "title": "Morning",
        "goal": "none",
        "trigger": {"plugin": "event", "config": {"event": "order_completed"}},
        "steps": [{"id": "rest", "wait": {"calendar": {"days": 1, "at": "09:00"}}}],
        "templates": {},
    })
}

async fn waits(world: &World, contact: &str) -> Vec<String> {
    let facts = world.facts(contact).await;
    let waits = facts.into_iter().filter(|fact| fact.starts_with("waits"));
    waits.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_go_by_another_zone_of_the_server_at_once() {
    let world = World::new();
    world.run(morning()).await;
    for (contact, zone) in [("ann", "nowhere"), ("bob", "America/New_York")] {
        let fields = json!({"order": 1, "value": 1});
        let mut order = event(contact, "order_completed", fields, world.now());
        let own = FieldName::parse("time_zone").expect("a name");
        let zone = serde_json::from_value(json!(zone)).expect("a value");
        order.attributes.insert(own, zone);
        world.accept(order).await;
    }
    world.settle().await;
    let zone = |name: &str| serde_json::from_value(json!({"zone": name})).expect("they are right");
    for (based_on, name) in ["Europe/Berlin", "Asia/Tokyo"].into_iter().enumerate() {
        let settings = zone(name);
        let put = world.engine.put_settings(&settings, based_on as u64);
        put.await.expect("they are new");
    }
    world.settle().await;
    assert_eq!(
        waits(&world, "bob").await,
        ["waits until 2026-03-02T14:00:00Z"]
    );
    let told = waits(&world, "ann").await;
    let [first, .., last] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(first, "waits until 2026-03-02T09:00:00Z");
    assert_eq!(last, "waits until 2026-03-02T00:00:00Z");

    // The next start visits nobody.
    let world = world.restarted().await;
    world.settle().await;
    let status = world.engine.status().await.expect("it runs");
    let world = world.restarted().await;
    world.settle().await;
    let after = world.engine.status().await.expect("it runs");
    assert_eq!(after.durable, status.durable, "nothing was logged");
    world.stopped().await;
}
