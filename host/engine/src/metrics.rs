//! Counts and histograms of what the engine does. `api` shows them; nothing is decided by them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of a histogram's buckets, in microseconds: powers of two from 1 us to 67 s.
const BUCKETS: usize = 27;

/// How long things took.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    count: AtomicU64,
    sum_us: AtomicU64,
}

/// A histogram at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistogramSnapshot {
    /// For each bucket its upper bound in microseconds and how many took at most that long and longer than the one
    /// before.
    pub buckets: Vec<(u64, u64)>,
    /// How many in all.
    pub count: u64,
    /// Microseconds in all.
    pub sum_us: u64,
}

impl Histogram {
    pub(crate) fn record(&self, took: Duration) {
        self.record_many(took, 1);
    }

    /// Records that many things that took that long each.
    pub(crate) fn record_many(&self, took: Duration, count: u64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = (64 - us.saturating_sub(1).leading_zeros() as usize).min(BUCKETS - 1);
        self.buckets[bucket].fetch_add(count, Ordering::Relaxed);
        self.count.fetch_add(count, Ordering::Relaxed);
        self.sum_us
            .fetch_add(us.saturating_mul(count), Ordering::Relaxed);
    }

    fn snapshot(&self) -> HistogramSnapshot {
        let counts = self.buckets.iter().enumerate();
        HistogramSnapshot {
            buckets: counts
                .map(|(index, count)| (1 << index, count.load(Ordering::Relaxed)))
                .collect(),
            count: self.count.load(Ordering::Relaxed),
            sum_us: self.sum_us.load(Ordering::Relaxed),
        }
    }
}

impl HistogramSnapshot {
    /// The upper bound of the bucket in which the share lies, in microseconds; 0 when nothing was recorded.
    pub fn quantile_us(&self, share: f64) -> u64 {
        let wanted = (share.clamp(0.0, 1.0) * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for &(bound_us, count) in &self.buckets {
            seen += count;
            if count > 0 && seen >= wanted {
                return bound_us;
            }
        }
        0
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What the engine counts while it runs.
        #[derive(Debug, Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $name: AtomicU64,)*
            pub(crate) decision_time: Histogram,
            pub(crate) commit_time: Histogram,
            pub(crate) apply_lag: Histogram,
            pub(crate) send_time: Histogram,
            pub(crate) marketing_delay: Histogram,
            pub(crate) transactional_delay: Histogram,
        }

        /// All counts and histograms at one instant. Counts begin at 0 with each start of the process.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct MetricsSnapshot {
            $($(#[$doc])* pub $name: u64,)*
            /// Time of one decision: that of its batch divided by the batch's rows.
            pub decision_time: HistogramSnapshot,
            /// Time of one commit of a group.
            pub commit_time: HistogramSnapshot,
            /// From a record's `logged_at` to its commit; on the real clock only.
            pub apply_lag: HistogramSnapshot,
            /// From a message's begin at the transport to its outcome.
            pub send_time: HistogramSnapshot,
            /// From a marketing message's release to its acceptance by a server; on the real clock only.
            pub marketing_delay: HistogramSnapshot,
            /// The same of a transactional message.
            pub transactional_delay: HistogramSnapshot,
            /// Accepted records that wait to be applied, by partition.
            pub queue_depths: Vec<u64>,
            /// Messages being sent.
            pub sends_in_flight: u64,
            /// Contacts that running workflows which take in whoever is there have still to look at.
            pub existing_ahead: u64,
            /// Bytes of the store on disk.
            pub store_bytes: u64,
        }

        impl MetricsSnapshot {
            /// The counts by name.
            pub fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }

        impl Metrics {
            pub(crate) fn snapshot(&self) -> MetricsSnapshot {
                MetricsSnapshot {
                    $($name: self.$name.load(Ordering::Relaxed),)*
                    decision_time: self.decision_time.snapshot(),
                    commit_time: self.commit_time.snapshot(),
                    apply_lag: self.apply_lag.snapshot(),
                    send_time: self.send_time.snapshot(),
                    marketing_delay: self.marketing_delay.snapshot(),
                    transactional_delay: self.transactional_delay.snapshot(),
                    queue_depths: Vec::new(),
                    sends_in_flight: 0,
                    existing_ahead: 0,
                    store_bytes: 0,
                }
            }
        }
    };
}

counts! {
    /// Inputs accepted.
    inputs_accepted,
    /// Inputs refused because a queue was full.
    inputs_refused_busy,
    /// Records applied, of every kind.
    records_applied,
    /// Records applied again at the start.
    records_replayed,
    /// Events applied.
    events_applied,
    /// Events dropped because they came again.
    events_repeated,
    /// Events dropped because their id named another event.
    event_conflicts,
    /// Records that could not be applied and were passed over.
    records_parked,
    /// Questions put to rules.
    decisions,
    /// Questions that a rule failed to answer.
    decisions_failed,
    /// Questions answered from the log.
    decisions_replayed,
    /// Waves of questions.
    waves,
    /// Groups committed.
    groups,
    /// Messages put into the outbox.
    messages_queued,
    /// Messages that a server took.
    sends_accepted,
    /// Attempts that will be made again.
    sends_deferred,
    /// Messages refused for good, expired or unsendable.
    sends_refused,
    /// Claims answered with a reason not to send.
    sends_skipped,
    /// Attempts whose body never began.
    sends_not_begun,
    /// Attempts without a reply.
    sends_in_doubt,
    /// Ticks appended.
    ticks,
    /// Contacts that were looked at for a workflow that takes in whoever is there when it starts.
    existing_looked_at,
    /// Rows of history deleted since they were too old.
    rows_swept,
    /// Commits that failed and were tried again.
    commits_failed,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    add(counter, 1);
}

/// Adds so many.
pub(crate) fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_upper_bounds() {
        let histogram = Histogram::default();
        for us in [1, 2, 3, 100, 5_000] {
            histogram.record(Duration::from_micros(us));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.quantile_us(0.5), 4);
        assert_eq!(snapshot.quantile_us(0.99), 8_192);
        assert_eq!((snapshot.count, snapshot.sum_us), (5, 5_106));
        assert_eq!(Histogram::default().snapshot().quantile_us(0.5), 0);
    }
}
