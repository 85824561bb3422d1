//! `signalbox serve`: starts the server and stops it in order on SIGINT or SIGTERM; a second signal ends it at once.

use std::{pin::pin, time::Duration};

use anyhow::{Context, bail};
use signalbox_api::keys::{Role, write_owner_only};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};

use crate::{
    clock::machine_now,
    config::{self, Config},
    wiring::{Running, plugins_in_words},
};

/// Supervisors signal a process and its group: what follows this soon is the same wish.
const DOUBLED_WITHIN: Duration = Duration::from_millis(500);
/// What a shell expects of a process that a signal ended.
const ENDED_BY_SIGNAL: i32 = 130;

pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let is_new = !config.keys_file().exists();
    let mut starting = pin!(Running::start(config));
    let running = tokio::select! {
        started = &mut starting => started?,
        () = signals.next() => {
            // Opening cannot be broken off: it comes to its end, and is closed in order.
            let _second = signals.end_at_the_next();
            starting.await?.stop().await;
            return Ok(());
        }
    };
    if is_new {
        leave_admin_key(config, &running)?;
    }
    announce(config, &running);
    let engine = running.engine.clone();
    let failure = tokio::select! {
        () = signals.next() => None,
        failure = engine.failed() => failure,
    };
    drop(engine);
    let _second = signals.end_at_the_next();
    running.stop().await;
    match failure {
        None => {
            tracing::info!("stopped");
            Ok(())
        }
        Some(reason) => bail!(
            "the engine cannot go on: {reason}; what was acknowledged is safe, the next start recovers"
        ),
    }
}

/// The first start on an empty store makes a key, so that there is a way in.
pub(crate) fn leave_admin_key(config: &Config, running: &Running) -> anyhow::Result<()> {
    let (stored, key) =
        running
            .keys
            .create("made at the first start", Role::Admin, machine_now())?;
    let path = config.admin_key_file();
    write_owner_only(&path, format!("{key}\n").as_bytes())
        .with_context(|| format!("writing the admin key to {}", path.display()))?;
    tracing::info!(
        key.id = %stored.id,
        "the first admin key is in {}: take it from there and delete the file",
        path.display()
    );
    Ok(())
}

fn announce(config: &Config, running: &Running) {
    let (available, refused) = plugins_in_words(&running.plugins.list());
    let clock = match config.clock {
        config::Clock::Real => "the real clock",
        config::Clock::Manual => "a manual clock",
    };
    let mails = match config.transport {
        config::Transport::Smtp => format!("mails go to {}:{}", config.smtp.host, config.smtp.port),
        config::Transport::Capture => format!("mails stay at {}/inbox", running.url()),
    };
    let mut plugins = match available.as_slice() {
        [] => format!("no plugins in {}", config.plugins.display()),
        names => format!("plugins {}", names.join(", ")),
    };
    if !refused.is_empty() {
        plugins = format!("{plugins}; refused {}", refused.join("; "));
    }
    tracing::info!(
        url = %running.url(),
        data = %config.data.display(),
        plugins.available = available.len(),
        plugins.refused = refused.len(),
        "serving {} from {} on {clock}; {mails}; {plugins}",
        running.url(),
        config.data.display(),
    );
}

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
