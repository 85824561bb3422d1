//! A database that is filled with the rows of another one while that one is read and written.
//!
//! Rows are copied in the order of their keys, a page at a time. What is written meanwhile to rows that are copied
//! already is written to the copy as well; the others are still to come. So once the last page is copied, both hold
//! the same. `rows` is the only caller and lets nobody write between a page's reading and its copying.

use std::{ops::Bound, sync::Arc};

use crate::{db::Db, error::Error, key, layer::Change};

/// A page ends with the row that brings it to so many bytes: others wait while it is copied.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// A copy that is being made.
#[derive(Debug)]
pub(crate) struct Copy {
    db: Arc<Db>,
    reached: Reached,
}

/// How far a copy has come.
#[derive(Debug)]
enum Reached {
    /// It has all rows before this key.
    Before(Vec<u8>),
    /// It has all rows.
    All,
    /// It lacks something that was written meanwhile, and is of no use.
    Lost,
}

/// What there is to be done on a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// There is no copy being made.
    Nothing,
    /// More rows are to come.
    Some,
    /// It has all rows, and follows what is written.
    All,
}

impl Copy {
    /// A copy into an empty database.
    pub(crate) fn new(empty: Db) -> Self {
        Self {
            db: Arc::new(empty),
            reached: Reached::Before(Vec::new()),
        }
    }

    /// Copies the next page, of at most so many rows and [`PAGE_BYTES_MAX`]. Nobody writes to either meanwhile.
    pub(crate) fn page(&mut self, from: &Db, rows_max: usize) -> Result<Copied, Error> {
        let start = match &self.reached {
            Reached::Before(start) => start.as_slice(),
            Reached::All => return Ok(Copied::All),
            Reached::Lost => return Err(Error::CopyIncomplete),
        };
        let (page, next) = from.run("copy", |sled| {
            let mut rows = sled.range::<&[u8], _>((Bound::Included(start), Bound::Unbounded));
            let (mut page, mut bytes) = (Vec::new(), 0);
            while page.len() < rows_max && bytes < PAGE_BYTES_MAX {
                let Some((key, value)) = rows.next().transpose()? else {
                    return Ok((page, Reached::All));
                };
                bytes += key.len() + value.len();
                page.push((key, Some(value)));
            }
            let next = page
                .last()
                .map_or_else(Vec::new, |(last, _)| key::after(last));
            Ok((page, Reached::Before(next)))
        })?;
        self.db.write("copy", page.into_iter())?;
        self.reached = next;
        Ok(match self.reached {
            Reached::All => Copied::All,
            Reached::Before(_) | Reached::Lost => Copied::Some,
        })
    }

    /// Writes what was written to the other one, as far as the copy has come. If that fails the copy is lost, as the
    /// next call tells: whoever writes is not concerned.
    pub(crate) fn follow(&mut self, changes: &[Change]) {
        let end = match &self.reached {
            Reached::Before(end) => Some(end.as_slice()),
            Reached::All => None,
            Reached::Lost => return,
        };
        let reached = |key: &[u8]| end.is_none_or(|end| key < end);
        let changes = changes.iter().filter(|(key, _)| reached(key));
        if let Err(error) = self.db.write("copy", changes.cloned()) {
            tracing::warn!(%error, "writing to a copy of the rows failed: {error}");
            self.reached = Reached::Lost;
        }
    }

    /// The copy, if it has all rows.
    pub(crate) fn whole(&self) -> Result<&Db, Error> {
        match self.reached {
            Reached::All => Ok(&self.db),
            Reached::Before(_) | Reached::Lost => Err(Error::CopyIncomplete),
        }
    }

    /// The database that is filled.
    pub(crate) fn db(&self) -> Arc<Db> {
        Arc::clone(&self.db)
    }

    /// What there is of it.
    pub(crate) fn into_db(self) -> Arc<Db> {
        self.db
    }
}
