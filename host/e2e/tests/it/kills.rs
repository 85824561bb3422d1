//! kill -9: at the three instants of a send that matter, and at random instants under load.
//!
//! The invariants are those of threats.md: each acknowledged event is applied once and in its contact's order; there
//! is one message for each (journey, step), and at most one more for each recorded doubt; no message that a store
//! calls accepted is missing at the mail server; no timer is early; the store equals a replay of its journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::RwLock,
    thread,
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_e2e::{
    http::Api,
    server::Home,
    smtp::{Fault, Sink, Stage},
    tools,
    wait::{self, Watch},
};

use crate::support::{Ends, Pace, Random, export, home, on_event, outcomes, post, send, start};

const SOON: Duration = Duration::from_secs(20);
/// Longest until everything is over after the last kill: a mail in doubt is sent again after a minute.
const SETTLED_WITHIN: Duration = Duration::from_secs(100);

fn order(api: &Api) {
    start(
        api,
        &on_event(
            "order",
            "order_completed",
            &json!([send("confirm", "transactional")]),
        ),
    );
    start(
        api,
        &on_event("news", "news_wanted", &json!([send("tell", "marketing")])),
    );
}

/// Has one transactional and one marketing mail come to that fault, kills the server there, and answers with what
/// became of both an hour later.
fn killed_at(stage: Stage, fault: &Fault) -> (Vec<String>, Vec<String>, Vec<usize>) {
    let sink = Sink::start().unwrap();
    let home = home(&sink);
    let server = home.start().unwrap();
    order(&server.api);
    sink.plan(stage, fault.clone(), 2);
    // On a manual clock mail leaves once the clock goes on.
    post(&server.api, "ann", "order_completed", "o1");
    post(&server.api, "bea", "news_wanted", "n1");
    let api = server.api.clone();
    let winding = thread::spawn(move || api.wind("2026-03-02T09:00:01Z", "through"));
    sink.wait_wrong(2, SOON).unwrap();
    server.kill();
    assert!(
        winding.join().unwrap().is_err(),
        "the server was to be killed while it waits"
    );
    let server = home.start().unwrap();
    server.api.wind("2026-03-02T10:00:00Z", "through").unwrap();
    let told = (outcomes(&server.api, "ann"), outcomes(&server.api, "bea"));
    server.stop().unwrap();
    let to = |address: &str| {
        sink.mails()
            .iter()
            .filter(|mail| mail.to == [address])
            .count()
    };
    (
        told.0,
        told.1,
        vec![to("ann@example.com"), to("bea@example.com")],
    )
}

#[test]
fn killed_before_the_intent_a_mail_is_sent_once_and_without_a_doubt() {
    let (order, news, counts) = killed_at(Stage::Data, &Fault::Silence);
    assert_eq!(
        (order, news, counts),
        (
            vec!["sent confirm".to_owned()],
            vec!["sent tell".to_owned()],
            vec![1, 1]
        )
    );
}

#[test]
fn killed_after_the_intent_a_mail_is_in_doubt() {
    let (order, news, counts) = killed_at(Stage::End, &Fault::Silence);
    assert_eq!(order, ["in doubt confirm true", "sent confirm"]);
    assert_eq!(news, ["in doubt tell false"], "marketing is held");
    assert_eq!(counts, [1, 0]);
}

#[test]
fn killed_after_the_mail_was_taken_it_is_in_doubt_too() {
    let (order, news, counts) = killed_at(Stage::End, &Fault::TakeAndBeSilent);
    assert_eq!(order, ["in doubt confirm true", "sent confirm"]);
    assert_eq!(news, ["in doubt tell false"]);
    assert_eq!(
        counts,
        [2, 1],
        "one more for the doubt, none where it is held"
    );
}

/// Where the load finds the server that runs now.
struct Running {
    api: RwLock<Option<Api>>,
    pace: Pace,
}

