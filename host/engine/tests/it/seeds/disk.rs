//! The disk below the journal: with hops, and with what a power cut would take.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use signalbox_journal::{Disk, SystemDisk};

use super::{draw::Draw, reaper::Reaper};

/// See the module.
pub(super) struct Watched {
    reaper: Arc<Reaper>,
    /// Bytes of each file that were synced, by inode. Held over each write, so that a copy never sees half of one that
    /// goes on.
    synced: Mutex<HashMap<u64, u64>>,
}

impl Watched {
    pub(super) fn new(reaper: Arc<Reaper>) -> Arc<Self> {
        Arc::new(Self {
            reaper,
            synced: Mutex::default(),
        })
    }

    /// Copies the journal's folder as it stands between two writes. After a power cut nothing, all or a part of what
    /// was not synced is there.
    pub(super) fn copy(&self, from: &Path, to: &Path, mut power_cut: Option<&mut Draw>) {
        let synced = self.lock();
        fs::create_dir_all(to).expect("the folder is made");
        for entry in fs::read_dir(from).into_iter().flatten() {
            let entry = entry.expect("its entries can be read");
            let target = to.join(entry.file_name());
            fs::copy(entry.path(), &target).expect("the file is copied");
            let known = entry.metadata().expect("it is there");
            let Some(draw) = power_cut.as_deref_mut() else {
                continue;
            };
            let Some(&kept) = synced.get(&known.ino()) else {
                continue;
            };
            let unsynced = known.len().saturating_sub(kept);
            let survives = kept + draw.below(unsynced + 1);
            let file = File::options().write(true).open(&target);
            let cut = file.and_then(|file| {
                file.set_len(survives)?;
                // What the file system had room for and no bytes yet.
                if draw.percent(30) {
                    file.set_len(known.len())?;
                }
                Ok(())
            });
            cut.expect("the copy is cut");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, u64>> {
        self.synced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk for Watched {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.reaper.pass("journal_write");
        {
            let mut synced = self.lock();
            synced.entry(file.metadata()?.ino()).or_insert(offset);
            SystemDisk.write(file, bytes, offset)?;
        }
        self.reaper.pass("journal_written");
        Ok(())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        {
            let mut synced = self.lock();
            // The journal lies in memory or on a disk that is not cut: nothing is gained by waiting for it.
            let known = file.metadata()?;
            synced.insert(known.ino(), known.len());
        }
        self.reaper.pass("journal_synced");
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(folder)
    }
}
