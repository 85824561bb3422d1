//! Stores that another core wrote: it begins with a snapshot, and nothing is decided again.

use std::fs;

use serde_json::{Value as Json, json};
use signalbox_engine::{ReplayedFrom, StartError};
use signalbox_journey::CORE_VERSION;
use signalbox_model::{
    calendar::TZ_VERSION,
    id::{ContactId, WorkflowId},
    state::{ContactState, Place as Standing, Timer, TimerId},
    time::{Instant, Span},
};
use signalbox_store::{Condition, Config, Snapshots, Store, read_condition};

use crate::{
    recovery::{busy_day, journal},
    support::{Place, World, copy_folder, restart_machine},
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

/// The same after this binary has gone on with it and looked at everybody who waits.
async fn went_on() -> (String, Place) {
    let world = former().await.start();
    world.settle().await;
    world.export().await
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
    let (before, mut place) = went_on().await;
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
    let snapshots = snapshots(&place);
    let newest = snapshots.newest(|_| true).expect("they are listed");
    let set = newest.set.expect("one is whole");
    snapshots.restore(&set, &store).expect("it is restored");
    store.finish_rebuild().expect("it is whole");
    store
        .mark_versions(FORMER, TZ_VERSION)
        .expect("it is noted");
    store.close_clean().expect("it closes");
    for _ in 0..2 {
        let refused = refusal(&place);
        assert!(matches!(refused, StartError::OtherCore { .. }), "{refused}");
        assert_eq!(
            condition(&place),
            Condition::Clean,
            "the former core goes on"
        );
    }
}

fn condition(place: &Place) -> Condition {
    let found = read_condition(&place.data().join("store")).expect("it is read");
    found.expect("there is a store")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_fails_half_way_is_made_again() {
    let place = former().await;
    // Somebody else has the journal.
    let held = journal(&place);
    let refused = refusal(&place);
    assert!(matches!(refused, StartError::Journal(_)), "{refused}");
    assert_eq!(condition(&place), Condition::Clean);
    held.close().expect("it closes");
    // The first snapshot of this core finds no folder to go to.
    let snapshots = place.data().join("snapshots");
    fs::write(&snapshots, "not a folder").expect("it is written");
    let refused = refusal(&place);
    assert!(matches!(refused, StartError::Store(_)), "{refused}");
    assert_eq!(condition(&place), Condition::Clean);
    assert_eq!(store_meta(&place).core_version, FORMER);
    fs::remove_file(&snapshots).expect("it is gone");
    let place = place.start().stopped().await;
    assert_eq!(store_meta(&place).core_version, CORE_VERSION);
}

fn store_meta(place: &Place) -> signalbox_store::Meta {
    let found = signalbox_store::read_meta(&place.data().join("store")).expect("it is read");
    found.expect("there is a store")
}

#[tokio::test(flavor = "multi_thread")]
async fn other_time_zone_data_alone_begin_with_a_snapshot() {
    let world = World::new();
    busy_day(&world).await;
    let place = world.stopped().await;
    let store = store(&place);
    store
        .mark_versions(CORE_VERSION, "1970a")
        .expect("it is noted");
    store.close_clean().expect("it closes");
    let place = place.start().stopped().await;
    let meta = store_meta(&place);
    assert_eq!(
        (meta.core_version.as_str(), meta.tz_version.as_str()),
        (CORE_VERSION, TZ_VERSION)
    );
    let sets = snapshots(&place).list().expect("they are listed");
    let [Ok(set)] = sets.as_slice() else {
        panic!("{sets:?}");
    };
    assert_eq!(set.manifest.store, meta);
    let positions = set.manifest.snapshots.iter().map(|info| info.position);
    assert_eq!(positions.collect::<Vec<_>>(), meta.versions_from);
}

/// Sees a rebuild refused, and that the rows are still there afterwards.
async fn refuses_to_rebuild(mut place: Place, before: &str) {
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
async fn a_rebuild_goes_by_the_newest_snapshot_that_is_whole() {
    let (before, place) = went_on().await;
    let sets = snapshots(&place).list().expect("they are listed");
    let set = sets[0].as_ref().expect("it is whole");
    let file = set.folder.join("00000.snapshot");
    let mut bytes = fs::read(&file).expect("it is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).expect("it is written");
    refuses_to_rebuild(place, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_does_not_go_by_a_snapshot_of_another_store() {
    let (before, place) = went_on().await;
    let (_, other) = went_on().await;
    let snapshots = place.data().join("snapshots");
    fs::remove_dir_all(&snapshots).expect("they are gone");
    copy_folder(&other.data().join("snapshots"), &snapshots);
    refuses_to_rebuild(place, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_power_cut_may_have_hurt_are_not_trusted_after_a_refusal() {
    let (_, place) = went_on().await;
    drop(store(&place));
    restart_machine(&place.data().join("store"));
    fs::remove_dir_all(place.data().join("snapshots")).expect("they are gone");
    for _ in 0..2 {
        assert_eq!(condition(&place), Condition::Restarted);
        let refused = refusal(&place);
        assert!(
            matches!(refused, StartError::BeforeVersion { store: 0, .. }),
            "{refused}"
        );
    }
}

/// Ann waits until nine in the morning of Berlin.
fn morning() -> Json {
    json!({
        "id": "morning",
        "title": "Morning",
        "goal": "none",
        "trigger": {"plugin": "event", "config": {"event": "order_completed"}},
        "zone": "Europe/Berlin",
        "steps": [{"id": "rest", "wait": {"calendar": {"days": 1, "at": "09:00"}}}],
        "templates": {},
    })
}

fn due(state: &ContactState) -> Instant {
    let presence = &state.presences[&WorkflowId::parse("morning").expect("an id")];
    let journey = presence.journeys.values().next().expect("she is inside");
    match &journey.place {
        Standing::Waiting { due, .. } => *due,
        other => panic!("{other:?}"),
    }
}

/// Moves Ann's wait as if other time zone data had set it, an hour late.
fn set_late(place: &Place, ann: &ContactId) -> Instant {
    let store = store(place);
    let mut state = store
        .contact(ann)
        .expect("it is read")
        .expect("she is known");
    let right = due(&state);
    let late = right.plus(Span::from_ms(3_600_000));
    let workflow = WorkflowId::parse("morning").expect("an id");
    let partition = store.partition_of(ann);
    let mut batch = store.batch(partition).expect("it begins");
    let presence = state.presences.get_mut(&workflow).expect("she is inside");
    for (id, journey) in &mut presence.journeys {
        let timer = |due| Timer {
            due,
            id: TimerId::Journey(workflow.clone(), *id),
            contact: ann.clone(),
        };
        batch.cancel_timer(&timer(right));
        batch.set_timer(&timer(late)).expect("it is put");
        if let Standing::Waiting { due, .. } = &mut journey.place {
            *due = late;
        }
    }
    batch.put_contact(&state).expect("it is put");
    // What its waits go by, as a binary with other data noted it.
    let noted = store.counters(partition, b"visited/morning");
    for (name, value) in noted.expect("they are read") {
        let at = value
            .windows(TZ_VERSION.len())
            .position(|part| part == TZ_VERSION.as_bytes());
        let at = at.expect("it names the data");
        let mut other = value;
        other[at..at + TZ_VERSION.len()].copy_from_slice(b"1999a");
        batch.put_counter(&name, &other).expect("it is put");
    }
    store.commit(batch).expect("it is written");
    store
        .mark_versions(CORE_VERSION, "1999a")
        .expect("it is noted");
    store.close_clean().expect("it closes");
    right
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_go_by_the_time_zone_data_of_the_binary() {
    let ann = ContactId::parse("ann").expect("an id");
    let world = World::new();
    world.run(morning()).await;
    let fields = json!({"order": 1, "value": 1});
    world.event("ann", "order_completed", fields).await;
    let place = world.stopped().await;
    let right = set_late(&place, &ann);

    let world = place.start();
    world.settle().await;
    let view = world.engine.contact(&ann).await.expect("it is read");
    assert_eq!(due(&view.expect("she is known").state), right);

    // The next start visits nobody.
    let place = world.stopped().await;
    let world = place.start();
    world.settle().await;
    let status = world.engine.status().await.expect("it runs");
    let world = world.restarted().await;
    world.settle().await;
    let after = world.engine.status().await.expect("it runs");
    assert_eq!(after.durable, status.durable, "nothing was logged");
    world.stopped().await;
}
