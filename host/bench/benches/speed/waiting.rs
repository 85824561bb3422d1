//! How many bytes a waiting journey takes on disk and in memory, for growing numbers of them, so that the slope is known.
//!
//! Measured once and not by criterion. A process of its own lets contacts enter by way of the engine, as they enter a
//! server: event, log, trigger, commit. At each size it waits until what is written in the background has come to
//! rest, and tells the bytes of the store's and the journal's files and of its resident memory.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_bench::{
    bytes_in,
    clock::{machine_now, process_now},
    is_wanted,
    place::{Place, World, order, waiting},
    say,
};
use signalbox_engine::ClockMode;
use tokio::runtime::Runtime;

/// The sizes that are looked at.
const SIZES: [u64; 4] = [0, 100_000, 300_000, 1_000_000];
/// The largest size that is built; `SIGNALBOX_BENCH_WAITING` names another.
const JOURNEYS_MAX: u64 = 300_000;
const JOURNEYS_MAX_NAME: &str = "SIGNALBOX_BENCH_WAITING";
/// How many the slope is drawn out to.
const FAR: f64 = 10e6;
/// Contacts of one batch.
const BATCH: u64 = 4_000;
/// Set in the process that builds: the folder that it works in.
const FOLDER: &str = "SIGNALBOX_BENCH_BUILDS";
/// Between two looks at whether the files are at rest, and how many looks at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS_MAX: u32 = 60;
/// Looks without a change after which they are at rest: the background writes twice a second.
const AT_REST: u32 = 3;

/// What one size takes.
#[derive(Debug, Clone, Copy)]
struct Taken {
    journeys: u64,
    store_bytes: u64,
    journal_bytes: u64,
    resident_bytes: u64,
    /// To build it, from the start.
    ms: u64,
}

/// Whether this process was started to build journeys; it has done so then, and `main` returns.
pub(crate) fn builds(runtime: &Runtime) -> bool {
    let folder = env::var_os(FOLDER);
    if let Some(folder) = &folder {
        build(PathBuf::from(folder), runtime);
    }
    folder.is_some()
}

pub(crate) fn bytes_each() {
    if !is_wanted("waiting_journeys") {
        return;
    }
    let place = Place::new(&["event"]);
    let this = env::current_exe().expect("a benchmark has a binary");
    let mut child = Command::new(this)
        .env(FOLDER, place.root())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let told = BufReader::new(child.stdout.take().expect("it has an output"));
    let mut before: Option<Taken> = None;
    for line in told.lines() {
        let taken = Taken::read(&line.expect("it tells"));
        if let Some(before) = before {
            tell(&before, &taken);
        }
        // The first, without a journey, is what everything else is compared with.
        before = Some(taken);
    }
    let ended = child.wait().expect("it has ended");
    assert!(ended.success(), "all are built");
}

/// The step from one size to the next, and where it leads to.
fn tell(before: &Taken, taken: &Taken) {
    let more = (taken.journeys - before.journeys) as f64;
    let each = |of: fn(&Taken) -> u64| (of(taken) as f64 - of(before) as f64) / more;
    let far =
        |of: fn(&Taken) -> u64| (of(taken) as f64 + each(of) * (FAR - taken.journeys as f64)) / 1e9;
    say(&format!(
        "waiting journeys, {} to {}: each {:.0} bytes of store and {:.0} of journal on disk, {:.0} in memory; so ten \
         million take {:.1} GB of store, {:.1} GB of journal and {:.1} GB in memory; {} built in {:.0} s ({:.0} a second)",
        before.journeys,
        taken.journeys,
        each(|taken| taken.store_bytes),
        each(|taken| taken.journal_bytes),
        each(|taken| taken.resident_bytes),
        far(|taken| taken.store_bytes),
        far(|taken| taken.journal_bytes),
        far(|taken| taken.resident_bytes),
        taken.journeys,
        taken.ms as f64 / 1e3,
        more * 1e3 / (taken.ms - before.ms).max(1) as f64,
    ));
}

impl Taken {
    fn read(line: &str) -> Self {
        let numbers: Vec<u64> = line
            .split(' ')
            .map(|number| number.parse().expect("a number"))
            .collect();
        let [journeys, store_bytes, journal_bytes, resident_bytes, ms] = numbers[..] else {
            panic!("not five numbers: {line}");
        };
        Self {
            journeys,
            store_bytes,
            journal_bytes,
            resident_bytes,
            ms,
        }
    }

    fn write(&self) {
        let mut output = io::stdout();
        writeln!(
            output,
            "{} {} {} {} {}",
            self.journeys, self.store_bytes, self.journal_bytes, self.resident_bytes, self.ms
        )
        .and_then(|()| output.flush())
        .expect("somebody listens");
    }
}

fn build(folder: PathBuf, runtime: &Runtime) {
    let journeys_max = env::var(JOURNEYS_MAX_NAME).ok();
    let journeys_max = journeys_max.map_or(JOURNEYS_MAX, |text| text.parse().expect("a number"));
    let place = Place::at(folder);
    let world = place.start(runtime, ClockMode::Real);
    runtime.block_on(world.run(waiting_long("waiting")));
    let mut built = 0;
    let mut took = Duration::ZERO;
    for size in SIZES.into_iter().filter(|size| *size <= journeys_max) {
        let began = process_now();
        runtime.block_on(enter(&world, built..size));
        took += began.elapsed();
        built = size;
        let store_bytes = runtime.block_on(at_rest(&place.data().join("store")));
        let taken = Taken {
            journeys: size,
            store_bytes,
            journal_bytes: bytes_in(&place.data().join("journal")),
            resident_bytes: resident_bytes(),
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        taken.write();
    }
    world.stop(runtime);
}

async fn enter(world: &World, numbers: std::ops::Range<u64>) {
    let now = machine_now();
    for first in numbers.clone().step_by(BATCH as usize) {
        let batch = first..(first + BATCH).min(numbers.end);
        let orders = batch.map(|number| order(number, number, now)).collect();
        let positions = world.accept(orders).await;
        world.applied(&positions).await;
    }
}

/// The workflow, with a wait that nobody sees the end of.
fn waiting_long(id: &str) -> Json {
    let mut document = waiting(id);
    document["steps"][0]["wait"] = json!({ "for": "300d" });
    document
}

/// Bytes of the folder, once they have not changed for a while.
async fn at_rest(folder: &Path) -> u64 {
    let (mut bytes, mut unchanged) = (0, 0);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    for _ in 0..LOOKS_MAX {
        looks.tick().await;
        let found = bytes_in(folder);
        unchanged = if found == bytes { unchanged + 1 } else { 0 };
        bytes = found;
        if unchanged == AT_REST {
            break;
        }
    }
    bytes
}

/// Resident memory of this process.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.expect("it is a number of kilobytes") * 1024
}
