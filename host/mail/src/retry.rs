//! When a message that was refused for now is tried again (semantics section 8, RFC 5321 section 4.5.4.1).
//!
//! The engine asks after each transient refusal and keeps the instant as a timer. It is a pure function:
//! the jitter comes from a seed of the message, never from a random source.

use sha2::{Digest, Sha256};

const MINUTE_MS: i64 = 60_000;
/// Delays after the first attempts, in minutes.
const FIRST_DELAYS_MIN: [i64; 4] = [1, 5, 15, 30];
/// Later delays lie in this half-open range, in minutes; their average is above RFC 5321's half an hour.
const LATER_DELAY_MIN: (i64, i64) = (30, 60);
/// The longest that any message may be tried, counted from its first attempt, in hours (4 days, the least that
/// RFC 5321 section 4.5.4.1 asks of mail in general; the classes here may ask for less).
pub const RETRY_HOURS_MAX: u32 = 4 * 24;

/// The instant of the next attempt in milliseconds, or `None` when the message is to be given up.
///
/// `hours_max` is how long its class is tried, counted from the first attempt; above [`RETRY_HOURS_MAX`] it is that.
/// `attempts` counts the attempts made so far (at least 1), `last_attempt_ms` is the instant of the latest:
/// delays count from it, so that an outage of ours is not followed by a burst of overdue attempts. The first
/// delays carry up to a tenth of jitter on top, the later ones lie anywhere between 30 and 60 minutes.
pub fn next_attempt(
    first_attempt_ms: i64,
    last_attempt_ms: i64,
    attempts: u32,
    jitter_seed: u64,
    hours_max: u32,
) -> Option<i64> {
    let span_ms = i64::from(hours_max.min(RETRY_HOURS_MAX)) * 60 * MINUTE_MS;
    let made = attempts.max(1);
    let delay_ms = delay_ms(made, jitter_seed);
    let next_ms = last_attempt_ms
        .max(first_attempt_ms)
        .checked_add(delay_ms)?;
    (next_ms - first_attempt_ms <= span_ms).then_some(next_ms)
}

fn delay_ms(attempts: u32, jitter_seed: u64) -> i64 {
    let first = FIRST_DELAYS_MIN.get(attempts as usize - 1);
    let (least_ms, spread_ms) = match first {
        Some(minutes) => (minutes * MINUTE_MS, minutes * MINUTE_MS / 10),
        None => (
            LATER_DELAY_MIN.0 * MINUTE_MS,
            (LATER_DELAY_MIN.1 - LATER_DELAY_MIN.0) * MINUTE_MS,
        ),
    };
    let mut hasher = Sha256::new();
    hasher.update(jitter_seed.to_be_bytes());
    hasher.update(attempts.to_be_bytes());
    let digest = hasher.finalize();
    let mut word = [0; 8];
    word.copy_from_slice(&digest[..8]);
    let jitter_ms = u64::from_be_bytes(word) % (spread_ms.unsigned_abs().max(1));
    least_ms + jitter_ms.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 60 * MINUTE_MS;

    fn minutes_between(attempts: u32, seed: u64) -> i64 {
        let at = 1_000_000;
        (next_attempt(at, at, attempts, seed, RETRY_HOURS_MAX).unwrap() - at) / MINUTE_MS
    }

    #[test]
    fn the_first_delays_are_one_five_fifteen_thirty_minutes() {
        for seed in 0..50 {
            assert_eq!(minutes_between(1, seed), 1);
            assert_eq!(minutes_between(2, seed), 5);
            assert!((15..17).contains(&minutes_between(3, seed)));
            assert!((30..33).contains(&minutes_between(4, seed)));
            assert!((30..60).contains(&minutes_between(5, seed)));
        }
    }

    #[test]
    fn attempts_end_with_the_hours_of_the_class_and_average_at_least_half_an_hour() {
        for (hours_max, ended_after) in [(RETRY_HOURS_MAX, 96), (24, 24), (1, 1), (1_000, 96)] {
            for seed in 0..20 {
                let (mut last, mut attempts) = (0, 1);
                while let Some(next) = next_attempt(0, last, attempts, seed, hours_max) {
                    assert!(next > last);
                    last = next;
                    attempts += 1;
                }
                let hours = ended_after..=2 * ended_after + 3;
                assert!(hours.contains(&i64::from(attempts)), "{attempts} attempts");
                assert!(last <= ended_after * HOUR_MS && last > (ended_after - 1) * HOUR_MS);
            }
        }
        assert_eq!(next_attempt(0, 0, 1, 9, 0), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_instant_and_an_outage_causes_no_burst() {
        let next = |last, attempts| next_attempt(0, last, attempts, 9, RETRY_HOURS_MAX);
        assert_eq!(next(500, 6), next(500, 6));
        let after_outage = next(36_000_000, 2).unwrap();
        assert!(after_outage >= 36_000_000 + 5 * MINUTE_MS);
        assert_eq!(next(96 * HOUR_MS, 30), None);
    }
}
