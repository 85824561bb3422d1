//! What can be seen from outside: contacts, journeys, workflows, counters, status. Reads only, and only commits.

use std::{collections::BTreeMap, sync::Arc};

use signalbox_model::{
    definitions::{Definitions, WorkflowDefinition},
    fact::FactKind,
    id::{ContactId, JourneyId, WorkflowId},
    message::{Message, MessageStatus},
    state::{ContactState, Journey, JourneySummary, PendingArm},
    time::Instant,
    workflow::WorkflowState,
};
use signalbox_reports::{Counters, VersionCounters};
use signalbox_store::StoredFact;

use crate::{
    error::{ApplyError, ReadError},
    partition::{read_counters, read_input_counters},
    shared::Shared,
};

/// Most closed journeys shown of one contact.
pub(crate) const JOURNEYS_MAX: usize = 1_000;
/// Most facts read to show the journeys of one contact.
pub(crate) const FACTS_MAX: usize = 10_000;

/// A workflow with what happened in it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowView {
    /// Its id.
    pub id: WorkflowId,
    /// State, versions and bindings.
    pub definition: WorkflowDefinition,
    /// Counters by version.
    pub counters: BTreeMap<u32, VersionCounters>,
    /// What can be asked of it now.
    pub allowed: Vec<&'static str>,
}

/// A contact as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactView {
    /// Profile, history and everything inside.
    pub state: ContactState,
    /// Journeys that are over, the last one first.
    pub closed: Vec<JourneySummary>,
    /// The position it was read at: the last record applied in its partition.
    pub position: signalbox_journal::Position,
}

/// One journey of a contact, inside or over.
#[derive(Debug, Clone, PartialEq)]
pub struct JourneyView {
    /// Which one.
    pub id: JourneyId,
    /// In which workflow.
    pub workflow: WorkflowId,
    /// Where it stands; `None` once it is over.
    pub inside: Option<Journey>,
    /// How it ended; `None` while it is inside.
    pub closed: Option<JourneySummary>,
    /// What happened in it, the oldest first, decisions included.
    pub facts: Vec<StoredFact>,
    /// Its messages.
    pub messages: Vec<Message>,
}

/// Everything about a contact's journeys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JourneysView {
    /// Inside first, then over, the last one first.
    pub journeys: Vec<JourneyView>,
    /// What happened before or beside a journey: decisions of triggers and audiences, arms, refusals.
    pub outside: Vec<StoredFact>,
    /// Arms that have not fired, by workflow.
    pub arms: Vec<(WorkflowId, PendingArm)>,
}

/// How the engine is.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts that operators look at, not a state"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Inputs are accepted and applied.
    pub is_ready: bool,
    /// Why it cannot go on, if so.
    pub failed: Option<String>,
    /// It is on its way out.
    pub is_stopping: bool,
    /// Journey time.
    pub now: Instant,
    /// The clock is wound by hand.
    pub is_manual: bool,
    /// The machine's clock has leapt ahead; nothing is released until an operator has looked.
    pub clock_leapt: bool,
    /// Mail servers cannot be reached.
    pub outbox_resting: bool,
    /// Partitions of contacts.
    pub partitions: u16,
    /// The last sequence applied, by partition, the control partition last.
    pub applied: Vec<u64>,
    /// The last durable sequence, likewise.
    pub durable: Vec<u64>,
    /// Inputs that had no effect, counted since the store was made.
    pub inputs: InputsView,
    /// Bindings that a new version of their plugin does not fit.
    pub misfits: Vec<crate::bindings::Misfit>,
}

/// Inputs that had no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputsView {
    /// Events that came again.
    pub repeated: u64,
    /// Events whose id named another event.
    pub conflicts: u64,
    /// Attributes left out because there were too many, or they took too many bytes.
    pub attributes_left_out: u64,
    /// Records that cannot be applied and were passed over.
    pub parked: u64,
}

pub(crate) fn counters(shared: &Shared) -> Result<Counters, ReadError> {
    let mut merged = Counters::default();
    for partition in 0..shared.control() {
        merged.merge(&read_counters(&shared.store, partition).map_err(read_error)?);
    }
    Ok(merged)
}

pub(crate) fn inputs(shared: &Shared) -> Result<InputsView, ReadError> {
    let mut merged = InputsView::default();
    for partition in 0..shared.control() {
        let found = read_input_counters(&shared.store, partition).map_err(read_error)?;
        merged.repeated += found.repeated;
        merged.conflicts += found.conflicts;
        merged.attributes_left_out += found.attributes_left_out;
        merged.parked += found.parked;
    }
    Ok(merged)
}

fn read_error(error: ApplyError) -> ReadError {
    match error {
        ApplyError::Counters { partition, source } => ReadError::Counters { partition, source },
        ApplyError::Store { source, .. } => ReadError::Store(source),
        _ => ReadError::Unavailable(crate::error::Unavailable::Failed),
    }
}

