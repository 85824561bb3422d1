//! The catalogue: a folder of plugin files, kept loaded, and the door through which rules are asked.
//!
//! Opened once by `app`; asked by `engine` (decisions), `api` (lists, plans). Its own threads watch the folder and
//! load what changes; a caller never waits for a load unless it asks to. A broken file never displaces a good one,
//! and what a workflow names stays loadable from the data folder when its file is gone.

mod cache;
mod loading;
mod prune;
mod releases;
mod status;
mod twins;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant as Clock, SystemTime},
};

use notify::{RecursiveMode, Watcher};
use serde_json::Value as Json;
use signalbox_model::{
    describe::{Description, RuleKind},
    id::{Digest, PluginName},
    plan::Plan,
    time::Instant,
    verdict::Answer,
};

use self::{cache::Cache, releases::Releases, watch::Wake};
pub use self::{
    prune::{COMPILED_KEPT, Pruned},
    releases::{Signed, Withheld},
    status::{FileState, PluginStatus, Refusal, VersionStatus},
};
use crate::{
    columns::{Columns, Row},
    decide::{self, Binding},
    engine::Engine,
    error::{CatalogueError, LoadError, PlanError},
    plugin::{Health, Plugin},
    trust::{Requirement, Trust, TrustedKey},
};

/// Where the catalogue finds and keeps its files, and how it compiles.
#[derive(Debug, Clone)]
pub struct CatalogueConfig {
    /// The operator's folder: every `*.wasm` in it is a plugin. Made if it is missing.
    pub folder: PathBuf,
    /// Our own folder for components by content and compiled code. Made if it is missing, for its owner alone.
    pub data_folder: PathBuf,
    /// The command whose process runs [`crate::compile::child`]: our own binary and `compile`.
    pub compile_command: Vec<OsString>,
    /// How long a file must be unchanged before it is read, in milliseconds. Default 50.
    pub still_ms: u64,
    /// How often the folder is read in case the system's notice of a change was lost, in milliseconds. Default 2,000.
    pub rescan_ms: u64,
    /// Files loaded at one time. Default 2.
    pub loaders: usize,
    /// Whose signatures count, and what is asked of a component before it may be bound. Default: nothing.
    pub trust: Trust,
}

impl CatalogueConfig {
    /// The defaults with these folders and command.
    pub fn new(folder: PathBuf, data_folder: PathBuf, compile_command: Vec<OsString>) -> Self {
        Self {
            folder,
            data_folder,
            compile_command,
            still_ms: 50,
            rescan_ms: 2_000,
            loaders: 2,
            trust: Trust::default(),
        }
    }
}

/// What happened to a plugin. Sent from the catalogue's threads, or from the thread whose decision quarantined it.
#[derive(Debug, Clone, PartialEq)]
pub enum CatalogueEvent {
    /// A version passed every gate and may be bound.
    Available {
        /// The file that brought it.
        file: String,
        /// The plugin's name.
        name: PluginName,
        /// Its version.
        version: semver::Version,
        /// The file's content.
        digest: Digest,
    },
    /// A version passed every gate and waits for a second person to release it; what the file held before serves on.
    Unreleased {
        /// The file that brought it.
        file: String,
        /// The plugin's name.
        name: PluginName,
        /// Its version.
        version: semver::Version,
        /// The file's content.
        digest: Digest,
    },
    /// A file was not let in; what it held before serves on.
    Refused {
        /// The file.
        file: String,
        /// Why.
        error: LoadError,
    },
    /// A version failed too often; [`Catalogue::resolve`] gives the last good one from now on.
    Quarantined {
        /// The plugin's name.
        name: PluginName,
        /// Its version.
        version: semver::Version,
        /// Its file's content.
        digest: Digest,
        /// The last failure.
        reason: String,
    },
    /// The quarantine of a version is over.
    Lifted {
        /// The plugin's name.
        name: PluginName,
        /// Its version.
        version: semver::Version,
        /// Its file's content.
        digest: Digest,
    },
    /// A file is gone: no new bindings to what it held.
    Removed {
        /// The file.
        file: String,
    },
}

