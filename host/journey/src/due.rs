//! When a wait ends: arithmetic of calendars over what the contact's attributes say.
//!
//! Called when a wait begins, and again when the contact's zone or the date that is waited for changes.

use signalbox_model::{
    calendar::{self, LocalDate, LocalTime, Zone},
    time::{Instant, Span},
    value::Fields,
    workflow::step::{Missing, Past, UntilDate, Wait},
};

/// Why a journey exits whose date is over.
pub(crate) const DATE_PASSED: &str = "date_passed";
/// Why a journey exits that has no date.
const DATE_MISSING: &str = "date_missing";
/// The time of the day of a date that comes without one: 09:00, in minutes.
const DATE_MINUTES: u16 = 9 * 60;
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

fn of_date(until: &UntilDate, zone: &Zone, attributes: &Fields, since: Instant) -> Due {
    let text = attributes
        .get(&until.attribute)
        .and_then(|value| value.as_text());
    let Some(date) = text.and_then(Date::parse) else {
        return match until.missing {
            Missing::Exit => Due::Never(DATE_MISSING),
            Missing::GoOn => Due::Now,
        };
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

    /// The instant with the wait's offset: by the calendar, or for an instant without a time of the day by whole days.
    fn instant(&self, until: &UntilDate, zone: &Zone) -> Instant {
        match (self, until.at) {
            (Self::Instant(instant), None) if until.days < 0 => {
                instant.minus(Span::from_days(until.days.unsigned_abs()))
            }
            (Self::Instant(instant), None) => {
                instant.plus(Span::from_days(until.days.unsigned_abs()))
            }
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
