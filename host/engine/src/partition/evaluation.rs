//! Asks every contact about a segment that is new or was changed: page by page, each page a record of the log.
//!
//! How far it came is a row of its own, written with each page, so that a restart goes on where it was left. What
//! happens to contacts meanwhile goes between the pages; who is asked twice is answered the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signalbox_journey::segments::Segments;
use signalbox_model::{
    codec,
    definitions::Definitions,
    id::{ContactId, Partition as Number, SegmentName},
    record::Record,
    time::Instant,
};
use signalbox_store::{Batch, Store};

use super::{
    Partition,
    apply::{Group, Note},
    group::{Item, What},
};
use crate::{
    error::{ApplyError, StoreAction},
    shared::Broken,
};

/// What the names of these rows begin with.
const PREFIX: &[u8] = b"evaluated/";

/// What the thread knows of it.
#[derive(Default)]
pub(super) struct Evaluations {
    /// How far each segment came.
    come: BTreeMap<u32, Progress>,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
}

/// How far a partition came with a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The segment's number too, so that names are never taken apart.
    segment: u32,
    /// Which of its evaluations.
    evaluation: u32,
    /// The last contact that was asked.
    after: Option<ContactId>,
    /// Contacts that were asked.
    pub(crate) asked: u64,
    is_done: bool,
}

/// See [`Record::Evaluate`].
pub(super) struct Page {
    pub(super) segment: u32,
    pub(super) evaluation: u32,
    pub(super) after: Option<ContactId>,
    pub(super) contacts_max: u32,
}

impl Evaluations {
    pub(super) fn is_appended(&self) -> bool {
        self.appended.is_some()
    }

    /// The segment is deleted, and nobody is asked about it any more.
    pub(super) fn forget(&mut self, batch: &mut Batch<'_>, segment: u32) {
        self.come.remove(&segment);
        batch.delete_counter(&progress_name(segment));
    }

    /// The next page that there is to ask about. A segment comes after those that it goes by.
    fn next(&self, segments: &Segments, contacts_max: u32) -> Option<Page> {
        segments.in_order().find_map(|found| {
            let come = self.come.get(&found.number);
            let come = come.filter(|come| come.evaluation == found.evaluation);
            if come.is_some_and(|come| come.is_done) {
                return None;
            }
            Some(Page {
                segment: found.number,
                evaluation: found.evaluation,
                after: come.and_then(|come| come.after.clone()),
                contacts_max,
            })
        })
    }
}

impl Partition {
    /// Reads how far each segment came.
    pub(super) fn read_evaluations(&mut self) -> Result<(), Broken> {
        let come = read_progress(&self.shared.store, self.number);
        self.evaluations.come = come.map_err(|error| self.shared.fail(&error))?;
        Ok(())
    }

    /// Whether there is somebody to ask.
    pub(super) fn is_evaluating(&self) -> bool {
        let segments = self.loaded.compiled.segments();
        !self.is_control() && self.evaluations.next(segments, 1).is_some()
    }

    /// Appends the next page if none is under way.
    pub(super) fn append_evaluation(&mut self) -> Result<(), Broken> {
        let shared = &self.shared;
        if self.evaluations.is_appended() || self.is_control() || shared.is_stopping() {
            return Ok(());
        }
        let contacts_max = shared.config.limits.tick_timers_max;
        let segments = self.loaded.compiled.segments();
        let Some(page) = self.evaluations.next(segments, contacts_max) else {
            return Ok(());
        };
        let record = Record::Evaluate {
            segment: page.segment,
            evaluation: page.evaluation,
            after: page.after,
            contacts_max: page.contacts_max,
        };
        let positions = shared.append_durably(&[(self.number, record)])?;
        self.evaluations.appended = positions.last().map(|position| position.sequence);
        Ok(())
    }

    pub(super) fn apply_evaluation(
        &mut self,
        sequence: u64,
        now: Instant,
        page: Page,
    ) -> Result<(), Broken> {
        let appended = &mut self.evaluations.appended;
        *appended = appended.filter(|appended| *appended > sequence);
        let found = self.loaded.compiled.segments().numbered(page.segment);
        let mut group = Group::single(sequence);
        // Changed or deleted since: nobody is asked by the page of before.
        if found.is_none_or(|found| found.evaluation != page.evaluation) {
            return self.apply_items(Vec::new(), &group);
        }
        let contacts = self
            .shared
            .store
            .contact_ids(self.number, page.after.as_ref(), page.contacts_max as usize)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        let before = self.evaluations.come.get(&page.segment);
        let before = before.filter(|before| before.evaluation == page.evaluation);
        let progress = Progress {
            segment: page.segment,
            evaluation: page.evaluation,
            asked: before.map_or(0, |before| before.asked) + contacts.len() as u64,
            is_done: contacts.len() < page.contacts_max as usize,
            after: contacts.last().cloned().or(page.after),
        };
        let bytes = codec::encode(&progress).map_err(|source| self.row_broken(source))?;
        group.note = Some(Note::Row((progress_name(page.segment), Some(bytes))));
        let items = contacts.into_iter().map(|contact| Item {
            sequence,
            now,
            what: What::Evaluate(contact, page.segment),
        });
        self.apply_items(items.collect(), &group)?;
        self.evaluations.come.insert(page.segment, progress);
        self.look_at_timers()
    }
}

fn progress_name(segment: u32) -> Vec<u8> {
    [PREFIX, &segment.to_be_bytes()].concat()
}

fn read_progress(store: &Store, partition: Number) -> Result<BTreeMap<u32, Progress>, ApplyError> {
    let rows = store
        .counters(partition, PREFIX)
        .map_err(|source| ApplyError::Store {
            action: StoreAction::Read,
            partition,
            source,
        })?;
    let all = rows.into_iter().map(|(_, bytes)| {
        let progress: Progress =
            codec::decode(&bytes).map_err(|source| ApplyError::Counters { partition, source })?;
        Ok((progress.segment, progress))
    });
    all.collect()
}

/// How many contacts of the partition were asked in the segment's present evaluation, and whether that was all.
pub(crate) fn read_evaluated(
    store: &Store,
    partition: Number,
    definitions: &Definitions,
    segment: &SegmentName,
) -> Result<(u64, bool), ApplyError> {
    let Some(found) = definitions.segments.get(segment) else {
        return Ok((0, true));
    };
    let all = read_progress(store, partition)?;
    let come = all.get(&found.number);
    let come = come.filter(|come| come.evaluation == found.evaluation);
    Ok(come.map_or((0, false), |come| (come.asked, come.is_done)))
}