/// A version that a binding may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// The file's content.
    pub digest: Digest,
    /// The plugin's name.
    pub name: PluginName,
    /// The version.
    pub version: semver::Version,
    /// Its rules.
    pub kinds: Vec<RuleKind>,
}

/// How a version fares with somebody whose decisions have no effect.
pub struct Apart(Health);

impl Default for Apart {
    fn default() -> Self {
        Self(Health::new(1))
    }
}

impl Apart {
    /// Whether it failed too often.
    pub fn is_quarantined(&self) -> bool {
        self.0.is_quarantined()
    }

    /// The last failure.
    pub fn last_error(&self) -> Option<String> {
        self.0.last_error()
    }
}

type Events = Box<dyn Fn(CatalogueEvent) + Send + Sync>;

/// The catalogue. Dropping it joins its threads; a load that is under way is finished first.
pub struct Catalogue {
    inner: Arc<Inner>,
    wake: mpsc::Sender<Wake>,
    threads: Vec<JoinHandle<()>>,
    // Stops the notices when dropped.
    _watcher: Option<notify::RecommendedWatcher>,
}

struct Inner {
    engine: Arc<Engine>,
    config: CatalogueConfig,
    cache: Cache,
    events: Events,
    // Read by every decision, written when a version comes or goes; never held over a run.
    plugins: RwLock<BTreeMap<Digest, Arc<Plugin>>>,
    /// Files that are quarantined from when they are loaded on, with the reason. Locked after `plugins`.
    known_bad: Mutex<BTreeMap<Digest, String>>,
    // A std mutex: held for look-ups and changes of records only, never over reading, compiling or running.
    files: Mutex<Files>,
    settled: Condvar,
}

/// What is known of the folder.
#[derive(Default)]
struct Files {
    records: BTreeMap<String, Record>,
    releases: Releases,
    /// Counts loads, so that of two files of one version the later wins where one is what a file held before.
    loads: u64,
    /// Counts requests for a look at the folder, and up to which of them everything is settled.
    looks_wanted: u64,
    looks_settled: u64,
}

/// What is known of one file.
#[derive(Default)]
struct Record {
    /// The state in which it was last loaded or refused.
    stamp: Option<watch::Stamp>,
    loading: bool,
    current: Option<Held>,
    /// What it held before, if that was good: returns when the current one is quarantined, and serves until it is released.
    previous: Option<Held>,
    error: Option<LoadError>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    digest: Digest,
    order: u64,
    /// Who has signed it; `None` where nobody is asked to.
    signer: Option<TrustedKey>,
}

impl Catalogue {
    /// Opens the folders and starts watching. Returns at once; [`Self::wait_settled`] waits for the first load.
    ///
    /// # Errors
    /// When a folder cannot be used or a thread not be started.
    pub fn open(
        engine: Arc<Engine>,
        config: CatalogueConfig,
        events: impl Fn(CatalogueEvent) + Send + Sync + 'static,
    ) -> Result<Self, CatalogueError> {
        let folder_error = |source| CatalogueError::Folder {
            path: config.folder.clone(),
            source,
        };
        std::fs::create_dir_all(&config.folder).map_err(folder_error)?;
        let cache = Cache::open(&config.data_folder)?;
        let loaders = config.loaders.max(1);
        let inner = Arc::new(Inner {
            engine,
            cache,
            events: Box::new(events),
            plugins: RwLock::default(),
            known_bad: Mutex::default(),
            files: Mutex::default(),
            settled: Condvar::new(),
            config,
        });
        let (wake, woken) = mpsc::channel();
        let watcher = watch_folder(&inner.config, wake.clone());
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut catalogue = Self {
            inner,
            wake,
            threads: Vec::new(),
            _watcher: watcher,
        };
        for number in 0..loaders {
            let (inner, queue, wake) = (
                Arc::clone(&catalogue.inner),
                Arc::clone(&queue),
                catalogue.wake.clone(),
            );
            catalogue.start(format!("rules-load-{number}"), move || {
                loading::run(&inner, &queue, &wake);
            })?;
        }
        let inner = Arc::clone(&catalogue.inner);
        catalogue.start("rules-watch".to_owned(), move || {
            watch::run(&inner, &woken, &jobs);
        })?;
        Ok(catalogue)
    }

