//! Definitions with the look-ups that an advance needs, made once per version of the definitions.
//!
//! The engine compiles when definitions change and shares the result over all threads of a partition.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use signalbox_model::{
    definitions::{Definitions, Slot, WorkflowDefinition, WorkflowVersion},
    id::{EventName, StepId, WorkflowId},
    plan::Occasion,
    workflow::{Step, Workflow, WorkflowState},
};

use crate::budget::{step_bytes, visits_bytes};

/// Definitions with their look-ups.
#[derive(Debug)]
pub struct Compiled {
    definitions: Arc<Definitions>,
    listeners: BTreeMap<EventName, Vec<Listener>>,
    steps: BTreeMap<WorkflowId, BTreeMap<u32, StepIndex>>,
}

/// A trigger of a running workflow that wants to be asked about an event.
#[derive(Debug, Clone)]
pub(crate) struct Listener {
    pub(crate) workflow: WorkflowId,
    /// Index into the occasions of its plan.
    pub(crate) occasion: u32,
}

/// The steps of one version by id.
#[derive(Debug, Default)]
pub(crate) struct StepIndex {
    positions: BTreeMap<StepId, usize>,
    /// Steps that a journey can come to more than once.
    recurring: BTreeSet<StepId>,
    /// Bytes of the longest id of a step.
    pub(crate) step_bytes_max: usize,
    /// Most bytes of a journey's visits.
    pub(crate) loops_bytes: usize,
}

impl StepIndex {
    pub(crate) fn position(&self, step: &StepId) -> Option<usize> {
        self.positions.get(step).copied()
    }

    pub(crate) fn is_recurring(&self, step: &StepId) -> bool {
        self.recurring.contains(step)
    }
}

impl Compiled {
    /// Builds the look-ups.
    pub fn new(definitions: Arc<Definitions>) -> Self {
        let mut listeners: BTreeMap<EventName, Vec<Listener>> = BTreeMap::new();
        let mut steps = BTreeMap::new();
        for (id, definition) in &definitions.workflows {
            if definition.state == WorkflowState::Running {
                listen(id, definition, &mut listeners);
            }
            let versions = definition.versions.iter();
            let indexes = versions.map(|(&number, version)| (number, index(&version.document)));
            steps.insert(id.clone(), indexes.collect());
        }
        Self {
            definitions,
            listeners,
            steps,
        }
    }

    /// What it was made from.
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    /// Names of events that a running workflow's trigger listens to.
    pub fn listened(&self) -> impl Iterator<Item = &EventName> {
        self.listeners.keys()
    }

    pub(crate) fn listeners(&self, name: &EventName) -> &[Listener] {
        self.listeners.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn workflow(&self, id: &WorkflowId) -> Option<&WorkflowDefinition> {
        self.definitions.workflows.get(id)
    }

    pub(crate) fn version(&self, id: &WorkflowId, number: u32) -> Option<&WorkflowVersion> {
        self.workflow(id)?.versions.get(&number)
    }

    pub(crate) fn steps(&self, id: &WorkflowId, number: u32) -> Option<&StepIndex> {
        self.steps.get(id)?.get(&number)
    }
}

fn listen(
    id: &WorkflowId,
    definition: &WorkflowDefinition,
    listeners: &mut BTreeMap<EventName, Vec<Listener>>,
) {
    let trigger = definition
        .current_version()
        .and_then(|version| version.bindings.get(&Slot::Trigger));
    let occasions = trigger.map_or(&[][..], |binding| &binding.plan.occasions);
    for (occasion, asked) in occasions.iter().enumerate() {
        if let Occasion::Event(pattern) = asked {
            let listener = Listener {
                workflow: id.clone(),
                occasion: occasion as u32,
            };
            listeners
                .entry(pattern.event.clone())
                .or_default()
                .push(listener);
        }
    }
}

fn index(document: &Workflow) -> StepIndex {
    let positions: BTreeMap<StepId, usize> = document
        .steps
        .iter()
        .enumerate()
        .map(|(position, step)| (step.id.clone(), position))
        .collect();
    let ways: Vec<Vec<usize>> = (0..document.steps.len())
        .map(|position| ways_from(document, &positions, position))
        .collect();
    let recurring: BTreeSet<StepId> = (0..document.steps.len())
        .filter(|&position| reaches(&ways, position, position))
        .map(|position| document.steps[position].id.clone())
        .collect();
    StepIndex {
        step_bytes_max: positions.keys().map(step_bytes).max().unwrap_or(0),
        loops_bytes: recurring.iter().map(visits_bytes).sum(),
        positions,
        recurring,
    }
}

/// Positions of the steps that can come right after the one at `position`; unknown names lead nowhere.
pub(crate) fn ways_from(
    document: &Workflow,
    positions: &BTreeMap<StepId, usize>,
    position: usize,
) -> Vec<usize> {
    let step = &document.steps[position];
    let mut ways = Vec::new();
    if let Some(branch) = &step.branch {
        ways.extend(
            branch
                .arms
                .iter()
                .filter_map(|arm| positions.get(&arm.goto)),
        );
        if let Some(otherwise) = &branch.otherwise {
            ways.extend(positions.get(otherwise));
            return ways;
        }
    }
    if step.exit.is_none() {
        ways.extend(after(document, positions, step, position));
    }
    ways
}

fn after(
    document: &Workflow,
    positions: &BTreeMap<StepId, usize>,
    step: &Step,
    position: usize,
) -> Option<usize> {
    match &step.next {
        Some(next) => positions.get(next).copied(),
        None => (position + 1 < document.steps.len()).then_some(position + 1),
    }
}

/// Whether one step or more lead from `from` to `to`.
pub(crate) fn reaches(ways: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; ways.len()];
    let mut open = ways[from].clone();
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(&ways[at]);
        }
    }
    false
}
