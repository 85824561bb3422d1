//! Recipient domains that refused us for what we are (5.7.x, semantics section 8): marketing to them goes slowly.
//!
//! Kept in memory only: after a restart the first refusal tells it again.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use signalbox_model::time::{Instant, Span};

/// How long nothing goes to a domain after its first refusal; doubled with each further one.
const SLOWED_FIRST: Span = Span::from_ms(60_000);
/// Longest that nothing goes to a domain.
const SLOWED_MAX: Span = Span::from_ms(3_600_000);
/// Domains that are slowed at one time; beyond it the one whose time is over first is let go.
const DOMAINS_MAX: usize = 10_000;

/// See the module.
#[derive(Default)]
pub(super) struct Pace {
    /// By the domain in lower case. A mutex since senders meet here; held for a look or a change.
    slowed: Mutex<BTreeMap<String, Slowed>>,
}

struct Slowed {
    until: Instant,
    refusals: u32,
    /// One message went ahead, and nothing is known of it yet.
    is_tried: bool,
}

impl Pace {
    /// Until when a message to the domain has to wait; `None` if it may go now. Once a domain's time is over, one
    /// message goes ahead, and the others wait for what becomes of it.
    pub(super) fn wait(&self, domain: &str, now: Instant) -> Option<Instant> {
        let mut slowed = self.lock();
        let found = slowed.get_mut(&key(domain))?;
        if found.until <= now {
            found.until = now.plus(SLOWED_FIRST);
            found.is_tried = true;
            return None;
        }
        Some(found.until)
    }

    /// The domain refused a message for what we are. Those that were on their way together count as one.
    pub(super) fn refused(&self, domain: &str, now: Instant) {
        let mut slowed = self.lock();
        let is_known = slowed.contains_key(&key(domain));
        if !is_known && slowed.len() >= DOMAINS_MAX {
            let soonest = slowed.iter().min_by_key(|(_, slowed)| slowed.until);
            let soonest = soonest.map(|(domain, _)| domain.clone());
            soonest.and_then(|domain| slowed.remove(&domain));
        }
        let found = slowed.entry(key(domain)).or_insert(Slowed {
            until: now,
            refusals: 0,
            is_tried: true,
        });
        if !std::mem::take(&mut found.is_tried) {
            return;
        }
        let rest_ms = SLOWED_FIRST.as_ms() << found.refusals.min(10);
        found.until = now.plus(Span::from_ms(rest_ms.min(SLOWED_MAX.as_ms())));
        found.refusals += 1;
    }

    /// The domain took a message.
    pub(super) fn taken(&self, domain: &str) {
        let mut slowed = self.lock();
        if !slowed.is_empty() {
            slowed.remove(&key(domain));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Slowed>> {
        self.slowed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(domain: &str) -> String {
    domain.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::from_ms(minutes * 60_000)
    }

    #[test]
    fn a_domain_that_refuses_rests_longer_each_time_until_it_takes_one() {
        let pace = Pace::default();
        assert_eq!(pace.wait("a.example", at(0)), None);
        pace.refused("A.example", at(0));
        assert_eq!(pace.wait("a.example", at(0)), Some(at(1)));
        assert_eq!(pace.wait("b.example", at(0)), None);

        // One goes ahead, the others wait for it.
        assert_eq!(pace.wait("a.example", at(1)), None);
        assert_eq!(pace.wait("a.example", at(1)), Some(at(2)));
        pace.refused("a.example", at(1));
        assert_eq!(pace.wait("a.example", at(2)), Some(at(3)));
        let mut now = at(3);
        for _ in 0..20 {
            assert_eq!(pace.wait("a.example", now), None);
            pace.refused("a.example", now);
            now = pace.wait("a.example", now).expect("it rests");
        }
        assert_eq!(pace.wait("a.example", now), None);
        pace.refused("a.example", now);
        let hour = Some(now.plus(SLOWED_MAX));
        assert_eq!(pace.wait("a.example", now), hour);

        pace.taken("a.example");
        assert_eq!(pace.wait("a.example", now), None);
    }

    #[test]
    fn messages_that_are_refused_together_count_as_one() {
        let pace = Pace::default();
        for _ in 0..192 {
            pace.refused("a.example", at(0));
        }
        assert_eq!(pace.wait("a.example", at(0)), Some(at(1)));
    }

    #[test]
    fn no_more_domains_are_kept_than_there_is_room_for() {
        let pace = Pace::default();
        pace.refused("first.example", at(0));
        for number in 0..DOMAINS_MAX {
            pace.refused(&format!("{number}.example"), at(5));
        }
        assert_eq!(pace.wait("first.example", at(0)), None);
        assert_eq!(pace.wait("7.example", at(5)), Some(at(6)));
        assert_eq!(pace.lock().len(), DOMAINS_MAX);
    }
}
