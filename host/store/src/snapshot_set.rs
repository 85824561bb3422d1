//! Sets of snapshots: one file a partition, the large bodies, and a manifest, in a folder of their own.
//!
//! A set is written under an unfinished name, synced, renamed, read back and only then called verified. The journal
//! may be trimmed behind the older of the verified sets that are kept, so the newest may be lost without loss.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use signalbox_model::id::{Digest, Partition};

use crate::{
    Meta, Store,
    error::{Error, OpenError, SnapshotDamage},
    files::{self, UNFINISHED},
    snapshot::{SnapshotInfo, verify_snapshot},
};

/// Verified sets that are kept; older ones are deleted.
pub const SNAPSHOT_SETS_KEPT: usize = 2;

const MANIFEST: &str = "manifest";
const VERIFIED: &str = "verified";
const BLOBS: &str = "blobs";

/// What a set holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which store it is one of.
    pub store: Meta,
    /// Its snapshots, by partition, the control partition last.
    pub snapshots: Vec<SnapshotInfo>,
}

impl Manifest {
    /// All records in it, of all partitions together: what names the set.
    pub fn records(&self) -> u64 {
        self.snapshots.iter().map(|info| info.position).sum()
    }
}

/// A finished set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSet {
    /// Where it lies.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
    /// Whether it was read back after it was written.
    pub verified: bool,
}

/// A set that is damaged: where it lies, and what is wrong with it.
pub type DamagedSet = (PathBuf, OpenError);

/// The newest set that is whole, and what was passed over on the way to it.
#[derive(Debug)]
pub struct Newest {
    /// The set; `None` if there is none that is whole.
    pub set: Option<SnapshotSet>,
    /// Newer sets that are damaged or of another store.
    pub passed_over: Vec<DamagedSet>,
}

/// The folder of sets.
#[derive(Debug)]
pub struct Snapshots {
    folder: PathBuf,
}

