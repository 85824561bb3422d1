//! Where the rows that are read from their beginning begin: timers and the outbox, of each partition.
//!
//! `rows` is the only caller. Such rows are put at the end and deleted at the beginning, and what was deleted lies there
//! until it is written down and cleaned up; so a scan from the beginning passes over all of it, each time. Here is noted
//! what the last one passed over. It may only ever be too low: a commit brings it down to what it puts.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use signalbox_model::id::Partition;

use crate::{
    key::{self, Kind},
    layer,
};

/// The kinds that are read from their beginning.
const KINDS: [Kind; 3] = [Kind::Timer, Kind::Outbox, Kind::Urgent];

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Fronts {
    /// By the bytes that the keys begin with. A mutex held for a look-up: partitions and readers meet here.
    fronts: Mutex<HashMap<Vec<u8>, Front>>,
}

#[derive(Debug, Default, Clone)]
struct Front {
    /// No row lies before it; empty where nothing is known.
    from: Vec<u8>,
    /// Counts the commits that put such rows, so that a scan notes nothing that a commit beside it has changed.
    commits: u64,
}

/// What a scan begins with, to be handed back once it has ended.
pub(crate) struct Begun {
    prefix: Vec<u8>,
    commits: u64,
    /// From here on there may be rows.
    pub(crate) start: Vec<u8>,
}

/// The lowest keys that a commit puts, by kind.
#[derive(Default)]
pub(crate) struct Lowest([Option<Vec<u8>>; KINDS.len()]);

impl Lowest {
    /// Looks at one change.
    pub(crate) fn see(&mut self, key: &[u8], is_put: bool) {
        if !is_put {
            return;
        }
        for (kind, lowest) in KINDS.iter().zip(&mut self.0) {
            let is_kind = key.first() == Some(&(*kind as u8));
            if is_kind && lowest.as_deref().is_none_or(|lowest| key < lowest) {
                *lowest = Some(key.to_vec());
            }
        }
    }
}

impl Fronts {
    /// Where a scan of that kind may begin.
    pub(crate) fn begin(&self, kind: Kind, partition: Partition) -> Begun {
        let prefix = key::prefix(kind, partition);
        let front = self.lock().get(&prefix).cloned().unwrap_or_default();
        Begun {
            start: front.from.max(prefix.clone()),
            commits: front.commits,
            prefix,
        }
    }

    /// Notes that no row lies between where the scan began and `from`.
    pub(crate) fn end(&self, begun: Begun, from: &[u8]) {
        let mut fronts = self.lock();
        let front = fronts.entry(begun.prefix).or_default();
        if front.commits == begun.commits && *from > *front.from {
            front.from = from.to_vec();
        }
    }

    /// A commit has put these: they can be read by now.
    pub(crate) fn put(&self, lowest: Lowest) {
        for key in lowest.0.into_iter().flatten() {
            let mut fronts = self.lock();
            let [kind, ..] = key[..] else { continue };
            let partition = layer::partition_of(&key).to_be_bytes();
            let prefix = [&[kind][..], &partition[..]].concat();
            let front = fronts.entry(prefix).or_default();
            front.commits += 1;
            if key < front.from {
                front.from = key;
            }
        }
    }

    /// Rows came another way: nothing is known any more.
    pub(crate) fn forget(&self) {
        for front in self.lock().values_mut() {
            front.commits += 1;
            front.from.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Front>> {
        self.fronts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
