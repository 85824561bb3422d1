//! Waiting for a state with a bound: the only waiting that the end-to-end tests do.
//!
//! Every module here calls it. It never waits for time alone.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// Between two looks at a state that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Asks again and again until there is an answer; after the bound it is an error that says what was waited for.
pub fn until<T>(
    what: &str,
    bound: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let watch = Watch::start();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if watch.elapsed() >= bound {
            bail!("{what}: not within {} s", bound.as_secs_f64());
        }
        thread::park_timeout(LOOK_EVERY);
    }
}

/// A monotonic stopwatch, the one clock of these tests.
#[derive(Debug, Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    /// Starts it.
    #[expect(
        clippy::disallowed_methods,
        reason = "bounds and figures of tests are process time"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// What has passed since.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
