//! Starting and stopping: opens journal and store, applies what the store misses, and sets the threads going.
//!
//! The order matters. The control partition is applied before the others, since they use its definitions; all of them
//! before anything is accepted, ticked or sent.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64},
        mpsc,
    },
    thread::JoinHandle,
};

use signalbox_journal::Journal;
use signalbox_journey::CORE_VERSION;
use signalbox_mail::transport::Transport;
use signalbox_model::{
    calendar::TZ_VERSION, definitions::Definitions, id::Partition as Number, time::Instant,
};
use signalbox_rules::catalogue::{Catalogue, CatalogueEvent};
use signalbox_store::{ClockUse, Condition, Meta, SnapshotSet, Snapshots, Store};
use tokio::{runtime::Handle, sync::watch};

use crate::{
    bindings::Adopter,
    clock::{Clock, ClockMode},
    config::Config,
    error::StartError,
    inbox::{Activity, Deliver, Inbox},
    metrics::Metrics,
    outbox::{
        Door, Outbox,
        render::{From, Renderer},
    },
    partition::Partition,
    shadows::Runner,
    shared::Shared,
    simulate::Observer,
    snapshot,
};

/// What the engine joins.
pub struct Parts {
    /// The plugins.
    pub catalogue: Arc<Catalogue>,
    /// What happens to them, from the callback that the catalogue was opened with.
    pub catalogue_events: mpsc::Receiver<CatalogueEvent>,
    /// Where mails go.
    pub transport: Transport,
    /// Which clock journey time comes from.
    pub clock: ClockMode,
    /// Where senders and commands run.
    pub runtime: Handle,
}

/// The threads of a running engine.
pub(crate) struct Threads {
    pub(crate) partitions: Vec<JoinHandle<()>>,
    pub(crate) outbox: JoinHandle<()>,
    pub(crate) adopter: JoinHandle<()>,
    pub(crate) shadows: JoinHandle<()>,
}

pub(crate) fn start(config: Config, parts: Parts) -> Result<(Arc<Shared>, Threads), StartError> {
    let renderer = renderer(&config)?;
    let transport = parts.transport.clone();
    let (runtime, events) = (parts.runtime.clone(), parts.catalogue_events);
    let (store, rebuilding) = open_store(&config)?;
    let shared = Arc::new(open_shared(config, store, parts.catalogue, parts.clock)?);
    let partitions = match make_current(&shared, rebuilding, parts.clock) {
        Ok(partitions) => partitions,
        Err(error) => {
            // Nothing is served yet: the next start, of whichever binary, finds the store as this one did.
            crate::close(shared);
            return Err(error);
        }
    };
    for partition in &partitions {
        partition.doubt_claimed().map_err(|_| failed(&shared))?;
    }
    crate::kept_plugins::prune(&shared);
    let shadows = Runner::new(&shared);
    let mut threads = Vec::new();
    for (number, partition) in partitions.into_iter().enumerate() {
        threads.push(spawn(&format!("partition-{number}"), move || {
            partition.serve();
        })?);
    }
    let outbox = Outbox::new(Arc::clone(&shared), renderer, transport, runtime.clone());
    let adopter = Adopter::new(Arc::clone(&shared), events, runtime);
    let threads = Threads {
        partitions: threads,
        outbox: spawn("outbox", move || outbox.serve())?,
        adopter: spawn("adopter", move || adopter.serve())?,
        shadows: spawn("shadows", move || shadows.serve())?,
    };
    shared.outbox.wake_all();
    Ok((shared, threads))
}

/// Opens journal and store and applies what the store misses; nothing is served.
pub(crate) fn recover_only(config: Config, parts: Parts) -> Result<Arc<Shared>, StartError> {
    let (store, rebuilding) = open_store(&config)?;
    let shared = Arc::new(open_shared(config, store, parts.catalogue, parts.clock)?);
    if let Err(error) = make_current(&shared, rebuilding, parts.clock) {
        crate::close(shared);
        return Err(error);
    }
    Ok(shared)
}

/// Applies what the store misses, and notes that its rows are of our versions.
fn make_current(
    shared: &Arc<Shared>,
    rebuilding: bool,
    mode: ClockMode,
) -> Result<Vec<Partition>, StartError> {
    let partitions = recover(shared)?;
    shared.hops().pass("recovered");
    if rebuilding {
        shared.store.finish_rebuild().map_err(StartError::Store)?;
    }
    mark(shared, mode)?;
    shared.hops().pass("marked");
    Ok(partitions)
}