    fn start(
        &mut self,
        name: String,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<(), CatalogueError> {
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(run)
            .map_err(CatalogueError::Thread)?;
        self.threads.push(thread);
        Ok(())
    }

    /// The engine, with its limits.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.inner.engine
    }

    /// Looks at the folder and waits until every file in it is loaded or refused; false if that takes longer.
    pub fn wait_settled(&self, bound: Duration) -> bool {
        let inner = &self.inner;
        let mut files = inner.files();
        files.looks_wanted += 1;
        let wanted = files.looks_wanted;
        let _ = self.wake.send(Wake::Look);
        let until = process_now() + bound;
        while files.looks_settled < wanted {
            let left = until.saturating_duration_since(process_now());
            if left.is_zero() {
                return false;
            }
            let woken = inner.settled.wait_timeout(files, left);
            files = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The newest version of a plugin that meets the requirement, is in the folder, signed and released as is asked, and
    /// not quarantined, and no other file holds other bytes of it.
    pub fn resolve(
        &self,
        name: &PluginName,
        requirement: &semver::VersionReq,
    ) -> Option<Available> {
        self.resolve_among(name, requirement, |_| true)
    }

    /// The same, among the versions that `may_be_bound` is true of.
    pub fn resolve_among(
        &self,
        name: &PluginName,
        requirement: &semver::VersionReq,
        may_be_bound: impl Fn(&semver::Version) -> bool,
    ) -> Option<Available> {
        let offered = self.inner.offered();
        let plugins = self
            .inner
            .plugins
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let fits = offered.iter().filter_map(|held| {
            let plugin = plugins.get(&held.digest)?;
            let fits = plugin.description.name == *name
                && requirement.matches(&plugin.description.version)
                && may_be_bound(&plugin.description.version);
            fits.then_some((&plugin.description.version, held.order, plugin))
        });
        let (_, _, plugin) = fits.max_by_key(|(version, order, _)| (*version, *order))?;
        Some(available(plugin))
    }

    /// Whether a digest may be bound by the policy: where that asks for signatures it is in the folder, signed and released
    /// as is asked. Where it does not, whatever was let in once may.
    pub fn is_let_in(&self, digest: Digest) -> bool {
        self.trust().requirement() == Requirement::Nothing || self.is_offered(digest)
    }

    /// Whether a digest may be bound anew: it is in the folder, signed and released as is asked, and not quarantined.
    pub fn is_offered(&self, digest: Digest) -> bool {
        let offered = self.inner.offered();
        offered.iter().any(|held| held.digest == digest)
    }

    /// Makes a digest ready that was let in once, from the data folder; nothing to do if it is ready.
    ///
    /// # Errors
    /// When it was never let in, or its copy can no longer be loaded.
    pub fn ensure(&self, digest: Digest) -> Result<(), LoadError> {
        self.inner.ensure(digest).map(drop)
    }

    /// A digest that was let in once, made ready, whether a file holds it or not.
    ///
    /// # Errors
    /// As [`Self::ensure`].
    pub fn available(&self, digest: Digest) -> Result<Available, LoadError> {
        Ok(available(&*self.inner.ensure(digest)?))
    }

    /// Quarantines a digest, loaded or not, for what is known of it from before.
    pub fn quarantine(&self, digest: Digest, reason: &str) {
        self.inner.known_bad().insert(digest, reason.to_owned());
        if let Some(plugin) = self.inner.plugin(digest) {
            plugin.health.quarantine(reason);
        }
    }

    /// Whether a digest is quarantined, loaded or not.
    pub fn is_quarantined(&self, digest: Digest) -> bool {
        self.inner.known_bad().contains_key(&digest)
            || self
                .inner
                .plugin(digest)
                .is_some_and(|plugin| plugin.health.is_quarantined())
    }

    /// Ends the quarantine of a digest, and tells so if it is loaded.
    pub fn lift(&self, digest: Digest) {
        self.inner.known_bad().remove(&digest);
        if let Some(plugin) = self.inner.plugin(digest) {
            plugin.health.lift();
            let Available { name, version, .. } = available(&plugin);
            (self.inner.events)(CatalogueEvent::Lifted {
                name,
                version,
                digest,
            });
        }
    }

    /// What a loaded plugin says of itself.
    pub fn description(&self, digest: Digest) -> Option<Description> {
        self.inner
            .plugin(digest)
            .map(|plugin| plugin.description.clone())
    }

    /// The plan of a rule for a config. Loads the digest if need be.
    ///
    /// # Errors
    /// When the digest cannot be loaded, the config does not meet the schema, the rule refuses it or fails, or the
    /// plan asks for what this host cannot give.
    pub fn plan(&self, digest: Digest, kind: RuleKind, config: &Json) -> Result<Plan, PlanError> {
        let plugin = self
            .inner
            .ensure(digest)
            .map_err(|error| PlanError::NotLoaded {
                digest,
                reason: error.to_string(),
            })?;
        plugin.plan(&self.inner.engine, kind, config)
    }

    /// Decides: one answer per row, in their order. The digest must be loaded (see [`Self::ensure`]) and not
    /// quarantined, else every row fails as `not_loaded`.
    pub fn decide(&self, binding: &Binding, now: Instant, rows: &[Row]) -> Vec<Answer> {
        self.decide_columns(binding, now, &Columns::from_rows(&binding.plan, now, rows))
    }

    /// As [`Self::decide`] for a caller who has columns, in the order of the plan, the clock's included.
    pub fn decide_columns(
        &self,
        binding: &Binding,
        now: Instant,
        columns: &Columns<'_>,
    ) -> Vec<Answer> {
        let inner = &self.inner;
        let rows = columns.rows();
        let Some(plugin) = inner.plugin(binding.digest) else {
            return decide::not_loaded(binding.digest, None, rows, "no such plugin is loaded");
        };
        if plugin.health.is_quarantined() {
            return decide::not_loaded(
                binding.digest,
                Some(&plugin),
                rows,
                "the version is quarantined",
            );
        }
        let health = &plugin.health;
        let decided = decide::decide(&inner.engine, &plugin, health, binding, now, columns);
        if decided.quarantined {
            let Description { name, version, .. } = plugin.description.clone();
            let reason = plugin.health.last_error().unwrap_or_default();
            tracing::error!(
                rule.name = %name, rule.version = %version, rule.digest = %plugin.digest,
                "plugin {name} {version} is quarantined after too many failures, the last: {reason}"
            );
            (inner.events)(CatalogueEvent::Quarantined {
                name,
                version,
                digest: plugin.digest,
                reason,
            });
        }
        decided.answers
    }

    /// As [`Self::decide`] for somebody whose decisions have no effect: how they go is told to `apart` alone, and whether
    /// the digest is quarantined is no matter. The caller looks whether `apart` is.
    pub fn decide_apart(
        &self,
        apart: &Apart,
        binding: &Binding,
        now: Instant,
        rows: &[Row],
    ) -> Vec<Answer> {
        let inner = &self.inner;
        let columns = Columns::from_rows(&binding.plan, now, rows);
        let Some(plugin) = inner.plugin(binding.digest) else {
            return decide::not_loaded(
                binding.digest,
                None,
                columns.rows(),
                "no such plugin is loaded",
            );
        };
        decide::decide(&inner.engine, &plugin, &apart.0, binding, now, &columns).answers
    }

    /// Every file and every version that is loaded, with its state.
    pub fn list(&self) -> Vec<PluginStatus> {
        self.inner.list()
    }

    /// Removes from the data folder compiled code of other engines, compiled code that is not wanted and has not been
    /// for [`COMPILED_KEPT`], and copies of components that have not been for `components_kept`. Wanted is what is in
    /// the folder and what is in use. Does nothing while a file is being loaded.
    ///
    /// # Errors
    /// When the data folder cannot be read or changed; what was removed by then is gone.
    pub fn prune(
        &self,
        in_use: &BTreeSet<Digest>,
        now: SystemTime,
        components_kept: Duration,
    ) -> std::io::Result<Pruned> {
        let inner = &self.inner;
        let mut wanted = in_use.clone();
        {
            let files = inner.files();
            let is_settled = files.looks_settled > 0;
            if !is_settled || files.records.values().any(|record| record.loading) {
                return Ok(Pruned::default());
            }
            let records = files.records.values();
            wanted.extend(records.flat_map(Record::digests));
        }
        inner
            .cache
            .prune(&inner.engine, &wanted, now, components_kept)
    }

    /// Unloads every version that is neither in the folder nor in use. What is unloaded can be made ready again.
    pub fn retain(&self, in_use: &BTreeSet<Digest>) {
        let held: BTreeSet<Digest> = {
            let files = self.inner.files();
            files.records.values().flat_map(Record::digests).collect()
        };
        let mut plugins = self
            .inner
            .plugins
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        plugins.retain(|digest, _| held.contains(digest) || in_use.contains(digest));
    }
}

impl Drop for Catalogue {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the catalogue panicked");
            }
        }
    }
}

