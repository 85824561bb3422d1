//! How an experiment stands: the counts of its arms in, a finding out.
//!
//! `engine` counts who was assigned to which arm and who of them converted; whoever shows or ends an experiment asks
//! here. A finding is a function of the counts as they are now: no former look is remembered, and none needs to be.
//! Nothing here assigns anybody to an arm, reads a clock or rounds a number for display.
//!
//! What the caller must see to, because no count can show it:
//!
//! - The counts are of people, each once, and of one step; who converted is one of those assigned.
//! - All of them were assigned under the weights that are handed in. After an edit of weights count anew, or ask for
//!   each period apart: together they would look unbalanced, and a good day would favour the arm that had more of it.
//! - An experiment is closed because its planned size is reached, not because of what a look has shown.
//!
//! The method and what it costs are argued in ADR 0009.

mod table;

use std::{cmp::Ordering, collections::BTreeSet};

use self::table::Table;

/// People that every arm needs before anything is said about a winner.
pub const ASSIGNED_MIN: u64 = 500;

/// A winner's p-value is below this, shared among its comparisons (see [`Finding::Winner`]).
pub const P_VALUE_MAX: f64 = 0.05;

/// Arms whose counts have a p-value below this, against their weights, are unbalanced.
///
/// Lower than for a winner because every experiment is asked, and a fault is rare (Kohavi, Tang and Xu, "Trustworthy
/// Online Controlled Experiments", 2020, chapter 21). It is not corrected for looking often: one or two of a hundred
/// healthy experiments that are looked at two hundred times are found unbalanced at some look, and only have to wait.
pub const BALANCE_P_VALUE_MIN: f64 = 0.001;

/// The count that every cell of a table must expect for chi-squared to be near enough to the truth (Cochran, "Some
/// methods for strengthening the common chi-squared tests", Biometrics 10, 1954).
pub const EXPECTED_MIN: f64 = 5.0;

/// What the weights of an experiment sum to, in basis points.
pub const WEIGHTS_SUM: u64 = 10_000;

/// One arm and its counts. A holdout is an arm like any other: it gets nothing, and it can win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// The name that the workflow gives it; no two arms of an experiment have the same.
    pub name: String,
    /// Its share of all people in basis points, 0 to 10,000; the arms of an experiment sum to [`WEIGHTS_SUM`].
    pub weight: u32,
    /// People assigned to it.
    pub assigned: u64,
    /// Those of the assigned who converted, at most as many.
    pub converted: u64,
}

/// How often the counts are looked at before somebody acts on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// The experiment goes on and anybody may look at any time: a winner must hold out against all of these looks.
    Watched,
    /// The experiment was closed when it had reached its planned size: this is the one look that counts.
    Final {
        /// People that each arm was planned to have, set before the first was assigned. While an arm has fewer the
        /// experiment was closed early, so it is judged as [`Looks::Watched`]; fewer than [`ASSIGNED_MIN`] changes
        /// nothing.
        planned: u64,
    },
}

/// How an experiment stands. The cases are looked at in their order here and the first that holds is answered.
///
/// What makes a comparison meaningless comes before the comparison: an arm that fills as its weight says only needs
/// time (`TooFew`), but one that should have enough people and does not, or has too many, is a fault that time does
/// not heal (`Unbalanced`). Only counts that pass both are compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// An arm has too few people. The smallest is named, of equal ones the first by name.
    TooFew {
        /// Its name.
        arm: String,
        /// People assigned to it.
        count: u64,
        /// People it needs: [`ASSIGNED_MIN`].
        needed: u64,
    },
    /// The arms have other shares of the people than their weights say (a sample ratio mismatch): who is in an arm is
    /// not left to chance alone, so that arms cannot be compared. Asked as soon as no arm is still filling, that is
    /// when each has [`ASSIGNED_MIN`] people or should have them by its weight.
    Unbalanced {
        /// Of Pearson's goodness of fit against the weights: from 0 to below [`BALANCE_P_VALUE_MIN`].
        p_value: f64,
    },
    /// No winner yet. While the experiment goes on that may change.
    NoWinner {
        /// The p-value that was not low enough, from 0 to 1; what it is of is told by `obstacle`.
        p_value: f64,
        /// What it would have to be below.
        threshold: f64,
        /// Why there is none: the first of its cases that holds.
        obstacle: Obstacle,
    },
    /// One arm converts better than every other. While the experiment is watched it may be withdrawn: such an
    /// experiment names an arm that is not the best, at any look at all, in at most [`P_VALUE_MAX`] of cases.
    Winner {
        /// The arm with the highest share of converted.
        arm: String,
        /// The largest of the p-values of the winner against each other arm, two-sided, from 0 to below `threshold`.
        /// With [`Looks::Watched`] it allows for all looks, and is larger than that of the same table alone.
        p_value: f64,
        /// [`P_VALUE_MAX`] divided by the number of other arms (Bonferroni). The division also pays for choosing the
        /// winner after the fact: see ADR 0009.
        threshold: f64,
        /// How much better it is.
        lift: Lift,
    },
}

