//! Opening, closing and throwing away.
//!
//! What the files beside the rows say decides whether the rows can be trusted; the engine decides what to do about it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use signalbox_model::id::Partition;

use crate::{
    Store,
    blobs::Blobs,
    compact::{self, Compactor},
    config::Config,
    db::{Db, Settings},
    error::{Error, OpenError},
    files,
    flush::{Core, Flusher},
    key::{self, Kind},
    layer::Below,
    meta::{self, ClockUse, Condition, Expected, Generation, Layout, Meta, Running, STORE_FORMAT},
    rows::{Bounds, Rows},
};

/// Longer than any process keeps a store open: a year.
const NEVER: Duration = Duration::from_hours(365 * 24);

impl Store {
    /// Opens the store of that folder; creates it if there is none.
    ///
    /// # Errors
    /// When another process has it open, when it has another count of partitions or a newer format, and when files
    /// are damaged so that it does not open ([`OpenError::is_damage`]): then [`discard_rows`], open it again, restore
    /// the last snapshot and replay the journal. A store that opens may need the same: [`Condition::needs_rebuild`].
    pub fn open(config: &Config) -> Result<Self, OpenError> {
        Self::open_for(config, Purpose::Use)
    }

    /// As [`Store::open`], for whoever only reads: however that ends, the store is left as it was. Drop it afterwards.
    pub fn open_to_read(config: &Config) -> Result<Self, OpenError> {
        Self::open_for(config, Purpose::Read)
    }

    fn open_for(config: &Config, purpose: Purpose) -> Result<Self, OpenError> {
        let partitions = config.partitions;
        if partitions == 0 || partitions == Partition::MAX {
            return Err(OpenError::BadPartitions { asked: partitions });
        }
        files::create_folder(&config.folder)?;
        let layout = Layout::new(&config.folder);
        let lock = lock(&layout)?;
        let meta = match meta::read_meta(&config.folder)? {
            Some(meta) if meta.partitions != partitions => {
                return Err(OpenError::OtherPartitions {
                    found: meta.partitions,
                    asked: partitions,
                });
            }
            Some(meta) => meta,
            None if !layout.all_rows()?.is_empty() => {
                return Err(OpenError::NoMeta {
                    path: layout.meta(),
                });
            }
            None => {
                let meta = new_meta(config)?;
                create(&layout, &meta)?;
                meta
            }
        };
        let condition = meta::condition(&layout)?;
        let expected = meta::expected(&layout, condition)?;
        let generation = meta::read_generation(&layout)?;
        let settings = Settings::of(config);
        let folder = layout.rows(generation.number);
        if generation.number > 0 && !folder.is_dir() {
            return Err(OpenError::FileDamaged {
                path: layout.generation(),
                reason: format!("{} is not there", folder.display()),
            });
        }
        let reading = match purpose {
            Purpose::Use => None,
            Purpose::Read => Some(Reading::begin(&layout)?),
        };
        let db = Db::open(&folder, settings)?;
        let rows = new_rows(db, config)?;
        let positions = read_positions(&folder, &rows, partitions)?;
        compare_positions(&expected, &positions)?;
        let last_died = match purpose {
            Purpose::Use => take_over(&layout, generation)?,
            Purpose::Read => false,
        };
        let blobs = Blobs::open(&layout.blobs())?;
        let core = Arc::new(Core {
            layout,
            rows,
            positions: positions.into_iter().map(AtomicU64::new).collect(),
            flushing: Mutex::new(()),
        });
        let flush_every = if config.is_thrown_away {
            NEVER
        } else {
            Duration::from_millis(settings.flush_every_ms)
        };
        let compactor = Compactor::new(settings, config.compact_from_bytes, generation, last_died);
        Ok(Self {
            flusher: Flusher::start(Arc::clone(&core), flush_every, compactor)?,
            core,
            blobs,
            meta: Mutex::new(meta),
            condition,
            observed_names_max: config.observed_names_max,
            reading,
            _lock: lock,
        })
    }

    /// Makes everything durable and notes that nothing is missing. Without it the next open finds the store
    /// [`Condition::Killed`] or [`Condition::Restarted`].
    /// One that was opened to be read is left as it was.
    pub fn close_clean(self) -> Result<(), Error> {
        if self.reading.is_some() {
            return Ok(());
        }
        let Self {
            core,
            flusher,
            _lock,
            ..
        } = self;
        drop(flusher);
        core.flush()?;
        let closed = core.read_positions();
        let core = Arc::into_inner(core).expect("only the flusher shares it, which has ended");
        let Core { layout, rows, .. } = core;
        rows.close()?;
        files::write_document(&layout.closed(), &closed)?;
        files::remove(&layout.running())
    }

    /// Notes that a rebuild or restore has come to its end, after making it durable.
    pub fn finish_rebuild(&self) -> Result<(), Error> {
        self.flush()?;
        files::remove(&self.core.layout.rebuilding())
    }

    /// Notes that the rows are being replaced, so that an open sees it if it is never finished.
    pub(crate) fn begin_rebuild(&self) -> Result<(), Error> {
        note_rebuild(&self.core.layout)
    }
}

/// How the store of that folder was left, without opening it; `None` if there is none.
pub fn read_condition(folder: &Path) -> Result<Option<Condition>, OpenError> {
    match meta::read_meta(folder)? {
        Some(_) => Ok(Some(meta::condition(&Layout::new(folder))?)),
        None => Ok(None),
    }
}

