//! Looks at the contacts that have a timer of a workflow, page by page, each page a record of the log: so that journeys
//! that wait move to a version that wants them.
//!
//! Begun when definitions come in which such a version runs, and when the thread starts: a journey that has moved stays
//! where it is, so looking twice changes nothing.

use std::collections::{BTreeSet, VecDeque};

use signalbox_model::{
    definitions::Definitions,
    id::{ContactId, WorkflowId},
    record::Record,
    state::{Timer, TimerId},
    time::Instant,
    workflow::{Edit, WorkflowState},
};

use super::{
    Partition,
    apply::Group,
    group::{Item, What},
};
use crate::{error::StoreAction, shared::Broken};

/// What the thread knows of visits.
#[derive(Default)]
pub(super) struct Visits {
    /// Workflows to visit, each with the timer at which the page before ended.
    ahead: VecDeque<(WorkflowId, Option<Timer>)>,
    /// The page that was appended and is not applied yet.
    appended: Option<u64>,
}

/// See [`Record::Visit`].
pub(super) struct Page {
    pub(super) workflow: WorkflowId,
    pub(super) after: Option<Timer>,
    pub(super) timers_max: u32,
}

impl Visits {
    /// Whether there is nothing to look at.
    pub(super) fn is_idle(&self) -> bool {
        self.ahead.is_empty() && self.appended.is_none()
    }

    /// Visits every workflow that has come to run a version that moves journeys.
    pub(super) fn look(&mut self, before: &Definitions, now: &Definitions) {
        let moves = |definitions: &Definitions, id: &WorkflowId| {
            let found = definitions.workflows.get(id);
            let found = found.filter(|found| found.state == WorkflowState::Running)?;
            let mut versions = found.versions.iter().rev();
            let (number, _) = versions.find(|(_, version)| version.edit == Edit::Migrate)?;
            Some(*number)
        };
        for id in now.workflows.keys() {
            let wanted = moves(now, id);
            if wanted.is_some() && wanted != moves(before, id) {
                self.ahead.retain(|(ahead, _)| ahead != id);
                self.ahead.push_back((id.clone(), None));
            }
        }
    }
}

impl Partition {
    /// Appends the next page of a visit if none is under way.
    pub(super) fn append_visit(&mut self) -> Result<(), Broken> {
        let shared = &self.shared;
        if self.visits.appended.is_some() || self.is_control() || shared.is_stopping() {
            return Ok(());
        }
        let Some((workflow, after)) = self.visits.ahead.front().cloned() else {
            return Ok(());
        };
        let record = Record::Visit {
            workflow,
            after,
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
        page: &Page,
    ) -> Result<(), Broken> {
        let timers = self
            .shared
            .store
            .timers(self.number, page.after.as_ref(), page.timers_max as usize)
            .map_err(|source| self.broken(StoreAction::Read, source))?;
        let is_last = timers.len() < page.timers_max as usize;
        let next = timers.last().cloned();
        let contacts: BTreeSet<ContactId> = timers
            .into_iter()
            .filter(|timer| matches!(&timer.id, TimerId::Journey(workflow, _) if *workflow == page.workflow))
            .map(|timer| timer.contact)
            .collect();
        let items = contacts.into_iter().map(|contact| Item {
            sequence,
            now,
            what: What::Visit(contact),
        });
        let group = Group {
            last: sequence,
            accepted: 0,
            is_single: true,
        };
        self.apply_items(items.collect(), &group)?;
        if self
            .visits
            .appended
            .is_some_and(|appended| appended <= sequence)
        {
            self.visits.appended = None;
            let front = self.visits.ahead.front_mut();
            match front.filter(|(workflow, _)| *workflow == page.workflow) {
                Some((_, after)) if !is_last => *after = next,
                Some(_) => drop(self.visits.ahead.pop_front()),
                None => {}
            }
        }
        self.look_at_timers()
    }
}
