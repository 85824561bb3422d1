//! Restarts, crashes and rebuilds: the log says everything, and nothing is decided or sent twice.

use std::fs;

use serde_json::json;
use signalbox_engine::NewInput;
use signalbox_journal::{Clock, Entry, Journal, Sink};
use signalbox_model::{
    codec,
    id::{ContactId, MessageId},
    message::{AttemptOutcome, MessageStatus},
    record::Record,
};

use crate::support::{Place, World, export, follow_up, thanks};

/// A day in the life of a store.
pub(crate) async fn busy_day(world: &World) {
    world.run(thanks()).await;
    world.run(follow_up()).await;
    for number in 0..40 {
        let contact = format!("c{}", number % 7);
        world
            .event(
                &contact,
                "order_completed",
                json!({"order": number, "value": number * 3}),
            )
            .await;
    }
    world.advance("2026-03-02T12:00:00Z").await;
    for number in 40..60 {
        let contact = format!("c{}", number % 9);
        world
            .event(
                &contact,
                "order_completed",
                json!({"order": number, "value": number}),
            )
            .await;
    }
    world.advance("2026-03-02T13:00:00Z").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_outlives_a_restart() {
    let world = World::new();
    world.run(follow_up()).await;
    world
        .event("ann", "order_completed", json!({"order": 1, "value": 6}))
        .await;
    let world = world.restarted().await;
    world.advance("2026-03-02T09:00:00Z").await;
    assert_eq!(world.mails(), ["ann@example.com Small"]);
    let world = world.restarted().await;
    world.advance("2026-03-12T09:00:00Z").await;
    assert_eq!(world.mails().len(), 1);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_rebuilt_from_the_log_is_the_same_and_asks_no_plugin() {
    let world = World::new();
    busy_day(&world).await;
    let mails = world.mails();
    let (before, mut place) = world.export().await;
    assert!(before.lines().count() > 100);

    fs::remove_dir_all(place.plugins()).expect("the plugins are gone");
    fs::remove_dir_all(place.data().join("../catalogue")).expect("their copies too");
    place.configure = |config| config.rebuild = true;
    let world = place.start();
    let metrics = world.engine.metrics_snapshot().expect("it runs");
    assert_eq!(metrics.decisions, 0);
    assert!(
        metrics.decisions_replayed > 60,
        "{}",
        metrics.decisions_replayed
    );
    assert_eq!(world.mails(), mails, "nothing is sent again");
    let (after, _place) = world.export().await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_rebuilt_from_a_snapshot_is_the_same() {
    let world = World::new();
    busy_day(&world).await;
    world.engine.snapshot().await.expect("a snapshot is made");
    world
        .event("late", "order_completed", json!({"order": 99, "value": 1}))
        .await;
    assert_eq!(
        world.engine.trim().await.expect("it may"),
        None,
        "one snapshot is not enough"
    );
    let (before, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let world = place.start();
    let replayed = world
        .engine
        .metrics_snapshot()
        .expect("it runs")
        .records_replayed;
    assert!(
        (1..20).contains(&replayed),
        "{replayed} records behind the snapshot"
    );
    let (after, _place) = world.export().await;
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_nothing_that_was_acknowledged() {
    let world = World::new();
    busy_day(&world).await;
    // What the disk holds while the process lives is what a crash leaves: the store behind the journal, not closed.
    let crashed = world.place.copy();
    let mails = world.mails();
    let facts = world.facts("c1").await;
    world.stopped().await;
    let world = crashed.start();
    world.settle().await;
    assert_eq!(world.mails(), mails);
    assert_eq!(world.facts("c1").await, facts);
    world
        .event("ann", "order_completed", json!({"order": 1000, "value": 1}))
        .await;
    assert_eq!(world.mails().len(), mails.len() + 1);
    let (replayed, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let (rebuilt, _place) = place.start().export().await;
    assert_eq!(
        replayed, rebuilt,
        "the store equals a replay of the journal"
    );
}

struct Stopped;

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        0
    }
}

impl Sink for Stopped {
    fn durable(&self, _: &[Entry]) {}
}

pub(crate) fn journal(place: &Place) -> Journal {
    let config = signalbox_journal::Config::new(place.data().join("journal"), place.partitions + 1);
    let opened = Journal::open(
        config,
        std::sync::Arc::new(Stopped),
        std::sync::Arc::new(Stopped),
    );
    opened.expect("the journal opens").0
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_logged_and_not_answered_are_decided_at_the_next_start() {
    let world = World::new();
    world.run(thanks()).await;
    let said = crate::support::event("ann", "order_completed", json!({"order": 5}), world.now());
    let place = world.stopped().await;
    let journal = journal(&place);
    let partition = signalbox_model::id::partition_of(&said.contact, place.partitions);
    let bytes = codec::encode(&Record::Event(said)).expect("it encodes");
    journal
        .append(partition, bytes)
        .expect("it is taken")
        .wait()
        .expect("it is durable");
    journal.close().expect("it closes");
    let world = place.start();
    world.settle().await;
    assert_eq!(world.mails(), ["ann@example.com Order 5"]);
    let metrics = world.engine.metrics_snapshot().expect("it runs");
    assert_eq!((metrics.records_replayed, metrics.decisions), (1, 1));
    // Its decision is in the log now: rebuilt without it there is none to be asked.
    let mut place = world.stopped().await;
    place.configure = |config| config.rebuild = true;
    let world = place.start();
    assert_eq!(
        world.engine.metrics_snapshot().expect("it runs").decisions,
        0
    );
    world.stopped().await;
}

/// Stops before the mail is sent, gives `go` for it, and starts again: the sender is gone.
async fn claimed_and_gone(in_doubt: &str) -> World {
    let mut document = thanks();
    document["steps"][0]["send"]["in_doubt"] = json!(in_doubt);
    let mut place = Place::new(&["event"]);
    // Nothing is begun, so the message stays in the outbox.
    place.configure = |config| config.limits.sends_in_flight_max = 0;
    let world = place.start();
    world.run(document).await;
    let said = crate::support::event("ann", "order_completed", json!({"order": 5}), world.now());
    let position = world.accept(said).await;
    assert!(
        world
            .engine
            .applied(position, crate::support::BOUND)
            .await
            .expect("it runs")
    );
    let ann = ContactId::parse("ann").expect("an id");
    let contact = world
        .engine
        .contact(&ann)
        .await
        .expect("it runs")
        .expect("she is known");
    let message: MessageId = *contact.state.pending.keys().next().expect("one message");
    let mut place = world.stopped().await;
    let journal = journal(&place);
    let intent = Record::Intent {
        contact: ann,
        message,
        attempt: 1,
    };
    let bytes = codec::encode(&intent).expect("it encodes");
    let ticket = journal
        .append(position.partition, bytes)
        .expect("it is taken");
    ticket.wait().expect("it is durable");
    journal.close().expect("it closes");
    place.configure = |_| {};
    let world = place.start();
    world.settle().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn go_without_an_outcome_is_in_doubt_and_held() {
    let world = claimed_and_gone("hold").await;
    world.advance("2026-03-09T09:00:00Z").await;
    assert!(world.mails().is_empty());
    assert!(
        world
            .facts("ann")
            .await
            .contains(&"in doubt, held".to_owned())
    );
    let ann = ContactId::parse("ann").expect("an id");
    let journeys = world
        .engine
        .journeys(&ann, None, 100)
        .await
        .expect("it runs")
        .expect("she is known");
    assert_eq!(journeys.journeys[0].messages[0].status, MessageStatus::Held);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_without_an_outcome_is_in_doubt_and_sent_again_once() {
    let world = claimed_and_gone("resend").await;
    assert!(world.mails().is_empty());
    world.advance("2026-03-09T09:00:00Z").await;
    assert_eq!(world.mails(), ["ann@example.com Order 5"]);
    let facts = world.facts("ann").await;
    assert!(facts.contains(&"in doubt, again".to_owned()), "{facts:?}");
    let (before, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let place = place.start().stopped().await;
    assert_eq!(before, export(&place));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_fits_no_attempt_changes_nothing() {
    let world = World::new();
    world.run(thanks()).await;
    let position = world
        .event("ann", "order_completed", json!({"order": 5}))
        .await;
    let place = world.stopped().await;
    let journal = journal(&place);
    for contact in ["ann", "nobody"] {
        let record = Record::Outcome {
            contact: ContactId::parse(contact).expect("an id"),
            message: MessageId([7; 16]),
            attempt: 1,
            outcome: AttemptOutcome::InDoubt,
        };
        let bytes = codec::encode(&record).expect("it encodes");
        journal
            .append(position.partition, bytes)
            .expect("it is taken")
            .wait()
            .expect("it is durable");
    }
    journal.close().expect("it closes");
    let world = place.start();
    world.settle().await;
    assert_eq!(world.mails().len(), 1);
    world.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_cannot_be_applied_is_passed_over_and_the_rest_goes_on() {
    let world = World::new();
    world.run(thanks()).await;
    let said = |contact: &str, fields| {
        crate::support::event(contact, "order_completed", fields, world.now())
    };
    // No row can hold it; how large an event may be is for whoever takes it in from outside to say.
    let mut huge = said("bob", json!({"order": 99}));
    let note = json!({"order": 99, "note": "x".repeat(100_000)});
    huge.fields = serde_json::from_value(note).expect("fields");
    let mut inputs = vec![NewInput::Event(huge)];
    for order in 0..20 {
        for contact in ["ann", "bob", "cid"] {
            inputs.push(NewInput::Event(said(contact, json!({"order": order}))));
        }
    }
    world
        .engine
        .accept(inputs)
        .await
        .expect("they are accepted");
    world.settle().await;
    let inputs = world.engine.status().await.expect("it runs").inputs;
    assert_eq!(inputs.parked, 1);
    // Orders of one instant: a contact that is inside does not enter again, so some mails are missing by design.
    let mails = world.mails();
    for contact in ["ann", "bob", "cid"] {
        assert!(
            mails.iter().any(|mail| mail.starts_with(contact)),
            "{mails:?}"
        );
    }
    let schema = world.engine.schema().await.expect("it runs");
    assert_eq!(schema.events["order_completed"].count, 60);
    let (before, mut place) = world.export().await;
    place.configure = |config| config.rebuild = true;
    let (after, _place) = place.start().export().await;
    assert_eq!(before, after);
}
