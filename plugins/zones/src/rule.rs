//! The rule of a zone, and instants and local times by it.

use signalbox_sdk::Instant;

use crate::{
    calendar::{Date, days_in_month},
    table::{NAMES, RULES},
};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
const MINUTES_OF_DAY: i64 = 1_440;

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(&'static Rule);

/// A local date and time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// The day.
    pub date: Date,
    /// Minutes after midnight, 0 to 1439.
    pub minute: u16,
}

/// What the clocks of a zone do, year by year. Offsets are minutes east of Greenwich.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) standard: i16,
    pub(crate) daylight: Option<Daylight>,
}

/// Daylight saving time: its offset, its beginning by standard time and its end by its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Daylight {
    pub(crate) offset: i16,
    pub(crate) begins: Turn,
    pub(crate) ends: Turn,
}

/// When clocks are turned: so many minutes after midnight of the nth weekday (0 is Sunday) of a month; the 5th is the
/// last there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) month: u8,
    pub(crate) nth: u8,
    pub(crate) weekday: u8,
    pub(crate) minutes: i16,
}

/// A change of clocks in one year, in milliseconds: the instant, and the offsets before and after it.
struct Change {
    at: i64,
    before: i64,
    after: i64,
}

/// The letters of a name in the order of the table.
fn lower(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

impl Turn {
    /// Local milliseconds since 1970 in that year.
    fn local_ms(self, year: i32) -> i64 {
        let first = Date {
            year,
            month: self.month,
            day: 1,
        };
        let to_weekday = (i64::from(self.weekday) - i64::from(first.weekday())).rem_euclid(7);
        let mut day = to_weekday + 7 * i64::from(self.nth - 1);
        if day >= i64::from(days_in_month(year, self.month)) {
            day -= 7;
        }
        (first.number() + day) * DAY_MS + i64::from(self.minutes) * MINUTE_MS
    }
}

impl Rule {
    /// The two changes of a year.
    fn changes(&self, year: i32) -> Option<[Change; 2]> {
        let daylight = self.daylight?;
        let standard_ms = i64::from(self.standard) * MINUTE_MS;
        let daylight_ms = i64::from(daylight.offset) * MINUTE_MS;
        let change = |turn: Turn, before, after| Change {
            at: turn.local_ms(year) - before,
            before,
            after,
        };
        Some([
            change(daylight.begins, standard_ms, daylight_ms),
            change(daylight.ends, daylight_ms, standard_ms),
        ])
    }
}

impl Zone {
    /// The zone with offset 0 for ever.
    pub const UTC: Self = Self(&Rule {
        standard: 0,
        daylight: None,
    });

    /// The zone of an IANA name such as `Europe/Berlin`, without regard to case; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = NAMES.binary_search_by(|(known, _)| lower(known).cmp(lower(name)));
        let (_, rule) = NAMES[found.ok()?];
        Some(Self(&RULES[usize::from(rule)]))
    }

    /// Milliseconds by which the zone's clocks are ahead of UTC at an instant.
    #[must_use]
    pub fn offset_ms(self, at: Instant) -> i64 {
        let standard_ms = i64::from(self.0.standard) * MINUTE_MS;
        let year = Date::from_number((at.as_ms() + standard_ms).div_euclid(DAY_MS)).year;
        let Some([begins, ends]) = self.0.changes(year) else {
            return standard_ms;
        };
        let (begun, ended) = (at.as_ms() >= begins.at, at.as_ms() >= ends.at);
        // North of the equator it begins before it ends in a year, south of it the other way round.
        let is_daylight = if begins.at < ends.at {
            begun && !ended
        } else {
            begun || !ended
        };
        if is_daylight {
            begins.after
        } else {
            standard_ms
        }
    }

    /// What the clocks show at an instant; seconds are cut off.
    #[must_use]
    pub fn local(self, at: Instant) -> Local {
        let local_ms = at.as_ms() + self.offset_ms(at);
        Local {
            date: Date::from_number(local_ms.div_euclid(DAY_MS)),
            minute: (local_ms.rem_euclid(DAY_MS) / MINUTE_MS) as u16,
        }
    }

    /// The instant at which the clocks show a local time: the first of two where they do so twice, the first instant
    /// after the gap where they never do.
    #[must_use]
    pub fn instant(self, local: Local) -> Instant {
        let minutes = local.date.number() * MINUTES_OF_DAY + i64::from(local.minute);
        let local_ms = minutes * MINUTE_MS;
        let standard_ms = i64::from(self.0.standard) * MINUTE_MS;
        let Some(changes) = self.0.changes(local.date.year) else {
            return Instant::from_ms(local_ms - standard_ms);
        };
        for change in &changes {
            let shown_before = change.at + change.before;
            let shown_after = change.at + change.after;
            if (shown_before..shown_after).contains(&local_ms) {
                return Instant::from_ms(change.at);
            }
        }
        // The greater offset makes the earlier instant.
        let daylight_ms = changes[0].after;
        let [first, second] = [standard_ms.max(daylight_ms), standard_ms.min(daylight_ms)];
        let early = Instant::from_ms(local_ms - first);
        if self.offset_ms(early) == first {
            early
        } else {
            Instant::from_ms(local_ms - second)
        }
    }
}
