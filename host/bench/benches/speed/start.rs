//! How long a start takes after kill -9, for two sizes of the store, so that its slope is known.
//!
//! A process of its own lets contacts enter a workflow where each waits, and is killed. Every start is on a copy of
//! what it left: plugins from the cache, store, journal, all until the engine serves. The baseline is the store alone
//! being opened. The bar of design section 11 is 5 s at a million contacts.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use criterion::{Criterion, SamplingMode};
use signalbox_bench::{
    bytes_in,
    clock::{machine_now, process_now},
    place::{Place, order, waiting},
    say,
};
use signalbox_engine::ClockMode;
use signalbox_store::Store;
use tokio::runtime::Runtime;

/// Contacts of the two sizes.
const SIZES: [u64; 2] = [20_000, 100_000];
/// Contacts of one batch.
const BATCH: u64 = 1_000;
/// Set in the process that is killed: the folder that it works in.
const KILLED: &str = "SIGNALBOX_BENCH_KILLED";
/// Set beside it: how many contacts it lets enter.
const CONTACTS: &str = "SIGNALBOX_BENCH_CONTACTS";

/// Whether this process was started to be killed; it has filled its store then, and `main` returns.
pub(crate) fn fills(runtime: &Runtime) -> bool {
    let folder = env::var_os(KILLED);
    if let Some(folder) = &folder {
        fill_until_killed(PathBuf::from(folder), runtime);
    }
    folder.is_some()
}

pub(crate) fn starts(criterion: &mut Criterion, runtime: &Runtime) {
    let measured: Vec<Measured> = SIZES
        .into_iter()
        .filter_map(|contacts| start(criterion, contacts, runtime))
        .collect();
    if let [small, large] = measured.as_slice() {
        tell_slope(small, large);
    }
}

/// What starts of one size took.
struct Measured {
    contacts: u64,
    data_bytes: u64,
    mean: Duration,
}

fn start(criterion: &mut Criterion, contacts: u64, runtime: &Runtime) -> Option<Measured> {
    let mut left = None;
    let mut starts = (Duration::ZERO, 0_u32);
    let mut group = criterion.benchmark_group(format!("start_after_kill_{contacts}_contacts"));
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function("baseline_open_store", |bencher| {
        let left = left.get_or_insert_with(|| killed(contacts));
        bencher.iter_custom(|starts| (0..starts).map(|_| open_store(left)).sum());
    });
    group.bench_function("signalbox", |bencher| {
        let left = left.get_or_insert_with(|| killed(contacts));
        bencher.iter_custom(|count| {
            let took = (0..count).map(|_| open_all(left, runtime)).sum();
            starts = (starts.0 + took, starts.1 + count as u32);
            took
        });
    });
    group.finish();
    let (took, count) = starts;
    left.filter(|_| count > 0).map(|left| Measured {
        contacts,
        data_bytes: bytes_in(&left.data()),
        mean: took / count,
    })
}

fn tell_slope(small: &Measured, large: &Measured) {
    let seconds = large.mean.as_secs_f64() - small.mean.as_secs_f64();
    let contacts = (large.contacts - small.contacts) as f64;
    let bytes = large.data_bytes.saturating_sub(small.data_bytes).max(1) as f64;
    say(&format!(
        "start after kill -9: {} contacts ({} MB) {:.2?}, {} contacts ({} MB) {:.2?}; the slope is {:.2} s a million \
         contacts, {:.2} s a GB of journal and store",
        small.contacts,
        small.data_bytes / 1_000_000,
        small.mean,
        large.contacts,
        large.data_bytes / 1_000_000,
        large.mean,
        seconds / contacts * 1e6,
        seconds / bytes * 1e9,
    ));
}

fn open_store(left: &Place) -> Duration {
    let place = left.copy();
    let began = process_now();
    // Eight partitions are the engine's default.
    let config = signalbox_store::Config::new(&place.data().join("store"), 8, machine_now());
    let store = Store::open(&config).expect("the store opens");
    let took = began.elapsed();
    drop(store);
    took
}

fn open_all(left: &Place, runtime: &Runtime) -> Duration {
    let place = left.copy();
    let began = process_now();
    let world = place.start(runtime, ClockMode::Real);
    let took = began.elapsed();
    world.stop(runtime);
    took
}

/// What a killed process left.
fn killed(contacts: u64) -> Place {
    let place = Place::new(&["event"]);
    let this = env::current_exe().expect("a benchmark has a binary");
    let mut child = Command::new(this)
        .env(KILLED, place.root())
        .env(CONTACTS, contacts.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let told = BufReader::new(child.stdout.take().expect("it has an output"));
    let is_full = told
        .lines()
        .any(|line| line.expect("it tells").trim() == "full");
    assert!(is_full, "all contacts are in before it is killed");
    child.kill().expect("it is killed");
    child.wait().expect("it has ended");
    place
}

/// Lets contacts enter, says so, and goes on until it is killed.
fn fill_until_killed(folder: PathBuf, runtime: &Runtime) {
    let contacts = env::var(CONTACTS).ok().and_then(|text| text.parse().ok());
    let contacts: u64 = contacts.expect("it is told how many");
    let world = Place::at(folder).start(runtime, ClockMode::Real);
    runtime.block_on(async {
        world.run(waiting("waiting")).await;
        let mut first = 0;
        while first < contacts {
            let now = machine_now();
            let orders = (first..first + BATCH).map(|number| order(number, number, now));
            let positions = world.accept(orders.collect()).await;
            world.applied(&positions).await;
            first += BATCH;
        }
    });
    let mut output = io::stdout();
    output
        .write_all(b"full\n")
        .and_then(|()| output.flush())
        .expect("somebody listens");
    // Whoever started it kills it now; if that one is gone, its end of the input closes.
    let _ = io::stdin().read_line(&mut String::new());
}
