//! The one thread that writes: takes what waits, writes it as one frame, fsyncs, and only then tells anybody.
//!
//! Started by `open`, ended by a close or by the first failure that leaves the file in doubt. It must never tell an
//! appender or the sink about an entry before the fsync that covers it has returned.

use std::{
    fs::File,
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
};

use tracing::{error, warn};

use crate::{
    Config, Disk, Entry, Error, Sink,
    frame::{self, HEADER_BYTES},
    index::Index,
    queue::{Batch, Queue, Work},
    segment::{self, Segment},
    ticket::Outcome,
};

pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pub(crate) index: Arc<Index>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) active: Active,
    folder: PathBuf,
    segment_bytes_max: u64,
    segment_age_max_ms: u64,
    buffer: Vec<u8>,
}

/// The segment being written.
pub(crate) struct Active {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: File,
    /// Where the next frame goes.
    pub(crate) end: u64,
    /// The number it gets.
    pub(crate) next_frame: u64,
    /// Journey time of the first entry in this segment.
    pub(crate) began_at_ms: Option<i64>,
}

/// Fails everybody who waits if the writer's thread unwinds, from a callback that panics for instance.
struct FailOnPanic {
    queue: Arc<Queue>,
    sink: Arc<dyn Sink>,
}

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.queue.fail();
            self.sink.failed(&Error::Failed);
        }
    }
}

impl Writer {
    pub(crate) fn new(
        config: Config,
        queue: Arc<Queue>,
        index: Arc<Index>,
        disk: Arc<dyn Disk>,
        sink: Arc<dyn Sink>,
        active: Active,
    ) -> Self {
        Self {
            queue,
            index,
            disk,
            sink,
            active,
            folder: config.folder,
            segment_bytes_max: config.segment_bytes_max,
            segment_age_max_ms: config.segment_age_max_ms,
            buffer: Vec::new(),
        }
    }

    /// Starts the thread. Its result is that of the close.
    pub(crate) fn start(self) -> Result<JoinHandle<Result<(), Error>>, Error> {
        let folder = self.folder.clone();
        let thread = thread::Builder::new().name("journal".to_owned());
        thread
            .spawn(move || self.run())
            .map_err(Error::io("start the writer of", &folder))
    }

    fn run(mut self) -> Result<(), Error> {
        let _guard = FailOnPanic {
            queue: Arc::clone(&self.queue),
            sink: Arc::clone(&self.sink),
        };
        let ended = self.work();
        if let Err(error) = &ended {
            error!(
                error = error as &dyn std::error::Error,
                "journal write failed, nothing more is accepted"
            );
            self.queue.fail();
            self.sink.failed(error);
        }
        ended
    }

    /// Works until the close. An error is one after which nothing may be acknowledged any more.
    fn work(&mut self) -> Result<(), Error> {
        loop {
            match self.queue.next_work() {
                Work::Write(batch) => self.write_batch(batch)?,
                Work::Roll(reply) => match self.roll() {
                    Err(error) if !error.is_no_space() => return Err(error),
                    // Whoever asked may have gone; the new segment stands either way.
                    rolled => drop(reply.send(rolled)),
                },
                Work::Close => return self.seal(),
            }
        }
    }

    fn write_batch(&mut self, batch: Batch) -> Result<(), Error> {
        match self.write_frame(&batch.entries) {
            Ok(()) => {
                self.index.advance(&batch.entries, self.active.end);
                batch.completion.complete(Outcome::Durable);
                self.sink.durable(&batch.entries);
                self.queue.recycle(batch);
                Ok(())
            }
            Err(error) if error.is_no_space() => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "journal disk is full, appends are refused"
                );
                let heads = self.index.lock().heads.clone();
                self.queue.no_space(Some(batch), heads);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Brings `entries` to disk as one frame. After a full disk the file is as it was before.
    fn write_frame(&mut self, entries: &[Entry]) -> Result<(), Error> {
        if self.is_full_for(entries) {
            self.roll()?;
        }
        let active = &mut self.active;
        let path = &active.segment.path;
        frame::encode(
            &mut self.buffer,
            active.segment.salt,
            active.end,
            active.next_frame,
            entries,
        );
        let written = self.disk.write(&active.file, &self.buffer, active.end);
        if let Err(error) = written.map_err(Error::io("write segment", path)) {
            if error.is_no_space() {
                self.take_back()?;
            }
            return Err(error);
        }
        // A failed fsync is final, a full disk included: the kernel may have dropped the pages, so that a second
        // fsync would succeed without them.
        self.disk.sync(&active.file).map_err(|source| Error::Io {
            action: "sync segment",
            path: path.clone(),
            source: std::io::Error::other(source),
        })?;
        active.end += self.buffer.len() as u64;
        active.next_frame += 1;
        active.began_at_ms = active
            .began_at_ms
            .or(entries.first().map(|entry| entry.logged_at_ms));
        Ok(())
    }

    /// Cuts what a full disk left of a frame, for good, so that it can neither be read nor mixed with the next.
    fn take_back(&self) -> Result<(), Error> {
        let active = &self.active;
        let cut = active
            .file
            .set_len(active.end)
            .and_then(|()| self.disk.sync(&active.file));
        cut.map_err(|source| Error::Io {
            action: "take back a write to",
            path: active.segment.path.clone(),
            source: std::io::Error::other(source),
        })
    }

    /// Whether `entries` belong into the next segment: this one would get too large, or spans too much time.
    fn is_full_for(&self, entries: &[Entry]) -> bool {
        let Some(began_at_ms) = self.active.began_at_ms else {
            return false;
        };
        let bytes: usize = entries
            .iter()
            .map(|entry| frame::entry_bytes(entry.payload.len()))
            .sum();
        let age_ms = entries
            .first()
            .map_or(0, |entry| entry.logged_at_ms.saturating_sub(began_at_ms));
        self.active.end + (HEADER_BYTES + bytes) as u64 > self.segment_bytes_max
            || age_ms >= self.segment_age_max_ms.cast_signed()
    }

    fn roll(&mut self) -> Result<(), Error> {
        let heads = self.index.lock().heads.clone();
        let number = self.active.segment.number + 1;
        let (segment, file) = segment::create(
            &*self.disk,
            &self.folder,
            number,
            self.active.next_frame,
            &heads,
        )?;
        let segment = Arc::new(segment);
        self.active = Active {
            end: segment.frames_offset(),
            next_frame: self.active.next_frame,
            began_at_ms: None,
            file,
            segment: Arc::clone(&segment),
        };
        self.index.rolled(segment);
        Ok(())
    }

    /// Ends a clean close with an empty frame: what lies before one is never taken for a torn tail.
    fn seal(&mut self) -> Result<(), Error> {
        match self.write_frame(&[]) {
            Err(error) if error.is_no_space() => {
                warn!(
                    "journal disk is full, closed without a seal: the next open takes it for interrupted"
                );
                Ok(())
            }
            sealed => sealed,
        }
    }
}
