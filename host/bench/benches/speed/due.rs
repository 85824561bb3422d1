//! 100,000 contacts that wait until one and the same instant: how soon all are released, how fast their mails leave.
//!
//! Measured once and not by criterion. The bars of design section 11: all released to the outbox within 5 s, sent at
//! no less than mail goes out anyway, none twice. What it is held against is measured before it with the same engine
//! and sink: rounds of 1,000 mails, as in the group of `send`.

use std::{sync::atomic::Ordering, time::Duration};

use signalbox_bench::{
    clock::process_now,
    is_wanted,
    place::{Place, World, order, smtp, waiting},
    say,
    sink::Sink,
};
use signalbox_engine::{ClockMode, Edge};
use signalbox_mail::transport::Transport;
use signalbox_model::time::Span;
use tokio::runtime::Runtime;

use crate::send::{CONNECTIONS, MAILS, NEXT, address_of, by_engine};

/// Who waits.
const CONTACTS: u64 = 100_000;
/// Contacts that enter with one call.
const BATCH: u64 = 4_000;
/// Rounds of 1,000 mails before it.
const ROUNDS: u32 = 10;
/// Longest wait for the last mail.
const LONGEST: Duration = Duration::from_mins(10);
/// Between two looks at how many are released, and sent.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long after the clock was wound.
struct Took {
    released: Duration,
    sent: Duration,
}

pub(crate) fn due_in_one_second(runtime: &Runtime) {
    if !is_wanted("due_in_one_second_100000") {
        return;
    }
    let sink = runtime.block_on(Sink::start());
    let place = Place::new(&["event"]);
    let transport = Transport::Smtp(smtp(sink.port(), CONNECTIONS));
    let world = place.start_with(runtime, ClockMode::Manual, transport);
    let (anyway, took) = runtime.block_on(async {
        world.run(waiting("waiting")).await;
        let mut anyway = Duration::ZERO;
        for _ in 0..ROUNDS {
            anyway += by_engine(&world, &sink).await;
        }
        (anyway, all_at_once(&world, &sink).await)
    });
    world.stop(runtime);
    let anyway = f64::from(ROUNDS) * MAILS as f64 / anyway.as_secs_f64();
    let rate = CONTACTS as f64 / took.sent.as_secs_f64();
    say(&format!(
        "due in one second: {CONTACTS} released within {:.2?} (bar: 5 s), sent within {:.2?}, none twice: {rate:.0} a \
         second, {:.2}x of the {anyway:.0} a second in rounds of {MAILS} (bar: 1x)",
        took.released,
        took.sent,
        rate / anyway,
    ));
}

async fn all_at_once(world: &World, sink: &Sink) -> Took {
    let clock = world.engine.clock().expect("it runs");
    let clock = clock.expect("its clock is manual");
    let now = clock.now().expect("it runs");
    let first = NEXT.fetch_add(CONTACTS, Ordering::Relaxed);
    for batch in (0..CONTACTS).step_by(BATCH as usize) {
        let numbers = first + batch..first + (batch + BATCH).min(CONTACTS);
        let orders = numbers.map(|number| order(number, number, now)).collect();
        let positions = world.accept(orders).await;
        world.applied(&positions).await;
    }
    clock.settle().await.expect("everything settles");
    let sent_before = sink.count();
    let queued_before = queued(world);
    let began = process_now();
    let due = now.plus(Span::from_ms(3_600_000));
    let (wound, released, ()) = tokio::join!(
        clock.advance_to(due, Edge::Through),
        async {
            let mut looks = tokio::time::interval(LOOK_EVERY);
            while queued(world) < queued_before + CONTACTS {
                assert!(
                    began.elapsed() < LONGEST,
                    "not all released: {}",
                    counts(world)
                );
                looks.tick().await;
            }
            began.elapsed()
        },
        async {
            let mut looks = tokio::time::interval(LOOK_EVERY);
            while sink.count() < sent_before + CONTACTS {
                assert!(began.elapsed() < LONGEST, "not all sent: {}", counts(world));
                looks.tick().await;
            }
        },
    );
    wound.expect("everything settles");
    // As many as there are contacts, and one for each: none is missing and none came twice.
    assert_eq!(sink.count(), sent_before + CONTACTS);
    let last = (first..first + CONTACTS)
        .map(|number| sink.at(&address_of(number)).expect("each has its mail"))
        .max();
    Took {
        released,
        sent: last
            .expect("there are mails")
            .saturating_duration_since(began),
    }
}

/// What the engine has counted, to see where it stands.
fn counts(world: &World) -> String {
    let metrics = world.engine.metrics_snapshot().expect("it runs");
    format!("{:?}", metrics.counts())
}

fn queued(world: &World) -> u64 {
    let metrics = world.engine.metrics_snapshot().expect("it runs");
    metrics.messages_queued
}
