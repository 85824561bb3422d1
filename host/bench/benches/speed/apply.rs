//! How fast accepted events are applied with ten workflows listening, beside the same with none.
//!
//! Nine workflows are asked about every order and let nobody in; the tenth is entered once by each contact, which then
//! waits. A batch counts from its accept until its last event is committed. The bar of design section 11 is 10,000
//! events a second on two cores with a million contacts; there are fewer here, for time.

use std::{
    cell::OnceCell,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use criterion::{Criterion, SamplingMode, Throughput};
use signalbox_bench::{
    clock::{machine_now, process_now},
    place::{Place, World, listening, order, waiting},
    say,
};
use signalbox_engine::{ClockMode, MetricsSnapshot};
use signalbox_model::event::Event;
use tokio::runtime::Runtime;

/// Events of one call of accept.
const BATCH: u64 = 1_000;
/// Batches of one iteration: enough that several groups of every partition are under way.
const BATCHES: u64 = 5;
/// Contacts, drawn evenly.
const CONTACTS: u64 = 50_000;
/// Workflows that let nobody in.
const LISTENING: usize = 9;

static NEXT: AtomicU64 = AtomicU64::new(0);

pub(crate) fn events_applied(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("events_applied_5000");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(BATCH * BATCHES));
    for (name, workflows) in [("baseline_no_workflow", 0), ("ten_workflows", LISTENING)] {
        let place = Place::new(&["event"]);
        let world = OnceCell::new();
        group.bench_function(name, |bencher| {
            let world = world.get_or_init(|| ready(&place, workflows, runtime));
            bencher.iter_custom(|iterations| {
                runtime.block_on(async {
                    let mut took = Duration::ZERO;
                    for _ in 0..iterations {
                        took += apply(world, (0..BATCHES).map(|_| batch()).collect()).await;
                    }
                    took
                })
            });
        });
        if let Some(world) = world.into_inner() {
            tell(name, &world.engine.metrics_snapshot().expect("it runs"));
            world.stop(runtime);
        }
    }
    group.finish();
}

fn ready(place: &Place, workflows: usize, runtime: &Runtime) -> World {
    let world = place.start(runtime, ClockMode::Real);
    runtime.block_on(async {
        for number in 0..workflows {
            world.run(listening(&format!("listening_{number}"))).await;
        }
        if workflows > 0 {
            world.run(waiting("waiting")).await;
        }
    });
    world
}

async fn apply(world: &World, batches: Vec<Vec<Event>>) -> Duration {
    let began = process_now();
    let mut positions = Vec::new();
    for batch in batches {
        positions.extend(world.accept(batch).await);
    }
    world.applied(&positions).await;
    began.elapsed()
}

fn batch() -> Vec<Event> {
    let now = machine_now();
    let events = (0..BATCH).map(|_| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        order(drawn(number), number, now)
    });
    events.collect()
}

/// The contact of the event of that number: all alike often, in no order (the mixer of `SplitMix64`).
fn drawn(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % CONTACTS
}

/// Where the time goes, in thread time by event.
fn tell(name: &str, metrics: &MetricsSnapshot) {
    let events = metrics.events_applied.max(1) as f64;
    let each = |sum_us: u64| sum_us as f64 / events;
    say(&format!(
        "{name}: {} events, {:.1} decisions each; by event {:.1} us deciding and {:.1} us committing (groups of {:.0}), \
         lag p50 {} us and p99 {} us",
        metrics.events_applied,
        metrics.decisions as f64 / events,
        each(metrics.decision_time.sum_us),
        each(metrics.commit_time.sum_us),
        metrics.records_applied as f64 / metrics.groups.max(1) as f64,
        metrics.apply_lag.quantile_us(0.5),
        metrics.apply_lag.quantile_us(0.99),
    ));
}
