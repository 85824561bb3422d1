//! A day of the year, and the dates on which it comes round.

use signalbox_sdk::Instant;
use signalbox_zones::{Date, Zone};

use crate::LeapDay;

/// A month and a day, with the year it began in where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayOfYear {
    pub(crate) year: Option<i32>,
    month: u8,
    day: u8,
}

/// One time that a day comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) year: i32,
    pub(crate) at: Instant,
}

/// A date that may be moved by days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InYear(Date);

impl DayOfYear {
    pub(crate) fn of(date: Date) -> Self {
        Self {
            year: Some(date.year),
            month: date.month,
            day: date.day,
        }
    }

    /// Reads `YYYY-MM-DD`, `--MM-DD` or an RFC 3339 instant.
    pub(crate) fn parse(text: &str, zone: Zone) -> Option<Self> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("--") {
            // Any leap year has every day that there is.
            let date = Date::parse(&format!("2000-{rest}"))?;
            return Some(Self {
                year: None,
                ..Self::of(date)
            });
        }
        let date = Date::parse(text).or_else(|| Some(zone.local(Instant::parse(text)?).date))?;
        Some(Self::of(date))
    }

    pub(crate) fn in_year(self, year: i32, leap_day: LeapDay) -> Option<InYear> {
        let there = Date::new(year, self.month, self.day);
        let date = there.or_else(|| match leap_day {
            LeapDay::Before => Date::new(year, 2, 28),
            LeapDay::After => Date::new(year, 3, 1),
        });
        date.map(InYear)
    }
}

impl InYear {
    pub(crate) fn days_earlier(self, days: u8) -> Date {
        Date::from_number(self.0.number() - i64::from(days))
    }
}
