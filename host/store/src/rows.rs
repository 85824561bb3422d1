//! The only place that touches sled: each call is contained, so that a panic below becomes an error.
//!
//! sled 0.34 answers some damage to its files with a panic. A panic is caught here, at the call; from then on
//! everything is refused, since what the panic left behind cannot be trusted. Callers see [`Error`] only.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::de::DeserializeOwned;
use signalbox_model::id::Partition;
use sled::IVec;

use crate::{
    error::{Damage, Error, RowName},
    key::{self, Kind},
    row,
};

/// Rows read in one go by scans; between two goes nothing is held below.
const PAGE_ROWS: usize = 512;

/// A key with its stored value.
pub(crate) type Row = (IVec, IVec);

/// The tree that holds all rows.
#[derive(Debug)]
pub(crate) struct Rows {
    /// `None` only while it is being dropped.
    db: Option<sled::Db>,
    failed: AtomicBool,
}

impl Rows {
    pub(crate) fn new(db: sled::Db) -> Self {
        Self {
            db: Some(db),
            failed: AtomicBool::new(false),
        }
    }

    /// Runs one operation of the library below.
    pub(crate) fn run<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&sled::Tree) -> sled::Result<T>,
    ) -> Result<T, Error> {
        let db = match &self.db {
            Some(db) if !self.failed.load(Ordering::Acquire) => db,
            _ => return Err(Error::Failed),
        };
        // Unwind safety: after a panic the tree is never used again.
        match catch_unwind(AssertUnwindSafe(|| work(db))) {
            Ok(result) => result.map_err(|source| Error::Sled { doing, source }),
            Err(panic) => {
                self.failed.store(true, Ordering::Release);
                Err(Error::Panicked {
                    doing,
                    message: panic_message(&*panic),
                })
            }
        }
    }

    /// The stored bytes under the key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, Error> {
        self.run("read", |tree| tree.get(key))
            .map_err(|error| name_page(error, || RowName::of(key)))
    }

    /// The value under the key.
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, Error> {
        match self.get(key)? {
            Some(sealed) => row::open(key, &sealed).map(Some),
            None => Ok(None),
        }
    }

    /// At most that many rows from `start` on and before `end`, in order.
    pub(crate) fn page(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<Row>, Error> {
        self.run("scan", |tree| match end {
            Some(end) if start >= end => Ok(Vec::new()),
            Some(end) => tree.range(start..end).take(rows_max).collect(),
            None => tree.range(start..).take(rows_max).collect(),
        })
        .map_err(|error| name_page(error, || some_row(start)))
    }

    /// At most that many rows that begin with these bytes, the last first.
    pub(crate) fn page_back(&self, prefix: &[u8], rows_max: usize) -> Result<Vec<Row>, Error> {
        self.run("scan", |tree| {
            tree.scan_prefix(prefix).rev().take(rows_max).collect()
        })
        .map_err(|error| name_page(error, || some_row(prefix)))
    }

    /// Calls `each` for all rows that begin with these bytes, in order.
    pub(crate) fn scan<E: From<Error>>(
        &self,
        prefix: &[u8],
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = key::behind(prefix);
        let mut start = prefix.to_vec();
        loop {
            let page = self.page(&start, end.as_deref(), PAGE_ROWS)?;
            for (key, value) in &page {
                each(key, value)?;
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS => start = key::after(last),
                _ => return Ok(()),
            }
        }
    }

    pub(crate) fn apply(&self, batch: sled::Batch) -> Result<(), Error> {
        self.run("commit", |tree| tree.apply_batch(batch))
    }

    pub(crate) fn disk_bytes(&self) -> Result<u64, Error> {
        match &self.db {
            Some(db) => catch_unwind(AssertUnwindSafe(|| db.size_on_disk()))
                .map_err(|panic| Error::Panicked {
                    doing: "measure",
                    message: panic_message(&*panic),
                })?
                .map_err(|source| Error::Sled {
                    doing: "measure",
                    source,
                }),
            None => Err(Error::Failed),
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // The last flush of a damaged store may panic as well.
        let db = self.db.take();
        if catch_unwind(AssertUnwindSafe(|| drop(db))).is_err() {
            self.failed.store(true, Ordering::Release);
        }
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// Damage that the library below found in its own pages, under the name of the row that was looked for.
fn name_page(error: Error, row: impl FnOnce() -> RowName) -> Error {
    match error {
        Error::Sled {
            source: source @ (sled::Error::Corruption { .. } | sled::Error::ReportableBug(_)),
            ..
        } => Error::Damaged {
            row: row(),
            damage: Damage::Page(source),
        },
        other => other,
    }
}

/// The name of a row somewhere behind the beginning of a scan.
fn some_row(start: &[u8]) -> RowName {
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| start.first() == Some(&(*kind as u8)));
    match (kind, start.get(1..3)) {
        (Some(kind), Some(partition)) => {
            RowName::some_of(kind, Partition::from_be_bytes([partition[0], partition[1]]))
        }
        _ => RowName::of(start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_below_becomes_an_error_and_nothing_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = sled::open(folder.path()).expect("opens");
        let rows = Rows::new(db);
        let error = rows
            .run::<()>("read", |_| panic!("page {} is odd", 7))
            .expect_err("panicked");
        assert_eq!(
            error.to_string(),
            "read in the store: the library below panicked: page 7 is odd"
        );
        assert!(matches!(rows.get(b"k"), Err(Error::Failed)));
    }
}
