//! An hour of churn, scaled: contacts, journeys and mails come and go for days on a manual clock while snapshots are
//! made, the journal is trimmed behind them, and old history is swept away. The disk stays bounded.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use signalbox_e2e::{server::Home, smtp::Sink, tools, wait::Watch};

use crate::support::{on_event, send, start};

const CONTACTS: u32 = 10;
/// Of each contact in each round. Few contacts with many events reach the bound of a contact's own history soonest.
const EVENTS_EACH: u32 = 20;
const MIB: u64 = 1024 * 1024;
/// Smaller files than this are not copied.
const COMPACT_FROM: u64 = 4 * MIB;
/// Days after which facts, journeys that are over and settled messages go.
const HISTORY_DAYS: u32 = 5;
/// What one round adds to a contact's own history: its events and two mails of each.
const HISTORY_PER_ROUND: u32 = 3 * EVENTS_EACH;
/// At this many events the core folds a contact's oldest into daily totals: 64 chunks of 32 and the open one.
const CONTACT_EVENTS_MAX: u32 = 65 * 32;
/// About what one of them takes in a row, with its remembered id and entry key.
const EVENT_BYTES: u64 = 200;
/// How often they lie on the disk: in the store with what sled has not cleaned up, and in two snapshots.
const COPIES: u64 = 5;
/// A journal's segment that is begun, and the store's files growing in steps.
const STEPS_SLACK: u64 = 8 * MIB;

/// Rounds between two lines of the print.
const PRINTED_EVERY: usize = 20;

#[derive(Clone, Copy)]
struct Sizes {
    journal: u64,
    store: u64,
    snapshots: u64,
    plugins: u64,
    /// The whole data folder.
    all: u64,
}

impl Sizes {
    fn of(home: &Home) -> Self {
        let bytes = |name: &str| tools::folder_bytes(&home.data().join(name));
        Self {
            journal: bytes("journal"),
            store: bytes("store"),
            snapshots: bytes("snapshots"),
            plugins: bytes("plugins"),
            all: tools::folder_bytes(&home.data()),
        }
    }

    fn print(&self, day: u32, watch: &Watch) {
        let mib = |bytes| bytes as f64 / MIB as f64;
        println!(
            "day {day} after {:.0} s: journal {:.1} MiB, store {:.1} MiB, snapshots {:.1} MiB, plugins {:.1} MiB, all {:.1} MiB",
            watch.elapsed().as_secs_f64(),
            mib(self.journal),
            mib(self.store),
            mib(self.snapshots),
            mib(self.plugins),
            mib(self.all),
        );
    }
}

#[test]
fn the_disk_stays_bounded_under_churn() {
    // Each round stands for some minutes of a busy server: some events of every contact, a day of waits. It goes on
    // for so many rounds and for so long.
    let rounds: u32 = tools::scaled("E2E_CHURN_ROUNDS", 80);
    let seconds: u32 = tools::scaled("E2E_CHURN_S", 0);
    let sink = Sink::start().unwrap();
    let mut home = Home::new().unwrap();
    home.smtp(sink.port()).manual_clock("2026-01-01T00:00:00Z");
    home.set("journal.keep_days", 1)
        .set("store.history_keep_days", HISTORY_DAYS)
        .set("store.compact_from_bytes", COMPACT_FROM)
        .set("store.snapshot_every_s", 2);
    let server = home.start().unwrap();
    let steps = json!([send("confirm", "transactional"), { "id": "rest", "wait": { "for": "1d" } }, send("ask", "transactional")]);
    start(&server.api, &on_event("order", "order_completed", &steps));
    let watch = Watch::start();
    let mut sizes = Vec::new();
    for round in 0.. {
        if round >= rounds && watch.elapsed().as_secs() >= u64::from(seconds) {
            break;
        }
        let events: Vec<Json> = (0..CONTACTS * EVENTS_EACH)
            .map(|number| event(round, number))
            .collect();
        let answer = server
            .api
            .post("/v1/events/batch", &json!({ "events": events }))
            .unwrap();
        answer.good("posting").unwrap();
        let now: jiff::Timestamp = server.api.now().unwrap().parse().unwrap();
        let next = now + jiff::SignedDuration::from_hours(24);
        server.api.wind(&next.to_string(), "through").unwrap();
        let size = Sizes::of(&home);
        sizes.push(size);
        if sizes.len().is_power_of_two() || sizes.len() % PRINTED_EVERY == 0 {
            size.print(round + 1, &watch);
        }
    }
    assert_eq!(
        sink.count() as u32,
        2 * sizes.len() as u32 * CONTACTS * EVENTS_EACH,
        "two mails an event"
    );
    server.stop().unwrap();
    assert_kept_days(&home);
    assert_bounded(&sizes);
    assert_compacted(&home);
    let checked = home.succeed(&["store", "check"]).unwrap();
    assert!(checked.contains("nothing is wrong"), "{checked}");
}

