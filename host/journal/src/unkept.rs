//! A log that gives positions out and keeps nothing: for a simulation, whose state nobody recovers.
//!
//! Called by `Journal` in place of queue, writer and files. An entry is handed to the sink at once, on the appender's
//! thread, and its ticket is done; so whoever appends and takes from the sink on one thread needs no other. It must
//! never stand under anything that was acknowledged to somebody.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    AppendError, Config, Entry, Sink,
    heads::{Head, Heads},
    ticket::{Completion, Outcome, Positions, Ticket},
};

pub(crate) struct Unkept {
    /// A mutex held until the sink has the entry, so that it gets them in their order.
    heads: Mutex<Heads>,
    sink: Arc<dyn Sink>,
    record_bytes_max: usize,
    /// That of every append.
    done: Arc<Completion>,
}

impl Unkept {
    /// Goes on behind the last sequence of each partition.
    pub(crate) fn new(last: &[u64], sink: Arc<dyn Sink>) -> Self {
        let partitions = u16::try_from(last.len()).unwrap_or(u16::MAX);
        let mut heads = Heads::new(partitions);
        for (partition, sequence) in (0..partitions).zip(last) {
            heads.go_on_behind(partition, *sequence);
        }
        let done = Arc::<Completion>::default();
        done.complete(Outcome::Durable);
        Self {
            heads: Mutex::new(heads),
            sink,
            record_bytes_max: Config::new("", partitions).record_bytes_max as usize,
            done,
        }
    }

    pub(crate) fn append(
        &self,
        now_ms: i64,
        records: Vec<(u16, Arc<[u8]>)>,
    ) -> Result<Ticket, AppendError> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        for (partition, payload) in &records {
            self.check(&heads, *partition, payload)?;
        }
        let mut entries = Vec::with_capacity(records.len());
        for (partition, payload) in records {
            let (position, logged_at_ms) = heads.take(partition, now_ms);
            entries.push(Entry {
                position,
                logged_at_ms,
                payload,
            });
        }
        let positions = match entries.as_slice() {
            [] => return Err(AppendError::EmptyGroup),
            [one] => Positions::One(one.position),
            all => Positions::Group(all.iter().map(|entry| entry.position).collect()),
        };
        self.sink.durable(&entries);
        Ok(Ticket::new(Arc::clone(&self.done), positions))
    }

    fn check(&self, heads: &Heads, partition: u16, payload: &[u8]) -> Result<(), AppendError> {
        if payload.len() > self.record_bytes_max {
            return Err(AppendError::TooLarge {
                bytes: payload.len(),
                bytes_max: self.record_bytes_max,
            });
        }
        heads
            .get(partition)
            .map(|_| ())
            .ok_or(AppendError::UnknownPartition { partition })
    }

    /// Where the partition stands.
    pub(crate) fn head(&self, partition: u16) -> Option<Head> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.get(partition)
    }
}
