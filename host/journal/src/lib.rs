//! The log: every input of every partition, in order, durable before anybody is told.
//!
//! One journal serves all partitions, so one fsync serves everyone who waits. An append gives a [`Position`] and a
//! [`Ticket`]; after the fsync that covers it the ticket resolves and the [`Sink`] gets the entry. `engine` is the
//! caller, `app` runs its checks. This room knows files only: payloads are opaque bytes, and nothing here may look
//! into one, know a partition's meaning, or ask what time it is but through the [`Clock`].
//!
//! What holds at all times: sequences of a partition start at 1 and have no gaps; `logged_at` never goes back within
//! a partition; a group is whole or absent; nothing is told to anybody before it is durable; what was acknowledged
//! is never cut, and if it is lost, that is an error with its place.
//!
//! ```
//! use std::sync::Arc;
//!
//! use signalbox_journal::{Clock, Config, Entry, Journal, Sink};
//!
//! struct Noon;
//! impl Clock for Noon {
//!     fn now_ms(&self) -> i64 {
//!         43_200_000
//!     }
//! }
//! struct Nobody;
//! impl Sink for Nobody {
//!     fn durable(&self, _: &[Entry]) {}
//! }
//!
//! let folder = tempfile::tempdir()?;
//! let (journal, _) = Journal::open(Config::new(folder.path(), 8), Arc::new(Noon), Arc::new(Nobody))?;
//! let ticket = journal.append(3, b"order_completed".to_vec())?;
//! ticket.wait()?;
//! let entries = journal.read(3, 1)?.collect::<Result<Vec<_>, _>>()?;
//! assert_eq!(entries[0].position, ticket.position());
//! journal.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod copy;
mod disk;
mod error;
mod frame;
mod heads;
mod index;
mod open;
mod queue;
mod reader;
mod scan;
mod segment;
mod ticket;
mod trim;
mod unkept;
mod verify;
mod writer;

use std::{
    fmt,
    fs::File,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

pub use crate::{
    config::Config,
    disk::{Disk, SystemDisk},
    error::{Damage, Damaged, Error},
    open::{Opened, TornTail},
    reader::Reader,
    ticket::Ticket,
    trim::TrimReport,
    verify::VerifyReport,
};
use crate::{
    index::Index,
    queue::{Lane, Queue},
    trim::Bound,
    unkept::Unkept,
    writer::Writer,
};

/// The place of an entry: its partition and its number in it, from 1 on without gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// Which log.
    pub partition: u16,
    /// Which entry of it.
    pub sequence: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.sequence)
    }
}

/// A durable input record. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its place.
    pub position: Position,
    /// Journey time in milliseconds since 1970, set at append, never going back within a partition.
    pub logged_at_ms: i64,
    /// What the caller gave.
    pub payload: Arc<[u8]>,
}

/// Where journey time comes from.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970. May go back: the journal stands still until it has caught up.
    fn now_ms(&self) -> i64;
}

/// Who gets what has become durable.
pub trait Sink: Send + Sync {
    /// Called by the writer's thread after each fsync, with the entries of one frame in file order. It must be
    /// short, and must not wait for anybody who may be waiting for the journal.
    fn durable(&self, entries: &[Entry]);

    /// Called once, before the writer ends, when a write or fsync failed in a way that leaves the file in doubt, or
    /// when a callback or this sink panicked.
    /// Every ticket has failed by then and every append will; the process should end and recover from disk.
    fn failed(&self, error: &Error) {
        let _ = error;
    }
}

/// Why a record was not appended, or did not become durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    /// As much waits for its fsync as may; try again a little later.
    #[error("journal queue is full")]
    Full,
    /// The payload or the group can never be appended.
    #[error("record of {bytes} bytes exceeds {bytes_max}")]
    TooLarge {
        /// The size given.
        bytes: usize,
        /// The limit it exceeds.
        bytes_max: usize,
    },
    /// A partition this journal does not have.
    #[error("journal has no partition {partition}")]
    UnknownPartition {
        /// The number given.
        partition: u16,
    },
    /// A group without a record has no position.
    #[error("group of records is empty")]
    EmptyGroup,
    /// The disk is full. Appends succeed again once there is space.
    #[error("journal disk is full")]
    NoSpace,
    /// A write or fsync failed, or the journal is being closed; nothing more is accepted.
    #[error("journal failed")]
    Failed,
}

/// An open journal. Closing it, or dropping it, writes what is queued and joins the writer.
pub struct Journal {
    clock: Arc<dyn Clock>,
    log: Log,
}

