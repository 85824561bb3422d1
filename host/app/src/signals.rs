//! The signals that ask the process to end, in order or at once.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

/// Supervisors signal a process and its group: what follows this soon is the same wish.
const DOUBLED_WITHIN: Duration = Duration::from_millis(500);
/// What a shell expects of a process that a signal ended.
const ENDED_BY_SIGNAL: i32 = 130;

/// The two signals that ask a process to end.
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listening to signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Says that the stop has begun; the next signal ends the process at once, until the answer is dropped.
    pub(crate) fn end_at_the_next(mut self) -> AbortOnDrop {
        tracing::info!("stopping: a second signal ends the process at once");
        AbortOnDrop(tokio::spawn(async move {
            let doubled = async {
                loop {
                    self.next().await;
                }
            };
            let _ = tokio::time::timeout(DOUBLED_WITHIN, doubled).await;
            self.next().await;
            end_at_once();
        }))
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// A task that ends with its owner.
pub(crate) struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever sends a second signal does not want to wait; what was acknowledged is durable"
)]
fn end_at_once() {
    std::process::exit(ENDED_BY_SIGNAL);
}
