//! How a workflow reaches people: everybody once, with one message for one event, or with several in their order.
//!
//! Asked by `engine` and `api` to tell workflows apart; nothing is decided by it.

use std::collections::BTreeMap;

use signalbox_model::{id::StepId, workflow::Workflow};

use crate::compiled::{jump_targets, reaches, ways_from};

/// How a workflow reaches people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody in its audience once, at its start: no event begins a journey.
    Bulk,
    /// What happens begins a journey, and each has one message at most.
    Triggered,
    /// What happens begins a journey, and one can have several messages, whose funnel tells where people leave.
    Drip,
}

impl Reach {
    /// How that workflow does.
    pub fn of(workflow: &Workflow) -> Self {
        if workflow.trigger.is_none() {
            Self::Bulk
        } else if sends_twice(workflow) {
            Self::Drip
        } else {
            Self::Triggered
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Triggered => "triggered",
            Self::Drip => "drip",
        }
    }
}

/// Whether a journey can come from a message to another one, or to the same step again.
fn sends_twice(workflow: &Workflow) -> bool {
    let steps = workflow.steps.iter().enumerate();
    let positions: BTreeMap<StepId, usize> = steps
        .map(|(position, step)| (step.id.clone(), position))
        .collect();
    let targets = jump_targets(workflow, &positions);
    let ways: Vec<Vec<usize>> = (0..workflow.steps.len())
        .map(|at| {
            let mut steps = ways_from(workflow, &positions, at).steps;
            steps.extend(&targets);
            steps
        })
        .collect();
    let is_send = |at: usize| workflow.steps[at].send.is_some();
    let mut sends = (0..workflow.steps.len()).filter(|at| is_send(*at));
    sends.any(|from| reaches(&ways, from, is_send))
}
