//! The three things the writer asks of a disk whose failures decide what may be acknowledged.
//!
//! The seam exists for faults that no test can provoke on a healthy machine (an fsync that fails, a power cut that
//! drops what was not synced, a slow disk). Reading goes to the files directly.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

/// How bytes reach stable storage. The journal calls it from one thread at a time.
pub trait Disk: Send + Sync {
    /// Writes all of `bytes` at `offset`. After an error any part of them may have been written.
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Returns once everything written to `file`, and its length, is on stable storage.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Returns once the names in `folder` are on stable storage.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The disk as the operating system gives it.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}
