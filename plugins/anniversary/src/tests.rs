//! The rule against years of arms, moved days and configs that make no sense.
//!
//! Run by `cargo test` only; never part of the component.

use signalbox_sdk::{
    Instant, Random, TriggerVerdict,
    testing::{Row, check_cases, check_description},
};
use signalbox_zones::Date;

use crate::{Anniversary, Why};

#[test]
fn cases() {
    check_cases::<Anniversary>();
}

#[test]
fn the_finished_description_is_the_sources() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/description.json");
    check_description(&crate::signalbox_description(), file);
}

fn ask(occasion: u32, day: &str, zone: &str, now: Instant) -> TriggerVerdict<Why> {
    Row::new()
        .occasion(occasion)
        .set("day", day)
        .set("zone", zone)
        .set("clock", now.as_ms())
        .decide::<Anniversary>(r#"{ "day": { "attribute": "birthday" } }"#)
        .expect("a verdict")
}

/// The arm followed for fifty years, from any day, in zones on both sides of the date line.
#[test]
fn every_year_has_exactly_one_entry() {
    let mut random = Random::new(13);
    for zone in [
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Europe/London",
        "Australia/Sydney",
    ] {
        for _ in 0..20 {
            let born = Date::from_number(random.below(20_000) as i64).to_string();
            let mut now = Instant::from_ms(1_800_000_000_000 + random.below(31_536_000_000) as i64);
            let mut arm = ask(1, &born, zone, now).arm.expect("an arm");
            let mut years: Vec<i32> = Vec::new();
            for _ in 0..50 {
                assert!(arm.at > now);
                now = arm.at;
                let verdict = ask(0, &born, zone, now);
                let key = verdict.enter.and_then(|enter| enter.key).expect("an entry");
                years.push(key.parse().expect("a year"));
                arm = verdict.arm.expect("an arm");
            }
            assert!(
                years.windows(2).all(|pair| pair[1] == pair[0] + 1),
                "{born} {zone}"
            );
        }
    }
}

#[test]
fn a_day_that_has_changed_enters_only_on_the_new_one() {
    let now = Instant::parse("2026-05-01T09:00:00Z").expect("an instant");
    let verdict = ask(0, "1990-08-01", "UTC", now);
    assert_eq!((verdict.enter, verdict.reason), (None, Why::Missed));
    let at = verdict.arm.map(|arm| arm.at.to_string());
    assert_eq!(at.as_deref(), Some("2026-08-01T09:00:00Z"));
}

#[test]
fn who_is_not_born_yet_waits_for_the_first_birthday() {
    let now = Instant::parse("2026-05-01T09:00:00Z").expect("an instant");
    let at = |day: &str| {
        let verdict = ask(1, day, "UTC", now);
        verdict.arm.map(|arm| arm.at.to_string())
    };
    assert_eq!(at("2026-05-01").as_deref(), Some("2027-05-01T09:00:00Z"));
    assert_eq!(at("2030-01-01").as_deref(), Some("2031-01-01T09:00:00Z"));
    assert_eq!(at("1990-02-30"), None);
}

#[test]
fn a_config_that_makes_no_sense_is_refused() {
    let refused = |rest: &str| {
        let config = format!(r#"{{ "day": {{ "attribute": "birthday" }}, {rest} }}"#);
        Row::new().decide::<Anniversary>(&config).unwrap_err()
    };
    assert_eq!(
        refused(r#""at": "24:00""#),
        "\"24:00\" is no time of day such as 09:00"
    );
    assert_eq!(
        refused(r#""zone": "Berlin""#),
        "there is no time zone \"Berlin\""
    );
    assert_eq!(
        refused(r#""existing": false, "follow_changes": false"#),
        "nothing is named on which the day would be looked at"
    );
}