impl Running {
    /// Posts until it is acknowledged, whatever happens to the server meanwhile.
    fn post(&self, body: &Json) {
        wait::until("an event is acknowledged", SETTLED_WITHIN, || {
            let api = self.api.read().unwrap().clone();
            let posted = api.and_then(|api| api.post("/v1/events", body).ok());
            match posted {
                Some(answer) if answer.is_good() => Ok(Some(())),
                Some(answer) if !matches!(answer.status, 429 | 503) => {
                    panic!("{}", answer.refusal())
                }
                _ => Ok(None),
            }
        })
        .unwrap();
    }
}

/// Most lines of each export that a failure tells.
const DIFFERENCES_SHOWN: usize = 20;
/// Contacts of one thread; each thread has its own, so that each contact's events have an order.
const CONTACTS: u64 = 30;
const THREADS: u64 = 3;

/// Events of every contact so far, all acknowledged.
#[expect(
    clippy::disallowed_methods,
    reason = "the server runs on the real clock, and its events happen now"
)]
fn load(running: &Running, thread: u64) -> BTreeMap<String, u64> {
    let mut posted = BTreeMap::new();
    let mut round = 0;
    while !running.pace.is_over() {
        round += 1;
        let contact = format!("t{thread}c{}", round % CONTACTS);
        let number = posted.entry(contact.clone()).or_insert(0);
        *number += 1;
        let key = format!("{contact}-{number}");
        running.post(&json!({
            "contact": contact, "name": "order_completed", "id": key,
            // The retry has to say the same as the first try, and an old event would trigger nothing.
            "occurred_at": jiff::Timestamp::now().to_string(),
            "fields": { "key": key, "number": number },
            "attributes": { "email": format!("{contact}@example.com") },
        }));
        running.pace.rest(Duration::from_millis(8));
    }
    posted
}

fn under_load(api: &Api) {
    let mut order = on_event(
        "order",
        "order_completed",
        &json!([
            send("confirm", "transactional"),
            { "id": "rest", "wait": { "for": "1s" } },
            { "id": "ask", "send": { "template": "ask" } },
        ]),
    );
    order["templates"]["ask"] = crate::support::note("ask {{ event.key }}");
    start(api, &order);
    let mut quiet = on_event(
        "quiet",
        "order_completed",
        &json!([{ "id": "nudge", "send": { "template": "note", "class": "transactional" } }]),
    );
    quiet["trigger"] = json!({ "plugin": "abandoned", "config": { "event": "order_completed", "after": "3s", "unless": ["order_completed"], "unless_any_key": true, "key": "key" } });
    start(api, &quiet);
}

#[test]
fn nothing_is_lost_or_doubled_by_kills_at_random_instants_under_load() {
    let kills: u32 = tools::scaled("E2E_KILLS", 50);
    let seed: u64 = tools::scaled("E2E_SEED", 1);
    println!("{kills} kills with seed {seed}: E2E_KILLS={kills} E2E_SEED={seed} plays them again");
    let sink = Sink::start().unwrap();
    let mut home = Home::new().unwrap();
    home.smtp(sink.port());
    let mut server = Some(home.start().unwrap());
    under_load(&server.as_ref().unwrap().api);
    let running = Running {
        api: RwLock::new(server.as_ref().map(|server| server.api.clone())),
        pace: Pace::default(),
    };
    let watch = Watch::start();
    let posted = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                scope.spawn({
                    let running = &running;
                    move || load(running, number)
                })
            })
            .collect();
        let ends = Ends(&running.pace);
        let killed = kill_again_and_again(&home, &running, &mut server, kills, seed);
        println!("{killed}");
        drop(ends);
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect::<BTreeMap<String, u64>>()
    });
    let server = server.unwrap();
    let events: u64 = posted.values().sum();
    println!(
        "{events} events acknowledged over {:.0} s, {} mails so far",
        watch.elapsed().as_secs_f64(),
        sink.count()
    );
    wait_until_over(&server.api, events);
    server.stop().unwrap();
    check(&home, &sink, &posted);
}