/// Throws all rows of a store away, for a rebuild. Which store it is stays, and the large bodies stay.
///
/// The store opens empty then, in [`Condition::Rebuilding`] until [`Store::finish_rebuild`].
pub fn discard_rows(folder: &Path) -> Result<(), OpenError> {
    let layout = Layout::new(folder);
    let _lock = lock(&layout)?;
    note_rebuild(&layout)?;
    files::remove(&layout.generation())?;
    for generation in layout.all_rows()? {
        files::remove_folder(&layout.rows(generation))?;
    }
    files::remove(&layout.running())?;
    files::remove(&layout.closed())?;
    files::remove(&layout.flushed())?;
    files::remove(&layout.reading())?;
    Ok(())
}

/// Makes an empty store that is the one of a snapshot's manifest, so that the snapshot can be restored into it. It
/// opens in [`Condition::Rebuilding`].
///
/// # Errors
/// When the folder holds a store already.
pub fn create_as(folder: &Path, meta: &Meta) -> Result<(), OpenError> {
    files::create_folder(folder)?;
    let layout = Layout::new(folder);
    let _lock = lock(&layout)?;
    if layout.meta().exists() || !layout.all_rows()?.is_empty() {
        let exists = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(Error::io("create a store in", folder)(exists).into());
    }
    note_rebuild(&layout)?;
    create(&layout, meta)?;
    Ok(())
}

fn note_rebuild(layout: &Layout) -> Result<(), Error> {
    files::write(&layout.rebuilding(), b"")
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Use,
    Read,
}

/// Marks the store as running, and removes what is left of copies of its rows. Answers whether one was not finished.
fn take_over(layout: &Layout, generation: Generation) -> Result<bool, OpenError> {
    let last_died = compact::remove_others(layout, generation);
    files::write_document(&layout.running(), &Running::now())?;
    files::remove(&layout.closed())?;
    files::remove(&layout.reading())?;
    Ok(last_died)
}

/// Notes that the store is being read, until it is dropped.
#[derive(Debug)]
pub(crate) struct Reading {
    note: PathBuf,
}

impl Reading {
    fn begin(layout: &Layout) -> Result<Self, Error> {
        let note = layout.reading();
        files::write_document(&note, &Running::now())?;
        Ok(Self { note })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // What stays behind means nothing before the machine is restarted, and a rebuild then.
        if let Err(error) = files::remove(&self.note) {
            tracing::warn!(%error, "{error}");
        }
    }
}

fn lock(layout: &Layout) -> Result<File, OpenError> {
    let path = layout.lock();
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            folder: layout.folder.clone(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error).into()),
    }
}

fn new_meta(config: &Config) -> Result<Meta, Error> {
    let store_seed = getrandom::u64().map_err(|error| {
        Error::io("draw a seed for", &config.folder)(std::io::Error::other(error))
    })?;
    Ok(Meta {
        format: STORE_FORMAT,
        partitions: config.partitions,
        store_seed,
        created_at: config.now,
        clock: ClockUse::Unused,
        core_version: String::new(),
        versions_from: Vec::new(),
        tz_version: String::new(),
    })
}

fn create(layout: &Layout, meta: &Meta) -> Result<(), Error> {
    meta::write_meta(layout, meta)?;
    match layout.folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => files::sync(parent),
        _ => Ok(()),
    }
}

fn new_rows(db: Db, config: &Config) -> Result<Rows, Error> {
    let (below, bounds) = if config.is_thrown_away {
        let bytes_max = usize::try_from(config.cache_bytes).unwrap_or(usize::MAX);
        let below = if db.is_empty()? {
            Below::Empty
        } else {
            Below::Rows
        };
        (below, Bounds::of_bytes(bytes_max))
    } else {
        (Below::Rows, Bounds::of_rows(config.waiting_rows))
    };
    let hops = config.hops.clone();
    Ok(Rows::new(db, config.partitions, below, bounds, hops))
}

fn read_positions(
    folder: &Path,
    rows: &Rows,
    partitions: Partition,
) -> Result<Vec<u64>, OpenError> {
    (0..=partitions)
        .map(|partition| {
            let key = key::prefix(Kind::Position, partition);
            Ok(rows.read::<u64>(&key)?.unwrap_or(0))
        })
        .collect::<Result<_, Error>>()
        .map_err(|error| {
            if error.is_damage() {
                OpenError::Damaged {
                    folder: folder.to_owned(),
                    source: Box::new(error),
                }
            } else {
                error.into()
            }
        })
}

/// sled cuts off what it takes for a torn end, which is less than there was.
fn compare_positions(expected: &Expected, positions: &[u64]) -> Result<(), OpenError> {
    let noted = match expected {
        Expected::Exactly(noted) | Expected::AtLeast(noted) => noted,
        Expected::Unknown => return Ok(()),
    };
    for (&partition, &noted) in &noted.positions {
        let found = positions.get(usize::from(partition)).copied().unwrap_or(0);
        if found < noted || (found > noted && matches!(expected, Expected::Exactly(_))) {
            return Err(OpenError::PositionLost {
                partition,
                noted,
                found,
            });
        }
    }
    Ok(())
}
