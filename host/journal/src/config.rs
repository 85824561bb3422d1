//! The limits of a journal.

use std::path::PathBuf;

use crate::Error;

const MIB: u32 = 1024 * 1024;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Where a journal lies and what bounds it. [`Config::new`] gives the defaults.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The folder, which the journal has to itself. Created if it is not there.
    pub folder: PathBuf,
    /// How many partitions: fixed when the journal is created, 1 to 65,535.
    pub partitions: u16,
    /// A segment is closed before it would exceed this; one larger frame still gets a segment. 64 MiB.
    pub segment_bytes_max: u64,
    /// A segment is closed once its first entry is this much older, in journey time, than the one to be written.
    /// What a trim deletes is whole segments, so this is how much longer than asked an entry may stay. 1 day.
    pub segment_age_max_ms: u64,
    /// The largest payload. 10 MiB.
    pub record_bytes_max: u32,
    /// The most that goes into one write and one fsync, and so the largest group, with 22 bytes for each entry
    /// beside its payload. 16 MiB.
    pub frame_bytes_max: u32,
    /// The most that may wait for its fsync, counted likewise; then appends are refused. 64 MiB.
    pub queue_bytes_max: usize,
    /// How far appends of our own (ticks, intents, outcomes, posts, decisions) may go beyond it. 32 MiB.
    pub reserved_bytes_max: usize,
}

impl Config {
    /// The defaults for a folder.
    pub fn new(folder: impl Into<PathBuf>, partitions: u16) -> Self {
        Self {
            folder: folder.into(),
            partitions,
            segment_bytes_max: 64 * u64::from(MIB),
            segment_age_max_ms: DAY_MS,
            record_bytes_max: 10 * MIB,
            frame_bytes_max: 16 * MIB,
            queue_bytes_max: 64 * MIB as usize,
            reserved_bytes_max: 32 * MIB as usize,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        use crate::frame::{HEADER_BYTES, entry_bytes};

        let frame_bytes_max = self.frame_bytes_max as usize;
        if self.partitions == 0 {
            return Err(Error::Config("partitions must be at least 1"));
        }
        if self.frame_bytes_max > u32::MAX - HEADER_BYTES as u32 {
            return Err(Error::Config("frame_bytes_max must be below 4 GiB"));
        }
        if entry_bytes(self.record_bytes_max as usize) > frame_bytes_max {
            return Err(Error::Config(
                "record_bytes_max and 22 bytes must fit into frame_bytes_max",
            ));
        }
        if frame_bytes_max > self.queue_bytes_max {
            return Err(Error::Config(
                "frame_bytes_max must fit into queue_bytes_max",
            ));
        }
        Ok(())
    }
}