impl Inner {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_bad(&self) -> MutexGuard<'_, BTreeMap<Digest, String>> {
        self.known_bad
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn plugin(&self, digest: Digest) -> Option<Arc<Plugin>> {
        self.plugins
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&digest)
            .cloned()
    }

    /// Whether a version may be bound.
    fn is_good(&self, files: &Files, held: &Held) -> bool {
        let plugin = self.plugin(held.digest);
        let is_well = plugin.is_some_and(|plugin| !plugin.health.is_quarantined());
        is_well
            && files.releases.allow(&self.config.trust, held)
            && self.twin(files, held).is_none()
    }

    /// What each file offers: its current version, or the one before if that may not be bound.
    fn offered(&self) -> Vec<Held> {
        let files = self.files();
        let offered = files.records.values().filter_map(|record| {
            let mut held = [&record.current, &record.previous].into_iter().flatten();
            held.find(|held| self.is_good(&files, held)).cloned()
        });
        offered.collect()
    }
}

impl Record {
    /// What it holds, and what it may return to.
    fn digests(&self) -> impl Iterator<Item = Digest> {
        let held = [&self.current, &self.previous].into_iter().flatten();
        held.map(|held| held.digest)
    }
}

fn available(plugin: &Plugin) -> Available {
    Available {
        digest: plugin.digest,
        name: plugin.description.name.clone(),
        version: plugin.description.version.clone(),
        kinds: plugin.component.kinds().to_vec(),
    }
}

/// The system's notices of changes; without them, rescans alone find what is new.
fn watch_folder(
    config: &CatalogueConfig,
    wake: mpsc::Sender<Wake>,
) -> Option<notify::RecommendedWatcher> {
    let notice = move |notice: notify::Result<notify::Event>| {
        let is_access = notice.is_ok_and(|event| event.kind.is_access());
        if !is_access {
            let _ = wake.send(Wake::Look);
        }
    };
    let watcher = notify::recommended_watcher(notice).and_then(|mut watcher| {
        watcher.watch(&config.folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    watcher
        .inspect_err(|error| {
            tracing::warn!(
                "no notices of changes in {}: it is read every {} ms ({error})",
                config.folder.display(),
                config.rescan_ms
            );
        })
        .ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: bounds of waits and how long a file is still"
)]
fn process_now() -> Clock {
    Clock::now()
}
