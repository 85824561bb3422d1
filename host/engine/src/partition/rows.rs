//! Turns the effects of lanes into rows of a batch, and into what is to be done after its commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use serde::{Deserialize, Serialize};
use signalbox_journey::{Decision, Effect, MessageChange};
use signalbox_model::{
    codec,
    definitions::{Definitions, WorkflowDefinition},
    fact::{Fact, FactKind},
    id::{MessageId, Partition as Number, SegmentName, WorkflowId},
    message::{Message, MessageStatus},
    record::PostId,
    segment::{Owner, SegmentDefinition},
    time::Instant,
    value::Fields,
};
use signalbox_reports::{Counters, SegmentCounters, VersionCounters, fold};
use signalbox_store::{Batch, Error, Store};

use super::{
    Partition, days,
    group::What,
    lane::{Done, Lane},
};
use crate::{
    clock::process_now, error::ApplyError, error::StoreAction, experiments, shared::Claim,
    simulate::Noted,
};

/// Names of counter rows begin with this; workflow, version and part follow.
const VERSION_PREFIX: &[u8] = b"version/";
/// The same of a segment's counters; its name follows.
const SEGMENT_PREFIX: &[u8] = b"segment/";
/// The row of [`InputCounters`].
const INPUTS_NAME: &[u8] = b"inputs";
/// Counters of a version are kept in parts of so many bytes, since a row has a bound.
const PART_BYTES: usize = 32 * 1024;

/// What becomes of inputs that have no effect on a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct InputCounters {
    /// Events dropped because they came again.
    pub(crate) repeated: u64,
    /// Events dropped because their id named another event.
    pub(crate) conflicts: u64,
    /// Attributes left out because there were too many, or they took too many bytes.
    pub(crate) attributes_left_out: u64,
    /// Attributes not taken because a source that is believed before had said otherwise.
    pub(crate) attributes_overruled: u64,
    /// Records that cannot be applied and were passed over.
    pub(crate) parked: u64,
    /// Contacts that there are, since every input may make one.
    pub(crate) contacts: u64,
}

/// What is to be done after the commit.
#[derive(Default)]
pub(super) struct Outward {
    pub(super) claims: Vec<(MessageId, u32, Claim)>,
    /// There may be messages to send.
    pub(super) outbox: bool,
    /// Posts to deliver, by the record that caused them: several lanes of a tick share one.
    pub(super) posts: BTreeMap<u64, u32>,
    /// The earliest timer set.
    pub(super) next_due: Option<Instant>,
    pub(super) inputs: InputCounters,
    /// What happened, in a simulation.
    pub(super) noted: Vec<Noted>,
    pub(super) events: u64,
    pub(super) queued: u64,
    pub(super) skipped: u64,
}

impl Partition {
    /// Puts the rows of one lane.
    pub(super) fn put_lane(
        &self,
        batch: &mut Batch<'_>,
        lane: &Lane,
        outward: &mut Outward,
    ) -> Result<(), Error> {
        if let Some(state) = lane.state.as_ref().filter(|_| !is_only_seen(lane)) {
            batch.put_contact(state)?;
        }
        let mut sequence = 0;
        let mut facts = 0;
        for done in &lane.done {
            // Timers of one tick share its sequence.
            if done.item.sequence != sequence {
                (sequence, facts) = (done.item.sequence, 0);
            }
            outward.events += u64::from(matches!(done.item.what, What::Event(_)));
            for effect in &done.effects {
                match effect {
                    Effect::Fact(fact) if self.is_simulated() => note(outward, fact, true),
                    Effect::Count(fact) if self.is_simulated() => note(outward, fact, false),
                    Effect::Fact(fact) => {
                        batch.put_fact(sequence, facts, fact)?;
                        facts += 1;
                    }
                    Effect::Post(record) => {
                        let next = outward.posts.entry(sequence).or_default();
                        let id = PostId {
                            from: self.number,
                            sequence,
                            index: *next,
                        };
                        *next += 1;
                        batch.put_post(self.shared.control(), id, record)?;
                    }
                    other => put_effect(batch, lane, done, other, outward)?,
                }
            }
        }
        Ok(())
    }

    /// Facts are told and not kept then: nobody comes back to read them.
    pub(super) fn is_simulated(&self) -> bool {
        self.shared.observer.is_some()
    }

