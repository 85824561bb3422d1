//! Looks at the contacts that have a timer of a workflow, page by page, each page a record of the log: so that journeys
//! that wait move to a version that wants them or leave a workflow that was ended, and waits by the calendar go by the
//! time zone data of this binary and by the server's own zone.
//!
//! What a workflow was last visited for is a row of its own, written when it starts and with the last page, so that a
//! start of the server visits nobody whom one before has visited.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use signalbox_model::{
    calendar::TZ_VERSION,
    codec,
    definitions::{Definitions, WorkflowDefinition},
    id::{ContactId, WorkflowId},
    record::Record,
    state::{Timer, TimerId},
    time::Instant,
    workflow::{Edit, WorkflowState},
};
use signalbox_store::Batch;

use super::{
    Partition,
    apply::{Group, Note, Row},
    group::{Item, What},
};
use crate::{
    error::{ApplyError, StoreAction},
    shared::Broken,
};

/// What the names of these rows begin with.
const PREFIX: &[u8] = b"visited/";

/// What a visit of a workflow that was ended is for, in place of a version: it comes last.
const ITS_END: u32 = u32::MAX;

/// What the thread knows of visits.
#[derive(Default)]
pub(super) struct Visits {
    /// What each workflow was last visited for.
    done: BTreeMap<WorkflowId, Visited>,
    /// Workflows to visit, each for that version, with the timer at which the page before ended.
    ahead: VecDeque<Page>,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visited {
    /// The workflow too, so that names are never taken apart.
    workflow: WorkflowId,
    /// Which of its starts: one that is deleted may come again.
    since: Instant,
    /// The version that moves journeys; 0 for none, [`ITS_END`] for the end.
    version: u32,
    /// What waits go by since then: see [`zones`].
    zones: String,
}

/// See [`Record::Visit`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    pub(super) workflow: WorkflowId,
    pub(super) version: u32,
    pub(super) zones: String,
    pub(super) after: Option<Timer>,
}

impl Page {
    /// Whether its workflow is gone, also if another one of that name has come.
    fn is_of_deleted(&self) -> bool {
        self.zones.is_empty()
    }
}

/// What waits by the calendar go by: the version of the time zone data, and the server's own zone where it has one.
fn zones(now: &Definitions) -> String {
    match &now.settings.zone {
        Some(zone) => format!("{TZ_VERSION} {zone}"),
        None => TZ_VERSION.to_owned(),
    }
}

impl Visits {
    pub(super) fn is_appended(&self) -> bool {
        self.appended.is_some()
    }

    /// Whether there is somebody to look at.
    pub(super) fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Visits every workflow that has come to run a version that moves journeys, that was ended, or whose waits go by other
    /// zones: `unvisited` is what those go by that were never visited. A visit that was under way for anything else is
    /// given up: whom it has passed may have stayed.
    fn look(&mut self, now: &Definitions, unvisited: &str) {
        let zones = zones(now);
        for (id, found) in &now.workflows {
            let Some(since) = found.running_since else {
                continue;
            };
            let version = self.wanted(id, found, since);
            let is_its = |page: &Page| page.workflow == *id && !page.is_of_deleted();
            let is_kept = |page: &Page| page.version == version && page.zones == zones;
            self.ahead.retain(|page| !is_its(page) || is_kept(page));
            let done = self.done_since(id, since);
            let has_waits = found.state != WorkflowState::Ended;
            let are_others = has_waits && done.map_or(unvisited, |done| &done.zones) != zones;
            let is_due = version > done.map_or(0, |done| done.version) || are_others;
            if is_due && !self.ahead.iter().any(is_its) {
                self.ahead.push_back(Page {
                    workflow: id.clone(),
                    version,
                    zones: zones.clone(),
                    after: None,
                });
            }
        }
    }

    /// Notes what the waits go by of every workflow that runs and was never visited. Nobody waits yet in one that was not
    /// running `before`.
    fn note_unvisited(&mut self, before: &Definitions, now: &Definitions) -> Vec<Visited> {
        let mut noted = Vec::new();
        for (id, found) in &now.workflows {
            let Some(since) = found.running_since else {
                continue;
            };
            if self.done_since(id, since).is_some() {
                continue;
            }
            let former = before.workflows.get(id);
            let was_there = former.is_some_and(|former| former.running_since == Some(since));
            let visited = Visited {
                workflow: id.clone(),
                since,
                version: 0,
                zones: zones(if was_there { before } else { now }),
            };
            self.done.insert(id.clone(), visited.clone());
            noted.push(visited);
        }
        noted
    }

    /// What the workflow, in its present state, is visited for.
    fn wanted(&self, id: &WorkflowId, found: &WorkflowDefinition, since: Instant) -> u32 {
        match found.state {
            WorkflowState::Running => moving(found),
            WorkflowState::Ended => ITS_END,
            // In a pause nobody moves.
            _ => self.done_since(id, since).map_or(0, |done| done.version),
        }
    }

    fn done_since(&self, id: &WorkflowId, since: Instant) -> Option<&Visited> {
        self.done.get(id).filter(|done| done.since == since)
    }

    /// The workflow is deleted: those who wait in it are visited once more, since there is nothing left to wait for.
    pub(super) fn forget(&mut self, batch: &mut Batch<'_>, workflow: &WorkflowId) {
        self.ahead.retain(|page| page.workflow != *workflow);
        let done = self.done.remove(workflow);
        if done.is_none_or(|done| done.version != ITS_END) {
            self.ahead.push_back(Page {
                workflow: workflow.clone(),
                version: ITS_END,
                zones: String::new(),
                after: None,
            });
        }
        batch.delete_counter(&row_name(workflow));
    }
}

