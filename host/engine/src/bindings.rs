//! Which file each binding of a workflow stands for: when the workflow is put, and when plugins come and go.
//!
//! A document is checked as a whole and all its problems are told at once. A binding that adopts moves on to a new
//! version whose schema its config fits; one whose config does not fit stays, and is listed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant as ProcessInstant},
};

use signalbox_journey::check::segments;
use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot, TableDefinition},
    id::{Digest, PluginName, TableName, WorkflowId},
    plan::Plan,
    problem::Problem,
    record::{Command, REBINDINGS_MAX, Rebinding},
    segment::{Owner, Segment},
    workflow::{Binding, Edit, Follow, Workflow, WorkflowState},
};
use signalbox_rules::{
    catalogue::{Available, Catalogue, CatalogueEvent},
    error::PlanError,
};
use tokio::runtime::Handle;

use crate::{
    clock::process_now,
    control,
    error::{CommandError, PutError, Unavailable},
    shared::{Shared, in_words},
    templates,
};

/// Longest wait for an event of the catalogue before it is looked whether the engine stops.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two tries to move bindings that the log did not take.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long a document waits for the file of a plugin that nobody knows yet.
const LOADING_WAIT_MAX: Duration = Duration::from_secs(10);
/// Most bytes of the bindings in one command.
const COMMAND_BYTES_MAX: usize = 1 << 20;

/// A binding that a new version of its plugin does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misfit {
    /// The workflow or segment.
    pub owner: Owner,
    /// Its version.
    pub version: u32,
    /// Which binding of it.
    pub slot: String,
    /// The plugin.
    pub plugin: PluginName,
    /// The version of the plugin that does not fit.
    pub offered: semver::Version,
    /// Why.
    pub reason: String,
}

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
    match control::command(shared, command).await {
        Ok(definitions) => Ok(definitions),
        Err(CommandError::Conflict(conflict)) => Err(conflict.into()),
        Err(CommandError::Log(error)) => Err(error.into()),
        Err(CommandError::Unavailable(unavailable)) => Err(unavailable.into()),
    }
}

/// Everything that is wrong with a workflow, its bindings and templates included: what a put would refuse it for. Needs
/// no engine that runs; segments and tables that it goes by are not looked for.
pub fn check_workflow(catalogue: &Catalogue, workflow: &Workflow) -> Vec<Problem> {
    check(catalogue, None, workflow).err().unwrap_or_default()
}

/// Checks a segment and has it put. Nothing is stored if there is any problem.
pub(crate) async fn put_segment(
    shared: &Arc<Shared>,
    segment: Segment,
    based_on: Option<u32>,
) -> Result<Arc<Definitions>, PutError> {
    let checking = Arc::clone(shared);
    let prepared = tokio::task::spawn_blocking(move || {
        let definitions = Arc::clone(&checking.definitions.borrow());
        let bound = check_segment(&checking.catalogue, &segment, &definitions);
        let bound = bound.map_err(PutError::Problems)?;
        Command::put_segment(&segment, bound.as_ref(), based_on)
            .map_err(|_| PutError::from(Unavailable::Failed))
    });
    let command = prepared.await.unwrap_or(Err(Unavailable::Failed.into()))?;
    match control::command(shared, command).await {
        Ok(definitions) => Ok(definitions),
        Err(CommandError::Conflict(conflict)) => Err(conflict.into()),
        Err(CommandError::Log(error)) => Err(error.into()),
        Err(CommandError::Unavailable(unavailable)) => Err(unavailable.into()),
    }
}

