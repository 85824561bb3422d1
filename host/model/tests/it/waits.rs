//! What a date and time mean in a zone, and the next day, weekday or birthday: by hand, from the decrees themselves.

use signalbox_model::calendar::{
    LeapDay, MonthDay, Weekday, days_at, local_at, weekday_at, yearly,
};

use crate::support::{check, date, instant, time, zone};

#[test]
fn gaps_end_and_overlaps_begin() {
    let answer = |words: &[&str]| {
        let [name, on, at] = words else {
            panic!("{words:?}");
        };
        local_at(&zone(name), date(on), time(at)).to_string()
    };
    check(
        "
        UTC                 2026-03-29 02:30 -> 2026-03-29T02:30:00Z
        Asia/Kolkata        2026-01-01 09:00 -> 2026-01-01T03:30:00Z
        Asia/Kathmandu      2026-01-01 09:00 -> 2026-01-01T03:15:00Z
        Europe/Berlin       2026-03-29 01:59 -> 2026-03-29T00:59:00Z
        Europe/Berlin       2026-03-29 02:00 -> 2026-03-29T01:00:00Z
        Europe/Berlin       2026-03-29 02:30 -> 2026-03-29T01:00:00Z
        Europe/Berlin       2026-03-29 03:00 -> 2026-03-29T01:00:00Z
        Europe/Berlin       2026-03-29 03:01 -> 2026-03-29T01:01:00Z
        Europe/Berlin       2026-10-25 01:59 -> 2026-10-24T23:59:00Z
        Europe/Berlin       2026-10-25 02:00 -> 2026-10-25T00:00:00Z
        Europe/Berlin       2026-10-25 02:30 -> 2026-10-25T00:30:00Z
        Europe/Berlin       2026-10-25 03:00 -> 2026-10-25T02:00:00Z
        America/New_York    2026-03-08 02:30 -> 2026-03-08T07:00:00Z
        America/New_York    2026-11-01 01:30 -> 2026-11-01T05:30:00Z
        America/New_York    2026-11-01 02:00 -> 2026-11-01T07:00:00Z
        Australia/Lord_Howe 2026-10-04 02:15 -> 2026-10-03T15:30:00Z
        Australia/Lord_Howe 2026-10-04 02:30 -> 2026-10-03T15:30:00Z
        Australia/Lord_Howe 2026-04-05 01:45 -> 2026-04-04T14:45:00Z
        Australia/Lord_Howe 2026-04-05 02:00 -> 2026-04-04T15:30:00Z
        America/Sao_Paulo   2018-11-04 00:00 -> 2018-11-04T03:00:00Z
        America/Sao_Paulo   2018-11-04 00:30 -> 2018-11-04T03:00:00Z
        America/Sao_Paulo   2018-11-03 23:59 -> 2018-11-04T02:59:00Z
        America/Sao_Paulo   2019-02-16 23:30 -> 2019-02-17T01:30:00Z
        America/Sao_Paulo   2019-02-17 00:00 -> 2019-02-17T03:00:00Z
        Africa/Cairo        2026-04-24 00:30 -> 2026-04-23T22:00:00Z
        Africa/Cairo        2026-10-29 23:30 -> 2026-10-29T20:30:00Z
        Africa/Casablanca   2025-02-23 02:30 -> 2025-02-23T01:30:00Z
        Africa/Casablanca   2025-03-01 09:00 -> 2025-03-01T09:00:00Z
        Africa/Casablanca   2025-04-06 02:30 -> 2025-04-06T02:00:00Z
        Africa/Casablanca   2025-06-01 09:00 -> 2025-06-01T08:00:00Z
        America/St_Johns    2010-11-06 23:30 -> 2010-11-07T02:00:00Z
        America/St_Johns    2010-11-07 00:00 -> 2010-11-07T02:30:00Z
        Pacific/Apia        2011-12-29 23:59 -> 2011-12-30T09:59:00Z
        Pacific/Apia        2011-12-30 00:00 -> 2011-12-30T10:00:00Z
        Pacific/Apia        2011-12-30 09:00 -> 2011-12-30T10:00:00Z
        Pacific/Apia        2011-12-30 23:59 -> 2011-12-30T10:00:00Z
        Pacific/Apia        2011-12-31 09:00 -> 2011-12-30T19:00:00Z
        Pacific/Kwajalein   1993-08-20 23:59 -> 1993-08-21T11:59:00Z
        Pacific/Kwajalein   1993-08-21 09:00 -> 1993-08-21T12:00:00Z
        Pacific/Kwajalein   1993-08-22 09:00 -> 1993-08-21T21:00:00Z
        ",
        answer,
    );
}

