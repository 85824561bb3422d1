//! A segment tried on the history of all contacts has the members of each day that a count straight from the purchases
//! has.

use std::{collections::BTreeMap, fs};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use signalbox_e2e::server::Home;

use crate::simulate::{beside, feed, purchases};

/// Orders that make a member, and in so many days.
const ORDERS: usize = 2;
const WITHIN_DAYS: i64 = 90;
const BEGIN: &str = "1997-01-01T00:00:00Z";
const END: &str = "1998-10-01T00:00:00Z";

const DAY_SECONDS: i64 = 86_400;

fn day_of(instant: &str) -> i64 {
    instant.parse::<Timestamp>().unwrap().as_second() / DAY_SECONDS
}

/// By contact the days of its orders, counted from 1970.
fn order_days(tape: &[Json]) -> BTreeMap<&str, Vec<i64>> {
    let mut days: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in tape {
        let contact = event["contact"].as_str().unwrap();
        let day = day_of(event["occurred_at"].as_str().unwrap());
        days.entry(contact).or_default().push(day);
    }
    days
}

/// Contacts with enough orders in the days up to that one. All happen at midnight, so that a window at the end of a day
/// holds those of that day and of the 89 before.
fn members(orders: &BTreeMap<&str, Vec<i64>>, day: i64) -> usize {
    let counts = |days: &&Vec<i64>| {
        let held = days
            .iter()
            .filter(|of| **of <= day && **of > day - WITHIN_DAYS);
        held.count() >= ORDERS
    };
    orders.values().filter(counts).count()
}

#[test]
fn members_per_day_are_those_of_a_count_by_hand() {
    let mut home = Home::new().unwrap();
    home.set("transport", "capture")
        .set("store.history_keep_days", 3_000)
        .manual_clock(BEGIN);
    let tape = purchases();
    let server = home.start().unwrap();
    feed(&server.api, &tape, END);
    let (path, file) = beside(&home, "regulars.json");
    let rule = json!({ "plugin": "audience", "config": { "count": {
        "of": { "event": "order_completed", "within": format!("{WITHIN_DAYS}d") },
        "operator": "gte", "value": ORDERS } } });
    let segment = json!({ "name": "regulars", "title": "Regulars", "rule": rule });
    fs::write(path, segment.to_string()).unwrap();
    let said = home.succeed(&["backtest", &file, "--json", "--from", BEGIN, "--until", END]);
    let said: Json = serde_json::from_str(&said.unwrap()).unwrap();

    let orders = order_days(&tape);
    assert_eq!(said["contacts"], orders.len());
    let days = said["days"].as_array().unwrap();
    let mut most = 0;
    for (day, told) in (day_of(BEGIN)..).zip(days) {
        let expected = members(&orders, day);
        assert_eq!(told["members"], expected, "{told}");
        most = most.max(expected);
    }
    assert_eq!(days.len() as i64, day_of(END) - day_of(BEGIN) + 1);
    assert!(most > 15, "{most} at most");
    server.stop().unwrap();
}
