//! What can go wrong, as values that name the row, the partition and the contact.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use signalbox_model::{
    codec,
    id::{ContactId, Digest, Partition},
};

use crate::key::{Key, Kind};

/// Why the store refuses, or cannot do, what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is there is not what was written.
    #[error("{row} is damaged")]
    Damaged {
        /// Which row.
        row: RowName,
        /// What is wrong with it.
        #[source]
        damage: Damage,
    },
    /// A row would be too large; nothing of its batch was written.
    #[error("{row} would have {bytes} bytes, at most {bytes_max} are allowed")]
    Oversize {
        /// Which row.
        row: RowName,
        /// Its size.
        bytes: usize,
        /// The size allowed.
        bytes_max: usize,
    },
    /// A value cannot be written as bytes.
    #[error("encode {row}")]
    Encode {
        /// Which row.
        row: RowName,
        /// Why.
        source: codec::Error,
    },
    /// The contact lives in another partition than the batch.
    #[error("contact {contact:?} belongs to partition {owner}, not to {partition}")]
    WrongPartition {
        /// Which contact.
        contact: ContactId,
        /// Where it lives.
        owner: Partition,
        /// Where it was written to.
        partition: Partition,
    },
    /// A partition this store does not have.
    #[error("store has no partition {partition}")]
    UnknownPartition {
        /// The number given.
        partition: Partition,
    },
    /// The position of a batch lies before what is already applied.
    #[error("partition {partition} is at {found}, a batch wants to take it back to {asked}")]
    PositionBackwards {
        /// Which partition.
        partition: Partition,
        /// Where it is.
        found: u64,
        /// Where the batch would take it.
        asked: u64,
    },
    /// The library below failed.
    #[error("{doing} in the store")]
    Sled {
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        source: sled::Error,
    },
    /// The library below panicked, which it does on some damage to its files. Nothing more is accepted.
    #[error("{doing} in the store: the library below panicked: {message}")]
    Panicked {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        message: String,
    },
    /// An earlier operation panicked.
    #[error("the store refuses since an earlier operation failed")]
    Failed,
    /// The operating system refused.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was tried, as in "write".
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A large body is not there.
    #[error("no body is kept under the digest {digest}")]
    NoBlob {
        /// Its digest.
        digest: Digest,
    },
    /// A large body is not what its name says.
    #[error("the body kept as {digest} has the digest {found}")]
    BlobDamaged {
        /// What its name says.
        digest: Digest,
        /// What its bytes say.
        found: Digest,
    },
    /// A large body is larger than its bound.
    #[error("a body has {bytes} bytes, at most {bytes_max} are kept")]
    BlobTooLarge {
        /// Its size.
        bytes: usize,
        /// The size allowed.
        bytes_max: usize,
    },
    /// A copy of the rows cannot take their place.
    #[error("the copy of the rows lacks some of them")]
    CopyIncomplete,
    /// The file system has too little space for a copy of the rows.
    #[error("copying the rows takes up to {wanted} bytes, the file system has {free}")]
    NoRoomToCopy {
        /// Bytes free.
        free: u64,
        /// Bytes that have to be.
        wanted: u64,
    },
    /// A snapshot cannot be read.
    #[error("snapshot: {0}")]
    Snapshot(SnapshotDamage),
    /// The snapshot is one of another partition or store.
    #[error("the snapshot belongs to another store or partition: {0}")]
    ForeignSnapshot(String),
}

impl Error {
    pub(crate) fn io<'a>(
        doing: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(key: &[u8], damage: Damage) -> Self {
        Self::Damaged {
            row: RowName::of(key),
            damage,
        }
    }

    /// Whether the disk is full, which passes, unlike other failures.
    pub fn is_no_space(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        let (Self::Io { source, .. }
        | Self::Sled {
            source: sled::Error::Io(source),
            ..
        }) = self
        else {
            return false;
        };
        matches!(source.kind(), StorageFull | QuotaExceeded)
    }

    /// Whether files do not hold what was written to them, so that a rebuild is the way out.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Panicked { .. }
                | Self::Failed
                | Self::BlobDamaged { .. }
                | Self::Sled {
                    source: sled::Error::Corruption { .. } | sled::Error::ReportableBug(_),
                    ..
                }
        ) || self.is_cut_short()
    }

    /// Whether a file below ends before it should, or is missing.
    fn is_cut_short(&self) -> bool {
        use io::ErrorKind::{NotFound, UnexpectedEof};
        let Self::Sled {
            source: sled::Error::Io(source),
            ..
        } = self
        else {
            return false;
        };
        matches!(source.kind(), NotFound | UnexpectedEof)
    }
}

