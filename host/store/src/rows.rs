//! All rows as one ordered map: what is committed waits in a [`Layer`] in memory first, where all reads look before
//! they look into the database, and is written down in one go a while later.

use std::{
    cmp::Ordering,
    iter::Peekable,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

use serde::de::DeserializeOwned;
use signalbox_model::id::Partition;
use sled::IVec;

use crate::{
    copy::{Copied, Copy},
    db::Db,
    error::{Damage, Error, RowName},
    front::{Fronts, Lowest},
    hops::Hops,
    key::{self, Kind},
    layer::{self, Below, Change, Layer, Waiting, Way},
    row,
};

/// Rows read in one go by scans; between two goes nothing is held below.
const PAGE_ROWS: usize = 512;
/// A partition with so many times the rows that are written down soon writes them down itself before it goes on.
const WAITING_TIMES_MAX: usize = 4;
/// The same for bytes.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// How much of a partition may wait in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// With so many rows they are written down soon.
    rows_soon: usize,
    /// With so many rows, or bytes, they are written down before anything else.
    rows_max: usize,
    bytes_max: usize,
}

impl Bounds {
    /// Of a store whose rows are written down soon after they came.
    pub(crate) fn of_rows(rows: usize) -> Self {
        let rows_soon = rows.max(1);
        Self {
            rows_soon,
            rows_max: rows_soon.saturating_mul(WAITING_TIMES_MAX),
            bytes_max: WAITING_BYTES_MAX,
        }
    }

    /// Of one whose rows stay in memory as long as they have so much space.
    pub(crate) fn of_bytes(bytes_max: usize) -> Self {
        Self {
            rows_soon: usize::MAX,
            rows_max: usize::MAX,
            bytes_max,
        }
    }
}

/// A key with its stored value.
pub(crate) type Row = (IVec, IVec);

/// See the room.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Changed for its copy with `writing` held.
    db: RwLock<Arc<Db>>,
    /// What was committed and is not in the database yet.
    layer: Layer,
    fronts: Fronts,
    bounds: Bounds,
    /// Held by whoever writes to the database: one at a time. Holds the copy that is being made.
    writing: Mutex<Option<Copy>>,
    hops: Hops,
}

impl Rows {
    pub(crate) fn new(
        db: Db,
        control: Partition,
        below: Below,
        bounds: Bounds,
        hops: Hops,
    ) -> Self {
        Self {
            db: RwLock::new(Arc::new(db)),
            layer: Layer::new(control, below),
            fronts: Fronts::default(),
            bounds,
            writing: Mutex::new(None),
            hops,
        }
    }

    /// Who listens where rows are written.
    pub(crate) fn hops(&self) -> &Hops {
        &self.hops
    }

    /// The stored bytes under the key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, Error> {
        if let Some(waiting) = self.layer.get(key) {
            return Ok(waiting);
        }
        self.db()
            .run("read", |sled| sled.get(key))
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

