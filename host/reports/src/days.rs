//! What triggers say on each day, and who enters: folded from facts like the counters, and rebuildable like them.
//!
//! `engine` keeps a row for each day of a workflow in a ring of [`DAYS_KEPT`], so that a day that is too old gives its
//! place to a new one. A day is one of UTC. Nothing is added to a day once something of a later one was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signalbox_model::{
    calendar::{LocalDate, Zone},
    definitions::Slot,
    fact::{Fact, FactKind},
    id::WorkflowId,
    time::Instant,
};

use crate::count;

/// Days of a workflow that are kept, this one included.
pub const DAYS_KEPT: u16 = 400;

/// One day of one workflow, over all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayCounters {
    /// Days since 1970-01-01, in UTC.
    pub day: i32,
    /// Answers of the trigger, by reason.
    pub trigger: BTreeMap<String, u64>,
    /// Journeys that began.
    pub entered: u64,
    /// Contacts that the trigger wanted in and that stayed out, by reason.
    pub not_entered: BTreeMap<String, u64>,
}

impl DayCounters {
    /// Where the day lies in the ring.
    pub fn place(&self) -> u16 {
        self.day.rem_euclid(i32::from(DAYS_KEPT)) as u16
    }

    /// The day itself.
    pub fn date(&self) -> LocalDate {
        let begins_at = Instant::from_ms(i64::from(self.day) * 86_400_000);
        LocalDate::of(&Zone::UTC, begins_at)
    }

    /// Whether it is one of the days that are kept at that instant.
    pub fn is_kept(&self, now: Instant) -> bool {
        self.day > now.utc_day() - i32::from(DAYS_KEPT)
    }

    /// Adds what another partition counted on the same day.
    pub fn merge(&mut self, other: &Self) {
        self.entered += other.entered;
        for (to, from) in [
            (&mut self.trigger, &other.trigger),
            (&mut self.not_entered, &other.not_entered),
        ] {
            for (reason, more) in from {
                *to.entry(reason.clone()).or_default() += more;
            }
        }
    }

    fn add(&mut self, what: &FactKind) {
        match what {
            FactKind::RuleDecided(decision) => count(&mut self.trigger, &decision.reason),
            FactKind::JourneyEntered(_) => self.entered += 1,
            FactKind::NotEntered(reason) => count(&mut self.not_entered, reason),
            _ => {}
        }
    }
}

/// The day of each workflow that is being counted: the last one of which there was anything to count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    newest: BTreeMap<WorkflowId, DayCounters>,
}

impl Days {
    /// Goes on from a day that was kept, if there is no newer one.
    pub fn resume(&mut self, workflow: WorkflowId, counters: DayCounters) {
        let newest = self.newest.entry(workflow).or_default();
        if newest.day <= counters.day {
            *newest = counters;
        }
    }

    /// Adds one fact; whether it counts for a day of its workflow.
    pub fn fold(&mut self, fact: &Fact) -> bool {
        let Some(workflow) = fact.owner.workflow() else {
            return false;
        };
        let is_counted = match &fact.what {
            FactKind::RuleDecided(decision) => decision.slot == Slot::Trigger,
            FactKind::JourneyEntered(_) | FactKind::NotEntered(_) => true,
            _ => false,
        };
        if is_counted {
            self.day_mut(workflow, fact.at.utc_day()).add(&fact.what);
        }
        is_counted
    }

    /// The newest day of a workflow.
    pub fn newest(&self, workflow: &WorkflowId) -> Option<&DayCounters> {
        self.newest.get(workflow)
    }

    /// Forgets a workflow; whether there was anything of it.
    pub fn forget(&mut self, workflow: &WorkflowId) -> bool {
        self.newest.remove(workflow).is_some()
    }

    fn day_mut(&mut self, workflow: &WorkflowId, day: i32) -> &mut DayCounters {
        let newest = self.newest.entry(workflow.clone()).or_insert(DayCounters {
            day,
            ..DayCounters::default()
        });
        if newest.day < day {
            *newest = DayCounters {
                day,
                ..DayCounters::default()
            };
        }
        newest
    }
}
