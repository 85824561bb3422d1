//! The machine's clock, for what the binary itself dates: the keys it makes. Commands call it.
//!
//! Journey time never comes from here: the engine has its own clock.

use signalbox_model::time::Instant;

/// Now, by the machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the binary that reads the machine's clock"
)]
pub(crate) fn machine_now() -> Instant {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Instant::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Process time, to say how long something took.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the binary that reads the monotonic clock"
)]
pub(crate) fn process_now() -> std::time::Instant {
    std::time::Instant::now()
}
