//! Every zone of the bundled data, around its changes: the next day at a time, against an oracle that watches the clock.

use std::collections::BTreeSet;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::Time,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use signalbox_model::{
    calendar::{LocalTime, days_at},
    time::Instant,
};

use crate::support::{first_shown, names, shown, zone};

/// How often the wanted time lay in a gap, in an overlap, and in neither.
#[derive(Debug, Default)]
struct Seen {
    gaps: usize,
    overlaps: usize,
    plain: usize,
}

/// The last ten changes before 2038 and the last ten before 2030, as far back as instants are taken.
fn changes(rules: &TimeZone) -> BTreeSet<Timestamp> {
    let earliest = Timestamp::from_millisecond(Instant::MIN.as_ms()).unwrap();
    let bounds = ["2038-01-01T00:00:00Z", "2030-01-01T00:00:00Z"];
    let changes = bounds.into_iter().flat_map(|bound| {
        let bound: Timestamp = bound.parse().unwrap();
        let times = rules.preceding(bound).map(|change| change.timestamp());
        times.take(10).collect::<Vec<_>>()
    });
    changes.filter(|change| *change > earliest).collect()
}

/// Half past two, and half an hour into what the clock leaves out or shows twice, whenever that is.
fn times(rules: &TimeZone, change: Timestamp) -> BTreeSet<Time> {
    let second = SignedDuration::from_secs(1);
    let before = rules.to_datetime(change - second) + second;
    let after = rules.to_datetime(change);
    let inside = before.min(after).time().wrapping_add(30.minutes());
    [
        jiff::civil::time(2, 30, 0, 0),
        inside.with().second(0).build().unwrap(),
    ]
    .into()
}

fn check_day(name: &str, rules: &TimeZone, since: Timestamp, at: Time, seen: &mut Seen) {
    let wanted = rules
        .to_datetime(since)
        .date()
        .tomorrow()
        .unwrap()
        .to_datetime(at);
    let mut expected = first_shown(rules, wanted);
    if expected <= since {
        // The clock was put back over midnight, and the date comes a second time: it is the day after.
        expected = first_shown(rules, wanted.tomorrow().unwrap());
    }
    match rules.to_ambiguous_timestamp(wanted).offset() {
        AmbiguousOffset::Gap { .. } => seen.gaps += 1,
        AmbiguousOffset::Fold { .. } => seen.overlaps += 1,
        AmbiguousOffset::Unambiguous { .. } => seen.plain += 1,
    }
    let minutes = u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap();
    let at = LocalTime::from_minutes(minutes).unwrap();
    let found = days_at(&zone(name), shown(since), 1, at);
    assert_eq!(
        found,
        shown(expected),
        "{name}: {wanted}, the day after {since}"
    );
}

#[test]
fn next_day_at_a_time_around_every_change() {
    let mut seen = Seen::default();
    for name in names() {
        let rules = TimeZoneDatabase::bundled().get(name).unwrap();
        // A zone without a change has days as well.
        let mut changes = changes(&rules);
        changes.insert("2026-03-29T01:00:00Z".parse().unwrap());
        for change in changes {
            for at in times(&rules, change) {
                for hours in [-36, -24, -1, 0, 1] {
                    let since = change + SignedDuration::from_hours(hours);
                    check_day(name, &rules, since, at, &mut seen);
                }
            }
        }
    }
    // Or else the cases are not those that they are here for.
    let fewest = seen.gaps.min(seen.overlaps).min(seen.plain);
    assert!(fewest > 2_000, "{seen:?}");
}