    /// At most that many rows of a kind from its first on and before `end`, in order. For kinds whose first rows go all
    /// the time: what went is not passed over again.
    pub(crate) fn first_page(
        &self,
        kind: Kind,
        partition: Partition,
        end: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<Row>, Error> {
        let begun = self.fronts.begin(kind, partition);
        let page = self.page(&begun.start, end, rows_max)?;
        match (page.first(), end) {
            (Some((first, _)), _) => self.fronts.end(begun, first),
            (None, Some(end)) => self.fronts.end(begun, end),
            (None, None) => {}
        }
        Ok(page)
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
        // Before the database: what is written down in between is seen there as well, and is the same.
        let Waiting { changes, is_all } =
            self.layer
                .range(layer::partition_of(start), range, way, rows_max);
        if is_all {
            let there = changes
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)));
            return Ok(there.collect());
        }
        self.db()
            .run("scan", |sled| {
                let kept = sled.range::<&[u8], _>(range);
                match way {
                    Way::Up => merge(changes, kept, way).take(rows_max).collect(),
                    Way::Down => merge(changes, kept.rev(), way).take(rows_max).collect(),
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

    /// Makes all changes of the partition visible at once. They reach the database together with what else waits, and with
    /// every change before them. Answers whether it is time for [`Rows::write_down`].
    pub(crate) fn commit(
        &self,
        partition: Partition,
        changes: impl Iterator<Item = Change>,
    ) -> Result<bool, Error> {
        if self.db().has_failed() {
            return Err(Error::Failed);
        }
        let mut lowest = Lowest::default();
        let seen = changes.inspect(|(key, value)| lowest.see(key, value.is_some()));
        let waiting = self.layer.put(partition, seen);
        self.fronts.put(lowest);
        let bounds = &self.bounds;
        if waiting.rows >= bounds.rows_max || waiting.bytes >= bounds.bytes_max {
            self.write_partition(partition)?;
        }
        Ok(waiting.rows >= bounds.rows_soon)
    }

    /// Writes down what was committed before this call: each partition's in one batch, whole or not at all.
    pub(crate) fn write_down(&self) -> Result<(), Error> {
        self.layer
            .partitions()
            .try_for_each(|partition| self.write_partition(partition))
    }

    fn write_partition(&self, partition: Partition) -> Result<(), Error> {
        let mut writing = self.writing();
        let changes = self.layer.take(partition);
        if changes.is_empty() {
            return Ok(());
        }
        self.hops.pass("store_write");
        self.write(&mut writing, &changes)?;
        self.hops.pass("store_written");
        self.layer.written(partition);
        Ok(())
    }

    /// Writes past the layer: for a restore, which fills a store that nobody uses yet.
    pub(crate) fn write_past(&self, changes: &[Change]) -> Result<(), Error> {
        self.layer.is_passed();
        self.write(&mut self.writing(), changes)?;
        self.fronts.forget();
        Ok(())
    }

    fn write(&self, copy: &mut Option<Copy>, changes: &[Change]) -> Result<(), Error> {
        self.db().write("commit", changes.iter().cloned())?;
        if let Some(copy) = copy {
            copy.follow(changes);
        }
        Ok(())
    }

    /// Makes what was written down durable. Blocks for an fsync.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.db().flush()
    }

    /// Bytes that the database takes on disk.
    pub(crate) fn disk_bytes(&self) -> Result<u64, Error> {
        self.db().disk_bytes()
    }

    /// From now on [`Rows::copy_page`] fills that empty database.
    pub(crate) fn begin_copy(&self, empty: Db) {
        *self.writing() = Some(Copy::new(empty));
    }

    /// Copies at most so many more rows. Writes go on between two calls, and reach the copy as well.
    pub(crate) fn copy_page(&self, rows_max: usize) -> Result<Copied, Error> {
        match &mut *self.writing() {
            Some(copy) => copy.page(&self.db(), rows_max),
            None => Ok(Copied::Nothing),
        }
    }

    /// Makes the copy durable as far as it has come, while writes go on.
    pub(crate) fn flush_copy(&self) -> Result<(), Error> {
        let copy = self.writing().as_ref().map(Copy::db);
        copy.map_or(Ok(()), |db| db.flush())
    }

    /// Puts the copy, which has all rows, in the database's place, once `vouch` has made it durable and noted that it
    /// is the one. Answers with the database that it was copied from.
    pub(crate) fn switch_to_copy(
        &self,
        vouch: impl FnOnce(&Db) -> Result<(), Error>,
    ) -> Result<Option<Db>, Error> {
        let mut writing = self.writing();
        if let Some(copy) = &*writing {
            vouch(copy.whole()?)?;
        }
        let Some(copy) = writing.take() else {
            return Ok(None);
        };
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::into_inner(std::mem::replace(&mut *db, copy.into_db())))
    }

    /// Gives the copy up that is being made, and answers with what there is of it.
    pub(crate) fn give_copy_up(&self) -> Option<Db> {
        self.writing()
            .take()
            .and_then(|copy| Arc::into_inner(copy.into_db()))
    }

    /// Closes the database, with everything that was written down durable, and removes an unfinished copy.
    pub(crate) fn close(self) -> Result<(), Error> {
        self.give_copy_up().map_or(Ok(()), Db::remove)?;
        let db = self.db.into_inner().unwrap_or_else(PoisonError::into_inner);
        Arc::into_inner(db)
            .expect("nobody has it beyond a call")
            .close()
    }

    fn db(&self) -> RwLockReadGuard<'_, Arc<Db>> {
        self.db.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> MutexGuard<'_, Option<Copy>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
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
                (Some(_), None) => Ordering::Less,
                _ => Ordering::Greater,
            };
            if order == Ordering::Greater {
                return self.kept.next();
            }
            if order == Ordering::Equal {
                self.kept.next();
            }
            if let (key, Some(value)) = self.waiting.next()? {
                return Some(Ok((key, value)));
            }
        }
    }
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
    use std::{
        collections::BTreeMap,
        path::Path,
        sync::atomic::{AtomicBool, Ordering},
        thread,
    };

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::db::Settings;

    #[derive(Debug, Clone)]
    enum Step {
        Commit(Vec<(u8, Option<u8>)>),
        Page { start: u8, end: u8, rows_max: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            vec((0..16_u8, any::<Option<u8>>()), 1..6).prop_map(Step::Commit),
            (0..16_u8, 0..16_u8, 0..6_usize).prop_map(|(start, end, rows_max)| Step::Page {
                start,
                end,
                rows_max
            }),
        ]
    }

    fn key(name: u8) -> [u8; 4] {
        [Kind::Contact as u8, 0, 0, name]
    }

    fn plain(rows: &[Row]) -> Vec<(u8, u8)> {
        rows.iter().map(|(key, value)| (key[3], value[0])).collect()
    }

    fn open(folder: &Path) -> Db {
        let settings = Settings {
            cache_bytes: 1 << 20,
            flush_every_ms: 500,
        };
        Db::open(folder, settings).expect("opens")
    }

    /// What the background thread does, without a pause: writes down, copies, switches over.
    fn write_and_copy(rows: &Rows, folder: &Path) {
        rows.begin_copy(open(folder));
        loop {
            rows.write_down().expect("writes");
            if rows.copy_page(2).expect("copies") == Copied::All {
                rows.write_down().expect("writes");
                let old = rows.switch_to_copy(|_| Ok(())).expect("switches");
                assert!(old.is_some());
                return;
            }
        }
    }

    /// As the partition's own thread sees it.
    fn play(rows: &Rows, steps: Vec<Step>) -> Result<BTreeMap<u8, u8>, TestCaseError> {
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
                        let value = value.map(|value| IVec::from(&[value]));
                        (IVec::from(&key(*name)), value)
                    });
                    rows.commit(0, changes).expect("commits");
                }
                Step::Page {
                    start,
                    end,
                    rows_max,
                } => {
                    let page = rows.page(&key(start), Some(&key(end)), rows_max);
                    let expected = (start < end).then(|| model.range(start..end));
                    let expected = expected.into_iter().flatten();
                    let expected = expected.map(|(name, value)| (*name, *value));
                    let expected: Vec<_> = expected.take(rows_max).collect();
                    prop_assert_eq!(plain(&page.expect("reads")), expected);
                    let back = rows.page_back(&key(start), Some(&key(end)), rows_max);
                    let expected = (start < end).then(|| model.range(start..end).rev());
                    let expected = expected.into_iter().flatten();
                    let expected = expected.map(|(name, value)| (*name, *value));
                    let expected: Vec<_> = expected.take(rows_max).collect();
                    prop_assert_eq!(plain(&back.expect("reads")), expected);
                    let one = rows.get(&key(start)).expect("reads");
                    prop_assert_eq!(one.map(|value| value[0]), model.get(&start).copied());
                }
            }
        }
        Ok(model)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn rows_read_as_one_while_they_are_written_down_and_copied(steps in vec(step(), 1..400)) {
            let folder = tempfile::tempdir().expect("a folder");
            let db = open(&folder.path().join("first"));
            let rows = Rows::new(db, 0, Below::Empty, Bounds::of_rows(8), Hops::default());
            let played = AtomicBool::new(false);
            let model = thread::scope(|scope| {
                let copier = scope.spawn(|| {
                    let mut copies = 0;
                    while copies == 0 || !played.load(Ordering::Acquire) {
                        copies += 1;
                        write_and_copy(&rows, &folder.path().join(copies.to_string()));
                    }
                });
                let model = play(&rows, steps);
                played.store(true, Ordering::Release);
                copier.join().expect("copies");
                model
            })?;
            rows.write_down().expect("writes");
            let all = rows.db().run("scan", |sled| sled.iter().collect::<sled::Result<Vec<Row>>>());
            prop_assert_eq!(plain(&all.expect("reads")), model.into_iter().collect::<Vec<_>>());
        }
    }

    fn put(rows: &Rows, names: std::ops::Range<u8>, value: &[u8]) {
        let changes = names.map(|name| (IVec::from(&key(name)), Some(IVec::from(value))));
        rows.write_past(&changes.collect::<Vec<_>>())
            .expect("writes");
    }

    #[test]
    fn a_copy_that_lacks_rows_takes_nobodys_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = Rows::new(
            open(&folder.path().join("first")),
            0,
            Below::Rows,
            Bounds::of_rows(8),
            Hops::default(),
        );
        put(&rows, 0..9, b"x");
        rows.begin_copy(open(&folder.path().join("second")));
        assert_eq!(rows.copy_page(4).expect("copies"), Copied::Some);
        let error = rows.switch_to_copy(|_| Ok(())).expect_err("is not whole");
        assert!(matches!(error, Error::CopyIncomplete), "{error}");
        assert_eq!(rows.copy_page(10).expect("copies"), Copied::All);
        let refused = rows.switch_to_copy(|_| Err(Error::Failed));
        assert!(refused.is_err());
        assert!(rows.give_copy_up().is_some());
        assert_eq!(rows.copy_page(4).expect("has none"), Copied::Nothing);
    }

    #[test]
    fn what_is_written_during_a_copy_is_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = Rows::new(
            open(&folder.path().join("first")),
            0,
            Below::Rows,
            Bounds::of_rows(8),
            Hops::default(),
        );
        put(&rows, 0..9, b"o");
        rows.begin_copy(open(&folder.path().join("second")));
        assert_eq!(rows.copy_page(4).expect("copies"), Copied::Some);
        // Behind the page and before it, and one that is gone.
        put(&rows, 1..2, b"n");
        put(&rows, 7..8, b"n");
        let gone = (IVec::from(&key(2)), None);
        rows.write_past(&[gone]).expect("writes");
        assert_eq!(rows.copy_page(20).expect("copies"), Copied::All);
        put(&rows, 5..6, b"l");
        let old = rows.switch_to_copy(|_| Ok(())).expect("switches");
        assert!(old.is_some());
        let all = (0..9).filter_map(|name| rows.get(&key(name)).expect("reads"));
        let all: Vec<u8> = all.map(|value| value[0]).collect();
        assert_eq!(all, b"onoolono");
    }

    #[test]
    fn a_page_of_large_rows_has_few() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = Rows::new(
            open(&folder.path().join("first")),
            0,
            Below::Rows,
            Bounds::of_rows(8),
            Hops::default(),
        );
        put(&rows, 0..20, &vec![7; 400 << 10]);
        rows.begin_copy(open(&folder.path().join("second")));
        let mut pages = 1;
        while rows.copy_page(512).expect("copies") == Copied::Some {
            pages += 1;
        }
        assert_eq!(pages, 7);
    }

    #[test]
    fn a_copy_that_cannot_be_written_is_lost_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = Rows::new(
            open(&folder.path().join("first")),
            0,
            Below::Rows,
            Bounds::of_rows(8),
            Hops::default(),
        );
        put(&rows, 0..4, b"old");
        rows.begin_copy(open(&folder.path().join("second")));
        assert_eq!(rows.copy_page(9).expect("copies"), Copied::All);
        let copy = rows.writing().as_ref().map(Copy::db).expect("is made");
        copy.run::<()>("write", |_| panic!("no more"))
            .expect_err("panicked");
        drop(copy);
        put(&rows, 2..6, b"new");
        assert!(matches!(rows.copy_page(9), Err(Error::CopyIncomplete)));
        assert!(rows.switch_to_copy(|_| Ok(())).is_err());
        let lost = rows.give_copy_up().expect("is there");
        lost.remove().expect("goes");
        assert!(!folder.path().join("second").exists());
        assert_eq!(
            rows.get(&key(3)).expect("reads").as_deref(),
            Some(&b"new"[..])
        );
        rows.close().expect("closes");
    }
}
