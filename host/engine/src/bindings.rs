//! Which file each binding of a workflow or a segment stands for: when its document is put, and when plugins come and go.
//!
//! A document is checked as a whole and all its problems are told at once.

mod adopter;
mod offer;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot},
    id::Digest,
    plan::Plan,
    problem::Problem,
    record::Command,
    segment::{Owner, Segment},
    workflow::{Binding, Edit, Workflow},
};
use signalbox_rules::{
    catalogue::{Available, Catalogue},
    error::PlanError,
};

pub use self::adopter::Misfit;
pub(crate) use self::{
    adopter::{Adopter, Misfits, bound_in, bound_to},
    offer::Offer,
};
use crate::{
    control,
    error::{CommandError, PutError, Unavailable},
    shared::{Shared, in_words},
    templates,
};

/// How long a document waits for the file of a plugin that nobody knows yet.
const LOADING_WAIT_MAX: Duration = Duration::from_secs(10);

/// A binding of a document with its place.
pub(crate) struct Placed<'a> {
    pub(crate) slot: Slot,
    pub(crate) pointer: String,
    binding: &'a Binding,
}

/// Checks a workflow and has it put. Nothing is stored if there is any problem.
pub(crate) async fn put(
    shared: &Arc<Shared>,
    workflow: Workflow,
    based_on: Option<u32>,
    edit: Edit,
) -> Result<Arc<Definitions>, PutError> {
    let checking = Arc::clone(shared);
    let prepared =
        tokio::task::spawn_blocking(move || prepare(&checking, &workflow, based_on, edit)).await;
    let command = prepared.unwrap_or(Err(Unavailable::Failed.into()))?;
    commanded(shared, command).await
}

/// Checks a segment and has it put. Nothing is stored if there is any problem.
pub(crate) async fn put_segment(
    shared: &Arc<Shared>,
    segment: Segment,
    based_on: Option<u32>,
) -> Result<Arc<Definitions>, PutError> {
    let checking = Arc::clone(shared);
    let prepared =
        tokio::task::spawn_blocking(move || prepare_segment(&checking, &segment, based_on));
    let command = prepared.await.unwrap_or(Err(Unavailable::Failed.into()))?;
    commanded(shared, command).await
}

/// The command that puts a segment, if nothing is wrong with it.
pub(crate) fn prepare_segment(
    shared: &Shared,
    segment: &Segment,
    based_on: Option<u32>,
) -> Result<Command, PutError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let bound = check_segment(Offer::of(shared, &definitions), segment, &definitions);
    let bound = bound.map_err(PutError::Problems)?;
    Command::put_segment(segment, bound.as_ref(), based_on)
        .map_err(|_| PutError::from(Unavailable::Failed))
}

pub(crate) async fn commanded(
    shared: &Arc<Shared>,
    command: Command,
) -> Result<Arc<Definitions>, PutError> {
    let done = control::command(shared, command).await;
    done.map_err(|error| match error {
        CommandError::Conflict(conflict) => conflict.into(),
        CommandError::Log(error) => error.into(),
        CommandError::Unavailable(unavailable) => unavailable.into(),
    })
}

/// Everything that is wrong with a workflow, its bindings and templates included: what a put would refuse it for. Needs
/// no engine that runs; segments and tables that it goes by are not looked for.
pub fn check_workflow(catalogue: &Catalogue, workflow: &Workflow) -> Vec<Problem> {
    let offer = Offer::of_files(catalogue);
    check(offer, workflow).err().unwrap_or_default()
}

/// What is wrong with a document, its bindings and templates included; what it stands for if nothing is. Where only files
/// are known it is not looked for the segments and tables that bindings go by.
pub(crate) fn check(
    offer: Offer<'_>,
    workflow: &Workflow,
) -> Result<BTreeMap<Slot, ResolvedBinding>, Vec<Problem>> {
    let mut problems = signalbox_journey::check::found(workflow);
    let mut bindings = BTreeMap::new();
    let all = placed(workflow);
    if !all.iter().all(|one| offer.newest(one.binding).is_some()) {
        // Its file may have come a moment ago.
        offer.catalogue.wait_settled(LOADING_WAIT_MAX);
    }
    for placed in all {
        match resolve(offer, &placed) {
            Ok(resolved) => {
                let pointer = format!("{}/config", placed.pointer);
                let (plan, slot) = (&resolved.plan, &placed.slot);
                let untaken =
                    signalbox_journey::check::arms::untaken(plan, slot, &pointer, Some(workflow));
                problems.extend(untaken);
                if let Some(definitions) = offer.definitions {
                    problems.extend(ill_planned(&resolved.plan, &pointer, definitions));
                }
                bindings.insert(placed.slot, resolved);
            }
            Err(found) => problems.extend(found),
        }
    }
    problems.extend(templates::problems(workflow));
    if problems.is_empty() {
        Ok(bindings)
    } else {
        Err(signalbox_journey::check::told(problems))
    }
}

