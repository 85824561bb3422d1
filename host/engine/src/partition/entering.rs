//! Takes in whoever was there when a workflow started: page by page, each page a record of the log, while it runs.
//!
//! How far it came is a row of its own, written with each page, so that a restart or a pause goes on where it was left
//! and nobody is looked at twice. Where several workflows take people in at one time, they take turns.

use std::{collections::BTreeMap, ops::Bound};

use serde::{Deserialize, Serialize};
use signalbox_journey::Effect;
use signalbox_model::{
    codec,
    definitions::{Definitions, WorkflowDefinition},
    fact::FactKind,
    id::{ContactId, Partition as Number, WorkflowId},
    record::Record,
    time::Instant,
    workflow::WorkflowState,
};
use signalbox_store::{Batch, Error, Store};

use super::{
    Partition,
    apply::{Group, Note},
    group::{Item, What},
    lane::{Done, Lane},
};
use crate::{
    error::{ApplyError, StoreAction},
    metrics,
    outbox::NOT_APPLICABLE,
    shared::Broken,
};

/// What the names of these rows begin with.
const PREFIX: &[u8] = b"entering/";

/// What the thread knows of it.
#[derive(Default)]
pub(super) struct Entrances {
    /// How far each workflow came that ever took somebody in.
    come: BTreeMap<WorkflowId, Progress>,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
    /// Whose page that was: it is the others' turn.
    last: Option<WorkflowId>,
}

/// How far a partition came with a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The workflow too, so that names are never taken apart.
    workflow: WorkflowId,
    /// Which of its starts: one that is deleted may come again.
    since: Instant,
    /// The last contact of the last page.
    after: Option<ContactId>,
    /// When the first page was taken in.
    pub(crate) began_at: Instant,
    /// When the last one was.
    pub(crate) finished_at: Option<Instant>,
    /// Contacts that there were before the first page.
    pub(crate) contacts: u64,
    pub(crate) looked_at: LookedAt,
}

/// What became of contacts that were looked at, each counted once and by what its page said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct LookedAt {
    /// Those who entered.
    pub(crate) entered: u64,
    /// Those who were to enter and were kept out, by reason.
    pub(crate) not_entered: BTreeMap<String, u64>,
    /// Those whom nothing would let in: the trigger said no, or the version since an edit takes in nobody.
    pub(crate) unmatched: u64,
    /// Those who may still enter: the trigger armed itself, or a rule failed and is asked again.
    pub(crate) waiting: u64,
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

    /// The next page that there is to take in: of the workflow behind the one that had the last.
    fn next(&self, definitions: &Definitions, contacts_max: u32) -> Option<Page> {
        let all = &definitions.workflows;
        let behind = |last| all.range::<WorkflowId, _>((Bound::Excluded(last), Bound::Unbounded));
        let behind = self.last.as_ref().map(behind).into_iter().flatten();
        let mut in_turn = behind.chain(all);
        in_turn.find_map(|(id, found)| self.page(id, found, contacts_max))
    }

    fn page(
        &self,
        workflow: &WorkflowId,
        found: &WorkflowDefinition,
        contacts_max: u32,
    ) -> Option<Page> {
        let is_open = found.enters_existing && found.state == WorkflowState::Running;
        let since = found.running_since.filter(|_| is_open)?;
        let come = self.come.get(workflow).filter(|come| come.since == since);
        if come.is_some_and(|come| come.finished_at.is_some()) {
            return None;
        }
        Some(Page {
            workflow: workflow.clone(),
            since,
            after: come.and_then(|come| come.after.clone()),
            contacts_max,
        })
    }
}

impl Progress {
    /// Of a start of which no page was taken in yet.
    fn begun(page: &Page, now: Instant, contacts: u64) -> Self {
        Self {
            workflow: page.workflow.clone(),
            since: page.since,
            after: None,
            began_at: now,
            finished_at: None,
            contacts,
            looked_at: LookedAt::default(),
        }
    }

    /// Counts what became of the contacts of a page. Those who came after the start are passed over.
    fn count(&mut self, lanes: &[Lane]) {
        for lane in lanes {
            let created_at = lane.state.as_ref().map(|state| state.contact.created_at);
            if lane.parked {
                self.looked_at.keep_out(NOT_APPLICABLE);
            } else if created_at.is_some_and(|at| at <= self.since) {
                for done in &lane.done {
                    self.looked_at.count(&self.workflow, done);
                }
            }
        }
    }

