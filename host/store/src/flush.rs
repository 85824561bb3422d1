//! Makes commits durable in the background, and notes how far each partition is known to have come.
//!
//! sled cuts off everything behind the first damage that it meets when it opens, without a word, and what it cuts may
//! be the newer copy of an older row. So the positions that a flush has covered are noted beside the rows; an open that
//! finds less than that knows that something was lost, and the rows are not used.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use signalbox_model::id::Partition;

use crate::{
    error::Error,
    files,
    meta::{Layout, Positions},
    rows::Rows,
};

/// What the store and its background thread share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) layout: Layout,
    pub(crate) rows: Rows,
    /// The file of the rows a second time, for an fsync of our own: sled's `flush` only hands over to the system.
    pub(crate) rows_file: File,
    /// Where each partition stands, the control partition last. Written by commits and restores.
    pub(crate) positions: Vec<AtomicU64>,
}

impl Core {
    /// Makes everything that was committed durable, and notes the positions it covers.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let covered = self.read_positions();
        self.rows.run("flush", sled::Tree::flush)?;
        self.sync()?;
        // The note need not outlive the machine: after its restart the rows are rebuilt anyway.
        files::replace_document(&self.layout.flushed(), &covered)
    }

    pub(crate) fn sync(&self) -> Result<(), Error> {
        sync(&self.rows_file, &self.layout.rows_file())
    }

    pub(crate) fn read_positions(&self) -> Positions {
        let positions = self
            .positions
            .iter()
            .enumerate()
            .map(|(partition, position)| {
                let sequence = position.load(Ordering::Acquire);
                (partition as Partition, sequence)
            });
        Positions {
            positions: positions.collect(),
        }
    }
}

pub(crate) fn sync(file: &File, path: &Path) -> Result<(), Error> {
    file.sync_all().map_err(Error::io("sync", path))
}

/// The background thread. Dropping it ends and joins the thread.
#[derive(Debug)]
pub(crate) struct Flusher {
    /// Its end tells the thread to stop.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(crate) fn start(core: Arc<Core>, every: Duration) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let folder = core.layout.folder.clone();
        let thread = thread::Builder::new()
            .name("store-flush".to_owned())
            .spawn(move || run(&core, every, &stopped))
            .map_err(Error::io("start a thread for", &folder))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It contains every panic below it; there is nothing in its result.
            let _ = thread.join();
        }
    }
}

fn run(core: &Core, every: Duration, stopped: &mpsc::Receiver<()>) {
    let mut covered = None;
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let positions = core.read_positions();
        if covered.as_ref() == Some(&positions) {
            continue;
        }
        match core.flush() {
            Ok(()) => covered = Some(positions),
            // Commits meet the same failure and hand it on; the journal keeps what is not flushed.
            Err(error) => {
                tracing::warn!(%error, "the background flush of the store failed: {error}");
            }
        }
    }
}
