//! The BG/NBD model of repeat purchases: who still buys, and how much is to be expected.
//!
//! Called by the plugins `churn-risk` and `repeat-buyer`. The model is that of Fader, Hardie and Lee (2005),
//! "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model", Marketing Science 24(2), 275-284:
//! a contact buys at a rate of their own until, after some repeat purchase, they silently stop. Rates differ between
//! contacts by a gamma distribution (`r`, `alpha`), chances to stop by a beta distribution (`a`, `b`). Time is in
//! weeks throughout.
//!
//! What it takes of a contact is three numbers: the repeat purchases `x`, and how long after the first purchase came
//! the last one (`t_x`) and the present (`T`). A contact with a single purchase cannot have stopped in this model,
//! whatever the time since: callers must say something else of them.
#![deny(missing_docs)]

mod expected;
mod inputs;
mod search;

pub use expected::{RELATIVE_ERROR_MAX, TERMS_MAX};
pub use inputs::{Purchases, plan};
pub use search::first_below;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Milliseconds of a week, the unit of time of the model.
pub const WEEK_MS: f64 = 604_800_000.0;

/// The four parameters, each from 0.001 to 1000. The defaults are those that the authors found for the CDNOW sample
///.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// How alike the contacts' purchase rates are: small where a few buy often and most hardly ever.
    #[schemars(title = "r", range(min = 0.001, max = 1000.0))]
    pub r: f64,
    /// The scale of the purchase rates in weeks: the mean rate is r divided by alpha purchases a week.
    #[schemars(title = "alpha", range(min = 0.001, max = 1000.0))]
    pub alpha: f64,
    /// Weight of stopping after a repeat purchase: the mean chance to stop is a divided by a plus b.
    #[schemars(title = "a", range(min = 0.001, max = 1000.0))]
    pub a: f64,
    /// Weight of going on after a repeat purchase.
    #[schemars(title = "b", range(min = 0.001, max = 1000.0))]
    pub b: f64,
}

/// What the model takes of one contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// `x`: purchases after the first; at least 0.
    pub repeats: f64,
    /// `t_x`: weeks from the first purchase to the last; 0 without a repeat.
    pub last: f64,
    /// `T`: weeks from the first purchase to now; at least `last`.
    pub age: f64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            r: 0.243,
            alpha: 4.414,
            a: 0.793,
            b: 2.426,
        }
    }
}

impl Model {
    /// Refuses parameters that no model has.
    ///
    /// # Errors
    /// When one is not from 0.001 to 1000.
    pub fn check(&self) -> Result<(), String> {
        let named = [
            ("r", self.r),
            ("alpha", self.alpha),
            ("a", self.a),
            ("b", self.b),
        ];
        match named
            .iter()
            .find(|(_, value)| !(0.001..=1000.0).contains(value))
        {
            Some((name, value)) => Err(format!(
                "the parameter {name} is {value}; it must be from 0.001 to 1000"
            )),
            None => Ok(()),
        }
    }

    /// The probability, from 0 to 1, that a contact has not stopped.
    ///
    /// Falls while time passes without a purchase; 1 for a contact without a repeat. It is one over the denominator of
    /// the paper's conditional expectation.
    #[must_use]
    pub fn alive(&self, history: &History) -> f64 {
        if history.repeats < 1.0 {
            return 1.0;
        }
        let since_last = (history.age - history.last) / (self.alpha + history.last);
        let odds_of_stopped = self.a / (self.b + history.repeats - 1.0)
            * ((self.r + history.repeats) * since_last.ln_1p()).exp();
        1.0 / (1.0 + odds_of_stopped)
    }

    /// The age in weeks at which [`Self::alive`] has fallen to `level`, which must lie between 0 and 1; infinite for a
    /// contact without a repeat. Not before the last purchase.
    #[must_use]
    pub fn age_at(&self, repeats: f64, last: f64, level: f64) -> f64 {
        if repeats < 1.0 {
            return f64::INFINITY;
        }
        let odds_of_stopped = 1.0 / level - 1.0;
        let growth = (odds_of_stopped * (self.b + repeats - 1.0) / self.a).ln();
        let since_last = (growth / (self.r + repeats)).exp_m1();
        last + (since_last * (self.alpha + last)).max(0.0)
    }
}
