//! The counters themselves, and how those of several partitions become one.
//!
//! `fold` writes them, `engine` keeps one row of them per partition, workflow and version, and merges them on read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signalbox_model::{
    fact::{Conversion, FactKind},
    id::{ArmName, SegmentName, StepId, WorkflowId},
    message::Offer,
};

use crate::weighed::Weighed;

/// Counters of every version of every workflow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// By workflow and version.
    pub workflows: BTreeMap<WorkflowId, BTreeMap<u32, VersionCounters>>,
    /// By named segment, over all its versions.
    pub segments: BTreeMap<SegmentName, SegmentCounters>,
}

/// Counters of a named segment. At every instant members = entered - left.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SegmentCounters {
    /// How often a contact came in.
    pub entered: u64,
    /// How often a contact left.
    pub left: u64,
    /// Answers of its rule, by reason.
    pub decisions: BTreeMap<String, u64>,
}

impl SegmentCounters {
    /// Contacts that are in.
    pub fn members(&self) -> u64 {
        self.entered.saturating_sub(self.left)
    }

    pub(crate) fn add(&mut self, what: &FactKind) {
        match what {
            FactKind::SegmentEntered(_) => self.entered += 1,
            FactKind::SegmentLeft(_) => self.left += 1,
            FactKind::RuleDecided(decision) => {
                let count = self.decisions.entry(decision.reason.clone());
                *count.or_default() += 1;
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.entered += other.entered;
        self.left += other.left;
        for (reason, count) in &other.decisions {
            *self.decisions.entry(reason.clone()).or_default() += count;
        }
    }
}

/// Counters of one version of a workflow. Written by [`crate::fold`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VersionCounters {
    /// Journeys that began.
    pub entered: u64,
    /// Contacts that the trigger wanted in and that stayed out, by reason.
    pub not_entered: BTreeMap<String, u64>,
    /// Journeys that came to their end.
    pub completed: u64,
    /// Journeys that left before their end, by reason.
    pub exited: BTreeMap<String, u64>,
    /// Arms set.
    pub armed: u64,
    /// Arms taken away by an event.
    pub disarmed: u64,
    /// Arms that fell due and were dropped, by reason.
    pub arms_dropped: BTreeMap<String, u64>,
    /// Answers of rules, by binding and reason.
    pub decisions: BTreeMap<String, BTreeMap<String, u64>>,
    /// Messages of all steps.
    pub messages: MessageCounters,
    /// Conversions of all steps.
    pub conversions: ConversionCounters,
    /// By step.
    pub steps: BTreeMap<StepId, StepCounters>,
}

/// The funnel of one step: at every instant entered = inside + exited + advanced.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StepCounters {
    /// How often a journey came to the step.
    pub entered: u64,
    /// How often a journey went on from it, to another step or to its end.
    pub advanced: u64,
    /// How often a journey left the workflow there, by reason.
    pub exited: BTreeMap<String, u64>,
    /// For a branch: how often each arm was taken, by index or `otherwise`.
    pub arms_taken: BTreeMap<String, u64>,
    /// Messages of the step.
    pub messages: MessageCounters,
    /// Conversions counted for messages of the step.
    pub conversions: ConversionCounters,
    /// For a split: the people of each arm, by its name.
    pub people: BTreeMap<String, ArmCounters>,
    /// What the step's personalizer offered in messages that were sent, by the arm that it named.
    pub offers: BTreeMap<String, OfferCounters>,
}

/// Offers in messages that a server took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OfferCounters {
    /// How many.
    pub sent: u64,
    /// What they cost, in ten-thousandths.
    pub cost: i64,
}

/// People that were given an arm of an experiment, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArmCounters {
    /// All of them.
    pub assigned: u64,
    /// Those who converted, by what the experiment is measured by.
    pub converted: u64,
    /// The same people as those they stand for, where a rule chose the arm.
    pub weighed: Weighed,
}

impl ArmCounters {
    pub(crate) fn add(&mut self, what: &FactKind) {
        match what {
            FactKind::ArmAssigned(..) => self.assigned += 1,
            FactKind::ArmConverted(..) => self.converted += 1,
            FactKind::ArmChosen(_, _, propensity) => {
                self.assigned += 1;
                self.weighed.assign(*propensity);
            }
            FactKind::ChosenArmConverted(_, _, propensity) => {
                self.converted += 1;
                self.weighed.convert(*propensity);
            }
            _ => {}
        }
    }

    /// Adds what another partition, or another version, counted.
    pub fn merge(&mut self, other: Self) {
        self.assigned += other.assigned;
        self.converted += other.converted;
        self.weighed.merge(other.weighed);
    }
}

/// Events that met the workflow's goal in time after one of its messages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConversionCounters {
    /// All of them, but those of withheld messages.
    pub counted: u64,
    /// Messages that were followed by at least one.
    pub messages: u64,
    /// Those that a message was credited with: each event to one message of all workflows at most.
    pub credited: u64,
    /// What the credited ones are worth, in ten-thousandths.
    pub worth: i64,
    /// Withheld messages that were followed by at least one: what happens without a message.
    pub withheld: u64,
}