    /// Folds what happened into counters and schema, and puts what changed of them. Called once all lanes are known
    /// to be applicable, since it changes what the thread keeps in memory.
    pub(super) fn put_sums(
        &mut self,
        batch: &mut Batch<'_>,
        lanes: &mut [Lane],
    ) -> Result<(), Error> {
        let mut days_touched: BTreeSet<WorkflowId> = BTreeSet::new();
        let inputs_before = self.input_counters;
        for lane in lanes {
            if lane.parked {
                self.input_counters.parked += 1;
                continue;
            }
            self.input_counters.contacts += u64::from(lane.is_new && lane.state.is_some());
            for done in &lane.done {
                let mut taken_in = true;
                for effect in &done.effects {
                    match effect {
                        Effect::Fact(fact) | Effect::Count(fact) if self.is_of_deleted(fact) => {
                            fold(&mut Counters::default(), &mut lane.standing, fact);
                        }
                        Effect::Fact(fact) | Effect::Count(fact) => {
                            fold(&mut self.counters, &mut lane.standing, fact);
                            if !self.is_simulated() && self.days.fold(fact) {
                                days_touched.extend(fact.owner.workflow().cloned());
                            }
                            let touched = &mut self.touched;
                            touched.insert((fact.owner.clone(), fact.version));
                            if let FactKind::Migrated(from, _) = &fact.what {
                                touched.insert((fact.owner.clone(), *from));
                            }
                        }
                        Effect::EventConflict { .. } => {
                            self.input_counters.conflicts += 1;
                            taken_in = false;
                        }
                        Effect::EventRepeated { .. } => {
                            self.input_counters.repeated += 1;
                            taken_in = false;
                        }
                        Effect::AttributesLeftOut { count } => {
                            self.input_counters.attributes_left_out += u64::from(*count);
                        }
                        Effect::AttributesOverruled { count } => {
                            self.input_counters.attributes_overruled += u64::from(*count);
                        }
                        _ => {}
                    }
                }
                if taken_in {
                    self.observe(done);
                }
            }
        }
        // In a simulation nobody reads them back but who looks whether an experiment is over.
        if !self.is_simulated() || experiments::may_end(self.loaded.definitions()) {
            self.put_counters(batch)?;
        }
        for workflow in days_touched {
            if let Some(counters) = self.days.newest(&workflow) {
                days::put(batch, &workflow, counters)?;
            }
        }
        if self.input_counters != inputs_before {
            batch.put_counter(INPUTS_NAME, &encode(&self.input_counters))?;
        }
        batch.put_observed(&mut self.observed)
    }

