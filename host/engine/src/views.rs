//! What can be seen from outside: contacts, journeys, workflows, counters, status. Reads only, and only commits.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use signalbox_journey::{advise, reach::Reach};
use signalbox_model::{
    definitions::{Definitions, Quarantined, WorkflowDefinition},
    fact::FactKind,
    id::{ContactId, Digest, JourneyId, WorkflowId},
    message::{Message, MessageStatus},
    problem::Problem,
    segment::Owner,
    state::{ContactState, Journey, JourneySummary, PendingArm},
    time::{Instant, Span},
    workflow::WorkflowState,
};
use signalbox_reports::{Counters, VersionCounters, days::DayCounters};
use signalbox_store::StoredFact;

use crate::{
    deprecations,
    entering::{self, EnteringView},
    error::{ApplyError, ReadError},
    partition::{days, read_counters, read_input_counters},
    shared::Shared,
};

/// Most facts on one page of a contact's journeys.
pub const JOURNEYS_FACTS_MAX: usize = 10_000;
/// Journeys that are over and read in one go, to find those that a page has facts of.
const CLOSED_READ: usize = 256;
/// Longest that a journey which is over still leaves facts: its message may be tried for four days after the exit.
const FACTS_AFTER_END_MAX: Span = Span::from_days(5);

/// A workflow with what happened in it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowView {
    /// Its id.
    pub id: WorkflowId,
    /// State, versions and bindings.
    pub definition: WorkflowDefinition,
    /// Counters by version.
    pub counters: BTreeMap<u32, VersionCounters>,
    /// How far it came with taking in whoever was there at its start; `None` where it takes in nobody, or has not started.
    pub entering: Option<EnteringView>,
    /// What would make the current version better, without being wrong: in its document, and in what it is bound to.
    pub advice: Vec<Problem>,
    /// What can be asked of it now.
    pub allowed: Vec<&'static str>,
}

/// What a list says of a workflow: all but its document, bindings and counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowSummary {
    /// Its id.
    pub id: WorkflowId,
    /// Title of the version that new journeys enter.
    pub title: String,
    /// How the version that new journeys enter reaches people; `None` where there is none.
    pub reach: Option<Reach>,
    /// Which of the five states.
    pub state: WorkflowState,
    /// When it starts by itself; only in the state scheduled.
    pub starts_at: Option<Instant>,
    /// When it was started; `None` before that.
    pub running_since: Option<Instant>,
    /// The version that new journeys enter.
    pub version: u32,
    /// What can be asked of it now.
    pub allowed: Vec<&'static str>,
}

/// A contact as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactView {
    /// Profile, history and everything inside.
    pub state: ContactState,
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
    /// What the page has of what happened in it, the oldest first, decisions included.
    pub facts: Vec<StoredFact>,
    /// The messages that these facts queued.
    pub messages: Vec<Message>,
}

/// A page of a contact's journeys: a stretch of its facts, by journey. Every fact is on one page; a journey is on each
/// page that has a fact of it, and one that is inside on the first page in any case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JourneysView {
    /// Inside first, then over, the last one first.
    pub journeys: Vec<JourneyView>,
    /// What happened before or beside a journey: decisions of triggers and audiences, arms, refusals; and what is left
    /// of journeys that were swept away. The oldest first.
    pub outside: Vec<StoredFact>,
    /// Arms that have not fired, by workflow; on the first page only.
    pub arms: Vec<(WorkflowId, PendingArm)>,
    /// The oldest fact of the page, before which the next page begins; `None` if there is nothing before it.
    pub next: Option<(u64, u32)>,
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
    /// Files of plugins that failed too often.
    pub quarantined: BTreeMap<Digest, Quarantined>,
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
    /// Attributes not taken because a source that is believed before had said otherwise.
    pub attributes_overruled: u64,
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