/// What becomes of entries.
enum Log {
    Kept(Kept),
    Unkept(Unkept),
}

/// Entries go to files.
struct Kept {
    queue: Arc<Queue>,
    index: Arc<Index>,
    disk: Arc<dyn Disk>,
    /// Held by a trim, so that two do not count the same file.
    trimming: Mutex<()>,
    /// `None` once joined.
    writer: Option<JoinHandle<Result<(), Error>>>,
    /// Keeps other processes out.
    _lock: File,
}

impl Journal {
    /// Opens the journal in `config.folder`, or creates it if the folder is empty. Reads the last segment whole.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process has it, [`Error::PartitionCount`] if it was created with another
    /// count, [`Error::Damaged`] or [`Error::SegmentMissing`] if something that may have been acknowledged is gone.
    pub fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn Sink>,
    ) -> Result<(Self, Opened), Error> {
        Self::open_on(Arc::new(SystemDisk), config, clock, sink)
    }

    /// As [`Journal::open`], on a disk of the caller's: for faults that a healthy one does not show.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        config: Config,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn Sink>,
    ) -> Result<(Self, Opened), Error> {
        let ready = open::open(&config, &*disk)?;
        let queue = Arc::new(Queue::new(&config, ready.durable.heads.clone()));
        let index = Arc::new(Index::new(ready.durable));
        let writer = Writer::new(
            config,
            Arc::clone(&queue),
            Arc::clone(&index),
            Arc::clone(&disk),
            sink,
            ready.active,
        );
        let writer = Some(writer.start()?);
        let kept = Kept {
            queue,
            index,
            disk,
            trimming: Mutex::new(()),
            writer,
            _lock: ready.lock,
        };
        let log = Log::Kept(kept);
        Ok((Self { clock, log }, ready.opened))
    }

    /// A journal that keeps nothing, for a simulation: it goes on behind the given sequence of each partition. An
    /// append hands its entries to the sink on the caller's own thread and its ticket is done by then; what reads or
    /// trims answers [`Error::Unkept`].
    pub fn unkept(last: &[u64], clock: Arc<dyn Clock>, sink: Arc<dyn Sink>) -> Self {
        Self {
            clock,
            log: Log::Unkept(Unkept::new(last, sink)),
        }
    }

    fn kept(&self) -> Result<&Kept, Error> {
        match &self.log {
            Log::Kept(kept) => Ok(kept),
            Log::Unkept(_) => Err(Error::Unkept),
        }
    }

    /// Queues a record and gives it its position. Never blocks on the disk.
    ///
    /// # Errors
    /// Every [`AppendError`] but `EmptyGroup`; the record then has no position and leaves no gap.
    pub fn append(&self, partition: u16, payload: Vec<u8>) -> Result<Ticket, AppendError> {
        let now_ms = self.clock.now_ms();
        match &self.log {
            Log::Kept(kept) => kept.queue.append(now_ms, partition, payload.into()),
            Log::Unkept(unkept) => unkept.append(now_ms, vec![(partition, payload.into())]),
        }
    }

    /// Queues records, in this order, of which after a crash either all are there or none. They count as one
    /// against `frame_bytes_max`.
    ///
    /// # Errors
    /// Every [`AppendError`]; then none of them is queued.
    pub fn append_group(&self, records: Vec<(u16, Vec<u8>)>) -> Result<Ticket, AppendError> {
        self.append_to(Lane::Open, records)
    }

    /// As [`Journal::append_group`], for records of our own (ticks, intents, outcomes, posts, decisions), which may
    /// use the reserve beyond `queue_bytes_max` and so go on while those from outside are refused.
    pub fn append_reserved(&self, records: Vec<(u16, Vec<u8>)>) -> Result<Ticket, AppendError> {
        self.append_to(Lane::Reserved, records)
    }

    fn append_to(&self, lane: Lane, records: Vec<(u16, Vec<u8>)>) -> Result<Ticket, AppendError> {
        let now_ms = self.clock.now_ms();
        let records = records
            .into_iter()
            .map(|(partition, payload)| (partition, payload.into()))
            .collect();
        match &self.log {
            Log::Kept(kept) => kept.queue.append_group(now_ms, records, lane),
            Log::Unkept(unkept) => unkept.append(now_ms, records),
        }
    }

    /// The durable entries of a partition from a sequence on, up to what is durable now.
    ///
    /// # Errors
    /// [`Error::Trimmed`] if the first is not kept any more, [`Error::Ahead`] if it lies more than one behind the
    /// last: whoever asks then knows of something that this journal never made durable.
    pub fn read(&self, partition: u16, from_sequence: u64) -> Result<Reader, Error> {
        let durable = self.kept()?.index.snapshot();
        let mut wanted = vec![None; durable.heads.as_slice().len()];
        *wanted
            .get_mut(usize::from(partition))
            .ok_or(Error::UnknownPartition { partition })? = Some(from_sequence);
        Reader::new(durable, wanted)
    }

    /// The durable entries of all partitions in file order, each partition's from its own sequence on: a recovery
    /// in one pass.
    ///
    /// # Errors
    /// As [`Journal::read`]; [`Error::PartitionCount`] if there is not one sequence per partition.
    pub fn read_all(&self, from_sequences: &[u64]) -> Result<Reader, Error> {
        let durable = self.kept()?.index.snapshot();
        let partitions = durable.heads.as_slice().len();
        if from_sequences.len() != partitions {
            return Err(Error::PartitionCount {
                found: partitions,
                asked: from_sequences.len(),
            });
        }
        Reader::new(durable, from_sequences.iter().copied().map(Some).collect())
    }

    /// The last durable sequence of a partition; 0 if there never was one, or no such partition.
    pub fn last_durable(&self, partition: u16) -> u64 {
        let head = match &self.log {
            Log::Kept(kept) => kept.index.lock().heads.get(partition),
            Log::Unkept(unkept) => unkept.head(partition),
        };
        head.map_or(0, |head| head.next - 1)
    }

    /// The first sequence of a partition that is still kept; one behind the last if none is.
    pub fn first_kept(&self, partition: u16) -> u64 {
        let head = match &self.log {
            Log::Kept(kept) => kept.index.lock().oldest().get(partition),
            Log::Unkept(unkept) => unkept.head(partition),
        };
        head.map_or(0, |head| head.next)
    }

    /// Deletes whole segments, oldest first, as long as every entry in them is below its partition's `keep_from`
    /// and was logged before `older_than_ms`. The segment being written is closed first if all of it may go.
    ///
    /// # Errors
    /// [`Error::PartitionCount`] if there is not one `keep_from` per partition; [`Error::Io`].
    pub fn trim(&self, keep_from: &[u64], older_than_ms: i64) -> Result<TrimReport, Error> {
        let kept = self.kept()?;
        let _one_at_a_time = kept.trimming.lock().unwrap_or_else(PoisonError::into_inner);
        trim::trim(
            &kept.index,
            &kept.queue,
            &*kept.disk,
            &Bound {
                keep_from,
                older_than_ms,
            },
        )
    }

    /// Checks every byte of a journal that nobody has open, and changes nothing.
    ///
    /// # Errors
    /// [`Error::NoJournal`] if there is none, [`Error::Locked`] while it is open, [`Error::Io`] if the folder cannot
    /// be read. What is wrong with the
    /// journal itself is in the report.
    pub fn verify(folder: &Path) -> Result<VerifyReport, Error> {
        verify::verify(folder)
    }

    /// Copies a journal that nobody has open into a folder of its own, where it can be opened and written to; what is
    /// copied from stays as it is. Where the file system can, most of it is not copied but given a second name.
    /// Answers with the first sequence that each partition keeps.
    ///
    /// # Errors
    /// [`Error::NoJournal`] if there is none, [`Error::Locked`] while it is open, [`Error::Io`] if a file cannot be
    /// read or written.
    pub fn copy(folder: &Path, to: &Path) -> Result<Vec<u64>, Error> {
        copy::copy(folder, to)
    }

    /// As [`Journal::copy`], of a journal that a server may have open: what is durable now is in the copy, and maybe some
    /// of what comes meanwhile.
    ///
    /// # Errors
    /// [`Error::NoJournal`] if there is none, [`Error::Io`] if a file cannot be read or written, or was trimmed away
    /// meanwhile: then try again into another folder.
    pub fn copy_in_use(folder: &Path, to: &Path) -> Result<Vec<u64>, Error> {
        copy::copy_as_it_stands(folder, to)
    }

    /// Writes what is queued, marks the journal as cleanly closed, and lets other processes in.
    ///
    /// # Errors
    /// What made the writer fail, now or earlier.
    pub fn close(mut self) -> Result<(), Error> {
        self.join()
    }

    fn join(&mut self) -> Result<(), Error> {
        let Log::Kept(kept) = &mut self.log else {
            return Ok(());
        };
        kept.queue.close();
        let Some(writer) = kept.writer.take() else {
            return Ok(());
        };
        writer.join().unwrap_or(Err(Error::Failed))
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // A failure was logged by the writer and told to the sink and to every ticket.
        let _ = self.join();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}
