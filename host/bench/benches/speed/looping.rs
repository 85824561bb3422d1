//! How long others wait while a rule loops for ever: over a minute without it, and over one that includes its
//! quarantine.
//!
//! Measured once and not by criterion: 200 orders a second for another workflow, and from the begin of the second minute
//! ten events a second about which the rule of a third never answers. Row N7 of the capabilities: p99 at most 20 % worse.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_bench::{
    clock::{machine_now, process_now},
    is_wanted,
    place::{BOUND, Place, World, component, listening, order},
    quantile, say,
};
use signalbox_engine::ClockMode;
use signalbox_model::value::Value;
use tokio::{runtime::Runtime, task::JoinSet};

/// The plugin that loops.
const PLUGIN: &str = "endless-loop";
/// Between two orders: 200 a second.
const PACE: Duration = Duration::from_millis(5);
/// Orders of a minute.
const ORDERS: u64 = 12_000;
/// Orders between two events about which the rule loops.
const ORDERS_PER_ATTACK: u64 = 20;
/// Contacts of the load.
const CONTACTS: u64 = 1_000;

pub(crate) fn looping(runtime: &Runtime) {
    if !is_wanted("others_while_a_rule_loops") {
        return;
    }
    let place = Place::new(&["event"]);
    place.put_plugin(PLUGIN, &component("hostile/endless-loop"));
    let world = Arc::new(place.start(runtime, ClockMode::Real));
    runtime.block_on(async {
        world.run(listening("others")).await;
        world.run(guarded()).await;
        let quiet = minute(&world, false).await;
        let looping = minute(&world, true).await;
        let status = world.engine.status().await.expect("it runs");
        assert_eq!(status.quarantined.len(), 1, "it is quarantined");
        say(&format!(
            "others while a rule loops, {ORDERS} orders at 200 a second each: without it p50 {:.2?}, p99 {:.2?}; with it, \
             its quarantine included, p50 {:.2?}, p99 {:.2?} (bar: p99 at most 20 % worse)",
            quantile(&quiet, 0.5),
            quantile(&quiet, 0.99),
            quantile(&looping, 0.5),
            quantile(&looping, 0.99),
        ));
    });
    if let Some(world) = Arc::into_inner(world) {
        world.stop(runtime);
    }
}

/// From before accept until each order is applied, the shortest first.
async fn minute(world: &Arc<World>, is_attacked: bool) -> Vec<Duration> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut applying = JoinSet::new();
    let mut attacking = JoinSet::new();
    let mut beats = tokio::time::interval(PACE);
    for beat in 0..ORDERS {
        beats.tick().await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        if is_attacked && beat % ORDERS_PER_ATTACK == 0 {
            let world = Arc::clone(world);
            attacking.spawn(async move {
                let mut attack = order(CONTACTS + number, number, machine_now());
                attack.name = "attacked".parse().expect("a name");
                let name = "attack".parse().expect("a name");
                attack.attributes.insert(name, Value::Boolean(true));
                drop(world.accept(vec![attack]).await);
            });
        }
        let world = Arc::clone(world);
        applying.spawn(async move {
            let began = process_now();
            let event = order(number % CONTACTS, number, machine_now());
            for position in world.accept(vec![event]).await {
                let applied = world.engine.applied(position, BOUND).await;
                assert!(applied.expect("it runs"), "it is applied in time");
            }
            began.elapsed()
        });
    }
    attacking.join_all().await;
    let mut took = applying.join_all().await;
    took.sort_unstable();
    took
}

/// A workflow whose audience loops about contacts that attack.
fn guarded() -> Json {
    let mut document = listening("guarded");
    document["trigger"]["config"] = json!({ "event": "attacked" });
    document["audience"] = json!({ "plugin": "endless_loop", "on_failure": "skip" });
    document
}