/// The days of a workflow that are kept, the oldest first; `None` if there is no such workflow.
pub(crate) fn days(
    shared: &Shared,
    id: &WorkflowId,
) -> Result<Option<Vec<DayCounters>>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let Some(definition) = definitions.workflows.get(id) else {
        return Ok(None);
    };
    if has_no_statistics(definition.state) {
        return Ok(Some(Vec::new()));
    }
    let now = shared.clock.now();
    let mut merged: BTreeMap<i32, DayCounters> = BTreeMap::new();
    for partition in 0..shared.control() {
        let found = days::of_workflow(&shared.store, partition, id).map_err(read_error)?;
        for counters in found.into_iter().filter(|one| one.is_kept(now)) {
            let day = merged.entry(counters.day).or_insert(DayCounters {
                day: counters.day,
                ..DayCounters::default()
            });
            day.merge(&counters);
        }
    }
    Ok(Some(merged.into_values().collect()))
}

pub(crate) fn inputs(shared: &Shared) -> Result<InputsView, ReadError> {
    let mut merged = InputsView::default();
    for partition in 0..shared.control() {
        let found = read_input_counters(&shared.store, partition).map_err(read_error)?;
        merged.repeated += found.repeated;
        merged.conflicts += found.conflicts;
        merged.attributes_left_out += found.attributes_left_out;
        merged.attributes_overruled += found.attributes_overruled;
        merged.parked += found.parked;
    }
    Ok(merged)
}

pub(crate) fn read_error(error: ApplyError) -> ReadError {
    match error {
        ApplyError::Counters { partition, source } => ReadError::Counters { partition, source },
        ApplyError::Store { source, .. } => ReadError::Store(source),
        _ => ReadError::Unavailable(crate::error::Unavailable::Failed),
    }
}

/// Reads no row and copies no document.
pub(crate) fn workflows(
    shared: &Shared,
    after: Option<&WorkflowId>,
    workflows_max: usize,
) -> Vec<WorkflowSummary> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let found = definitions
        .workflows
        .range::<WorkflowId, _>((start, Bound::Unbounded));
    found
        .take(workflows_max)
        .map(|(id, definition)| workflow_summary(id, definition))
        .collect()
}

fn workflow_summary(id: &WorkflowId, definition: &WorkflowDefinition) -> WorkflowSummary {
    let version = definition.current_version();
    WorkflowSummary {
        id: id.clone(),
        title: version
            .map(|version| version.document.title.clone())
            .unwrap_or_default(),
        reach: version.map(|version| Reach::of(&version.document)),
        state: definition.state,
        starts_at: definition.starts_at,
        running_since: definition.running_since,
        version: definition.current,
        allowed: signalbox_journey::control::allowed(definition.state).to_vec(),
    }
}

pub(crate) fn workflow(
    shared: &Shared,
    id: &WorkflowId,
) -> Result<Option<WorkflowView>, ReadError> {
    let definitions = Arc::clone(&shared.definitions.borrow());
    workflow_of(shared, &definitions, id)
}

/// The workflow as it stands in these definitions, with what happened in it.
pub(crate) fn workflow_of(
    shared: &Shared,
    definitions: &Definitions,
    id: &WorkflowId,
) -> Result<Option<WorkflowView>, ReadError> {
    let Some(mut view) = workflow_view(definitions, id) else {
        return Ok(None);
    };
    if !has_no_statistics(view.definition.state) {
        let counters = counters(shared)?.workflows.remove(id);
        view.counters = counters.unwrap_or_default();
    }
    view.entering = entering::view(shared, id, &view.definition)?;
    Ok(Some(view))
}

/// The workflow in these definitions, without what happened in it.
pub(crate) fn workflow_view(definitions: &Definitions, id: &WorkflowId) -> Option<WorkflowView> {
    let definition = definitions.workflows.get(id)?.clone();
    let allowed = signalbox_journey::control::allowed(definition.state).to_vec();
    let version = definition.current_version();
    let mut advice = version.map_or_else(Vec::new, |version| advise(&version.document));
    let owner = Owner::Workflow(id.clone());
    advice.extend(deprecations::advice(
        definitions,
        &owner,
        definition.current,
    ));
    Some(WorkflowView {
        id: id.clone(),
        definition,
        counters: BTreeMap::new(),
        entering: None,
        advice,
        allowed,
    })
}

