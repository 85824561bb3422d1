//! How many purchases to expect of a contact, as a sum of positive terms.
//!
//! The paper's formula is a difference of a constant and a Gaussian hypergeometric function over `a - 1`: it loses
//! digits where the horizon is short, and is undefined at `a = 1`. The same number comes without a subtraction from
//! what the model says will happen. Let `K` be the purchases a contact would make in the horizon if they never stopped:
//! negative binomial with shape `s = r + x` and `z = t / (alpha + T + t)`. The `j + 1`th of them is made if the contact
//! goes on after each of the `j` before it, the chance of which is `(b + x)_j / (a + b + x)_j` (rising factorials). So
//!
//! ```text
//! E = P(alive) * sum over k of P(K = k) * m_k,   m_k = sum over j < k of (b + x)_j / (a + b + x)_j
//! ```
//!
//! Expanding the hypergeometric function in powers of `z` and dividing by `a - 1` gives the same series; a test holds
//! one against the other.

use crate::{History, Model};

/// Bound of the relative error of [`Model::expected`]. The terms left out are at most a millionth of it; the rest is for
/// rounding, which over [`TERMS_MAX`] terms stays far below.
pub const RELATIVE_ERROR_MAX: f64 = 1e-9;
/// Most terms of the series. The mean of `K` may be about as large: more purchases than that no person makes.
pub const TERMS_MAX: u32 = 3_000;

/// What the terms left out may add, relative to the sum.
const TAIL_MAX: f64 = 1e-15;
/// How many terms are added between two looks at what is left: looking costs more than a term.
const LOOK_EVERY: u32 = 16;
/// Weights are scaled down beyond this, long before they overflow.
const WEIGHT_MAX: f64 = 1e200;

impl Model {
    /// The purchases to be expected in the next `ahead` weeks, the paper's conditional expectation, to a relative error
    /// of [`RELATIVE_ERROR_MAX`]. Falls while time passes without a purchase.
    ///
    /// `None` where the series needs more than [`TERMS_MAX`] terms.
    #[must_use]
    pub fn expected(&self, history: &History, ahead: f64) -> Option<f64> {
        Some(self.alive(history) * self.expected_while_alive(history, ahead)?)
    }

    /// The same for a contact who is known not to have stopped.
    fn expected_while_alive(&self, history: &History, ahead: f64) -> Option<f64> {
        let shape = self.r + history.repeats;
        let z = ahead / (self.alpha + history.age + ahead);
        let goes_on = self.b + history.repeats;
        // Weights are P(K = k) up to a common factor, which the division at the end takes out again.
        let (mut weight, mut weights) = (1.0, 1.0);
        let (mut made, mut still_buys) = (0.0, 1.0);
        let mut sum = 0.0;
        for index in 0..TERMS_MAX {
            let k = f64::from(index);
            made += still_buys;
            still_buys *= (goes_on + k) / (self.a + goes_on + k);
            weight *= z * (shape + k) / (k + 1.0);
            weights += weight;
            sum += weight * made;
            if weight > WEIGHT_MAX {
                weight /= WEIGHT_MAX;
                weights /= WEIGHT_MAX;
                sum /= WEIGHT_MAX;
            }
            if !index.is_multiple_of(LOOK_EVERY) {
                continue;
            }
            // From here on each weight is at most `ratio` of the one before, and `made` grows by at most 1 a term.
            let ratio = (z * (shape + k + 1.0) / (k + 2.0)).max(z);
            if ratio < 1.0 {
                let rest = ratio / (1.0 - ratio);
                if weight * rest * (made + 1.0 / (1.0 - ratio)) <= TAIL_MAX * sum {
                    return Some(sum / weights);
                }
            }
        }
        None
    }
}
