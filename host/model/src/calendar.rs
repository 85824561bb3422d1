//! What a date and a time of day mean in a zone: calendar waits, sending windows, birthdays, days of a cap.
//!
//! Called by `journey` for everything that follows a contact's calendar; a wait of `36h` is a [`crate::time::Span`]
//! and no matter of calendars. Reads no clock, and no zone data but what is bundled: the same binary answers the same
//! everywhere.
//!
//! One rule settles every odd day. A local time means **the first instant at which the zone's clock shows it or has
//! gone past it**: in the gap of a change to summer time that is the first instant after the gap, in the overlap of the
//! change back the first of the two, and on a day that a zone left out the first instant of the day after.
//!
//! All instants are held to the range from [`Instant::MIN`] to [`Instant::MAX`]: what would lie behind it is its end.

mod local;
mod window;
mod zone;

// One name for each from outside: where they stand in here is nobody's business.
pub use local::{LocalDate, LocalTime, MonthDay, Weekday};
pub use window::Window;
pub use zone::{TZ_VERSION, ZONE_BYTES_MAX, Zone};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Instant;
use local::Reading;

/// Most days that are tried one after the other. A week holds every weekday; a clock put back by up to a day, over
/// midnight, makes a date come twice, of which only the first time counts.
const DAYS_TRIED_MAX: u32 = 10;

/// Most years that are tried one after the other: this one, the next, and one more for a clock put back over New Year.
const YEARS_TRIED_MAX: i16 = 3;

/// Why a text or number is not what a calendar needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a name in the bundled data.
    #[error(
        "{text:?} is not the name of a time zone such as Europe/Berlin or UTC (tz data {TZ_VERSION})"
    )]
    NotAZone {
        /// What was given, at most 64 characters of it.
        text: String,
    },
    /// Longer than any name of a zone.
    #[error(
        "the name of a time zone such as Europe/Berlin has at most {ZONE_BYTES_MAX} bytes, this has {bytes}"
    )]
    ZoneTooLong {
        /// Length found, in bytes.
        bytes: usize,
    },
    /// Not a time of the day.
    #[error("{text:?} is not a time of the day from 00:00 to 23:59 such as 09:30")]
    NotATime {
        /// What was given, at most 64 characters of it.
        text: String,
    },
    /// A day has 1440 minutes.
    #[error("minute {minutes} is not one of a day, the last is 1439")]
    MinutesOutOfRange {
        /// What was given.
        minutes: u16,
    },
    /// Not a date.
    #[error("{text:?} is not a date from 0001-01-01 to 9999-12-31 such as 2026-01-31")]
    NotADate {
        /// What was given, at most 64 characters of it.
        text: String,
    },
    /// No year has that day.
    #[error("there is no day {day} in month {month}")]
    NoSuchDay {
        /// The month given.
        month: u8,
        /// The day of it given.
        day: u8,
    },
}

/// When 29 February is celebrated in a year without one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LeapDay {
    /// The last day of February, written `february_28`. The default.
    #[default]
    #[serde(rename = "february_28")]
    February28,
    /// The day after February, written `march_1`.
    #[serde(rename = "march_1")]
    March1,
}

/// The instant that a local date and time mean in a zone.
///
/// In a gap of the clock the first instant after it, however far the local time lies in the gap; in an overlap the
/// first of the two. A later date and time never means an earlier instant. Held to the range of instants.
pub fn local_at(zone: &Zone, date: LocalDate, at: LocalTime) -> Instant {
    first_at(zone, Reading::new(date, at))
}

/// The instant that many local days away, negative for before, at the time that the clock shows there.
///
/// Counts dates, so that a day is the next date whatever its length; in gaps and overlaps as [`local_at`].
pub fn days_from(zone: &Zone, instant: Instant, days: i32) -> Instant {
    if days == 0 {
        return instant;
    }
    first_at(zone, zone.reading(instant).plus_days(days))
}

fn first_at(zone: &Zone, wanted: Reading) -> Instant {
    let wanted = wanted.held();
    // No clock is further than this ahead of UTC, so that none shows the wanted time yet.
    let from_ms = wanted.as_ms() - zone::OFFSET_MS_MAX;
    Instant::from_ms(zone.first_ms(from_ms, |reading| reading.max(wanted)))
}

/// That many local days after `since`, at that local time: `2 days at 09:00`.
///
/// Counts dates, so that one day is the next date whatever the length of the day. Always after `since`: where the time
/// has passed already it is the next day at that time. That is so with `days` 0, and where the clock was put back over
/// midnight and the date comes a second time. [`Instant::MAX`] where the range ends before.
pub fn days_at(zone: &Zone, since: Instant, days: u32, at: LocalTime) -> Instant {
    let first = LocalDate::of(zone, since).plus_days(days);
    first_day(zone, since, first, at, |_| true)
}

/// The first of these weekdays at that local time, strictly after `since`. No weekdays at all mean every day.
///
/// Today counts if the time is still to come. [`Instant::MAX`] where the range ends before.
pub fn weekday_at(zone: &Zone, since: Instant, weekdays: &[Weekday], at: LocalTime) -> Instant {
    let is_wanted = |date: LocalDate| weekdays.is_empty() || weekdays.contains(&date.weekday());
    first_day(zone, since, LocalDate::of(zone, since), at, is_wanted)
}

/// The next time that a date of the year comes round, at that local time, strictly after `after`.
///
/// `leap` says where 29 February falls in other years; it makes no difference to any other day. [`Instant::MAX`] where
/// the range ends before.
pub fn yearly(zone: &Zone, day: MonthDay, at: LocalTime, after: Instant, leap: LeapDay) -> Instant {
    let this_year = LocalDate::of(zone, after).year();
    (this_year..this_year + YEARS_TRIED_MAX)
        .map(|year| local_at(zone, day.in_year(year, leap), at))
        .find(|instant| *instant > after)
        .unwrap_or(Instant::MAX)
}

fn first_day(
    zone: &Zone,
    since: Instant,
    first: LocalDate,
    at: LocalTime,
    is_wanted: impl Fn(LocalDate) -> bool,
) -> Instant {
    (0..DAYS_TRIED_MAX)
        .map(|days| first.plus_days(days))
        .filter(|date| is_wanted(*date))
        .map(|date| local_at(zone, date, at))
        .find(|instant| *instant > since)
        .unwrap_or(Instant::MAX)
}

/// As much of a text as an error shows.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
