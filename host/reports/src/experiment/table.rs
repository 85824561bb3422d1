//! The chi-squared statistics that a finding stands on, and the p-values that belong to them.
//!
//! `experiment` asks; nothing here knows a threshold or decides anything. Sums are made in floating point, so that no
//! count is too large for them: a count above 2^53 loses its last digits, which no test can see at that size.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::Arm;

/// The table of arms by converted or not, measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// Pearson's statistic, without a correction for continuity; 0 where nobody or everybody converted.
    pub(super) chi_squared: f64,
    /// Arms less one.
    pub(super) degrees: u32,
    /// The smallest count that any cell would have if all arms converted alike.
    pub(super) expected_min: f64,
    /// How much the arms tell together: 1 / (1/n + 1/m + ...), in people. Half of an arm for two of equal size.
    pub(super) information: f64,
}

impl Table {
    /// Measures a table of at least two arms, each with at least one person.
    ///
    /// With `c` converted of `n` in an arm and `p` the share that converted over all arms, the statistic is the sum of
    /// `(c - n p)^2 / (n p (1 - p))`: both cells of an arm are off by the same amount, so that Pearson's sum over
    /// cells comes to this (Pearson 1900; Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions",
    /// 3rd edition, section 9.1).
    pub(super) fn of(arms: &[&Arm]) -> Self {
        let all: f64 = arms.iter().map(|arm| arm.assigned as f64).sum();
        let converted: f64 = arms.iter().map(|arm| arm.converted as f64).sum();
        let others: f64 = arms
            .iter()
            .map(|arm| (arm.assigned - arm.converted) as f64)
            .sum();
        let share = converted / all;
        let share_of_others = others / all;
        let mut table = Self {
            chi_squared: 0.0,
            degrees: arms.len() as u32 - 1,
            expected_min: f64::INFINITY,
            information: arms
                .iter()
                .map(|arm| 1.0 / arm.assigned as f64)
                .sum::<f64>()
                .recip(),
        };
        for arm in arms {
            let assigned = arm.assigned as f64;
            let expected = assigned * share;
            table.expected_min = table
                .expected_min
                .min(expected)
                .min(assigned * share_of_others);
            let variance = expected * share_of_others;
            if variance > 0.0 {
                table.chi_squared += (arm.converted as f64 - expected).powi(2) / variance;
            }
        }
        table
    }

    /// The p-value for somebody who looks once, at a time that does not depend on the counts. From 0 to 1.
    pub(super) fn p_value(&self) -> f64 {
        chi_squared_above(self.chi_squared, self.degrees)
    }

    /// The p-value for somebody who may look at any time from `information_min` on, for ever. From 0 to 1.
    ///
    /// While two arms that convert alike fill, the difference of their shares, times the information and over its
    /// standard deviation for one person, moves as a Brownian motion `W(t)` does, with the information for the time
    /// `t`, and the statistic is `W(t)^2 / t`. For such a motion and any bound `x`
    ///
    /// ```text
    /// P(W(t)^2 / t - ln(t / t0) >= x for some t >= t0) = 2 (1 - Phi(sqrt(x)) + sqrt(x) phi(sqrt(x)))
    /// ```
    ///
    /// and the right side is the chance that chi-squared with 3 degrees of freedom is above `x` (Robbins and Siegmund,
    /// "Boundary crossing probabilities for the Wiener process and sample sums", Annals of Mathematical Statistics
    /// 41, 1970, for the motion; Waudby-Smith, Kennedy and Ramdas, "Distribution-uniform anytime-valid sequential
    /// inference and the Robbins-Siegmund distributions", arXiv 2311.03343, for sums that only come near to one).
    /// So this needs nothing but the counts as they are now. The table has two arms: more of them move in more
    /// directions than one.
    pub(super) fn p_value_watched(&self, information_min: f64) -> f64 {
        debug_assert_eq!(self.degrees, 1, "the formula is that of two arms");
        let price_of_time = (self.information / information_min).ln();
        chi_squared_above(self.chi_squared - price_of_time, 3)
    }
}

/// The p-value of the counts of people against what the weights promise: Pearson's goodness of fit. From 0 to 1.
///
/// The arms have at least one person together and at least two have a weight. Somebody in an arm without a weight
/// cannot be by chance: then it is 0.
pub(super) fn balance_p_value(arms: &[&Arm]) -> f64 {
    let statistic = arms
        .iter()
        .zip(expected_counts(arms))
        .map(|(arm, expected)| (arm.assigned as f64 - expected).powi(2) / expected)
        .sum();
    chi_squared_above(statistic, arms.len() as u32 - 1)
}

/// How many people each arm would have by its weight, of all that are assigned, in the order of the arms.
pub(super) fn expected_counts(arms: &[&Arm]) -> impl Iterator<Item = f64> {
    let all: f64 = arms.iter().map(|arm| arm.assigned as f64).sum();
    let weights: f64 = arms.iter().map(|arm| f64::from(arm.weight)).sum();
    arms.iter()
        .map(move |arm| all * f64::from(arm.weight) / weights)
}

/// The chance that a chi-squared variable with that many degrees of freedom is above the statistic.
fn chi_squared_above(statistic: f64, degrees: u32) -> f64 {
    ChiSquared::new(f64::from(degrees))
        .expect("two arms at least have one degree of freedom at least")
        .sf(statistic)
}
