//! Deletes the oldest segments once nobody needs them.
//!
//! Decided from the headers alone: that of the following segment says what a segment brought each partition to.
//! Called by `Journal::trim`; must never delete an entry at or above what is to be kept.

use std::{
    fs,
    sync::{Arc, mpsc},
};

use crate::{Disk, Error, heads::Heads, index::Index, queue::Queue, segment::Segment};

/// What a trim did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrimReport {
    /// How many files are gone.
    pub segments_deleted: usize,
    /// How many bytes they had.
    pub bytes_deleted: u64,
    /// Per partition the first sequence that is kept now.
    pub first_kept: Vec<u64>,
}

/// What may go.
pub(crate) struct Bound<'bound> {
    /// Per partition the first sequence that stays.
    pub(crate) keep_from: &'bound [u64],
    /// Entries logged at or after this stay.
    pub(crate) older_than_ms: i64,
}

pub(crate) fn trim(
    index: &Index,
    queue: &Queue,
    disk: &dyn Disk,
    bound: &Bound<'_>,
) -> Result<TrimReport, Error> {
    let partitions = index.lock().heads.as_slice().len();
    if bound.keep_from.len() != partitions {
        return Err(Error::PartitionCount {
            found: partitions,
            asked: bound.keep_from.len(),
        });
    }
    roll_if_spent(index, queue, bound)?;
    let mut segments_deleted = 0;
    let mut bytes_deleted = 0;
    while let Some(segment) = take_oldest(index, bound) {
        let path = &segment.path;
        bytes_deleted += fs::metadata(path)
            .map_err(Error::io("read segment", path))?
            .len();
        fs::remove_file(path).map_err(Error::io("delete segment", path))?;
        if let Some(folder) = path.parent() {
            // One by one, so that a power cut leaves no hole between those that are deleted.
            disk.sync_folder(folder)
                .map_err(Error::io("sync folder", folder))?;
        }
        segments_deleted += 1;
    }
    let first_kept = index.lock().oldest().next_sequences();
    Ok(TrimReport {
        segments_deleted,
        bytes_deleted,
        first_kept,
    })
}

/// On a quiet journal the segment being written holds the oldest entries too; begin another, so that they can go.
fn roll_if_spent(index: &Index, queue: &Queue, bound: &Bound<'_>) -> Result<(), Error> {
    let spent = {
        let durable = index.lock();
        let before = &durable.last().heads;
        before.next_sequences() != durable.heads.next_sequences()
            && bound.covers(before, &durable.heads)
    };
    if !spent {
        return Ok(());
    }
    let (reply, rolled) = mpsc::sync_channel(1);
    queue.request_roll(reply)?;
    rolled.recv().map_err(|_| Error::Failed)?
}

/// Takes the oldest segment out of the index if it may go and is not the one being written.
fn take_oldest(index: &Index, bound: &Bound<'_>) -> Option<Arc<Segment>> {
    let mut durable = index.lock();
    let [oldest, following, ..] = durable.segments.as_slice() else {
        return None;
    };
    bound
        .covers(&oldest.heads, &following.heads)
        .then(|| durable.segments.remove(0))
}

impl Bound<'_> {
    /// Whether every entry that brought the partitions from `before` to `after` may go.
    fn covers(&self, before: &Heads, after: &Heads) -> bool {
        let pairs = before.as_slice().iter().zip(after.as_slice());
        pairs
            .zip(self.keep_from)
            .all(|((before, after), keep_from)| {
                before.next == after.next
                    || (after.next <= *keep_from && after.logged_at_ms < self.older_than_ms)
            })
    }
}
