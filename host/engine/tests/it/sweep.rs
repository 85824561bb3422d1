//! What happened too long ago is deleted, and nothing else; the log says what, so a replay deletes the same.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use signalbox_model::{codec, record::Record};

use crate::{
    recovery::journal,
    support::{Place, World, export, follow_up, instant, thanks},
};

const CONTACTS: usize = 9;
const ORDERS: usize = 27;

/// Keeps five days, and deletes in small pages.
fn place() -> Place {
    let mut place = Place::new(&["event", "audience"]);
    place.configure = |config| {
        config.history_keep_days = 5;
        config.limits.sweep_rows_max = 3;
    };
    place
}

/// Waits for longer than anything is kept.
fn patient() -> Json {
    let mut workflow = follow_up();
    workflow["id"] = "patient".into();
    workflow["trigger"]["config"] = json!({"event": "signed_up"});
    workflow["steps"][0]["wait"]["for"] = "90d".into();
    workflow
}

/// Orders of March 1, one who waits for long, and the same orders five days later.
async fn two_days(world: &World) {
    world.run(thanks()).await;
    world.run(patient()).await;
    world.event("slow", "signed_up", json!({})).await;
    orders(world, 0).await;
    world.advance("2026-03-06T09:00:00Z").await;
    orders(world, ORDERS).await;
}

async fn orders(world: &World, first: usize) {
    for number in first..first + ORDERS {
        let contact = format!("c{}", number % CONTACTS);
        let fields = json!({"order": number});
        world.event(&contact, "order_completed", fields).await;
    }
}

/// How many rows there are of each kind.
fn rows(export: &str) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for line in export.lines() {
        let line: Json = serde_json::from_str(line).expect("a line of JSON");
        let kind = line["kind"].as_str().expect("a kind").to_owned();
        *rows.entry(kind).or_default() += 1;
    }
    rows
}

/// What the sweep left: the rows it is about, those that no sweep may touch, and who is still inside.
async fn assert_swept(world: World) -> Place {
    for number in 0..CONTACTS {
        let facts = world.facts(&format!("c{number}")).await;
        let entered = facts.iter().filter(|fact| *fact == "entered").count();
        assert_eq!(entered, ORDERS / CONTACTS, "{facts:?}");
    }
    assert!(world.facts("slow").await.is_empty());
    let slow = "slow".parse().expect("an id");
    let view = world
        .engine
        .journeys(&slow, None, 100)
        .await
        .expect("it can be read");
    let view = view.expect("the contact is known");
    assert!(view.journeys[0].inside.is_some(), "a journey goes on");

    let (before, mut place) = world.export().await;
    let rows = rows(&before);
    assert_eq!((rows["journey"], rows["message"]), (ORDERS, ORDERS));
    assert_eq!((rows["contact"], rows["timer"]), (CONTACTS + 1, 1));
    assert_eq!(rows["swept"], 2, "one of each partition of contacts");
    let configure = place.configure;
    place.configure = |config| config.rebuild = true;
    let (after, mut place) = place.start().export().await;
    assert!(before == after, "another export from the journal");
    place.configure = configure;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_and_the_rest_stays() {
    let world = place().start();
    two_days(&world).await;
    let counters = world.engine.counters().await.expect("it runs");
    let facts = world.facts("c1").await.len();
    let swept = |world: &World| world.engine.metrics_snapshot().expect("it runs").rows_swept;
    assert_eq!(swept(&world), 0, "nothing is five whole days old");
    world.advance("2026-03-06T23:59:59Z").await;
    assert_eq!(swept(&world), 0);

    world.advance("2026-03-07T00:00:00Z").await;
    assert_eq!(world.facts("c1").await.len(), facts / 2);
    assert_eq!(world.engine.counters().await.expect("it runs"), counters);
    let first = swept(&world);
    assert!(first as usize >= 3 * ORDERS, "{first} rows");
    world.advance("2026-03-10T00:00:00Z").await;
    assert_eq!(swept(&world), first, "nothing more has become too old");
    assert_swept(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_a_kill_cut_off_begins_anew() {
    let world = place().start();
    two_days(&world).await;
    let mut place = world.stopped().await;
    let whole = export(&place);
    // What a kill leaves behind the first page: its record is in the log, and no other one.
    let journal = journal(&place);
    for partition in 0..place.partitions {
        let page = Record::Sweep {
            before: instant("2026-03-02T00:00:00Z"),
            after: None,
            rows_max: 3,
        };
        let bytes = codec::encode(&page).expect("it encodes");
        let ticket = journal.append(partition, bytes).expect("it is taken");
        ticket.wait().expect("it is durable");
    }
    journal.close().expect("it closes");
    let configure = place.configure;
    place.configure = |_| {};
    let (cut_off, mut place) = place.start().export().await;
    let left = rows(&cut_off);
    assert!(left["facts"] < rows(&whole)["facts"]);
    assert!(left["journey"] > ORDERS && !left.contains_key("swept"));

    place.configure = configure;
    let world = place.start();
    world.advance("2026-03-07T00:00:00Z").await;
    assert_swept(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winding_over_years_settles() {
    let world = place().start();
    two_days(&world).await;
    world.advance("2029-03-01T00:00:00Z").await;
    let (left, _place) = world.export().await;
    let left = rows(&left);
    for kind in ["journey", "message", "timer"] {
        assert!(!left.contains_key(kind), "{kind}: {left:?}");
    }
}