#[test]
fn days_are_dates_and_not_hours() {
    let answer = |words: &[&str]| {
        let [name, since, days, at] = words else {
            panic!("{words:?}");
        };
        let days = days.strip_prefix('+').unwrap().parse().unwrap();
        days_at(&zone(name), instant(since), days, time(at)).to_string()
    };
    check(
        "
        Europe/Berlin     2026-03-27T20:00:00Z +2 09:00 -> 2026-03-29T07:00:00Z
        Europe/Berlin     2026-03-28T12:00:00Z +1 02:30 -> 2026-03-29T01:00:00Z
        Europe/Berlin     2026-03-28T23:30:00Z +1 09:00 -> 2026-03-30T07:00:00Z
        Europe/Berlin     2026-10-24T12:00:00Z +1 02:30 -> 2026-10-25T00:30:00Z
        Europe/Berlin     2026-06-01T06:59:59Z +0 09:00 -> 2026-06-01T07:00:00Z
        Europe/Berlin     2026-06-01T07:00:00Z +0 09:00 -> 2026-06-02T07:00:00Z
        Europe/Berlin     2026-06-01T07:00:01Z +0 09:00 -> 2026-06-02T07:00:00Z
        Europe/Berlin     2026-03-29T01:00:00Z +0 02:30 -> 2026-03-30T00:30:00Z
        Europe/Berlin     2026-10-25T01:00:00Z +0 02:30 -> 2026-10-26T01:30:00Z
        Europe/Berlin     2024-02-28T12:00:00Z +1 09:00 -> 2024-02-29T08:00:00Z
        Europe/Berlin     2023-02-28T12:00:00Z +1 09:00 -> 2023-03-01T08:00:00Z
        Pacific/Apia      2011-12-30T09:00:00Z +1 09:00 -> 2011-12-30T10:00:00Z
        Pacific/Apia      2011-12-30T09:00:00Z +2 09:00 -> 2011-12-30T19:00:00Z
        Pacific/Apia      2011-12-30T10:00:00Z +0 00:00 -> 2011-12-31T10:00:00Z
        America/St_Johns  2010-11-07T02:40:00Z +1 00:00 -> 2010-11-08T03:30:00Z
        UTC               2026-01-01T00:00:00Z +400000 09:00 -> 2199-12-31T23:59:59.999Z
        UTC               2026-01-01T00:00:00Z +4294967295 09:00 -> 2199-12-31T23:59:59.999Z
        ",
        answer,
    );
}