pub(crate) fn renderer(config: &Config) -> Result<Renderer, StartError> {
    let from = From::parse(&config.sender).map_err(|error| StartError::Config {
        reason: format!("sender: {error}"),
    })?;
    Ok(Renderer::new(from, config.limits.templates_kept_max))
}

/// Opens the store; throws its rows away first where they cannot be trusted, and restores the newest snapshot then.
fn open_store(config: &Config) -> Result<(Store, bool), StartError> {
    let folder = config.store_folder();
    let mut store_config =
        signalbox_store::Config::new(&folder, config.partitions, config.manual_start);
    store_config.cache_bytes = config.store_cache_bytes;
    store_config.compact_from_bytes = Some(config.store_compact_from_bytes);
    store_config.flush_every_ms = config.faults.store_flush_every_ms;
    store_config.hops = config.faults.hops.clone();
    let meta = signalbox_store::read_meta(&folder).map_err(StartError::OpenStore)?;
    // Before the store is opened, which leaves a mark of its own.
    let condition = signalbox_store::read_condition(&folder).map_err(StartError::OpenStore)?;
    if let Some(meta) = meta.as_ref().filter(|meta| is_other(meta))
        && condition != Some(Condition::Clean)
    {
        return Err(other_core(meta));
    }
    let is_lost = condition.is_some_and(|left| config.rebuild || left.needs_rebuild());
    let opened = if is_lost {
        None
    } else {
        match Store::open(&store_config) {
            Ok(store) => Some(store),
            Err(error) if error.is_damage() => {
                tracing::error!(reason = %crate::shared::in_words(&error), "the store is damaged and is rebuilt");
                None
            }
            Err(error) => return Err(StartError::OpenStore(error)),
        }
    };
    if let Some(store) = opened {
        return Ok((store, false));
    }
    let snapshots = Snapshots::open(&config.snapshots_folder()).map_err(StartError::Store)?;
    let seed = meta.as_ref().map(|meta| meta.store_seed);
    let newest = snapshots
        .newest(|of| Some(of.store_seed) == seed)
        .map_err(StartError::Store)?;
    for (path, error) in &newest.passed_over {
        tracing::error!(reason = %crate::shared::in_words(error), "snapshot {} is passed over", path.display());
    }
    if let Some(meta) = &meta {
        check_rebuild(meta, newest.set.as_ref())?;
    }
    tracing::warn!("the store is rebuilt from the last snapshot and the journal");
    signalbox_store::discard_rows(&folder).map_err(StartError::OpenStore)?;
    config.faults.hops.pass("rows_discarded");
    let store = Store::open(&store_config).map_err(StartError::OpenStore)?;
    if let Some(set) = &newest.set {
        snapshots.restore(set, &store).map_err(StartError::Store)?;
    }
    Ok((store, true))
}

/// Opens the journal beside the store. Where that cannot be, the store is closed as it was found.
pub(crate) fn open_shared(
    config: Config,
    store: Store,
    catalogue: Arc<Catalogue>,
    mode: ClockMode,
) -> Result<Shared, StartError> {
    let ends = Ends::new(config.partitions);
    let (journal, clock) = match open_log(&config, &store, mode, &ends) {
        Ok(opened) => opened,
        Err(error) => {
            if let Err(error) = store.close_clean() {
                let reason = crate::shared::in_words(&error);
                tracing::error!(%reason, "the store was not closed cleanly");
            }
            return Err(error);
        }
    };
    Ok(join(config, store, catalogue, clock, journal, ends))
}

/// The same for a simulation: a journal that keeps nothing and goes on where the store stands, a clock wound by hand
/// that begins at the config's `manual_start`, and somebody who wants to know what happens.
pub(crate) fn open_unkept(config: Config, store: Store, catalogue: Arc<Catalogue>) -> Shared {
    let ends = Ends::new(config.partitions);
    let clock = Arc::new(Clock::new(ClockMode::Manual, config.manual_start));
    let journal_clock: Arc<dyn signalbox_journal::Clock> = Arc::<Clock>::clone(&clock);
    let stands: Vec<u64> = store.partitions().map(|one| store.position(one)).collect();
    let journal = Journal::unkept(&stands, journal_clock, ends.sink());
    let shared = join(config, store, catalogue, clock, journal, ends);
    Shared {
        observer: Some(Observer::default()),
        ..shared
    }
}