impl ConversionCounters {
    pub(crate) fn add(&mut self, conversion: &Conversion) {
        if conversion.is_withheld {
            self.withheld += u64::from(conversion.is_first);
            return;
        }
        self.counted += 1;
        self.messages += u64::from(conversion.is_first);
        if conversion.is_credited {
            self.credited += 1;
            self.worth = self.worth.saturating_add(conversion.worth);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.counted += other.counted;
        self.messages += other.messages;
        self.credited += other.credited;
        self.worth = self.worth.saturating_add(other.worth);
        self.withheld += other.withheld;
    }
}

/// What became of messages. One message may be deferred or in doubt more than once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageCounters {
    /// Put into the outbox.
    pub queued: u64,
    /// Taken by a server.
    pub sent: u64,
    /// Not sent, by our decision, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Refused for good, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Attempts that are made again, by reason.
    pub deferred: BTreeMap<String, u64>,
    /// Attempts without a reply, by what was done about them: `resent` or `held`.
    pub in_doubt: BTreeMap<String, u64>,
}

impl Counters {
    /// The counters of one version, made if they are not there.
    pub fn version_mut(&mut self, workflow: &WorkflowId, version: u32) -> &mut VersionCounters {
        if !self.workflows.contains_key(workflow) {
            self.workflows.insert(workflow.clone(), BTreeMap::new());
        }
        self.workflows
            .get_mut(workflow)
            .expect("the workflow was put there just now if it was not there")
            .entry(version)
            .or_default()
    }

    /// The counters of one segment, made if they are not there.
    pub fn segment_mut(&mut self, segment: &SegmentName) -> &mut SegmentCounters {
        self.segments.entry(segment.clone()).or_default()
    }

    /// Adds what another partition counted.
    pub fn merge(&mut self, other: &Self) {
        for (segment, counters) in &other.segments {
            self.segment_mut(segment).merge(counters);
        }
        for (workflow, versions) in &other.workflows {
            for (version, counters) in versions {
                self.version_mut(workflow, *version).merge(counters);
            }
        }
    }
}

impl VersionCounters {
    /// The counters of one step, made if they are not there.
    pub fn step_mut(&mut self, step: &StepId) -> &mut StepCounters {
        if !self.steps.contains_key(step) {
            self.steps.insert(step.clone(), StepCounters::default());
        }
        self.steps
            .get_mut(step)
            .expect("the step was put there just now if it was not there")
    }

    /// Journeys that are inside.
    pub fn inside(&self) -> u64 {
        self.entered
            .saturating_sub(self.completed)
            .saturating_sub(self.exited.values().sum())
    }

    /// Adds what another partition, or another version, counted.
    pub fn merge(&mut self, other: &Self) {
        self.entered += other.entered;
        add(&mut self.not_entered, &other.not_entered);
        self.completed += other.completed;
        add(&mut self.exited, &other.exited);
        self.armed += other.armed;
        self.disarmed += other.disarmed;
        add(&mut self.arms_dropped, &other.arms_dropped);
        for (slot, reasons) in &other.decisions {
            add(self.decisions.entry(slot.clone()).or_default(), reasons);
        }
        self.messages.merge(&other.messages);
        self.conversions.merge(&other.conversions);
        for (step, counters) in &other.steps {
            self.step_mut(step).merge(counters);
        }
    }
}

impl StepCounters {
    /// Journeys that stand at the step.
    pub fn inside(&self) -> u64 {
        self.entered
            .saturating_sub(self.advanced)
            .saturating_sub(self.exited.values().sum())
    }

    fn merge(&mut self, other: &Self) {
        self.entered += other.entered;
        self.advanced += other.advanced;
        add(&mut self.exited, &other.exited);
        add(&mut self.arms_taken, &other.arms_taken);
        self.messages.merge(&other.messages);
        self.conversions.merge(&other.conversions);
        for (arm, people) in &other.people {
            let merged = self.people.entry(arm.clone()).or_default();
            merged.merge(*people);
        }
        for (arm, offers) in &other.offers {
            let merged = self.offers.entry(arm.clone()).or_default();
            merged.sent += offers.sent;
            merged.cost = merged.cost.saturating_add(offers.cost);
        }
    }

    pub(crate) fn add_offer(&mut self, offer: &Offer) {
        let offers = self.offers.entry(offer.arm.to_string()).or_default();
        offers.sent += 1;
        offers.cost = offers.cost.saturating_add(offer.cost);
    }

    pub(crate) fn arm_mut(&mut self, arm: &ArmName) -> &mut ArmCounters {
        self.people.entry(arm.to_string()).or_default()
    }
}

impl MessageCounters {
    fn merge(&mut self, other: &Self) {
        self.queued += other.queued;
        self.sent += other.sent;
        add(&mut self.skipped, &other.skipped);
        add(&mut self.refused, &other.refused);
        add(&mut self.deferred, &other.deferred);
        add(&mut self.in_doubt, &other.in_doubt);
    }
}

fn add(counts: &mut BTreeMap<String, u64>, others: &BTreeMap<String, u64>) {
    for (key, count) in others {
        *counts.entry(key.clone()).or_default() += count;
    }
}
