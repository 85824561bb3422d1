//! What is durable: the segments, where the last one ends, where each partition stands.
//!
//! The writer advances it after each fsync, `trim` takes segments out; readers take a snapshot. A mutex, held for
//! copies only, because the parts must agree with each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Entry, heads::Heads, segment::Segment};

pub(crate) struct Index {
    durable: Mutex<Durable>,
}

/// The parts, which agree with each other.
#[derive(Clone)]
pub(crate) struct Durable {
    /// Oldest first, never empty; the last is the one being written.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// Where the durable frames of the last segment end.
    pub(crate) end: u64,
    pub(crate) heads: Heads,
}

impl Durable {
    /// The segment being written.
    pub(crate) fn last(&self) -> &Arc<Segment> {
        self.segments
            .last()
            .expect("a journal has a segment from its creation on")
    }

    /// Where the partitions stood before the oldest entry that is kept.
    pub(crate) fn oldest(&self) -> &Heads {
        &self
            .segments
            .first()
            .expect("a journal has a segment from its creation on")
            .heads
    }
}

impl Index {
    pub(crate) fn new(durable: Durable) -> Self {
        Self {
            durable: Mutex::new(durable),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Durable {
        self.lock().clone()
    }

    /// `entries` were synced, in one frame that ends at `end`.
    pub(crate) fn advance(&self, entries: &[Entry], end: u64) {
        let mut durable = self.lock();
        durable.end = end;
        for entry in entries {
            durable.heads.resume_at(entry.position, entry.logged_at_ms);
        }
    }

    /// The writer goes on in `segment`.
    pub(crate) fn rolled(&self, segment: Arc<Segment>) {
        let mut durable = self.lock();
        durable.end = segment.frames_offset();
        durable.segments.push(segment);
    }
}
