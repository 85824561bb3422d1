//! What the rule shows to the host before it is let in. The clock is 2026-01-01T00:00:00Z where none is given.

use signalbox_sdk::prelude::*;

const DUE: u32 = 0;
const START: u32 = 1;
const CHANGED: u32 = 2;

pub(crate) fn all() -> Vec<Case> {
    let mut cases = birthdays();
    cases.extend(leap_days());
    cases.extend(signups());
    cases
}

fn birthdays() -> Vec<Case> {
    let birthday = json!({ "day": { "attribute": "birthday" } });
    let ahead = json!({ "day": { "attribute": "birthday" }, "days_before": 7, "at": "18:30" });
    let given = |name: &str, occasion: u32, day: &str| {
        Case::new(name, birthday.clone())
            .occasion(occasion)
            .given("day", day)
    };
    vec![
        given("waits for nine in the morning in New York", START, "1990-05-01")
            .given("zone", "America/New_York")
            .expect(json!({
                "enter": null,
                "arm": { "at": "2026-05-01T13:00:00Z", "key": "anniversary", "cancelled_by": [] },
                "reason": "armed",
            })),
        given("enters on the day, and waits for the next year's", DUE, "1990-05-01")
            .given("zone", "America/New_York")
            .given("clock", "2026-05-01T13:00:00Z")
            .expect(json!({
                "enter": { "key": "2026" }, "arm": { "at": "2027-05-01T13:00:00Z" }, "reason": "today",
            })),
        given("moved to Tokyo, where the day begins earlier", CHANGED, "1990-05-01")
            .given("zone", "Asia/Tokyo")
            .expect(json!({ "arm": { "at": "2026-05-01T00:00:00Z" }, "reason": "armed" })),
        given("a zone that is none is the config's", START, "1990-05-01")
            .given("zone", "Atlantis")
            .expect(json!({ "arm": { "at": "2026-05-01T09:00:00Z" } })),
        given("a year is not needed", START, "--01-01")
            .expect(json!({ "arm": { "at": "2026-01-01T09:00:00Z" }, "reason": "armed" })),
        given("came a day late after a standstill", DUE, "1990-05-01")
            .given("clock", "2026-05-02T09:00:00Z")
            .expect(json!({
                "enter": null, "arm": { "at": "2027-05-01T09:00:00Z" }, "reason": "missed",
            })),
        given("came nearly a day late", DUE, "1990-05-01")
            .given("clock", "2026-05-02T08:59:59.999Z")
            .expect(json!({ "enter": { "key": "2026" }, "reason": "today" })),
        given("nobody enters but by their arm", START, "1990-05-01")
            .given("clock", "2026-05-01T10:00:00Z")
            .expect(json!({ "enter": null, "arm": { "at": "2027-05-01T09:00:00Z" } })),
        given("the text is no date", START, "1 May 1990")
            .expect(json!({ "enter": null, "arm": null, "reason": "day_unreadable" })),
        Case::new("no birthday", birthday)
            .occasion(START)
            .expect(json!({ "enter": null, "arm": null, "reason": "day_missing" })),
        Case::new("a week before a birthday in the new year", ahead)
            .occasion(DUE)
            .given("day", "1990-01-03")
            .given("clock", "2026-12-27T18:30:00Z")
            .expect(json!({
                "enter": { "key": "2027" }, "arm": { "at": "2027-12-27T18:30:00Z" }, "reason": "today",
            })),
    ]
}

fn leap_days() -> Vec<Case> {
    let before = json!({ "day": { "attribute": "birthday" } });
    let after = json!({ "day": { "attribute": "birthday" }, "leap_day": "1 March" });
    let born = |name: &str, config: &serde_json::Value, clock: &str| {
        Case::new(name, config.clone())
            .occasion(START)
            .given("day", "1992-02-29")
            .given("clock", clock)
    };
    vec![
        born(
            "28 February in a common year",
            &before,
            "2026-01-01T00:00:00Z",
        )
        .expect(json!({ "arm": { "at": "2026-02-28T09:00:00Z" } })),
        born("1 March if so chosen", &after, "2026-01-01T00:00:00Z")
            .expect(json!({ "arm": { "at": "2026-03-01T09:00:00Z" } })),
        born(
            "29 February in a leap year",
            &before,
            "2028-01-01T00:00:00Z",
        )
        .expect(json!({ "arm": { "at": "2028-02-29T09:00:00Z" } })),
        born("2100 is no leap year", &after, "2100-01-01T00:00:00Z")
            .expect(json!({ "arm": { "at": "2100-03-01T09:00:00Z" } })),
    ]
}

fn signups() -> Vec<Case> {
    let signup = json!({
        "day": { "first": "signed_up" }, "years": [1, 5], "zone": "Europe/Berlin",
        "existing": false, "follow_changes": false,
    });
    let by_event = json!({
        "day": { "attribute": "member_since" }, "years": [10], "armed_by": ["order_completed"],
    });
    vec![
        Case::new("signed up late in the evening in Berlin", signup.clone())
            .occasion(1)
            .given("day", "2026-01-01T22:30:00Z")
            .given("clock", "2026-01-01T22:30:00Z")
            .expect(json!({ "arm": { "at": "2027-01-01T08:00:00Z" }, "reason": "armed" })),
        Case::new(
            "the second year is not chosen, the fifth is next",
            signup.clone(),
        )
        .occasion(DUE)
        .given("day", "2026-01-01T22:30:00Z")
        .given("clock", "2027-01-01T08:00:00Z")
        .expect(json!({
            "enter": { "key": "2027" }, "arm": { "at": "2031-01-01T08:00:00Z" }, "reason": "today",
        })),
        Case::new("all have passed", signup)
            .occasion(1)
            .given("day", "2020-01-01T22:30:00Z")
            .expect(json!({ "enter": null, "arm": null, "reason": "over" })),
        Case::new("which year it is cannot be told", by_event)
            .occasion(4)
            .given("day", "--06-15")
            .expect(json!({ "enter": null, "arm": null, "reason": "year_missing" })),
    ]
}