/// What is wrong with a segment's document; what its rule stands for if nothing is.
fn check_segment(
    offer: Offer<'_>,
    segment: &Segment,
    definitions: &Definitions,
) -> Result<Option<ResolvedBinding>, Vec<Problem>> {
    let mut bound = None;
    let mut problems = Vec::new();
    if let Some(placed) = placed_in(segment) {
        if offer.newest(placed.binding).is_none() {
            // Its file may have come a moment ago.
            offer.catalogue.wait_settled(LOADING_WAIT_MAX);
        }
        match resolve(offer, &placed) {
            Ok(resolved) => bound = Some(resolved),
            Err(found) => problems.extend(found),
        }
    }
    let plan = bound.as_ref().map(|binding| &binding.plan);
    problems.extend(ill_placed(segment, plan, definitions));
    if problems.is_empty() {
        Ok(bound)
    } else {
        Err(signalbox_journey::check::told(problems))
    }
}

fn placed_in(segment: &Segment) -> Option<Placed<'_>> {
    Some(Placed {
        slot: Slot::Membership,
        pointer: "/rule".to_owned(),
        binding: segment.rule.as_ref()?,
    })
}

/// What is wrong with the document among the segments and tables that there are, if its rule has that plan.
fn ill_placed(segment: &Segment, plan: Option<&Plan>, definitions: &Definitions) -> Vec<Problem> {
    let mut problems = signalbox_journey::check::segments::found(segment, plan, definitions);
    if let Some(plan) = plan {
        problems.extend(unmet(definitions, plan, "/rule/config"));
        let slot = Slot::Membership;
        let untaken = signalbox_journey::check::arms::untaken(plan, &slot, "/rule/config", None);
        problems.extend(untaken);
    }
    problems
}

/// What is wrong with a plan that a binding of a workflow is to have.
fn ill_planned(plan: &Plan, pointer: &str, definitions: &Definitions) -> Vec<Problem> {
    let mut problems = signalbox_journey::check::segments::unknown_in(plan, pointer, definitions);
    problems.extend(unmet(definitions, plan, pointer));
    problems
}

/// What the plan asks of tables that they do not have. It follows from the config.
fn unmet(definitions: &Definitions, plan: &Plan, pointer: &str) -> Vec<Problem> {
    let unmet = signalbox_journey::tables::unmet(&definitions.tables, plan);
    let problems = unmet.into_iter().map(|unmet| {
        let reason = format!("the rule's plan at {:?}: {}", unmet.pointer, unmet.reason);
        Problem::new(pointer, unmet.code, reason).with_help(unmet.help)
    });
    problems.collect()
}

/// What another version of its plugin stands for beside a binding of the current version of a workflow or segment, and the
/// number of that version; what is wrong with it if anything is.
pub(crate) fn beside(
    offer: Offer<'_>,
    definitions: &Definitions,
    (owner, slot): (&Owner, &Slot),
    requirement: semver::VersionReq,
) -> Result<(u32, ResolvedBinding), Vec<Problem>> {
    let unbound = || {
        let reason = format!("{} has no binding {slot}", owner.in_words());
        vec![Problem::new("/binding", "binding_unknown", reason)]
    };
    let version = current(definitions, owner).ok_or_else(unbound)?;
    let written = written(definitions, owner, version, slot).ok_or_else(unbound)?;
    let bound = definitions
        .binding(owner, version, slot)
        .ok_or_else(unbound)?;
    let binding = Binding {
        version: requirement,
        ..written.clone()
    };
    let placed = Placed {
        slot: slot.clone(),
        pointer: String::new(),
        binding: &binding,
    };
    let shadow = resolve(offer, &placed)?;
    if shadow.digest == bound.digest {
        let reason = format!(
            "the binding stands for {} {} itself, and the folder has no newer version",
            shadow.plugin, shadow.version
        );
        let help = "put the other version into the folder beside it, or name it";
        return Err(vec![
            Problem::new("/version", "shadow_same", reason).with_help(help),
        ]);
    }
    match adopter::misplaced(owner, &shadow.plan, definitions) {
        problems if problems.is_empty() => Ok((version, shadow)),
        problems => Err(problems),
    }
}

/// The version that is current.
fn current(definitions: &Definitions, owner: &Owner) -> Option<u32> {
    match owner {
        Owner::Workflow(workflow) => Some(definitions.workflows.get(workflow)?.current),
        Owner::Segment(segment) => Some(definitions.segments.get(segment)?.version),
    }
}

/// The binding as the document of that version has it.
pub(crate) fn written<'a>(
    definitions: &'a Definitions,
    owner: &Owner,
    version: u32,
    slot: &Slot,
) -> Option<&'a Binding> {
    let placed = match owner {
        Owner::Workflow(workflow) => {
            let found = definitions.workflows.get(workflow)?;
            placed(&found.versions.get(&version)?.document)
        }
        Owner::Segment(segment) => {
            let found = definitions.segments.get(segment)?;
            placed_in(&found.document).into_iter().collect()
        }
    };
    let found = placed.into_iter().find(|placed| placed.slot == *slot)?;
    Some(found.binding)
}

