//! How long somebody waits: until an event shows as a journey, and until an order is confirmed while a mailing goes out.
//!
//! Measured once and not by criterion. The first is row T21 of the capabilities (below one second); the second row D14:
//! orders in the midst of a mailing, beside as many before it, with the same engine and sink.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant as ProcessInstant},
};

use serde_json::json;
use signalbox_bench::{
    clock::{machine_now, process_now},
    is_wanted,
    place::{BOUND, Place, World, order, smtp, thanking},
    quantile, say,
    sink::Sink,
};
use signalbox_engine::ClockMode;
use signalbox_mail::transport::Transport;
use signalbox_model::event::Event;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::send::{CONNECTIONS, NEXT, address_of};

/// Between two events of the first group: 200 a second.
const EVENT_PACE: Duration = Duration::from_millis(5);
/// Between two orders of the second group: 50 a second.
const ORDER_PACE: Duration = Duration::from_millis(20);
/// Events of the first group.
const EVENTS: u64 = 2_000;
/// Orders before the mailing, and as many in its midst.
const ORDERS: u64 = 200;
/// Whom the mailing goes to.
const READERS: u64 = 60_000;
/// Readers that enter with one call.
const BATCH: u64 = 4_000;
/// The most journeys' facts that one look reads.
const FACTS_MAX: usize = 16;

pub(crate) fn delays(runtime: &Runtime) {
    let is_visible_wanted = is_wanted("event_to_journey_at_200_a_second");
    let is_behind_wanted = is_wanted("orders_behind_a_mailing_of_60000");
    if !is_visible_wanted && !is_behind_wanted {
        return;
    }
    let sink = runtime.block_on(Sink::start());
    let place = Place::new(&["event"]);
    let transport = Transport::Smtp(smtp(sink.port(), CONNECTIONS));
    let world = Arc::new(place.start_with(runtime, ClockMode::Real, transport));
    runtime.block_on(async {
        world.run(thanking("thanks")).await;
        if is_visible_wanted {
            until_visible(&world).await;
        }
        if is_behind_wanted {
            world.run(newsletter()).await;
            behind_a_mailing(&world, &sink).await;
        }
    });
    if let Some(world) = Arc::into_inner(world) {
        world.stop(runtime);
    }
}

/// From before accept until a look at the contact's journeys shows the one that the event began.
async fn until_visible(world: &Arc<World>) {
    let mut looking = JoinSet::new();
    let mut beats = tokio::time::interval(EVENT_PACE);
    for _ in 0..EVENTS {
        beats.tick().await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let world = Arc::clone(world);
        looking.spawn(async move {
            let began = process_now();
            let event = order(number, number, machine_now());
            let contact = event.contact.clone();
            for position in world.accept(vec![event]).await {
                let applied = world.engine.applied(position, BOUND).await;
                assert!(applied.expect("it runs"), "it is applied in time");
            }
            let journeys = world.engine.journeys(&contact, None, FACTS_MAX).await;
            let journeys = journeys.expect("it runs").expect("the contact is known");
            assert_eq!(journeys.journeys.len(), 1);
            began.elapsed()
        });
    }
    let mut took = looking.join_all().await;
    took.sort_unstable();
    say(&format!(
        "event to journey, {EVENTS} events at 200 a second: p50 {:.2?}, p99 {:.2?} (bar: 1 s)",
        quantile(&took, 0.5),
        quantile(&took, 0.99),
    ));
}

async fn behind_a_mailing(world: &Arc<World>, sink: &Sink) {
    let before = orders(world, sink).await;
    let first = NEXT.fetch_add(READERS, Ordering::Relaxed);
    let taken = sink.count();
    for batch in (0..READERS).step_by(BATCH as usize) {
        let numbers = first + batch..first + (batch + BATCH).min(READERS);
        let positions = world.accept(numbers.map(signed_up).collect()).await;
        world.applied(&positions).await;
    }
    let amid = orders(world, sink).await;
    let left = (taken + READERS + ORDERS).saturating_sub(sink.count());
    assert!(left > 0, "the mailing was over before the orders");
    sink.reaches(taken + READERS + ORDERS).await;
    say(&format!(
        "orders behind a mailing, {ORDERS} at 50 a second: before it p50 {:.2?}, p99 {:.2?}; while {READERS} mails go \
         out, {left} of them after the last order, p50 {:.2?}, p99 {:.2?}",
        quantile(&before, 0.5),
        quantile(&before, 0.99),
        quantile(&amid, 0.5),
        quantile(&amid, 0.99),
    ));
}

/// From before accept until the sink has each order's mail, the shortest first.
async fn orders(world: &Arc<World>, sink: &Sink) -> Vec<Duration> {
    let mut accepting = JoinSet::new();
    let mut began: Vec<(u64, ProcessInstant)> = Vec::new();
    let mut beats = tokio::time::interval(ORDER_PACE);
    for _ in 0..ORDERS {
        beats.tick().await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let world = Arc::clone(world);
        began.push((number, process_now()));
        accepting.spawn(async move {
            let event = order(number, number, machine_now());
            drop(world.accept(vec![event]).await);
        });
    }
    accepting.join_all().await;
    let mut took = Vec::with_capacity(began.len());
    for (number, began) in began {
        let came = arrival(sink, number).await;
        took.push(came.saturating_duration_since(began));
    }
    took.sort_unstable();
    took
}

/// When that contact's mail came.
async fn arrival(sink: &Sink, contact: u64) -> ProcessInstant {
    let address = address_of(contact);
    let mut looks = tokio::time::interval(ORDER_PACE);
    let arrived = tokio::time::timeout(BOUND, async {
        loop {
            if let Some(came) = sink.at(&address) {
                break came;
            }
            looks.tick().await;
        }
    });
    arrived.await.expect("the mail comes in time")
}

/// What a reader of the mailing does, of that number.
fn signed_up(number: u64) -> Event {
    let mut event = order(number, number, machine_now());
    event.name = "signed_up".parse().expect("a name");
    event
}

/// A marketing mail to everybody who signs up.
fn newsletter() -> serde_json::Value {
    let mut document = thanking("newsletter");
    document["trigger"]["config"] = json!({ "event": "signed_up" });
    document["steps"][0]["send"]["class"] = json!("marketing");
    document
}
