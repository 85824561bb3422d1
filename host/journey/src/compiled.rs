//! Definitions with the look-ups that an advance needs, made once per version of the definitions.
//!
//! The engine compiles when definitions change and shares the result over all threads of a partition.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use signalbox_model::{
    definitions::{Definitions, Slot, WorkflowDefinition, WorkflowVersion},
    id::{EventName, FieldName, StepId, TableName, WorkflowId},
    plan::Occasion,
    segment::{SEGMENT_ENTERED, SEGMENT_LEFT},
    table::Table,
    time::Instant,
    workflow::{
        Workflow, WorkflowState,
        step::{Action, Send, Step},
    },
};

use crate::{
    budget::step_bytes,
    control,
    hash::fnv1a,
    limits::{ARM_BYTES_MAX, KEPT_BYTES_MAX, MESSAGES_UNDER_WAY_MAX, VISITS_BYTES_MAX},
    segments::Segments,
    tables::Tables,
};

/// Definitions with their look-ups.
#[derive(Debug)]
pub struct Compiled {
    definitions: Arc<Definitions>,
    listeners: BTreeMap<EventName, Vec<Listener>>,
    attribute_listeners: BTreeMap<FieldName, Vec<Listener>>,
    steps: BTreeMap<WorkflowId, BTreeMap<u32, StepIndex>>,
    /// Workflows by the events that are the goal of one of their versions.
    measured: BTreeMap<EventName, Vec<WorkflowId>>,
    /// By the hash under which a contact's row names them.
    by_hash: BTreeMap<u64, WorkflowId>,
    segments: Segments,
    tables: Tables,
}

/// A trigger of a running workflow that wants to be asked about an event, or about a change of an attribute.
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
    /// Bytes of the longest id of a step.
    pub(crate) step_bytes_max: usize,
    /// Most bytes of the visits that a journey counts.
    pub(crate) visits_bytes: usize,
    /// Most bytes of the arms that a journey takes.
    pub(crate) arms_bytes: usize,
    /// Most bytes of the values that a journey keeps.
    pub(crate) kept_bytes: usize,
    /// Most messages of a journey that are on their way at one time.
    pub(crate) messages_max: usize,
}

impl StepIndex {
    pub(crate) fn position(&self, step: &StepId) -> Option<usize> {
        self.positions.get(step).copied()
    }
}

impl Compiled {
    /// Builds the look-ups, of definitions without tables.
    pub fn new(definitions: Arc<Definitions>) -> Self {
        Self::with_tables(definitions, BTreeMap::new())
    }

    /// Builds the look-ups; `tables` are the rows of the tables that the definitions name.
    pub fn with_tables(
        definitions: Arc<Definitions>,
        tables: BTreeMap<TableName, Arc<Table>>,
    ) -> Self {
        let mut listeners = BTreeMap::new();
        let mut attribute_listeners = BTreeMap::new();
        let mut steps = BTreeMap::new();
        let mut measured: BTreeMap<EventName, Vec<WorkflowId>> = BTreeMap::new();
        let mut by_hash = BTreeMap::new();
        for (id, definition) in &definitions.workflows {
            by_hash.insert(fnv1a(id.as_str().as_bytes()), id.clone());
            for event in goals(definition) {
                measured.entry(event.clone()).or_default().push(id.clone());
            }
            if definition.state == WorkflowState::Running {
                listen(id, definition, &mut listeners, &mut attribute_listeners);
            }
            let versions = definition.versions.iter();
            let indexes = versions.map(|(&number, version)| (number, index(&version.document)));
            steps.insert(id.clone(), indexes.collect());
        }
        let tables = Tables::new(tables, &definitions);
        Self {
            segments: Segments::new(&definitions),
            definitions,
            listeners,
            attribute_listeners,
            steps,
            measured,
            by_hash,
            tables,
        }
    }

    /// The same with what has started by then, until the next definitions come: see [`control::started`]. `None` where
    /// nothing has.
    pub fn started(&self, now: Instant) -> Option<Self> {
        let started = control::started(&self.definitions, now)?;
        Some(Self::with_tables(
            Arc::new(started),
            self.tables.all().clone(),
        ))
    }

