//! When a window is open, when it opens next, and which windows are refused.

use serde_json::json;
use signalbox_model::{calendar::Window, codec, time::Instant};

use crate::support::{check, instant, time, zone};

/// Reads `09:00-17:00` and `22:00-06:00@friday,saturday`.
fn window(text: &str) -> Window {
    let (hours, days) = text.split_once('@').unwrap_or((text, ""));
    let (from, to) = hours.split_once('-').unwrap();
    let days = days
        .split(',')
        .filter(|day| !day.is_empty())
        .map(|day| serde_json::from_value(day.into()).unwrap())
        .collect();
    Window {
        from: time(from),
        to: time(to),
        days,
    }
}

/// `open` inside the window, else when it opens.
fn answer(words: &[&str]) -> String {
    let [name, hours, at] = words else {
        panic!("{words:?}");
    };
    let (zone, window, at) = (zone(name), window(hours), instant(at));
    let opens = window.opens_at(&zone, at);
    assert_eq!(window.contains(&zone, at), opens == at);
    if opens == at {
        "open".to_owned()
    } else {
        opens.to_string()
    }
}

#[test]
fn hours_are_half_open() {
    check(
        "
        Europe/Berlin 09:00-17:00 2026-06-01T06:59:59.999Z -> 2026-06-01T07:00:00Z
        Europe/Berlin 09:00-17:00 2026-06-01T07:00:00Z     -> open
        Europe/Berlin 09:00-17:00 2026-06-01T14:59:59.999Z -> open
        Europe/Berlin 09:00-17:00 2026-06-01T15:00:00Z     -> 2026-06-02T07:00:00Z
        UTC           22:00-06:00 2026-06-01T05:59:59.999Z -> open
        UTC           22:00-06:00 2026-06-01T06:00:00Z     -> 2026-06-01T22:00:00Z
        UTC           22:00-06:00 2026-06-01T23:59:59.999Z -> open
        UTC           20:00-00:00 2026-06-01T23:59:59.999Z -> open
        UTC           20:00-00:00 2026-06-02T00:00:00Z     -> 2026-06-02T20:00:00Z
        UTC           00:00-23:59 2026-06-01T23:59:00Z     -> 2026-06-02T00:00:00Z
        UTC           23:59-00:00 2026-06-01T23:58:59.999Z -> 2026-06-01T23:59:00Z
        ",
        answer,
    );
}

#[test]
fn weekdays_are_those_of_the_opening() {
    // 2026-06-01 is a Monday, so 2026-06-05 a Friday.
    check(
        "
        UTC 22:00-06:00@friday          2026-06-05T21:00:00Z -> 2026-06-05T22:00:00Z
        UTC 22:00-06:00@friday          2026-06-05T03:00:00Z -> 2026-06-05T22:00:00Z
        UTC 22:00-06:00@friday          2026-06-06T05:59:59Z -> open
        UTC 22:00-06:00@friday          2026-06-06T06:00:00Z -> 2026-06-12T22:00:00Z
        UTC 22:00-06:00@friday          2026-06-06T22:00:00Z -> 2026-06-12T22:00:00Z
        UTC 22:00-06:00@friday,saturday 2026-06-06T22:00:00Z -> open
        UTC 22:00-06:00@sunday          2026-06-08T05:00:00Z -> open
        UTC 22:00-06:00@sunday          2026-06-07T05:00:00Z -> 2026-06-07T22:00:00Z
        UTC 09:00-17:00@monday,friday   2026-06-01T17:00:00Z -> 2026-06-05T09:00:00Z
        UTC 09:00-17:00@monday          2026-06-01T17:00:00Z -> 2026-06-08T09:00:00Z
        Pacific/Auckland 09:00-17:00@monday 2026-05-31T20:59:59Z -> 2026-05-31T21:00:00Z
        Pacific/Auckland 09:00-17:00@monday 2026-05-31T21:00:00Z -> open
        ",
        answer,
    );
}

