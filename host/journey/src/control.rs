//! What is global: workflows, their versions and their states, changed by commands in the control partition.
//!
//! `engine` calls this for each command of the control partition's log, and for scheduled starts that have come. A
//! command is applied whole or refused with the state it met and what that state allows; it never half happens. That
//! the document itself makes sense was checked before it came into the log.

mod conflict;
mod deprecations;
mod experiments;
mod quarantine;
mod rebind;
mod releases;
mod segments;
mod shadows;
mod tables;

use std::collections::BTreeMap;

use signalbox_model::{
    definitions::{
        Definitions, EndedExperiment, OVERRIDES_MAX, Overridden, Override, Quarantined,
        ResolvedBinding, Slot, WorkflowDefinition, WorkflowVersion,
    },
    id::{Digest, TemplateName, WorkflowId},
    plan::Occasion,
    record::{Command, Posted},
    settings::Settings,
    time::Instant,
    workflow::{Action, WorkflowState},
};

pub use self::{conflict::Conflict, shadows::ShadowConflict};
use crate::limits::{CANCEL_BEFORE_MIN, DEFINITIONS_BYTES_MAX, VERSIONS_MAX, WORKFLOWS_MAX};

/// New definitions, and whom they concern.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The whole of the definitions, with the next version number.
    pub definitions: Definitions,
    /// The workflows that are different now.
    pub affected: Vec<WorkflowId>,
}

/// What can be asked of a workflow in a state; `edit` stands for a new version of its document.
pub fn allowed(state: WorkflowState) -> &'static [&'static str] {
    match state {
        WorkflowState::Draft => &["edit", "start", "schedule", "delete"],
        WorkflowState::Scheduled => &["cancel"],
        WorkflowState::Running => &["pause", "end"],
        WorkflowState::Paused => &["edit", "resume", "end", "delete"],
        WorkflowState::Ended => &["delete"],
    }
}

/// Applies a command, to what has started by now.
pub fn apply(
    definitions: &Definitions,
    command: &Command,
    now: Instant,
) -> Result<Change, Conflict> {
    let Some(started) = start_due(definitions, now) else {
        return apply_to(definitions, command, now);
    };
    let mut change = apply_to(&started.definitions, command, now)?;
    change.affected.extend(started.affected);
    Ok(change)
}

#[expect(clippy::too_many_lines, reason = "one arm for each command")]
fn apply_to(
    definitions: &Definitions,
    command: &Command,
    now: Instant,
) -> Result<Change, Conflict> {
    match command {
        Command::PutWorkflow {
            document,
            bindings,
            templates,
            based_on,
            edit,
        } => {
            let version = WorkflowVersion {
                number: 1,
                created_at: now,
                edit: *edit,
                document: read("document", document)?,
                bindings: read_bindings(definitions, bindings)?,
                templates: template_names(templates)?,
                ended: BTreeMap::new(),
            };
            bounded(put(definitions, version, *based_on)?)
        }
        Command::Transition { workflow, action } => transition(definitions, workflow, *action, now),
        Command::Start {
            workflow,
            action,
            version,
            by,
        } => start_checked(definitions, workflow, (*action, *version), by.as_ref(), now),
        Command::Rebind { bindings } => bounded(rebind::all(definitions, bindings)?),
        Command::PutSettings { settings, based_on } => {
            put_settings(definitions, read("settings", settings)?, *based_on)
        }
        Command::EndExperiment {
            workflow,
            step,
            version,
            winner,
            by,
        } => {
            let ended = EndedExperiment {
                at: now,
                winner: winner.clone(),
                by: by.clone(),
            };
            experiments::end(definitions, workflow, (step, *version), ended)
        }
        Command::PutSegment {
            document,
            binding,
            based_on,
        } => {
            let document = read("document", document)?;
            let binding = binding.as_ref().map(|text| read("binding", text));
            let binding = binding.transpose()?;
            let change = segments::put(definitions, document, binding, *based_on, now)?;
            bounded(change)
        }
        Command::DeleteSegment { name } => segments::delete(definitions, name),
        Command::PutTable { table, text } => bounded(tables::put(definitions, table, text, now)?),
        Command::DeleteTable { table } => tables::delete(definitions, table),
        Command::Quarantine {
            plugin,
            version,
            digest,
            reason,
        } => quarantine::put(definitions, *digest, (plugin, version), reason, now),
        Command::LiftQuarantine {
            digest,
            lifts_revoked,
        } => quarantine::lift(definitions, *digest, *lifts_revoked),
        Command::RevokePlugin {
            plugin,
            version,
            digest,
            reason,
            revoked,
        } => {
            let file = (plugin, version.as_str(), *digest);
            bounded(quarantine::revoke(
                definitions,
                file,
                (reason, revoked),
                now,
            )?)
        }
        Command::DeprecatePlugin {
            plugin,
            deprecation,
        } => bounded(deprecations::put(definitions, plugin, deprecation, now)?),
        Command::LiftDeprecation { plugin } => deprecations::lift(definitions, plugin),
        Command::StartShadow {
            owner,
            version,
            slot,
            binding,
        } => {
            let place = (owner, *version, slot.as_str());
            bounded(shadows::start(definitions, place, binding, now)?)
        }
        Command::PromoteShadow { number } => bounded(shadows::promote(definitions, *number)?),
        Command::DropShadow { number } => shadows::drop(definitions, *number),
        Command::ReleasePlugin { digest, release } => {
            bounded(releases::add(definitions, *digest, release, now)?)
        }
    }
}