/// A store that does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("store folder {} is in use by another process", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The count of partitions is fixed when a store is created.
    #[error("store has {found} partitions, {asked} were asked for")]
    OtherPartitions {
        /// As created.
        found: Partition,
        /// As given now.
        asked: Partition,
    },
    /// A store needs at least one partition, and the control partition needs a number.
    #[error("a store cannot have {asked} partitions")]
    BadPartitions {
        /// As given.
        asked: Partition,
    },
    /// Written by a newer binary, or before the first release.
    #[error(
        "the store has format {found}, this binary reads {known}: use the binary that made it, or make a new store in another folder"
    )]
    OtherFormat {
        /// The format found.
        found: u64,
        /// The one known.
        known: u32,
    },
    /// The file that says which store this is, is gone while its rows are there.
    #[error("{} is missing though the store has rows", path.display())]
    NoMeta {
        /// The file.
        path: PathBuf,
    },
    /// A small file beside the rows is damaged.
    #[error("{} is damaged: {reason}", path.display())]
    FileDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The rows do not open.
    #[error("the rows in {} are damaged", folder.display())]
    Damaged {
        /// Where the rows are.
        folder: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<Error>,
    },
    /// The store is not where it was closed, or behind where it was flushed: rows were lost.
    #[error("partition {partition} is at {found} though {noted} was noted as durable")]
    PositionLost {
        /// Which partition.
        partition: Partition,
        /// Where it was when the store was closed or last flushed.
        noted: u64,
        /// Where it is.
        found: u64,
    },
    /// Anything else that failed while it was opened.
    #[error(transparent)]
    Other(#[from] Error),
}

impl OpenError {
    /// Whether files do not hold what was written to them, so that a rebuild is the way out.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::FileDamaged { .. } | Self::Damaged { .. } | Self::PositionLost { .. } => true,
            Self::Other(error) => error.is_damage(),
            _ => false,
        }
    }
}

/// The name of a row, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowName {
    /// What kind of row; `None` for bytes that are no key.
    pub kind: Option<Kind>,
    /// Its partition.
    pub partition: Option<Partition>,
    /// The contact it belongs to, where the key names one.
    pub contact: Option<ContactId>,
    text: String,
}

impl RowName {
    pub(crate) fn of(key: &[u8]) -> Self {
        match Key::decode(key) {
            Some(key) => Self {
                kind: Some(key.kind),
                partition: Some(key.partition),
                contact: key.contact().cloned(),
                text: key.to_string(),
            },
            None => Self {
                kind: None,
                partition: None,
                contact: None,
                text: format!(
                    "row with the unreadable key {}",
                    key[..key.len().min(64)].escape_ascii()
                ),
            },
        }
    }

    /// Names the rows of a kind where it is not known which of them.
    pub(crate) fn some_of(kind: Kind, partition: Partition) -> Self {
        Self {
            kind: Some(kind),
            partition: Some(partition),
            contact: None,
            text: format!("a {} row in partition {partition}", kind.as_str()),
        }
    }
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// Shorter than its checksum.
    #[error("it is too short")]
    Short,
    /// Its checksum does not fit its key and bytes.
    #[error("its checksum does not fit")]
    Checksum,
    /// Its key is none that this binary knows.
    #[error("its key is not readable")]
    Key,
    /// Its checksum fits, but the bytes are not a value of its type.
    #[error("it does not decode")]
    Undecodable(#[source] codec::Error),
    /// Another row says that it must be there.
    #[error("it is missing")]
    Missing,
    /// It contradicts another row, or its own key.
    #[error("{0}")]
    Contradiction(String),
    /// The library below found its own page damaged.
    #[error("its page is damaged")]
    Page(#[source] sled::Error),
}

/// What is wrong with a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotDamage {
    /// It does not begin as snapshots do.
    #[error("it is not a snapshot")]
    NotASnapshot,
    /// Written by another binary.
    #[error("it has format {found}, this binary reads {known}")]
    OtherFormat {
        /// The format found.
        found: u32,
        /// The one known.
        known: u32,
    },
    /// It ends too early.
    #[error("it ends too early, behind {rows} rows")]
    Cut {
        /// Rows read before.
        rows: u64,
    },
    /// A row's checksum does not fit.
    #[error("its row {row} is damaged")]
    Row {
        /// Counted from 0.
        row: u64,
    },
    /// Count or digest at its end do not fit what came before.
    #[error("count or digest at its end do not fit")]
    Digest,
    /// Bytes are left behind its end.
    #[error("bytes are left behind its end")]
    LeftOver,
    /// The set it belongs to says otherwise.
    #[error("it is not the one that its manifest names")]
    Manifest,
    /// It was made of another store.
    #[error("it is of another store")]
    OtherStore,
}
