//! One engine after the other on one data folder, each of which may go down as kill -9 or a power cut would end it.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};

use signalbox_engine::{ClockMode, Config, Engine, Faults, LEAP_MS_MAX, NewInput, Parts};
use signalbox_mail::{
    smtp::{Config as SmtpConfig, Pool, PoolConfig, Security, Timeouts},
    transport::Transport,
};
use signalbox_model::{
    contact::AttributeChanges,
    id::ContactId,
    time::{Instant, Span},
};
use signalbox_rules::{
    catalogue::{Catalogue, CatalogueConfig},
    engine::Engine as Sandbox,
    limits::Limits,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{
    disk::Watched,
    draw::Draw,
    reaper::Reaper,
    server::{Server, Sink},
};
use crate::support::{self, BOUND, component, instant};

/// Partitions of contacts in every seed.
pub(super) const PARTITIONS: u16 = 2;
/// How long a sender waits for the server, so that silence costs little.
const SMTP_TIMEOUT: Duration = Duration::from_millis(400);
/// How long it waits for the reply to the final dot.
const SMTP_END_TIMEOUT: Duration = Duration::from_millis(60);

/// What all seeds of a process share.
pub(super) struct Bench {
    pub(super) runtime: Runtime,
    catalogue: Arc<Catalogue>,
    /// Holds the plugins and what is kept of them.
    _folder: TempDir,
}

impl Bench {
    pub(super) fn get() -> &'static Self {
        static BENCH: OnceLock<Bench> = OnceLock::new();
        BENCH.get_or_init(Self::new)
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins).expect("the folder is made");
        for name in ["event", "audience", "abandoned"] {
            let file = plugins.join(name).with_extension("wasm");
            fs::write(file, component(name)).expect("the plugin is written");
        }
        let sandbox = Sandbox::new(Limits {
            instances: 16,
            ..Limits::default()
        });
        let catalogue = Catalogue::open(
            Arc::new(sandbox.expect("a sandbox")),
            CatalogueConfig::new(
                plugins,
                folder.path().join("catalogue"),
                support::compile_command(),
            ),
            |_| {},
        );
        let catalogue = Arc::new(catalogue.expect("a catalogue"));
        assert!(catalogue.wait_settled(BOUND), "the plugins are loaded");
        let runtime = Builder::new_multi_thread().enable_all().build();
        Self {
            runtime: runtime.expect("a runtime"),
            catalogue,
            _folder: folder,
        }
    }
}

/// The engine went down before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Down;

/// See the module.
pub(super) struct Host {
    bench: &'static Bench,
    folder: TempDir,
    pub(super) sink: Arc<Sink>,
    /// `None` while it is down.
    engine: Option<Engine>,
    pub(super) reaper: Arc<Reaper>,
    disk: Arc<Watched>,
    server: Option<Server>,
    /// How this seed's engines are set.
    setting: Setting,
    /// Where the clock of the next engine begins at the latest.
    clock_from: Instant,
}

/// What a seed fixes of its engines.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) store_flush_every_ms: u64,
    pub(super) store_compact_from_bytes: u64,
    pub(super) group_records_max: usize,
    pub(super) tick_timers_max: u32,
    pub(super) sends_in_flight_max: usize,
}

impl Setting {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        Self {
            store_flush_every_ms: *draw.pick(&[2, 10, 500]),
            store_compact_from_bytes: *draw.pick(&[1, 64 << 20, 64 << 20]),
            group_records_max: *draw.pick(&[1, 3, 256]),
            tick_timers_max: *draw.pick(&[1, 2, 1_000]),
            sends_in_flight_max: *draw.pick(&[1, 4, 256]),
        }
    }
}

/// Memory, where there is a file system of it: seeds write much and keep nothing.
fn new_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = match tempfile::Builder::new().prefix("seeds").tempdir_in(memory) {
        Ok(folder) => Ok(folder),
        Err(_) => tempfile::tempdir(),
    };
    made.expect("a temporary folder")
}

