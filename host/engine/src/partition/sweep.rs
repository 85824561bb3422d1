//! Deletes what happened too long ago: at most once a day of journey time, page by page, each page a record of the log.
//!
//! The partition's thread appends a page when it has nothing else to do, and the next one when that is applied. Which
//! rows go follows from the record and the store alone, so a replay deletes the same; what is kept here only says
//! whether to append another page, and a sweep that a stop or a crash has cut off begins anew.

use signalbox_model::{
    record::{Record, SweepCursor},
    time::{Instant, Span},
};

use super::Partition;
use crate::{error::StoreAction, metrics, shared::Broken};

const DAY_MS: i64 = 86_400_000;
/// A sweep looks at every contact, so it waits until the oldest is overdue by one day in so many.
const PATIENCE_SHARE: u32 = 32;

/// What the thread knows of sweeps.
#[derive(Default)]
pub(super) struct Sweep {
    /// Nothing in the partition is older than this.
    oldest: Instant,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
    /// The sweep that was begun: what it deletes is older than this, and where it goes on.
    begun: Option<(Instant, SweepCursor)>,
}

impl Sweep {
    pub(super) fn is_appended(&self) -> bool {
        self.appended.is_some()
    }
}

impl Partition {
    /// Reads how old what the partition keeps may be.
    pub(super) fn look_at_history(&mut self) -> Result<(), Broken> {
        let store = &self.shared.store;
        let swept = store
            .swept(self.number)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        self.sweep.oldest = swept.map_or(store.meta().created_at, |swept| swept.oldest);
        Ok(())
    }

    /// Appends a page of a sweep if something may be too old and none is under way. What is due goes first.
    pub(super) fn append_sweep(&mut self) -> Result<(), Broken> {
        let shared = &self.shared;
        let is_busy = self.sweep.is_appended() || self.tick.is_some() || shared.is_stopping();
        // Nothing can be too old in a partition without a record. A leap may be a clock gone wrong.
        if is_busy || self.is_control() || self.applied == 0 || shared.clock.has_leapt() {
            return Ok(());
        }
        let (before, after) = match self.sweep.begun.take() {
            Some((before, after)) => (before, Some(after)),
            None => match self.old_enough() {
                Some(before) => (before, None),
                None => return Ok(()),
            },
        };
        let record = Record::Sweep {
            before,
            after,
            rows_max: shared.config.limits.sweep_rows_max,
        };
        let positions = shared.append_durably(&[(self.number, record)])?;
        self.sweep.appended = positions.last().map(|position| position.sequence);
        Ok(())
    }

    /// Before when a sweep that is worth its while would delete; `None` if there is none.
    fn old_enough(&self) -> Option<Instant> {
        let keep_days = self.shared.config.history_keep_days;
        let today = i64::from(self.shared.clock.now().utc_day()) * DAY_MS;
        let before = Instant::from_ms(today).minus(Span::from_days(keep_days));
        let patience = Span::from_days(keep_days / PATIENCE_SHARE);
        (before > self.sweep.oldest.plus(patience)).then_some(before)
    }

    pub(super) fn apply_sweep(
        &mut self,
        last: u64,
        now: Instant,
        before: Instant,
        after: Option<&SweepCursor>,
        rows_max: u32,
    ) -> Result<(), Broken> {
        let shared = std::sync::Arc::clone(&self.shared);
        let mut batch = self.begin_batch(&shared)?;
        let page = batch
            .sweep(before, after, rows_max, now)
            .map_err(|source| self.broken(StoreAction::Write, source))?;
        batch.set_position(last);
        self.commit(batch)?;
        metrics::add(&shared.metrics.rows_swept, page.deleted);
        let is_ours = self.sweep.appended.is_some_and(|appended| appended <= last);
        if is_ours {
            self.sweep.appended = None;
            if page.next.is_none() {
                self.sweep.oldest = page.oldest;
            }
            self.sweep.begun = page.next.map(|next| (before, next));
        }
        self.moved_to(last, 0);
        Ok(())
    }
}
