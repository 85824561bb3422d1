//! Asks every rule again what the journal says it was asked, and compares: `store reexecute`.
//!
//! `app` calls it on the data folder of a server that does not run. The log is applied to a scratch store as a rebuild
//! does it, with recorded answers; beside that each question is put to its rule once more. Journal, snapshots and
//! store of the data folder are only read; nothing is accepted, no timer fires and no mail leaves.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use signalbox_journal::{Journal, Position};
use signalbox_model::{
    definitions::{ResolvedBinding, Slot},
    id::{ContactId, Digest, Partition, PluginName},
    record::RecordedAnswer,
    segment::Owner,
    verdict::{Answer, FailureKind},
};
use signalbox_rules::catalogue::Catalogue;
use signalbox_store::{ClockUse, Meta, SnapshotSet, Snapshots, Store};

use crate::{
    clock::ClockMode,
    config::Config,
    error::StartError,
    evidence::{Only, answer_json},
    shared::Shared,
    start::{Parts, open_shared, recover},
};

/// Differences that are listed, those of the first positions; more are only counted.
pub const DIFFERENCES_LISTED_MAX: usize = 20;
/// Longest text of an answer in a difference, in characters.
const ANSWER_CHARS_MAX: usize = 2_000;

/// What came of asking every rule again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reexecution {
    /// Where the log was applied from.
    pub from: ReplayedFrom,
    /// Decisions that came out as recorded: the same verdict, or a failure of the same kind.
    pub equal: u64,
    /// Decisions that came out otherwise.
    pub different: u64,
    /// Recorded decisions that say nothing now, counted by rule and by what hinders.
    pub not_reexecutable: BTreeMap<NotReexecutable, u64>,
    /// Recorded answers that the core did not ask for: it asks otherwise than it did.
    pub unasked: u64,
    /// Questions at the end of the log that no answer was recorded to: the next start asks them.
    pub unanswered: u64,
    /// The first differences by position, at most [`DIFFERENCES_LISTED_MAX`].
    pub differences: Vec<Difference>,
}

impl Reexecution {
    /// Decisions that were asked again and compared.
    pub fn reexecuted(&self) -> u64 {
        self.equal + self.different
    }

    /// All decisions that the core asked for and the log has answers to.
    pub fn recorded(&self) -> u64 {
        self.reexecuted() + self.not_reexecutable.values().sum::<u64>()
    }
}

/// Where the log was applied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayedFrom {
    /// From its first record on: every decision that was ever recorded is there.
    Beginning,
    /// From a snapshot on, since the journal was trimmed.
    Snapshot {
        /// Where it lies.
        folder: PathBuf,
        /// The records in it, of all partitions together: their decisions are not asked again.
        records: u64,
    },
}

/// A rule whose decisions could not be compared, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotReexecutable {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its version, as bound; `None` where no binding is known.
    pub version: Option<semver::Version>,
    /// The file that was recorded.
    pub digest: Digest,
    /// What hinders.
    pub hindrance: Hindrance,
}

/// Why a recorded decision says nothing now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// The component that answered is not there any more, or cannot be loaded.
    NotLoaded {
        /// What stood in the way.
        reason: String,
    },
    /// What is recorded is a failure that depends on the moment: a deadline, a full queue, a plugin that was away.
    Recorded(FailureKind),
    /// Asked again it failed in a way that depends on the moment.
    Failed(FailureKind),
    /// The workflow's version has no such binding.
    Unbound,
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoaded { reason } => write!(f, "its component cannot be loaded: {reason}"),
            Self::Recorded(kind) => write!(
                f,
                "{} is recorded, which depends on the moment",
                kind.code()
            ),
            Self::Failed(kind) => write!(
                f,
                "asked again it failed as {}, which depends on the moment",
                kind.code()
            ),
            Self::Unbound => f.write_str("the workflow's version has no such binding"),
        }
    }
}

