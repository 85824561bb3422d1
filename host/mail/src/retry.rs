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
/// How long a message is tried, counted from its first attempt, in milliseconds (4 days).
pub const RETRY_SPAN_MS: i64 = 4 * 24 * 60 * MINUTE_MS;

/// The instant of the next attempt in milliseconds, or `None` when the message is to be given up.
///
/// `attempts` counts the attempts made so far (at least 1), `last_attempt_ms` is the instant of the latest:
/// delays count from it, so that an outage of ours is not followed by a burst of overdue attempts. The first
/// delays carry up to a tenth of jitter on top, the later ones lie anywhere between 30 and 60 minutes.
pub fn next_attempt(
    first_attempt_ms: i64,
    last_attempt_ms: i64,
    attempts: u32,
    jitter_seed: u64,
) -> Option<i64> {
    let made = attempts.max(1);
    let delay_ms = delay_ms(made, jitter_seed);
    let next_ms = last_attempt_ms
        .max(first_attempt_ms)
        .checked_add(delay_ms)?;
    (next_ms - first_attempt_ms <= RETRY_SPAN_MS).then_some(next_ms)
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

    fn minutes_between(attempts: u32, seed: u64) -> i64 {
        let at = 1_000_000;
        (next_attempt(at, at, attempts, seed).unwrap() - at) / MINUTE_MS
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
    fn attempts_end_after_four_days_and_average_at_least_half_an_hour() {
        for seed in 0..20 {
            let (mut last, mut attempts) = (0, 1);
            while let Some(next) = next_attempt(0, last, attempts, seed) {
                assert!(next > last);
                last = next;
                attempts += 1;
            }
            assert!((96..=192).contains(&attempts), "{attempts} attempts");
            assert!(last <= RETRY_SPAN_MS && last > RETRY_SPAN_MS - 60 * MINUTE_MS);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_instant_and_an_outage_causes_no_burst() {
        assert_eq!(next_attempt(0, 500, 6, 9), next_attempt(0, 500, 6, 9));
        let after_outage = next_attempt(0, 36_000_000, 2, 9).unwrap();
        assert!(after_outage >= 36_000_000 + 5 * MINUTE_MS);
        assert_eq!(next_attempt(0, RETRY_SPAN_MS, 30, 1), None);
    }
}
