//! Copies a data folder, that of a running server too, and rebuilds the copy: for `signalbox forecast`.
//!
//! `app` calls it with a folder of its own. What is copied from is only read. The store of a server that runs cannot be
//! opened by anybody else, so its rows come from the newest snapshot and the journal.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use signalbox_journal::{Entry, Journal, Sink};
use signalbox_model::{
    codec,
    event::Event,
    record::Record,
    time::{Instant, Span},
};
use signalbox_store::{ClockUse, Meta, Snapshots};

use crate::{
    clock::{Clock, ClockMode},
    config::Config,
    error::StartError,
    start::Parts,
};

/// Copies that are tried while a server deletes what is being copied.
const TRIES_MAX: u32 = 3;

/// A data folder as it stood.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Which store it is one of.
    pub meta: Meta,
    /// When the last record of its journal was logged; `None` while there is none.
    pub ends_at: Option<Instant>,
    /// The events of the last stretch, in the order in which they were logged, with the instants of that.
    pub events: Vec<(Instant, Event)>,
}

/// Most events of a log that are read: some gigabytes of memory.
const EVENTS_MAX: usize = 5_000_000;

/// Why a data folder was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is nothing to copy.
    #[error("{} holds no store", folder.display())]
    NoStore {
        /// The data folder.
        folder: PathBuf,
    },
    /// What store it is cannot be read, or its copy not be made.
    #[error("make the copy of the store")]
    Store(#[source] signalbox_store::OpenError),
    /// The journal cannot be copied or read.
    #[error("copy the journal")]
    Journal(#[source] signalbox_journal::Error),
    /// The snapshots cannot be looked through.
    #[error("look through the snapshots")]
    Snapshots(#[source] signalbox_store::Error),
    /// A file cannot be copied.
    #[error("copy {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A record of the journal does not decode.
    #[error("record {position} does not decode")]
    Record {
        /// Which.
        position: signalbox_journal::Position,
        /// Why.
        source: codec::Error,
    },
    /// So many events are not held in memory.
    #[error(
        "the log has more than {EVENTS_MAX} events in that time: ask for fewer days, or for a tape of your own"
    )]
    TooManyEvents,
    /// The copy cannot be rebuilt.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Copies the data folder of `from` into that of `to`, which is empty, and reads the events that were logged within the
/// span before the end. [`rebuild_copy`] makes a store of it. Blocks.
///
/// # Errors
/// When there is no store, or a file cannot be copied.
pub fn copy_data(from: &Config, to: &Config, events_of: Span) -> Result<Copied, CopyError> {
    let meta = signalbox_store::read_meta(&from.store_folder())
        .map_err(CopyError::Store)?
        .ok_or_else(|| CopyError::NoStore {
            folder: from.folder.clone(),
        })?;
    let mut tried = 1;
    // The snapshot first: what it lacks is in the journal, which is trimmed behind two of them only.
    while let Err(error) = copy_parts(from, to) {
        if tried == TRIES_MAX {
            return Err(error);
        }
        tried += 1;
    }
    let unused = Meta {
        clock: ClockUse::Unused,
        ..meta.clone()
    };
    signalbox_store::create_as(&to.store_folder(), &unused).map_err(CopyError::Store)?;
    let (ends_at, events) = read_events(to, &meta, events_of)?;
    Ok(Copied {
        meta,
        ends_at,
        events,
    })
}

/// Makes the rows of a copy from its snapshot and journal, with recorded answers. Nothing fires and nothing is sent.
/// Blocks.
///
/// # Errors
/// When the log cannot be applied.
pub fn rebuild_copy(config: Config, parts: Parts) -> Result<(), StartError> {
    crate::recover(config, parts).map(drop)
}

fn copy_parts(from: &Config, to: &Config) -> Result<(), CopyError> {
    for folder in [to.snapshots_folder(), to.journal_folder()] {
        if folder.exists() {
            let removed = fs::remove_dir_all(&folder);
            removed.map_err(|source| CopyError::File {
                path: folder.clone(),
                source,
            })?;
        }
    }
    let snapshots = from.snapshots_folder();
    if snapshots.is_dir() {
        let sets = Snapshots::open(&snapshots).and_then(|snapshots| snapshots.list());
        let sets = sets.map_err(CopyError::Snapshots)?;
        let newest = sets.into_iter().filter_map(Result::ok);
        if let Some(set) = newest.into_iter().find(|set| set.verified)
            && let Some(name) = set.folder.file_name()
        {
            copy_folder(&set.folder, &to.snapshots_folder().join(name))?;
        }
    }
    Journal::copy_in_use(&from.journal_folder(), &to.journal_folder())
        .map(drop)
        .map_err(CopyError::Journal)
}

/// Copies files and folders as they are.
fn copy_folder(from: &Path, to: &Path) -> Result<(), CopyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CopyError::File { path, source }
    };
    fs::create_dir_all(to).map_err(failed(to))?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// What is logged is read, and nobody is told of it.
struct Nobody;

impl Sink for Nobody {
    fn durable(&self, _: &[Entry]) {}
}

type Logged = (Option<Instant>, Vec<(Instant, Event)>);

fn read_events(copy: &Config, meta: &Meta, events_of: Span) -> Result<Logged, CopyError> {
    let config = signalbox_journal::Config::new(copy.journal_folder(), meta.partitions + 1);
    let clock = Arc::new(Clock::new(ClockMode::Manual, meta.created_at));
    let (journal, opened) =
        Journal::open(config, clock, Arc::new(Nobody)).map_err(CopyError::Journal)?;
    let Some(ends_at) = opened.logged_at_ms.map(Instant::from_ms) else {
        return Ok((None, Vec::new()));
    };
    let from = ends_at.minus(events_of);
    let kept: Vec<u64> = (0..=meta.partitions)
        .map(|partition| journal.first_kept(partition))
        .collect();
    let mut events = Vec::new();
    for entry in journal.read_all(&kept).map_err(CopyError::Journal)? {
        let entry = entry.map_err(CopyError::Journal)?;
        let logged_at = Instant::from_ms(entry.logged_at_ms);
        if logged_at < from {
            continue;
        }
        let record = codec::decode(&entry.payload).map_err(|source| CopyError::Record {
            position: entry.position,
            source,
        })?;
        if let Record::Event(event) = record {
            if events.len() >= EVENTS_MAX {
                return Err(CopyError::TooManyEvents);
            }
            events.push((logged_at, event));
        }
    }
    journal.close().map_err(CopyError::Journal)?;
    events.sort_by_key(|(logged_at, _)| *logged_at);
    Ok((Some(ends_at), events))
}