impl Snapshots {
    /// Opens the folder; makes it if it is missing.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        files::create_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Deletes what an earlier one left unfinished, and begins a set. Only one is written at a time.
    pub fn begin(&self) -> Result<Writing<'_>, Error> {
        let folder = self.folder.join(format!("next{UNFINISHED}"));
        remove_set(&folder)?;
        files::create_folder(&folder.join(BLOBS))?;
        Ok(Writing {
            snapshots: self,
            folder,
            infos: Mutex::new(BTreeMap::new()),
        })
    }

    /// The finished sets, the newest first. One whose manifest is damaged stands there as its error.
    pub fn list(&self) -> Result<Vec<Result<SnapshotSet, DamagedSet>>, Error> {
        let mut folders = self.folders()?;
        folders.retain(|folder| !is_unfinished(folder));
        // The names are numbers of equal length.
        folders.sort_unstable_by(|a, b| b.cmp(a));
        Ok(folders
            .into_iter()
            .map(|folder| read_set(&folder).map_err(|error| (folder, error)))
            .collect())
    }

    /// Up to which sequence each partition's records are in both verified sets, so that the journal may forget them;
    /// `None` until there are [`SNAPSHOT_SETS_KEPT`] verified sets.
    pub fn covered(&self) -> Result<Option<Vec<u64>>, Error> {
        let verified = self.verified()?;
        if verified.len() < SNAPSHOT_SETS_KEPT {
            return Ok(None);
        }
        let mut covered: Option<Vec<u64>> = None;
        for set in verified.iter().take(SNAPSHOT_SETS_KEPT) {
            let positions = set.manifest.snapshots.iter().map(|info| info.position);
            covered = Some(match covered {
                Some(before) => before
                    .into_iter()
                    .zip(positions)
                    .map(|(a, b)| a.min(b))
                    .collect(),
                None => positions.collect(),
            });
        }
        Ok(covered)
    }

    /// Reads a set to its end and holds it against its manifest.
    pub fn verify(&self, set: &SnapshotSet) -> Result<(), Error> {
        for expected in &set.manifest.snapshots {
            let found = verify_snapshot(&mut open_snapshot(&set.folder, expected.partition)?)?;
            if found != *expected {
                return Err(Error::Snapshot(SnapshotDamage::Manifest));
            }
        }
        for (name, path) in blob_files(&set.folder)? {
            let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
            let found = Digest::of_bytes(&bytes);
            if found != name {
                return Err(Error::BlobDamaged {
                    digest: name,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Restores a set that was verified just now into the store, which counts as rebuilding until
    /// [`Store::finish_rebuild`].
    pub fn restore(&self, set: &SnapshotSet, store: &Store) -> Result<(), Error> {
        self.restore_parts(set, store, |_| true)
    }

    /// The same of those partitions alone; the others stay empty.
    pub fn restore_parts(
        &self,
        set: &SnapshotSet,
        store: &Store,
        wanted: impl Fn(Partition) -> bool,
    ) -> Result<(), Error> {
        for (_, path) in blob_files(&set.folder)? {
            let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
            store.blobs().put(&bytes)?;
        }
        let expected = set.manifest.snapshots.iter();
        for expected in expected.filter(|info| wanted(info.partition)) {
            let mut input = open_snapshot(&set.folder, expected.partition)?;
            if store.restore(expected.partition, &mut input)? != *expected {
                return Err(Error::Snapshot(SnapshotDamage::Manifest));
            }
        }
        Ok(())
    }

    /// Finds the newest set that is whole, of a store that `is_ours`. What it answers with can be restored.
    pub fn newest(&self, is_ours: impl Fn(&Meta) -> bool) -> Result<Newest, Error> {
        let mut passed_over = Vec::new();
        for set in self.list()? {
            let set = match set {
                Ok(set) => set,
                Err(damaged) => {
                    passed_over.push(damaged);
                    continue;
                }
            };
            let verified = if is_ours(&set.manifest.store) {
                self.verify(&set)
            } else {
                Err(Error::Snapshot(SnapshotDamage::OtherStore))
            };
            match verified {
                Ok(()) => {
                    return Ok(Newest {
                        set: Some(set),
                        passed_over,
                    });
                }
                Err(error) => passed_over.push((set.folder, error.into())),
            }
        }
        Ok(Newest {
            set: None,
            passed_over,
        })
    }

    fn verified(&self) -> Result<Vec<SnapshotSet>, Error> {
        let sets = self.list()?.into_iter().filter_map(Result::ok);
        Ok(sets.filter(|set| set.verified).collect())
    }

    /// Deletes all sets older than the verified ones that are kept.
    fn prune(&self) -> Result<(), Error> {
        let verified = self.verified()?;
        let Some(oldest_kept) = verified.get(SNAPSHOT_SETS_KEPT - 1) else {
            return Ok(());
        };
        for folder in self.folders()? {
            if folder < oldest_kept.folder {
                remove_set(&folder)?;
            }
        }
        files::sync(&self.folder)
    }

    fn folders(&self) -> Result<Vec<PathBuf>, Error> {
        fs::read_dir(&self.folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(Error::io("list", &self.folder))
    }
}

/// A set that is being written. Dropped unfinished, it is swept by the next begin.
#[derive(Debug)]
pub struct Writing<'a> {
    snapshots: &'a Snapshots,
    folder: PathBuf,
    /// What was written so far. A mutex since each partition's thread adds its own.
    infos: Mutex<BTreeMap<Partition, SnapshotInfo>>,
}

impl Writing<'_> {
    /// Writes the partition's snapshot, durably. Called by the partition's thread, between two groups.
    pub fn write(&self, store: &Store, partition: Partition) -> Result<SnapshotInfo, Error> {
        let path = snapshot_path(&self.folder, partition);
        let mut out = BufWriter::new(files::create(&path)?);
        let info = store.snapshot(partition, &mut out)?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .map_err(Error::io("write", &path))?;
        self.infos
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(partition, info.clone());
        Ok(info)
    }

    /// Finishes the set once every partition is in it: adds the large bodies, gives it its name, reads it back, and
    /// deletes sets that are no longer kept.
    pub fn finish(self, store: &Store) -> Result<SnapshotSet, Error> {
        let meta = store.meta();
        self.finish_as(store, meta)
    }

    /// The same, for a store that says that of itself from now on.
    pub fn finish_as(self, store: &Store, meta: Meta) -> Result<SnapshotSet, Error> {
        let infos = self
            .infos
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if !infos.keys().copied().eq(store.partitions()) {
            return Err(Error::Snapshot(SnapshotDamage::Manifest));
        }
        store.blobs().link_into(&self.folder.join(BLOBS))?;
        let manifest = Manifest {
            store: meta,
            snapshots: infos.into_values().collect(),
        };
        files::write_document(&self.folder.join(MANIFEST), &manifest)?;
        let folder = self
            .snapshots
            .folder
            .join(format!("{:020}", manifest.records()));
        // A set of the same positions says the same; the new one takes its place.
        remove_set(&folder)?;
        fs::rename(&self.folder, &folder).map_err(Error::io("rename to", &folder))?;
        files::sync(&self.snapshots.folder)?;
        store.core.rows.hops().pass("snapshot_named");
        let mut set = SnapshotSet {
            folder,
            manifest,
            verified: false,
        };
        self.snapshots.verify(&set)?;
        files::write(&set.folder.join(VERIFIED), b"")?;
        set.verified = true;
        self.snapshots.prune()?;
        Ok(set)
    }
}

fn is_unfinished(folder: &Path) -> bool {
    folder
        .file_name()
        .is_none_or(|name| name.to_string_lossy().ends_with(UNFINISHED))
}

fn read_set(folder: &Path) -> Result<SnapshotSet, OpenError> {
    let path = folder.join(MANIFEST);
    let manifest = files::read_document(&path)?.ok_or_else(|| OpenError::FileDamaged {
        path,
        reason: "it is missing".to_owned(),
    })?;
    Ok(SnapshotSet {
        folder: folder.to_owned(),
        manifest,
        verified: folder.join(VERIFIED).exists(),
    })
}

fn snapshot_path(folder: &Path, partition: Partition) -> PathBuf {
    folder.join(format!("{partition:05}.snapshot"))
}

fn open_snapshot(folder: &Path, partition: Partition) -> Result<BufReader<File>, Error> {
    let path = snapshot_path(folder, partition);
    let file = File::open(&path).map_err(Error::io("open", &path))?;
    Ok(BufReader::with_capacity(256 * 1024, file))
}

/// The large bodies of a set, by the digests that their names say.
fn blob_files(folder: &Path) -> Result<Vec<(Digest, PathBuf)>, Error> {
    let folder = folder.join(BLOBS);
    let paths: Vec<PathBuf> = fs::read_dir(&folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(Error::io("list", &folder))?;
    let named = |path: PathBuf| {
        let digest = Digest::parse(path.file_name()?.to_str()?).ok()?;
        Some((digest, path))
    };
    Ok(paths.into_iter().filter_map(named).collect())
}

fn remove_set(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
