//! The whole way of an event: accepted, decided, committed, rendered, claimed, handed over.

use std::{sync::mpsc, time::Duration};

use serde_json::json;
use signalbox_engine::{AcceptError, Edge, NewInput};
use signalbox_model::{
    id::ContactId,
    workflow::{Action, Edit},
};

use crate::{
    support::{BOUND, Place, World, event, follow_up, instant, thanks},
    visits::gate,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_becomes_a_mail() {
    let world = World::new();
    world.run(thanks()).await;
    let position = world
        .event("ann", "order_completed", json!({"order": 7, "value": 20}))
        .await;
    assert!(
        world
            .engine
            .applied(position, Duration::from_secs(5))
            .await
            .expect("it runs")
    );
    assert_eq!(world.mails(), ["ann@example.com Order 7"]);
    insta::assert_snapshot!(world.facts("ann").await.join("\n"), @r"
    trigger: enter (matched)
    entered
    step mail
    queued
    sent
    completed
    ");
    let counters = world.engine.counters().await.expect("they can be read");
    let version = counters.workflows.values().next().expect("one workflow")[&1].clone();
    assert_eq!(
        (version.entered, version.completed, version.messages.sent),
        (1, 1, 1)
    );
    let schema = world.engine.schema().await.expect("it can be read");
    let seen: Vec<_> = schema
        .events
        .iter()
        .map(|(name, seen)| format!("{name} {}", seen.count))
        .collect();
    assert_eq!(seen, ["order_completed 1"]);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_event_is_applied_once_and_another_under_its_id_is_a_conflict() {
    let world = World::new();
    world.run(thanks()).await;
    let said = event("ann", "order_completed", json!({"order": 7}), world.now());
    let mut other = said.clone();
    other.fields = serde_json::from_value(json!({"order": 8})).expect("fields");
    for said in [said.clone(), said, other] {
        world.accept(said).await;
    }
    world.settle().await;
    assert_eq!(world.mails(), ["ann@example.com Order 7"]);
    let inputs = world.engine.status().await.expect("it runs").inputs;
    assert_eq!(
        (inputs.repeated, inputs.conflicts, inputs.parked),
        (1, 1, 0)
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_end_and_branches_are_decided_when_they_are_reached() {
    let world = World::new();
    world.run(follow_up()).await;
    world
        .event("ann", "order_completed", json!({"order": 1, "value": 60}))
        .await;
    world
        .event("bob", "order_completed", json!({"order": 2, "value": 60}))
        .await;
    world.advance("2026-03-01T20:00:00Z").await;
    world
        .event("ann", "order_completed", json!({"order": 3, "value": 60}))
        .await;
    assert!(world.mails().is_empty());
    world.advance("2026-03-02T08:59:59.999Z").await;
    assert!(world.mails().is_empty(), "nothing before its time");
    world.advance("2026-03-02T09:00:00Z").await;
    let mut mails = world.mails();
    mails.sort();
    assert_eq!(mails, ["ann@example.com Big", "bob@example.com Small"]);
    insta::assert_snapshot!(world.facts("ann").await.join("\n"), @r"
    trigger: enter (matched)
    entered
    step pause
    waits until 2026-03-02T09:00:00Z
    trigger: enter (matched)
    not entered: inside
    step fork
    steps/fork/arms/0: in (member)
    takes arm 0
    step big
    queued
    sent
    step end
    exited: big_told
    ");
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_one_instant_events_go_before_timers() {
    let world = World::new();
    let mut document = follow_up();
    document["exits"] = json!([{"on": {"event": "order_returned"}}]);
    world.run(document).await;
    world
        .event("ann", "order_completed", json!({"order": 1, "value": 60}))
        .await;
    let clock = world
        .engine
        .clock()
        .expect("it runs")
        .expect("it is manual");
    let due = instant("2026-03-02T09:00:00Z");
    clock
        .advance_to(due, Edge::Before)
        .await
        .expect("it settles");
    assert_eq!(world.now(), due);
    world.event("ann", "order_returned", json!({})).await;
    world.advance("2026-03-03T09:00:00Z").await;
    assert!(world.mails().is_empty());
    assert_eq!(
        world.facts("ann").await.last().expect("a fact"),
        "exited: exit_event"
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_drops_what_falls_due_in_it() {
    let world = World::new();
    world.run(follow_up()).await;
    world
        .event("ann", "order_completed", json!({"order": 1, "value": 6}))
        .await;
    world.action("follow_up", Action::Pause).await;
    world
        .event("bob", "order_completed", json!({"order": 2, "value": 6}))
        .await;
    world.advance("2026-03-02T10:00:00Z").await;
    world.action("follow_up", Action::Resume).await;
    world
        .event("cid", "order_completed", json!({"order": 3, "value": 6}))
        .await;
    world.advance("2026-03-05T10:00:00Z").await;
    assert_eq!(world.mails(), ["cid@example.com Small"]);
    assert!(
        world
            .facts("ann")
            .await
            .contains(&"skipped: paused".to_owned())
    );
    assert!(world.facts("bob").await.is_empty());
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_start_comes_by_itself() {
    let world = World::new();
    let document = crate::support::workflow(thanks());
    world
        .engine
        .put_workflow(document, None, Edit::Pin)
        .await
        .expect("it is good");
    world
        .action("thanks", Action::Schedule(instant("2026-03-01T12:00:00Z")))
        .await;
    world
        .event("ann", "order_completed", json!({"order": 1}))
        .await;
    world.advance("2026-03-01T12:00:00Z").await;
    world
        .event("bob", "order_completed", json!({"order": 2}))
        .await;
    assert_eq!(world.mails(), ["bob@example.com Order 2"]);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_start_misses_nothing_that_comes_before_the_word_of_it() {
    let mut place = Place::new(&["event", "audience"]);
    place.partitions = 1;
    let (arm, hops) = gate("partition-1");
    place.hops = hops;
    let world = place.start();
    let document = crate::support::workflow(thanks());
    let put = world.engine.put_workflow(document, None, Edit::Pin);
    put.await.expect("it is good");
    let start = instant("2026-03-01T12:00:00Z");
    world.action("thanks", Action::Schedule(start)).await;
    world.settle().await;
    // The control partition stands before it has started anything.
    let (release, gate) = mpsc::channel();
    arm.send(gate).expect("the engine listens");
    let meanwhile = async {
        while world.now() < start {
            tokio::task::yield_now().await;
        }
        let fields = json!({"order": 1});
        world
            .accept(event("ann", "order_completed", fields, start))
            .await;
        drop(release);
    };
    let wound = async { tokio::join!(world.advance("2026-03-01T12:00:00Z"), meanwhile) };
    tokio::time::timeout(BOUND, wound)
        .await
        .expect("it is started");
    assert_eq!(world.mails(), ["ann@example.com Order 1"]);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_without_its_value_blocks_its_mail() {
    let world = World::new();
    let mut document = thanks();
    document["trigger"]["config"] = json!({"event": "order_completed"});
    world.run(document).await;
    world
        .event("ann", "order_completed", json!({"value": 3}))
        .await;
    assert!(world.mails().is_empty());
    assert!(
        world
            .facts("ann")
            .await
            .contains(&"skipped: variable_missing".to_owned())
    );
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_in_says_why() {
    let mut place = Place::new(&["event"]);
    place.configure = |config| config.limits.queue_records_max = 3;
    let world = place.start();
    let ahead = event(
        "ann",
        "signed_up",
        json!({}),
        instant("2026-03-01T09:05:00.001Z"),
    );
    let good = event("ann", "signed_up", json!({}), world.now());
    let refused = world
        .engine
        .accept(vec![NewInput::Event(good), NewInput::Event(ahead)])
        .await;
    assert_eq!(refused, Err(AcceptError::TooFarAhead { index: 1 }));
    let ann = ContactId::parse("ann").expect("an id");
    assert_eq!(
        world.engine.contact(&ann).await.expect("it runs"),
        None,
        "all or nothing"
    );

    // Many at one time: what is not refused as busy is applied, and nothing else is.
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..500 {
        let engine = world.engine.clone();
        let said = event("ann", "signed_up", json!({"number": number}), world.now());
        waiting.spawn(async move { engine.accept(vec![NewInput::Event(said)]).await });
    }
    let (mut taken, mut busy) = (0, 0);
    while let Some(accepted) = waiting.join_next().await {
        match accepted.expect("it does not panic") {
            Ok(_) => taken += 1,
            Err(AcceptError::Busy { retry_after_s }) => {
                assert!(retry_after_s >= 1);
                busy += 1;
            }
            Err(error) => panic!("refused otherwise: {error}"),
        }
    }
    world.settle().await;
    assert!(busy > 0 && taken > 0, "{busy} busy, {taken} taken");
    let schema = world.engine.schema().await.expect("it runs");
    assert_eq!(schema.events["signed_up"].count, taken);
    assert_eq!(
        world
            .engine
            .metrics_snapshot()
            .expect("it runs")
            .queue_depths,
        [0, 0]
    );
    let engine = world.engine.clone();
    let place = world.stopped().await;
    assert_eq!(
        engine
            .accept(vec![NewInput::Event(event(
                "ann",
                "a",
                json!({}),
                instant("2026-03-01T09:00:00Z")
            ))])
            .await,
        Err(AcceptError::Stopping)
    );
    drop(place);
}
