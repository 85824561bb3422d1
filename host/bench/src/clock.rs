//! The clocks of the benchmarks: process time to measure by, and the machine's to date events with.

use std::{
    fs,
    time::{Duration, Instant as ProcessInstant, SystemTime, UNIX_EPOCH},
};

use signalbox_model::time::Instant;

/// Process time.
#[expect(
    clippy::disallowed_methods,
    reason = "process time is what a benchmark measures"
)]
pub fn process_now() -> ProcessInstant {
    ProcessInstant::now()
}

/// Now, by the machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "events are dated as a caller on this machine dates them"
)]
pub fn machine_now() -> Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Instant::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What all threads of this process have used of the processors so far, those that have ended included; to 10 ms.
pub fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux tells it");
    let (_, fields) = stat.rsplit_once(") ").expect("the name stands in brackets");
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
