//! What the benchmarks share: an engine over temporary folders, an SMTP sink, an HTTP client, and their clock.
//!
//! Only `host/bench/benches` calls it, by `cargo xtask bench`. It must never do what is measured in another way than
//! the server does: it joins the rooms as `app` does, with the same defaults where a benchmark names no other.
//! In each group the function named `baseline...` is the bare library doing the same work.

pub mod clock;
pub mod http;
pub mod place;
pub mod sink;

use std::{ffi::OsString, fs, path::Path, time::Duration};

use criterion::Criterion;
use tokio::runtime::Runtime;

/// Set in the process that this binary starts to compile plugins.
const CHILD: &str = "SIGNALBOX_BENCH_COMPILES";
/// How long a function is run before it is measured.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long a function is measured, by criterion's estimate.
const MEASURED: Duration = Duration::from_secs(3);
/// Samples of a function: criterion allows no fewer.
const SAMPLES: usize = 10;

/// Whether this process was started to compile a plugin; it is done then, and `main` returns.
pub fn compiles() -> bool {
    let is_child = std::env::var_os(CHILD).is_some();
    if is_child {
        signalbox_rules::compile::child(std::io::stdin()).expect("the job is done");
    }
    is_child
}

/// The command whose process answers [`compiles`] with yes.
pub(crate) fn compile_command() -> Vec<OsString> {
    let this = std::env::current_exe().expect("a benchmark has a binary");
    vec!["env".into(), format!("{CHILD}=1").into(), this.into()]
}

/// Criterion with our short measurements and the arguments of the command line.
pub fn criterion() -> Criterion {
    Criterion::default()
        .without_plots()
        .sample_size(SAMPLES)
        .warm_up_time(WARM_UP)
        .measurement_time(MEASURED)
        .configure_from_args()
}

/// The runtime that engine, servers and clients share.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
}

/// Whether the command line wants that group, for what criterion does not know of: it names no part of a name, or one of
/// this name's.
pub fn is_wanted(group: &str) -> bool {
    let mut named = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'));
    named.next().is_none_or(|part| group.contains(&part))
}

/// Prints one line beside what criterion prints.
#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
pub fn say(line: &str) {
    println!("  {line}");
}

/// The value below which that share of the sorted values lies.
pub fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let at = (share * last as f64).ceil() as usize;
    sorted.get(at.min(last)).copied().unwrap_or_default()
}

/// Bytes of all files in the folder and those in it.
pub fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("its entries can be read");
        if entry.path().is_dir() {
            bytes_in(&entry.path())
        } else {
            entry.metadata().map_or(0, |metadata| metadata.len())
        }
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::quantile;
    use std::time::Duration;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 0.5), Duration::from_millis(51));
        assert_eq!(quantile(&sorted, 0.99), Duration::from_millis(100));
        assert_eq!(quantile(&sorted, 1.0), Duration::from_millis(100));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }
}
