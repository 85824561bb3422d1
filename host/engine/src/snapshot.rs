//! Snapshots of the store and trimming of the journal behind them.
//!
//! A snapshot goes partition by partition: each partition's thread stands still for its own part only, while the
//! others go on. Blocks; called on threads that may.

use std::sync::{Mutex, PoisonError, mpsc};

use signalbox_journal::TrimReport;
use signalbox_model::time::Span;
use signalbox_store::{SnapshotSet, Snapshots};

use crate::{
    error::{SnapshotError, Unavailable},
    inbox::Request,
    shared::Shared,
};

/// One snapshot is made at a time.
#[derive(Default)]
pub(crate) struct OneAtATime(Mutex<()>);

/// Makes a snapshot of all partitions, verified.
pub(crate) fn make(shared: &Shared, one: &OneAtATime) -> Result<SnapshotSet, SnapshotError> {
    let _one = one.0.lock().unwrap_or_else(PoisonError::into_inner);
    let snapshots = Snapshots::open(&shared.config.snapshots_folder())?;
    let writing = snapshots.begin()?;
    // In any order: what one has posted and another not yet applied is kept by the sender.
    for partition in shared.store.partitions() {
        if shared.is_stopping() {
            return Err(Unavailable::Stopping.into());
        }
        let (held, holds) = mpsc::channel();
        let (release, until) = mpsc::channel();
        shared.inbox(partition).ask(Request::Hold { held, until });
        holds.recv().map_err(|_| Unavailable::Failed)?;
        let written = writing.write(&shared.store, partition);
        drop::<mpsc::Sender<()>>(release);
        written?;
        shared.hops().pass("snapshot_part");
    }
    Ok(writing.finish(&shared.store)?)
}

/// Other versions of core or time zone data than before begin with a snapshot that says it is theirs, so that no rebuild
/// decides anew what the former ones decided. Only while nothing is applied.
pub(crate) fn begin_versions(
    shared: &Shared,
    core_version: &str,
    tz_version: &str,
) -> Result<(), signalbox_store::Error> {
    let store = &shared.store;
    let before = store.meta().core_version;
    tracing::info!("core {core_version} follows core {before} and begins with a snapshot");
    let snapshots = Snapshots::open(&shared.config.snapshots_folder())?;
    let writing = snapshots.begin()?;
    for partition in store.partitions() {
        writing.write(store, partition)?;
    }
    let meta = store.meta_with_versions(core_version, tz_version);
    writing.finish_as(store, meta).map(drop)
}

/// Deletes what the journal need not keep: behind two verified snapshots, and older than its days.
pub(crate) fn trim(shared: &Shared) -> Result<Option<TrimReport>, SnapshotError> {
    let snapshots = Snapshots::open(&shared.config.snapshots_folder())?;
    let Some(covered) = snapshots.covered()? else {
        return Ok(None);
    };
    let keep_from: Vec<u64> = covered.into_iter().map(|position| position + 1).collect();
    let keep = Span::from_days(shared.config.journal_keep_days);
    let older_than = shared.clock.now().minus(keep);
    shared.hops().pass("trim");
    Ok(Some(shared.journal.trim(&keep_from, older_than.as_ms())?))
}
