//! One database of sled in a folder of its own: the only place that calls it.
//!
//! sled 0.34 answers some damage to its files with a panic. A panic in a call is caught here; from then on everything
//! is refused, since what the panic left behind cannot be trusted. Callers see [`Error`] only. A write that failed may
//! leave sled waiting for it for ever, so that such a database is never flushed or dropped, but forgotten.

use std::{
    any::Any,
    fs::{File, OpenOptions},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::{
    config::Config,
    error::{Error, OpenError},
    files,
    layer::Change,
};

/// How often a database is tried to be opened whose lock is still held by threads of its last use, and the pause
/// between: five seconds.
const LOCK_TRIES_MAX: u32 = 500;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// How a database is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// See [`Config::cache_bytes`].
    pub(crate) cache_bytes: u64,
    /// See [`Config::flush_every_ms`].
    pub(crate) flush_every_ms: u64,
}

impl Settings {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            cache_bytes: config.cache_bytes,
            flush_every_ms: config.flush_every_ms.max(1),
        }
    }
}

/// An open database.
#[derive(Debug)]
pub(crate) struct Db {
    /// `None` only while it is being closed.
    sled: Option<sled::Db>,
    folder: PathBuf,
    /// sled's file a second time, for an fsync of our own: sled's `flush` only hands over to the system.
    file: File,
    /// A panic came from below.
    failed: AtomicBool,
    /// A write failed.
    unsound: AtomicBool,
}

impl Db {
    /// Opens the database of that folder, or makes one, with all names on the way to it durable.
    pub(crate) fn open(folder: &Path, settings: Settings) -> Result<Self, OpenError> {
        let sled = open_sled(folder, settings)?;
        let path = file_of(folder);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let db = Self {
            sled: Some(sled),
            folder: folder.to_owned(),
            file,
            failed: AtomicBool::new(false),
            unsound: AtomicBool::new(false),
        };
        db.sync()?;
        files::sync(folder)?;
        if let Some(parent) = folder.parent() {
            files::sync(parent)?;
        }
        Ok(db)
    }

    /// Whether a panic came from below.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Runs one operation of the library below.
    pub(crate) fn run<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&sled::Db) -> sled::Result<T>,
    ) -> Result<T, Error> {
        let sled = match &self.sled {
            Some(sled) if !self.has_failed() => sled,
            _ => return Err(Error::Failed),
        };
        // Unwind safety: after a panic the database is never used again.
        match catch_unwind(AssertUnwindSafe(|| work(sled))) {
            Ok(result) => result.map_err(|source| Error::Sled { doing, source }),
            Err(panic) => {
                self.failed.store(true, Ordering::Release);
                Err(Error::Panicked {
                    doing,
                    message: panic_message(&*panic),
                })
            }
        }
    }

    /// Makes all changes in one batch, whole or not at all.
    pub(crate) fn write(
        &self,
        doing: &'static str,
        changes: impl Iterator<Item = Change>,
    ) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        let written = self.run(doing, |sled| sled.apply_batch(batch));
        if written.is_err() {
            self.unsound.store(true, Ordering::Release);
        }
        written
    }

    /// Makes everything that was written durable. Blocks for an fsync.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.run("flush", |sled| sled.flush())?;
        self.sync()
    }

    /// Closes it, with everything durable. What it still wrote may fail unseen: whoever closes it knows by other
    /// means what has to be there.
    pub(crate) fn close(mut self) -> Result<(), Error> {
        self.drop_sled();
        self.sync()?;
        // Large pages lie in files of their own, which sled does not sync.
        let large = self.folder.join("blobs");
        if large.is_dir() {
            for file in files::list(&large)? {
                files::sync(&file)?;
            }
            files::sync(&large)?;
        }
        files::sync(&self.folder)
    }

    /// Closes it and removes its folder.
    pub(crate) fn remove(mut self) -> Result<(), Error> {
        self.drop_sled();
        if self.unsound.load(Ordering::Acquire) {
            // sled still has the file open, which would keep its space.
            let path = file_of(&self.folder);
            self.file.set_len(0).map_err(Error::io("cut", &path))?;
        }
        files::remove_folder(&self.folder)
    }

    /// Whether it has no row.
    pub(crate) fn is_empty(&self) -> Result<bool, Error> {
        self.run("look for a row", |sled| Ok(sled.is_empty()))
    }

    /// Bytes that it takes on disk.
    pub(crate) fn disk_bytes(&self) -> Result<u64, Error> {
        self.run("measure", sled::Db::size_on_disk)
    }

    fn sync(&self) -> Result<(), Error> {
        self.file
            .sync_all()
            .map_err(Error::io("sync", &file_of(&self.folder)))
    }

    /// The last flush of a damaged database may panic as well, and that of an unsound one never end.
    fn drop_sled(&mut self) {
        let sled = self.sled.take();
        if self.unsound.load(Ordering::Acquire) {
            std::mem::forget(sled);
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| drop(sled))).is_err() {
            self.failed.store(true, Ordering::Release);
        }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        self.drop_sled();
    }
}