/// A decision that came out otherwise than recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The record that asked.
    pub position: Position,
    /// About whom.
    pub contact: ContactId,
    /// The workflow or segment that asked.
    pub owner: Owner,
    /// Its version.
    pub version: u32,
    /// Which of its bindings.
    pub slot: Slot,
    /// The plugin bound there.
    pub plugin: PluginName,
    /// The file that was recorded, and was asked again.
    pub digest: Digest,
    /// The recorded answer in words.
    pub recorded: String,
    /// The new answer in words.
    pub new: String,
}

/// Why decisions were not asked again.
#[derive(Debug, thiserror::Error)]
pub enum ReexecuteError {
    /// There is nothing to begin with.
    #[error("{} holds no store", folder.display())]
    NoStore {
        /// The data folder.
        folder: PathBuf,
    },
    /// What store it is cannot be read, or the scratch store not be made.
    #[error("prepare a scratch store")]
    Scratch(#[source] signalbox_store::OpenError),
    /// The journal cannot be copied.
    #[error("copy the journal")]
    Journal(#[source] signalbox_journal::Error),
    /// A snapshot cannot be read or restored.
    #[error("restore the oldest snapshot")]
    Snapshot(#[source] signalbox_store::Error),
    /// The journal was trimmed, or another version of the core wrote the begin of it, and no whole snapshot of this
    /// version says how things stood.
    #[error(
        "the journal was trimmed or begun by another version, and no whole snapshot in {} says how things stood where this one goes on",
        folder.display()
    )]
    NoSnapshot {
        /// The folder of snapshots.
        folder: PathBuf,
    },
    /// The log could not be applied.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Applies the journal of a data folder to a new store in the scratch folder, from the oldest point there is, and asks
/// each rule again what it was asked. The catalogue's limits should be `Limits::for_every_row` of those of production.
/// Blocks.
///
/// # Errors
/// When the data folder is in use or cannot be read, or the log cannot be applied. That answers differ, or that a
/// component is gone, is no error.
pub fn reexecute(
    config: Config,
    parts: Parts,
    scratch: &Path,
) -> Result<Reexecution, ReexecuteError> {
    let original = Original {
        config,
        copy: Journal::copy,
    };
    let (shared, from) = original.replay(scratch, parts.catalogue, |_| Tally::default())?;
    let tally = shared.reexecution.as_ref().map(Tally::take);
    let unanswered = shared.metrics.decisions.load(Ordering::Relaxed);
    crate::close(shared);
    let counted = tally.unwrap_or_default();
    let compared = counted.equal + counted.different;
    let hindered: u64 = counted.not_reexecutable.values().sum();
    Ok(Reexecution {
        unasked: counted.found.saturating_sub(compared + hindered),
        from,
        equal: counted.equal,
        different: counted.different,
        not_reexecutable: counted.not_reexecutable,
        unanswered,
        differences: counted.differences.into_values().collect(),
    })
}

/// A data folder whose log is applied to a scratch store.
pub(crate) struct Original {
    pub(crate) config: Config,
    /// Copies its journal: one that nobody has open, or one in use.
    pub(crate) copy: fn(&Path, &Path) -> Result<Vec<u64>, signalbox_journal::Error>,
}

impl Original {
    /// Applies the log from the oldest point there is, and asks again what the tally wants. Whoever is handed the store
    /// closes it.
    pub(crate) fn replay(
        self,
        scratch: &Path,
        catalogue: Arc<Catalogue>,
        tally: impl FnOnce(Partition) -> Tally,
    ) -> Result<(Arc<Shared>, ReplayedFrom), ReexecuteError> {
        let mut config = self.config;
        let no_store = || ReexecuteError::NoStore {
            folder: config.folder.clone(),
        };
        let mut meta = signalbox_store::read_meta(&config.store_folder())
            .map_err(ReexecuteError::Scratch)?
            .ok_or_else(no_store)?;
        let snapshots_folder = config.snapshots_folder();
        let journal_folder = config.journal_folder();
        scratch.clone_into(&mut config.folder);
        config.partitions = meta.partitions;
        let tally = tally(meta.partitions);
        let first_kept = (self.copy)(&journal_folder, &config.journal_folder())
            .map_err(ReexecuteError::Journal)?;
        let is_whole = first_kept.iter().all(|first| *first <= 1) && meta.versions_from.is_empty();
        let set = if is_whole {
            None
        } else {
            Some(oldest(&snapshots_folder, &meta, &first_kept)?)
        };
        let wanted = |partition| tally.replays(partition, meta.partitions);
        for (partition, from) in (0..).zip(&mut meta.versions_from) {
            *from = if wanted(partition) { *from } else { 0 };
        }
        let store = scratch_store(&config, &meta)?;
        let from = match set {
            None => ReplayedFrom::Beginning,
            Some(set) => restore(&snapshots_folder, set, &store, wanted)?,
        };
        let mode = match meta.clock {
            ClockUse::Real => ClockMode::Real,
            ClockUse::Unused | ClockUse::Manual => ClockMode::Manual,
        };
        let mut shared = open_shared(config, store, catalogue, mode)?;
        shared.reexecution = Some(tally);
        let shared = Arc::new(shared);
        match recover(&shared) {
            Ok(partitions) => drop(partitions),
            Err(error) => {
                crate::close(shared);
                return Err(error.into());
            }
        }
        Ok((shared, from))
    }
}

fn scratch_store(config: &Config, meta: &Meta) -> Result<Store, ReexecuteError> {
    let folder = config.store_folder();
    signalbox_store::create_as(&folder, meta).map_err(ReexecuteError::Scratch)?;
    let mut store_config = signalbox_store::Config::new(&folder, meta.partitions, meta.created_at);
    store_config.cache_bytes = config.store_cache_bytes;
    Store::open(&store_config).map_err(ReexecuteError::Scratch)
}

/// The oldest snapshot of this version that the journal goes on from.
fn oldest(folder: &Path, meta: &Meta, first_kept: &[u64]) -> Result<SnapshotSet, ReexecuteError> {
    let missing = || ReexecuteError::NoSnapshot {
        folder: folder.to_owned(),
    };
    if !folder.is_dir() {
        return Err(missing());
    }
    let snapshots = Snapshots::open(folder).map_err(ReexecuteError::Snapshot)?;
    let listed = snapshots.list().map_err(ReexecuteError::Snapshot)?;
    let mut sets = listed.into_iter().rev().filter_map(Result::ok);
    let oldest = sets.find(|set| {
        set.manifest.store.store_seed == meta.store_seed
            && set.manifest.store.versions_from == meta.versions_from
            && meets(set, first_kept)
            && snapshots.verify(set).is_ok()
    });
    oldest.ok_or_else(missing)
}

fn restore(
    folder: &Path,
    set: SnapshotSet,
    store: &Store,
    wanted: impl Fn(Partition) -> bool,
) -> Result<ReplayedFrom, ReexecuteError> {
    let snapshots = Snapshots::open(folder).map_err(ReexecuteError::Snapshot)?;
    snapshots
        .restore_parts(&set, store, wanted)
        .map_err(ReexecuteError::Snapshot)?;
    Ok(ReplayedFrom::Snapshot {
        records: set.manifest.records(),
        folder: set.folder,
    })
}

/// Whether the journal keeps every record behind the snapshot.
fn meets(set: &SnapshotSet, first_kept: &[u64]) -> bool {
    set.manifest.snapshots.iter().all(|info| {
        first_kept
            .get(usize::from(info.partition))
            .is_some_and(|first| *first <= info.position + 1)
    })
}

/// What came of asking again so far, of all partitions.
#[derive(Default)]
pub(crate) struct Tally {
    /// A mutex since partitions meet here once per decision, for a count.
    counted: Mutex<Counted>,
    /// Files that were made ready, or why they cannot be. Held while one is loaded, so that partitions wait for one
    /// loading of it, and one that fails is tried once.
    ready: Mutex<BTreeMap<Digest, Result<(), Hindrance>>>,
    /// Whose decisions alone are asked again and kept; everybody's are counted where it is `None`.
    only: Option<Only>,
}

#[derive(Default)]
pub(crate) struct Counted {
    /// Answers in the log to what was applied.
    found: u64,
    equal: u64,
    different: u64,
    not_reexecutable: BTreeMap<NotReexecutable, u64>,
    /// By position; several of one in the order in which they came.
    differences: BTreeMap<(Position, u64), Difference>,
}

impl Tally {
    /// Only decisions about one contact.
    pub(crate) fn only(only: Only) -> Self {
        Self {
            only: Some(only),
            ..Self::default()
        }
    }

    /// Whether the log of that partition is applied; the control partition is the one behind the others.
    pub(crate) fn replays(&self, partition: Partition, control: Partition) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| partition == control || partition == only.partition)
    }

