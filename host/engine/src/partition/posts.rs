//! What one partition sends to another: appended there at least once, applied there once.
//!
//! Posts are kept with the commit that caused them until they are known to be in the other log. They go in the order
//! of their ids, one group at a time, so that the receiver needs to remember the last one only.

use std::{collections::BTreeMap, sync::Arc};

use signalbox_model::{
    id::{Digest, Partition as Number},
    record::{PostId, Posted, Record},
    time::Instant,
};

use super::{Partition, apply::put_row, rows::Outward};
use crate::{
    error::{ApplyError, StoreAction},
    shared::Broken,
};

/// Posts delivered in one group.
const POSTS_MAX: usize = 512;

/// What a partition knows of its own posts.
#[derive(Default)]
pub(crate) struct Delivery {
    /// There may be posts in the store that were not appended to their logs by this process.
    waiting: bool,
    /// The last record that says that posts were delivered, and is not applied yet.
    confirming: Option<u64>,
}

impl Delivery {
    /// There may be posts to deliver.
    pub(super) fn look(&mut self) {
        self.waiting = true;
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.waiting && self.confirming.is_none()
    }
}

impl Partition {
    /// Appends what waits to the logs it goes to, and notes that it has arrived.
    pub(super) fn deliver_posts(&mut self) -> Result<(), Broken> {
        if !self.delivery.waiting {
            self.answer_commands();
            return Ok(());
        }
        if self.delivery.confirming.is_some() {
            return Ok(());
        }
        let posts = self
            .shared
            .store
            .posts(self.number, None, POSTS_MAX)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        self.delivery.waiting = false;
        let are_all = posts.len() < POSTS_MAX;
        let mut last: BTreeMap<Number, PostId> = BTreeMap::new();
        let mut records = Vec::with_capacity(posts.len());
        for post in posts {
            last.insert(post.to, post.id);
            let record = Record::Post {
                id: post.id,
                record: post.record,
            };
            records.push((post.to, record));
        }
        if records.is_empty() {
            self.answer_commands();
            return Ok(());
        }
        self.shared.hops().pass("posts_read");
        self.shared.append_durably(&records)?;
        self.shared.hops().pass("posts_appended");
        if are_all {
            self.answer_commands();
        }
        let arrived: Vec<_> = last
            .into_iter()
            .map(|(partition, id)| (self.number, Record::PostsDelivered { partition, id }))
            .collect();
        let positions = self.shared.append_durably(&arrived)?;
        self.delivery.confirming = positions.last().map(|position| position.sequence);
        Ok(())
    }

    pub(super) fn posts_delivered(
        &mut self,
        last: u64,
        to: Number,
        id: PostId,
    ) -> Result<(), Broken> {
        let shared = std::sync::Arc::clone(&self.shared);
        let mut batch = self.begin_batch(&shared)?;
        batch
            .delete_posts(to, id)
            .map_err(|source| self.broken(StoreAction::Write, source))?;
        batch.set_position(last);
        self.commit(batch)?;
        if self
            .delivery
            .confirming
            .is_some_and(|confirming| confirming <= last)
        {
            self.delivery.confirming = None;
            // There may have been more than one group of them.
            self.delivery.waiting = true;
        }
        self.moved_to(last, 0);
        Ok(())
    }

    /// Applies what another partition sent, once.
    pub(super) fn apply_post(
        &mut self,
        sequence: u64,
        now: Instant,
        id: PostId,
        record: &Posted,
    ) -> Result<(), Broken> {
        let last = match self.applied_posts.get(&id.from) {
            Some(last) => Some(*last),
            None => self
                .shared
                .store
                .applied_post(self.number, id.from)
                .map_err(|source| self.broken(StoreAction::Read, source))?,
        };
        if last.is_some_and(|last| last >= id) {
            self.moved_to(sequence, 0);
            return Ok(());
        }
        self.applied_posts.insert(id.from, id);
        if self.is_control() {
            return self.apply_post_to_control(sequence, now, id, record);
        }
        let shared = std::sync::Arc::clone(&self.shared);
        let mut batch = self.begin_batch(&shared)?;
        let mut put = batch.put_applied_post(id);
        if let Posted::Definitions { version, digest } = record {
            let before = Arc::clone(self.loaded.definitions());
            self.use_definitions(*version, *digest)?;
            self.begin_visits(&before);
            put = put.and_then(|()| batch.put_definitions(*version, *digest));
            for note in self.begin_row_scans(&before)? {
                put = put.and_then(|()| put_row(&mut batch, &note));
            }
            self.forget_deleted(&mut batch, &before);
            for note in self.note_unvisited(&before)? {
                put = put.and_then(|()| put_row(&mut batch, &note));
            }
            // In a simulation an experiment may be looked at from here on.
            put = put.and_then(|()| self.put_counters(&mut batch));
        }
        put.map_err(|source| self.broken(StoreAction::Write, source))?;
        batch.set_position(sequence);
        self.commit(batch)?;
        self.act(Outward::default(), now);
        self.moved_to(sequence, 0);
        Ok(())
    }

    fn use_definitions(&mut self, version: u64, digest: Digest) -> Result<(), Broken> {
        if version <= self.loaded.definitions().version {
            return Ok(());
        }
        let loaded = self
            .shared
            .definers
            .load(&self.shared.store, digest)
            .map_err(|source| self.shared.fail(&ApplyError::from(source)))?;
        self.loaded = loaded;
        Ok(())
    }
}
