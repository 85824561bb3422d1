//! The only place that touches sled: each call is contained, so that a panic below becomes an error.
//!
//! What is committed waits in a [`Layer`] in memory first, where all reads look before they look into sled, and is
//! written down in one go a while later.
//!
//! sled 0.34 answers some damage to its files with a panic. A panic is caught here, at the call; from then on
//! everything is refused, since what the panic left behind cannot be trusted. Callers see [`Error`] only.

use std::{
    any::Any,
    cmp::Ordering as Order,
    iter::Peekable,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::de::DeserializeOwned;
use signalbox_model::id::Partition;
use sled::IVec;

use crate::{
    error::{Damage, Error, RowName},
    key::{self, Kind},
    layer::{self, Change, Layer, Way},
    row,
};

/// Rows read in one go by scans; between two goes nothing is held below.
const PAGE_ROWS: usize = 512;
/// A partition with so many times the rows that are written down soon writes them down itself before it goes on.
const WAITING_TIMES_MAX: usize = 4;
/// The same for bytes.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// A key with its stored value.
pub(crate) type Row = (IVec, IVec);

/// The tree that holds all rows.
#[derive(Debug)]
pub(crate) struct Rows {
    /// `None` only while it is being dropped.
    db: Option<sled::Db>,
    failed: AtomicBool,
    /// What was committed and is not in sled yet.
    layer: Layer,
    /// See [`crate::Config::waiting_rows`].
    written_from: usize,
    /// Held by whoever writes the layer down: one at a time.
    writing: Mutex<()>,
}

impl Rows {
    pub(crate) fn new(db: sled::Db, control: Partition, waiting_rows: usize) -> Self {
        Self {
            db: Some(db),
            failed: AtomicBool::new(false),
            layer: Layer::new(control),
            written_from: waiting_rows.max(1),
            writing: Mutex::new(()),
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
        if let Some(waiting) = self.layer.get(key) {
            return Ok(waiting);
        }
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

    /// At most that many rows from `start` on and before `end`, in order. Both are of one partition.
    pub(crate) fn page(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<Row>, Error> {
        if end.is_some_and(|end| start >= end) {
            return Ok(Vec::new());
        }
        self.merged(start, end, Way::Up, rows_max)
    }

    /// At most that many rows from `start` on and before `end`, the last first. Both are of one partition.
    pub(crate) fn page_back(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<Row>, Error> {
        if end.is_some_and(|end| start >= end) {
            return Ok(Vec::new());
        }
        self.merged(start, end, Way::Down, rows_max)
    }

    fn merged(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        way: Way,
        rows_max: usize,
    ) -> Result<Vec<Row>, Error> {
        let range = (
            Bound::Included(start),
            end.map_or(Bound::Unbounded, Bound::Excluded),
        );
        // Before sled: what is written down in between is seen there as well, and is the same.
        let waiting = self
            .layer
            .range(layer::partition_of(start), range, way, rows_max);
        self.run("scan", |tree| {
            let kept = tree.range::<&[u8], _>(range);
            match way {
                Way::Up => merge(waiting, kept, way).take(rows_max).collect(),
                Way::Down => merge(waiting, kept.rev(), way).take(rows_max).collect(),
            }
        })
        .map_err(|error| name_page(error, || some_row(start)))
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

    /// Makes all changes of the partition visible at once. They reach sled together with what else waits, and with
    /// every change before them. Answers whether it is time for [`Rows::write_down`].
    pub(crate) fn commit(
        &self,
        partition: Partition,
        changes: impl Iterator<Item = Change>,
    ) -> Result<bool, Error> {
        if self.failed.load(Ordering::Acquire) {
            return Err(Error::Failed);
        }
        let waiting = self.layer.put(partition, changes);
        let rows_max = self.written_from.saturating_mul(WAITING_TIMES_MAX);
        if waiting.rows >= rows_max || waiting.bytes >= WAITING_BYTES_MAX {
            self.write_partition(partition)?;
        }
        Ok(waiting.rows >= self.written_from)
    }

    /// Writes down what was committed before this call: each partition's in one batch, whole or not at all.
    pub(crate) fn write_down(&self) -> Result<(), Error> {
        self.layer
            .partitions()
            .try_for_each(|partition| self.write_partition(partition))
    }

    fn write_partition(&self, partition: Partition) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = self.layer.take(partition);
        if changes.is_empty() {
            return Ok(());
        }
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.apply(batch)?;
        self.layer.written(partition);
        Ok(())
    }

    /// Writes past the layer: for a restore, which fills a store that nobody uses yet.
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

/// The rows of both in one order; where both have a key, what waits counts.
fn merge(
    waiting: Vec<Change>,
    kept: impl Iterator<Item = sled::Result<Row>>,
    way: Way,
) -> impl Iterator<Item = sled::Result<Row>> {
    Merge {
        waiting: waiting.into_iter().peekable(),
        kept: kept.peekable(),
        way,
    }
}

struct Merge<W: Iterator<Item = Change>, K: Iterator<Item = sled::Result<Row>>> {
    waiting: Peekable<W>,
    kept: Peekable<K>,
    way: Way,
}

impl<W: Iterator<Item = Change>, K: Iterator<Item = sled::Result<Row>>> Iterator for Merge<W, K> {
    type Item = sled::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.waiting.peek(), self.kept.peek()) {
                (Some((waiting, _)), Some(Ok((kept, _)))) => match self.way {
                    Way::Up => waiting.cmp(kept),
                    Way::Down => kept.cmp(waiting),
                },
                (Some(_), None) => Order::Less,
                _ => Order::Greater,
            };
            if order == Order::Greater {
                return self.kept.next();
            }
            if order == Order::Equal {
                self.kept.next();
            }
            if let (key, Some(value)) = self.waiting.next()? {
                return Some(Ok((key, value)));
            }
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
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_panic_below_becomes_an_error_and_nothing_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = sled::open(folder.path()).expect("opens");
        let rows = Rows::new(db, 0, 8);
        let error = rows
            .run::<()>("read", |_| panic!("page {} is odd", 7))
            .expect_err("panicked");
        assert_eq!(
            error.to_string(),
            "read in the store: the library below panicked: page 7 is odd"
        );
        assert!(matches!(rows.get(&[0x10, 0, 0, 1]), Err(Error::Failed)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Commit(Vec<(u8, Option<u8>)>),
        WriteDown,
        Page { start: u8, end: u8, rows_max: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => vec((0..16_u8, any::<Option<u8>>()), 1..6).prop_map(Step::Commit),
            1 => Just(Step::WriteDown),
            4 => (0..16_u8, 0..16_u8, 0..6_usize)
                .prop_map(|(start, end, rows_max)| Step::Page { start, end, rows_max }),
        ]
    }

    fn key(name: u8) -> [u8; 4] {
        [Kind::Contact as u8, 0, 0, name]
    }

    fn plain(rows: &[Row]) -> Vec<(u8, u8)> {
        rows.iter().map(|(key, value)| (key[3], value[0])).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_waits_and_what_is_written_read_as_one(steps in vec(step(), 1..60)) {
            let folder = tempfile::tempdir().expect("a folder");
            let rows = Rows::new(sled::open(folder.path()).expect("opens"), 0, 8);
            let mut model = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Commit(changes) => {
                        for (name, value) in &changes {
                            match value {
                                Some(value) => model.insert(*name, *value),
                                None => model.remove(name),
                            };
                        }
                        let changes = changes.iter().map(|(name, value)| {
                            (IVec::from(&key(*name)), value.map(|value| IVec::from(&[value])))
                        });
                        rows.commit(0, changes).expect("commits");
                    }
                    Step::WriteDown => rows.write_down().expect("writes"),
                    Step::Page { start, end, rows_max } => {
                        let page = rows.page(&key(start), Some(&key(end)), rows_max).expect("reads");
                        let expected: Vec<_> = (start < end)
                            .then(|| model.range(start..end))
                            .into_iter()
                            .flatten()
                            .map(|(name, value)| (*name, *value))
                            .take(rows_max)
                            .collect();
                        prop_assert_eq!(plain(&page), expected);
                        let back = rows.page_back(&key(start), Some(&key(end)), rows_max);
                        let expected: Vec<_> = (start < end)
                            .then(|| model.range(start..end).rev())
                            .into_iter()
                            .flatten()
                            .map(|(name, value)| (*name, *value))
                            .take(rows_max)
                            .collect();
                        prop_assert_eq!(plain(&back.expect("reads")), expected);
                        let one = rows.get(&key(start)).expect("reads");
                        prop_assert_eq!(one.map(|value| value[0]), model.get(&start).copied());
                    }
                }
            }
        }
    }
}