    /// Whether what was decided about the contact is asked again.
    pub(crate) fn wants(&self, contact: &ContactId) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.contact == *contact)
    }

    /// Those whose decisions alone are kept, if so.
    pub(crate) fn of_one(&self) -> Option<&Only> {
        self.only.as_ref()
    }

    /// Makes the file ready; why that cannot be, if so.
    pub(crate) fn hindrance(&self, catalogue: &Catalogue, digest: Digest) -> Option<Hindrance> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = ready.entry(digest).or_insert_with(|| {
            catalogue
                .ensure(digest)
                .map_err(|error| Hindrance::NotLoaded {
                    reason: error.to_string(),
                })
        });
        ready.clone().err()
    }

    pub(crate) fn found(&self, answers: u64) {
        self.counted().found += answers;
    }

    pub(crate) fn equal(&self) {
        self.counted().equal += 1;
    }

    pub(crate) fn different(
        &self,
        partition: Partition,
        recorded: &RecordedAnswer,
        bound: Option<&ResolvedBinding>,
        new: &Answer,
    ) {
        let position = Position {
            partition,
            sequence: recorded.sequence,
        };
        let mut counted = self.counted();
        counted.different += 1;
        let difference = Difference {
            position,
            contact: recorded.contact.clone(),
            owner: recorded.question.owner.clone(),
            version: recorded.question.version,
            slot: recorded.question.slot.clone(),
            plugin: plugin_of(bound),
            digest: recorded.digest,
            recorded: in_words(&recorded.answer, bound),
            new: in_words(new, bound),
        };
        let key = (position, counted.different);
        counted.differences.insert(key, difference);
        if counted.differences.len() > DIFFERENCES_LISTED_MAX {
            counted.differences.pop_last();
        }
    }

    pub(crate) fn hindered(
        &self,
        digest: Digest,
        bound: Option<&ResolvedBinding>,
        hindrance: Hindrance,
    ) {
        let rule = NotReexecutable {
            plugin: plugin_of(bound),
            version: bound.map(|bound| bound.version.clone()),
            digest,
            hindrance,
        };
        *self.counted().not_reexecutable.entry(rule).or_default() += 1;
    }

    fn take(&self) -> Counted {
        std::mem::take(&mut *self.counted())
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plugin_of(bound: Option<&ResolvedBinding>) -> PluginName {
    bound.map_or_else(
        || PluginName::parse("unknown").expect("a valid name"),
        |bound| bound.plugin.clone(),
    )
}

fn in_words(answer: &Answer, bound: Option<&ResolvedBinding>) -> String {
    let mut text = match answer {
        Ok(_) => answer_json(answer, bound).to_string(),
        Err(failure) => format!("failed as {}: {}", failure.kind.code(), failure.message),
    };
    if let Some((end, _)) = text.char_indices().nth(ANSWER_CHARS_MAX) {
        text.truncate(end);
        text.push_str(" ...");
    }
    text
}
