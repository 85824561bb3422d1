//! Visits of those who wait, so that they move to a version that wants them, cut off by a stop.

use std::{
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use serde_json::json;
use signalbox_engine::Hops;
use signalbox_model::workflow::{Action, Edit};

use crate::support::{BOUND, Place, World, follow_up, workflow};

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

/// Has the first partition's thread stand before its next commit, once it was sent the end of a channel, until the
/// other end is dropped.
fn gate() -> (mpsc::Sender<mpsc::Receiver<()>>, Hops) {
    let (arm, armed) = mpsc::channel::<mpsc::Receiver<()>>();
    let armed = Mutex::new(armed);
    let hops = Hops::heard_by(move |hop| {
        if hop != "commit" || thread::current().name() != Some("partition-0") {
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
    let (arm, hops) = gate();
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
    let (arm, hops) = gate();
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