/// Refuses what would make the definitions larger than they may be: they are kept, and read, as a whole.
fn bounded(change: Change) -> Result<Change, Conflict> {
    let count = serde_json::to_vec(&change.definitions).map_or(usize::MAX, |json| json.len());
    if count > DEFINITIONS_BYTES_MAX {
        return Err(Conflict::Full {
            what: "bytes of workflows and their versions",
            count,
            count_max: DEFINITIONS_BYTES_MAX,
        });
    }
    Ok(change)
}

/// Applies what a partition posted here; `None` when it changes nothing any more.
pub fn apply_post(definitions: &Definitions, posted: &Posted, now: Instant) -> Option<Change> {
    match posted {
        Posted::PauseWorkflow {
            workflow,
            since,
            at,
            ..
        } => {
            let found = definitions.workflows.get(workflow)?;
            let is_meant = found.state == WorkflowState::Running
                && found.running_since == Some(*since)
                && found.resumed_at.is_none_or(|resumed| resumed <= *at);
            if !is_meant {
                return None;
            }
            changed(definitions, workflow, |found| found.pause(now)).ok()
        }
        Posted::Definitions { .. } => None,
    }
}

/// Scheduled starts that have come, the earliest first.
pub fn due(definitions: &Definitions, now: Instant) -> Vec<(Instant, WorkflowId)> {
    let mut due: Vec<_> = scheduled(definitions)
        .filter(|(at, _)| *at <= now)
        .collect();
    due.sort();
    due
}

/// The earliest scheduled start, come or not.
pub fn next_start(definitions: &Definitions) -> Option<Instant> {
    scheduled(definitions).map(|(at, _)| at).min()
}

/// Starts every workflow whose scheduled start has come, each as of the instant it was scheduled for.
pub fn start_due(definitions: &Definitions, now: Instant) -> Option<Change> {
    let due = due(definitions, now);
    let mut definitions = started(definitions, now)?;
    definitions.version += 1;
    let affected = due.into_iter().map(|(_, workflow)| workflow).collect();
    Some(Change {
        definitions,
        affected,
    })
}

/// The same definitions, of the same version, as they are from the next scheduled start on that has come: partitions go
/// by them until they hear of that start, so that nothing that happens meanwhile is missed.
pub fn started(definitions: &Definitions, now: Instant) -> Option<Definitions> {
    let due = due(definitions, now);
    if due.is_empty() {
        return None;
    }
    let mut definitions = definitions.clone();
    for (at, workflow) in &due {
        if let Some(found) = definitions.workflows.get_mut(workflow) {
            start(found, *at);
        }
    }
    Some(definitions)
}

/// Other settings concern every workflow.
fn put_settings(
    definitions: &Definitions,
    settings: Settings,
    based_on: u64,
) -> Result<Change, Conflict> {
    let current = definitions.settings_version;
    if current != based_on {
        return Err(Conflict::Settings { current, based_on });
    }
    let mut definitions = definitions.clone();
    definitions.version += 1;
    definitions.settings_version += 1;
    definitions.settings = settings;
    let affected = definitions.workflows.keys().cloned().collect();
    Ok(Change {
        definitions,
        affected,
    })
}

fn scheduled(definitions: &Definitions) -> impl Iterator<Item = (Instant, WorkflowId)> {
    definitions.workflows.iter().filter_map(|(id, found)| {
        let at = found
            .starts_at
            .filter(|_| found.state == WorkflowState::Scheduled)?;
        Some((at, id.clone()))
    })
}

