//! Rows that were committed and are not in sled yet.
//!
//! `rows` is the only caller: it puts commits in, reads through it, and writes it down. A row that changes often
//! between two writes, such as a message on its way, reaches sled once. Nothing here touches sled or a file, and
//! nothing in here is the only copy of anything: the journal has what it came from.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use signalbox_model::id::Partition;
use sled::IVec;

/// A key with its new stored value; `None` where the row was deleted.
pub(crate) type Change = (IVec, Option<IVec>);

/// What the database has when a layer is put above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    /// No row at all.
    Empty,
    /// It may have rows.
    Rows,
}

/// The changes in a range.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) changes: Vec<Change>,
    /// The database has no row of the partition.
    pub(crate) is_all: bool,
}

/// Which way a range is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// The rows of each partition that are not in sled yet.
#[derive(Debug)]
pub(crate) struct Layer {
    /// A mutex each, since the partition's thread, readers and the writer meet here; held for look-ups in memory.
    partitions: Vec<Mutex<Held>>,
}

/// See [`Layer`].
#[derive(Debug, Default)]
struct Held {
    rows: BTreeMap<IVec, Entry>,
    bytes: usize,
    /// The database has no row of the partition: what is not here is nowhere, and a deletion leaves nothing behind.
    is_all: bool,
    /// Counts how often the rows were taken to be written down.
    taken: u64,
}

#[derive(Debug)]
struct Entry {
    value: Option<IVec>,
    /// How often the rows had been taken before this was put: what is put while others are written down stays.
    taken_before: u64,
}

impl Entry {
    fn bytes(&self, key: &[u8]) -> usize {
        key.len() + self.value_bytes()
    }

    fn value_bytes(&self) -> usize {
        self.value.as_ref().map_or(0, |value| value.len())
    }
}

/// How much a partition has that is not in sled yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

impl Layer {
    /// Empty, for partitions up to `control` and that one, above a database that has rows or is empty as well.
    pub(crate) fn new(control: Partition, below: Below) -> Self {
        let is_all = below == Below::Empty;
        let held = || Held {
            is_all,
            ..Held::default()
        };
        Self {
            partitions: (0..=control).map(|_| Mutex::new(held())).collect(),
        }
    }

    /// Rows come into the database another way than through here.
    pub(crate) fn is_passed(&self) {
        for partition in self.partitions() {
            self.lock(partition).is_all = false;
        }
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        0..self.partitions.len() as Partition
    }

    /// Puts all changes at once.
    pub(crate) fn put(&self, partition: Partition, changes: impl Iterator<Item = Change>) -> Size {
        let mut held = self.lock(partition);
        let taken_before = held.taken;
        for (key, value) in changes {
            let entry = Entry {
                value,
                taken_before,
            };
            let bytes = entry.bytes(&key);
            let old = if held.is_all && entry.value.is_none() {
                held.rows.remove(&key).map(|old| old.bytes(&key))
            } else {
                held.bytes += bytes;
                let key_bytes = key.len();
                let old = held.rows.insert(key, entry);
                old.map(|old| key_bytes + old.value_bytes())
            };
            held.bytes -= old.unwrap_or_default();
        }
        held.size()
    }

