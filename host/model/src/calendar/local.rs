//! Dates and times of day as a person reads them, without a zone.
//!
//! Called by the rest of `calendar` and by whoever stores or shows a date. Never knows an instant: that needs a zone.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Error, LeapDay, Zone, shown};
use crate::{parsed, schema::text_schema, time::Instant};

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const DAY_MS: i64 = 86_400_000;

/// Day 0 of the count.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// A time of the day in whole minutes, 00:00 to 23:59. In JSON a text `HH:MM`, in stored values the minute of the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LocalTime(u16);

impl LocalTime {
    /// 00:00, the default.
    pub const MIDNIGHT: Self = Self(0);

    /// The time that many minutes after 00:00 on a day of 24 hours.
    ///
    /// # Errors
    /// From 1440 on.
    pub fn from_minutes(minutes: u16) -> Result<Self, Error> {
        if minutes < 24 * 60 {
            Ok(Self(minutes))
        } else {
            Err(Error::MinutesOutOfRange { minutes })
        }
    }

    /// Minutes after 00:00 on a day of 24 hours, 0 to 1439.
    pub fn minutes(self) -> u16 {
        self.0
    }

    /// Parses `HH:MM`, two digits each.
    ///
    /// # Errors
    /// When the text is something else, `24:00` included.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::NotATime { text: shown(text) };
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else {
            return Err(wrong());
        };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return Err(wrong());
        }
        let number = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
        let (hour, minute) = (number(h1, h2), number(m1, m2));
        if hour < 24 && minute < 60 {
            Ok(Self(hour * 60 + minute))
        } else {
            Err(wrong())
        }
    }

    pub(super) fn as_ms(self) -> i64 {
        i64::from(self.0) * MINUTE_MS
    }
}

text_schema!(
    LocalTime,
    "A time of the day, 00:00 to 23:59",
    5,
    "^([01][0-9]|2[0-3]):[0-5][0-9]$"
);

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A date of the Gregorian calendar from 0001-01-01 to 9999-12-31. In JSON a text `YYYY-MM-DD`, in stored values its
/// [`Self::day_number`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(i32);

impl LocalDate {
    /// 0001-01-01, the earliest date taken.
    pub const MIN: Self = Self(-719_162);
    /// 9999-12-31, the latest date taken.
    pub const MAX: Self = Self(2_932_896);

    /// Parses `YYYY-MM-DD`.
    ///
    /// # Errors
    /// When the text is something else or there is no such date.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::NotADate { text: shown(text) };
        let civil: Date = text.parse().map_err(|_| wrong())?;
        let date = Self::from_civil(civil);
        // jiff also takes `20260131`, a time behind the date and the year 0; only one way of writing is ours.
        if date >= Self::MIN && date.to_string() == text {
            Ok(date)
        } else {
            Err(wrong())
        }
    }

    /// The date that a zone's clock shows at an instant.
    pub fn of(zone: &Zone, instant: Instant) -> Self {
        zone.reading(instant).date()
    }

    /// The number of the day, counted from 1970-01-01, which is 0; negative before.
    pub fn day_number(self) -> i32 {
        self.0
    }

    /// Year, 1 to 9999.
    pub fn year(self) -> i16 {
        self.civil().year()
    }

    /// Month of the year, 1 to 12.
    pub fn month(self) -> u8 {
        self.civil().month().unsigned_abs()
    }

    /// Day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.civil().day().unsigned_abs()
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        Weekday::ALL[(self.0 + 3).rem_euclid(7) as usize]
    }

    /// Month and day of this date, as its anniversaries need them.
    pub fn month_day(self) -> MonthDay {
        MonthDay {
            month: self.month(),
            day: self.day(),
        }
    }

    /// The date that many days later, held to [`Self::MAX`].
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self::from_day_number(i64::from(self.0) + i64::from(days))
    }

    /// The date that many days earlier, held to [`Self::MIN`].
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self::from_day_number(i64::from(self.0) - i64::from(days))
    }

    fn from_day_number(number: i64) -> Self {
        Self(number.clamp(i64::from(Self::MIN.0), i64::from(Self::MAX.0)) as i32)
    }

    fn from_civil(civil: Date) -> Self {
        Self((civil.duration_since(EPOCH).as_secs() / 86_400) as i32)
    }

    fn civil(self) -> Date {
        EPOCH
            .checked_add(SignedDuration::from_hours(i64::from(self.0) * 24))
            .expect("the day lies in the years 1 to 9999")
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.civil().fmt(f)
    }
}