fn start(workflow: &mut WorkflowDefinition, at: Instant) {
    workflow.state = WorkflowState::Running;
    workflow.starts_at = None;
    workflow.running_since = Some(at);
    let version = workflow.current_version();
    workflow.enters_existing = version.is_some_and(|version| {
        let trigger = version.bindings.get(&Slot::Trigger);
        let asks = |binding: &ResolvedBinding| binding.plan.occasions.contains(&Occasion::Start);
        version.document.enter_existing || trigger.is_some_and(asks)
    });
}

fn put(
    definitions: &Definitions,
    mut version: WorkflowVersion,
    based_on: Option<u32>,
) -> Result<Change, Conflict> {
    let workflow = version.document.id.clone();
    match (definitions.workflows.get(&workflow), based_on) {
        (None, Some(_)) => Err(Conflict::NotFound { workflow }),
        (Some(found), None) => Err(Conflict::Exists {
            workflow,
            current: found.current,
        }),
        (None, None) => create(definitions, version),
        (Some(found), Some(based_on)) => {
            may_edit(&workflow, found, based_on)?;
            changed(definitions, &workflow, |found| {
                succeed(found, &mut version, &definitions.quarantined);
                if found.state == WorkflowState::Draft {
                    // Nobody has entered a draft, so nobody needs what it was before.
                    found.versions.clear();
                }
                found.current += 1;
                version.number = found.current;
                experiments::begin_changed_anew(found, &version);
                found.versions.insert(found.current, version);
            })
        }
    }
}

/// Bindings of the next version know where those of the current one would go back to.
fn succeed(
    found: &WorkflowDefinition,
    version: &mut WorkflowVersion,
    quarantined: &BTreeMap<Digest, Quarantined>,
) {
    let before = found.current_version().map(|current| &current.bindings);
    for (slot, binding) in &mut version.bindings {
        let before = before.and_then(|bindings| bindings.get(slot));
        if let Some(before) = before.filter(|before| before.plugin == binding.plugin) {
            *binding = binding.clone().in_place_of(before, quarantined);
        }
    }
}

fn create(definitions: &Definitions, version: WorkflowVersion) -> Result<Change, Conflict> {
    let count = definitions.workflows.len();
    if count >= WORKFLOWS_MAX {
        return Err(Conflict::Full {
            what: "workflows",
            count,
            count_max: WORKFLOWS_MAX,
        });
    }
    let workflow = version.document.id.clone();
    let created = WorkflowDefinition {
        state: WorkflowState::Draft,
        starts_at: None,
        running_since: None,
        enters_existing: false,
        paused_at: None,
        resumed_at: None,
        earlier_pauses: Vec::new(),
        current: version.number,
        versions: BTreeMap::from([(version.number, version)]),
        overrides: Vec::new(),
        ended: BTreeMap::new(),
    };
    let mut definitions = definitions.clone();
    definitions.version += 1;
    definitions.workflows.insert(workflow.clone(), created);
    Ok(Change {
        definitions,
        affected: vec![workflow],
    })
}

fn may_edit(
    workflow: &WorkflowId,
    found: &WorkflowDefinition,
    based_on: u32,
) -> Result<(), Conflict> {
    if !allowed(found.state).contains(&"edit") {
        return Err(refused(workflow, found.state, "edit", needed("edit")));
    }
    if found.current != based_on {
        return Err(Conflict::Version {
            workflow: workflow.clone(),
            current: found.current,
            based_on,
        });
    }
    let count = found.versions.len();
    if count >= VERSIONS_MAX {
        return Err(Conflict::Full {
            what: "versions",
            count,
            count_max: VERSIONS_MAX,
        });
    }
    Ok(())
}

