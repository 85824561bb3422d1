//! Propensities: how likely it was that a contact was given the arm that it was given.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The chance of an arm that was given, above 0 and at most 1, in whole ten-thousandths, so that a sum of what it weighs is
/// the same in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Propensity(u16);

/// So many parts are certain.
const PARTS: u16 = 10_000;

impl Propensity {
    /// Most bytes it takes encoded: seven bits a byte.
    pub const BYTES_MAX: usize = 2;

    /// The nearest part to the number, and one at least; `None` for a number that is no chance of something that happened.
    pub fn of(number: f64) -> Option<Self> {
        let is_chance = number > 0.0 && number <= 1.0;
        let parts = (number * f64::from(PARTS)).round() as u16;
        is_chance.then(|| Self(parts.clamp(1, PARTS)))
    }

    /// The chance of an arm that is drawn by its weight; `None` for one that never is.
    pub fn of_weight(weight: u32) -> Option<Self> {
        let parts = u16::try_from(weight).ok()?;
        (1..=PARTS).contains(&parts).then_some(Self(parts))
    }

    /// As a number.
    pub fn as_number(self) -> f64 {
        f64::from(self.0) / f64::from(PARTS)
    }

    /// How many people one stands for who was given an arm at this chance: one divided by it, in ten-thousandths.
    pub fn inverse_parts(self) -> u64 {
        let (parts, own) = (u64::from(PARTS), u64::from(self.0.max(1)));
        (parts * parts + own / 2) / own
    }
}

impl fmt::Display for Propensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_number().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Propensity;
    use crate::codec;

    #[test]
    fn only_a_chance_of_what_happened_is_one() {
        for number in [0.0, -0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            assert_eq!(Propensity::of(number), None, "{number}");
        }
        let kept = |number| Propensity::of(number).map(Propensity::as_number);
        assert_eq!(kept(1.0), Some(1.0));
        assert_eq!(kept(0.123_44), Some(0.1234));
        assert_eq!(kept(f64::MIN_POSITIVE), Some(0.0001));
        assert_eq!(Propensity::of_weight(0), None);
        assert_eq!(Propensity::of_weight(10_001), None);
        assert_eq!(Propensity::of_weight(2_500), Propensity::of(0.25));
    }

    #[test]
    fn one_stands_for_as_many_as_the_chance_says() {
        let parts = |number| Propensity::of(number).map(Propensity::inverse_parts);
        assert_eq!(parts(1.0), Some(10_000));
        assert_eq!(parts(0.25), Some(40_000));
        assert_eq!(parts(0.3), Some(33_333));
        assert_eq!(parts(0.0001), Some(100_000_000));
    }

    #[test]
    fn the_most_certain_one_fits_its_bytes() {
        let certain = Propensity::of_weight(10_000).expect("all are everybody");
        assert_eq!(codec::size(&certain), Propensity::BYTES_MAX);
    }
}
