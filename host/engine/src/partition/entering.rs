//! Takes in whoever was there when a workflow started: page by page, each page a record of the log, while it runs.
//!
//! How far it came is a row of its own, written with each page, so that a restart or a pause goes on where it was left
//! and nobody is looked at twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signalbox_model::{
    codec,
    definitions::Definitions,
    id::{ContactId, WorkflowId},
    record::Record,
    time::Instant,
    workflow::WorkflowState,
};
use signalbox_store::Batch;

use super::{
    Partition,
    apply::Group,
    group::{Item, What},
};
use crate::{error::StoreAction, shared::Broken};

/// What the names of these rows begin with.
const PREFIX: &[u8] = b"entering/";

/// What the thread knows of it.
#[derive(Default)]
pub(super) struct Entrances {
    /// How far each workflow came that ever took somebody in.
    come: BTreeMap<WorkflowId, Progress>,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The workflow too, so that names are never taken apart.
    workflow: WorkflowId,
    /// Which of its starts: one that is deleted may come again.
    since: Instant,
    /// The last contact looked at.
    after: Option<ContactId>,
    is_done: bool,
}

/// See [`Record::EnterExisting`].
pub(super) struct Page {
    pub(super) workflow: WorkflowId,
    pub(super) since: Instant,
    pub(super) after: Option<ContactId>,
    pub(super) contacts_max: u32,
}

impl Entrances {
    pub(super) fn is_appended(&self) -> bool {
        self.appended.is_some()
    }

    /// The workflow is deleted, and nobody is taken in any more.
    pub(super) fn forget(&mut self, batch: &mut Batch<'_>, workflow: &WorkflowId) {
        self.come.remove(workflow);
        batch.delete_counter(&row_name(workflow));
    }

    /// The next page that there is to take in.
    fn next(&self, definitions: &Definitions, contacts_max: u32) -> Option<Page> {
        definitions.workflows.iter().find_map(|(id, found)| {
            let is_open = found.enters_existing && found.state == WorkflowState::Running;
            let since = found.running_since.filter(|_| is_open)?;
            let come = self.come.get(id).filter(|come| come.since == since);
            if come.is_some_and(|come| come.is_done) {
                return None;
            }
            Some(Page {
                workflow: id.clone(),
                since,
                after: come.and_then(|come| come.after.clone()),
                contacts_max,
            })
        })
    }
}

impl Partition {
    /// Reads how far each workflow came.
    pub(super) fn read_entrances(&mut self) -> Result<(), Broken> {
        let rows = self
            .shared
            .store
            .counters(self.number, PREFIX)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        for (_, bytes) in rows {
            let progress: Progress =
                codec::decode(&bytes).map_err(|source| self.row_broken(source))?;
            self.entrances
                .come
                .insert(progress.workflow.clone(), progress);
        }
        Ok(())
    }

    /// Whether there is somebody to take in.
    pub(super) fn is_entering(&self) -> bool {
        let next = || self.entrances.next(self.loaded.definitions(), 1).is_some();
        !self.is_control() && next()
    }

    /// Appends the next page if none is under way.
    pub(super) fn append_entrance(&mut self) -> Result<(), Broken> {
        let shared = &self.shared;
        if self.entrances.is_appended() || self.is_control() || shared.is_stopping() {
            return Ok(());
        }
        let contacts_max = shared.config.limits.tick_timers_max;
        let Some(page) = self.entrances.next(self.loaded.definitions(), contacts_max) else {
            return Ok(());
        };
        let record = Record::EnterExisting {
            workflow: page.workflow,
            since: page.since,
            after: page.after,
            contacts_max: page.contacts_max,
        };
        let positions = shared.append_durably(&[(self.number, record)])?;
        self.entrances.appended = positions.last().map(|position| position.sequence);
        Ok(())
    }

    pub(super) fn apply_entrance(
        &mut self,
        sequence: u64,
        now: Instant,
        page: Page,
    ) -> Result<(), Broken> {
        if self
            .entrances
            .appended
            .is_some_and(|appended| appended <= sequence)
        {
            self.entrances.appended = None;
        }
        let found = self.loaded.definitions().workflows.get(&page.workflow);
        let is_open = found.is_some_and(|found| {
            found.state == WorkflowState::Running && found.running_since == Some(page.since)
        });
        // Paused or ended since: nobody is looked at, and the page comes again if it runs on.
        let mut group = Group::single(sequence);
        if !is_open {
            return self.apply_items(Vec::new(), &group);
        }
        let contacts = self
            .shared
            .store
            .contact_ids(self.number, page.after.as_ref(), page.contacts_max as usize)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        let progress = Progress {
            workflow: page.workflow.clone(),
            since: page.since,
            after: contacts.last().cloned().or(page.after),
            is_done: contacts.len() < page.contacts_max as usize,
        };
        let name = row_name(&page.workflow);
        let bytes = codec::encode(&progress).map_err(|source| self.row_broken(source))?;
        group.note = Some((name, Some(bytes)));
        let items = contacts.into_iter().map(|contact| Item {
            sequence,
            now,
            what: What::EnterExisting(contact, page.workflow.clone()),
        });
        self.apply_items(items.collect(), &group)?;
        self.entrances.come.insert(page.workflow, progress);
        self.look_at_timers()
    }
}

fn row_name(workflow: &WorkflowId) -> Vec<u8> {
    [PREFIX, workflow.as_str().as_bytes()].concat()
}
