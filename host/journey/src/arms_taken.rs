//! The arms that a journey took, by the words that templates and rules read: of a split its name, of a branch the step it
//! leads to, of a wait its event, of an approval the decision; else `otherwise`.

use std::collections::BTreeMap;

use signalbox_model::{
    id::StepId,
    state::Journey,
    workflow::{
        Workflow,
        step::{Action, Step},
    },
};

use crate::advance::DECISIONS;

/// All of them, by step.
pub(crate) fn all<'a>(journey: &Journey, workflow: &'a Workflow) -> BTreeMap<&'a str, &'a str> {
    let arms = journey.arms.iter().filter_map(|(&position, &arm)| {
        let step = workflow.steps.get(usize::from(position))?;
        Some((step.id.as_str(), in_words(step, arm)))
    });
    arms.collect()
}

/// The one taken at that step; `None` where the journey was not there.
pub(crate) fn taken<'a>(journey: &Journey, workflow: &'a Workflow, step: &str) -> Option<&'a str> {
    let mut steps = workflow.steps.iter();
    let position = steps.position(|one| one.id.as_str() == step)?;
    let arm = journey.arms.get(&u16::try_from(position).ok()?)?;
    Some(in_words(&workflow.steps[position], *arm))
}

/// Whether journeys take one of several ways at the step.
pub(crate) fn has_arms(step: &Step) -> bool {
    step.actions().any(|action| {
        matches!(
            action,
            Action::Split(_) | Action::Branch(_) | Action::WaitFor(_) | Action::Approve(_)
        )
    })
}

fn in_words(step: &Step, arm: Option<u16>) -> &str {
    let named = arm.map(usize::from).and_then(|index| {
        step.actions().find_map(|action| match action {
            Action::Split(split) => split.arms.get(index).map(|arm| arm.name.as_str()),
            Action::Branch(branch) => branch.arms.get(index)?.goto.as_ref().map(StepId::as_str),
            Action::WaitFor(wait) => wait.arms.get(index).map(|arm| arm.on.event.as_str()),
            Action::Approve(_) => DECISIONS.get(index).copied(),
            _ => None,
        })
    });
    named.unwrap_or("otherwise")
}
