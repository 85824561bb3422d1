//! How a store is opened.

use std::path::{Path, PathBuf};

use signalbox_model::{id::Partition, time::Instant};

use crate::hops::Hops;

/// What a store needs to know at its open.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store's own folder. Made if it is missing.
    pub folder: PathBuf,
    /// Partitions of contacts, 1 to 65,534. Fixed at creation; another number is refused later.
    pub partitions: Partition,
    /// Memory for the rows in use. Not a limit: once the rows in use outgrow it, memory goes to ten times this and
    /// writes to a quarter of their speed, so it has to be larger than the working set. Default: 1 GiB.
    pub cache_bytes: u64,
    /// How often what was committed is written down and synced in the background, by sled and by a thread of the
    /// store. They also clean up and note how far the rows are durable, so it cannot be turned off. Default: 500.
    pub flush_every_ms: u64,
    /// A partition with so many rows that are committed and not written down has them written down soon; with four
    /// times as many it writes them down itself before it goes on. Default: 2,048.
    pub waiting_rows: usize,
    /// Nobody opens it again: its rows stay in memory until they take `cache_bytes` in a partition, and only then are
    /// written down, and nothing is synced in the background. Default: no.
    pub is_thrown_away: bool,
    /// The rows are copied into new files, while they are used, when their files take so many bytes and twice as many
    /// as after the last copy. For that time memory and disk hold the rows twice. Default: never; only who keeps the
    /// store open for long needs it.
    pub compact_from_bytes: Option<u64>,
    /// Most event names, and most attribute names, that a partition keeps of what it has seen. Default: 1,000.
    pub observed_names_max: usize,
    /// Written into a store that this open creates.
    pub now: Instant,
    /// Who listens where the store writes. Default: nobody; only a simulator of faults does.
    pub hops: Hops,
}

impl Config {
    /// The defaults for a store of that many partitions in that folder.
    pub fn new(folder: &Path, partitions: Partition, now: Instant) -> Self {
        Self {
            folder: folder.to_owned(),
            partitions,
            cache_bytes: 1 << 30,
            flush_every_ms: 500,
            waiting_rows: 2_048,
            is_thrown_away: false,
            compact_from_bytes: None,
            observed_names_max: 1_000,
            now,
            hops: Hops::default(),
        }
    }
}
