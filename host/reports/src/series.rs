//! What was sent in each hour, by workflow: folded from facts like the counters, and rebuildable like them.
//!
//! `app` folds it for a simulation and a forecast.

use std::collections::BTreeMap;

use signalbox_model::{
    fact::{Fact, FactKind},
    id::WorkflowId,
    time::Instant,
};

const HOUR_MS: i64 = 3_600_000;

/// Messages that a server took, by the hour of UTC in which it did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendsPerHour {
    /// By the begin of the hour; an hour without a message is not there.
    pub hours: BTreeMap<Instant, BTreeMap<WorkflowId, u64>>,
}

impl SendsPerHour {
    /// Adds one fact, if it says that a message was sent.
    pub fn fold(&mut self, fact: &Fact) {
        let (FactKind::MessageSent(..), Some(workflow)) = (&fact.what, fact.owner.workflow())
        else {
            return;
        };
        let at = fact.at.as_ms();
        let hour = Instant::from_ms(at - at.rem_euclid(HOUR_MS));
        let workflows = self.hours.entry(hour).or_default();
        if let Some(sent) = workflows.get_mut(workflow) {
            *sent += 1;
        } else {
            workflows.insert(workflow.clone(), 1);
        }
    }

    /// The hour in which most was sent, the first of several, and how much.
    pub fn busiest(&self) -> Option<(Instant, u64)> {
        let sums = self.hours.iter();
        let sums = sums.map(|(hour, workflows)| (*hour, workflows.values().sum::<u64>()));
        // Of equal ones `max_by_key` takes the last.
        sums.rev().max_by_key(|(_, sent)| *sent)
    }
}
