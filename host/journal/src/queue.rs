//! What waits for the writer: appenders put records in, the writer takes them out a frame at a time.
//!
//! Positions and journey time are given here, under one mutex, so the order in the queue is the order in the file.
//! The mutex is held for a few copies and never over I/O; the writer is signalled only when it sleeps.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc::SyncSender},
};

use crate::{
    AppendError, Config, Entry, Error,
    frame::entry_bytes,
    heads::Heads,
    ticket::{Completion, Outcome, Positions, Ticket},
};

/// Emptied lists kept for the next batches.
const SPARE_MAX: usize = 4;

pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    record_bytes_max: usize,
    frame_bytes_max: usize,
    waiting_bytes_max: usize,
    reserved_bytes_max: usize,
}

/// Which bound a record is held against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lane {
    /// From outside: refused when the queue is full.
    Open,
    /// Our own: may go beyond it by the reserve.
    Reserved,
}

/// What goes into one frame.
pub(crate) struct Batch {
    pub(crate) entries: Vec<Entry>,
    pub(crate) completion: Arc<Completion>,
    bytes: usize,
}

/// What the writer is to do next.
pub(crate) enum Work {
    Write(Batch),
    /// Begin a new segment and say how that went.
    Roll(SyncSender<Result<(), Error>>),
    /// Nothing is left and nothing will come.
    Close,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    Closing,
    Failed,
}

struct State {
    /// Where the partitions stand behind everything queued.
    heads: Heads,
    waiting: VecDeque<Batch>,
    /// Of `waiting` and of the batch being written.
    bytes: usize,
    /// The batch being written.
    writing: Option<Arc<Completion>>,
    rolls: Vec<SyncSender<Result<(), Error>>>,
    phase: Phase,
    writer_sleeps: bool,
    spare: Vec<Vec<Entry>>,
}

impl Queue {
    pub(crate) fn new(config: &Config, heads: Heads) -> Self {
        let state = State {
            heads,
            waiting: VecDeque::new(),
            bytes: 0,
            writing: None,
            rolls: Vec::new(),
            phase: Phase::Open,
            writer_sleeps: false,
            spare: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            record_bytes_max: config.record_bytes_max as usize,
            frame_bytes_max: config.frame_bytes_max as usize,
            waiting_bytes_max: config.queue_bytes_max,
            reserved_bytes_max: config.reserved_bytes_max,
        }
    }

    /// Queues one record.
    pub(crate) fn append(
        &self,
        now_ms: i64,
        partition: u16,
        payload: Arc<[u8]>,
    ) -> Result<Ticket, AppendError> {
        let bytes = self.checked_bytes(payload.len())?;
        let mut state = self.lock();
        state.check_partition(partition)?;
        let batch = self.batch_for(&mut state, bytes, Lane::Open)?;
        let (position, logged_at_ms) = state.heads.take(partition, now_ms);
        let batch = &mut state.waiting[batch];
        batch.entries.push(Entry {
            position,
            logged_at_ms,
            payload,
        });
        let ticket = Ticket::new(Arc::clone(&batch.completion), Positions::One(position));
        self.wake_writer(state);
        Ok(ticket)
    }

    /// Queues records that go into one frame.
    pub(crate) fn append_group(
        &self,
        now_ms: i64,
        records: Vec<(u16, Arc<[u8]>)>,
        lane: Lane,
    ) -> Result<Ticket, AppendError> {
        if records.is_empty() {
            return Err(AppendError::EmptyGroup);
        }
        let mut bytes = 0_usize;
        for (_, payload) in &records {
            bytes = bytes.saturating_add(self.checked_bytes(payload.len())?);
        }
        if bytes > self.frame_bytes_max {
            return Err(AppendError::TooLarge {
                bytes,
                bytes_max: self.frame_bytes_max,
            });
        }
        let mut positions = Vec::with_capacity(records.len());
        let mut state = self.lock();
        for (partition, _) in &records {
            state.check_partition(*partition)?;
        }
        let batch = self.batch_for(&mut state, bytes, lane)?;
        let State { heads, waiting, .. } = &mut *state;
        let batch = &mut waiting[batch];
        for (partition, payload) in records {
            let (position, logged_at_ms) = heads.take(partition, now_ms);
            batch.entries.push(Entry {
                position,
                logged_at_ms,
                payload,
            });
            positions.push(position);
        }
        let ticket = Ticket::new(Arc::clone(&batch.completion), Positions::Group(positions));
        self.wake_writer(state);
        Ok(ticket)
    }

