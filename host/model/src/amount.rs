//! Amounts of money or of whatever else is added up: whole ten-thousandths, so that a sum is the same in any order.

/// So many parts make one.
const PARTS: f64 = 10_000.0;

/// The parts of a number, rounded to the nearest; beyond what fits the outermost, of what is no number none.
pub fn parts_of(number: f64) -> i64 {
    // A cast saturates, and of NaN makes 0.
    (number * PARTS).round() as i64
}

/// The number that so many parts make.
pub fn number_of(parts: i64) -> f64 {
    parts as f64 / PARTS
}
