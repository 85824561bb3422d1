//! The ends of the range, in the zones whose clocks are furthest from UTC.

use signalbox_model::{
    calendar::{
        LeapDay, LocalDate, LocalTime, MonthDay, Weekday, Window, Zone, days_at, local_at,
        weekday_at, yearly,
    },
    time::{Instant, Span},
};

use crate::support::{check, date, names, time, zone};

fn near_the_ends() -> Vec<Instant> {
    let hours = [0, 1, 12, 14, 24, 26, 48, 24 * 8, 24 * 400];
    let spans = hours.map(|hours| Span::from_ms(hours * 3_600_000));
    let early = spans.map(|span| Instant::MIN.plus(span));
    let late = spans.map(|span| Instant::MAX.minus(span));
    early.into_iter().chain(late).collect()
}

fn answers(zone: &Zone, at: Instant) -> Vec<Instant> {
    let mut answers = Vec::new();
    for time in [LocalTime::MIDNIGHT, time("23:59")] {
        for date in [LocalDate::MIN, LocalDate::of(zone, at), LocalDate::MAX] {
            answers.push(local_at(zone, date, time));
        }
        for days in [0, 1, u32::MAX] {
            answers.push(days_at(zone, at, days, time));
        }
        answers.push(weekday_at(zone, at, &[Weekday::Sunday], time));
        let leap_day = MonthDay::new(2, 29).unwrap();
        answers.push(yearly(zone, leap_day, time, at, LeapDay::March1));
        for (from, to) in [("00:00", "00:01"), ("23:59", "00:00"), ("12:00", "11:59")] {
            let (from, to) = (super::support::time(from), super::support::time(to));
            let days = vec![Weekday::Sunday];
            answers.push(Window { from, to, days }.opens_at(zone, at));
        }
    }
    answers
}

#[test]
fn nothing_leaves_the_range_in_any_zone() {
    for name in names() {
        let zone = zone(name);
        for at in near_the_ends() {
            for answer in answers(&zone, at) {
                assert!((Instant::MIN..=Instant::MAX).contains(&answer), "{name}");
            }
        }
    }
}

#[test]
fn the_ends_are_held() {
    let answer =
        |words: &[&str]| local_at(&zone(words[0]), date(words[1]), time(words[2])).to_string();
    check(
        "
        UTC                1900-01-01 00:00 -> 1900-01-01T00:00:00Z
        UTC                1899-12-31 23:59 -> 1900-01-01T00:00:00Z
        UTC                0001-01-01 00:00 -> 1900-01-01T00:00:00Z
        Etc/GMT+12         1899-12-31 12:00 -> 1900-01-01T00:00:00Z
        Etc/GMT+12         1899-12-31 12:01 -> 1900-01-01T00:01:00Z
        Etc/GMT-14         1900-01-01 13:59 -> 1900-01-01T00:00:00Z
        Etc/GMT-14         1900-01-01 14:01 -> 1900-01-01T00:01:00Z
        UTC                2199-12-31 23:59 -> 2199-12-31T23:59:00Z
        UTC                2200-01-01 00:00 -> 2199-12-31T23:59:59.999Z
        UTC                9999-12-31 23:59 -> 2199-12-31T23:59:59.999Z
        Pacific/Kiritimati 2200-01-01 13:59 -> 2199-12-31T23:59:00Z
        Pacific/Kiritimati 2200-01-01 14:00 -> 2199-12-31T23:59:59.999Z
        Etc/GMT+12         2199-12-31 11:59 -> 2199-12-31T23:59:00Z
        Etc/GMT+12         2199-12-31 12:00 -> 2199-12-31T23:59:59.999Z
        ",
        answer,
    );
    let (utc, last) = (Zone::UTC, Instant::MAX);
    assert_eq!(days_at(&utc, last, 0, LocalTime::MIDNIGHT), last);
    assert_eq!(weekday_at(&utc, last, &[], LocalTime::MIDNIGHT), last);
}
