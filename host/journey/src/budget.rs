//! How much of a contact's row its workflows take: journeys, arms, held entries, and messages on their way.
//!
//! Called by an advance before it takes in another of them. What a journey may grow by (its place, its loops, its
//! message) is counted from the start, so that nothing that is inside ever has to leave for want of room.

use signalbox_model::{
    codec,
    condition::EventPattern,
    id::{EntryKey, JourneyId, MessageId, StepId, WorkflowId},
    message::Offer,
    state::{Cause, ContactState, Journey, Presence},
};

use crate::compiled::{Compiled, StepIndex};

/// Most bytes of an instant: seven bits a byte, of milliseconds in the years 1900 to 2199.
const INSTANT_BYTES: usize = 7;
/// Most bytes of a `u32`.
const NUMBER_BYTES: usize = 5;
/// Most bytes of a count of parts, none of which is over 16,383.
const COUNT_BYTES: usize = 2;
/// Most bytes of the rest of a pending message: class, doubt, limit, claim, the reason of its cancel and its offer.
const MESSAGE_REST_BYTES: usize =
    1 + 1 + 6 + (1 + NUMBER_BYTES) + (2 + CANCEL_REASON_BYTES_MAX) + (1 + Offer::BYTES_MAX);
/// Longest reason for which a journey's message is taken back.
const CANCEL_REASON_BYTES_MAX: usize = 20;

/// Bytes that all workflows take together, with what they may still grow by.
pub(crate) fn standing_bytes(definitions: &Compiled, state: &ContactState) -> usize {
    let presences = state.presences.iter();
    let inside: usize = presences
        .map(|(workflow, presence)| all_bytes(definitions, workflow, presence))
        .sum();
    // The message of a journey that is inside is counted with it.
    let left = state.pending.values().filter(|one| one.cancelled.is_some());
    let left = left.map(|one| message_bytes(&one.workflow, step_bytes(&one.step)));
    inside + left.sum::<usize>()
}

/// Bytes of the workflow's standing before anything is in it.
pub(crate) fn presence_bytes(workflow: &WorkflowId) -> usize {
    codec::size(workflow) + (2 * INSTANT_BYTES + 1) + NUMBER_BYTES + 4 * COUNT_BYTES
}

/// Most bytes that the journey comes to: of each part what it may gather in its version, or what it brought from another
/// where that is more.
pub(crate) fn journey_bytes(
    definitions: &Compiled,
    workflow: &WorkflowId,
    journey: &Journey,
) -> usize {
    let steps = definitions.steps(workflow, journey.version);
    // Without its version it leaves when it is looked at.
    let may_come_to = |part: fn(&StepIndex) -> usize| steps.map_or(0, part);
    let step = may_come_to(|steps| steps.step_bytes_max).max(step_bytes(journey.place.step()));
    let messages = may_come_to(|steps| steps.messages_max).max(1);
    let visits = may_come_to(|steps| steps.visits_bytes).max(codec::size(&journey.visits));
    let arms = may_come_to(|steps| steps.arms_bytes).max(codec::size(&journey.arms));
    let kept = may_come_to(|steps| steps.kept_bytes).max(codec::size(&journey.kept));
    let place = 1 + step + JourneyId::BYTES.max(2 * INSTANT_BYTES);
    JourneyId::BYTES
        + 2 * NUMBER_BYTES
        + codec::size(&journey.key)
        + INSTANT_BYTES
        + codec::size(&journey.event)
        + place
        + 3 * COUNT_BYTES
        + 1
        + (visits + arms + kept)
        + messages * message_bytes(workflow, step)
}

/// Bytes of an arm.
pub(crate) fn arm_bytes(key: &EntryKey, event: &Cause, cancelled_by: &[EventPattern]) -> usize {
    codec::size(key) + INSTANT_BYTES + NUMBER_BYTES + codec::size(cancelled_by) + codec::size(event)
}

/// Bytes of a held entry.
pub(crate) fn held_bytes(
    event: &Cause,
    cancelled_by: &[EventPattern],
    arm_key: Option<&EntryKey>,
    key: Option<&EntryKey>,
) -> usize {
    4 * NUMBER_BYTES
        + 1
        + codec::size(event)
        + codec::size(&arm_key)
        + codec::size(cancelled_by)
        + codec::size(&key)
        + INSTANT_BYTES
}

/// Bytes of the step's id.
pub(crate) fn step_bytes(step: &StepId) -> usize {
    codec::size(step)
}

fn all_bytes(definitions: &Compiled, workflow: &WorkflowId, presence: &Presence) -> usize {
    let journeys = presence.journeys.values();
    let journeys = journeys.map(|one| journey_bytes(definitions, workflow, one));
    let arms = presence.arms.iter();
    let arms = arms.map(|(key, one)| arm_bytes(key, &one.event, &one.cancelled_by));
    let held = presence.held.values().map(|one| {
        let (arm_key, key) = (one.arm_key.as_ref(), one.key.as_ref());
        held_bytes(&one.event, &one.cancelled_by, arm_key, key)
    });
    presence_bytes(workflow) + journeys.chain(arms).chain(held).sum::<usize>()
}

fn message_bytes(workflow: &WorkflowId, step: usize) -> usize {
    MessageId::BYTES
        + codec::size(workflow)
        + NUMBER_BYTES
        + JourneyId::BYTES
        + step
        + 3 * INSTANT_BYTES
        + NUMBER_BYTES
        + MESSAGE_REST_BYTES
}