/// Where the journal hands its entries over, and what it says when it cannot go on.
struct Ends {
    activity: Arc<Activity>,
    inboxes: Arc<[Inbox]>,
    failed: watch::Sender<Option<String>>,
}

impl Ends {
    fn new(partitions: Number) -> Self {
        let activity = Arc::new(Activity::default());
        let inboxes = (0..=partitions).map(|_| Inbox::new(Arc::clone(&activity)));
        Self {
            inboxes: inboxes.collect(),
            activity,
            failed: watch::Sender::new(None),
        }
    }

    fn sink(&self) -> Arc<Deliver> {
        Arc::new(Deliver {
            inboxes: Arc::clone(&self.inboxes),
            failed: self.failed.clone(),
        })
    }
}

fn join(
    config: Config,
    store: Store,
    catalogue: Arc<Catalogue>,
    clock: Arc<Clock>,
    journal: Journal,
    ends: Ends,
) -> Shared {
    let Ends {
        activity,
        inboxes,
        failed,
    } = ends;
    Shared {
        store_seed: store.meta().store_seed,
        journal,
        catalogue,
        clock,
        outbox: Door::new(Arc::clone(&activity)),
        activity,
        metrics: Metrics::default(),
        waiting: inboxes.iter().map(|_| AtomicU64::new(0)).collect(),
        inboxes,
        applied: store
            .partitions()
            .map(|partition| watch::Sender::new(store.position(partition)))
            .collect(),
        claims: Mutex::default(),
        commands: crate::control::Waiting::default(),
        definitions: watch::Sender::new(Arc::new(Definitions::default())),
        definers: crate::loaded::Definers::default(),
        misfits: crate::bindings::Misfits::default(),
        shadows: OnceLock::new(),
        snapshots: crate::snapshot::OneAtATime::default(),
        failed,
        reexecution: None,
        evidence: crate::evidence::OneAtATime::default(),
        observer: None,
        stopping: AtomicBool::new(false),
        store,
        config,
    }
}

/// The journal and the clock that stamps its entries.
fn open_log(
    config: &Config,
    store: &Store,
    mode: ClockMode,
    ends: &Ends,
) -> Result<(Journal, Arc<Clock>), StartError> {
    if mode == ClockMode::Manual && store.meta().clock == ClockUse::Real {
        return Err(StartError::RealClock);
    }
    let clock = Arc::new(Clock::new(mode, config.manual_start));
    let journal_config =
        signalbox_journal::Config::new(config.journal_folder(), config.partitions + 1);
    let journal_clock: Arc<dyn signalbox_journal::Clock> = Arc::<Clock>::clone(&clock);
    let journal_disk = Arc::clone(&config.faults.journal_disk);
    let (journal, opened) =
        Journal::open_on(journal_disk, journal_config, journal_clock, ends.sink())
            .map_err(StartError::Journal)?;
    if let Some(torn) = &opened.torn_tail {
        tracing::warn!(
            bytes = torn.bytes,
            "the journal ended in an unfinished write, which was cut"
        );
    }
    if let Some(last) = opened.logged_at_ms {
        let last = Instant::from_ms(last);
        clock.wind(last, Instant::from_ms(last.as_ms() - 1));
    }
    check_positions(store, &journal)?;
    Ok((journal, clock))
}

/// Whether the store lies between where its versions began and where the journal ends, and at that end if it comes from
/// other versions: what one decided the other does not apply.
fn check_positions(store: &Store, journal: &Journal) -> Result<(), StartError> {
    let meta = store.meta();
    for partition in store.partitions() {
        let (at, end) = (store.position(partition), journal.last_durable(partition));
        if at > end {
            return Err(StartError::Ahead {
                partition,
                store: at,
                journal: end,
            });
        }
        if at < end && is_other(&meta) {
            return Err(other_core(&meta));
        }
        let from = meta.versions_from.get(usize::from(partition));
        if let Some(&from) = from.filter(|&&from| at < from) {
            return Err(StartError::BeforeVersion {
                partition,
                store: at,
                from,
            });
        }
    }
    Ok(())
}

