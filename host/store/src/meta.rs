//! Which store this is, and how it was left: small files beside the rows.
//!
//! They stand outside the rows so that a rebuild, which throws the rows away, keeps the seed and the count of
//! partitions, and so that nothing of the rows has to be read to know whether they can be trusted.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use signalbox_model::{id::Partition, time::Instant};

use crate::{
    error::{Error, OpenError},
    files,
};

/// The format of a store's folder that this binary reads and writes. 1 and 2 were never released.
pub const STORE_FORMAT: u32 = 11;

const ROWS_FOLDER: &str = "sled";

/// Which store this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Always [`STORE_FORMAT`].
    pub format: u32,
    /// Partitions of contacts; the control partition is the one after. Fixed at creation.
    pub partitions: Partition,
    /// Drawn at creation; every seed that a rule sees comes from it.
    pub store_seed: u64,
    /// When it was created, by the clock of who created it.
    pub created_at: Instant,
    /// Which clock it has run on. Written by [`crate::Store::mark_clock`].
    pub clock: ClockUse,
    /// Version of the core that wrote the rows. Written by [`crate::Store::mark_versions`]; empty before.
    pub core_version: String,
    /// Version of the time zone data that the rows were computed with. Written likewise.
    pub tz_version: String,
    /// Where each partition stood when those versions began, the control partition last; empty while they are the first.
    /// Nothing from before may be applied again, since it could come out otherwise. Written likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions_from: Vec<u64>,
}

/// Which clock a store has run on. One that ever ran on the real clock stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockUse {
    /// None yet.
    Unused,
    /// Only the one that is wound by hand.
    Manual,
    /// The machine's.
    Real,
}

/// How a store was left before it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It was created by this open.
    New,
    /// It was closed cleanly.
    Clean,
    /// Its process ended without closing it; what the process wrote is still there.
    Killed,
    /// It was not closed cleanly and the machine was restarted since: what was not synced may be gone.
    Restarted,
    /// A rebuild or a restore of it has not come to its end.
    Rebuilding,
}

impl Condition {
    /// Whether the rows cannot be trusted and must come from snapshots and the journal anew.
    pub fn needs_rebuild(self) -> bool {
        matches!(self, Self::Restarted | Self::Rebuilding)
    }
}

/// The files of a store's folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) folder: PathBuf,
}

impl Layout {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(crate) fn meta(&self) -> PathBuf {
        self.folder.join("meta")
    }

    /// There while the store is open, or was left open; says in which run of the machine.
    pub(crate) fn running(&self) -> PathBuf {
        self.folder.join("running")
    }

    /// There while the store is only read; says in which run of the machine.
    pub(crate) fn reading(&self) -> PathBuf {
        self.folder.join("reading")
    }

    /// There after a clean close; says where each partition stood.
    pub(crate) fn closed(&self) -> PathBuf {
        self.folder.join("closed")
    }

    /// There after a flush; says where each partition stood at least.
    pub(crate) fn flushed(&self) -> PathBuf {
        self.folder.join("flushed")
    }

    /// There from the begin of a rebuild or restore to its end.
    pub(crate) fn rebuilding(&self) -> PathBuf {
        self.folder.join("rebuilding")
    }

    /// Says which [`Generation`] of the rows is the store's; not there for the first.
    pub(crate) fn generation(&self) -> PathBuf {
        self.folder.join("generation")
    }

    /// The database of that generation of the rows.
    pub(crate) fn rows(&self, generation: u64) -> PathBuf {
        match generation {
            0 => self.folder.join(ROWS_FOLDER),
            later => self.folder.join(format!("{ROWS_FOLDER}-{later}")),
        }
    }