/// A draft has none; a partition may not know yet that those of a deleted workflow of its name are gone.
fn has_no_statistics(state: WorkflowState) -> bool {
    matches!(state, WorkflowState::Draft | WorkflowState::Scheduled)
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
        position: signalbox_journal::Position {
            partition,
            sequence,
        },
    }))
}

pub(crate) fn journeys(
    shared: &Shared,
    contact: &ContactId,
    before: Option<(u64, u32)>,
    facts_max: usize,
) -> Result<Option<JourneysView>, ReadError> {
    let facts_max = facts_max.min(JOURNEYS_FACTS_MAX);
    // Before the state: a journey that ends meanwhile is then among those that are over, and shown once.
    let mut facts = shared.store.facts_back(contact, before, facts_max + 1)?;
    let Some(state) = shared.store.contact(contact)? else {
        return Ok(None);
    };
    let has_more = facts.len() > facts_max;
    facts.truncate(facts_max);
    let oldest = facts.last().filter(|_| has_more);
    let mut view = JourneysView {
        next: oldest.map(|stored| (stored.sequence, stored.ordinal)),
        ..JourneysView::default()
    };
    let mut of_journeys: BTreeMap<JourneyId, Vec<StoredFact>> = BTreeMap::new();
    for stored in facts.into_iter().rev() {
        match stored.fact.journey {
            Some(journey) => of_journeys.entry(journey).or_default().push(stored),
            None => view.outside.push(stored),
        }
    }
    let is_first = before.is_none();
    add_inside(shared, &mut view, state, &mut of_journeys, is_first)?;
    add_closed(shared, &mut view, contact, of_journeys)?;
    Ok(Some(view))
}

/// Adds the journeys that are inside, and takes their facts.
fn add_inside(
    shared: &Shared,
    view: &mut JourneysView,
    state: ContactState,
    facts: &mut BTreeMap<JourneyId, Vec<StoredFact>>,
    is_first: bool,
) -> Result<(), ReadError> {
    let partition = shared.store.partition_of(&state.contact.id);
    for (workflow, presence) in state.presences {
        if is_first {
            let arms = presence.arms.into_values();
            view.arms.extend(arms.map(|arm| (workflow.clone(), arm)));
        }
        for (id, journey) in presence.journeys {
            let facts = facts.remove(&id);
            if facts.is_none() && !is_first {
                continue;
            }
            let facts = facts.unwrap_or_default();
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
    Ok(())
}

/// Adds the journeys of these facts, which are over. The facts of one that was swept away stand outside.
fn add_closed(
    shared: &Shared,
    view: &mut JourneysView,
    contact: &ContactId,
    mut facts: BTreeMap<JourneyId, Vec<StoredFact>>,
) -> Result<(), ReadError> {
    let partition = shared.store.partition_of(contact);
    let facts_at = facts.values().flatten().map(|stored| stored.fact.at);
    let ended_from = facts_at
        .min()
        .map(|oldest| oldest.minus(FACTS_AFTER_END_MAX));
    let mut after = None;
    while !facts.is_empty() {
        let page = shared.store.journeys(contact, after, CLOSED_READ)?;
        let Some(last) = page.last() else {
            break;
        };
        if page.first().map(|first| first.ended_at) < ended_from {
            break;
        }
        after = Some((last.ended_at, last.journey));
        for closed in page {
            let Some(facts) = facts.remove(&closed.journey) else {
                continue;
            };
            view.journeys.push(JourneyView {
                id: closed.journey,
                workflow: closed.workflow.clone(),
                inside: None,
                messages: messages(shared, partition, &facts)?,
                closed: Some(closed),
                facts,
            });
        }
    }
    view.outside.extend(facts.into_values().flatten());
    view.outside
        .sort_by_key(|stored| (stored.sequence, stored.ordinal));
    Ok(())
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
        quarantined: shared.definitions.borrow().quarantined.clone(),
        failed,
    }
}
