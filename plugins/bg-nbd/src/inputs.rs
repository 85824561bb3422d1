//! A contact's purchases as a plan asks for them and as `decide` reads them.

use signalbox_sdk::{Contact, Events, Instant, Plan};

use crate::{History, WEEK_MS};

/// The purchases of a contact who has at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchases {
    /// How many, at least 1. Several on one day count one by one.
    pub count: i64,
    /// When the first occurred.
    pub first: Instant,
    /// When the last occurred, not before the first.
    pub last: Instant,
}

/// What the model reads: how many of the events there are, when the first and the last occurred, and the time.
#[must_use]
pub fn plan(purchases: &Events) -> Plan {
    Plan::new()
        .count("purchases", purchases.clone())
        .first("first purchase", purchases.clone())
        .last("last purchase", purchases.clone())
        .clock()
}

impl Purchases {
    /// Reads the inputs of [`plan`]; `None` for a contact without a purchase.
    #[must_use]
    pub fn of(contact: &Contact<'_>) -> Option<Self> {
        let count = contact.count("purchases");
        let first = contact.instant("first purchase")?;
        let last = contact.instant("last purchase")?.max(first);
        (count >= 1).then_some(Self { count, first, last })
    }

    /// The model's view at an instant. A purchase that is ahead of the clock counts as made now.
    #[must_use]
    pub fn history(&self, now: Instant) -> History {
        let weeks = |at: Instant| at.since(self.first).as_ms() as f64 / WEEK_MS;
        let repeats = (self.count - 1) as f64;
        let last = if self.count > 1 {
            weeks(self.last)
        } else {
            0.0
        };
        History {
            repeats,
            last,
            age: weeks(now).max(last),
        }
    }
}