/// What is wrong with a segment's document; what its rule stands for if nothing is.
fn check_segment(
    catalogue: &Catalogue,
    segment: &Segment,
    definitions: &Definitions,
) -> Result<Option<ResolvedBinding>, Vec<Problem>> {
    let mut bound = None;
    let mut problems = Vec::new();
    if let Some(placed) = placed_in(segment) {
        if catalogue
            .resolve(&placed.binding.plugin, &placed.binding.version)
            .is_none()
        {
            // Its file may have come a moment ago.
            catalogue.wait_settled(LOADING_WAIT_MAX);
        }
        match resolve(catalogue, &placed) {
            Ok(resolved) => bound = Some(resolved),
            Err(found) => problems.extend(found),
        }
    }
    let plan = bound.as_ref().map(|binding| &binding.plan);
    let found = signalbox_journey::check::segments::found(segment, plan, definitions);
    problems.extend(found);
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

/// The reference tables that a binding may read.
type Tables = BTreeMap<TableName, TableDefinition>;

/// What is wrong with a document, its bindings and templates included; what it stands for if nothing is. Without `tables`
/// it is not looked at what bindings read of them.
pub(crate) fn check(
    catalogue: &Catalogue,
    tables: Option<&Tables>,
    workflow: &Workflow,
    definitions: Option<&Definitions>,
) -> Result<BTreeMap<Slot, ResolvedBinding>, Vec<Problem>> {
    let mut problems = signalbox_journey::check::found(workflow);
    let mut bindings = BTreeMap::new();
    let all = placed(workflow);
    let is_known = |one: &Placed<'_>| {
        let found = catalogue.resolve(&one.binding.plugin, &one.binding.version);
        found.is_some()
    };
    if !all.iter().all(is_known) {
        // Its file may have come a moment ago.
        catalogue.wait_settled(LOADING_WAIT_MAX);
    }
    for placed in all {
        match resolve(catalogue, &placed) {
            Ok(resolved) => {
                if let Some(definitions) = definitions {
                    let pointer = format!("{}/config", placed.pointer);
                    let plan = &resolved.plan;
                    problems.extend(segments::unknown_in(plan, &pointer, definitions));
                    problems.extend(unmet(&definitions.tables, plan, &placed.pointer));
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

/// What the plan asks of tables that they do not have. It follows from the config.
fn unmet(tables: &Tables, plan: &Plan, pointer: &str) -> Vec<Problem> {
    let unmet = signalbox_journey::tables::unmet(tables, plan);
    let problems = unmet.into_iter().map(|unmet| {
        let reason = format!("the rule's plan at {:?}: {}", unmet.pointer, unmet.reason);
        Problem::new(format!("{pointer}/config"), unmet.code, reason).with_help(unmet.help)
    });
    problems.collect()
}

/// The command that puts the workflow, its templates kept in the store. Blocks.
pub(crate) fn prepare(
    shared: &Shared,
    workflow: &Workflow,
    based_on: Option<u32>,
    edit: Edit,
) -> Result<Command, PutError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let bindings =
        check(&shared.catalogue, Some(&definitions), workflow).map_err(PutError::Problems)?;
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
        let arms = step.branch.iter().flat_map(|branch| &branch.arms);
        all.extend(arms.enumerate().map(|(arm, found)| Placed {
            slot: Slot::Arm(step.id.clone(), u16::try_from(arm).unwrap_or(u16::MAX)),
            pointer: format!("/steps/{index}/branch/arms/{arm}/segment"),
            binding: &found.segment,
        }));
    }
    all
}

fn resolve(catalogue: &Catalogue, placed: &Placed<'_>) -> Result<ResolvedBinding, Vec<Problem>> {
    let Placed {
        slot,
        pointer,
        binding,
    } = placed;
    let Some(available) = catalogue.resolve(&binding.plugin, &binding.version) else {
        return Err(vec![unknown(catalogue, pointer, binding)]);
    };
    let kind = slot.kind();
    if !available.kinds.contains(&kind) {
        let reason = format!("plugin {} has no {}", binding.plugin, kind.as_str());
        return Err(vec![Problem::new(
            format!("{pointer}/plugin"),
            "rule_missing",
            reason,
        )]);
    }
    bind(catalogue, &available, slot, &binding.config)
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
    })
}

fn unknown(catalogue: &Catalogue, pointer: &str, binding: &Binding) -> Problem {
    let Some(newest) = catalogue.resolve(&binding.plugin, &semver::VersionReq::STAR) else {
        return Problem::new(
            format!("{pointer}/plugin"),
            "plugin_unknown",
            format!("no plugin is named {}", binding.plugin),
        )
        .with_help(
            "put its file into the plugins folder; the list of plugins says why a file is refused",
        );
    };
    Problem::new(
        format!("{pointer}/version"),
        "plugin_version_missing",
        format!(
            "no version of plugin {} meets {}, the newest is {}",
            binding.plugin, binding.version, newest.version
        ),
    )
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

/// Follows the catalogue: has bindings moved on to new versions and back from quarantined ones.
pub(crate) struct Adopter {
    shared: Arc<Shared>,
    events: mpsc::Receiver<CatalogueEvent>,
    runtime: Handle,
    quarantined: BTreeSet<Digest>,
    /// Plugins whose bindings could not be moved for a passing reason; tried again after [`RETRY_AFTER`].
    unmoved: BTreeSet<PluginName>,
    tried_at: ProcessInstant,
}

/// Bindings that stayed behind. A mutex since the adopter writes and views read.
#[derive(Default)]
pub(crate) struct Misfits(Mutex<BTreeSet<Misfit>>);

impl Misfits {
    pub(crate) fn list(&self) -> Vec<Misfit> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().cloned().collect()
    }
}

impl Adopter {
    pub(crate) fn new(
        shared: Arc<Shared>,
        events: mpsc::Receiver<CatalogueEvent>,
        runtime: Handle,
    ) -> Self {
        Self {
            shared,
            events,
            runtime,
            quarantined: BTreeSet::new(),
            unmoved: BTreeSet::new(),
            tried_at: process_now(),
        }
    }

    /// Works until the engine stops.
    pub(crate) fn serve(mut self) {
        while !self.shared.is_stopping() && !self.shared.has_failed() {
            match self.events.recv_timeout(LOOK_EVERY) {
                Ok(CatalogueEvent::Available { name, .. }) => self.follow(&name),
                Ok(CatalogueEvent::Quarantined { name, digest, .. }) => {
                    self.quarantined.insert(digest);
                    self.follow(&name);
                }
                Ok(CatalogueEvent::Refused { .. } | CatalogueEvent::Removed { .. }) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => self.try_again(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn try_again(&mut self) {
        if self.tried_at.elapsed() >= RETRY_AFTER {
            for plugin in std::mem::take(&mut self.unmoved) {
                self.follow(&plugin);
            }
        }
    }

    /// Has every binding of the plugin moved that can be, all at once.
    fn follow(&mut self, plugin: &PluginName) {
        let definitions = Arc::clone(&self.shared.definitions.borrow());
        let mut all = Vec::new();
        for (owner, version, placed, bound) in bound_in(&definitions) {
            if placed.binding.plugin == *plugin
                && placed.binding.follow == Follow::Adopt
                && let Some(moved) = self.better(&owner, version, &placed, bound)
            {
                all.extend(rebinding(&owner, version, &placed.slot, &moved));
            }
        }
        for part in parts(all) {
            if !self.rebind(plugin, part) {
                self.unmoved.insert(plugin.clone());
                self.tried_at = process_now();
            }
        }
    }

    /// What the binding should stand for instead, if for anything else.
    fn better(
        &self,
        owner: &Owner,
        version: u32,
        placed: &Placed<'_>,
        bound: &ResolvedBinding,
    ) -> Option<ResolvedBinding> {
        let catalogue = &self.shared.catalogue;
        let available = catalogue.resolve(&placed.binding.plugin, &placed.binding.version)?;
        let has_left = self.quarantined.contains(&bound.digest);
        if available.digest == bound.digest || (available.version < bound.version && !has_left) {
            return None;
        }
        let misfit = |reason: String| Misfit {
            owner: owner.clone(),
            version,
            slot: placed.slot.to_string(),
            plugin: available.name.clone(),
            offered: available.version.clone(),
            reason,
        };
        let mut misfits = self
            .shared
            .misfits
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        misfits.retain(|known| {
            known.owner != *owner
                || known.version != version
                || known.slot != placed.slot.to_string()
        });
        let moved = bind(catalogue, &available, &placed.slot, &placed.binding.config);
        let moved = moved.map_err(|error| in_words(&error)).and_then(|moved| {
            let tables = &self.shared.definitions.borrow().tables;
            match unmet(tables, &moved.plan, "").first() {
                None => Ok(moved),
                Some(unmet) => Err(unmet.reason.clone()),
            }
        });
        match moved {
            Ok(moved) => Some(moved),
            Err(reason) => {
                tracing::warn!(
                    binding.owner = %owner,
                    rule.name = %available.name,
                    rule.version = %available.version,
                    "{owner} {} stays on {} {}: {reason}", placed.slot, bound.plugin, bound.version
                );
                misfits.insert(misfit(reason));
                None
            }
        }
    }

    /// Whether it has come to an end, one way or the other.
    fn rebind(&self, plugin: &PluginName, bindings: Vec<Rebinding>) -> bool {
        let count = bindings.len();
        let command = Command::Rebind { bindings };
        let done = self
            .runtime
            .block_on(control::command(&self.shared, command));
        match done {
            Ok(_) => {
                tracing::info!(
                    rule.name = %plugin,
                    bindings = count,
                    "{count} bindings of {plugin} move on to another version"
                );
                true
            }
            Err(error) => {
                tracing::warn!(
                    rule.name = %plugin,
                    bindings = count,
                    reason = %error,
                    "{count} bindings of {plugin} do not move on: {error}"
                );
                matches!(error, CommandError::Conflict(_))
            }
        }
    }
}

/// What fits into one command each.
fn parts(all: Vec<Rebinding>) -> Vec<Vec<Rebinding>> {
    let mut parts: Vec<Vec<Rebinding>> = Vec::new();
    let mut bytes = 0;
    for rebinding in all {
        bytes += rebinding.binding.len();
        match parts.last_mut() {
            Some(part) if part.len() < REBINDINGS_MAX && bytes <= COMMAND_BYTES_MAX => {
                part.push(rebinding);
            }
            _ => {
                bytes = rebinding.binding.len();
                parts.push(vec![rebinding]);
            }
        }
    }
    parts
}

/// Every binding that is not of an ended workflow, as its document has it and as what it stands for.
fn bound_in(
    definitions: &Definitions,
) -> impl Iterator<Item = (Owner, u32, Placed<'_>, &ResolvedBinding)> {
    let open = definitions.workflows.iter();
    let open = open.filter(|(_, found)| found.state != WorkflowState::Ended);
    let workflows = open.flat_map(|(workflow, found)| {
        found.versions.iter().flat_map(|(number, version)| {
            placed(&version.document).into_iter().filter_map(|placed| {
                let bound = version.bindings.get(&placed.slot)?;
                Some((Owner::Workflow(workflow.clone()), *number, placed, bound))
            })
        })
    });
    let segments = definitions.segments.iter().filter_map(|(segment, found)| {
        let placed = placed_in(&found.document)?;
        let owner = Owner::Segment(segment.clone());
        Some((owner, found.version, placed, found.binding.as_ref()?))
    });
    workflows.chain(segments)
}

fn rebinding(
    owner: &Owner,
    version: u32,
    slot: &Slot,
    moved: &ResolvedBinding,
) -> Option<Rebinding> {
    tracing::info!(
        binding.owner = %owner,
        rule.name = %moved.plugin,
        rule.version = %moved.version,
        rule.digest = %moved.digest,
        "{owner} {slot} moves on to {} {}", moved.plugin, moved.version
    );
    Some(Rebinding {
        owner: owner.clone(),
        version,
        slot: slot.to_string(),
        // A binding holds texts and JSON only, so that this does not fail.
        binding: serde_json::to_string(moved).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebindings(count: usize, bytes: usize) -> Vec<Rebinding> {
        let rebinding = Rebinding {
            owner: WorkflowId::parse("thanks").expect("an id").into(),
            version: 1,
            slot: "trigger".to_owned(),
            binding: "x".repeat(bytes),
        };
        vec![rebinding; count]
    }

    fn sizes(all: Vec<Rebinding>) -> Vec<usize> {
        parts(all).iter().map(Vec::len).collect()
    }

    #[test]
    fn bindings_move_in_as_few_commands_as_they_fit_into() {
        assert_eq!(sizes(Vec::new()), [0; 0]);
        assert_eq!(sizes(rebindings(REBINDINGS_MAX, 10)), [REBINDINGS_MAX]);
        assert_eq!(
            sizes(rebindings(REBINDINGS_MAX + 1, 10)),
            [REBINDINGS_MAX, 1]
        );
        let half = COMMAND_BYTES_MAX / 2;
        assert_eq!(sizes(rebindings(5, half)), [2, 2, 1]);
        assert_eq!(sizes(rebindings(2, 2 * COMMAND_BYTES_MAX)), [1, 1]);
    }
}
