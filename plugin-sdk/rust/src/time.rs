//! Instants and durations as rules receive them, as configs write them and as cases expect them.
//!
//! Called by rule code. Nothing here reads a clock: a rule that needs the time declares the input `clock`.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970-01-01T00:00:00Z, from the year 1900 to the year 2199. In JSON an RFC 3339 text in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Elapsed time in milliseconds, at most 3660 days. In JSON a count with a unit: `30s`, `15m`, `36h`, `90d`, `2w`.
///
/// A day is 24 hours here, whatever a calendar says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Instant {
    /// 1900-01-01T00:00:00Z, the earliest instant there is.
    pub const MIN: Self = Self(-2_208_988_800_000);
    /// 2199-12-31T23:59:59.999Z, the latest instant there is.
    pub const MAX: Self = Self(7_258_118_399_999);

    /// The instant that many milliseconds after 1970, held to the range from [`Self::MIN`] to [`Self::MAX`].
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds after 1970-01-01T00:00:00Z; negative before.
    #[must_use]
    pub fn as_ms(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 with any offset; digits behind the millisecond are cut off. `None` for anything else and
    /// for an instant out of range.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |at: usize, length: usize| digits(bytes.get(at..at + length)?);
        let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
        if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (fraction_ms, rest) = fraction(bytes.get(19..)?)?;
        let offset_minutes = offset(rest)?;
        let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
        let ms = day_number(year, month, day) * DAY_MS + seconds * 1000 + fraction_ms;
        (Self::MIN.0..=Self::MAX.0)
            .contains(&ms)
            .then_some(Self(ms))
    }

    /// This instant moved later, held to the range.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self::from_ms(self.0.saturating_add(span.0 as i64))
    }

    /// This instant moved earlier, held to the range.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self::from_ms(self.0.saturating_sub(span.0 as i64))
    }

    /// How long after `earlier` this is; zero if it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl Span {
    /// The longest duration there is: 3660 days.
    pub const MAX: Self = Self(3_660 * 86_400_000);

    /// A duration of that many milliseconds, at most [`Self::MAX`].
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(if ms > Self::MAX.0 { Self::MAX.0 } else { ms })
    }

    /// A duration of that many minutes.
    #[must_use]
    pub const fn minutes(minutes: u32) -> Self {
        Self::from_ms(minutes as u64 * 60_000)
    }

    /// A duration of that many hours.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self::from_ms(hours as u64 * 3_600_000)
    }

    /// A duration of that many days of 24 hours.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self::from_ms(days as u64 * 86_400_000)
    }

    /// Length in milliseconds.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Parses a count with a unit; `None` for anything else and for more than [`Self::MAX`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(length);
        let (_, unit_ms) = UNITS_MS.iter().find(|(name, _)| *name == unit)?;
        let ms = count.parse::<u64>().ok()?.checked_mul(*unit_ms)?;
        (ms <= Self::MAX.0).then_some(Self(ms))
    }
}

const UNITS_MS: [(&str, u64); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

/// Milliseconds of a fraction of a second, if there is one, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = bytes.strip_prefix(b".") else {
        return Some((0, bytes));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > 9 {
        return None;
    }
    let ms = (0..3).fold(0, |ms, at| {
        ms * 10
            + rest[..length]
                .get(at)
                .map_or(0, |digit| i64::from(digit - b'0'))
    });
    Some((ms, &rest[length..]))
}

fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let total = hours * 60 + minutes;
            (hours < 24 && minutes < 60).then_some(if *sign == b'+' { total } else { -total })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, counting years from March so that the leap day is the
/// last of its year.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year_from_march = if month > 2 { year } else { year - 1 };
    let month_from_march = (month + 9) % 12;
    let era = year_from_march.div_euclid(400);
    let year_of_era = year_from_march.rem_euclid(400);
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number; the inverse of [`day_number`].
fn date(day_number: i64) -> (i64, i64, i64) {
    let shifted = day_number + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(DAY_MS));
        let ms = self.0.rem_euclid(DAY_MS);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        let fraction = ms % 1000;
        if fraction != 0 {
            let text = format!("{fraction:03}");
            write!(f, ".{}", text.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
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

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
            .ok_or_else(|| format!("{text:?} is not an instant such as 2026-01-31T09:30:00Z"))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            format!("{text:?} is not a duration of at most 3660d such as 30s, 15m, 36h, 90d or 2w")
        })
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "instant".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "examples": ["2026-01-31T09:30:00Z"],
        })
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "signalbox-duration",
            "pattern": "^[0-9]{1,12}(ms|s|m|h|d|w)$",
            "examples": ["30m", "4h", "90d"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Span};

    #[test]
    fn instants_read_any_offset_and_write_utc() {
        let cases = [
            ("2026-01-31T10:30:00+01:00", Some("2026-01-31T09:30:00Z")),
            ("1970-01-01T00:00:00.5Z", Some("1970-01-01T00:00:00.5Z")),
            (
                "1969-12-31t23:59:59.9999z",
                Some("1969-12-31T23:59:59.999Z"),
            ),
            ("2024-02-29 00:00:00-23:59", Some("2024-02-29T23:59:00Z")),
            ("1900-01-01T00:00:00Z", Some("1900-01-01T00:00:00Z")),
            ("2199-12-31T23:59:59.999Z", Some("2199-12-31T23:59:59.999Z")),
            ("2000-03-01T00:00:00Z", Some("2000-03-01T00:00:00Z")),
            ("2023-02-29T00:00:00Z", None),
            ("2200-01-01T00:00:00Z", None),
            ("2026-01-31", None),
            ("2026-01-31T10:30:00", None),
            ("2026-01-31T24:00:00Z", None),
            ("now", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = Instant::parse(text).map(|instant| instant.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_day_reads_what_it_writes() {
        for day in -25_000..80_000 {
            let instant = Instant::from_ms(day * super::DAY_MS + 3_661_007);
            assert_eq!(Instant::parse(&instant.to_string()), Some(instant));
        }
    }

    #[test]
    fn durations_read_and_write() {
        for (text, written) in [("36h", "36h"), ("2w", "14d"), ("90s", "90s"), ("0s", "0s")] {
            assert_eq!(
                Span::parse(text).map(|span| span.to_string()).as_deref(),
                Some(written)
            );
        }
        for text in [
            "",
            "h",
            "-1h",
            "1.5h",
            "1y",
            "99999999d",
            "184467440737095516150w",
        ] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }
}
