//! Writes commits down and makes them durable in the background, and notes how far each partition is known to have
//! come.
//!
//! sled cuts off everything behind the first damage that it meets when it opens, without a word, and what it cuts may
//! be the newer copy of an older row. So the positions that a flush has covered are noted beside the rows; an open that
//! finds less than that knows that something was lost, and the rows are not used.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use signalbox_model::id::Partition;

use crate::{
    compact::{Compactor, Step},
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
    /// Where each partition stands, the control partition last. Written by commits and restores.
    pub(crate) positions: Vec<AtomicU64>,
    /// Held over a flush: two at once would write the same note.
    pub(crate) flushing: Mutex<()>,
}

impl Core {
    /// Makes everything that was committed durable, and notes the positions it covers.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let _flushing = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let covered = self.read_positions();
        self.rows.write_down()?;
        self.rows.flush()?;
        self.rows.hops().pass("store_note");
        // The note need not outlive the machine: after its restart the rows are rebuilt anyway.
        files::replace_document(&self.layout.flushed(), &covered)
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

/// The background thread. Dropping it ends and joins the thread.
#[derive(Debug)]
pub(crate) struct Flusher {
    /// A word wakes the thread before its time; its end tells it to stop. One word waiting is enough.
    door: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(crate) fn start(
        core: Arc<Core>,
        every: Duration,
        compactor: Compactor,
    ) -> Result<Self, Error> {
        let (door, woken) = mpsc::sync_channel(1);
        let folder = core.layout.folder.clone();
        let thread = thread::Builder::new()
            .name("store-flush".to_owned())
            .spawn(move || Background::new(core, every, compactor).run(&woken))
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

/// What the background thread keeps.
struct Background {
    core: Arc<Core>,
    every: Duration,
    compactor: Compactor,
    /// When the next flush is due.
    due: Instant,
    /// What the last flush covered.
    covered: Option<Positions>,
}

impl Background {
    fn new(core: Arc<Core>, every: Duration, compactor: Compactor) -> Self {
        Self {
            core,
            every,
            compactor,
            due: process_now() + every,
            covered: None,
        }
    }

    /// Until the other end of `woken` is gone.
    fn run(mut self, woken: &mpsc::Receiver<()>) {
        // When a piece of a copy is due, while one is being made.
        let mut next_piece: Option<Instant> = None;
        loop {
            let next = next_piece.map_or(self.due, |piece| piece.min(self.due));
            let word = woken.recv_timeout(next.saturating_duration_since(process_now()));
            if word == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            let now = process_now();
            let is_due = now >= self.due;
            let written = match (is_due, word) {
                (true, _) => self.flush(),
                (false, Ok(())) => self.core.rows.write_down(),
                (false, Err(_)) => Ok(()),
            };
            // Commits meet the same failure and hand it on; the journal keeps what is not written down.
            if let Err(error) = written {
                tracing::warn!(%error, "writing the store in the background failed: {error}");
            }
            if next_piece.map_or(is_due, |piece| piece <= now) {
                next_piece = self.compact().map(|rest| process_now() + rest);
            }
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.due = process_now() + self.every;
        let positions = self.core.read_positions();
        if self.covered.as_ref() != Some(&positions) {
            self.core.flush()?;
            self.covered = Some(positions);
        }
        Ok(())
    }

    /// Does a piece of a copy of the rows, if one is due. Answers how long to rest before the next piece: as long as
    /// this one took, so that a copy never takes more than half of one processor.
    fn compact(&mut self) -> Option<Duration> {
        let begun = process_now();
        match self.compactor.step(&self.core) {
            Ok(Step::Idle) => None,
            Ok(Step::More) => Some(begun.elapsed()),
            Err(error) => {
                tracing::warn!(%error, "compacting the store failed, it goes on as it was: {error}");
                None
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "process time: when the next sync is due"
)]
fn process_now() -> Instant {
    Instant::now()
}
