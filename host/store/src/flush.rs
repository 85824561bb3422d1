//! Writes commits down and makes them durable in the background, and notes how far each partition is known to have
//! come.
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
    time::{Duration, Instant},
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
        self.rows.write_down()?;
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
    /// A word wakes the thread before its time; its end tells it to stop. One word waiting is enough.
    door: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(crate) fn start(core: Arc<Core>, every: Duration) -> Result<Self, Error> {
        let (door, woken) = mpsc::sync_channel(1);
        let folder = core.layout.folder.clone();
        let thread = thread::Builder::new()
            .name("store-flush".to_owned())
            .spawn(move || run(&core, every, &woken))
            .map_err(Error::io("start a thread for", &folder))?;
        Ok(Self {
            door: Some(door),
            thread: Some(thread),
        })
    }

    /// Much waits to be written down: do it now.
    pub(crate) fn wake(&self) {
        if let Some(door) = &self.door {
            // Full: it is awake already.
            let _ = door.try_send(());
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        drop(self.door.take());
        if let Some(thread) = self.thread.take() {
            // It contains every panic below it; there is nothing in its result.
            let _ = thread.join();
        }
    }
}

fn run(core: &Core, every: Duration, woken: &mpsc::Receiver<()>) {
    let mut covered = None;
    let mut due = process_now() + every;
    loop {
        let done = match woken.recv_timeout(due.saturating_duration_since(process_now())) {
            Ok(()) => core.rows.write_down(),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                due = process_now() + every;
                let positions = core.read_positions();
                if covered.as_ref() == Some(&positions) {
                    continue;
                }
                core.flush().inspect(|()| covered = Some(positions))
            }
        };
        // Commits meet the same failure and hand it on; the journal keeps what is not written down.
        if let Err(error) = done {
            tracing::warn!(%error, "writing the store in the background failed: {error}");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: how often is flushed"
)]
fn process_now() -> Instant {
    Instant::now()
}