/// A day of the week; in JSON `monday` to `sunday`. Monday is the first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// The first day of the week.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The last.
    Sunday,
}

impl Weekday {
    /// All seven in their order.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The word for it, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

/// A day of the year that comes round, such as a birthday: one that some year has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    /// 1 to 12.
    month: u8,
    /// 1 to the length of the month in a leap year.
    day: u8,
}

impl MonthDay {
    /// That day of that month.
    ///
    /// # Errors
    /// When no year has it.
    pub fn new(month: u8, day: u8) -> Result<Self, Error> {
        let wrong = Error::NoSuchDay { month, day };
        match civil_in(LEAP_YEAR, Self { month, day }) {
            Some(_) => Ok(Self { month, day }),
            None => Err(wrong),
        }
    }

    /// Month of the year, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The date it falls on in that year.
    pub(super) fn in_year(self, year: i16, leap: LeapDay) -> LocalDate {
        let february_28 = Self { month: 2, day: 28 };
        let march_1 = Self { month: 3, day: 1 };
        let other = match leap {
            LeapDay::February28 => february_28,
            LeapDay::March1 => march_1,
        };
        let civil = civil_in(year, self).or_else(|| civil_in(year, other));
        civil.map_or(LocalDate::MAX, LocalDate::from_civil)
    }
}

/// A year in which every day of a [`MonthDay`] exists.
const LEAP_YEAR: i16 = 2000;

fn civil_in(year: i16, day: MonthDay) -> Option<Date> {
    Date::new(
        year,
        i8::try_from(day.month).ok()?,
        i8::try_from(day.day).ok()?,
    )
    .ok()
}

/// What a clock on the wall shows, date and time: milliseconds after it showed 1970-01-01 00:00, as if it had never
/// been changed. Not an instant: that needs the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reading(i64);

impl Reading {
    pub(super) fn new(date: LocalDate, at: LocalTime) -> Self {
        Self(i64::from(date.0) * DAY_MS + at.as_ms())
    }

    pub(super) fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    pub(super) fn as_ms(self) -> i64 {
        self.0
    }

    pub(super) fn plus_days(self, days: i32) -> Self {
        Self(self.0 + i64::from(days) * DAY_MS)
    }

    /// The same reading, held so close to the range of instants that jiff can reckon with it.
    pub(super) fn held(self) -> Self {
        let margin_ms = 2 * DAY_MS;
        Self(self.0.clamp(
            Instant::MIN.as_ms() - margin_ms,
            Instant::MAX.as_ms() + margin_ms,
        ))
    }

    pub(super) fn date(self) -> LocalDate {
        LocalDate::from_day_number(self.0.div_euclid(DAY_MS))
    }
}

macro_rules! text_or_number {
    ($name:ident, $number:ty, $to_number:ident, $from_number:expr) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.$to_number().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    parsed::deserialize(deserializer, Self::parse)
                } else {
                    let number = <$number>::deserialize(deserializer)?;
                    $from_number(number).map_err(de::Error::custom)
                }
            }
        }
    };
}

text_or_number!(LocalTime, u16, minutes, LocalTime::from_minutes);
text_or_number!(LocalDate, i32, day_number, |number: i32| {
    Ok::<_, Error>(LocalDate::from_day_number(i64::from(number)))
});