#[test]
fn the_clock_on_the_wall_decides_on_days_of_change() {
    check(
        "
        Europe/Berlin 02:30-05:00        2026-03-29T00:59:59Z -> 2026-03-29T01:00:00Z
        Europe/Berlin 02:30-05:00        2026-03-29T03:00:00Z -> 2026-03-30T00:30:00Z
        Europe/Berlin 02:30-05:00        1949-04-10T00:59:59.500Z -> 1949-04-10T01:00:00Z
        Europe/Berlin 02:10-02:50        2026-03-28T12:00:00Z -> 2026-03-30T00:10:00Z
        Europe/Berlin 02:10-03:00        2026-03-28T12:00:00Z -> 2026-03-30T00:10:00Z
        Europe/Berlin 02:10-02:50@sunday 2026-03-22T12:00:00Z -> 2026-04-05T00:10:00Z
        Europe/Berlin 22:00-02:30        2026-03-29T00:59:59Z -> open
        Europe/Berlin 22:00-02:30        2026-03-29T01:00:00Z -> 2026-03-29T20:00:00Z
        Europe/Berlin 02:15-02:45        2026-10-25T00:00:00Z -> 2026-10-25T00:15:00Z
        Europe/Berlin 02:15-02:45        2026-10-25T00:44:59Z -> open
        Europe/Berlin 02:15-02:45        2026-10-25T00:45:00Z -> 2026-10-25T01:15:00Z
        Europe/Berlin 02:15-02:45        2026-10-25T01:45:00Z -> 2026-10-26T01:15:00Z
        Europe/Berlin 01:00-02:30        2026-10-25T00:30:00Z -> 2026-10-25T01:00:00Z
        Europe/Berlin 02:30-05:00        2026-10-25T01:00:00Z -> 2026-10-25T01:30:00Z
        America/Sao_Paulo 00:00-06:00@sunday   2018-11-04T02:59:59Z -> 2018-11-04T03:00:00Z
        America/Sao_Paulo 23:00-01:00@saturday 2018-11-04T02:59:59Z -> open
        America/Sao_Paulo 23:00-01:00@saturday 2018-11-04T03:00:00Z -> 2018-11-11T01:00:00Z
        America/Sao_Paulo 23:00-01:00@saturday 2019-02-17T02:30:00Z -> open
        Pacific/Apia 09:00-17:00@friday   2011-12-29T12:00:00Z -> 2012-01-05T19:00:00Z
        Pacific/Apia 22:00-02:00@friday   2011-12-30T09:59:59Z -> 2011-12-30T10:00:00Z
        Pacific/Apia 22:00-02:00@thursday 2011-12-30T09:59:59Z -> open
        Pacific/Apia 22:00-02:00@thursday 2011-12-30T10:00:00Z -> 2012-01-05T08:00:00Z
        ",
        answer,
    );
}

#[test]
fn windows_that_are_never_open_are_refused() {
    let problems = |text: &str| -> Vec<String> {
        let said = window(text).problems("/steps/0/window");
        let words = said
            .iter()
            .map(|p| format!("{} {}: {}", p.pointer, p.code, p.reason));
        words.collect()
    };
    assert_eq!(problems("22:00-06:00@friday"), Vec::<String>::new());
    assert_eq!(problems("00:00-23:59"), Vec::<String>::new());
    assert_eq!(
        problems("09:00-09:00@friday,monday,friday,friday"),
        [
            "/steps/0/window/to window_empty: the window opens and closes at 09:00",
            "/steps/0/window/days/2 window_day_twice: friday is named already",
            "/steps/0/window/days/3 window_day_twice: friday is named already",
        ]
    );
    // Refused or not, it has an answer.
    let (empty, berlin) = (window("09:00-09:00"), zone("Europe/Berlin"));
    let nine = instant("2026-06-01T07:00:00Z");
    assert!(!empty.contains(&berlin, nine));
    assert_eq!(empty.opens_at(&berlin, nine), Instant::MAX);
}

#[test]
fn windows_read_and_write() {
    let read = |json| serde_json::from_value::<Window>(json);
    let full = json!({"from": "22:00", "to": "06:00", "days": ["friday"]});
    assert_eq!(read(full.clone()).unwrap(), window("22:00-06:00@friday"));
    assert_eq!(
        serde_json::to_value(window("22:00-06:00@friday")).unwrap(),
        full
    );
    let short = json!({"from": "09:00", "to": "17:00"});
    assert_eq!(read(short).unwrap(), window("09:00-17:00"));
    for (json, words) in [
        (json!({"from": "09:00"}), "missing field `to`"),
        (
            json!({"from": "09:00", "to": "17:00", "day": []}),
            "unknown field `day`",
        ),
        (
            json!({"from": "9", "to": "17:00"}),
            "\"9\" is not a time of the day",
        ),
        (
            json!({"from": "09:00", "to": "17:00", "days": ["fri"]}),
            "unknown variant `fri`",
        ),
    ] {
        let error = read(json).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
    for text in ["22:00-06:00@friday", "09:00-17:00"] {
        let bytes = codec::encode(&window(text)).unwrap();
        assert_eq!(codec::decode::<Window>(&bytes).unwrap(), window(text));
    }
}
