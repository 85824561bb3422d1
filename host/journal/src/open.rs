//! Brings the files into a state the writer can go on from: creates, locks, checks, cuts a torn tail.
//!
//! Called once per journal. It changes a file in two cases only: it removes a segment whose creation was
//! interrupted (it never had a frame), and it cuts a torn tail (it was never acknowledged).

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use tracing::{info, warn};

use crate::{
    Config, Damage, Damaged, Disk, Error, frame,
    heads::Heads,
    index::Durable,
    scan::{Scan, Stop},
    segment::{self, Segment},
    writer::Active,
};

const LOCK_FILE: &str = "lock";

/// What was found when a journal was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// Whether it was created just now.
    pub created: bool,
    /// Whether its last process closed it, so that nothing can be torn.
    pub closed_cleanly: bool,
    /// What an interrupted write had left, now cut. It was never acknowledged.
    pub torn_tail: Option<TornTail>,
    /// Per partition the first sequence that is kept.
    pub first_kept: Vec<u64>,
    /// Per partition the last durable sequence; 0 if there never was one.
    pub last_durable: Vec<u64>,
    /// The latest journey time of any entry, in milliseconds since 1970.
    pub logged_at_ms: Option<i64>,
}

/// The end of the last segment that does not make a whole frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The file.
    pub segment: PathBuf,
    /// Where the last whole frame ends.
    pub offset: u64,
    /// How much lies behind it.
    pub bytes: u64,
}

/// A journal whose files are in order.
pub(crate) struct Ready {
    pub(crate) durable: Durable,
    pub(crate) active: Active,
    pub(crate) opened: Opened,
    pub(crate) lock: File,
}

pub(crate) fn open(config: &Config, disk: &dyn Disk) -> Result<Ready, Error> {
    config.check()?;
    let folder = &config.folder;
    create_folder(folder)?;
    let lock = lock(folder)?;
    let (numbers, unfinished) = segment::list(folder)?;
    for path in unfinished {
        fs::remove_file(&path).map_err(Error::io("remove unfinished segment", &path))?;
    }
    if numbers.is_empty() {
        return create(config, disk, lock);
    }
    let segments = read_headers(folder, &numbers)?;
    let last = Arc::clone(segments.last().expect("there is at least one number"));
    let partitions = last.heads.as_slice().len();
    if partitions != usize::from(config.partitions) {
        return Err(Error::PartitionCount {
            found: partitions,
            asked: usize::from(config.partitions),
        });
    }
    let tail = check_last(&last)?;
    let active = take_up(disk, &last, &tail)?;
    let durable = Durable {
        segments,
        end: tail.end,
        heads: tail.heads,
    };
    let opened = report(&durable, tail.torn, tail.sealed);
    Ok(Ready {
        durable,
        active,
        opened,
        lock,
    })
}

/// Locks a journal's folder for as long as the file lives.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(Error::io("open lock file", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}

pub(crate) fn create_folder(folder: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(Error::io("create folder", folder))
}

fn create(config: &Config, disk: &dyn Disk, lock: File) -> Result<Ready, Error> {
    let folder = &config.folder;
    let heads = Heads::new(config.partitions);
    let (segment, file) = segment::create(disk, folder, 1, 1, &heads)?;
    if let Some(parent) = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        disk.sync_folder(parent)
            .map_err(Error::io("sync folder", parent))?;
    }
    let segment = Arc::new(segment);
    let end = segment.frames_offset();
    let active = Active {
        segment: Arc::clone(&segment),
        file,
        end,
        next_frame: 1,
        began_at_ms: None,
    };
    let durable = Durable {
        segments: vec![segment],
        end,
        heads,
    };
    let opened = Opened {
        created: true,
        ..report(&durable, None, true)
    };
    info!(folder = %folder.display(), partitions = config.partitions, "journal created");
    Ok(Ready {
        durable,
        active,
        opened,
        lock,
    })
}

