//! The state: what is kept of contacts, journeys, timers, messages and facts, partition by partition.
//!
//! `engine` is the caller: each partition's thread fills a [`Batch`] and commits it whole, with the position that it
//! brings the partition to. `app` opens a store for its commands. The rows lie in one sled tree; this room alone
//! knows that. Nothing here decides anything, reads a clock or looks into a journal: what is kept here can always be
//! had again from a snapshot and the journal, and is never the only copy of an acknowledged input.
//!
//! What holds at all times: a batch is applied whole or not at all, its position included; a value whose key or bytes
//! changed under it is found when it is read, and named; a message has a row in the outbox exactly while it is
//! queued; damage below is an error and never the end of the process.
//!
//! ```
//! use signalbox_model::{contact::Contact, id::ContactId, state::ContactState, time::Instant};
//! use signalbox_store::{Config, Store};
//!
//! let folder = tempfile::tempdir()?;
//! let now = Instant::from_ms(0);
//! let store = Store::open(&Config::new(folder.path(), 4, now))?;
//! let contact = ContactId::parse("c1")?;
//! let partition = store.partition_of(&contact);
//!
//! let mut batch = store.batch(partition)?;
//! batch.put_contact(&ContactState::new(Contact::new(contact.clone(), now)))?;
//! batch.set_position(1);
//! store.commit(batch)?;
//!
//! assert!(store.contact(&contact)?.is_some());
//! assert_eq!(store.position(partition), 1);
//! store.close_clean()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(missing_docs)]

mod batch;
mod blobs;
mod check;
mod compact;
mod config;
mod copy;
mod db;
mod error;
mod export;
mod files;
mod flush;
mod front;
mod hops;
mod key;
mod layer;
mod meta;
mod observed;
mod open;
mod read;
mod row;
mod rows;
mod snapshot;
mod snapshot_set;
mod sweep;

use std::{
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use signalbox_model::id::{ContactId, Partition, partition_of};

pub use crate::{
    batch::Batch,
    blobs::{BLOB_BYTES_MAX, Blobs},
    check::{PROBLEMS_MAX, Report, RowProblem},
    config::Config,
    error::{Damage, Error, OpenError, RowName, SnapshotDamage},
    hops::Hops,
    key::Kind,
    meta::{ClockUse, Condition, Meta, STORE_FORMAT, read_meta},
    observed::{
        OBSERVED_FIELDS_MAX, Observable, Observed, Overflow, Schema, SeenAttribute, SeenEvents,
        SeenType, SeenTypes,
    },
    open::{create_as, discard_rows, read_condition},
    read::{Counter, Post, Release, StoredFact},
    row::VALUE_BYTES_MAX,
    snapshot::{SnapshotInfo, verify_snapshot},
    snapshot_set::{
        DamagedSet, Manifest, Newest, SNAPSHOT_SETS_KEPT, SnapshotSet, Snapshots, Writing,
    },
    sweep::{Swept, SweptPage},
};
use crate::{
    flush::{Core, Flusher},
    open::Reading,
};

/// An open store. Shared by reference; whoever owns it closes it.
#[derive(Debug)]
pub struct Store {
    core: Arc<Core>,
    blobs: Blobs,
    /// A mutex since it is written a few times in the life of a process.
    meta: Mutex<Meta>,
    condition: Condition,
    observed_names_max: usize,
    /// Flushes in the background until it is dropped.
    flusher: Flusher,
    /// Where it is only read. Dropped once the rows are closed.
    reading: Option<Reading>,
    /// Held as long as the store is open.
    _lock: File,
}

impl Store {
    /// Which store this is.
    pub fn meta(&self) -> Meta {
        self.locked_meta().clone()
    }

    /// How it was left before this open.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// Large bodies by their digest.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The partition that the contact lives in.
    pub fn partition_of(&self, contact: &ContactId) -> Partition {
        partition_of(contact, self.control_partition())
    }

    /// The partition behind those of contacts, which holds what is global. Also the count of the contacts' partitions.
    pub fn control_partition(&self) -> Partition {
        (self.core.positions.len() - 1) as Partition
    }

    /// All partitions, the control partition last.
    pub fn partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        0..=self.control_partition()
    }

    /// The sequence of the last record that the partition applied; 0 before the first, and for no such partition.
    pub fn position(&self, partition: Partition) -> u64 {
        self.core
            .positions
            .get(usize::from(partition))
            .map_or(0, |position| position.load(Ordering::Acquire))
    }

    /// Notes that the store runs on that clock from now on. The real clock stays noted for ever.
    pub fn mark_clock(&self, clock: ClockUse) -> Result<(), Error> {
        let mut meta = self.locked_meta();
        if clock <= meta.clock {
            return Ok(());
        }
        let marked = Meta {
            clock,
            ..meta.clone()
        };
        meta::write_meta(&self.core.layout, &marked)?;
        *meta = marked;
        Ok(())
    }

    /// Notes with which core and time zone data the rows are written from now on.
    pub fn mark_versions(&self, core_version: &str, tz_version: &str) -> Result<(), Error> {
        let mut meta = self.locked_meta();
        if let Some(marked) = self.with_versions(&meta, core_version, tz_version) {
            meta::write_meta(&self.core.layout, &marked)?;
            *meta = marked;
        }
        Ok(())
    }

    /// What the store says of itself once [`Store::mark_versions`] has noted these.
    pub fn meta_with_versions(&self, core_version: &str, tz_version: &str) -> Meta {
        let meta = self.meta();
        let marked = self.with_versions(&meta, core_version, tz_version);
        marked.unwrap_or(meta)
    }

    /// `None` when these are its versions already.
    fn with_versions(&self, meta: &Meta, core_version: &str, tz_version: &str) -> Option<Meta> {
        if meta.core_version == core_version && meta.tz_version == tz_version {
            return None;
        }
        let versions_from = if meta.core_version.is_empty() {
            Vec::new()
        } else {
            self.partitions().map(|one| self.position(one)).collect()
        };
        Some(Meta {
            core_version: core_version.to_owned(),
            tz_version: tz_version.to_owned(),
            versions_from,
            ..meta.clone()
        })
    }

    /// Makes everything that was committed durable. Blocks for an fsync; not for async tasks. A thread of the store
    /// does the same every [`Config::flush_every_ms`].
    pub fn flush(&self) -> Result<(), Error> {
        self.core.flush()
    }

    /// Bytes that the rows take on disk.
    pub fn disk_bytes(&self) -> Result<u64, Error> {
        self.core.rows.disk_bytes()
    }

    fn check_partition(&self, partition: Partition) -> Result<(), Error> {
        if usize::from(partition) < self.core.positions.len() {
            Ok(())
        } else {
            Err(Error::UnknownPartition { partition })
        }
    }

    fn set_position(&self, partition: Partition, sequence: u64) {
        self.core.positions[usize::from(partition)].store(sequence, Ordering::Release);
    }

    fn locked_meta(&self) -> MutexGuard<'_, Meta> {
        self.meta.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
