//! What can go wrong with the files, as values that name the place.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::Position;

/// A journal that cannot be opened, read, trimmed or checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, as in "write segment".
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds the journal.
    #[error("journal folder {} is in use by another process", folder.display())]
    Locked {
        /// The folder of the journal.
        folder: PathBuf,
    },
    /// There is no journal to check.
    #[error("folder {} holds no journal", folder.display())]
    NoJournal {
        /// The folder given.
        folder: PathBuf,
    },
    /// The limits contradict each other.
    #[error("journal config: {0}")]
    Config(&'static str),
    /// The count of partitions is fixed when a journal is created.
    #[error("journal has {found} partitions, {asked} were asked for")]
    PartitionCount {
        /// As created.
        found: usize,
        /// As given now.
        asked: usize,
    },
    /// A partition this journal does not have.
    #[error("journal has no partition {partition}")]
    UnknownPartition {
        /// The number given.
        partition: u16,
    },
    /// A segment between two others is gone.
    #[error("segment {} is missing", segment.display())]
    SegmentMissing {
        /// Where it would be.
        segment: PathBuf,
    },
    /// A file does not hold what was written to it.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The entry was deleted by a trim.
    #[error(
        "position {position} is trimmed: the journal begins with {first_kept} in this partition"
    )]
    Trimmed {
        /// The position asked for.
        position: Position,
        /// The first sequence that is still kept.
        first_kept: u64,
    },
    /// The caller knows of more than was ever made durable: a state that is ahead of its journal.
    #[error(
        "position {position} lies ahead of the journal, which ends with {last_durable} in this partition"
    )]
    Ahead {
        /// The position asked for.
        position: Position,
        /// The last durable sequence.
        last_durable: u64,
    },
    /// The journal was begun with [`crate::Journal::unkept`]: there is nothing to read or trim.
    #[error("journal keeps no entries")]
    Unkept,
    /// A write or fsync failed earlier, so nothing more is accepted.
    #[error("journal refuses since an earlier write failed")]
    Failed,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Whether the disk is full, which passes, unlike other failures.
    pub(crate) fn is_no_space(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
    }
}

/// Where a segment is damaged and what is lost from there on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damaged {
    /// The file.
    pub segment: PathBuf,
    /// The first byte of the damaged frame or header in it.
    pub offset: u64,
    /// The first position that cannot be read, where it can be told.
    pub position: Option<Position>,
    /// What is wrong there.
    pub damage: Damage,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "segment {} is damaged at offset {}",
            self.segment.display(),
            self.offset
        )?;
        if let Some(position) = self.position {
            write!(f, ", position {position}")?;
        }
        write!(f, ": {}", self.damage)
    }
}

impl std::error::Error for Damaged {}

/// What is wrong at a place in a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// The file's own header.
    #[error("the segment header does not pass its checks")]
    SegmentHeader,
    /// A format this build does not read.
    #[error("format version {0} is not known")]
    FormatVersion(u32),
    /// The file ends inside a frame, or before the frames that the next segment builds on.
    #[error("the file ends too early")]
    Cut,
    /// A frame's header.
    #[error("the frame header fails its checksum")]
    FrameHeader,
    /// A frame's body.
    #[error("the frame body fails its checksum")]
    FrameBody,
    /// The checksums hold, and yet the frame cannot be taken apart.
    #[error("the frame contradicts itself")]
    FrameShape,
    /// Frames or entries are missing before this one.
    #[error("found {found} where {expected} was expected")]
    Hole {
        /// The next number of the row.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// Journey time went back within a partition.
    #[error("logged_at goes back from {from_ms} to {to_ms}")]
    TimeBack {
        /// Milliseconds since 1970 of the entry before.
        from_ms: i64,
        /// Milliseconds since 1970 of this entry.
        to_ms: i64,
    },
}
