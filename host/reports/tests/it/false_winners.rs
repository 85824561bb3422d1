//! Experiments whose arms are alike, or whose best two are, looked at over and over: how many are given a winner.
//!
//! The people are drawn from a fixed seed, so that the shares are the same each time. `cargo test -- --nocapture`
//! shows them; ADR 0009 quotes them.

use std::fmt;

use signalbox_reports::experiment::{ASSIGNED_MIN, Arm, Finding, Looks, P_VALUE_MAX, finding};

/// People that come between two draws of conversions, in one arm.
const BATCH: u64 = 100;

/// What an experiment is drawn from.
struct Setting {
    seed: u64,
    experiments: u32,
    looks: u64,
    /// Of each arm: its weight in basis points, the batches it gets between two looks, how likely a person converts.
    arms: &'static [(u32, u64, f64)],
}

/// Parts of the experiments that were given a winner, at any look or at the last one.
struct Shares {
    seed: u64,
    watched: f64,
    /// The same looks, each judged as if it were the only one.
    uncorrected: f64,
    last: f64,
    /// Watched until the end and judged once more when closed there.
    watched_or_last: f64,
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: watched {}, uncorrected {}, last {}, watched or last {}",
            self.seed, self.watched, self.uncorrected, self.last, self.watched_or_last
        )
    }
}

impl Setting {
    fn shares(&self) -> Shares {
        let draws: Vec<Binomial> = self
            .arms
            .iter()
            .map(|(_, _, share)| Binomial::new(*share))
            .collect();
        let mut random = Random(self.seed);
        let mut counts = [0_u32; 4];
        for _ in 0..self.experiments {
            let (watched, uncorrected, last) = self.experiment(&draws, &mut random);
            let won = [watched, uncorrected, last, watched || last];
            for (count, won) in counts.iter_mut().zip(won) {
                *count += u32::from(won);
            }
        }
        let [watched, uncorrected, last, watched_or_last] =
            counts.map(|count| f64::from(count) / f64::from(self.experiments));
        Shares {
            seed: self.seed,
            watched,
            uncorrected,
            last,
            watched_or_last,
        }
    }

    /// Whether one experiment was given a winner while watched, without the correction, and at its last look.
    fn experiment(&self, draws: &[Binomial], random: &mut Random) -> (bool, bool, bool) {
        let mut arms: Vec<Arm> = self
            .arms
            .iter()
            .enumerate()
            .map(|(index, (weight, ..))| Arm {
                name: index.to_string(),
                weight: *weight,
                assigned: 0,
                converted: 0,
            })
            .collect();
        let once = Looks::Final {
            planned: ASSIGNED_MIN,
        };
        let (mut watched, mut uncorrected, mut last) = (false, false, false);
        for _ in 0..self.looks {
            for ((arm, (_, batches, _)), draw) in arms.iter_mut().zip(self.arms).zip(draws) {
                arm.assigned += batches * BATCH;
                arm.converted += (0..*batches).map(|_| draw.draw(random)).sum::<u64>();
            }
            last = is_won(&arms, once);
            uncorrected |= last;
            // A watched winner is always one of a single look as well.
            watched = watched || (last && is_won(&arms, Looks::Watched));
        }
        (watched, uncorrected, last)
    }
}

fn is_won(arms: &[Arm], looks: Looks) -> bool {
    let found = finding(arms, looks).expect("the arms are those of an experiment");
    matches!(found, Finding::Winner { .. })
}

/// How many of a batch convert, by inverting the distribution function.
struct Binomial(Vec<f64>);

impl Binomial {
    fn new(share: f64) -> Self {
        let mut term = (1.0 - share).powi(BATCH as i32);
        let mut below = 0.0;
        let sums = (0..BATCH).map(|count| {
            below += term;
            term *= (BATCH - count) as f64 / (count + 1) as f64 * share / (1.0 - share);
            below
        });
        Self(sums.collect())
    }

    fn draw(&self, random: &mut Random) -> u64 {
        let point = random.share();
        self.0.partition_point(|below| *below <= point) as u64
    }
}

/// `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
struct Random(u64);

impl Random {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn looking_two_hundred_times_finds_few_false_winners() {
    let shares = Setting {
        seed: 9,
        experiments: 2000,
        looks: 200,
        arms: &[(5000, 1, 0.05), (5000, 1, 0.05)],
    }
    .shares();
    println!("{shares}");
    assert!(shares.watched <= P_VALUE_MAX, "{shares}");
    // Were this not far above, the test could not fail.
    assert!(shares.uncorrected > 0.25, "{shares}");
    // Two percent of 2,000 is four standard deviations.
    assert!((shares.last - P_VALUE_MAX).abs() < 0.02, "{shares}");
    assert!(shares.watched_or_last <= 2.0 * P_VALUE_MAX, "{shares}");
}

#[test]
fn a_small_arm_and_rare_conversions_find_few_false_winners() {
    let shares = Setting {
        seed: 10,
        experiments: 1000,
        looks: 100,
        arms: &[(9000, 9, 0.01), (1000, 1, 0.01)],
    }
    .shares();
    println!("{shares}");
    assert!(shares.watched <= P_VALUE_MAX, "{shares}");
    assert!(shares.uncorrected > P_VALUE_MAX, "{shares}");
}

#[test]
fn the_better_two_of_three_that_are_alike_find_few_false_winners() {
    let shares = Setting {
        seed: 11,
        experiments: 500,
        looks: 100,
        arms: &[(3334, 1, 0.05), (3333, 1, 0.1), (3333, 1, 0.1)],
    }
    .shares();
    println!("{shares}");
    assert!(shares.watched <= P_VALUE_MAX, "{shares}");
    assert!(shares.uncorrected > P_VALUE_MAX, "{shares}");
}

#[test]
fn a_better_arm_is_found_while_it_is_watched() {
    let shares = Setting {
        seed: 12,
        experiments: 200,
        looks: 200,
        arms: &[(5000, 1, 0.05), (5000, 1, 0.06)],
    }
    .shares();
    println!("{shares}");
    assert!(shares.watched > 0.8, "{shares}");
}