    /// Puts the counters that changed since they were last put. Those of what was deleted since are gone.
    pub(super) fn put_counters(&mut self, batch: &mut Batch<'_>) -> Result<(), Error> {
        for (owner, version) in mem::take(&mut self.touched) {
            match owner {
                Owner::Workflow(workflow) => {
                    let versions = self.counters.workflows.get(&workflow);
                    if let Some(counters) = versions.and_then(|found| found.get(&version)) {
                        put_version(batch, &workflow, version, counters)?;
                    }
                }
                Owner::Segment(segment) => {
                    if let Some(counters) = self.counters.segments.get(&segment) {
                        let bytes = encode(&(&segment, counters));
                        batch.put_counter(&segment_name(&segment), &bytes)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the fact is of a workflow or segment that was deleted, and so counts for none, also where there is a new
    /// one of its name.
    fn is_of_deleted(&self, fact: &Fact) -> bool {
        let definitions = self.loaded.definitions();
        let is_there = match &fact.owner {
            Owner::Workflow(workflow) => definitions.workflows.contains_key(workflow),
            Owner::Segment(segment) => definitions.segments.contains_key(segment),
        };
        !is_there || fact.what.tells_of_deletion()
    }

    /// Takes the counters away of workflows that were started before and are deleted now, and of deleted segments, and what
    /// was noted of their pages.
    pub(super) fn forget_deleted(&mut self, batch: &mut Batch<'_>, before: &Definitions) {
        let now = &self.loaded.definitions().workflows;
        let is_deleted = |(id, found): &(&WorkflowId, &WorkflowDefinition)| {
            let since = now.get(*id).and_then(|now| now.running_since);
            found.running_since.is_some() && found.running_since != since
        };
        for (workflow, _) in before.workflows.iter().filter(is_deleted) {
            let versions = self.counters.workflows.remove(workflow);
            for (version, counters) in versions.unwrap_or_default() {
                delete_version(batch, workflow, version, &counters);
            }
            self.visits.forget(batch, workflow);
            self.entrances.forget(batch, workflow);
            if self.days.forget(workflow) {
                days::delete(batch, workflow);
            }
        }
        let segments = &self.loaded.definitions().segments;
        let is_there = |found: &SegmentDefinition| {
            let now = segments.get(&found.document.name);
            now.is_some_and(|now| now.number == found.number)
        };
        for (segment, found) in before.segments.iter().filter(|(_, one)| !is_there(one)) {
            self.counters.segments.remove(segment);
            batch.delete_counter(&segment_name(segment));
            self.evaluations.forget(batch, found.number);
        }
    }

    fn observe(&mut self, done: &Done) {
        match &done.item.what {
            What::Event(event) => self.observed.see_event(event, done.item.now),
            What::Attributes(_, changes) => {
                let set = changes.attributes.iter();
                let set: Fields = set
                    .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
                    .collect();
                self.observed.see_attributes(&set, done.item.now);
            }
            _ => {}
        }
    }
}

/// Whether the contact was looked at and nothing came of it but counts: its row stays as it is.
pub(super) fn is_only_seen(lane: &Lane) -> bool {
    let mut done = lane.done.iter();
    done.all(|one| {
        let changes = |effect: &Effect| !matches!(effect, Effect::Count(_));
        let only_looks = |what: &What| {
            matches!(
                what,
                What::Visit(_)
                    | What::EnterExisting(..)
                    | What::Evaluate(..)
                    | What::RowsChanged { .. }
            )
        };
        only_looks(&one.item.what) && !one.effects.iter().any(changes)
    })
}

fn note(outward: &mut Outward, fact: &Fact, is_kept: bool) {
    outward.noted.push(Noted {
        fact: fact.clone(),
        is_kept,
    });
}

fn put_effect(
    batch: &mut Batch<'_>,
    lane: &Lane,
    done: &Done,
    effect: &Effect,
    outward: &mut Outward,
) -> Result<(), Error> {
    match effect {
        Effect::SetTimer(timer) => {
            batch.set_timer(timer)?;
            outward.next_due = Some(outward.next_due.map_or(timer.due, |due| due.min(timer.due)));
        }
        Effect::CancelTimer(timer) => batch.cancel_timer(timer),
        Effect::SealChunk { index, events } => batch.put_chunk(&lane.contact, *index, events)?,
        Effect::DropChunk { index } => batch.delete_chunk(&lane.contact, *index),
        Effect::QueueMessage(message) => {
            batch.put_new_message(message)?;
            outward.outbox = true;
            outward.queued += 1;
        }
        Effect::QueueWebhook(webhook) => batch.put_webhook(webhook)?,
        Effect::UpdateMessage { id, change } => {
            let is_kept = batch
                .change_message(id, |message| change_message(message, change, done.item.now))?;
            outward.outbox |= is_kept && matches!(change, MessageChange::Requeued { .. });
        }
        Effect::Claimed {
            message,
            attempt,
            decision,
        } => {
            let claim = match decision {
                Decision::Go => Claim::Go(process_now()),
                Decision::Skipped(reason) => {
                    outward.skipped += 1;
                    Claim::Skipped(reason.clone())
                }
            };
            outward.claims.push((*message, *attempt, claim));
        }
        Effect::CloseJourney(summary) => batch.put_closed_journey(&lane.contact, summary)?,
        Effect::EventConflict { .. } => outward.inputs.conflicts += 1,
        Effect::EventRepeated { .. } => outward.inputs.repeated += 1,
        Effect::AttributesLeftOut { count } => {
            outward.inputs.attributes_left_out += u64::from(*count);
        }
        Effect::AttributesOverruled { count } => {
            outward.inputs.attributes_overruled += u64::from(*count);
        }
        // Facts and posts are numbered by the caller; what is only counted is folded once all is known to be sound.
        Effect::Fact(_) | Effect::Post(_) | Effect::Count(_) | Effect::Changed => {}
    }
    Ok(())
}

fn change_message(message: &mut Message, change: &MessageChange, now: Instant) {
    match change {
        MessageChange::Claimed { attempt, at } => {
            message.status = MessageStatus::Claimed(*attempt);
            message.first_attempt_at.get_or_insert(*at);
        }
        MessageChange::Requeued {
            release_at,
            attempts,
        } => {
            message.status = MessageStatus::Queued;
            message.release_at = *release_at;
            message.attempts = *attempts;
            // What is held before its first attempt has none, and no byte of it was sent: its Date moves along.
            if *attempts > 0 {
                message.first_attempt_at.get_or_insert(now);
            } else if message.first_attempt_at.is_none() {
                message.dated_at = *release_at;
            }
        }
        MessageChange::Settled(status) => {
            message.status = status.clone();
            message.view.clear();
        }
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    codec::encode(value).expect("counters are maps of numbers, which always encode")
}

fn version_name(workflow: &WorkflowId, version: u32) -> Vec<u8> {
    [
        VERSION_PREFIX,
        workflow.as_str().as_bytes(),
        b"/",
        &version.to_be_bytes(),
    ]
    .concat()
}

fn segment_name(segment: &SegmentName) -> Vec<u8> {
    [SEGMENT_PREFIX, segment.as_str().as_bytes()].concat()
}

fn put_version(
    batch: &mut Batch<'_>,
    workflow: &WorkflowId,
    version: u32,
    counters: &VersionCounters,
) -> Result<(), Error> {
    let bytes = version_bytes(workflow, version, counters);
    for (part, chunk) in bytes.chunks(PART_BYTES).enumerate() {
        batch.put_counter(&part_name(workflow, version, part), chunk)?;
    }
    Ok(())
}

/// Deletes the counters of a version, as they were last put.
fn delete_version(
    batch: &mut Batch<'_>,
    workflow: &WorkflowId,
    version: u32,
    counters: &VersionCounters,
) {
    let bytes = version_bytes(workflow, version, counters);
    for part in 0..bytes.len().div_ceil(PART_BYTES) {
        batch.delete_counter(&part_name(workflow, version, part));
    }
}

/// The id and the version stand in the value too, so that names are never taken apart.
fn version_bytes(workflow: &WorkflowId, version: u32, counters: &VersionCounters) -> Vec<u8> {
    encode(&(workflow, version, counters))
}

fn part_name(workflow: &WorkflowId, version: u32, part: usize) -> Vec<u8> {
    let mut name = version_name(workflow, version);
    name.extend_from_slice(&(part as u16).to_be_bytes());
    name
}

/// The partition's counters of workflows, as committed.
pub(crate) fn read_counters(store: &Store, partition: Number) -> Result<Counters, ApplyError> {
    let rows = store
        .counters(partition, VERSION_PREFIX)
        .map_err(|source| ApplyError::Store {
            action: StoreAction::Read,
            partition,
            source,
        })?;
    let mut counters = Counters::default();
    let mut bytes: Vec<u8> = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while let Some((name, part)) = rows.next() {
        bytes.extend_from_slice(&part);
        let version = &name[..name.len().saturating_sub(2)];
        if rows
            .peek()
            .is_some_and(|(next, _)| next.starts_with(version) && next.len() == name.len())
        {
            continue;
        }
        let (workflow, number, found): (WorkflowId, u32, VersionCounters) =
            codec::decode(&bytes).map_err(|source| ApplyError::Counters { partition, source })?;
        *counters.version_mut(&workflow, number) = found;
        bytes.clear();
    }
    let rows = store
        .counters(partition, SEGMENT_PREFIX)
        .map_err(|source| ApplyError::Store {
            action: StoreAction::Read,
            partition,
            source,
        })?;
    for (_, bytes) in rows {
        let (segment, found): (SegmentName, SegmentCounters) =
            codec::decode(&bytes).map_err(|source| ApplyError::Counters { partition, source })?;
        *counters.segment_mut(&segment) = found;
    }
    Ok(counters)
}

/// The partition's counters of inputs, as committed.
pub(crate) fn read_input_counters(
    store: &Store,
    partition: Number,
) -> Result<InputCounters, ApplyError> {
    let rows = store
        .counters(partition, INPUTS_NAME)
        .map_err(|source| ApplyError::Store {
            action: StoreAction::Read,
            partition,
            source,
        })?;
    match rows.first() {
        Some((_, bytes)) => {
            codec::decode(bytes).map_err(|source| ApplyError::Counters { partition, source })
        }
        None => Ok(InputCounters::default()),
    }
}
