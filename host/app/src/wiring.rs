//! Joins the rooms to a server as the settings say: sandbox, plugins, mail, engine, keys, HTTP.
//!
//! `serve` and `demo` run what this starts; `store` uses the parts that a rebuild needs. It decides nothing.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, mpsc},
    time::Duration,
};

use anyhow::{Context, anyhow};
use signalbox_api::{App, bodies::Bodies, connections, keys::Keyring};
use signalbox_engine::{ClockMode, Engine, Parts};
use signalbox_mail::{
    capture::Capture,
    smtp::{Config as SmtpConfig, Credentials, Pool, PoolConfig, Timeouts},
    transport::Transport,
};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig, CatalogueEvent, FileState, PluginStatus},
    trust::Trust,
};
use tokio::{net::TcpListener, runtime::Handle, sync::watch, task::JoinHandle};

use crate::{
    client,
    config::{self, Config},
    signals::Signals,
    table,
};

/// Longest wait for the plugins of the folder, where what needs them cannot take them in later.
pub(crate) const PLUGINS_WAIT_MAX: Duration = Duration::from_mins(10);
/// Longest wait at a stop for requests that were begun.
const REQUESTS_WAIT_MAX: Duration = Duration::from_secs(10);

/// A server that runs.
pub(crate) struct Running {
    pub(crate) engine: Engine,
    pub(crate) address: SocketAddr,
    pub(crate) keys: Arc<Keyring>,
    pub(crate) plugins: Arc<Catalogue>,
    pub(crate) data: PathBuf,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    tables: JoinHandle<()>,
}

impl Running {
    /// Starts everything and serves, unless a signal comes before. Plugins that take longer than the wait come in while
    /// it runs.
    pub(crate) async fn start_unless_stopped(
        config: &Config,
        plugins_wait: Duration,
        mut signals: Signals,
    ) -> anyhow::Result<Option<(Self, Signals)>> {
        let mut starting = pin!(Self::start(config, plugins_wait));
        tokio::select! {
            started = &mut starting => Ok(Some((started?, signals))),
            () = signals.next() => {
                // Opening cannot be broken off: it comes to its end, and is closed in order.
                let _second = signals.end_at_the_next();
                starting.await?.stop().await;
                Ok(None)
            }
        }
    }