fn transition(
    definitions: &Definitions,
    workflow: &WorkflowId,
    action: Action,
    now: Instant,
) -> Result<Change, Conflict> {
    let Some(found) = definitions.workflows.get(workflow) else {
        return Err(Conflict::NotFound {
            workflow: workflow.clone(),
        });
    };
    if !allowed(found.state).contains(&action.as_str()) {
        let action = action.as_str();
        return Err(refused(workflow, found.state, action, needed(action)));
    }
    let has_goal = found
        .current_version()
        .is_some_and(|version| version.document.goal.is_some());
    match action {
        Action::Start | Action::Schedule(_) | Action::Resume if !has_goal => {
            Err(Conflict::GoalMissing {
                workflow: workflow.clone(),
            })
        }
        Action::Start => changed(definitions, workflow, |found| start(found, now)),
        Action::Schedule(starts_at) if starts_at <= now => {
            Err(Conflict::NotAhead { starts_at, now })
        }
        Action::Schedule(starts_at) => changed(definitions, workflow, |found| {
            found.state = WorkflowState::Scheduled;
            found.starts_at = Some(starts_at);
        }),
        Action::Cancel
            if found
                .starts_at
                .is_some_and(|at| at.since(now) < CANCEL_BEFORE_MIN) =>
        {
            Err(Conflict::StartsSoon {
                workflow: workflow.clone(),
                before: CANCEL_BEFORE_MIN,
            })
        }
        Action::Cancel => changed(definitions, workflow, |found| {
            found.state = WorkflowState::Draft;
            found.starts_at = None;
        }),
        Action::Pause => changed(definitions, workflow, |found| found.pause(now)),
        Action::Resume => changed(definitions, workflow, |found| {
            found.state = WorkflowState::Running;
            found.resumed_at = Some(now);
        }),
        Action::End => changed(definitions, workflow, |found| {
            found.state = WorkflowState::Ended;
        }),
        Action::Delete => {
            let mut definitions = definitions.clone();
            definitions.version += 1;
            definitions.workflows.remove(workflow);
            shadows::forget_lost(&mut definitions);
            Ok(Change {
                definitions,
                affected: vec![workflow.clone()],
            })
        }
    }
}

/// The same with who let it, though its checklist fails.
fn start_checked(
    definitions: &Definitions,
    workflow: &WorkflowId,
    (action, checked): (Action, u32),
    by: Option<&Override>,
    now: Instant,
) -> Result<Change, Conflict> {
    let mut change = transition(definitions, workflow, action, now)?;
    let Some(found) = change.definitions.workflows.get_mut(workflow) else {
        return Ok(change);
    };
    if found.current != checked {
        return Err(Conflict::Checked {
            workflow: workflow.clone(),
            current: found.current,
            checked,
        });
    }
    if let Some(by) = by {
        found.overrides.push(Overridden {
            at: now,
            version: checked,
            by: by.clone(),
        });
        let surplus = found.overrides.len().saturating_sub(OVERRIDES_MAX);
        found.overrides.drain(..surplus);
    }
    bounded(change)
}

fn changed(
    definitions: &Definitions,
    workflow: &WorkflowId,
    change: impl FnOnce(&mut WorkflowDefinition),
) -> Result<Change, Conflict> {
    let mut definitions = definitions.clone();
    definitions.version += 1;
    let Some(found) = definitions.workflows.get_mut(workflow) else {
        return Err(Conflict::NotFound {
            workflow: workflow.clone(),
        });
    };
    change(found);
    shadows::forget_lost(&mut definitions);
    Ok(Change {
        definitions,
        affected: vec![workflow.clone()],
    })
}

fn refused(
    workflow: &WorkflowId,
    state: WorkflowState,
    action: &'static str,
    needed: Vec<WorkflowState>,
) -> Conflict {
    Conflict::State {
        workflow: workflow.clone(),
        state,
        action,
        needed,
        allowed: allowed(state),
    }
}

/// The states in which it can be asked.
fn needed(action: &str) -> Vec<WorkflowState> {
    let states = WorkflowState::ALL.into_iter();
    states
        .filter(|state| allowed(*state).contains(&action))
        .collect()
}

/// As `draft, paused or ended`.
fn one_of(states: &[WorkflowState]) -> String {
    let words: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

fn read<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Conflict> {
    serde_json::from_str(text).map_err(|error| malformed(what, &error))
}

/// Bindings of a workflow that what there is can serve.
fn read_bindings(
    definitions: &Definitions,
    text: &str,
) -> Result<BTreeMap<Slot, ResolvedBinding>, Conflict> {
    let bindings: BTreeMap<Slot, ResolvedBinding> = read("bindings", text)?;
    tables::serve(definitions, &bindings)?;
    let mut bound = bindings.values();
    bound.try_for_each(|binding| segments::serve_one(definitions, binding))?;
    Ok(bindings)
}

fn read_slot(text: &str) -> Result<Slot, Conflict> {
    Slot::parse(text).ok_or_else(|| Conflict::Malformed {
        what: "slot",
        reason: format!("{text:?} is not a place of a binding"),
    })
}

fn malformed(what: &'static str, error: &dyn std::error::Error) -> Conflict {
    Conflict::Malformed {
        what,
        reason: error.to_string(),
    }
}

fn template_names(
    templates: &BTreeMap<String, Digest>,
) -> Result<BTreeMap<TemplateName, Digest>, Conflict> {
    let names = templates.iter().map(|(name, digest)| {
        let parsed = TemplateName::parse(name).map_err(|error| Conflict::Malformed {
            what: "template name",
            reason: error.to_string(),
        })?;
        Ok((parsed, *digest))
    });
    names.collect()
}
