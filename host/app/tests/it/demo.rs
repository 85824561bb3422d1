//! The demo's counts against a count straight from the file of purchases.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value as Json;

use crate::support::{said, shipped_plugins, signalbox};

const DAY_MS: i64 = 86_400_000;
const QUIET_DAYS: i64 = 90;
const LARGE_DOLLARS: f64 = 50.0;

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    events: u64,
    contacts: u64,
    thank_big: u64,
    thank_small: u64,
    miss_you: u64,
}

/// Every purchase in order: at one instant the order of the file holds. A first purchase is thanked for, by its worth;
/// after each that no other follows for 90 days (one on the last of them does follow) comes a win-back.
fn counted(text: &str) -> Counts {
    let mut purchases: BTreeMap<&str, Vec<(i64, f64)>> = BTreeMap::new();
    let mut counts = Counts::default();
    for line in text.lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let at = signalbox_model::time::Instant::parse_as(columns[2], "%Y%m%d")
            .unwrap()
            .as_ms();
        purchases
            .entry(columns[1])
            .or_default()
            .push((at, columns[4].parse().unwrap()));
        counts.events += 1;
    }
    counts.contacts = purchases.len() as u64;
    for mut of_one in purchases.into_values() {
        of_one.sort_by_key(|(at, _)| *at);
        if of_one[0].1 >= LARGE_DOLLARS {
            counts.thank_big += 1;
        } else {
            counts.thank_small += 1;
        }
        for (index, (at, _)) in of_one.iter().enumerate() {
            let next = of_one.get(index + 1).map(|(next, _)| *next);
            if next.is_none_or(|next| next - at > QUIET_DAYS * DAY_MS) {
                counts.miss_you += 1;
            }
        }
    }
    counts
}

#[test]
fn the_demo_counts_what_the_file_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/CDNOW_sample.txt");
    let expected = counted(&std::fs::read_to_string(&file).unwrap());
    assert_eq!(
        (expected.events, expected.contacts),
        (6_919, 2_357),
        "as the literature has it"
    );

    let output = signalbox()
        .args([
            "demo",
            "--exit",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--plugins",
        ])
        .arg(shipped_plugins())
        .arg("--data-file")
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let shown: Json = serde_json::from_slice(&output.stdout).unwrap();
    let number = |pointer: &str| {
        shown
            .pointer(pointer)
            .and_then(Json::as_u64)
            .unwrap_or_else(|| panic!("{pointer}: {shown}"))
    };

    let found = Counts {
        events: number("/events"),
        contacts: number("/workflows/thank_you/entered"),
        thank_big: number("/workflows/thank_you/messages/by_step/thank_big/sent"),
        thank_small: number("/workflows/thank_you/messages/by_step/thank_small/sent"),
        miss_you: number("/workflows/win_back/messages/by_step/miss_you/sent"),
    };
    assert_eq!(found, expected);

    let sent = expected.thank_big + expected.thank_small + expected.miss_you;
    assert_eq!(
        number("/inbox/messages"),
        sent,
        "every mail that was sent can be read, and no other"
    );
    assert_eq!(number("/decisions/failed"), 0);
    for (workflow, stayed_out) in [
        ("thank_you", expected.events - expected.contacts),
        ("win_back", 0),
    ] {
        let place = |rest: &str| format!("/workflows/{workflow}/{rest}");
        assert_eq!(
            number(&place("inside")),
            0,
            "nobody is left inside {workflow}"
        );
        assert_eq!(
            number(&place("messages/queued")),
            number(&place("messages/sent"))
        );
        let reasons = shown
            .pointer(&place("not_entered"))
            .and_then(Json::as_object)
            .unwrap();
        assert_eq!(
            reasons.values().filter_map(Json::as_u64).sum::<u64>(),
            stayed_out,
            "{reasons:?}"
        );
    }
}
