//! When a falling quantity crosses a level: the instant at which a segment asks to be looked at again.

use signalbox_sdk::Instant;

/// How far the search first looks ahead, in milliseconds: a week.
const STEP_MS: i64 = 604_800_000;

/// One end of the stretch that holds the crossing.
#[derive(Clone, Copy)]
struct End {
    at_ms: i64,
    above: f64,
}

/// The first instant after `now`, to the millisecond, at which `value` is below `level`; `None` if it never is by the
/// year 2199, or if `value` gives none. `value` must never rise and be at least `level` at `now`.
///
/// Looks ahead in steps that grow until the level is passed, then closes in by the secant through the two ends. An
/// end that stays twice counts half (the Illinois method), and each third step halves the stretch, so that the search
/// ends whatever the curve.
pub fn first_below(
    now: Instant,
    level: f64,
    value: impl Fn(Instant) -> Option<f64>,
) -> Option<Instant> {
    let end = |at_ms: i64| {
        let above = value(Instant::from_ms(at_ms))? - level;
        Some(End { at_ms, above })
    };
    let (mut low, mut high) = bracket(end(now.as_ms())?, end)?;
    let mut low_stayed = false;
    for round in 1_u32.. {
        let gap = high.at_ms - low.at_ms;
        if gap <= 1 {
            break;
        }
        let share = low.above / (low.above - high.above);
        let middle = if round.is_multiple_of(3) || !share.is_finite() {
            gap / 2
        } else {
            (gap as f64 * share) as i64
        };
        let found = end(low.at_ms + middle.clamp(1, gap - 1))?;
        let below = found.above < 0.0;
        if below {
            high = found;
            if low_stayed {
                low.above /= 2.0;
            }
        } else {
            low = found;
            if !low_stayed {
                high.above /= 2.0;
            }
        }
        low_stayed = below;
    }
    Some(Instant::from_ms(high.at_ms))
}

/// Two instants between which the level is passed.
fn bracket(mut low: End, end: impl Fn(i64) -> Option<End>) -> Option<(End, End)> {
    let mut step_ms = STEP_MS;
    while low.at_ms < Instant::MAX.as_ms() {
        let high = end(low.at_ms.saturating_add(step_ms).min(Instant::MAX.as_ms()))?;
        if high.above < 0.0 {
            return Some((low, high));
        }
        low = high;
        step_ms = step_ms.saturating_mul(3);
    }
    None
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use signalbox_sdk::{Instant, Random, Span};

    use super::first_below;

    #[test]
    fn the_crossing_is_found_to_the_millisecond_in_few_steps() {
        let mut random = Random::new(7);
        let start = Instant::from_ms(1_700_000_000_000);
        let mut asked_most = 0;
        for _ in 0..2_000 {
            let half_life_ms = 1e6 + random.fraction() * 1e11;
            let level = 0.001 + random.fraction() * 0.998;
            let decayed = |at: Instant| {
                let elapsed = at.since(start).as_ms() as f64;
                Some((-elapsed / half_life_ms).exp2())
            };
            let asked = Cell::new(0);
            let counted = |at| {
                asked.set(asked.get() + 1);
                decayed(at)
            };
            let found = first_below(start, level, counted);
            let far = start.plus(Span::MAX);
            match found {
                Some(at) if at < far => {
                    assert!(decayed(at) < Some(level), "{half_life_ms} {level}");
                    let before = Instant::from_ms(at.as_ms() - 1);
                    assert!(decayed(before) >= Some(level), "{half_life_ms} {level}");
                }
                _ => assert!(decayed(far) >= Some(level)),
            }
            asked_most = asked_most.max(asked.get());
        }
        assert!(asked_most <= 36, "asked {asked_most} times");
    }

    #[test]
    fn what_never_falls_is_never_below() {
        let start = Instant::from_ms(0);
        assert_eq!(first_below(start, 0.5, |_| Some(1.0)), None);
        assert_eq!(first_below(start, 0.5, |_| None), None);
    }

    #[test]
    fn a_step_is_found_too() {
        let step = Instant::from_ms(1_234_567_890_123);
        let value = |at: Instant| Some(if at < step { 1.0 } else { 0.0 });
        assert_eq!(first_below(Instant::from_ms(0), 0.5, value), Some(step));
    }
}
