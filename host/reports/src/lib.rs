//! Folds facts into counters: what happened in each version of each workflow, step by step; and says from the counts
//! of an experiment how it stands ([`experiment`]).
//!
//! `engine` folds each fact in the batch that keeps it, and merges the partitions' counters when somebody reads them.
//! Everything here can be rebuilt by folding the facts again in their order. It must never read a clock, a file or
//! anything but the facts, where the contact's journeys stood before them, and the counts it is handed.

#![deny(missing_docs)]

mod counters;
pub mod days;
pub mod experiment;
pub mod series;
pub mod weighed;

use std::collections::BTreeMap;

use signalbox_model::{
    fact::{Fact, FactKind},
    id::{JourneyId, StepId, WorkflowId},
    segment::Owner,
};

pub use crate::counters::{
    ArmCounters, ConversionCounters, Counters, MessageCounters, OfferCounters, SegmentCounters,
    StepCounters, VersionCounters,
};

/// Why a journey leaves a version for a newer one.
const MIGRATED: &str = "migrated";

/// At which step each journey of one contact stands; `None` before its first.
///
/// A fact says which step a journey came to, not which it left: that is known from here. Whoever folds only the
/// newest facts fills it from the state that they were made from.
pub type Standing = BTreeMap<JourneyId, Option<StepId>>;

/// Adds one fact to the counters, and moves its journey on in `standing`.
pub fn fold(counters: &mut Counters, standing: &mut Standing, fact: &Fact) {
    match &fact.owner {
        Owner::Workflow(workflow) => fold_workflow(counters, standing, (workflow, fact)),
        Owner::Segment(segment) => counters.segment_mut(segment).add(&fact.what),
    }
}

fn fold_workflow(
    counters: &mut Counters,
    standing: &mut Standing,
    (workflow, fact): (&WorkflowId, &Fact),
) {
    let version = counters.version_mut(workflow, fact.version);
    match &fact.what {
        FactKind::RuleDecided(decision) => {
            let reasons = version.decisions.entry(decision.slot.to_string());
            count(reasons.or_default(), &decision.reason);
        }
        FactKind::Armed(..) => version.armed += 1,
        FactKind::Disarmed(..) => version.disarmed += 1,
        FactKind::ArmDropped(_, reason) => count(&mut version.arms_dropped, reason),
        FactKind::NotEntered(reason) => count(&mut version.not_entered, reason),
        FactKind::JourneyEntered(_) => {
            version.entered += 1;
            if let Some(journey) = fact.journey {
                standing.insert(journey, None);
            }
        }
        FactKind::Migrated(from, step) => {
            migrated(counters, standing, (workflow, fact), *from, step.as_ref());
        }
        FactKind::StepReached(step) => {
            if let Some(journey) = fact.journey
                && let Some(left) = standing.insert(journey, Some(step.clone())).flatten()
            {
                version.step_mut(&left).advanced += 1;
            }
            version.step_mut(step).entered += 1;
        }
        FactKind::WaitStarted(..)
        | FactKind::Updated(..)
        | FactKind::Jumped(..)
        | FactKind::StepSkipped(_)
        | FactKind::ZoneTaken(..)
        | FactKind::MessageHeld(..)
        | FactKind::WebhookQueued(..)
        | FactKind::ApprovalDecided(..)
        | FactKind::SegmentEntered(_)
        | FactKind::SegmentLeft(_) => {}
        FactKind::ArmTaken(step, arm) => {
            let taken = arm.map_or_else(|| "otherwise".to_owned(), |index| index.to_string());
            count(&mut version.step_mut(step).arms_taken, &taken);
        }
        FactKind::ArmAssigned(step, arm)
        | FactKind::ArmConverted(step, arm)
        | FactKind::ArmChosen(step, arm, _)
        | FactKind::ChosenArmConverted(step, arm, _) => {
            version.step_mut(step).arm_mut(arm).add(&fact.what);
        }
        FactKind::JourneyCompleted => {
            version.completed += 1;
            if let Some(left) = leave(standing, fact) {
                version.step_mut(&left).advanced += 1;
            }
        }
        FactKind::JourneyExited(reason) => {
            count(&mut version.exited, reason);
            if let Some(left) = leave(standing, fact) {
                count(&mut version.step_mut(&left).exited, reason);
            }
        }
        FactKind::Converted(conversion) => {
            version.conversions.add(conversion);
            version
                .step_mut(&conversion.step)
                .conversions
                .add(conversion);
        }
        FactKind::OfferSent(step, _, offer) => version.step_mut(step).add_offer(offer),
        FactKind::MessageQueued(step, _)
        | FactKind::MessageSent(step, _)
        | FactKind::MessageSkipped(step, ..)
        | FactKind::MessageRefused(step, ..)
        | FactKind::MessageDeferred(step, ..)
        | FactKind::MessageInDoubt(step, ..) => {
            fold_message(&mut version.messages, &fact.what);
            fold_message(&mut version.step_mut(step).messages, &fact.what);
        }
    }
}

/// The journey leaves the one version and enters the other, at the step where it stands.
fn migrated(
    counters: &mut Counters,
    standing: &mut Standing,
    (workflow, fact): (&WorkflowId, &Fact),
    from: u32,
    step: Option<&StepId>,
) {
    let left = leave(standing, fact);
    let before = counters.version_mut(workflow, from);
    count(&mut before.exited, MIGRATED);
    if let Some(left) = left {
        count(&mut before.step_mut(&left).exited, MIGRATED);
    }
    let after = counters.version_mut(workflow, fact.version);
    after.entered += 1;
    if let Some(step) = step {
        after.step_mut(step).entered += 1;
    }
    if let Some(journey) = fact.journey {
        standing.insert(journey, step.cloned());
    }
}

fn leave(standing: &mut Standing, fact: &Fact) -> Option<StepId> {
    standing.remove(&fact.journey?).flatten()
}

fn fold_message(messages: &mut MessageCounters, what: &FactKind) {
    match what {
        FactKind::MessageQueued(..) => messages.queued += 1,
        FactKind::MessageSent(..) => messages.sent += 1,
        FactKind::MessageSkipped(_, _, reason) => count(&mut messages.skipped, reason),
        FactKind::MessageRefused(_, _, reason) => count(&mut messages.refused, reason),
        FactKind::MessageDeferred(_, _, _, reason) => count(&mut messages.deferred, reason),
        FactKind::MessageInDoubt(_, _, resent) => {
            let what_now = if *resent { "resent" } else { "held" };
            count(&mut messages.in_doubt, what_now);
        }
        _ => {}
    }
}

fn count(counts: &mut BTreeMap<String, u64>, key: &str) {
    if let Some(found) = counts.get_mut(key) {
        *found += 1;
    } else {
        counts.insert(key.to_owned(), 1);
    }
}
