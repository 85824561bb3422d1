//! An hour of churn, scaled: contacts, journeys and mails come and go for days on a manual clock while snapshots are
//! made and the journal is trimmed behind them. The disk stays bounded.

use serde_json::{Value as Json, json};
use signalbox_e2e::{server::Home, smtp::Sink, tools};

use crate::support::{on_event, send, start};

const CONTACTS: u32 = 200;
const MIB: u64 = 1024 * 1024;

struct Sizes {
    journal: u64,
    store: u64,
    snapshots: u64,
}

impl Sizes {
    fn of(home: &Home) -> Self {
        let bytes = |name: &str| tools::folder_bytes(&home.data().join(name));
        Self {
            journal: bytes("journal"),
            store: bytes("store"),
            snapshots: bytes("snapshots"),
        }
    }

    fn total(&self) -> u64 {
        self.journal + self.store + self.snapshots
    }
}

#[test]
fn the_disk_stays_bounded_under_churn() {
    // Each round stands for some minutes of a busy server: an event for every contact, a day of waits.
    let rounds: u32 = tools::scaled("E2E_CHURN_ROUNDS", 60);
    let sink = Sink::start().unwrap();
    let mut home = Home::new().unwrap();
    home.smtp(sink.port()).manual_clock("2026-01-01T00:00:00Z");
    home.set("journal.keep_days", 1)
        .set("store.snapshot_every_s", 2);
    let server = home.start().unwrap();
    let steps = json!([send("confirm", "transactional"), { "id": "rest", "wait": { "for": "1d" } }, send("ask", "transactional")]);
    start(&server.api, &on_event("order", "order_completed", &steps));
    let mut sizes = Vec::new();
    for round in 0..rounds {
        let events: Vec<Json> = (0..CONTACTS)
            .map(|number| {
                let (contact, key) = (format!("c{number}"), format!("{round}-{number}"));
                json!({
                    "contact": contact, "name": "order_completed", "id": key,
                    "fields": { "key": key, "text": "x".repeat(200) },
                    "attributes": { "email": format!("{contact}@example.com") },
                })
            })
            .collect();
        let answer = server
            .api
            .post("/v1/events/batch", &json!({ "events": events }))
            .unwrap();
        answer.good("posting").unwrap();
        let now: jiff::Timestamp = server.api.now().unwrap().parse().unwrap();
        let next = now + jiff::SignedDuration::from_hours(24);
        server.api.wind(&next.to_string(), "through").unwrap();
        sizes.push(Sizes::of(&home));
        let last = sizes.last().unwrap();
        if round % 10 == 9 {
            println!(
                "day {}: journal {:.1} MiB, store {:.1} MiB, snapshots {:.1} MiB",
                round + 1,
                last.journal as f64 / MIB as f64,
                last.store as f64 / MIB as f64,
                last.snapshots as f64 / MIB as f64
            );
        }
    }
    assert_eq!(
        sink.count() as u32,
        2 * rounds * CONTACTS,
        "two mails an event"
    );
    server.stop().unwrap();
    println!(
        "the journal would have {:.1} MiB untrimmed",
        written(&home) as f64 / MIB as f64
    );
    // What is kept grows with what is known of the contacts; what is only needed for recovery does not.
    let half = sizes.len() / 2;
    let peak = |sizes: &[Sizes], of: fn(&Sizes) -> u64| sizes.iter().map(of).max().unwrap();
    let (first, second) = (
        peak(&sizes[..half], |sizes| sizes.journal),
        peak(&sizes[half..], |sizes| sizes.journal),
    );
    assert!(
        second <= first + first / 2 + MIB,
        "the journal grows on: {first} and then {second} bytes"
    );
    let total = peak(&sizes, Sizes::total);
    println!("at most {:.1} MiB in all", total as f64 / MIB as f64);
    let checked = home.succeed(&["store", "check"]).unwrap();
    assert!(checked.contains("nothing is wrong"), "{checked}");
}

/// About what all records ever written take: each event with its mails took so much.
fn written(home: &Home) -> u64 {
    let export = home.succeed(&["store", "export"]).unwrap();
    export.len() as u64
}