/// The command that puts the workflow, its templates kept in the store. Blocks.
pub(crate) fn prepare(
    shared: &Shared,
    workflow: &Workflow,
    based_on: Option<u32>,
    edit: Edit,
) -> Result<Command, PutError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let bindings = check(Offer::of(shared, &definitions), workflow).map_err(PutError::Problems)?;
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(reason = %in_words(error), "a workflow cannot be kept");
        PutError::from(Unavailable::Failed)
    };
    let mut templates: BTreeMap<String, Digest> = BTreeMap::new();
    for (name, template) in &workflow.templates {
        let bytes = serde_json::to_vec(template).map_err(|error| failed(&error))?;
        let digest = shared
            .store
            .blobs()
            .put(&bytes)
            .map_err(|error| failed(&error))?;
        templates.insert(name.to_string(), digest);
    }
    Command::put(workflow, &bindings, templates, based_on, edit).map_err(|error| failed(&error))
}

pub(crate) fn placed(workflow: &Workflow) -> Vec<Placed<'_>> {
    let mut all = Vec::new();
    all.extend(workflow.trigger.iter().map(|binding| Placed {
        slot: Slot::Trigger,
        pointer: "/trigger".to_owned(),
        binding,
    }));
    all.extend(workflow.audience.iter().map(|binding| Placed {
        slot: Slot::Audience,
        pointer: "/audience".to_owned(),
        binding,
    }));
    for (index, exit) in workflow.exits.iter().enumerate() {
        all.extend(exit.segment.iter().map(|binding| Placed {
            slot: Slot::Exit(u16::try_from(index).unwrap_or(u16::MAX)),
            pointer: format!("/exits/{index}/segment"),
            binding,
        }));
    }
    for (index, step) in workflow.steps.iter().enumerate() {
        let personalizer = step
            .send
            .as_ref()
            .and_then(|send| send.personalizer.as_ref());
        all.extend(personalizer.map(|binding| Placed {
            slot: Slot::Personalizer(step.id.clone()),
            pointer: format!("/steps/{index}/send/personalizer"),
            binding,
        }));
        let by = step.split.as_ref().and_then(|split| split.by.as_ref());
        all.extend(by.map(|binding| Placed {
            slot: Slot::Personalizer(step.id.clone()),
            pointer: format!("/steps/{index}/split/by"),
            binding,
        }));
        let arms = step.branch.iter().flat_map(|branch| &branch.arms);
        all.extend(arms.enumerate().map(|(arm, found)| Placed {
            slot: Slot::Arm(step.id.clone(), u16::try_from(arm).unwrap_or(u16::MAX)),
            pointer: format!("/steps/{index}/branch/arms/{arm}/segment"),
            binding: &found.segment,
        }));
    }
    all
}

fn resolve(offer: Offer<'_>, placed: &Placed<'_>) -> Result<ResolvedBinding, Vec<Problem>> {
    let Placed {
        slot,
        pointer,
        binding,
    } = placed;
    let Some(available) = offer.newest(binding) else {
        return Err(vec![offer.lack(pointer, binding)]);
    };
    let kind = slot.kind();
    if !available.kinds.contains(&kind) {
        let reason = format!("plugin {} has no {}", binding.plugin, kind.as_str());
        let problem = Problem::new(format!("{pointer}/plugin"), "rule_missing", reason);
        let help = format!("name a plugin that exports a {}", kind.as_str());
        return Err(vec![problem.with_help(help)]);
    }
    bind(offer.catalogue, &available, slot, &binding.config)
        .map_err(|error| plan_problems(pointer, &error))
}

/// Binds a config to a file.
fn bind(
    catalogue: &Catalogue,
    available: &Available,
    slot: &Slot,
    config: &serde_json::Value,
) -> Result<ResolvedBinding, PlanError> {
    let kind = slot.kind();
    let plan = catalogue.plan(available.digest, kind, config)?;
    let description = catalogue.description(available.digest);
    let reasons = description
        .and_then(|mut description| description.rules.remove(&kind))
        .map_or_else(Vec::new, |rule| rule.reasons);
    Ok(ResolvedBinding {
        plugin: available.name.clone(),
        version: available.version.clone(),
        digest: available.digest,
        config: config.to_string(),
        plan,
        reasons,
        formers: Vec::new(),
        returned_from: None,
    })
}

fn plan_problems(pointer: &str, error: &PlanError) -> Vec<Problem> {
    let found = error.problems();
    if found.is_empty() {
        let place = match error {
            PlanError::Refused { .. } => "config",
            _ => "plugin",
        };
        return vec![Problem::new(
            format!("{pointer}/{place}"),
            error.code(),
            in_words(error),
        )];
    }
    let in_config = matches!(error, PlanError::Config { .. });
    let moved = found.iter().map(|problem| {
        let mut problem = problem.clone();
        if in_config {
            problem.pointer = format!("{pointer}/config{}", problem.pointer);
        } else {
            // What the rule asks for follows from its config; its own pointers mean nothing to the author.
            problem.reason = format!(
                "the rule's plan at {:?}: {}",
                problem.pointer, problem.reason
            );
            problem.pointer = format!("{pointer}/config");
        }
        problem
    });
    moved.collect()
}
