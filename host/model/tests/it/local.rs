//! Dates, times and weekdays without a zone: what is read, written and counted.

use signalbox_model::{
    calendar::{LocalDate, LocalTime, MonthDay, Weekday},
    codec,
};

use crate::support::{check, date, time};

#[test]
fn times_are_hours_and_minutes() {
    for (text, minutes) in [("00:00", 0), ("09:05", 545), ("23:59", 1_439)] {
        let at = time(text);
        assert_eq!((at.minutes(), at.to_string().as_str()), (minutes, text));
        assert_eq!(LocalTime::from_minutes(minutes), Ok(at));
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<LocalTime>(&json).unwrap(), at);
        let bytes = codec::encode(&at).unwrap();
        assert_eq!(codec::decode::<LocalTime>(&bytes).unwrap(), at);
    }
    for text in [
        "", "9:05", "24:00", "23:60", "09:5", "09-05", "+9:05", "09:05:00", " 9:05", "０:０0",
    ] {
        assert!(LocalTime::parse(text).is_err(), "{text}");
    }
    let error = LocalTime::parse("24:00").unwrap_err().to_string();
    assert_eq!(
        error,
        r#""24:00" is not a time of the day from 00:00 to 23:59 such as 09:30"#
    );
    assert!(LocalTime::from_minutes(1_440).is_err());
    let bytes = codec::encode(&1_440_u16).unwrap();
    assert!(codec::decode::<LocalTime>(&bytes).is_err());
}

#[test]
fn dates_have_numbers_and_weekdays() {
    let answer = |words: &[&str]| {
        let date = date(words[0]);
        let weekday = date.weekday().as_str();
        let parts = (date.year(), date.month(), date.day());
        format!("{} {weekday} {parts:?}", date.day_number())
    };
    check(
        "
        1970-01-01 -> 0 thursday (1970, 1, 1)
        1969-12-31 -> -1 wednesday (1969, 12, 31)
        2000-02-29 -> 11016 tuesday (2000, 2, 29)
        2026-03-29 -> 20541 sunday (2026, 3, 29)
        0001-01-01 -> -719162 monday (1, 1, 1)
        9999-12-31 -> 2932896 friday (9999, 12, 31)
        ",
        answer,
    );
    assert_eq!(
        (date("0001-01-01"), date("9999-12-31")),
        (LocalDate::MIN, LocalDate::MAX)
    );
}

#[test]
fn dates_read_and_write_one_form() {
    let json = serde_json::to_string(&date("2026-01-31")).unwrap();
    assert_eq!(json, r#""2026-01-31""#);
    assert_eq!(
        serde_json::from_str::<LocalDate>(&json).unwrap(),
        date("2026-01-31")
    );
    let bytes = codec::encode(&date("1890-05-05")).unwrap();
    assert_eq!(
        codec::decode::<LocalDate>(&bytes).unwrap(),
        date("1890-05-05")
    );
    for text in [
        "",
        "2026-02-29",
        "2026-13-01",
        "2026-1-1",
        "20260131",
        "0000-01-01",
        "-000001-01-01",
        "+002026-01-31",
        "10000-01-01",
        "2026-01-31T00:00:00",
        "2026-01-31[UTC]",
        "2026-W05-6",
        " 2026-01-31",
    ] {
        assert!(LocalDate::parse(text).is_err(), "{text}");
    }
    let error = LocalDate::parse("2026-02-29").unwrap_err().to_string();
    assert_eq!(
        error,
        r#""2026-02-29" is not a date from 0001-01-01 to 9999-12-31 such as 2026-01-31"#
    );
}

#[test]
fn days_are_counted_over_months_and_held_to_the_range() {
    assert_eq!(date("2024-02-28").plus_days(2), date("2024-03-01"));
    assert_eq!(date("2024-03-01").minus_days(2), date("2024-02-28"));
    assert_eq!(date("1970-01-01").minus_days(1).day_number(), -1);
    assert_eq!(LocalDate::MIN.minus_days(u32::MAX), LocalDate::MIN);
    assert_eq!(LocalDate::MAX.plus_days(u32::MAX), LocalDate::MAX);
    for day in [i32::MIN, i32::MAX] {
        let bytes = codec::encode(&day).unwrap();
        let held = codec::decode::<LocalDate>(&bytes).unwrap();
        assert!([LocalDate::MIN, LocalDate::MAX].contains(&held));
    }
}

#[test]
fn weekdays_are_words() {
    let json = serde_json::to_string(&Weekday::ALL).unwrap();
    let words = r#"["monday","tuesday","wednesday","thursday","friday","saturday","sunday"]"#;
    assert_eq!(json, words);
    assert_eq!(
        serde_json::from_str::<[Weekday; 7]>(&json).unwrap(),
        Weekday::ALL
    );
    for day in Weekday::ALL {
        assert_eq!(serde_json::to_value(day).unwrap(), day.as_str());
    }
}

#[test]
fn days_of_the_year_exist_in_some_year() {
    for (month, day) in [(1, 31), (2, 29), (4, 30), (12, 31)] {
        let found = MonthDay::new(month, day).unwrap();
        assert_eq!((found.month(), found.day()), (month, day));
    }
    for (month, day) in [
        (0, 1),
        (1, 0),
        (2, 30),
        (4, 31),
        (13, 1),
        (255, 255),
        (12, 200),
    ] {
        assert!(MonthDay::new(month, day).is_err(), "{month} {day}");
    }
    let error = MonthDay::new(2, 30).unwrap_err().to_string();
    assert_eq!(error, "there is no day 30 in month 2");
}