/// The file that sled keeps the rows in.
fn file_of(folder: &Path) -> PathBuf {
    folder.join("db")
}

/// Opens sled. Its threads of before may still hold its lock for a moment; nobody else can, since the store's own lock
/// is ours.
fn open_sled(folder: &Path, settings: Settings) -> Result<sled::Db, OpenError> {
    let damaged = |source: Error| OpenError::Damaged {
        folder: folder.to_owned(),
        source: Box::new(source),
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match open_contained(folder, settings)? {
            Ok(Ok(sled)) => return Ok(sled),
            Ok(Err(sled::Error::Io(source))) if is_locked(&source) && tries < LOCK_TRIES_MAX => {
                thread::park_timeout(LOCK_PAUSE);
                continue;
            }
            Ok(Err(source)) => Error::Sled {
                doing: "open the rows",
                source,
            },
            Err(panic) => Error::Panicked {
                doing: "open the rows",
                message: panic_message(&*panic),
            },
        };
        let is_io = matches!(
            &error,
            Error::Sled {
                source: sled::Error::Io(_),
                ..
            }
        );
        return Err(if is_io { error.into() } else { damaged(error) });
    }
}

/// On a thread of its own, so that a panic over damaged files ends that thread only.
fn open_contained(
    folder: &Path,
    settings: Settings,
) -> Result<thread::Result<sled::Result<sled::Db>>, Error> {
    let settings = sled::Config::new()
        .path(folder)
        .cache_capacity(settings.cache_bytes)
        .flush_every_ms(Some(settings.flush_every_ms))
        .mode(sled::Mode::HighThroughput);
    let opening = thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || settings.open())
        .map_err(Error::io("start a thread to open", folder))?;
    Ok(opening.join())
}

/// sled says so in words only.
fn is_locked(error: &io::Error) -> bool {
    error.to_string().starts_with("could not acquire lock")
}

/// What a panic said.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_below_becomes_an_error_and_nothing_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings {
            cache_bytes: 1 << 20,
            flush_every_ms: 500,
        };
        let db = Db::open(&folder.path().join("sled"), settings).expect("opens");
        let error = db
            .run::<()>("read", |_| panic!("page {} is odd", 7))
            .expect_err("panicked");
        assert_eq!(
            error.to_string(),
            "read in the store: the library below panicked: page 7 is odd"
        );
        assert!(matches!(
            db.run("read", |sled| sled.get([0x10])),
            Err(Error::Failed)
        ));
    }

    #[test]
    fn a_lock_that_is_let_go_a_moment_later_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sled");
        let settings = Settings {
            cache_bytes: 1 << 20,
            flush_every_ms: 500,
        };
        let first = Db::open(&path, settings).expect("opens");
        let second = thread::scope(|scope| {
            let second = scope.spawn(|| Db::open(&path, settings));
            thread::park_timeout(Duration::from_millis(50));
            first.close().expect("closes");
            second.join().expect("does not panic")
        });
        second.expect("opens once the first is closed");
    }
}
