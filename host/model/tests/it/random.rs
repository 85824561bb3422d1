//! Whatever the zone, the window and the instant, most of them near a change of the clock.

use jiff::{Timestamp, tz::TimeZoneDatabase};
use proptest::{prelude::*, sample::subsequence};
use signalbox_model::{
    calendar::{
        LeapDay, LocalDate, LocalTime, MonthDay, Weekday, Window, Zone, days_at, local_at,
        weekday_at, yearly,
    },
    time::{Instant, Span},
};

use crate::support::{date, first_shown, names, shown, zone};

/// How many instants are looked at between two.
const SAMPLES: i64 = 200;

fn a_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(names()).prop_map(zone)
}

fn a_time() -> impl Strategy<Value = LocalTime> {
    // Clocks are changed in the small hours.
    let minutes = prop_oneof![0..1_440_u16, 0..240_u16, 1_380..1_440_u16];
    minutes.prop_map(|minutes| LocalTime::from_minutes(minutes).unwrap())
}

fn a_window() -> impl Strategy<Value = Window> {
    let length = prop_oneof![1..1_440_u16, 1..90_u16];
    let days = subsequence(Weekday::ALL.to_vec(), 0..=7).prop_shuffle();
    (a_time(), length, days).prop_map(|(from, length, days)| {
        let to = LocalTime::from_minutes((from.minutes() + length) % 1_440).unwrap();
        Window { from, to, days }
    })
}

/// An instant of any year with a margin to the ends, moved to within two days of a change in two cases of three.
fn a_place_in_time() -> impl Strategy<Value = (Zone, Instant)> {
    let margin_ms = 1_000 * 86_400_000;
    let range = Instant::MIN.as_ms() + margin_ms..Instant::MAX.as_ms() - margin_ms;
    let recent = 0..4_000_000_000_000_i64;
    let near = prop_oneof![
        Just(None),
        (-172_800_000..172_800_000_i64).prop_map(Some),
        (-120..120_i64).prop_map(|minutes| Some(minutes * 60_000)),
    ];
    (a_zone(), prop_oneof![range, recent], near).prop_map(|(zone, ms, near)| {
        let rules = TimeZoneDatabase::bundled().get(zone.as_str()).unwrap();
        let from = Timestamp::from_millisecond(ms).unwrap();
        let change = rules
            .following(from)
            .next()
            .map(|change| change.timestamp());
        let ms = match (near, change) {
            (Some(distance_ms), Some(change)) if shown(change) < Instant::MAX => {
                change.as_millisecond() + distance_ms
            }
            _ => ms,
        };
        (zone, Instant::from_ms(ms))
    })
}

/// What the oracle says about each of the dates in turn, up to the first answer after `since`.
fn first_after(
    zone: &Zone,
    since: Instant,
    mut dates: impl Iterator<Item = LocalDate>,
    at: LocalTime,
) -> Instant {
    let answer = dates.find_map(|date| Some(watched(zone, date, at)).filter(|at| *at > since));
    answer.expect("the dates go on")
}