impl Host {
    pub(super) fn new(setting: Setting) -> Self {
        let reaper = Reaper::new();
        Self {
            bench: Bench::get(),
            folder: new_folder(),
            sink: Arc::default(),
            engine: None,
            disk: Watched::new(Arc::clone(&reaper)),
            reaper,
            server: None,
            setting,
            clock_from: instant("2026-03-01T09:00:00Z"),
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn config(&self) -> Config {
        let mut config = Config::new(self.data());
        config.partitions = PARTITIONS;
        config.store_cache_bytes = 8 << 20;
        config.snapshot_every_s = 0;
        config.manual_start = self.clock_from;
        config.store_compact_from_bytes = self.setting.store_compact_from_bytes;
        config.limits.group_records_max = self.setting.group_records_max;
        config.limits.tick_timers_max = self.setting.tick_timers_max;
        config.limits.sends_in_flight_max = self.setting.sends_in_flight_max;
        config.faults = Faults {
            hops: self.reaper.hops(),
            journal_disk: Arc::<Watched>::clone(&self.disk),
            store_flush_every_ms: self.setting.store_flush_every_ms,
        };
        config
    }

    fn parts(&self, server: &Server) -> Parts {
        let smtp = SmtpConfig {
            host: server.address.ip().to_string(),
            port: server.address.port(),
            security: Security::None,
            extra_roots: None,
            credentials: None,
            hello_name: "seeds.example".to_owned(),
            timeouts: Timeouts {
                end: SMTP_END_TIMEOUT,
                ..Timeouts::all(SMTP_TIMEOUT)
            },
        };
        let pool = Pool::new(smtp, PoolConfig::default()).expect("a pool");
        let (_, catalogue_events) = mpsc::channel();
        Parts {
            catalogue: Arc::clone(&self.bench.catalogue),
            catalogue_events,
            transport: Transport::Smtp(pool),
            clock: ClockMode::Manual,
            runtime: self.bench.runtime.handle().clone(),
        }
    }

    /// Starts an engine on the folder, with a server that lies by that stream.
    ///
    /// # Errors
    /// When it went down on the way, or does not start.
    pub(super) fn start(&mut self, lies: Option<Draw>) -> Result<(), String> {
        let server = Server::start(self.bench.runtime.handle(), Arc::clone(&self.sink), lies);
        let (config, parts) = (self.config(), self.parts(&server));
        self.server = Some(server);
        // Unwind safety: an engine that went down while it started is never used.
        let started = catch_unwind(AssertUnwindSafe(|| Engine::start(config, parts)));
        match started {
            Ok(Ok(engine)) => self.engine = Some(engine),
            Ok(Err(_)) | Err(_) if self.reaper.is_down() => {}
            Ok(Err(error)) => return Err(format!("it does not start: {error}: {error:?}")),
            Err(_) => return Err("it panicked while it started".to_owned()),
        }
        Ok(())
    }

    /// Makes the rows anew from the last snapshot and the journal, and serves nobody. While no engine runs.
    pub(super) fn rebuild(&self) -> Result<(), String> {
        let server = Server::start(self.bench.runtime.handle(), Arc::clone(&self.sink), None);
        let config = Config {
            rebuild: true,
            ..self.config()
        };
        let rebuilt = signalbox_engine::recover(config, self.parts(&server));
        rebuilt
            .map(drop)
            .map_err(|error| format!("it cannot be rebuilt: {error}: {error:?}"))
    }

    /// Runs an operation on the engine, until it ends or the engine goes down.
    pub(super) fn run<T, E: std::fmt::Debug>(
        &self,
        work: impl AsyncFnOnce(Engine) -> Result<T, E>,
    ) -> Result<Result<T, E>, Down> {
        let Some(engine) = self.engine.clone() else {
            return Err(Down);
        };
        self.bench.runtime.block_on(async {
            let done = tokio::select! {
                biased;
                done = tokio::time::timeout(BOUND, work(engine)) => Some(done),
                () = self.reaper.downed() => None,
            };
            match done {
                // What went well went well before.
                Some(Ok(Err(_))) if self.reaper.is_down() => Err(Down),
                Some(Ok(done)) => Ok(done),
                Some(Err(_)) => panic!("nothing came of it within {BOUND:?}"),
                None => Err(Down),
            }
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("it runs")
    }

    pub(super) fn is_down(&self) -> bool {
        self.reaper.is_down()
    }

    /// The server tells the truth from now on.
    pub(super) fn reform(&self) {
        if let Some(server) = &self.server {
            server.reform();
        }
    }

    /// What the disk holds of the engine that went down is what the next one finds.
    pub(super) fn bury(&mut self, mut power_cut: Option<Draw>) {
        if let Some(server) = &self.server {
            server.cut();
        }
        self.poke();
        let next = new_folder();
        let (from, to) = (self.data(), next.path().join("data"));
        self.disk.copy(
            &from.join("journal"),
            &to.join("journal"),
            power_cut.as_mut(),
        );
        copy_living(&from.join("store"), &to.join("store"));
        if from.join("snapshots").exists() {
            copy_living(&from.join("snapshots"), &to.join("snapshots"));
        }
        if power_cut.is_some() {
            support::restart_machine(&to.join("store"));
        }
        if let Some(engine) = self.engine.take() {
            self.bench.runtime.block_on(engine.stop());
        }
        self.folder = next;
        self.reaper = Reaper::new();
        self.disk = Watched::new(Arc::clone(&self.reaper));
        self.server = None;
    }

    /// Has every thread of a dead engine come to a hop.
    fn poke(&self) {
        let Some(engine) = self.engine.clone() else {
            return;
        };
        let nobody = ContactId::parse("nobody").expect("an id");
        let nothing = NewInput::Attributes(nobody, AttributeChanges::default());
        let accepted = self
            .bench
            .runtime
            .block_on(async { tokio::time::timeout(BOUND, engine.accept(vec![nothing])).await });
        let accepted = accepted.expect("a dead journal answers");
        assert!(accepted.is_err(), "a dead journal takes nothing");
    }

    /// Stops it cleanly; it may go down on the way.
    pub(super) fn stop(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.bench.runtime.block_on(engine.stop());
        }
        if !self.is_down() {
            self.server = None;
        }
    }

    /// The machine was off for so long: the next engine's clock begins that much later than this one's.
    pub(super) fn lose_time(&mut self, now: Instant, minutes: u64) {
        let ms = i64::try_from(minutes).expect("a few days") * 60_000 + LEAP_MS_MAX;
        self.clock_from = now.plus(Span::from_ms(ms.unsigned_abs()));
    }

    pub(super) fn clock_from(&self) -> Instant {
        self.clock_from
    }
}

/// Copies a folder in which a dead engine may still be at work. Files come before folders, so that what the store notes
/// beside its rows is never newer than the rows that it vouches for.
fn copy_living(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    let entries = fs::read_dir(from).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort_by_key(|path| path.is_dir());
    for path in paths {
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy_living(&path, &target);
        } else {
            // What is being replaced is there under one name or the other.
            let _ = fs::copy(&path, &target);
        }
    }
}
