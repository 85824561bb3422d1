//! Copies a journal for whoever applies its records without touching it.
//!
//! Called by `Journal::copy` and `Journal::copy_in_use`. The files copied from are only read: the last segment, which an open may cut and go on
//! with, is copied byte for byte; those before it are never written again, so a second name is a copy of them.

use std::{fs, path::Path};

use crate::{
    Error,
    open::{create_folder, lock},
    segment,
};

pub(crate) fn copy(from: &Path, to: &Path) -> Result<Vec<u64>, Error> {
    let no_journal = || Error::NoJournal {
        folder: from.to_owned(),
    };
    if !from.is_dir() || segment::list(from)?.0.is_empty() {
        return Err(no_journal());
    }
    let _lock = lock(from)?;
    copy_as_it_stands(from, to)
}

/// Of one that may be open: what was durable when this was called is in the copy, and maybe some of what came since.
/// What is being written meanwhile ends the copy as a write that was torn, which an open cuts.
pub(crate) fn copy_as_it_stands(from: &Path, to: &Path) -> Result<Vec<u64>, Error> {
    let no_journal = || Error::NoJournal {
        folder: from.to_owned(),
    };
    if !from.is_dir() {
        return Err(no_journal());
    }
    let (numbers, _) = segment::list(from)?;
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        return Err(no_journal());
    };
    create_folder(to)?;
    for number in &numbers {
        let (source, target) = (
            segment::path_of(from, *number),
            segment::path_of(to, *number),
        );
        if number != last && fs::hard_link(&source, &target).is_ok() {
            continue;
        }
        fs::copy(&source, &target).map_err(Error::io("copy segment", &source))?;
    }
    Ok(segment::read(to, *first)?.heads.next_sequences())
}