    /// What was last put under the key: `None` if only the database may know, `Some(None)` if there is no such row.
    #[expect(
        clippy::option_option,
        reason = "that nothing is known here and that there is no such row are different answers"
    )]
    pub(crate) fn get(&self, key: &[u8]) -> Option<Option<IVec>> {
        let held = self.lock(partition_of(key));
        match held.rows.get(key) {
            Some(entry) => Some(entry.value.clone()),
            None => held.is_all.then_some(None),
        }
    }

    /// The changes in a range of one partition, in its order, up to and with that many rows that are there.
    pub(crate) fn range(
        &self,
        partition: Partition,
        range: (Bound<&[u8]>, Bound<&[u8]>),
        way: Way,
        rows_max: usize,
    ) -> Waiting {
        let held = self.lock(partition);
        let all = held.rows.range::<[u8], _>(range);
        let (up, down) = match way {
            Way::Up => (Some(all), None),
            Way::Down => (None, Some(all.rev())),
        };
        let all = up.into_iter().flatten().chain(down.into_iter().flatten());
        let mut there = 0;
        let changes = all.take_while(|(_, entry)| {
            let goes_on = there < rows_max;
            there += usize::from(entry.value.is_some());
            goes_on
        });
        Waiting {
            changes: changes
                .map(|(key, entry)| (key.clone(), entry.value.clone()))
                .collect(),
            is_all: held.is_all,
        }
    }

    /// All changes of the partition, to be written down. They stay readable here until [`Layer::written`]. Whoever
    /// calls this is the only one until then.
    pub(crate) fn take(&self, partition: Partition) -> Vec<Change> {
        let mut held = self.lock(partition);
        if held.rows.is_empty() {
            return Vec::new();
        }
        held.taken += 1;
        held.is_all = false;
        let rows = held.rows.iter();
        rows.map(|(key, entry)| (key.clone(), entry.value.clone()))
            .collect()
    }

    /// What was taken last is in sled: forget it, but for what was put anew since.
    pub(crate) fn written(&self, partition: Partition) {
        let mut held = self.lock(partition);
        let Held {
            rows, bytes, taken, ..
        } = &mut *held;
        rows.retain(|key, entry| {
            let stays = entry.taken_before >= *taken;
            if !stays {
                *bytes -= entry.bytes(key);
            }
            stays
        });
    }

    fn lock(&self, partition: Partition) -> MutexGuard<'_, Held> {
        self.partitions[usize::from(partition)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn size(&self) -> Size {
        Size {
            rows: self.rows.len(),
            bytes: self.bytes,
        }
    }
}

/// The partition that a key, or the beginning of one, names.
///
/// # Panics
/// When the bytes are too few to name one: no key is.
pub(crate) fn partition_of(key: &[u8]) -> Partition {
    Partition::from_be_bytes([key[1], key[2]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: u8) -> IVec {
        IVec::from(&[0x10, 0, 0, name])
    }

    fn put(layer: &Layer, name: u8, value: Option<&str>) -> Size {
        layer.put(0, [(key(name), value.map(IVec::from))].into_iter())
    }

    #[test]
    fn what_is_put_while_others_are_written_down_stays() {
        let layer = Layer::new(0, Below::Rows);
        put(&layer, 1, Some("old"));
        put(&layer, 2, Some("two"));
        assert_eq!(layer.take(0).len(), 2);
        put(&layer, 1, Some("newer"));
        layer.written(0);
        assert_eq!(layer.get(&key(1)), Some(Some("newer".into())));
        assert_eq!(layer.get(&key(2)), None);
        assert_eq!(put(&layer, 1, None).bytes, key(1).len());
        layer.take(0);
        layer.written(0);
        let size = put(&layer, 3, Some("x"));
        assert_eq!((size.rows, size.bytes), (1, key(3).len() + 1));
    }

    #[test]
    fn a_range_ends_behind_the_rows_wanted() {
        let layer = Layer::new(0, Below::Rows);
        for name in 0..9 {
            put(&layer, name, (name % 3 != 0).then_some("x"));
        }
        let names = |way, rows_max| -> Vec<u8> {
            let (start, end) = (key(1), key(8));
            let range = (Bound::Included(&start[..]), Bound::Excluded(&end[..]));
            let waiting = layer.range(0, range, way, rows_max);
            waiting.changes.iter().map(|(key, _)| key[3]).collect()
        };
        assert_eq!(names(Way::Up, 3), [1, 2, 3, 4]);
        assert_eq!(names(Way::Down, 2), [7, 6, 5]);
        assert_eq!(names(Way::Up, 99), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn above_an_empty_database_what_is_not_here_is_nowhere() {
        let layer = Layer::new(0, Below::Empty);
        assert_eq!(layer.get(&key(1)), Some(None));
        put(&layer, 1, Some("one"));
        put(&layer, 2, Some("two"));
        let size = put(&layer, 1, None);
        assert_eq!((size.rows, size.bytes), (1, key(2).len() + 3));
        assert_eq!(layer.get(&key(1)), Some(None));

        assert_eq!(layer.take(0).len(), 1);
        // From here on the database may have it, so that a deletion has to reach it.
        assert_eq!(layer.get(&key(1)), None);
        assert_eq!(put(&layer, 2, None).rows, 1);
        assert_eq!(layer.get(&key(2)), Some(None));
    }
}
