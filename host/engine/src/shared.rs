//! What the engine's threads and tasks have in common: the rooms it joins, and the doors between its own parts.
//!
//! Made once at the start and dropped last at the stop. Nothing here decides anything.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use signalbox_journal::{AppendError, Journal, Position, Ticket};
use signalbox_model::{
    codec,
    definitions::{Definitions, QUARANTINED_MAX, Quarantined},
    id::{Digest, MessageId, Partition},
    record::Record,
};
use signalbox_rules::catalogue::Catalogue;
use signalbox_store::{Hops, Store};
use tokio::sync::{oneshot, watch};

use crate::{
    bindings::Misfits,
    clock::Clock,
    config::Config,
    control::Waiting,
    inbox::{Activity, Inbox},
    loaded::Definers,
    metrics::Metrics,
    outbox::Door,
    reexecute::Tally,
    shadows::Shadows,
    simulate::Observer,
    snapshot::OneAtATime,
};

/// Between two tries of an append of our own that was refused for want of space.
const APPEND_RETRY: Duration = Duration::from_millis(50);

/// The decision that a sender at 354 waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Begin the body, not later than `body_begin_ms_max` after this instant of process time.
    Go(std::time::Instant),
    /// Break off, for this reason.
    Skipped(String),
}

/// See the module.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) journal: Journal,
    pub(crate) store: Store,
    /// Part of every seed that a rule sees.
    pub(crate) store_seed: u64,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<Clock>,
    /// One a partition, the control partition's last.
    pub(crate) inboxes: Arc<[Inbox]>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) metrics: Metrics,
    /// Accepted records that wait to be applied, by partition. Raised by accept, lowered by the partition's thread.
    pub(crate) waiting: Vec<AtomicU64>,
    /// The last sequence that each partition applied. Written by the partition's thread after its commit.
    pub(crate) applied: Vec<watch::Sender<u64>>,
    /// Senders that wait for a decision. A mutex since senders and partitions meet here for an insert or a take.
    pub(crate) claims: Mutex<HashMap<(MessageId, u32), oneshot::Sender<Claim>>>,
    /// Callers that wait for their command.
    pub(crate) commands: Waiting,
    /// The definitions in force. Written by the control partition once every partition's log has them.
    pub(crate) definitions: watch::Sender<Arc<Definitions>>,
    pub(crate) definers: Definers,
    pub(crate) outbox: Door,
    pub(crate) misfits: Misfits,
    /// Where decisions are handed over that have a shadow; set once an engine serves.
    pub(crate) shadows: OnceLock<Shadows>,
    pub(crate) snapshots: OneAtATime,
    /// Why the engine cannot go on, once it cannot.
    pub(crate) failed: watch::Sender<Option<String>>,
    /// While decisions are re-executed: what came of it so far. Written by partitions before they commit.
    pub(crate) reexecution: Option<Tally>,
    /// Decisions of one contact are asked again at a time.
    pub(crate) evidence: crate::evidence::OneAtATime,
    /// In a simulation: what happened since somebody looked. Written by partitions after their commits.
    pub(crate) observer: Option<Observer>,
    /// Nothing more is accepted.
    pub(crate) stopping: AtomicBool,
}

/// The engine cannot go on; [`Shared::failed`] says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

impl Shared {
    pub(crate) fn hops(&self) -> &Hops {
        &self.config.faults.hops
    }

    pub(crate) fn control(&self) -> Partition {
        self.store.control_partition()
    }

    /// Puts definitions in force that every partition's log has.
    pub(crate) fn publish(&self, definitions: Arc<Definitions>) {
        // What is asked again binds nothing, and may share the catalogue of a server that runs.
        if self.reexecution.is_none() {
            let releases = definitions.releases.iter();
            let releases =
                releases.filter_map(|(digest, one)| Some((*digest, one.release.key.parse().ok()?)));
            // First, so that whoever hears of the definitions can bind what they release.
            self.catalogue.set_releases(releases.collect());
        }
        self.definitions.send_modify(|current| {
            if self.reexecution.is_none() {
                self.tell_quarantines(&current.quarantined, &definitions.quarantined);
            }
            *current = definitions;
        });
    }