fn read_headers(folder: &Path, numbers: &[u64]) -> Result<Vec<Arc<Segment>>, Error> {
    let mut segments: Vec<Arc<Segment>> = Vec::with_capacity(numbers.len());
    for &number in numbers {
        if let Some(before) = segments.last()
            && number != before.number + 1
        {
            return Err(Error::SegmentMissing {
                segment: segment::path_of(folder, before.number + 1),
            });
        }
        let segment = segment::read(folder, number)?;
        if let Some(before) = segments.last() {
            check_follows(before, &segment)?;
        }
        segments.push(Arc::new(segment));
    }
    Ok(segments)
}

/// A header that does not go on from the one before belongs to another journal.
fn check_follows(before: &Segment, segment: &Segment) -> Result<(), Error> {
    let pairs = before.heads.as_slice().iter().zip(segment.heads.as_slice());
    let same_count = before.heads.as_slice().len() == segment.heads.as_slice().len();
    if same_count
        && before.first_frame <= segment.first_frame
        && pairs.into_iter().all(|(a, b)| a.next <= b.next)
    {
        return Ok(());
    }
    Err(segment.damaged(0, Damage::SegmentHeader).into())
}

/// What the last segment holds.
struct Tail {
    end: u64,
    next_frame: u64,
    heads: Heads,
    began_at_ms: Option<i64>,
    sealed: bool,
    torn: Option<TornTail>,
}

fn check_last(segment: &Arc<Segment>) -> Result<Tail, Error> {
    let mut scan = Scan::whole(Arc::clone(segment), None)?;
    if scan.end() < scan.offset() {
        return Err(segment.damaged(0, Damage::SegmentHeader).into());
    }
    let mut began_at_ms = None;
    // An empty segment was begun by a writer that had synced all before it.
    let mut sealed = true;
    let torn = loop {
        match scan.next_frame() {
            Ok(Some(entries)) => {
                sealed = entries == 0;
                let first = frame::decode_entry(scan.body(), &mut 0);
                began_at_ms = began_at_ms.or(first.map(|entry| entry.logged_at_ms));
            }
            Ok(None) => break None,
            Err(stop) => break Some(torn_tail(stop, scan.end())?),
        }
    };
    Ok(Tail {
        end: scan.offset(),
        next_frame: scan.number(),
        heads: scan.heads().clone(),
        began_at_ms,
        sealed: sealed && torn.is_none(),
        torn,
    })
}

/// What is to be cut, or the error if it must not be.
pub(crate) fn torn_tail(stop: Stop, end: u64) -> Result<TornTail, Error> {
    match stop.torn_tail() {
        Some(Damaged {
            segment, offset, ..
        }) => Ok(TornTail {
            segment: segment.clone(),
            offset: *offset,
            bytes: end - offset,
        }),
        None => Err(stop.into()),
    }
}

/// Opens the last segment for writing. What a process that was killed had written may not have been synced, so it
/// is synced now, before anybody reads it as durable.
fn take_up(disk: &dyn Disk, segment: &Arc<Segment>, tail: &Tail) -> Result<Active, Error> {
    let path = &segment.path;
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let file = opened.map_err(Error::io("open segment", path))?;
    if let Some(torn) = &tail.torn {
        warn!(
            segment = %path.display(),
            offset = torn.offset,
            bytes = torn.bytes,
            "journal ends in a torn write, which was never acknowledged; it is cut"
        );
        file.set_len(torn.offset)
            .map_err(Error::io("cut the torn tail of", path))?;
    }
    disk.sync(&file).map_err(Error::io("sync segment", path))?;
    Ok(Active {
        segment: Arc::clone(segment),
        file,
        end: tail.end,
        next_frame: tail.next_frame,
        began_at_ms: tail.began_at_ms,
    })
}

fn report(durable: &Durable, torn_tail: Option<TornTail>, closed_cleanly: bool) -> Opened {
    let heads = durable.heads.as_slice();
    let latest = heads
        .iter()
        .filter(|head| head.next > 1)
        .map(|head| head.logged_at_ms)
        .max();
    Opened {
        created: false,
        closed_cleanly,
        torn_tail,
        first_kept: durable.oldest().next_sequences(),
        last_durable: heads.iter().map(|head| head.next - 1).collect(),
        logged_at_ms: latest,
    }
}