    /// What it was made from.
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    /// The named segments.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    pub(crate) fn listeners(&self, name: &EventName) -> &[Listener] {
        self.listeners.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn attribute_listeners(&self, name: &FieldName) -> &[Listener] {
        self.attribute_listeners
            .get(name)
            .map_or(&[], Vec::as_slice)
    }

    /// Workflows for which an event of that name may be the goal.
    pub(crate) fn measured_by(&self, name: &EventName) -> &[WorkflowId] {
        self.measured.get(name).map_or(&[], Vec::as_slice)
    }

    /// The workflow of that hash, if it ran at that instant already: one that was deleted may have a successor of the same
    /// id.
    pub(crate) fn workflow_of_hash(&self, hash: u64, at: Instant) -> Option<&WorkflowId> {
        let id = self.by_hash.get(&hash)?;
        let since = self.workflow(id)?.running_since?;
        (since <= at).then_some(id)
    }

    pub(crate) fn workflow(&self, id: &WorkflowId) -> Option<&WorkflowDefinition> {
        self.definitions.workflows.get(id)
    }

    pub(crate) fn version(&self, id: &WorkflowId, number: u32) -> Option<&WorkflowVersion> {
        self.workflow(id)?.versions.get(&number)
    }

    /// The send of the step at that place.
    pub(crate) fn send_at(&self, id: &WorkflowId, number: u32, position: usize) -> Option<&Send> {
        let step = self.version(id, number)?.document.steps.get(position)?;
        step.send.as_ref()
    }

    pub(crate) fn steps(&self, id: &WorkflowId, number: u32) -> Option<&StepIndex> {
        self.steps.get(id)?.get(&number)
    }
}

/// Events that are the goal of one of its versions, each once.
fn goals(definition: &WorkflowDefinition) -> BTreeSet<&EventName> {
    let versions = definition.versions.values();
    let goals = versions.filter_map(|version| version.document.goal.as_ref()?.event());
    goals.map(|goal| &goal.on.event).collect()
}

fn listen(
    id: &WorkflowId,
    definition: &WorkflowDefinition,
    listeners: &mut BTreeMap<EventName, Vec<Listener>>,
    attribute_listeners: &mut BTreeMap<FieldName, Vec<Listener>>,
) {
    let trigger = definition
        .current_version()
        .and_then(|version| version.bindings.get(&Slot::Trigger));
    let occasions = trigger.map_or(&[][..], |binding| &binding.plan.occasions);
    for (occasion, asked) in occasions.iter().enumerate() {
        let listener = Listener {
            workflow: id.clone(),
            occasion: occasion as u32,
        };
        match asked {
            Occasion::Event(pattern) => {
                let listening = listeners.entry(pattern.event.clone());
                listening.or_default().push(listener);
            }
            Occasion::SegmentEntered(_) => listen_to(listeners, SEGMENT_ENTERED, listener),
            Occasion::SegmentLeft(_) => listen_to(listeners, SEGMENT_LEFT, listener),
            Occasion::AttributeChanged(name) => {
                let listening = attribute_listeners.entry(name.clone());
                listening.or_default().push(listener);
            }
            _ => {}
        }
    }
}

fn listen_to(
    listeners: &mut BTreeMap<EventName, Vec<Listener>>,
    event: &'static str,
    listener: Listener,
) {
    if let Ok(event) = EventName::parse(event) {
        listeners.entry(event).or_default().push(listener);
    }
}

fn index(document: &Workflow) -> StepIndex {
    let positions: BTreeMap<StepId, usize> = document
        .steps
        .iter()
        .enumerate()
        .map(|(position, step)| (step.id.clone(), position))
        .collect();
    let actions = || document.steps.iter().flat_map(Step::actions);
    let arms = actions().filter(has_arms).count();
    let keeps =
        actions().any(|action| matches!(action, Action::Update(update) if !update.keep.is_empty()));
    StepIndex {
        step_bytes_max: positions.keys().map(step_bytes).max().unwrap_or(0),
        visits_bytes: document.steps.len() * VISITS_BYTES_MAX,
        arms_bytes: arms * ARM_BYTES_MAX,
        kept_bytes: if keeps { KEPT_BYTES_MAX } else { 0 },
        messages_max: if document.jumps.is_empty() {
            1
        } else {
            MESSAGES_UNDER_WAY_MAX
        },
        positions,
    }
}