    /// While the definitions are locked, so that nobody lifts what is just being revoked.
    fn tell_quarantines(
        &self,
        before: &BTreeMap<Digest, Quarantined>,
        after: &BTreeMap<Digest, Quarantined>,
    ) {
        for (digest, found) in after {
            if before.get(digest) != Some(found) {
                self.catalogue.quarantine(*digest, &found.in_words());
            }
        }
        let failed = after.values().filter(|one| one.revoked.is_none()).count();
        for (digest, one) in before {
            // Of as many as are kept the oldest may only be forgotten.
            let is_lifted = one.revoked.is_some() || failed < QUARANTINED_MAX;
            if is_lifted && !after.contains_key(digest) {
                self.catalogue.lift(*digest);
            }
        }
    }

    /// Lifts what the process alone knows to be quarantined.
    pub(crate) fn lift_unlogged(&self, digest: Digest) {
        let definitions = self.definitions.borrow();
        if !definitions.quarantined.contains_key(&digest) && self.catalogue.is_quarantined(digest) {
            self.catalogue.lift(digest);
        }
    }

    pub(crate) fn inbox(&self, partition: Partition) -> &Inbox {
        &self.inboxes[usize::from(partition)]
    }

    pub(crate) fn applied(&self, partition: Partition) -> u64 {
        *self.applied[usize::from(partition)].borrow()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.borrow().is_some()
    }

    /// Notes that the engine cannot go on, and wakes everybody who waits.
    pub(crate) fn fail(&self, error: &dyn std::error::Error) -> Broken {
        let text = in_words(error);
        tracing::error!(reason = %text, "the engine cannot go on: {text}");
        self.failed.send_if_modified(|failed| {
            let first = failed.is_none();
            failed.get_or_insert(text);
            first
        });
        self.inboxes.iter().for_each(Inbox::wake);
        self.outbox.wake_all();
        // Whoever waits is told by the end of its channel.
        self.commands.forget_all();
        self.claims
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        Broken
    }

    /// Appends records of our own. Waits while there is no space for them, however long that takes.
    pub(crate) fn append(&self, records: &[(Partition, Record)]) -> Result<Ticket, Broken> {
        let mut encoded = Vec::with_capacity(records.len());
        for (partition, record) in records {
            encoded.push((
                *partition,
                encode(record).map_err(|error| self.fail(&error))?,
            ));
        }
        loop {
            match self.journal.append_reserved(encoded.clone()) {
                Ok(ticket) => return Ok(ticket),
                Err(AppendError::Full | AppendError::NoSpace) if !self.has_failed() => {
                    std::thread::park_timeout(APPEND_RETRY);
                }
                Err(error) => return Err(self.fail(&error)),
            }
        }
    }

    /// As [`Self::append`], and waits until the records are durable.
    pub(crate) fn append_durably(
        &self,
        records: &[(Partition, Record)],
    ) -> Result<Vec<Position>, Broken> {
        loop {
            let ticket = self.append(records)?;
            match ticket.wait() {
                Ok(()) => return Ok(ticket.positions().to_vec()),
                Err(AppendError::NoSpace) if !self.has_failed() => {
                    std::thread::park_timeout(APPEND_RETRY);
                }
                Err(error) => return Err(self.fail(&error)),
            }
        }
    }

    /// Tells the sender that waits for this claim, if it still does.
    pub(crate) fn answer_claim(&self, message: MessageId, attempt: u32, claim: Claim) {
        let waiting = self
            .claims
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(message, attempt));
        if let Some(sender) = waiting {
            // A sender that has given up is told nothing; it logs that the body never began.
            let _ = sender.send(claim);
        }
    }
}

/// Held by a thread that the engine cannot do without: its panic is the end of the engine, and not a silent one.
pub(crate) struct Vital(pub(crate) Arc<Shared>);

/// See [`Vital`].
#[derive(Debug, thiserror::Error)]
#[error("the thread {0} panicked")]
struct ThreadPanicked(String);

impl Drop for Vital {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            self.0.fail(&ThreadPanicked(name));
        }
    }
}

/// The bytes of a record as the log keeps it.
pub(crate) fn encode(record: &Record) -> Result<Vec<u8>, codec::Error> {
    codec::encode(record)
}

/// An error with its causes.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