    /// Nothing is left running when it fails.
    async fn start(config: &Config, plugins_wait: Duration) -> anyhow::Result<Self> {
        config.check_folders()?;
        make_data_folder(&config.data)?;
        // First, so that a port in use is told before anything is opened.
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listening on {}", config.listen))?;
        let address = listener.local_addr().context("listening")?;
        let keys = Arc::new(Keyring::open(config.keys_file())?);
        let transport = transport(config)?;
        let clock = match config.clock {
            config::Clock::Real => ClockMode::Real,
            config::Clock::Manual => ClockMode::Manual,
        };
        let data = config.data.clone();
        let tables = config.tables.clone();
        let connection_limits = config.http.limits();
        let (config, runtime) = (config.clone(), Handle::current());
        let started = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            let parts = parts_within(&config, plugins_wait, transport, clock, runtime)?;
            let plugins = Arc::clone(&parts.catalogue);
            let engine = Engine::start(config.engine(), parts).context("starting the engine")?;
            Ok((engine, plugins, config.limits.rules))
        });
        let (engine, plugins, rule_limits) = started.await.context("starting")??;
        let app = App {
            engine: engine.clone(),
            keys: Arc::clone(&keys),
            rule_limits: Arc::new(rule_limits),
            connections: connection_limits,
            bodies: Bodies::new(&connection_limits),
        };
        let (stop, mut stopped) = watch::channel(false);
        let tables = tokio::spawn(table::folder::follow(
            engine.clone(),
            tables,
            stopped.clone(),
        ));
        let http = tokio::spawn(connections::serve(listener, app, async move {
            // A sender that is gone is a server that goes.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }));
        Ok(Self {
            engine,
            address,
            keys,
            plugins,
            data,
            stop,
            http,
            tables,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers what was asked, sends what was begun, and closes everything.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(REQUESTS_WAIT_MAX, &mut self.http)
            .await
            .is_err()
        {
            tracing::warn!("some requests took too long to wait for");
            self.http.abort();
        }
        // A put that was begun ends with the engine at the latest.
        self.tables.abort();
        let _ = (&mut self.tables).await;
        self.engine.stop().await;
        // Its threads are joined where that may block.
        let plugins = self.plugins;
        let _ = tokio::task::spawn_blocking(move || drop(plugins)).await;
    }
}

/// What the engine joins. Blocks until the plugins of the folder are looked at, within a bound.
pub(crate) fn parts(
    config: &Config,
    transport: Transport,
    clock: ClockMode,
    runtime: Handle,
) -> anyhow::Result<Parts> {
    parts_within(config, PLUGINS_WAIT_MAX, transport, clock, runtime)
}

/// The same for a copy of a data folder, where nothing is sent and nobody waits for the real clock.
pub(crate) fn parts_of_copy(copy: &Config, runtime: Handle) -> anyhow::Result<Parts> {
    // Nothing is sent; the engine only wants one.
    let nowhere = Capture::open(&copy.inbox_folder(), copy.capture.messages_max)
        .context("opening an inbox for nothing")?;
    parts(
        copy,
        Transport::Capture(nowhere),
        ClockMode::Manual,
        runtime,
    )
}

fn parts_within(
    config: &Config,
    plugins_wait: Duration,
    transport: Transport,
    clock: ClockMode,
    runtime: Handle,
) -> anyhow::Result<Parts> {
    let (catalogue, catalogue_events) = listened(config, policy(config)?, plugins_wait)?;
    Ok(Parts {
        catalogue,
        catalogue_events,
        transport,
        clock,
        runtime,
    })
}

/// The plugins and what happens to them. Blocks until those of the folder are looked at, within a bound.
pub(crate) fn listened(
    config: &Config,
    trust: Trust,
    wait_max: Duration,
) -> anyhow::Result<(Arc<Catalogue>, mpsc::Receiver<CatalogueEvent>)> {
    let (sender, events) = mpsc::channel();
    let tell = move |event: CatalogueEvent| {
        // Nobody listens any more once the engine is gone.
        let _ = sender.send(event);
    };
    let kept = config.kept_plugins_folder();
    let catalogue = catalogue(config, trust, kept, wait_max, tell)?;
    Ok((Arc::new(catalogue), events))
}

/// Whose signatures count, and what is asked of a plugin before it may be bound.
pub(crate) fn policy(config: &Config) -> anyhow::Result<Trust> {
    let policy = config.trust.policy();
    policy.map_err(|(key, reason)| anyhow!("{key} {reason}"))
}

/// The plugins of the folder, looked at within a bound. Copies and compiled code go to `kept`.
pub(crate) fn catalogue(
    config: &Config,
    trust: Trust,
    kept: PathBuf,
    wait_max: Duration,
    tell: impl Fn(CatalogueEvent) + Send + Sync + 'static,
) -> anyhow::Result<Catalogue> {
    let sandbox = signalbox_rules::engine::Engine::new(config.limits.rules.clone())
        .context("starting the sandbox")?;
    let program = std::env::current_exe().context("finding our own program")?;
    let command = vec![program.into_os_string(), OsString::from("compile")];
    let catalogue_config = CatalogueConfig {
        trust,
        ..CatalogueConfig::new(config.plugins.clone(), kept, command)
    };
    let catalogue = Catalogue::open(Arc::new(sandbox), catalogue_config, tell)
        .context("opening the folder of plugins")?;
    if !catalogue.wait_settled(wait_max) {
        tracing::warn!("some plugins are still being loaded");
    }
    Ok(catalogue)
}

/// Copies the components that workflows are bound to, which may not be in the folder of plugins any more.
pub(crate) fn copy_kept_plugins(from: &Config, to: &Config) -> anyhow::Result<()> {
    from.check_folders()?;
    copy_folder(&from.kept_plugins_folder(), &to.kept_plugins_folder())
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    make_data_folder(to)?;
    if !from.is_dir() {
        return Ok(());
    }
    let copying = || format!("copying {}", from.display());
    for entry in fs::read_dir(from).with_context(copying)? {
        let path = entry.with_context(copying)?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(copying)?;
        }
    }
    Ok(())
}

/// The files that hold a plugin that can be bound, and those that were refused with their reasons, in words.
pub(crate) fn plugins_in_words(plugins: &[PluginStatus]) -> (Vec<String>, Vec<String>) {
    let mut available = Vec::new();
    let mut refused = Vec::new();
    for plugin in plugins {
        if let (FileState::Available, Some(version)) = (plugin.state, &plugin.version) {
            available.push(format!("{} {}", version.name, version.version));
        }
        if let (Some(file), Some(refusal)) = (&plugin.file, &plugin.refusal) {
            refused.push(format!("{file}: {}", refusal.reason));
        }
    }
    (available, refused)
}

fn transport(config: &Config) -> anyhow::Result<Transport> {
    match config.transport {
        config::Transport::Capture => {
            let capture = Capture::open(&config.inbox_folder(), config.capture.messages_max);
            Ok(Transport::Capture(
                capture.context("opening the inbox on disk")?,
            ))
        }
        config::Transport::Smtp => {
            let pool = PoolConfig {
                connections_max: config.smtp.connections_max,
                idle_max: Duration::from_secs(config.smtp.idle_s_max),
                messages_per_connection_max: config.smtp.messages_per_connection_max,
            };
            let pool = Pool::new(smtp_config(&config.smtp)?, pool);
            Ok(Transport::Smtp(pool.context("preparing SMTP")?))
        }
    }
}

fn smtp_config(smtp: &config::Smtp) -> anyhow::Result<SmtpConfig> {
    let password = match (&smtp.password, &smtp.password_file) {
        (Some(password), _) => Some(password.reveal().to_owned()),
        (None, Some(path)) => Some(client::read_secret(path)?),
        (None, None) => None,
    };
    let credentials = smtp
        .name
        .clone()
        .zip(password)
        .map(|(name, password)| Credentials { name, password });
    let timeouts = smtp.timeouts;
    Ok(SmtpConfig {
        host: smtp.host.clone(),
        port: smtp.port,
        security: smtp.security.into(),
        extra_roots: smtp.extra_roots.clone(),
        credentials,
        hello_name: smtp.hello_name.clone(),
        timeouts: Timeouts {
            connect: Duration::from_secs(timeouts.connect_s),
            tls: Duration::from_secs(timeouts.tls_s),
            greeting: Duration::from_secs(timeouts.greeting_s),
            command: Duration::from_secs(timeouts.command_s),
            mail: Duration::from_secs(timeouts.mail_s),
            rcpt: Duration::from_secs(timeouts.rcpt_s),
            data: Duration::from_secs(timeouts.data_s),
            block: Duration::from_secs(timeouts.block_s),
            end: Duration::from_secs(timeouts.end_s),
        },
    })
}

/// Makes the data folder if it is missing, for its owner alone.
pub(crate) fn make_data_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making the data folder {}", folder.display()))
}
