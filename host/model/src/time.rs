//! Instants and durations as they are stored, sent and written by people.
//!
//! Called by every room that handles time; reads no clock itself.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{parsed, schema::text_schema};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. In JSON an RFC 3339 text in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

/// Why a text or number is not an instant or a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not RFC 3339 with an offset.
    #[error("{text:?} is not an RFC 3339 instant such as 2026-01-31T09:30:00Z")]
    NotAnInstant {
        /// What was given.
        text: String,
    },
    /// Outside the years 1900 to 2199.
    #[error("the instant lies outside the years 1900 to 2199")]
    OutOfRange,
    /// Not a date or time as the format says.
    #[error("{text:?} is not an instant in the format {format:?}")]
    NotInFormat {
        /// What was given.
        text: String,
        /// The format asked for.
        format: String,
    },
    /// Not a count with a unit.
    #[error("{text:?} is not a duration such as 30s, 15m, 36h, 90d or 2w")]
    NotASpan {
        /// What was given.
        text: String,
    },
    /// Longer than ten years.
    #[error("the duration {text:?} is longer than 3660d")]
    SpanTooLong {
        /// What was given.
        text: String,
    },
}

impl Instant {
    /// 1900-01-01T00:00:00Z, the earliest instant taken.
    pub const MIN: Self = Self(-2_208_988_800_000);
    /// 2199-12-31T23:59:59.999Z, the latest instant taken.
    pub const MAX: Self = Self(7_258_118_399_999);

    /// The instant that many milliseconds after 1970, held to the range from [`Self::MIN`] to [`Self::MAX`].
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds after 1970-01-01T00:00:00Z; negative before.
    pub fn as_ms(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 with any offset.
    ///
    /// # Errors
    /// When the text is something else, or the instant is out of range.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| Error::NotAnInstant {
            text: text.chars().take(64).collect(),
        })?;
        let ms = parsed.as_millisecond();
        if (Self::MIN.0..=Self::MAX.0).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(Error::OutOfRange)
        }
    }

    /// Parses a text in a format of `strptime`, such as `%Y%m%d` or `%d/%m/%Y %H:%M`. Without an offset (`%z`) it is
    /// read as UTC, and without a time as the start of the day.
    ///
    /// # Errors
    /// When the text does not follow the format, or the instant is out of range.
    pub fn parse_as(text: &str, format: &str) -> Result<Self, Error> {
        let wrong = || Error::NotInFormat {
            text: text.chars().take(64).collect(),
            format: format.to_owned(),
        };
        let parts = jiff::fmt::strtime::parse(format, text).map_err(|_| wrong())?;
        let ms = if parts.offset().is_some() {
            parts.to_timestamp().map_err(|_| wrong())?.as_millisecond()
        } else {
            let date = parts.to_date().map_err(|_| wrong())?;
            let time = parts.to_time().unwrap_or_default();
            date.to_datetime(time)
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map_err(|_| wrong())?
                .timestamp()
                .as_millisecond()
        };
        if (Self::MIN.0..=Self::MAX.0).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(Error::OutOfRange)
        }
    }

    /// This instant moved later by the duration, held to the range.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self::from_ms(self.0.saturating_add(span.0 as i64))
    }

    /// This instant moved earlier by the duration, held to the range.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self::from_ms(self.0.saturating_sub(span.0 as i64))
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Self) -> Span {
        Span(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// The beginning of the UTC day of that number, counted from 1970-01-01.
    pub fn of_utc_day(day: i32) -> Self {
        Self(i64::from(day) * 86_400_000)
    }

    /// The number of the UTC day this instant lies in, counted from 1970-01-01.
    pub fn utc_day(self) -> i32 {
        self.0.div_euclid(86_400_000) as i32
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => timestamp.fmt(f),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
    }
}

impl FromStr for Instant {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            parsed::deserialize(deserializer, Self::parse)
        } else {
            i64::deserialize(deserializer).map(Self::from_ms)
        }
    }
}

/// Elapsed time in milliseconds, at most 3660 days. In JSON a count with a unit: `30s`, `15m`, `36h`, `90d`, `2w`.
///
/// A day is 24 hours here, whatever a calendar says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

const UNITS_MS: [(&str, u64); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration taken: 3660 days.
    pub const MAX: Self = Self(3_660 * 86_400_000);

    /// A duration of that many milliseconds, at most [`Self::MAX`].
    pub const fn from_ms(ms: u64) -> Self {
        Self(if ms > Self::MAX.0 { Self::MAX.0 } else { ms })
    }

    /// A duration of that many days of 24 hours.
    pub const fn from_days(days: u32) -> Self {
        Self::from_ms(days as u64 * 86_400_000)
    }

    /// Length in milliseconds.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Parses a count with a unit.
    ///
    /// # Errors
    /// When the text is something else, or the duration is longer than [`Self::MAX`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::NotASpan {
            text: text.chars().take(64).collect(),
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit = &text[digits..];
        let (_, unit_ms) = UNITS_MS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        match count.checked_mul(*unit_ms) {
            Some(ms) if ms <= Self::MAX.0 => Ok(Self(ms)),
            _ => Err(Error::SpanTooLong {
                text: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        // Weeks are read but days are written: `90d` is what people say.
        let unit = UNITS_MS
            .iter()
            .skip(1)
            .find(|(_, unit_ms)| self.0.is_multiple_of(*unit_ms));
        let (name, unit_ms) = unit.unwrap_or(&("ms", 1));
        write!(f, "{}{name}", self.0 / unit_ms)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span({self})")
    }
}

impl FromStr for Span {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

text_schema!(
    Span,
    "A duration such as 36h or 90d",
    24,
    "^[0-9]+(ms|s|m|h|d|w)$"
);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            parsed::deserialize(deserializer, Self::parse)
        } else {
            u64::deserialize(deserializer).map(Self::from_ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        for (text, ms, written) in [
            ("36h", 129_600_000, "36h"),
            ("2w", 1_209_600_000, "14d"),
            ("90s", 90_000, "90s"),
            ("0s", 0, "0s"),
            ("5ms", 5, "5ms"),
        ] {
            let span = Span::parse(text).expect("a good duration");
            assert_eq!((span.as_ms(), span.to_string().as_str()), (ms, written));
        }
        for text in [
            "",
            "h",
            "-1h",
            "1.5h",
            "1y",
            "99999999d",
            "184467440737095516150w",
            "1 h",
        ] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn instants_read_formats() {
        for (text, format, expected) in [
            ("19970101", "%Y%m%d", "1997-01-01T00:00:00Z"),
            ("31/12/1998 23:05", "%d/%m/%Y %H:%M", "1998-12-31T23:05:00Z"),
            (
                "1998-12-31 23:05 +0100",
                "%Y-%m-%d %H:%M %z",
                "1998-12-31T22:05:00Z",
            ),
        ] {
            let instant = Instant::parse_as(text, format).expect("a good instant");
            assert_eq!(instant.to_string(), expected);
        }
        for text in ["19970132", "1997", "", "19970101x", "18991231"] {
            assert!(Instant::parse_as(text, "%Y%m%d").is_err(), "{text}");
        }
    }

    #[test]
    fn instants_read_any_offset_and_write_utc() {
        let instant = Instant::parse("2026-01-31T10:30:00+01:00").expect("a good instant");
        assert_eq!(instant.to_string(), "2026-01-31T09:30:00Z");
        for text in [
            "2026-01-31",
            "2026-01-31T10:30:00",
            "9999-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "now",
        ] {
            assert!(Instant::parse(text).is_err(), "{text}");
        }
    }
}
