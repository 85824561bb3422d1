//! The hours in which something may be sent.
//!
//! Called by `journey` before a message goes and by the checks of a workflow. Never decides what happens outside.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Zone,
    local::{DAY_MS, LocalTime, Reading, Weekday},
};
use crate::{problem::Problem, time::Instant};

/// Hours of the day on some weekdays: from `from`, up to but without `to`, as the zone's clock shows them.
///
/// With `to` before `from` it crosses midnight; `to` at `00:00` means up to the end of the day. What the clock shows
/// decides, and nothing else: an hour that the clock shows twice is inside both times or outside both times, and a
/// window that lies wholly in hours that the clock leaves out does not open on that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// When it opens.
    pub from: LocalTime,
    /// When it closes. Not the same as `from`: [`Self::problems`] refuses that.
    pub to: LocalTime,
    /// The weekdays it opens on: one that crosses midnight lasts into the day after. Default: none named, which means
    /// every day.
    #[serde(default)]
    pub days: Vec<Weekday>,
}

impl Window {
    /// What is wrong with it, for a window at that JSON pointer: `window_empty` when it opens and closes at the same
    /// time, `window_day_twice` for each weekday named again. Nothing for a legal window.
    pub fn problems(&self, pointer: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.from == self.to {
            let reason = format!("the window opens and closes at {}", self.from);
            let problem = Problem::new(format!("{pointer}/to"), "window_empty", reason);
            problems.push(problem.with_help("leave the window out if every hour is meant"));
        }
        let mut seen = BTreeSet::new();
        for (index, day) in self.days.iter().enumerate() {
            if !seen.insert(day) {
                let reason = format!("{} is named already", day.as_str());
                let pointer = format!("{pointer}/days/{index}");
                let problem = Problem::new(pointer, "window_day_twice", reason);
                problems.push(problem.with_help("name each day once"));
            }
        }
        problems
    }

    /// Whether the zone's clock shows a time inside the window. Never, for a window that [`Self::problems`] refuses as
    /// empty.
    pub fn contains(&self, zone: &Zone, instant: Instant) -> bool {
        self.shows(zone.reading(instant))
    }

    /// The first instant from this one on that lies inside: the instant itself if it does.
    ///
    /// Where the clock leaves out the time of opening, the first instant after the gap, if the window still lasts then.
    /// [`Instant::MAX`] where the range ends before, and for a window that is refused as empty.
    pub fn opens_at(&self, zone: &Zone, instant: Instant) -> Instant {
        if self.length_ms() == 0 {
            return Instant::MAX;
        }
        Instant::from_ms(zone.first_ms(instant.as_ms(), |reading| self.next_shown(reading)))
    }

    /// The first instant from this one on that lies outside: the instant itself if it does.
    pub fn closes_at(&self, zone: &Zone, instant: Instant) -> Instant {
        Instant::from_ms(zone.first_ms(instant.as_ms(), |reading| self.next_hidden(reading)))
    }

    fn shows(&self, reading: Reading) -> bool {
        let opened = self.last_opening(reading);
        reading.as_ms() - opened.as_ms() < self.length_ms() && self.opens_on(opened)
    }

    /// The first reading from this one on that lies inside, as the clock would go without a change.
    fn next_shown(&self, reading: Reading) -> Reading {
        if self.shows(reading) {
            return reading;
        }
        let opened = self.last_opening(reading);
        (1..=7)
            .map(|days| Reading::from_ms(opened.as_ms() + days * DAY_MS))
            .find(|opening| self.opens_on(*opening))
            .expect("seven days hold every weekday")
    }

    /// The first reading from this one on that lies outside, as the clock would go without a change.
    fn next_hidden(&self, reading: Reading) -> Reading {
        if !self.shows(reading) {
            return reading;
        }
        let opened = self.last_opening(reading);
        Reading::from_ms(opened.as_ms() + self.length_ms())
    }

    /// When the clock showed the time of opening for the last time, whatever the weekday.
    fn last_opening(&self, reading: Reading) -> Reading {
        let since_ms = (reading.as_ms() - self.from.as_ms()).rem_euclid(DAY_MS);
        Reading::from_ms(reading.as_ms() - since_ms)
    }

    fn opens_on(&self, opening: Reading) -> bool {
        self.days.is_empty() || self.days.contains(&opening.date().weekday())
    }

    /// How long it is open, in milliseconds of a clock that goes evenly; 0 for one that is refused as empty.
    fn length_ms(&self) -> i64 {
        (self.to.as_ms() - self.from.as_ms()).rem_euclid(DAY_MS)
    }
}