/// Starts and kills; leaves a server running.
fn kill_again_and_again(
    home: &Home,
    running: &Running,
    server: &mut Option<signalbox_e2e::server::Server>,
    kills: u32,
    seed: u64,
) -> String {
    let mut random = Random::new(seed);
    let (mut slowest, mut early) = (Duration::ZERO, 0);
    for _ in 0..kills {
        running
            .pace
            .rest(Duration::from_millis(20 + random.below(700)));
        *running.api.write().unwrap() = None;
        server.take().unwrap().kill();
        if random.below(4) == 0 {
            // In the middle of the recovery, too.
            home.start_briefly(Duration::from_millis(random.below(300)))
                .unwrap();
            early += 1;
        }
        let took = Watch::start();
        *server = Some(home.start().unwrap());
        slowest = slowest.max(took.elapsed());
        *running.api.write().unwrap() = server.as_ref().map(|server| server.api.clone());
    }
    format!(
        "{kills} kills and {early} more within the start; slowest start {:.2} s",
        slowest.as_secs_f64()
    )
}

fn wait_until_over(api: &Api, events: u64) {
    let watch = Watch::start();
    wait::until("every journey is over", SETTLED_WITHIN, || {
        let counters = |workflow: &str| -> anyhow::Result<Json> {
            let body = api
                .get(&format!("/v1/workflows/{workflow}"))?
                .good("reading a workflow")?;
            Ok(body["workflow"]["counters"]["1"].clone())
        };
        let (order, quiet) = (counters("order")?, counters("quiet")?);
        let armed = |name: &str| quiet[name].as_u64().unwrap_or_default();
        let is_over = order["completed"].as_u64() == Some(events)
            && quiet["completed"] == quiet["entered"]
            && armed("armed") == armed("disarmed") + armed("entered");
        Ok(is_over.then_some(()))
    })
    .unwrap();
    println!(
        "all over {:.0} s after the last event",
        watch.elapsed().as_secs_f64()
    );
}

fn check(home: &Home, sink: &Sink, posted: &BTreeMap<String, u64>) {
    let kinds = export(home);
    check_histories(&kinds, posted);
    let doubts = check_messages(&kinds, sink);
    check_timers(&kinds);
    println!("{doubts} mails were in doubt");
    let checked = home.succeed(&["store", "check"]).unwrap();
    assert!(checked.contains("nothing is wrong"), "{checked}");
    let before = home.succeed(&["store", "export"]).unwrap();
    home.succeed(&["store", "rebuild"]).unwrap();
    let after = home.succeed(&["store", "export"]).unwrap();
    assert!(
        before == after,
        "the store is not what its journal says:\n{}",
        differences(&before, &after).join("\n")
    );
}

/// Lines of one export that the other lacks, the first of them.
fn differences(before: &str, after: &str) -> Vec<String> {
    let (stored, replayed): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.lines().collect(), after.lines().collect());
    let gone = stored.difference(&replayed).take(DIFFERENCES_SHOWN);
    let new = replayed.difference(&stored).take(DIFFERENCES_SHOWN);
    gone.map(|line| format!("stored:   {line}"))
        .chain(new.map(|line| format!("replayed: {line}")))
        .collect()
}

/// Each acknowledged event is in its contact's history once, in order.
fn check_histories(kinds: &BTreeMap<String, Vec<Json>>, posted: &BTreeMap<String, u64>) {
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut take = |contact: &str, events: &Json| {
        for event in events.as_array().unwrap() {
            if event["name"] == "order_completed" {
                let number = event["fields"]["number"].as_u64().unwrap();
                numbers.entry(contact.to_owned()).or_default().push(number);
            }
        }
    };
    // Sealed chunks come in the order of their index, and the open one is the last.
    for chunk in kinds.get("chunk").into_iter().flatten() {
        take(chunk["name"]["contact"].as_str().unwrap(), &chunk["value"]);
    }
    for row in &kinds["contact"] {
        let state = &row["value"];
        assert!(
            state["history"]["totals"].as_array().unwrap().is_empty(),
            "too many events to look at each"
        );
        take(
            state["contact"]["id"].as_str().unwrap(),
            &state["history"]["open"],
        );
    }
    let expected: BTreeMap<String, Vec<u64>> = posted
        .iter()
        .map(|(contact, count)| (contact.clone(), (1..=*count).collect()))
        .collect();
    for (contact, expected) in &expected {
        assert_eq!(numbers.get(contact), Some(expected), "{contact}");
    }
    assert_eq!(numbers.len(), expected.len());
}

