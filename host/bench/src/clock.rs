//! The clocks of the benchmarks: process time to measure by, and the machine's to date events with.

use std::time::{Instant as ProcessInstant, SystemTime, UNIX_EPOCH};

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
