//! How long until a new version of a plugin is current, while its rule goes on deciding.
//!
//! Counts from the file's rename until the workflow's binding names the new version; 50 ms of it are the time for which
//! a file must be still. The baseline is bare wasmtime compiling the same component, which nobody can skip. The bar is
//! 300 ms from the file being still, with no decision failed or lost.

use std::{
    cell::OnceCell,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use criterion::{Criterion, SamplingMode};
use semver::VersionReq;
use signalbox_bench::{
    clock::{machine_now, process_now},
    place::{BOUND, Place, World, component, listening, order},
    quantile, say,
};
use signalbox_engine::{ClockMode, Position};
use signalbox_model::{
    definitions::Slot,
    id::{PluginName, WorkflowId},
};
use tokio::{runtime::Runtime, task::JoinHandle};
use wasmtime::{Engine as Wasm, component::Component};

const PLUGIN: &str = "event";
const WORKFLOW: &str = "listening";
/// Between two events of the load.
const PACE: Duration = Duration::from_millis(2);
/// Between two looks at the binding.
const LOOK: Duration = Duration::from_millis(1);
/// Contacts of the load.
const CONTACTS: u64 = 1_000;

pub(crate) fn reload(criterion: &mut Criterion, runtime: &Runtime) {
    let original = component(PLUGIN);
    let mut group = criterion.benchmark_group("reload_under_load");
    group.sampling_mode(SamplingMode::Flat);

    let wasm = Wasm::default();
    group.bench_function("baseline_wasmtime_compile", |bencher| {
        bencher.iter(|| Component::from_binary(&wasm, &original).expect("it compiles"));
    });

    let place = Place::new(&[PLUGIN]);
    let running = OnceCell::new();
    let mut reloads = 0;
    let mut all_took = Took::default();
    group.bench_function("signalbox", |bencher| {
        let Running { world, first, .. } = running.get_or_init(|| Running::start(&place, runtime));
        bencher.iter_custom(|iterations| {
            let mut took = Duration::ZERO;
            for _ in 0..iterations {
                reloads += 1;
                let next = version(reloads);
                let bytes = with_version(&original, first, &next);
                let one = runtime.block_on(replace(&place, world, &bytes, &next));
                took += one.current;
                all_took.available.push(one.available);
                all_took.current.push(one.current);
            }
            took
        });
    });
    group.finish();
    if let Some(running) = running.into_inner() {
        all_took.available.sort_unstable();
        all_took.current.sort_unstable();
        running.tell_and_stop(runtime, &all_took);
    }
}

/// From the rename of the file on.
struct Reloaded {
    /// Until the catalogue offered the new version.
    available: Duration,
    /// Until the workflow's binding named it.
    current: Duration,
}

/// The same of all reloads.
#[derive(Default)]
struct Took {
    available: Vec<Duration>,
    current: Vec<Duration>,
}

/// An engine under a steady load of decisions.
struct Running {
    world: Arc<World>,
    /// The version of the plugin as it was built.
    first: String,
    stop: Arc<AtomicBool>,
    load: JoinHandle<Vec<Position>>,
}

impl Running {
    fn start(place: &Place, runtime: &Runtime) -> Self {
        let world = Arc::new(place.start(runtime, ClockMode::Real));
        let stop = Arc::new(AtomicBool::new(false));
        runtime.block_on(async {
            world.run(listening(WORKFLOW)).await;
            let first = bound(&world).await;
            let load = tokio::spawn(load(Arc::clone(&world), Arc::clone(&stop)));
            Self {
                world,
                first,
                stop,
                load,
            }
        })
    }

    /// Ends the load and says what became of it.
    fn tell_and_stop(self, runtime: &Runtime, took: &Took) {
        self.stop.store(true, Ordering::Relaxed);
        let positions = runtime.block_on(async {
            let positions = self.load.await.expect("the load does not panic");
            self.world.applied(&positions).await;
            positions
        });
        let metrics = self.world.engine.metrics_snapshot().expect("it runs");
        say(&format!(
            "reload: {} times, current after p50 {:.2?}, longest {:.2?}, of it until available (still for 50 ms, compiled, \
             cases) p50 {:.2?}; meanwhile {} events accepted, {} applied, {} decisions, {} failed",
            took.current.len(),
            quantile(&took.current, 0.5),
            quantile(&took.current, 1.0),
            quantile(&took.available, 0.5),
            positions.len(),
            metrics.events_applied,
            metrics.decisions,
            metrics.decisions_failed,
        ));
        assert_eq!(metrics.decisions_failed, 0, "no decision fails");
        assert_eq!(
            (metrics.events_applied, metrics.decisions),
            (positions.len() as u64, positions.len() as u64),
            "none is lost, each is decided once"
        );
        if let Some(world) = Arc::into_inner(self.world) {
            world.stop(runtime);
        }
    }
}

/// Has an order accepted at every beat until it is told to stop.
async fn load(world: Arc<World>, stop: Arc<AtomicBool>) -> Vec<Position> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut positions = Vec::new();
    let mut beats = tokio::time::interval(PACE);
    while !stop.load(Ordering::Relaxed) {
        beats.tick().await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let event = order(number % CONTACTS, number, machine_now());
        positions.extend(world.accept(vec![event]).await);
    }
    positions
}

/// Renames the new file into the folder and waits until the binding names its version.
async fn replace(place: &Place, world: &World, bytes: &[u8], version: &str) -> Reloaded {
    let name = PluginName::parse(PLUGIN).expect("a name");
    let wanted = VersionReq::parse(&format!("={version}")).expect("a requirement");
    let began = process_now();
    place.put_plugin(PLUGIN, bytes);
    let reloaded = async {
        let mut looks = tokio::time::interval(LOOK);
        while world.catalogue.resolve(&name, &wanted).is_none() {
            looks.tick().await;
        }
        let available = began.elapsed();
        while bound(world).await != version {
            looks.tick().await;
        }
        Reloaded {
            available,
            current: began.elapsed(),
        }
    };
    let reloaded = tokio::time::timeout(BOUND, reloaded).await;
    reloaded.expect("it becomes current in time")
}

/// The version that the workflow's trigger stands for.
async fn bound(world: &World) -> String {
    let id = WorkflowId::parse(WORKFLOW).expect("an id");
    let view = world.engine.workflow(&id).await.expect("it runs");
    let view = view.expect("it is there");
    let version = view.definition.current_version().expect("a version");
    version.bindings[&Slot::Trigger].version.to_string()
}

/// The version of the reload of that number; all of one length, each newer than the one before.
fn version(reload: u32) -> String {
    assert!(
        reload < 900,
        "a version of five letters has no more numbers"
    );
    format!("{}.{}.{}", 1 + reload / 100, reload / 10 % 10, reload % 10)
}

/// The same component as another version of the same length.
fn with_version(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    assert_eq!(from.len(), to.len(), "bytes are exchanged one for one");
    let mut changed = component.to_vec();
    for at in 1..changed.len() - from.len() {
        // Versions of the contract stand behind an `@`.
        if changed[at..].starts_with(from) && changed[at - 1] != b'@' {
            changed[at..at + to.len()].copy_from_slice(to);
        }
    }
    changed
}