    /// Asks the writer for a new segment.
    pub(crate) fn request_roll(&self, reply: SyncSender<Result<(), Error>>) -> Result<(), Error> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(Error::Failed);
        }
        state.rolls.push(reply);
        self.wake_writer(state);
        Ok(())
    }

    /// Sleeps until there is work. Called by the writer only.
    pub(crate) fn next_work(&self) -> Work {
        let mut state = self.lock();
        loop {
            if let Some(reply) = state.rolls.pop() {
                return Work::Roll(reply);
            }
            if let Some(batch) = state.waiting.pop_front() {
                state.writing = Some(Arc::clone(&batch.completion));
                return Work::Write(batch);
            }
            if state.phase != Phase::Open {
                return Work::Close;
            }
            state.writer_sleeps = true;
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.writer_sleeps = false;
        }
    }

    /// Takes a batch back whose outcome was told.
    pub(crate) fn recycle(&self, batch: Batch) {
        let mut entries = batch.entries;
        // Payloads are freed before the mutex is taken.
        entries.clear();
        let mut state = self.lock();
        state.writing = None;
        state.bytes -= batch.bytes;
        if state.spare.len() < SPARE_MAX {
            state.spare.push(entries);
        }
    }

    /// The disk is full: nothing of `batch` or behind it was kept. Goes on from `heads`, where the file ends.
    pub(crate) fn no_space(&self, batch: Option<Batch>, heads: Heads) {
        let mut state = self.lock();
        let waiting = mem::take(&mut state.waiting);
        state.heads = heads;
        state.bytes = 0;
        state.writing = None;
        drop(state);
        for batch in batch.into_iter().chain(waiting) {
            batch.completion.complete(Outcome::NoSpace);
        }
    }

    /// Refuses everything from now on, and tells everybody who waits.
    pub(crate) fn fail(&self) {
        let mut state = self.lock();
        state.phase = Phase::Failed;
        state.bytes = 0;
        state.rolls.clear();
        let in_hand = state.writing.take();
        let behind = mem::take(&mut state.waiting)
            .into_iter()
            .map(|batch| batch.completion);
        drop(state);
        for completion in in_hand.into_iter().chain(behind) {
            completion.complete(Outcome::Failed);
        }
    }

    /// Lets the writer end once everything queued is written.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
        }
        self.wake_writer(state);
    }

    fn checked_bytes(&self, payload_bytes: usize) -> Result<usize, AppendError> {
        if payload_bytes > self.record_bytes_max {
            return Err(AppendError::TooLarge {
                bytes: payload_bytes,
                bytes_max: self.record_bytes_max,
            });
        }
        Ok(entry_bytes(payload_bytes))
    }

    /// The index of the batch that takes `bytes` more, which are counted from here on.
    fn batch_for(&self, state: &mut State, bytes: usize, lane: Lane) -> Result<usize, AppendError> {
        if state.phase != Phase::Open {
            return Err(AppendError::Failed);
        }
        let bytes_max = match lane {
            Lane::Open => self.waiting_bytes_max,
            Lane::Reserved => self
                .waiting_bytes_max
                .saturating_add(self.reserved_bytes_max),
        };
        if state.bytes.saturating_add(bytes) > bytes_max {
            return Err(AppendError::Full);
        }
        state.bytes += bytes;
        match state.waiting.back_mut() {
            Some(batch) if batch.bytes + bytes <= self.frame_bytes_max => batch.bytes += bytes,
            _ => {
                let entries = state.spare.pop().unwrap_or_default();
                state.waiting.push_back(Batch {
                    entries,
                    completion: Arc::default(),
                    bytes,
                });
            }
        }
        Ok(state.waiting.len() - 1)
    }

    fn wake_writer(&self, mut state: MutexGuard<'_, State>) {
        let sleeps = mem::take(&mut state.writer_sleeps);
        drop(state);
        if sleeps {
            self.work.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check_partition(&self, partition: u16) -> Result<(), AppendError> {
        self.heads
            .get(partition)
            .map(|_| ())
            .ok_or(AppendError::UnknownPartition { partition })
    }
}