    /// The generations of rows that are there, finished or not.
    pub(crate) fn all_rows(&self) -> Result<Vec<u64>, Error> {
        let paths = files::list(&self.folder)?;
        let number = |path: PathBuf| {
            let name = path.file_name()?.to_str()?;
            let number = match name.strip_prefix(ROWS_FOLDER)? {
                "" => 0,
                later => later.strip_prefix('-')?.parse().ok()?,
            };
            // A name of somebody else's, such as `sled-007` or `sled-copy`, is not ours to touch.
            let is_ours = path == self.rows(number) && path.is_dir() && !path.is_symlink();
            is_ours.then_some(number)
        };
        Ok(paths.into_iter().filter_map(number).collect())
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }
}

/// Which copy of the rows is the store's, since they are copied now and then to give disk space back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generation {
    /// How many copies were made before.
    pub(crate) number: u64,
    /// Bytes that it took on disk when it was new; 0 for the first.
    pub(crate) bytes: u64,
}

/// What `running` and `reading` say.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Running {
    /// Names one run of the machine; `None` where the system does not tell.
    pub(crate) boot: Option<String>,
}

impl Running {
    pub(crate) fn now() -> Self {
        Self { boot: boot_id() }
    }

    fn is_of_this_run(&self) -> bool {
        self.boot.is_some() && self.boot == boot_id()
    }
}

/// What `closed` and `flushed` say.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Positions {
    /// Where each partition stood.
    pub(crate) positions: BTreeMap<Partition, u64>,
}

/// Which store the folder holds; `None` if it holds none. Needs no lock.
pub fn read_meta(folder: &Path) -> Result<Option<Meta>, OpenError> {
    let path = Layout::new(folder).meta();
    let Some(json) = files::read_document::<serde_json::Value>(&path)? else {
        return Ok(None);
    };
    match json.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(STORE_FORMAT) => Err(OpenError::OtherFormat {
            found,
            known: STORE_FORMAT,
        }),
        _ => serde_json::from_value(json)
            .map(Some)
            .map_err(|error| OpenError::FileDamaged {
                path,
                reason: error.to_string(),
            }),
    }
}

pub(crate) fn write_meta(layout: &Layout, meta: &Meta) -> Result<(), Error> {
    files::write_document(&layout.meta(), meta)
}

/// Names the run of the machine; `None` where the system does not tell (Linux does, `random(4)`).
pub(crate) fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

/// How the store was left.
pub(crate) fn condition(layout: &Layout) -> Result<Condition, OpenError> {
    if layout.rebuilding().exists() {
        return Ok(Condition::Rebuilding);
    }
    // Reading changes no row, but the library below may have been moving them when the machine ended.
    if let Some(reading) = files::read_document::<Running>(&layout.reading())?
        && !reading.is_of_this_run()
    {
        return Ok(Condition::Restarted);
    }
    if let Some(running) = files::read_document::<Running>(&layout.running())? {
        return Ok(if running.is_of_this_run() {
            Condition::Killed
        } else {
            Condition::Restarted
        });
    }
    if layout.closed().exists() {
        return Ok(Condition::Clean);
    }
    // Neither open nor closed: the process ended while it created the store, before the first row.
    Ok(Condition::New)
}

/// Which generation of the rows is the store's.
pub(crate) fn read_generation(layout: &Layout) -> Result<Generation, OpenError> {
    let noted = files::read_document(&layout.generation())?;
    Ok(noted.unwrap_or_default())
}

/// Where the partitions must stand for the rows to be all there.
#[derive(Debug)]
pub(crate) enum Expected {
    /// Exactly there.
    Exactly(Positions),
    /// There or further.
    AtLeast(Positions),
    /// It is not known.
    Unknown,
}

/// What the files beside the rows vouch for, in that condition.
pub(crate) fn expected(layout: &Layout, condition: Condition) -> Result<Expected, OpenError> {
    let (path, expected): (_, fn(Positions) -> Expected) = match condition {
        Condition::Clean => (layout.closed(), Expected::Exactly),
        Condition::Killed => (layout.flushed(), Expected::AtLeast),
        _ => return Ok(Expected::Unknown),
    };
    Ok(files::read_document(&path)?.map_or(Expected::Unknown, expected))
}
