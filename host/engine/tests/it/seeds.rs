//! The simulator of faults: real engine, journal, store, rules and mail under a seeded schedule of crashes between any
//! two hops, duplicated, late and reordered calls, steps of the clock, and a mail server that lies.
//!
//! A seed fixes the schedule; how threads interleave is the machine's, so a seed that failed may need a few runs. Each
//! failure prints its seed. `FAULT_SEED=n` plays one and tells what it does, `FAULT_SEEDS=n` says how many are played.

#![expect(
    clippy::print_stdout,
    reason = "a seed that fails is named, and one that is played alone tells what it does"
)]

mod checks;
mod disk;
mod documents;
mod draw;
mod host;
mod play;
mod reaper;
mod server;

use std::{
    collections::BTreeMap,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use self::{
    host::Bench,
    play::Play,
    reaper::{HOPS, HOPS_RARE},
};

/// Plays only this seed, and tells what it does.
const SEED: &str = "FAULT_SEED";
/// How many seeds are played.
const SEEDS: &str = "FAULT_SEEDS";
const SEEDS_DEFAULT: u64 = 2_000;
/// The seeds are played in so many tests, so that none takes too long.
const SHARES: u64 = 8;
/// Seeds played at one time: most of them wait for each other's fsyncs and rules.
const AT_ONCE: usize = 6;
/// With so many seeds a share goes down at every hop but the rare ones.
const SEEDS_FOR_ALL_HOPS: u64 = 250;
/// Failures after which a share ends.
const FAILURES_MAX: usize = 3;

macro_rules! shares {
    ($($name:ident $share:literal)*) => {$(
        #[test]
        fn $name() {
            play_share($share);
        }
    )*};
}

shares! {
    seeds_of_share_0 0
    seeds_of_share_1 1
    seeds_of_share_2 2
    seeds_of_share_3 3
    seeds_of_share_4 4
    seeds_of_share_5 5
    seeds_of_share_6 6
    seeds_of_share_7 7
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn play_share(share: u64) {
    if let Some(seed) = number(SEED) {
        if seed % SHARES == share {
            let mut play = Play::new(seed);
            let played = play_one(&mut play);
            println!("{}", play.log.join("\n"));
            played.unwrap_or_else(|error| panic!("{SEED}={seed}: {error}"));
        }
        return;
    }
    let seeds = number(SEEDS).unwrap_or(SEEDS_DEFAULT);
    let crashes = play_seeds(0..seeds, share);
    let counted: u64 = crashes.values().sum();
    println!("seeds 0 to {seeds}, share {share}: {counted} crashes, {crashes:?}");
    if seeds / SHARES >= SEEDS_FOR_ALL_HOPS {
        let wanted = HOPS.iter().filter(|hop| !HOPS_RARE.contains(hop));
        let missed = wanted.copied().find(|hop| !crashes.contains_key(hop));
        assert_eq!(missed, None, "nothing went down there");
    }
}

/// Plays those of the seeds that are in the share; answers how often an engine went down where.
fn play_seeds(seeds: Range<u64>, share: u64) -> BTreeMap<&'static str, u64> {
    // Before the threads, which would make it wait for each other.
    Bench::get();
    let next = AtomicU64::new(seeds.start + share);
    let stopping = AtomicBool::new(false);
    let failures: Mutex<Vec<String>> = Mutex::default();
    let crashes: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while !stopping.load(Ordering::Acquire) {
                    let seed = next.fetch_add(SHARES, Ordering::AcqRel);
                    if seed >= seeds.end {
                        return;
                    }
                    let mut play = Play::new(seed);
                    if let Err(error) = play_one(&mut play) {
                        let log = play.log.join("\n  ");
                        println!("{SEED}={seed} failed: {error}\n  {log}");
                        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                        failures.push(format!("{SEED}={seed}: {error}"));
                        stopping.store(failures.len() >= FAILURES_MAX, Ordering::Release);
                    }
                    let mut crashes = crashes.lock().unwrap_or_else(PoisonError::into_inner);
                    for at in play.known.crashes {
                        *crashes.entry(at).or_default() += 1;
                    }
                }
            });
        }
    });
    let failures = failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    assert!(
        failures.is_empty(),
        "play one alone with {SEED}=n:\n{}",
        failures.join("\n")
    );
    crashes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn play_one(play: &mut Play) -> Result<(), String> {
    // Unwind safety: what panicked is looked at no more.
    let played = catch_unwind(AssertUnwindSafe(|| {
        play.play()?;
        checks::check(play)
    }));
    played.unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("it panicked: {}", said.unwrap_or("without a word")))
    })
}