fn has_arms(action: &Action<'_>) -> bool {
    matches!(
        action,
        Action::Branch(_) | Action::Split(_) | Action::WaitFor(_) | Action::Approve(_)
    )
}

/// Positions of the steps that jumps lead to.
pub(crate) fn jump_targets(document: &Workflow, positions: &BTreeMap<StepId, usize>) -> Vec<usize> {
    let jumps = document.jumps.iter();
    let targets = jumps.filter_map(|jump| positions.get(&jump.goto).copied());
    targets.collect()
}

/// Where a step leads.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// Positions of the steps that can come right after it; unknown names lead nowhere.
    pub(crate) steps: Vec<usize>,
    /// Whether a journey can be over after it.
    pub(crate) ends: bool,
    /// Whether it names a step that there is not.
    pub(crate) is_open: bool,
}

/// The ways out of the step at `position`.
pub(crate) fn ways_from(
    document: &Workflow,
    positions: &BTreeMap<StepId, usize>,
    position: usize,
) -> Ways {
    let step = &document.steps[position];
    let (mut named, goes_on) = ways_of(step);
    if goes_on {
        named.extend(&step.next);
    }
    let mut ways = Ways {
        steps: Vec::new(),
        ends: step.exit.is_some(),
        is_open: false,
    };
    for name in named {
        match positions.get(name) {
            Some(position) => ways.steps.push(*position),
            None => ways.is_open = true,
        }
    }
    if goes_on && step.next.is_none() {
        if position + 1 < document.steps.len() {
            ways.steps.push(position + 1);
        } else {
            ways.ends = true;
        }
    }
    ways
}

/// The steps that the action names, and whether it can also lead to the step after.
fn ways_of(step: &Step) -> (Vec<&StepId>, bool) {
    let mut named: Vec<Option<&StepId>> = Vec::new();
    let actions = step.actions();
    for action in actions {
        match action {
            Action::Wait(_) | Action::Update(_) | Action::Webhook(_) => named.push(None),
            Action::Send(send) => named.extend(
                [None, send.on_error.as_ref()]
                    .into_iter()
                    .take(if send.on_error.is_some() { 2 } else { 1 }),
            ),
            Action::Branch(branch) => {
                named.extend(branch.arms.iter().map(|arm| arm.goto.as_ref()));
                named.push(branch.otherwise.as_ref());
            }
            Action::WaitFor(wait) => {
                named.extend(wait.arms.iter().map(|arm| arm.goto.as_ref()));
                named.push(wait.otherwise.as_ref());
            }
            Action::Approve(approve) => named.extend([
                approve.approved.as_ref(),
                Some(&approve.rejected),
                Some(&approve.otherwise),
            ]),
            Action::Split(split) => {
                named.extend(split.arms.iter().map(|arm| arm.goto.as_ref()));
                named.extend(split.may_pass().then_some(None));
            }
            Action::Goto(goto) => {
                named.push(Some(&goto.step));
                named.extend(goto.times_max.map(|_| None));
            }
            Action::Exit(_) => {}
        }
    }
    let goes_on = named.iter().any(Option::is_none) || step.actions().next().is_none();
    (named.into_iter().flatten().collect(), goes_on)
}

/// Whether one step or more lead from `from` to one that is wanted.
pub(crate) fn reaches(ways: &[Vec<usize>], from: usize, is_wanted: impl Fn(usize) -> bool) -> bool {
    let mut seen = vec![false; ways.len()];
    let mut open = ways[from].clone();
    while let Some(at) = open.pop() {
        if is_wanted(at) {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(&ways[at]);
        }
    }
    false
}