fn event(round: u32, number: u32) -> Json {
    let contact = format!("c{}", number % CONTACTS);
    let key = format!("{round}-{number}");
    json!({
        "contact": contact, "name": "order_completed", "id": key,
        "fields": { "key": key, "text": "x".repeat(20) },
        "attributes": { "email": format!("{contact}@example.com") },
    })
}

/// What the rows hold at the end: of what goes, as many days as it is kept and the two that are under way.
fn assert_kept_days(home: &Home) {
    let export = home.succeed(&["store", "export"]).unwrap();
    let mut kinds: BTreeMap<String, (u32, u64)> = BTreeMap::new();
    for line in export.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let kind = row["kind"].as_str().unwrap().to_owned();
        let (rows, bytes) = kinds.entry(kind).or_default();
        *rows += 1;
        *bytes += line.len() as u64;
    }
    println!(
        "the export has {:.1} MiB: {kinds:?}",
        export.len() as f64 / MIB as f64
    );
    for (kind, per_round) in [("journey", 1), ("message", 2)] {
        let rows = kinds[kind].0;
        let days = HISTORY_DAYS + 2;
        assert!(
            rows <= per_round * CONTACTS * EVENTS_EACH * days,
            "{rows} rows of {kind} are more than {days} days have"
        );
    }
}

/// What is only needed for a time does not grow, and a contact's own history only up to its bound.
fn assert_bounded(sizes: &[Sizes]) {
    let (first, second) = sizes.split_at(sizes.len() / 2);
    let peak = |sizes: &[Sizes], of: fn(&Sizes) -> u64| sizes.iter().map(of).max().unwrap();
    let history = |rounds: usize| {
        let events = (rounds as u32 * HISTORY_PER_ROUND).min(CONTACT_EVENTS_MAX);
        u64::from(CONTACTS * events) * EVENT_BYTES * COPIES
    };
    let slack = STEPS_SLACK + history(sizes.len()) - history(first.len());
    let (before, after) = (peak(first, |s| s.all), peak(second, |s| s.all));
    println!(
        "at most {before} bytes in the first half and {after} in the second, {slack} of slack"
    );
    assert!(
        after <= before + before / 4 + slack,
        "the disk fills: {before} and then {after} bytes"
    );
    let (before, after) = (peak(first, |s| s.journal), peak(second, |s| s.journal));
    assert!(
        after <= before + before / 2 + MIB,
        "the journal grows on: {before} and then {after} bytes"
    );
}

/// The rows were copied into new files more than once, and the files are at most twice as large as a new copy.
fn assert_compacted(home: &Home) {
    let note = std::fs::read_to_string(home.data().join("store/generation")).unwrap();
    let (json, _) = note.split_once("\ncrc32c").unwrap();
    let note: Json = serde_json::from_str(json).unwrap();
    let (copies, fresh) = (
        note["number"].as_u64().unwrap(),
        note["bytes"].as_u64().unwrap(),
    );
    let store = tools::folder_bytes(&home.data().join("store"));
    println!("{copies} copies, the last of {fresh} bytes, the store has {store} at the end");
    assert!(copies > 1, "{note}");
    assert!(
        store <= 2 * fresh + COMPACT_FROM,
        "{store} bytes, {fresh} after the last copy"
    );
}
