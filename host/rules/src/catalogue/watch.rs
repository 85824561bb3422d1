//! The thread that looks at the folder: what is new, what has been still long enough to be read, what is gone.
//!
//! Started by `catalogue`. It reads names, sizes and times only; the loading threads do the rest. A file that is seen
//! for the first time is compiled at once, while it is still waited whether it stays as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant as Clock, SystemTime},
};

use super::{
    CatalogueEvent, Inner,
    loading::{Job, Purpose},
    process_now,
};
use crate::trust::signature_path;

/// Why the thread wakes.
pub(super) enum Wake {
    /// Something may have changed.
    Look,
    /// The catalogue is being dropped.
    Stop,
}

/// What tells one state of a plugin's file from another, short of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    component: FileStamp,
    /// `None` where there is none; it matters only where signatures are asked for, and then a change of it is one of the
    /// file.
    signature: Option<FileStamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    bytes: u64,
    modified: Option<SystemTime>,
    // Two files may have the same size and, within a tick of the system's clock, the same time.
    inode: u64,
}

impl Stamp {
    /// The stamp of a component's file, if it is one.
    pub(super) fn of(component: &Path) -> Option<Self> {
        Some(Self {
            component: FileStamp::of(component)?,
            signature: FileStamp::of(&signature_path(component)),
        })
    }
}

impl FileStamp {
    // Gone between two calls is gone.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        metadata.is_file().then(|| Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            inode: metadata.ino(),
        })
    }
}

/// Files that changed lately: their state, and since when it has been so.
type Settling = BTreeMap<String, (Stamp, Clock)>;

/// Runs until the catalogue is dropped.
pub(super) fn run(inner: &Inner, woken: &Receiver<Wake>, jobs: &Sender<Job>) {
    let rescan = Duration::from_millis(inner.config.rescan_ms.max(10));
    let mut settling = Settling::new();
    loop {
        let wanted = inner.files().looks_wanted;
        let Seen {
            is_settled,
            next_still,
        } = look(inner, &mut settling, jobs);
        if is_settled {
            inner.files().looks_settled = wanted;
            inner.settled.notify_all();
        }
        match woken.recv_timeout(next_still.unwrap_or(rescan).min(rescan)) {
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Wake::Look) | Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// What a look found.
struct Seen {
    /// Nothing is left to settle or load.
    is_settled: bool,
    /// How long until a file has been still for long enough.
    next_still: Option<Duration>,
}

fn look(inner: &Inner, settling: &mut Settling, jobs: &Sender<Job>) -> Seen {
    let found = match read_folder(inner) {
        Ok(found) => found,
        Err(error) => {
            // A folder that cannot be read says nothing about its files: what serves goes on.
            tracing::error!(
                "read the plugin folder {}: {error}",
                inner.config.folder.display()
            );
            return Seen {
                is_settled: true,
                next_still: None,
            };
        }
    };
    remove_gone(inner, &found.keys().cloned().collect());
    settling.retain(|name, _| found.contains_key(name));
    let still = Duration::from_millis(inner.config.still_ms);
    let now = process_now();
    let mut files = inner.files();
    let mut seen = Seen {
        is_settled: true,
        next_still: None,
    };
    for (name, stamp) in found {
        let record = files.records.entry(name.clone()).or_default();
        if record.loading {
            seen.is_settled = false;
            continue;
        }
        if record.stamp == Some(stamp) {
            settling.remove(&name);
            continue;
        }
        seen.is_settled = false;
        let purpose = match settling.get_mut(&name) {
            None => {
                settling.insert(name.clone(), (stamp, now));
                Purpose::Prepare
            }
            Some((last, since)) => {
                if *last != stamp {
                    (*last, *since) = (stamp, now);
                }
                let left = (*since + still).saturating_duration_since(now);
                if !left.is_zero() {
                    seen.next_still = Some(seen.next_still.map_or(left, |next| next.min(left)));
                    continue;
                }
                settling.remove(&name);
                Purpose::Load
            }
        };
        let job = Job {
            name,
            stamp,
            purpose,
        };
        record.loading = jobs.send(job).is_ok();
    }
    seen
}

/// The plugin files by name. Hidden files are skipped: half of a copy often has such a name.
fn read_folder(inner: &Inner) -> std::io::Result<BTreeMap<String, Stamp>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&inner.config.folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let is_plugin = path
            .extension()
            .is_some_and(|extension| extension == "wasm")
            && !name.starts_with('.');
        if is_plugin && let Some(stamp) = Stamp::of(&path) {
            found.insert(name.to_owned(), stamp);
        }
    }
    Ok(found)
}

fn remove_gone(inner: &Inner, found: &BTreeSet<String>) {
    let mut gone = Vec::new();
    let (before, after) = {
        let mut files = inner.files();
        if files
            .records
            .iter()
            .all(|(name, record)| record.loading || found.contains(name))
        {
            return;
        }
        let before = inner.unhindered(&files);
        files.records.retain(|name, record| {
            // A file that is being loaded is looked at again when that is done.
            let stays = record.loading || found.contains(name);
            if !stays {
                gone.push(name.clone());
            }
            stays
        });
        (before, inner.unhindered(&files))
    };
    for file in gone {
        tracing::info!("plugin file {file} is gone");
        (inner.events)(CatalogueEvent::Removed { file });
    }
    inner.tell_freed(&before, &after);
}