/// Whether the rows can come from that snapshot and the journal anew, before anything of them is thrown away.
fn check_rebuild(meta: &Meta, newest: Option<&SnapshotSet>) -> Result<(), StartError> {
    if is_other(meta) {
        return Err(other_core(meta));
    }
    for (partition, &from) in (0..).zip(&meta.versions_from) {
        let infos = newest.into_iter().flat_map(|set| &set.manifest.snapshots);
        let mut infos = infos.filter(|info| info.partition == partition);
        let store = infos.next().map_or(0, |info| info.position);
        if store < from {
            return Err(StartError::BeforeVersion {
                partition,
                store,
                from,
            });
        }
    }
    Ok(())
}

/// Whether other versions than ours wrote the rows.
fn is_other(meta: &Meta) -> bool {
    !meta.core_version.is_empty()
        && (meta.core_version != CORE_VERSION || meta.tz_version != TZ_VERSION)
}

fn other_core(meta: &Meta) -> StartError {
    let named = |core: &str, tz: &str| format!("core {core} with time zone data {tz}");
    StartError::OtherCore {
        store: named(&meta.core_version, &meta.tz_version),
        binary: named(CORE_VERSION, TZ_VERSION),
    }
}

/// Applies the log to the store: the control partition first, then all others at once.
pub(crate) fn recover(shared: &Arc<Shared>) -> Result<Vec<Partition>, StartError> {
    let control = shared.control();
    let first = recover_one(shared, control)?;
    let tally = shared.reexecution.as_ref();
    if tally.is_none() {
        // Before the other partitions ask anew what was logged and not answered.
        for (digest, found) in &shared.definitions.borrow().quarantined {
            shared.catalogue.quarantine(*digest, &found.in_words());
        }
    }
    let handles: Vec<_> = (0..control)
        .filter(|number| tally.is_none_or(|tally| tally.replays(*number, control)))
        .map(|number| {
            let shared = Arc::clone(shared);
            std::thread::Builder::new()
                .name(format!("recover-{number}"))
                .spawn(move || recover_one(&shared, number))
                .map_err(StartError::Thread)
        })
        .collect::<Result<_, _>>()?;
    let mut partitions = Vec::with_capacity(handles.len() + 1);
    for handle in handles {
        partitions.push(handle.join().map_err(|_| failed(shared))??);
    }
    partitions.push(first);
    Ok(partitions)
}

fn recover_one(shared: &Arc<Shared>, number: Number) -> Result<Partition, StartError> {
    let mut partition =
        Partition::open(Arc::clone(shared), number).map_err(|error| StartError::Recovery {
            reason: crate::shared::in_words(&error),
        })?;
    partition.recover().map_err(|_| failed(shared))?;
    Ok(partition)
}

fn mark(shared: &Shared, mode: ClockMode) -> Result<(), StartError> {
    let used = match mode {
        ClockMode::Real => ClockUse::Real,
        ClockMode::Manual => ClockUse::Manual,
    };
    shared.store.mark_clock(used).map_err(StartError::Store)?;
    if is_other(&shared.store.meta()) {
        snapshot::begin_versions(shared, CORE_VERSION, TZ_VERSION).map_err(StartError::Store)?;
    }
    shared
        .store
        .mark_versions(CORE_VERSION, TZ_VERSION)
        .map_err(StartError::Store)
}

fn failed(shared: &Shared) -> StartError {
    StartError::Recovery {
        reason: shared
            .failed
            .borrow()
            .clone()
            .unwrap_or_else(|| "a thread panicked".to_owned()),
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(StartError::Thread)
}

/// Stops everything in order: nothing new comes in, what is being sent comes to its end, what was logged is applied.
/// Blocks.
pub(crate) fn stop(shared: &Arc<Shared>, threads: Threads) {
    shared
        .stopping
        .store(true, std::sync::atomic::Ordering::Release);
    shared.outbox.stop();
    let join = |what: &str, thread: JoinHandle<()>| {
        if thread.join().is_err() {
            tracing::error!("the thread {what} panicked");
        }
    };
    join("outbox", threads.outbox);
    join("adopter", threads.adopter);
    shared.inboxes.iter().for_each(Inbox::stop);
    for thread in threads.partitions {
        join("partition", thread);
    }
    if let Some(shadows) = shared.shadows.get() {
        shadows.stop();
    }
    join("shadows", threads.shadows);
    let mut claims = shared.claims.lock().unwrap_or_else(PoisonError::into_inner);
    claims.clear();
}