pub(crate) fn workflows(shared: &Shared) -> Result<Vec<WorkflowView>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let mut counters = counters(shared)?;
    let views = definitions.workflows.keys().filter_map(|id| {
        let counters = counters.workflows.remove(id).unwrap_or_default();
        workflow_view(&definitions, id, counters)
    });
    Ok(views.collect())
}

pub(crate) fn workflow(
    shared: &Shared,
    id: &WorkflowId,
) -> Result<Option<WorkflowView>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    if !definitions.workflows.contains_key(id) {
        return Ok(None);
    }
    let counters = counters(shared)?.workflows.remove(id).unwrap_or_default();
    Ok(workflow_view(&definitions, id, counters))
}

/// The workflow in these definitions.
pub(crate) fn workflow_view(
    definitions: &Definitions,
    id: &WorkflowId,
    counters: BTreeMap<u32, VersionCounters>,
) -> Option<WorkflowView> {
    let definition = definitions.workflows.get(id)?.clone();
    let allowed = signalbox_journey::control::allowed(definition.state).to_vec();
    // A draft has no statistics; what a deleted workflow of its name left is not its own.
    let counters = match definition.state {
        WorkflowState::Draft | WorkflowState::Scheduled => BTreeMap::new(),
        _ => counters,
    };
    Some(WorkflowView {
        id: id.clone(),
        definition,
        counters,
        allowed,
    })
}

pub(crate) fn contact(
    shared: &Shared,
    contact: &ContactId,
) -> Result<Option<ContactView>, ReadError> {
    let partition = shared.store.partition_of(contact);
    let sequence = shared.applied(partition);
    let Some(state) = shared.store.contact(contact)? else {
        return Ok(None);
    };
    Ok(Some(ContactView {
        state,
        closed: shared.store.journeys(contact, JOURNEYS_MAX)?,
        position: signalbox_journal::Position {
            partition,
            sequence,
        },
    }))
}

pub(crate) fn journeys(
    shared: &Shared,
    contact: &ContactId,
) -> Result<Option<JourneysView>, ReadError> {
    let Some(state) = shared.store.contact(contact)? else {
        return Ok(None);
    };
    let partition = shared.store.partition_of(contact);
    let mut view = JourneysView::default();
    let mut facts: BTreeMap<JourneyId, Vec<StoredFact>> = BTreeMap::new();
    for stored in shared.store.facts(contact, None, FACTS_MAX)? {
        match stored.fact.journey {
            Some(journey) => facts.entry(journey).or_default().push(stored),
            None => view.outside.push(stored),
        }
    }
    for (workflow, presence) in state.presences {
        let arms = presence.arms.into_values();
        view.arms.extend(arms.map(|arm| (workflow.clone(), arm)));
        for (id, journey) in presence.journeys {
            let facts = facts.remove(&id).unwrap_or_default();
            view.journeys.push(JourneyView {
                id,
                workflow: workflow.clone(),
                inside: Some(journey),
                closed: None,
                messages: messages(shared, partition, &facts)?,
                facts,
            });
        }
    }
    for closed in shared.store.journeys(contact, JOURNEYS_MAX)? {
        let facts = facts.remove(&closed.journey).unwrap_or_default();
        view.journeys.push(JourneyView {
            id: closed.journey,
            workflow: closed.workflow.clone(),
            inside: None,
            messages: messages(shared, partition, &facts)?,
            closed: Some(closed),
            facts,
        });
    }
    Ok(Some(view))
}

fn messages(
    shared: &Shared,
    partition: u16,
    facts: &[StoredFact],
) -> Result<Vec<Message>, ReadError> {
    let mut messages = Vec::new();
    for stored in facts {
        if let FactKind::MessageQueued(_, id) = &stored.fact.what
            && let Some(mut message) = shared.store.message(partition, id)?
        {
            // What the template sees is the contact's; it is not shown twice.
            if message.status != MessageStatus::Queued {
                message.view.clear();
            }
            messages.push(message);
        }
    }
    Ok(messages)
}

pub(crate) fn status(shared: &Shared, misfits: Vec<crate::bindings::Misfit>) -> Status {
    let failed = shared.failed.borrow().clone();
    let partitions: Vec<u16> = shared.store.partitions().collect();
    Status {
        is_ready: failed.is_none() && !shared.is_stopping(),
        is_stopping: shared.is_stopping(),
        now: shared.clock.now(),
        is_manual: shared.clock.is_manual(),
        clock_leapt: shared.clock.has_leapt(),
        outbox_resting: shared.outbox.is_resting(),
        partitions: shared.control(),
        applied: partitions
            .iter()
            .map(|&partition| shared.applied(partition))
            .collect(),
        durable: partitions
            .iter()
            .map(|&partition| shared.journal.last_durable(partition))
            .collect(),
        inputs: InputsView::default(),
        misfits,
        failed,
    }
}
