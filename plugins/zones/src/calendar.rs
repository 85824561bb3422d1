//! Dates of the Gregorian calendar and the number of their day.

use std::fmt;

/// A day, with years from 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

impl Date {
    /// A date, if there is such a day.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// Days since 1970-01-01, negative before.
    ///
    /// Years are counted from March, so that the leap day is the last of its year and the months before it have a
    /// pattern of 153 days in five.
    #[must_use]
    pub fn number(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let month_from_march = (month + 9) % 12;
        let before_month = (153 * month_from_march + 2) / 5;
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        year * 365 + leap_days + before_month + day - 1 - 719_468
    }

    /// The date of a day number.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        // The year by its mean length is right or one too many; what is left are the days from the first of March.
        let from_march = number + 719_468;
        let mut year = from_march.saturating_mul(400).div_euclid(146_097);
        let first = |year: i64| {
            year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)
        };
        if first(year) > from_march {
            year -= 1;
        } else if first(year + 1) <= from_march {
            year += 1;
        }
        let day_of_year = from_march - first(year);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: (year + i64::from(month <= 2)) as i32,
            month: month as u8,
            day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8,
        }
    }

    /// 0 for Sunday to 6 for Saturday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        (self.number() + 4).rem_euclid(7) as u8
    }

    /// Whether the year of this date has a 29 February.
    #[must_use]
    pub fn in_leap_year(self) -> bool {
        days_in_month(self.year, 2) == 29
    }

    /// Reads `YYYY-MM-DD`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        Self::new(
            digits(year, 4)? as i32,
            digits(month, 2)? as u8,
            digits(day, 2)? as u8,
        )
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A number of exactly so many digits.
fn digits(text: &str, length: usize) -> Option<u32> {
    let all = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

/// Days of a month, 1 to 12.
pub(crate) fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn every_day_of_four_centuries_has_its_number() {
        let mut date = Date::new(1899, 12, 31).expect("a date");
        for number in date.number()..date.number() + 146_200 {
            assert_eq!(date.number(), number);
            assert_eq!(Date::from_number(number), date);
            assert_eq!(Date::parse(&date.to_string()), Some(date));
            let next = Date::new(date.year, date.month, date.day + 1);
            let next = next.or_else(|| Date::new(date.year, date.month + 1, 1));
            date = next.unwrap_or(Date {
                year: date.year + 1,
                month: 1,
                day: 1,
            });
        }
        assert_eq!(Date::from_number(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_number(0).weekday(), 4);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "0000-01-01",
            "2026-01-01T00:00:00Z",
            "+026-01-01",
            "1900-02-29",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2000-02-29").is_some_and(Date::in_leap_year));
    }
}
