//! Whoever is there when a workflow starts enters page by page: with progress, across a pause and a crash, in turns where
//! there are several, and between what happens meanwhile.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use signalbox_engine::{EnteringView, Hops};
use signalbox_model::{
    fact::FactKind,
    id::{ContactId, WorkflowId},
    workflow::{Action, Edit},
};

use crate::support::{BOUND, Place, Standstill, World, event, template, thanks, workflow};

const CONTACTS: u32 = 25;
/// Contacts of one page.
const PAGE: u32 = 3;

/// Writes to those who ordered more than once: every third.
fn bulk(id: &str) -> Json {
    json!({
        "id": id,
        "title": "News",
        "goal": "none",
        "enter_existing": true,
        "audience": {"plugin": "audience", "config": {"count": {
            "of": {"event": "order_completed"}, "operator": "gte", "value": 2,
        }}},
        "steps": [{"id": "mail", "send": {"template": "news"}}],
        "templates": {"news": template("News")},
    })
}

async fn people(partitions: u16, hops: Hops) -> World {
    let mut place = Place::new(&["audience", "event"]);
    place.partitions = partitions;
    place.configure = |config| config.limits.tick_timers_max = PAGE;
    place.hops = hops;
    people_in(place).await
}

async fn people_in(place: Place) -> World {
    let world = place.start();
    for number in 0..CONTACTS {
        let contact = format!("c{number}");
        for order in 0..=u32::from(number % 3 == 0) {
            world
                .event(&contact, "order_completed", json!({"order": order}))
                .await;
        }
    }
    world
}

async fn put(world: &World, document: Json) {
    let put = world
        .engine
        .put_workflow(workflow(document), None, Edit::Pin);
    put.await.expect("the workflow is good");
    // Every partition has committed what it was told.
    world.settle().await;
}

async fn entering(world: &World, id: &str) -> EnteringView {
    let id = WorkflowId::parse(id).expect("an id");
    let view = world.engine.workflow(&id).await;
    let view = view.expect("it is read").expect("it is there");
    let entering = view.entering.expect("it takes in whoever is there");
    let kept_out: u64 = entering.not_entered.values().sum();
    assert_eq!(
        entering.looked_at,
        entering.entered + kept_out + entering.unmatched + entering.waiting
    );
    entering
}

async fn counters(world: &World, id: &str) -> signalbox_reports::VersionCounters {
    let id = WorkflowId::parse(id).expect("an id");
    let view = world.engine.workflow(&id).await;
    let view = view.expect("it is read").expect("it is there");
    view.counters.get(&1).cloned().unwrap_or_default()
}

