//! Opening, closing and throwing away.
//!
//! sled is opened on a thread of its own, whose panics are contained. What the files beside the rows say decides
//! whether the rows can be trusted; the engine decides what to do about it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicU64},
    thread,
    time::Duration,
};

use signalbox_model::id::Partition;

use crate::{
    Store,
    blobs::Blobs,
    config::Config,
    error::{Error, OpenError},
    files,
    flush::{self, Core, Flusher},
    key::{self, Kind},
    meta::{self, ClockUse, Condition, Expected, Layout, Meta, Running, STORE_FORMAT},
    rows::{Rows, panic_message},
};

impl Store {
    /// Opens the store of that folder; creates it if there is none.
    ///
    /// # Errors
    /// When another process has it open, when it has another count of partitions or a newer format, and when files
    /// are damaged so that it does not open ([`OpenError::is_damage`]): then [`discard_rows`], open it again, restore
    /// the last snapshot and replay the journal. A store that opens may need the same: [`Condition::needs_rebuild`].
    pub fn open(config: &Config) -> Result<Self, OpenError> {
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
            None if layout.rows().exists() => {
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
        let rows = Rows::new(open_rows(&layout, config)?, partitions, config.waiting_rows);
        let rows_file = open_rows_file(&layout)?;
        let positions = read_positions(&layout, &rows, partitions)?;
        compare_positions(&expected, &positions)?;
        let running = Running {
            boot: meta::boot_id(),
        };
        files::write_document(&layout.running(), &running)?;
        files::remove(&layout.closed())?;
        let blobs = Blobs::open(&layout.blobs())?;
        let core = Arc::new(Core {
            layout,
            rows,
            rows_file,
            positions: positions.into_iter().map(AtomicU64::new).collect(),
            flushing: Mutex::new(()),
        });
        let flush_every = Duration::from_millis(config.flush_every_ms.max(1));
        Ok(Self {
            flusher: Flusher::start(Arc::clone(&core), flush_every)?,
            core,
            blobs,
            meta: Mutex::new(meta),
            condition,
            observed_names_max: config.observed_names_max,
            _lock: lock,
        })
    }

    /// Makes everything durable and notes that nothing is missing. Without it the next open finds the store
    /// [`Condition::Killed`] or [`Condition::Restarted`].
    pub fn close_clean(self) -> Result<(), Error> {
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
        let Core {
            layout,
            rows,
            rows_file,
            ..
        } = core;
        drop(rows);
        flush::sync(&rows_file, &layout.rows_file())?;
        files::sync_folder(&layout.rows())?;
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
    let rows = layout.rows();
    match fs::remove_dir_all(&rows) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &rows)(error).into());
        }
        _ => {}
    }
    files::remove(&layout.running())?;
    files::remove(&layout.closed())?;
    files::remove(&layout.flushed())?;
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
    if layout.meta().exists() || layout.rows().exists() {
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
        tz_version: String::new(),
    })
}

fn create(layout: &Layout, meta: &Meta) -> Result<(), Error> {
    meta::write_meta(layout, meta)?;
    match layout.folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => files::sync_folder(parent),
        _ => Ok(()),
    }
}

/// Opens sled on a thread of its own, so that a panic over damaged files ends that thread only.
fn open_rows(layout: &Layout, config: &Config) -> Result<sled::Db, OpenError> {
    let folder = layout.rows();
    let damaged = |source: Error| OpenError::Damaged {
        folder: folder.clone(),
        source: Box::new(source),
    };
    let settings = sled::Config::new()
        .path(&folder)
        .cache_capacity(config.cache_bytes)
        .flush_every_ms(Some(config.flush_every_ms.max(1)))
        .mode(sled::Mode::HighThroughput);
    let opened = thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || settings.open())
        .map_err(Error::io("start a thread to open", &folder))?
        .join();
    match opened {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(source @ sled::Error::Io(_))) => Err(Error::Sled {
            doing: "open the rows",
            source,
        }
        .into()),
        Ok(Err(source)) => Err(damaged(Error::Sled {
            doing: "open the rows",
            source,
        })),
        Err(panic) => Err(damaged(Error::Panicked {
            doing: "open the rows",
            message: panic_message(&*panic),
        })),
    }
}

/// The second handle on sled's file, and all names on the way to it made durable.
fn open_rows_file(layout: &Layout) -> Result<File, OpenError> {
    let path = layout.rows_file();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    flush::sync(&file, &path)?;
    files::sync_folder(&layout.rows())?;
    files::sync_folder(&layout.folder)?;
    Ok(file)
}

fn read_positions(
    layout: &Layout,
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
                    folder: layout.rows(),
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
