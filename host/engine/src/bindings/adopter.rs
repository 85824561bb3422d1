//! Has bindings follow the catalogue.
//!
//! A binding that adopts moves on to a new version whose schema its config fits, and back from a quarantined one; one
//! whose config does not fit stays, and is listed.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant as ProcessInstant},
};

use signalbox_model::{
    definitions::{Definitions, ResolvedBinding, Slot, WorkflowVersion},
    id::{Digest, PluginName},
    plan::Plan,
    problem::Problem,
    record::{Command, REBINDINGS_MAX, Rebinding},
    segment::{Owner, SegmentDefinition},
    workflow::{Follow, WorkflowState},
};
use signalbox_rules::{
    catalogue::{Available, CatalogueEvent},
    trust::Requirement,
};
use tokio::runtime::Handle;

use super::{Offer, Placed, bind, ill_placed, ill_planned, placed, placed_in};
use crate::{
    clock::process_now,
    control,
    error::CommandError,
    releases,
    shared::{Shared, in_words},
};

/// Longest wait for an event of the catalogue before it is looked whether the engine stops.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two tries to move bindings that the log did not take.
const RETRY_AFTER: Duration = Duration::from_secs(1);
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

/// Follows the catalogue: has bindings moved on to new versions and back from quarantined ones.
pub(crate) struct Adopter {
    shared: Arc<Shared>,
    events: mpsc::Receiver<CatalogueEvent>,
    runtime: Handle,
    /// Quarantines that the log does not have yet; tried again after [`RETRY_AFTER`].
    unlogged: BTreeMap<Digest, Command>,
    /// Plugins whose bindings could not be moved for a passing reason; tried again after [`RETRY_AFTER`].
    unmoved: BTreeSet<PluginName>,
    tried_at: ProcessInstant,
    /// The definitions that were last looked at.
    looked_at: Arc<Definitions>,
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
            unlogged: BTreeMap::new(),
            unmoved: BTreeSet::new(),
            tried_at: process_now(),
            looked_at: Arc::default(),
        }
    }

    /// Works until the engine stops.
    pub(crate) fn serve(mut self) {
        while !self.shared.is_stopping() && !self.shared.has_failed() {
            match self.events.recv_timeout(LOOK_EVERY) {
                Ok(
                    CatalogueEvent::Available { name, .. } | CatalogueEvent::Lifted { name, .. },
                ) => self.follow(&name),
                Ok(CatalogueEvent::Quarantined {
                    name,
                    version,
                    digest,
                    reason,
                }) => {
                    let command = Command::Quarantine {
                        plugin: name,
                        version: version.to_string(),
                        digest,
                        reason,
                    };
                    self.unlogged.insert(digest, command);
                    self.log_quarantines();
                }
                Ok(
                    CatalogueEvent::Unreleased { .. }
                    | CatalogueEvent::Refused { .. }
                    | CatalogueEvent::Removed { .. },
                ) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    self.try_again();
                    self.follow_definitions();
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// What was quarantined before a stop, or while a binding came to it, may have bindings that did not go back yet; what
    /// is deprecated no more may have some that could not move on to it.
    fn follow_definitions(&mut self) {
        let definitions = Arc::clone(&self.shared.definitions.borrow());
        let before = std::mem::replace(&mut self.looked_at, Arc::clone(&definitions));
        if before.version == definitions.version {
            return;
        }
        let quarantined = definitions.quarantined.values().map(|one| &one.plugin);
        let deprecated = before.deprecations.iter();
        let changed =
            deprecated.filter(|(name, said)| definitions.deprecations.get(*name) != Some(*said));
        let plugins: BTreeSet<&PluginName> =
            quarantined.chain(changed.map(|(name, _)| name)).collect();
        for plugin in plugins {
            self.follow(plugin);
        }
    }

    /// Has the log know what is quarantined, and bindings go back from it.
    fn log_quarantines(&mut self) {
        for (digest, command) in std::mem::take(&mut self.unlogged) {
            let logged = control::command(&self.shared, command.clone());
            if let Err(error) = self.runtime.block_on(logged) {
                tracing::warn!(
                    rule.digest = %digest,
                    reason = %error,
                    "that {digest} is quarantined is not logged: {error}"
                );
                self.unlogged.insert(digest, command);
                self.tried_at = process_now();
            } else if let Command::Quarantine { plugin, .. } = &command {
                self.follow(plugin);
            }
        }
    }

    fn try_again(&mut self) {
        if self.tried_at.elapsed() >= RETRY_AFTER {
            self.log_quarantines();
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
        let candidates = self.candidates(placed, bound);
        let slot = placed.slot.to_string();
        let mut misfits = self
            .shared
            .misfits
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !candidates.is_empty() {
            misfits.retain(|known| {
                known.owner != *owner || known.version != version || known.slot != slot
            });
        }
        for available in candidates {
            let reason = match self.fitting(owner, placed, &available) {
                Ok(moved) => return Some(moved),
                Err(reason) => reason,
            };
            tracing::warn!(
                binding.owner = %owner,
                rule.name = %available.name,
                rule.version = %available.version,
                "{owner} {slot} does not fit {} {}: {reason}", available.name, available.version
            );
            misfits.insert(Misfit {
                owner: owner.clone(),
                version,
                slot: slot.clone(),
                plugin: available.name,
                offered: available.version,
                reason,
            });
        }
        None
    }

    /// The files that the binding may move to, the best first.
    fn candidates(&self, placed: &Placed<'_>, bound: &ResolvedBinding) -> Vec<Available> {
        let catalogue = &self.shared.catalogue;
        let definitions = Arc::clone(&self.shared.definitions.borrow());
        let newest = Offer::of(&self.shared, &definitions).newest(placed.binding);
        let newest = newest.filter(|newest| newest.digest != bound.digest);
        if !definitions.quarantined.contains_key(&bound.digest) {
            let newest = newest.filter(|newest| self.moves_on(bound, newest));
            return newest.into_iter().collect();
        }
        let formers = bound.formers.iter().rev().filter(|former| {
            placed.binding.version.matches(&former.version)
                && !definitions.quarantined.contains_key(&former.digest)
                && releases::is_stood_for(catalogue, &definitions, former.digest)
        });
        let formers = formers.filter_map(|former| catalogue.available(former.digest).ok());
        let (newer, older): (Vec<_>, Vec<_>) = newest
            .into_iter()
            .partition(|newest| newest.version > bound.version);
        newer.into_iter().chain(formers).chain(older).collect()
    }

    /// Whether a binding whose file is well moves on: to what is newer, and also newer than what it went back from. To other
    /// bytes of the same version only where nobody has to stand for them.
    fn moves_on(&self, bound: &ResolvedBinding, newest: &Available) -> bool {
        let left = bound.returned_from.as_ref();
        if left.is_some_and(|left| newest.version < left.version) {
            return false;
        }
        let trust = self.shared.catalogue.trust();
        match newest.version.cmp(&bound.version) {
            Ordering::Greater => true,
            Ordering::Equal => trust.requirement() == Requirement::Nothing,
            Ordering::Less => false,
        }
    }

    /// The binding with that file, or why it cannot have it.
    fn fitting(
        &self,
        owner: &Owner,
        placed: &Placed<'_>,
        available: &Available,
    ) -> Result<ResolvedBinding, String> {
        let definitions = Arc::clone(&self.shared.definitions.borrow());
        let catalogue = &self.shared.catalogue;
        let moved = bind(catalogue, available, &placed.slot, &placed.binding.config);
        let moved = moved.map_err(|error| in_words(&error))?;
        match misplaced(owner, &moved.plan, &definitions).first() {
            None => Ok(moved),
            Some(problem) => Err(problem.reason.clone()),
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

/// What is wrong with the plan in that place.
pub(super) fn misplaced(owner: &Owner, plan: &Plan, definitions: &Definitions) -> Vec<Problem> {
    let segment = owner
        .segment()
        .and_then(|name| definitions.segments.get(name));
    match segment {
        Some(found) => ill_placed(&found.document, Some(plan), definitions),
        None => ill_planned(plan, "", definitions),
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
pub(crate) fn bound_in(
    definitions: &Definitions,
) -> impl Iterator<Item = (Owner, u32, Placed<'_>, &ResolvedBinding)> {
    let open = definitions.workflows.iter();
    let open = open.filter(|(_, found)| found.state != WorkflowState::Ended);
    let workflows = open.flat_map(|(workflow, found)| {
        found.versions.iter().flat_map(|(number, version)| {
            let bound = bound_by(version);
            bound.map(|(placed, bound)| (Owner::Workflow(workflow.clone()), *number, placed, bound))
        })
    });
    let segments = definitions.segments.iter().filter_map(|(segment, found)| {
        let (placed, bound) = bound_by_segment(found)?;
        let owner = Owner::Segment(segment.clone());
        Some((owner, found.version, placed, bound))
    });
    workflows.chain(segments)
}

/// The same of one version of a workflow or segment.
pub(crate) fn bound_to<'d>(
    definitions: &'d Definitions,
    owner: &Owner,
    version: u32,
) -> Vec<(Placed<'d>, &'d ResolvedBinding)> {
    match owner {
        Owner::Workflow(workflow) => {
            let found = definitions.workflows.get(workflow);
            let found = found.filter(|found| found.state != WorkflowState::Ended);
            let version = found.and_then(|found| found.versions.get(&version));
            version.into_iter().flat_map(bound_by).collect()
        }
        Owner::Segment(segment) => {
            let found = definitions.segments.get(segment);
            let found = found.filter(|found| found.version == version);
            found.and_then(bound_by_segment).into_iter().collect()
        }
    }
}

fn bound_by(version: &WorkflowVersion) -> impl Iterator<Item = (Placed<'_>, &ResolvedBinding)> {
    placed(&version.document).into_iter().filter_map(|placed| {
        let bound = version.bindings.get(&placed.slot)?;
        Some((placed, bound))
    })
}

fn bound_by_segment(found: &SegmentDefinition) -> Option<(Placed<'_>, &ResolvedBinding)> {
    Some((placed_in(&found.document)?, found.binding.as_ref()?))
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
    use signalbox_model::id::WorkflowId;

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
