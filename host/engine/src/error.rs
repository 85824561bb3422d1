//! What can go wrong in the engine, as values for those who call it.

use signalbox_journal::Position;
use signalbox_journey::control::Conflict;
use signalbox_model::{
    codec,
    id::{Digest, Partition, TableName},
    problem::Problem,
};

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The config cannot be used.
    #[error("config: {reason}")]
    Config {
        /// What is wrong with it.
        reason: String,
    },
    /// The journal does not open.
    #[error("open the journal")]
    Journal(#[source] signalbox_journal::Error),
    /// The store does not open, and cannot be rebuilt.
    #[error("open the store")]
    OpenStore(#[source] signalbox_store::OpenError),
    /// The store failed.
    #[error("prepare the store")]
    Store(#[source] signalbox_store::Error),
    /// The store stands behind more than the journal has: another journal, or one that lost acknowledged records.
    #[error("partition {partition} of the store stands at {store}, the journal ends at {journal}")]
    Ahead {
        /// Which partition.
        partition: Partition,
        /// Where the store stands.
        store: u64,
        /// Where the journal ends.
        journal: u64,
    },
    /// A manual clock is refused on a store that ever ran on the real one.
    #[error("the store has run on the real clock, a manual clock is refused")]
    RealClock,
    /// The store was left by a binary with another core or time zone data, and not closed cleanly, or its journal has
    /// more than it has applied.
    #[error(
        "the store was written by {store}, this is {binary}; start and stop the binary that wrote it once more, so that nothing is left to apply"
    )]
    OtherCore {
        /// The versions of core and time zone data that wrote it.
        store: String,
        /// Those of this binary.
        binary: String,
    },
    /// The store was put back to before the core or time zone data of this binary began.
    #[error(
        "partition {partition} of the store was put back to {store}, but this version began at {from}, and what another decided is not decided again; restore a snapshot made since"
    )]
    BeforeVersion {
        /// Which partition.
        partition: Partition,
        /// Where the store stands.
        store: u64,
        /// Where this version began.
        from: u64,
    },
    /// The log could not be applied again.
    #[error("apply the log: {reason}")]
    Recovery {
        /// Why, with its place.
        reason: String,
    },
    /// A thread cannot be started.
    #[error("start a thread")]
    Thread(#[source] std::io::Error),
}

/// Why inputs were not accepted. Nothing of them was logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// Too much waits to be applied.
    #[error("too many records wait; try again in {retry_after_s} s")]
    Busy {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// An event lies more than 5 minutes ahead of journey time.
    #[error("input {index} lies more than 5 minutes ahead")]
    TooFarAhead {
        /// Which of the inputs.
        index: usize,
    },
    /// More inputs than one call may have, or too many bytes.
    #[error("the batch is too large: {reason}")]
    TooLarge {
        /// Which bound it exceeds.
        reason: String,
    },
    /// The engine stops.
    #[error("the engine is stopping")]
    Stopping,
    /// The disk is full. Goes on by itself once there is space.
    #[error("the disk is full")]
    NoSpace,
    /// The log or the store failed.
    #[error("the storage failed")]
    Storage,
}

/// Why a workflow was not put.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// The document has problems; all of them.
    #[error("problems of the workflow: {}", .0.len())]
    Problems(Vec<Problem>),
    /// The workflow's state or version does not allow it.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The log does not take it.
    #[error(transparent)]
    Log(#[from] AcceptError),
    /// The engine stops or cannot go on.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a workflow was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartWorkflowError {
    /// Its checklist fails and nobody overrides it; everything that is wrong.
    #[error("the checklist fails: {} problems", .0.len())]
    Checklist(Vec<Problem>),
    /// The command was not applied.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl From<Unavailable> for StartWorkflowError {
    fn from(error: Unavailable) -> Self {
        Self::Command(error.into())
    }
}

/// Why a command was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Refused; nothing has changed.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The log does not take it.
    #[error(transparent)]
    Log(#[from] AcceptError),
    /// The engine stops or cannot go on.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The engine stops or cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It stops.
    #[error("the engine is stopping")]
    Stopping,
    /// It failed; its status says why.
    #[error("the engine has failed")]
    Failed,
}

/// Why the machine's clock is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// Journey time does not come from the machine.
    #[error("the clock is wound by hand, there is no clock of the machine to follow")]
    Manual,
    /// The engine stops or cannot go on.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why something cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The engine stops or cannot go on.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The store failed.
    #[error("read the store")]
    Store(#[from] signalbox_store::Error),
    /// Counters that do not decode.
    #[error("counters of partition {partition} do not decode")]
    Counters {
        /// Whose.
        partition: Partition,
        /// Why.
        source: codec::Error,
    },
    /// A table is not as it was kept.
    #[error("read table {table}: {reason}")]
    Table {
        /// Which.
        table: TableName,
        /// Why.
        reason: String,
    },
}

/// Why a snapshot was not made, restored or trimmed behind.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The engine stops or cannot go on.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The store failed.
    #[error("snapshot of the store")]
    Store(#[from] signalbox_store::Error),
    /// The journal failed.
    #[error("trim the journal")]
    Journal(#[from] signalbox_journal::Error),
}

/// Why definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DefinitionsError {
    /// Their body is not there.
    #[error("definitions {digest} are missing")]
    Missing {
        /// Under which digest they should be.
        digest: Digest,
        /// Why.
        source: signalbox_store::Error,
    },
    /// They do not read.
    #[error("definitions {digest} do not read")]
    Malformed {
        /// Under which digest they are.
        digest: Digest,
        /// Why.
        source: serde_json::Error,
    },
    /// A table of theirs does not read.
    #[error("table {digest} does not read: {reason}")]
    Table {
        /// Under which digest it is.
        digest: Digest,
        /// Why.
        reason: String,
    },
    /// They do not write.
    #[error("encode definitions")]
    Encode(#[source] serde_json::Error),
}

/// What the engine was doing with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreAction {
    /// Reading rows.
    Read,
    /// Preparing rows.
    Write,
    /// Committing a batch.
    Commit,
}

impl std::fmt::Display for StoreAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "read rows of",
            Self::Write => "write rows of",
            Self::Commit => "commit to",
        })
    }
}

/// Why a partition cannot go on. The engine ends then, and recovers at its next start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The store failed.
    #[error("{action} partition {partition}")]
    Store {
        /// What was tried.
        action: StoreAction,
        /// Whose rows.
        partition: Partition,
        /// Why it failed.
        source: signalbox_store::Error,
    },
    /// The log cannot be read.
    #[error("read the log of partition {partition}")]
    Log {
        /// Whose.
        partition: Partition,
        /// Why.
        source: signalbox_journal::Error,
    },
    /// A record does not decode.
    #[error("record {position} does not decode")]
    Record {
        /// Which.
        position: Position,
        /// Why.
        source: codec::Error,
    },
    /// Counters do not decode.
    #[error("counters of partition {partition} do not decode")]
    Counters {
        /// Whose.
        partition: Partition,
        /// Why.
        source: codec::Error,
    },
    /// Definitions cannot be used.
    #[error(transparent)]
    Definitions(#[from] DefinitionsError),
    /// The log answers later records and not this one: the core asks otherwise than it did.
    #[error(
        "the log has no answer to {question}, asked by record {partition}:{sequence}, but answers later ones"
    )]
    AnswerMissing {
        /// In which partition.
        partition: Partition,
        /// By which record.
        sequence: u64,
        /// Workflow, version and place of the binding.
        question: String,
    },
}