/// The sequences of the records by which contacts entered.
async fn entries(world: &World, id: &str) -> Vec<u64> {
    let mut entries = Vec::new();
    for number in 0..CONTACTS {
        let contact = ContactId::parse(&format!("c{number}")).expect("an id");
        let facts = world.engine.facts(&contact, None, 1_000).await;
        let facts = facts.expect("they are read").into_iter();
        let of_this = facts.filter(|stored| {
            let fact = &stored.fact;
            fact.owner.workflow().is_some_and(|one| one.as_str() == id)
                && matches!(fact.what, FactKind::JourneyEntered(_))
        });
        entries.extend(of_this.map(|stored| stored.sequence));
    }
    entries.sort_unstable();
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_halts_it_and_a_resume_goes_on_also_over_a_crash() {
    let (standstill, hops) = Standstill::new();
    let world = people(2, hops).await;
    put(&world, bulk("news")).await;
    // Each partition hears of the start, takes in a page, and stands before the commit of the second.
    standstill.arm([("partition-0", 3), ("partition-1", 3)]);
    world.action("news", Action::Start).await;
    standstill.wait(2);
    let first = entering(&world, "news").await;
    assert_eq!(
        (first.contacts, first.looked_at),
        (u64::from(CONTACTS), u64::from(2 * PAGE))
    );
    assert!(first.began_at.is_some() && first.finished_at.is_none());
    world.action("news", Action::Pause).await;
    let crashed = world.place.copy();
    drop(standstill);
    world.settle().await;
    let paused = entering(&world, "news").await;
    world.stopped().await;

    let world = crashed.start();
    world.settle().await;
    assert_eq!(entering(&world, "news").await, paused);
    assert_eq!(
        paused.looked_at,
        u64::from(4 * PAGE),
        "what was logged before the pause"
    );
    // Whoever comes meanwhile is not among those who were there.
    world.advance("2026-03-01T10:00:00Z").await;
    world
        .event("late", "order_completed", json!({"order": 1}))
        .await;
    world
        .event("late", "order_completed", json!({"order": 2}))
        .await;
    let world = world.restarted().await;
    world.settle().await;
    assert_eq!(entering(&world, "news").await, paused);
    let ahead = world.engine.metrics_snapshot().expect("it runs");
    assert_eq!(ahead.existing_ahead, 0, "nothing is ahead of a paused one");

    world.action("news", Action::Resume).await;
    world.settle().await;
    let done = entering(&world, "news").await;
    assert_eq!(
        EnteringView {
            began_at: paused.began_at,
            finished_at: Some(world.now()),
            contacts: u64::from(CONTACTS),
            looked_at: u64::from(CONTACTS),
            entered: 9,
            not_entered: BTreeMap::from([("not_in_audience".to_owned(), 16)]),
            unmatched: 0,
            waiting: 0,
        },
        done
    );
    let counted = counters(&world, "news").await;
    assert_eq!((counted.entered, counted.messages.queued), (9, 9));
    assert_eq!(entries(&world, "news").await.len(), 9, "each once");

    let (before, mut place) = world.export().await;
    place.configure = |config| {
        config.limits.tick_timers_max = PAGE;
        config.rebuild = true;
    };
    let (after, _place) = place.start().export().await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_before_a_stop_is_counted_once_after_a_crash() {
    let (standstill, hops) = Standstill::new();
    let mut place = Place::new(&["audience", "event"]);
    place.partitions = 1;
    place.configure = |config| {
        config.limits.tick_timers_max = PAGE;
        // What the crash leaves in the store is what the stop has written down.
        config.faults.store_flush_every_ms = 3_600_000;
    };
    place.hops = hops;
    let world = people_in(place).await;
    put(&world, bulk("news")).await;
    standstill.arm([("partition-0", 2)]);
    world.action("news", Action::Start).await;
    standstill.wait(1);
    // The first page is logged, and the others are left to the next start.
    let clock = world.engine.clock().expect("it runs").expect("it is wound");
    let release_once_it_stops = async {
        let settled = clock.settle().await;
        settled.expect_err("the engine stops");
        drop(standstill);
    };
    let stopped = tokio::time::timeout(BOUND, world.stopped());
    let (stopped, ()) = tokio::join!(stopped, release_once_it_stops);
    let mut place = stopped.expect("nobody waits for the other pages");
    place.hops = Hops::default();
    let world = place.start();
    world.settle().await;
    let crashed = world.place.copy();
    let whole = entering(&world, "news").await;
    assert_eq!((whole.looked_at, whole.entered), (u64::from(CONTACTS), 9));
    world.stopped().await;
    let world = crashed.start();
    world.settle().await;
    assert_eq!(entering(&world, "news").await, whole);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_stops_it() {
    let (standstill, hops) = Standstill::new();
    let world = people(1, hops).await;
    put(&world, bulk("news")).await;
    standstill.arm([("partition-0", 2)]);
    world.action("news", Action::Start).await;
    standstill.wait(1);
    world.action("news", Action::End).await;
    drop(standstill);
    world.settle().await;
    let world = world.restarted().await;
    world.settle().await;
    let ended = entering(&world, "news").await;
    assert_eq!(
        (ended.looked_at, ended.finished_at),
        (u64::from(PAGE), None)
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_meanwhile_goes_between_the_pages() {
    let (standstill, hops) = Standstill::new();
    let world = people(1, hops).await;
    put(&world, bulk("news")).await;
    world.run(thanks()).await;
    world.settle().await;
    standstill.arm([("partition-0", 2)]);
    world.action("news", Action::Start).await;
    standstill.wait(1);
    // The first page is logged and not applied yet.
    let order = json!({"order": 9});
    let order = event("c24", "order_completed", order, world.now());
    let order = world.accept(order).await;
    drop(standstill);
    world.settle().await;
    let thanked = entries(&world, "thanks").await;
    assert_eq!(thanked, [order.sequence]);
    let entered = entries(&world, "news").await;
    let behind = entered.iter().filter(|entry| **entry > order.sequence);
    assert!(
        behind.count() > entered.len() / 2,
        "{entered:?} {order:?}: most pages come behind it"
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_take_turns() {
    let (standstill, hops) = Standstill::new();
    let world = people(1, hops).await;
    for id in ["first", "second"] {
        put(&world, bulk(id)).await;
    }
    standstill.arm([("partition-0", 2)]);
    world.action("first", Action::Start).await;
    standstill.wait(1);
    world.action("second", Action::Start).await;
    drop(standstill);
    world.settle().await;
    let (first, second) = (
        entries(&world, "first").await,
        entries(&world, "second").await,
    );
    assert_eq!((first.len(), second.len()), (9, 9));
    assert!(second[0] < first[8] && first[0] < second[0]);
    world.stopped().await;
}
