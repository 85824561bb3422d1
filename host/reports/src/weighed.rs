//! What people stand for who were given their arm at different chances.
//!
//! Who was given an arm at a chance of one in four stands for four people, who all might have been given it. The share of
//! an arm's people who converted, each counted so, is what it would be had everybody been given that arm, whatever the
//! rule that chooses goes by. It is the ratio of Hajek (1971), in Swaminathan and Joachims (2015), "The Self-Normalized
//! Estimator for Counterfactual Learning", the self-normalized one.

use serde::{Deserialize, Serialize};
use signalbox_model::propensity::Propensity;

/// The people of an arm, each counted as so many as one divided by the chance at which it was given. In whole
/// ten-thousandths, so that a sum is the same in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weighed {
    /// All of them.
    pub assigned: u64,
    /// Those who converted.
    pub converted: u64,
}

impl Weighed {
    pub(crate) fn assign(&mut self, propensity: Propensity) {
        self.assigned = self.assigned.saturating_add(propensity.inverse_parts());
    }

    pub(crate) fn convert(&mut self, propensity: Propensity) {
        self.converted = self.converted.saturating_add(propensity.inverse_parts());
    }

    /// Adds what another partition, or another version, counted.
    pub fn merge(&mut self, other: Self) {
        self.assigned = self.assigned.saturating_add(other.assigned);
        self.converted = self.converted.saturating_add(other.converted);
    }

    /// The share of those who converted, from 0 to 1; `None` as long as there is nobody.
    pub fn rate(&self) -> Option<f64> {
        (self.assigned > 0).then(|| self.converted as f64 / self.assigned as f64)
    }
}
