//! `signalbox serve`: starts the server and stops it in order on SIGINT or SIGTERM; a second signal ends it at once.

use std::time::Duration;

use anyhow::{Context, bail};
use signalbox_api::keys::{Role, write_owner_only};

use crate::{
    clock::machine_now,
    config::{self, Config},
    signals::Signals,
    wiring::{Running, plugins_in_words},
};

/// Longest wait at the start for the plugins of the folder; what takes longer comes in while the server runs.
const PLUGINS_WAIT_MAX: Duration = Duration::from_mins(1);

pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let is_new = !config.keys_file().exists();
    let starting = Running::start_unless_stopped(config, PLUGINS_WAIT_MAX, Signals::new()?);
    let Some((running, mut signals)) = starting.await? else {
        return Ok(());
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