    /// How many of the contacts that were there were looked at, and how many there were.
    pub(crate) fn share(&self) -> (u64, u64) {
        let looked_at = self.looked_at.count_all();
        match self.finished_at {
            Some(_) => (looked_at, looked_at),
            None => (looked_at, self.contacts.max(looked_at)),
        }
    }
}

impl LookedAt {
    fn count(&mut self, workflow: &WorkflowId, done: &Done) {
        let mut refused = None;
        let mut is_awaited = false;
        for effect in &done.effects {
            let (Effect::Fact(fact) | Effect::Count(fact)) = effect else {
                is_awaited |= matches!(effect, Effect::SetTimer(_));
                continue;
            };
            match &fact.what {
                _ if fact.owner.workflow() != Some(workflow) => {}
                FactKind::JourneyEntered(_) => {
                    self.entered += 1;
                    return;
                }
                FactKind::NotEntered(reason) => refused = Some(reason),
                _ => {}
            }
        }
        match refused {
            Some(reason) => self.keep_out(reason),
            None if is_awaited => self.waiting += 1,
            None => self.unmatched += 1,
        }
    }

    fn keep_out(&mut self, reason: &str) {
        *self.not_entered.entry(reason.to_owned()).or_default() += 1;
    }

    fn count_all(&self) -> u64 {
        let kept_out: u64 = self.not_entered.values().sum();
        self.entered + kept_out + self.unmatched + self.waiting
    }
}

impl Partition {
    /// Reads how far each workflow came.
    pub(super) fn read_entrances(&mut self) -> Result<(), Broken> {
        let come = read_progress(&self.shared.store, self.number, PREFIX);
        let come = come.map_err(|error| self.shared.fail(&error))?;
        let by_workflow = come.into_iter().map(|come| (come.workflow.clone(), come));
        self.entrances.come = by_workflow.collect();
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
        self.entrances.last = Some(page.workflow.clone());
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
        page: &Page,
    ) -> Result<(), Broken> {
        let appended = &mut self.entrances.appended;
        *appended = appended.filter(|appended| *appended > sequence);
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
        let come = self.entrances.come.get(&page.workflow);
        let come = come.filter(|come| come.since == page.since).cloned();
        let mut progress = come.unwrap_or_else(|| {
            let contacts = self.input_counters.contacts;
            Progress::begun(page, now, contacts)
        });
        let is_last = contacts.len() < page.contacts_max as usize;
        progress.finished_at = is_last.then_some(now);
        progress.after = contacts.last().cloned().or(progress.after);
        group.note = Some(Note::Entrance(Box::new(progress)));
        let items = contacts.into_iter().map(|contact| Item {
            sequence,
            now,
            what: What::EnterExisting(contact, page.workflow.clone()),
        });
        self.apply_items(items.collect(), &group)?;
        self.look_at_timers()
    }

    /// Puts how far it came with the page of these lanes.
    pub(super) fn put_entrance(
        &mut self,
        batch: &mut Batch<'_>,
        before: &Progress,
        lanes: &[Lane],
    ) -> Result<(), Error> {
        let mut progress = before.clone();
        progress.count(lanes);
        let bytes = codec::encode(&progress).expect("counts and ids always encode");
        batch.put_counter(&row_name(&progress.workflow), &bytes)?;
        let looked_at = progress.share().0 - before.share().0;
        metrics::add(&self.shared.metrics.existing_looked_at, looked_at);
        self.entrances
            .come
            .insert(progress.workflow.clone(), progress);
        Ok(())
    }
}

fn row_name(workflow: &WorkflowId) -> Vec<u8> {
    [PREFIX, workflow.as_str().as_bytes()].concat()
}

/// How far the partition came with the present start of the workflow; `None` before its first page.
pub(crate) fn read_entrance(
    store: &Store,
    partition: Number,
    (workflow, since): (&WorkflowId, Instant),
) -> Result<Option<Progress>, ApplyError> {
    let come = read_progress(store, partition, &row_name(workflow))?;
    let is_meant = |come: &Progress| come.workflow == *workflow && come.since == since;
    Ok(come.into_iter().find(is_meant))
}

fn read_progress(
    store: &Store,
    partition: Number,
    prefix: &[u8],
) -> Result<Vec<Progress>, ApplyError> {
    let rows = store
        .counters(partition, prefix)
        .map_err(|source| ApplyError::Store {
            action: StoreAction::Read,
            partition,
            source,
        })?;
    let decoded = rows.iter().map(|(_, bytes)| codec::decode(bytes));
    decoded
        .collect::<Result<_, _>>()
        .map_err(|source| ApplyError::Counters { partition, source })
}