fn row_name(workflow: &WorkflowId) -> Vec<u8> {
    [PREFIX, workflow.as_str().as_bytes()].concat()
}

fn is_of(timer: &TimerId, its: &WorkflowId) -> bool {
    match timer {
        TimerId::Journey(workflow, _) | TimerId::Arm(workflow, _) | TimerId::Entry(workflow, _) => {
            workflow == its
        }
        TimerId::Segments => false,
    }
}

/// The newest version that moves journeys; 0 for none.
fn moving(found: &WorkflowDefinition) -> u32 {
    let mut versions = found.versions.iter().rev();
    let newest = versions.find(|(_, version)| version.edit == Edit::Migrate);
    newest.map_or(0, |(number, _)| *number)
}

impl Partition {
    /// Appends the next page of a visit if none is under way.
    pub(super) fn append_visit(&mut self) -> Result<(), Broken> {
        let shared = &self.shared;
        if self.visits.appended.is_some() || self.is_control() || shared.is_stopping() {
            return Ok(());
        }
        let Some(page) = self.visits.ahead.front().cloned() else {
            return Ok(());
        };
        let record = Record::Visit {
            workflow: page.workflow,
            version: page.version,
            zones: page.zones,
            after: page.after,
            timers_max: shared.config.limits.tick_timers_max,
        };
        let positions = shared.append_durably(&[(self.number, record)])?;
        self.visits.appended = positions.last().map(|position| position.sequence);
        Ok(())
    }

    pub(super) fn apply_visit(
        &mut self,
        sequence: u64,
        now: Instant,
        (page, timers_max): (&Page, u32),
    ) -> Result<(), Broken> {
        let timers = self
            .shared
            .store
            .timers(self.number, page.after.as_ref(), timers_max as usize)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        let is_last = timers.len() < timers_max as usize;
        let next = timers.last().cloned();
        let contacts: BTreeSet<ContactId> = timers
            .into_iter()
            .filter(|timer| is_of(&timer.id, &page.workflow))
            .map(|timer| timer.contact)
            .collect();
        let items = contacts.into_iter().map(|contact| Item {
            sequence,
            now,
            what: What::Visit(contact),
        });
        let visited = self.visited(page).filter(|_| is_last);
        let mut group = Group::single(sequence);
        let row = visited.as_ref().map(|done| self.row_of(done)).transpose()?;
        group.note = row.map(Note::Row);
        self.apply_items(items.collect(), &group)?;
        if let Some(done) = visited {
            self.visits.done.insert(page.workflow.clone(), done);
        }
        if self
            .visits
            .appended
            .is_some_and(|appended| appended <= sequence)
        {
            self.visits.appended = None;
            let front = self.visits.ahead.front_mut();
            match front.filter(|front| *front == page) {
                Some(front) if !is_last => front.after = next,
                Some(_) => drop(self.visits.ahead.pop_front()),
                None => {}
            }
        }
        self.look_at_timers()
    }

    /// What a visit comes to whose last page that is; `None` if the workflow is gone, or visited for something else by
    /// now.
    fn visited(&self, page: &Page) -> Option<Visited> {
        let now = self.loaded.definitions();
        let found = now.workflows.get(&page.workflow)?;
        let since = found.running_since?;
        let wanted = self.visits.wanted(&page.workflow, found, since);
        let is_wanted = page.version == wanted && page.zones == zones(now);
        is_wanted.then(|| Visited {
            workflow: page.workflow.clone(),
            since,
            version: page.version,
            zones: page.zones.clone(),
        })
    }

    fn row_of(&self, done: &Visited) -> Result<Row, Broken> {
        let bytes = codec::encode(done).map_err(|source| self.row_broken(source))?;
        Ok((row_name(&done.workflow), Some(bytes)))
    }

    /// Reads what each workflow was visited for.
    pub(super) fn read_visits(&mut self) -> Result<(), Broken> {
        let rows = self
            .shared
            .store
            .counters(self.number, PREFIX)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        for (_, bytes) in rows {
            let done: Visited = codec::decode(&bytes).map_err(|source| self.row_broken(source))?;
            self.visits.done.insert(done.workflow.clone(), done);
        }
        Ok(())
    }

    /// Looks at every workflow when the thread starts.
    pub(super) fn look_at_visits(&mut self) {
        // The control partition has no contacts to visit.
        if self.is_control() {
            return;
        }
        let loaded = std::sync::Arc::clone(&self.loaded);
        let is_first = self.shared.store.meta().versions_from.is_empty();
        let unvisited = if is_first {
            zones(loaded.definitions())
        } else {
            String::new()
        };
        self.visits.look(loaded.definitions(), &unvisited);
    }

    /// Looks at every workflow when the definitions in force have followed those before.
    pub(super) fn begin_visits(&mut self, before: &Definitions) {
        let loaded = std::sync::Arc::clone(&self.loaded);
        self.visits.look(loaded.definitions(), &zones(before));
    }

    /// Notes what those go by that were never visited; answers with the rows to keep.
    pub(super) fn note_unvisited(&mut self, before: &Definitions) -> Result<Vec<Row>, Broken> {
        let loaded = std::sync::Arc::clone(&self.loaded);
        let noted = self.visits.note_unvisited(before, loaded.definitions());
        noted.iter().map(|done| self.row_of(done)).collect()
    }

    pub(super) fn row_broken(&self, source: codec::Error) -> Broken {
        self.shared.fail(&ApplyError::Counters {
            partition: self.number,
            source,
        })
    }
}