#[test]
fn weekdays_come_strictly_after() {
    let answer = |words: &[&str]| {
        let [name, since, days, at] = words else {
            panic!("{words:?}");
        };
        let days: Vec<Weekday> = days
            .split(',')
            .filter(|day| *day != "any")
            .map(|day| serde_json::from_value(day.into()).unwrap())
            .collect();
        weekday_at(&zone(name), instant(since), &days, time(at)).to_string()
    };
    // 2026-06-01 is a Monday.
    check(
        "
        Europe/Berlin 2026-06-01T06:59:59Z monday          09:00 -> 2026-06-01T07:00:00Z
        Europe/Berlin 2026-06-01T07:00:00Z monday          09:00 -> 2026-06-08T07:00:00Z
        Europe/Berlin 2026-06-01T07:00:00Z friday,tuesday  09:00 -> 2026-06-02T07:00:00Z
        Europe/Berlin 2026-06-01T07:00:00Z any             09:00 -> 2026-06-02T07:00:00Z
        Europe/Berlin 2026-06-01T07:00:00Z sunday          09:00 -> 2026-06-07T07:00:00Z
        Europe/Berlin 2026-05-31T22:30:00Z monday          00:00 -> 2026-06-07T22:00:00Z
        Europe/Berlin 2026-03-28T12:00:00Z sunday          02:30 -> 2026-03-29T01:00:00Z
        Europe/Berlin 2026-03-29T01:00:00Z sunday          02:30 -> 2026-04-05T00:30:00Z
        Pacific/Apia  2011-12-29T12:00:00Z friday          09:00 -> 2011-12-30T10:00:00Z
        Pacific/Apia  2011-12-30T10:00:00Z friday          09:00 -> 2012-01-05T19:00:00Z
        America/St_Johns 2010-11-07T02:40:00Z sunday       00:00 -> 2010-11-14T03:30:00Z
        UTC           2199-12-31T12:00:00Z any             09:00 -> 2199-12-31T23:59:59.999Z
        ",
        answer,
    );
}

#[test]
fn birthdays_come_round() {
    let answer = |words: &[&str]| {
        let [name, after, month, day, at, leap] = words else {
            panic!("{words:?}");
        };
        let day = MonthDay::new(month.parse().unwrap(), day.parse().unwrap()).unwrap();
        let leap: LeapDay = serde_json::from_value((*leap).into()).unwrap();
        yearly(&zone(name), day, time(at), instant(after), leap).to_string()
    };
    check(
        "
        Europe/Berlin 2026-06-01T00:00:00Z 6 1  09:00 february_28 -> 2026-06-01T07:00:00Z
        Europe/Berlin 2026-06-01T07:00:00Z 6 1  09:00 february_28 -> 2027-06-01T07:00:00Z
        Europe/Berlin 2026-06-01T00:00:00Z 2 29 09:00 february_28 -> 2027-02-28T08:00:00Z
        Europe/Berlin 2026-06-01T00:00:00Z 2 29 09:00 march_1     -> 2027-03-01T08:00:00Z
        Europe/Berlin 2027-02-28T08:00:00Z 2 29 09:00 february_28 -> 2028-02-29T08:00:00Z
        Europe/Berlin 2027-02-28T08:00:00Z 2 29 09:00 march_1     -> 2027-03-01T08:00:00Z
        Europe/Berlin 2027-03-01T08:00:00Z 2 29 09:00 march_1     -> 2028-02-29T08:00:00Z
        Europe/Berlin 2028-02-28T08:00:00Z 2 29 09:00 february_28 -> 2028-02-29T08:00:00Z
        Europe/Berlin 2028-02-29T08:00:00Z 2 29 09:00 february_28 -> 2029-02-28T08:00:00Z
        Europe/Berlin 2027-01-01T00:00:00Z 2 28 09:00 march_1     -> 2027-02-28T08:00:00Z
        UTC           2099-12-31T00:00:00Z 2 29 00:00 february_28 -> 2100-02-28T00:00:00Z
        Pacific/Apia  2011-12-01T00:00:00Z 12 30 09:00 february_28 -> 2011-12-30T10:00:00Z
        Pacific/Kiritimati 2025-12-31T10:00:00Z 1 1 00:00 february_28 -> 2026-12-31T10:00:00Z
        Pacific/Kiritimati 2025-12-31T09:59:59Z 1 1 00:00 february_28 -> 2025-12-31T10:00:00Z
        UTC           2199-06-01T00:00:00Z 2 29 09:00 february_28 -> 2199-12-31T23:59:59.999Z
        ",
        answer,
    );
    assert_eq!(LeapDay::default(), LeapDay::February28);
    for leap in [LeapDay::February28, LeapDay::March1] {
        let json = serde_json::to_value(leap).unwrap();
        assert_eq!(serde_json::from_value::<LeapDay>(json).unwrap(), leap);
    }
}