/// When the oracle first sees that local time.
fn watched(zone: &Zone, date: LocalDate, at: LocalTime) -> Instant {
    let rules = TimeZoneDatabase::bundled().get(zone.as_str()).unwrap();
    let civil: jiff::civil::DateTime = format!("{date}T{at}").parse().unwrap();
    shown(first_shown(&rules, civil))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn windows_open_when_they_say((zone, at) in a_place_in_time(), window in a_window()) {
        prop_assume!(at < Instant::MAX.minus(Span::from_days(30)));
        let opens = window.opens_at(&zone, at);
        prop_assert_eq!(opens == at, window.contains(&zone, at));
        prop_assert!(window.contains(&zone, opens));
        prop_assert!(opens >= at);
        // A week to the next weekday, another where the first opening lies in a gap, and a day that was left out.
        prop_assert!(opens.since(at) <= Span::from_days(16), "{}", opens);
        let between_ms = opens.as_ms() - at.as_ms();
        for sample in 0..SAMPLES {
            let between = Instant::from_ms(at.as_ms() + between_ms * sample / SAMPLES);
            prop_assert!(between == opens || !window.contains(&zone, between), "{}", between);
        }
        let just_before = Instant::from_ms(opens.as_ms() - 1);
        prop_assert!(opens == at || !window.contains(&zone, just_before));
    }

    #[test]
    fn a_window_is_what_the_clock_shows((zone, at) in a_place_in_time(), window in a_window()) {
        let rules = TimeZoneDatabase::bundled().get(zone.as_str()).unwrap();
        let second = Timestamp::from_second(at.as_ms().div_euclid(1_000)).unwrap();
        let clock = rules.to_datetime(second);
        let minutes = i32::from(clock.hour()) * 60 + i32::from(clock.minute());
        let (from, to) = (i32::from(window.from.minutes()), i32::from(window.to.minutes()));
        let crosses = from > to;
        let (is_open, day) = if crosses && minutes < to {
            (true, clock.date().yesterday().unwrap())
        } else {
            (minutes >= from && (crosses || minutes < to), clock.date())
        };
        let index = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap();
        let on_day = window.days.is_empty() || window.days.contains(&Weekday::ALL[index]);
        prop_assert_eq!(window.contains(&zone, at), is_open && on_day);
    }

    #[test]
    fn a_local_time_is_when_the_clock_first_shows_it((zone, near) in a_place_in_time(), at in a_time()) {
        let date = LocalDate::of(&zone, near);
        prop_assert_eq!(local_at(&zone, date, at), watched(&zone, date, at));
    }

    #[test]
    fn a_later_local_time_is_never_earlier((zone, near) in a_place_in_time(), one in a_time(), other in a_time()) {
        let date = LocalDate::of(&zone, near);
        let (early, late) = (one.min(other), one.max(other));
        prop_assert!(local_at(&zone, date, early) <= local_at(&zone, date, late));
        prop_assert!(local_at(&zone, date, late) <= local_at(&zone, date.plus_days(1), early));
    }

    #[test]
    fn days_come_after((zone, since) in a_place_in_time(), at in a_time(), days in 0..800_u32) {
        let day = days_at(&zone, since, days, at);
        let dates = (days..).map(|more| LocalDate::of(&zone, since).plus_days(more));
        prop_assert_eq!(day, first_after(&zone, since, dates, at));
        prop_assert!(day.since(since) < Span::from_days(days + 3));
    }

    #[test]
    fn weekdays_come_after(
        (zone, since) in a_place_in_time(),
        at in a_time(),
        weekdays in subsequence(Weekday::ALL.to_vec(), 0..=7),
    ) {
        let weekday = weekday_at(&zone, since, &weekdays, at);
        // Yesterday can be no answer; it is asked all the same.
        let yesterday = LocalDate::of(&zone, since).minus_days(1);
        let dates = (0..).map(|more| yesterday.plus_days(more));
        let wanted = dates.filter(|date| weekdays.is_empty() || weekdays.contains(&date.weekday()));
        prop_assert_eq!(weekday, first_after(&zone, since, wanted, at));
        prop_assert!(weekday.since(since) < Span::from_days(10));
    }

    #[test]
    fn birthdays_come_after((zone, since) in a_place_in_time(), at in a_time(), day in 0..366_u32) {
        let day = date("2000-01-01").plus_days(day).month_day();
        let next = yearly(&zone, day, at, since, LeapDay::March1);
        let last_year = LocalDate::of(&zone, since).year() - 1;
        let dates = (last_year..).map(|year| {
            let text = format!("{year}-{:02}-{:02}", day.month(), day.day());
            LocalDate::parse(&text).unwrap_or_else(|_| date(&format!("{year}-03-01")))
        });
        prop_assert_eq!(next, first_after(&zone, since, dates, at));
        prop_assert!(next.since(since) < Span::from_days(369));
    }

    #[test]
    fn dates_read_what_they_write(number in -719_162..=2_932_896_i32) {
        let epoch = date("1970-01-01");
        let found = if number < 0 {
            epoch.minus_days(number.unsigned_abs())
        } else {
            epoch.plus_days(number.unsigned_abs())
        };
        prop_assert_eq!(found.day_number(), number);
        prop_assert_eq!(LocalDate::parse(&found.to_string()), Ok(found));
        prop_assert_eq!(MonthDay::new(found.month(), found.day()), Ok(found.month_day()));
    }
}

/// Every zone has a day in it on which each window is asked for from the last instant that it was open.
#[test]
fn windows_open_again_after_they_close() {
    let (from, to) = (
        LocalTime::from_minutes(150).unwrap(),
        LocalTime::from_minutes(151).unwrap(),
    );
    let window = Window {
        from,
        to,
        days: Vec::new(),
    };
    for name in names() {
        let zone = zone(name);
        let mut at = Instant::parse("2025-12-31T12:00:00Z").unwrap();
        let mut days = 0;
        while at < Instant::parse("2026-12-31T12:00:00Z").unwrap() {
            let opens = window.opens_at(&zone, at);
            assert!(window.contains(&zone, opens), "{name} {opens}");
            at = Instant::from_ms(opens.as_ms() + 60_000);
            days += 1;
        }
        // One day less where the clock leaves the minute out, one more where it shows it twice.
        assert!((364..=367).contains(&days), "{name} {days}");
    }
}
