//! Experiments that are over: the arm that everybody takes from then on.

use signalbox_model::{
    definitions::{Definitions, EndedExperiment, WorkflowDefinition, WorkflowVersion},
    id::{StepId, WorkflowId},
    workflow::WorkflowState,
};

use super::{Change, Conflict, changed, refused};

/// Ends the experiment of a step of a version, as long as the current version splits there in the same way.
pub(super) fn end(
    definitions: &Definitions,
    workflow: &WorkflowId,
    (step, version): (&StepId, u32),
    ended: EndedExperiment,
) -> Result<Change, Conflict> {
    let Some(found) = definitions.workflows.get(workflow) else {
        return Err(Conflict::NotFound {
            workflow: workflow.clone(),
        });
    };
    let needed = [WorkflowState::Running, WorkflowState::Paused];
    if !needed.contains(&found.state) {
        let (state, action) = (found.state, "end_experiment");
        return Err(refused(workflow, state, action, needed.to_vec()));
    }
    let none = |reason| Conflict::NoExperiment {
        workflow: workflow.clone(),
        step: step.clone(),
        reason,
    };
    let looked_at = found.versions.get(&version);
    let looked_at = looked_at.and_then(|looked_at| looked_at.document.split_at(step));
    let current = found.current_version();
    let split = current.and_then(|current| current.document.split_at(step));
    let split = split.ok_or_else(|| none("the step does not split"))?;
    if looked_at != Some(split) {
        return Err(none("the current version splits in another way"));
    }
    if let Some(winner) = &ended.winner
        && !split.arms.iter().any(|arm| arm.name == *winner)
    {
        return Err(none("no arm has that name"));
    }
    if let Some(over) = found.ended.get(step) {
        return Err(Conflict::ExperimentOver {
            workflow: workflow.clone(),
            step: step.clone(),
            at: over.at,
        });
    }
    changed(definitions, workflow, |found| {
        found.ended.insert(step.clone(), ended);
    })
}

/// An edit of a split begins its experiment anew. It stays over for whoever is on a version before.
pub(super) fn begin_changed_anew(found: &mut WorkflowDefinition, next: &WorkflowVersion) {
    let ended = std::mem::take(&mut found.ended);
    for (step, over) in ended {
        let split = next.document.split_at(&step);
        let last = found.versions.last_key_value();
        let before = last.and_then(|(_, last)| last.document.split_at(&step).cloned());
        if before.is_some() && before.as_ref() == split {
            found.ended.insert(step, over);
            continue;
        }
        let versions = found.versions.values_mut().rev();
        for version in versions.take_while(|one| one.document.split_at(&step) == before.as_ref()) {
            version.ended.insert(step.clone(), over.clone());
        }
    }
}
