//! Where a simulation of faults takes hold of the engine: hops between two steps, and the disk below the journal.
//!
//! [`crate::Config`] carries it to every part. In a server nobody listens and the disk is the system's.

use std::{fmt, sync::Arc};

use signalbox_journal::{Disk, SystemDisk};
use signalbox_store::Hops;

/// See the module. The default is what a server has.
#[derive(Clone)]
pub struct Faults {
    /// Who listens at the hops of engine and store.
    pub hops: Hops,
    /// How the journal's bytes reach stable storage.
    pub journal_disk: Arc<dyn Disk>,
    /// How often the store writes down and syncs, in milliseconds. Default: 500.
    pub store_flush_every_ms: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            hops: Hops::default(),
            journal_disk: Arc::new(SystemDisk),
            store_flush_every_ms: 500,
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("hops", &self.hops)
            .field("store_flush_every_ms", &self.store_flush_every_ms)
            .finish_non_exhaustive()
    }
}