/// Why there is no winner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Obstacle {
    /// Too few people converted, or too few did not, for chi-squared to be trusted. The p-value is then 1.
    TooRare {
        /// The smallest count that a cell of a table expects, below [`EXPECTED_MIN`].
        expected: f64,
    },
    /// The arms together may well be alike. The p-value is of the table of all arms.
    Alike,
    /// The best arm is not far enough ahead of every other. The p-value is the largest of its comparisons.
    Close,
    /// The best arm would be far enough ahead if this were the only look. The p-value is the largest of its
    /// comparisons and allows for all looks.
    Watched,
}

/// How much better the winner is than the arm that comes next. On average too much: an arm is likelier to win while
/// chance favours it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lift {
    /// The arm with the second highest share of converted, of equal ones the first by name.
    pub over: String,
    /// The winner's share less the other's, above 0 and at most 1.
    pub difference: f64,
    /// The difference as a part of the other's share, above 0 (0.2 is 20 % more); `None` if nobody converted there.
    pub relative: Option<f64>,
}

/// Arms that are not those of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is nothing to compare.
    #[error("only {count} arms of the experiment have a weight, two are needed")]
    TooFewArms {
        /// Arms with a weight.
        count: usize,
    },
    /// The weights are not the shares of one whole.
    #[error("the weights of the arms sum to {sum} basis points instead of {WEIGHTS_SUM}")]
    Weights {
        /// Their sum in basis points.
        sum: u64,
    },
    /// A finding could not say which arm it means.
    #[error("two arms have the name {name:?}")]
    SameName {
        /// The name.
        name: String,
    },
    /// Somebody converted who was not assigned.
    #[error("{converted} people converted in the arm {arm:?}, but {assigned} were assigned to it")]
    MoreConverted {
        /// The arm.
        arm: String,
        /// People assigned to it.
        assigned: u64,
        /// People counted as converted.
        converted: u64,
    },
}

/// Says how an experiment with these arms stands. Their order does not matter.
///
/// An arm without weight and without people is left out.
///
/// # Errors
/// If the arms are not those of one experiment: see [`Error`].
pub fn finding(arms: &[Arm], looks: Looks) -> Result<Finding, Error> {
    let arms = arms_to_compare(arms)?;
    let smallest = arms
        .iter()
        .min_by_key(|arm| arm.assigned)
        .expect("there are two arms at least");
    let too_few = Finding::TooFew {
        arm: smallest.name.clone(),
        count: smallest.assigned,
        needed: ASSIGNED_MIN,
    };
    let strays = arms.iter().any(|arm| arm.weight == 0);
    if !strays && is_filling(&arms) {
        return Ok(too_few);
    }
    let p_value = table::balance_p_value(&arms);
    if p_value < BALANCE_P_VALUE_MIN {
        return Ok(Finding::Unbalanced { p_value });
    }
    if smallest.assigned < ASSIGNED_MIN {
        return Ok(too_few);
    }
    let looks = match looks {
        Looks::Final { planned } if smallest.assigned < planned => Looks::Watched,
        looks => looks,
    };
    Ok(comparison(&arms, looks))
}