/// One message for each (journey, step), each at the mail server once and once more at most for each doubt.
fn check_messages(kinds: &BTreeMap<String, Vec<Json>>, sink: &Sink) -> u64 {
    let mut resends: BTreeMap<String, u64> = BTreeMap::new();
    let mut doubts = 0;
    for fact in facts(kinds) {
        let doubt = &fact["what"]["message_in_doubt"];
        if let Some(message) = doubt[1].as_str() {
            doubts += 1;
            *resends.entry(message.to_owned()).or_default() += u64::from(doubt[2] == true);
        }
    }
    let keys: BTreeMap<&str, &str> = kinds["journey"]
        .iter()
        .map(|row| {
            (
                row["value"]["journey"].as_str().unwrap(),
                row["value"]["key"].as_str().unwrap(),
            )
        })
        .collect();
    let mut at_sink: BTreeMap<String, u64> = BTreeMap::new();
    for mail in sink.mails() {
        *at_sink.entry(mail.subject()).or_default() += 1;
    }
    let mut seen = BTreeSet::new();
    for row in &kinds["message"] {
        let message = &row["value"];
        let part = |name: &str| message[name].as_str().unwrap();
        assert!(
            seen.insert((part("journey"), part("step"))),
            "a second message of a step: {message}"
        );
        let key = keys[part("journey")];
        let subject = match part("step") {
            "confirm" => format!("order {key}"),
            "ask" => format!("ask {key}"),
            _ => format!("quiet {key}"),
        };
        let count = at_sink.remove(&subject).unwrap_or_default();
        let resent = resends.get(part("id")).copied().unwrap_or_default();
        match message["status"].as_str() {
            Some("accepted") => assert!(
                (1..=1 + resent).contains(&count),
                "{count} of {subject}, in doubt {resent} times"
            ),
            Some("held") => assert!(count <= 1 + resent, "{count} of {subject}, which is held"),
            _ => panic!("{subject} is neither sent nor held: {message}"),
        }
    }
    assert!(
        at_sink.is_empty(),
        "mails that no store knows of: {at_sink:?}"
    );
    assert_eq!(
        seen.len() as u64,
        2 * count_of(kinds, "order") + count_of(kinds, "quiet")
    );
    doubts
}

fn count_of(kinds: &BTreeMap<String, Vec<Json>>, workflow: &str) -> u64 {
    kinds["journey"]
        .iter()
        .filter(|row| row["value"]["workflow"] == workflow)
        .count() as u64
}

/// No wait ended before its time, and none twice.
fn check_timers(kinds: &BTreeMap<String, Vec<Json>>) {
    let mut due: BTreeMap<String, String> = BTreeMap::new();
    let mut asked: BTreeMap<String, String> = BTreeMap::new();
    for fact in facts(kinds) {
        let Some(journey) = fact["journey"].as_str() else {
            continue;
        };
        if let Some(until) = fact["what"]["wait_started"][1].as_str() {
            assert!(
                due.insert(journey.to_owned(), until.to_owned()).is_none(),
                "waits twice: {fact}"
            );
        }
        if fact["what"]["step_reached"] == "ask" {
            let at = fact["at"].as_str().unwrap().to_owned();
            assert!(
                asked.insert(journey.to_owned(), at).is_none(),
                "asks twice: {fact}"
            );
        }
    }
    assert_eq!(due.len(), asked.len());
    let instant = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    for (journey, due) in &due {
        assert!(
            instant(&asked[journey]) >= instant(due),
            "the wait of {journey} ended early"
        );
    }
}

fn facts(kinds: &BTreeMap<String, Vec<Json>>) -> impl Iterator<Item = &Json> {
    let rows = kinds["facts"].iter();
    rows.flat_map(|row| row["value"].as_array().unwrap().iter().map(|fact| &fact[1]))
}
