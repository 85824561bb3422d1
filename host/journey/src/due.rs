//! When a wait ends: arithmetic of calendars over what the contact's attributes say.
//!
//! Called when a wait begins, and again when the contact's zone, the date that is waited for or the wait itself changes.

use signalbox_model::{
    calendar::{self, LocalDate, LocalTime, Zone},
    time::{Instant, Span},
    value::Fields,
    workflow::step::{Missing, Past, UntilDate, Wait},
};

/// Why a journey exits whose date is over.
pub(crate) const DATE_PASSED: &str = "date_passed";
/// Why a journey exits that has no date.
pub(crate) const DATE_MISSING: &str = "date_missing";
/// The time of the day of a date that comes without one: 09:00, in minutes.
const DATE_MINUTES: u16 = 9 * 60;
/// No two clocks show the same local time further apart: UTC-12 and UTC+14, and one more hour.
const ZONES_APART_MAX: Span = Span::from_ms(27 * 3_600_000);
/// Most yearly dates tried: an offset of ten years either way, and the next.
const YEARS_TRIED_MAX: usize = 24;

/// When a wait ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// At that instant, after it began.
    At(Instant),
    /// It does not even begin.
    Now,
    /// There is no such instant; the journey exits for this reason.
    Never(&'static str),
    /// The attribute holds no date, which the wait says what to do about when it begins.
    Undated(Missing),
}

/// When the wait ends that began at `since`.
pub(crate) fn of(wait: &Wait, zone: &Zone, attributes: &Fields, since: Instant) -> Due {
    if let Some(duration) = wait.duration {
        return Due::At(since.plus(duration));
    }
    if let Some(calendar) = &wait.calendar {
        return Due::At(match calendar.days {
            Some(days) => calendar::days_at(zone, since, days, calendar.at),
            None => calendar::weekday_at(zone, since, &calendar.weekdays, calendar.at),
        });
    }
    if let Some(until) = &wait.until {
        return of_date(until, zone, attributes, since);
    }
    match &wait.window {
        Some(window) => match window.opens_at(zone, since) {
            opens if opens > since => Due::At(opens),
            _ => Due::Now,
        },
        // The check refuses a wait that says nothing; one from a newer binary leads on.
        None => Due::Now,
    }
}

/// When the wait ends, of which something is new at `now` that its end goes by: the wait itself, or the date that it is
/// for. A window, and a day that comes every year, are waited for from now on: who was to go in a window that is over,
/// or on a birthday that was wrong, would go at once.
pub(crate) fn anew(
    wait: &Wait,
    zone: &Zone,
    attributes: &Fields,
    since: Instant,
    now: Instant,
) -> Due {
    let is_yearly = wait.until.as_ref().is_some_and(|until| until.yearly);
    let is_from_now = is_yearly || wait.window.is_some();
    of(
        wait,
        zone,
        attributes,
        if is_from_now { now } else { since },
    )
}

/// When the wait ends that began at `since` and is due at `due`, now that it goes by that zone.
///
/// A day that comes again and again stays the day it was, as near as it is there: counted from `since` it might be one
/// before.
pub(crate) fn in_zone(
    wait: &Wait,
    zone: &Zone,
    attributes: &Fields,
    (since, due): (Instant, Instant),
    now: Instant,
) -> Due {
    let nearest = |next: &dyn Fn(Instant) -> Due| nearest(due, next);
    match (&wait.calendar, &wait.until) {
        (Some(calendar), _) if calendar.days.is_none() => nearest(&|after| {
            Due::At(calendar::weekday_at(
                zone,
                after,
                &calendar.weekdays,
                calendar.at,
            ))
        }),
        (None, Some(until)) if until.yearly || until.past == Past::Next => {
            nearest(&|after| of_date(until, zone, attributes, after))
        }
        _ => anew(wait, zone, attributes, since, now),
    }
}

/// Of what comes again and again the one that is nearest to an instant, of two the earlier.
fn nearest(to: Instant, next: &dyn Fn(Instant) -> Due) -> Due {
    let away = |at: Instant| at.as_ms().abs_diff(to.as_ms());
    let mut found = next(to.minus(ZONES_APART_MAX));
    while let Due::At(at) = found
        && let Due::At(then) = next(at)
        && away(then) < away(at)
    {
        found = Due::At(then);
    }
    found
}

fn of_date(until: &UntilDate, zone: &Zone, attributes: &Fields, since: Instant) -> Due {
    let text = attributes
        .get(&until.attribute)
        .and_then(|value| value.as_text());
    let Some(date) = text.and_then(Date::parse) else {
        return Due::Undated(until.missing);
    };
    let once = date.instant(until, zone);
    let wants_next = until.yearly || (once <= since && until.past == Past::Next);
    if wants_next {
        return next_year(until, &date, zone, since).map_or(Due::Never(DATE_PASSED), Due::At);
    }
    match until.past {
        _ if once > since => Due::At(once),
        Past::Exit => Due::Never(DATE_PASSED),
        Past::GoOn | Past::Next => Due::Now,
    }
}

/// The first of the yearly dates, each with its offset, that lies behind `since`.
fn next_year(until: &UntilDate, date: &Date, zone: &Zone, since: Instant) -> Option<Instant> {
    let at = until.at.unwrap_or_else(time_of_dates);
    let day = date.day(zone).month_day();
    let away = Span::from_days(until.days.unsigned_abs() + 2);
    let mut after = if until.days > 0 {
        since.minus(away)
    } else {
        since
    };
    for _ in 0..YEARS_TRIED_MAX {
        let yearly = calendar::yearly(zone, day, at, after, until.leap_day);
        let due = calendar::local_at(zone, moved(LocalDate::of(zone, yearly), until.days), at);
        if due > since {
            return Some(due);
        }
        after = yearly;
    }
    None
}

/// What an attribute says of a date.
enum Date {
    Day(LocalDate),
    Instant(Instant),
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let day = LocalDate::parse(text).map(Self::Day);
        day.or_else(|_| Instant::parse(text).map(Self::Instant))
            .ok()
    }

    fn day(&self, zone: &Zone) -> LocalDate {
        match self {
            Self::Day(day) => *day,
            Self::Instant(instant) => LocalDate::of(zone, *instant),
        }
    }

    /// The instant with the wait's offset, by the calendar.
    fn instant(&self, until: &UntilDate, zone: &Zone) -> Instant {
        match (self, until.at) {
            (Self::Instant(instant), None) => calendar::days_from(zone, *instant, until.days),
            (_, at) => {
                let at = at.unwrap_or_else(time_of_dates);
                calendar::local_at(zone, moved(self.day(zone), until.days), at)
            }
        }
    }
}

/// The time of the day where the wait says none and an instant's own does not count.
fn time_of_dates() -> LocalTime {
    LocalTime::from_minutes(DATE_MINUTES).unwrap_or(LocalTime::MIDNIGHT)
}

fn moved(day: LocalDate, days: i32) -> LocalDate {
    if days < 0 {
        day.minus_days(days.unsigned_abs())
    } else {
        day.plus_days(days.unsigned_abs())
    }
}