/// The arms by name, without those that have neither weight nor people.
fn arms_to_compare(arms: &[Arm]) -> Result<Vec<&Arm>, Error> {
    let mut names = BTreeSet::new();
    for arm in arms {
        if !names.insert(&arm.name) {
            let name = arm.name.clone();
            return Err(Error::SameName { name });
        }
        if arm.converted > arm.assigned {
            return Err(Error::MoreConverted {
                arm: arm.name.clone(),
                assigned: arm.assigned,
                converted: arm.converted,
            });
        }
    }
    let sum = arms.iter().map(|arm| u64::from(arm.weight)).sum();
    if sum != WEIGHTS_SUM {
        return Err(Error::Weights { sum });
    }
    let count = arms.iter().filter(|arm| arm.weight > 0).count();
    if count < 2 {
        return Err(Error::TooFewArms { count });
    }
    let mut compared: Vec<&Arm> = arms
        .iter()
        .filter(|arm| arm.weight > 0 || arm.assigned > 0)
        .collect();
    // Sums of floating point numbers hang on their order, and so would the last digit of a p-value.
    compared.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(compared)
}

/// Whether an arm has too few people and, by its weight, is not due to have enough.
fn is_filling(arms: &[&Arm]) -> bool {
    arms.iter()
        .zip(table::expected_counts(arms))
        .any(|(arm, expected)| arm.assigned < ASSIGNED_MIN && expected < ASSIGNED_MIN as f64)
}

/// Compares arms that have enough people and are balanced.
fn comparison(arms: &[&Arm], looks: Looks) -> Finding {
    let mut ranked = arms.to_vec();
    ranked.sort_by(|one, other| by_share(other, one));
    let (best, rivals) = ranked.split_first().expect("there are two arms at least");
    let pairs: Vec<Table> = rivals
        .iter()
        .map(|rival| Table::of(&[best, rival]))
        .collect();
    let whole = Table::of(arms);
    let threshold = P_VALUE_MAX / pairs.len() as f64;

    let expected = pairs
        .iter()
        .map(|pair| pair.expected_min)
        .fold(whole.expected_min, f64::min);
    if expected < EXPECTED_MIN {
        return no_winner(1.0, threshold, Obstacle::TooRare { expected });
    }
    let p_value = whole.p_value();
    if p_value >= P_VALUE_MAX {
        return no_winner(p_value, P_VALUE_MAX, Obstacle::Alike);
    }
    let mut p_value = pairs.iter().map(Table::p_value).fold(0.0, f64::max);
    if p_value >= threshold {
        return no_winner(p_value, threshold, Obstacle::Close);
    }
    if looks == Looks::Watched {
        // Two arms with the least that they need: before that nobody is told of a winner, so no look counts.
        let information_min = ASSIGNED_MIN as f64 / 2.0;
        p_value = pairs
            .iter()
            .map(|pair| pair.p_value_watched(information_min))
            .fold(0.0, f64::max);
        if p_value >= threshold {
            return no_winner(p_value, threshold, Obstacle::Watched);
        }
    }
    Finding::Winner {
        arm: best.name.clone(),
        p_value,
        threshold,
        lift: lift(best, rivals[0]),
    }
}

fn no_winner(p_value: f64, threshold: f64, obstacle: Obstacle) -> Finding {
    Finding::NoWinner {
        p_value,
        threshold,
        obstacle,
    }
}

/// Compares the shares of converted without a division, so that equal ones are equal.
fn by_share(one: &Arm, other: &Arm) -> Ordering {
    let cross = |converted: u64, assigned: u64| u128::from(converted) * u128::from(assigned);
    cross(one.converted, other.assigned).cmp(&cross(other.converted, one.assigned))
}

fn lift(winner: &Arm, next: &Arm) -> Lift {
    let share = |arm: &Arm| arm.converted as f64 / arm.assigned as f64;
    let difference = share(winner) - share(next);
    Lift {
        over: next.name.clone(),
        difference,
        relative: (next.converted > 0).then(|| difference / share(next)),
    }
}
