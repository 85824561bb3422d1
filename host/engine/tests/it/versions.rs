//! Stores that another core wrote: it begins with a snapshot, and nothing is decided again.

use std::fs;

use serde_json::json;
use signalbox_engine::{ReplayedFrom, StartError};
use signalbox_journey::CORE_VERSION;
use signalbox_model::{calendar::TZ_VERSION, time::Instant};
use signalbox_store::{Config, Snapshots, Store};

use crate::{
    recovery::busy_day,
    support::{Place, World},
};

/// A core that nobody runs any more.
const FORMER: &str = "0";

fn store(place: &Place) -> Store {
    let folder = place.data().join("store");
    let config = Config::new(&folder, place.partitions, Instant::from_ms(0));
    Store::open(&config).expect("the store opens")
}

fn snapshots(place: &Place) -> Snapshots {
    Snapshots::open(&place.data().join("snapshots")).expect("the snapshots open")
}

/// A store with a day in it that the former core wrote and left cleanly.
async fn former() -> Place {
    let world = World::new();
    busy_day(&world).await;
    let place = world.stopped().await;
    let store = store(&place);
    store
        .mark_versions(FORMER, TZ_VERSION)
        .expect("it is noted");
    store.close_clean().expect("it closes");
    place
}

fn refusal(place: &Place) -> StartError {
    let started = place.try_start().map(drop);
    started.expect_err("it does not start")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_core_begins_with_a_snapshot() {
    let world = former().await.start();
    world
        .event("late", "order_completed", json!({"order": 99, "value": 1}))
        .await;
    let (before, mut place) = world.export().await;
    let sets = snapshots(&place).list().expect("they are listed");
    let [Ok(set)] = sets.as_slice() else {
        panic!("{sets:?}");
    };
    let meta = store(&place).meta();
    assert_eq!(meta.core_version, CORE_VERSION);
    assert_eq!(set.manifest.store, meta);
    let positions = set.manifest.snapshots.iter().map(|info| info.position);
    assert_eq!(positions.collect::<Vec<_>>(), meta.versions_from);

    let reexecution = place.reexecute().expect("it is asked again");
    assert!(
        matches!(reexecution.from, ReplayedFrom::Snapshot { .. }),
        "{:?}",
        reexecution.from
    );
    assert_eq!((reexecution.equal, reexecution.different), (2, 0));

    place.configure = |config| config.rebuild = true;
    let world = place.start();
    let metrics = world.engine.metrics_snapshot().expect("it runs");
    assert!(
        (1..20).contains(&metrics.records_replayed),
        "{} records behind the snapshot",
        metrics.records_replayed
    );
    let (after, _place) = world.export().await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_does_not_go_back_behind_the_core() {
    let (before, mut place) = former().await.start().export().await;
    fs::remove_dir_all(place.data().join("snapshots")).expect("they are gone");
    place.configure = |config| config.rebuild = true;
    let refused = refusal(&place);
    assert!(
        matches!(refused, StartError::BeforeVersion { store: 0, .. }),
        "{refused}"
    );
    place.configure = |_| {};
    let (after, _place) = place.start().export().await;
    assert_eq!(before, after, "nothing was thrown away");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_core_left_unfinished_is_not_touched() {
    let mut place = former().await;
    let rows = store(&place).check().expect("it is read").rows;
    // It was opened and not closed cleanly.
    for rebuild in [false, true] {
        if rebuild {
            place.configure = |config| config.rebuild = true;
        }
        let refused = refusal(&place);
        assert!(
            matches!(&refused, StartError::OtherCore { store, .. } if store.starts_with("core 0 with ")),
            "{refused}"
        );
    }
    assert_eq!(store(&place).check().expect("it is read").rows, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_core_logged_is_not_applied() {
    let world = World::new();
    busy_day(&world).await;
    world.engine.snapshot().await.expect("a snapshot is made");
    world
        .event("late", "order_completed", json!({"order": 99, "value": 1}))
        .await;
    let place = world.stopped().await;
    let store = store(&place);
    snapshots(&place)
        .restore_latest(&store)
        .expect("it is restored");
    store.finish_rebuild().expect("it is whole");
    store
        .mark_versions(FORMER, TZ_VERSION)
        .expect("it is noted");
    store.close_clean().expect("it closes");
    let refused = refusal(&place);
    assert!(matches!(refused, StartError::OtherCore { .. }), "{refused}");
}
