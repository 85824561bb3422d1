//! A simulation says what a live server does with the same tape; a forecast says it before.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Value as Json, json};
use signalbox_e2e::{http::Api, server::Home};

use crate::support::{note, start};

/// The demo's workflows and purchases.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/demo");
/// Names a share of the demo's contacts to play: one in so many. Without it all of them are played.
const ONE_IN_VARIABLE: &str = "FORECAST_ONE_IN";

/// Sends, waits, asks a rule and draws a lot.
fn series() -> Json {
    json!({
        "id": "series",
        "title": "Series",
        "goal": "none",
        "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
        "exits": [{ "on": { "event": "signed_off" } }],
        "steps": [
            { "id": "hello", "send": { "template": "hello" } },
            { "id": "pause", "wait": { "for": "1d" } },
            { "id": "fork", "branch": {
                "arms": [{ "segment": { "plugin": "audience", "config": {
                    "attribute": { "name": "country", "operator": "eq", "value": "FR" } } }, "goto": "french" }],
                "otherwise": "lot" } },
            { "id": "french", "send": { "template": "french" }, "next": "ordered" },
            { "id": "lot", "split": { "arms": [
                { "name": "mail", "weight": 5000, "goto": "offer" },
                { "name": "nothing", "weight": 5000, "goto": "ordered" } ] } },
            { "id": "offer", "send": { "template": "offer" } },
            { "id": "ordered", "wait_for": { "timeout": "3d", "otherwise": "end",
                "arms": [{ "on": { "event": "order_completed" }, "goto": "thanks" }] } },
            { "id": "thanks", "send": { "template": "thanks", "class": "transactional" } },
            { "id": "end", "exit": { "reason": "over" } },
        ],
        "templates": {
            "hello": note("Hello {{ contact.first_name }}"),
            "french": note("Bonjour {{ contact.first_name }}"),
            "offer": note("An offer"),
            "thanks": note("Thanks from {{ workflow.title }}"),
        },
    })
}

/// Sign-ups every half an hour, some at one instant; orders and sign-offs later.
fn series_tape() -> Vec<Json> {
    let at = |day: usize, hour: usize, minute: usize| {
        format!("2026-03-{day:02}T{hour:02}:{minute:02}:00Z")
    };
    let mut tape = Vec::new();
    for number in 0..40 {
        let contact = format!("contact-{number}");
        let country = ["FR", "DE", "IT"][number % 3];
        tape.push(json!({
            "contact": contact, "name": "signed_up", "id": format!("up-{number}"),
            "occurred_at": at(2, 9 + number / 4, number % 4 / 2 * 30), "fields": {},
            "attributes": { "email": format!("{contact}@example.com"), "country": country, "first_name": format!("Ann {number}") },
        }));
        let (name, day) = match number % 5 {
            0 => ("signed_off", 2),
            1 | 2 => ("order_completed", 4),
            _ => continue,
        };
        tape.push(json!({
            "contact": contact, "name": name, "id": format!("later-{number}"),
            "occurred_at": at(day, 20, number), "fields": { "value": number },
        }));
    }
    tape.sort_by_key(|event| event["occurred_at"].as_str().unwrap().to_owned());
    tape
}

fn write_lines(path: &Path, events: &[Json]) {
    let lines: Vec<String> = events.iter().map(Json::to_string).collect();
    fs::write(path, lines.join("\n")).unwrap();
}

/// Feeds a live server, each event at its instant, and winds on.
pub(crate) fn feed(api: &Api, tape: &[Json], until: &str) {
    for together in tape.chunk_by(|one, next| one["occurred_at"] == next["occurred_at"]) {
        let at = together[0]["occurred_at"].as_str().unwrap();
        api.wind(at, "before").unwrap();
        let accepted = api.post("/v1/events/batch", &json!({ "events": together }));
        accepted.unwrap().good("posting events").unwrap();
    }
    api.wind(until, "through").unwrap();
}

/// The facts of a contact's journeys as the API lists them, by journey; those beside one under "".
type Facts = BTreeMap<(String, String), Vec<Json>>;

fn live_facts(api: &Api, contacts: &BTreeSet<String>) -> Facts {
    let mut all = Facts::new();
    for contact in contacts {
        let path = format!("/v1/contacts/{contact}/journeys?limit=10000");
        let body = api.get(&path).unwrap().good("reading journeys").unwrap();
        assert!(body["next"].is_null(), "{contact} has more than one page");
        let mut put = |journey: &str, facts: &Json| {
            for fact in facts.as_array().unwrap() {
                let mut fact = fact.clone();
                fact.as_object_mut().unwrap().remove("sequence");
                let key = (contact.clone(), journey.to_owned());
                all.entry(key).or_default().push(fact);
            }
        };
        for journey in body["journeys"].as_array().unwrap() {
            put(journey["id"].as_str().unwrap(), &journey["facts"]);
        }
        put("", &body["before"]);
    }
    all
}

fn contacts_of(tape: &[Json]) -> BTreeSet<String> {
    let contacts = tape.iter().map(|event| event["contact"].as_str().unwrap());
    contacts.map(str::to_owned).collect()
}

/// The captured mails as files, whatever their order.
fn live_mails(home: &Home) -> Vec<String> {
    let files = fs::read_dir(home.data().join("inbox")).unwrap().flatten();
    let mails = files.filter(|file| file.path().extension().is_some_and(|end| end == "eml"));
    let mut mails: Vec<String> = mails
        .map(|file| fs::read_to_string(file.path()).unwrap())
        .collect();
    mails.sort();
    mails
}

/// A file beside the data folder, as text for a command line.
pub(crate) fn beside(home: &Home, name: &str) -> (PathBuf, String) {
    let path = home.beside(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

#[test]
fn a_simulation_says_what_a_live_server_does_to_the_byte() {
    let mut home = Home::new().unwrap();
    home.set("transport", "capture")
        .manual_clock("2026-03-02T08:00:00Z");
    let (tape, until) = (series_tape(), "2026-03-09T00:00:00Z");
    let server = home.start().unwrap();
    start(&server.api, &series());
    feed(&server.api, &tape, until);
    let expected = live_facts(&server.api, &contacts_of(&tape));
    server.stop().unwrap();

    let (workflow_path, workflow) = beside(&home, "series.json");
    let (tape_path, tape_file) = beside(&home, "tape.jsonl");
    fs::write(&workflow_path, series().to_string()).unwrap();
    write_lines(&tape_path, &tape);
    let simulate = |out: &str| {
        let (path, out) = beside(&home, out);
        let data = home.data().to_str().unwrap().to_owned();
        let said = home.succeed(&[
            "simulate",
            "--workflow",
            &workflow,
            "--tape",
            &tape_file,
            "--seed-of",
            &data,
            "--from",
            "2026-03-02T08:00:00Z",
            "--until",
            until,
            "--full",
            "--out",
            &out,
        ]);
        (said.unwrap(), fs::read_to_string(path).unwrap())
    };
    let (said, lines) = simulate("out-1.jsonl");
    assert_eq!(
        (said, lines.clone()),
        simulate("out-2.jsonl"),
        "twice the same"
    );

    let mut facts = Facts::new();
    let mut mails = Vec::new();
    for line in lines.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        if let Some(raw) = line["message"]["raw"].as_str() {
            mails.push(raw.to_owned());
        }
        if line["fact"].is_object() {
            let journey = line["journey"].as_str().unwrap_or_default().to_owned();
            let key = (line["contact"].as_str().unwrap().to_owned(), journey);
            facts.entry(key).or_default().push(line["fact"].clone());
        }
    }
    for (key, expected) in &expected {
        assert_eq!(facts.get(key), Some(expected), "{key:?}");
    }
    assert_eq!(facts.len(), expected.len());
    mails.sort();
    assert!(mails.len() > 60, "{} mails", mails.len());
    assert_eq!(mails, live_mails(&home));
}

/// A part of the demo's purchases.
pub(crate) fn purchases() -> Vec<Json> {
    let text = fs::read_to_string(Path::new(DEMO).join("CDNOW_sample.txt")).unwrap();
    let one_in = env::var(ONE_IN_VARIABLE).map_or(1, |one_in| one_in.parse().unwrap());
    let mut tape = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [_, contact, day, items, value] = cells[..] else {
            continue;
        };
        if contact.parse::<usize>().unwrap() % one_in != 0 {
            continue;
        }
        tape.push(json!({
            "contact": contact, "name": "order_completed", "id": format!("line-{number}"),
            "occurred_at": format!("{}-{}-{}T00:00:00Z", &day[..4], &day[4..6], &day[6..]),
            "fields": { "items": items.parse::<u32>().unwrap(), "value": value.parse::<f64>().unwrap() },
            "attributes": { "email": format!("{contact}@demo.example") },
        }));
    }
    tape.sort_by_key(|event| event["occurred_at"].as_str().unwrap().to_owned());
    tape
}

fn demo_workflow(id: &str) -> Json {
    let text = fs::read_to_string(Path::new(DEMO).join(format!("{id}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What a forecast says of a workflow, counted from what a live server kept since an instant.
fn counted(facts: &Facts, workflow: &str, since: &str) -> Json {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for fact in facts.values().flatten() {
        let text = |name: &str| fact[name].as_str().unwrap_or_default();
        if fact["workflow"] != workflow || text("at") < since {
            continue;
        }
        let what = match text("kind") {
            "journey_entered" => "entered".to_owned(),
            "journey_completed" => "completed".to_owned(),
            "not_entered" => format!("not_entered {}", text("reason")),
            "journey_exited" => format!("exited {}", text("reason")),
            "armed" => "armed".to_owned(),
            "disarmed" => "disarmed".to_owned(),
            "arm_taken" => format!("arm {} at {}", text("arm"), text("step")),
            "message_skipped" => format!("skipped {} at {}", text("reason"), text("step")),
            "message_sent" => {
                *counts
                    .entry(format!("sent by {}", text("step")))
                    .or_default() += 1;
                format!("sent in {}", &text("at")[..13])
            }
            _ => continue,
        };
        *counts.entry(what).or_default() += 1;
    }
    json!(counts)
}

/// The same of what a forecast printed.
fn forecast_of(said: &str, workflow: &str) -> Json {
    let said: Json = serde_json::from_str(said).unwrap();
    let of = &said["workflows"][workflow];
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut put = |what: String, count: &Json| {
        if let Some(count) = count.as_u64().filter(|count| *count > 0) {
            *counts.entry(what).or_default() += count;
        }
    };
    for plain in ["entered", "completed", "armed", "disarmed"] {
        put(plain.to_owned(), &of[plain]);
    }
    for by_reason in ["not_entered", "exited"] {
        for (reason, count) in of[by_reason].as_object().into_iter().flatten() {
            put(format!("{by_reason} {reason}"), count);
        }
    }
    for (step, counters) in of["steps"].as_object().into_iter().flatten() {
        for (arm, count) in counters["arms_taken"].as_object().unwrap() {
            put(format!("arm {arm} at {step}"), count);
        }
        for (reason, count) in counters["messages"]["skipped"].as_object().unwrap() {
            put(format!("skipped {reason} at {step}"), count);
        }
        put(format!("sent by {step}"), &counters["messages"]["sent"]);
    }
    for hour in said["sends_per_hour"].as_array().unwrap() {
        if hour["workflow"] == workflow {
            put(
                format!("sent in {}", &hour["hour"].as_str().unwrap()[..13]),
                &hour["sent"],
            );
        }
    }
    json!(counts)
}

fn put(api: &Api, document: &Json) -> String {
    let path = format!("/v1/workflows/{}", document["id"].as_str().unwrap());
    api.put(&path, document)
        .unwrap()
        .good("creating it")
        .unwrap();
    path
}

/// Every file of a folder with its bytes.
fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    files
}

#[test]
fn a_forecast_says_what_a_live_server_does_afterwards() {
    let (begin, middle, end) = (
        "1997-01-01T00:00:00Z",
        "1997-07-01T00:00:00Z",
        "1998-09-29T00:00:00Z",
    );
    let mut home = Home::new().unwrap();
    // What is compared is not swept away before.
    home.set("transport", "capture")
        .set("store.history_keep_days", 3_000)
        .manual_clock(begin);
    let (first, second): (Vec<Json>, Vec<Json>) = purchases()
        .into_iter()
        .partition(|event| event["occurred_at"].as_str().unwrap() < middle);
    let contacts = contacts_of(&first);
    assert!(first.len() > 150 && second.len() > 50);
    let (first_path, first_file) = beside(&home, "first.jsonl");
    let (second_path, second_file) = beside(&home, "second.jsonl");
    write_lines(&first_path, &first);
    write_lines(&second_path, &second);

    // Beside a server that runs.
    let server = home.start().unwrap();
    let thank_you = put(&server.api, &demo_workflow("thank_you"));
    let said = home.succeed(&[
        "forecast",
        "thank_you",
        "--json",
        "--tape",
        &first_file,
        "--from",
        begin,
        "--until",
        middle,
    ]);
    let thanks_forecast = forecast_of(&said.unwrap(), "thank_you");
    let state = server
        .api
        .get(&thank_you)
        .unwrap()
        .good("reading it")
        .unwrap();
    assert_eq!(state["workflow"]["state"], "draft", "nothing has changed");
    let started = server.api.post(&format!("{thank_you}/start"), &json!({}));
    started.unwrap().good("starting it").unwrap();
    feed(&server.api, &first, middle);
    let facts = live_facts(&server.api, &contacts);
    assert_eq!(thanks_forecast, counted(&facts, "thank_you", begin));

    // On the folder of one that was stopped, from a snapshot; the workflow that runs goes on in the copy.
    let win_back = put(&server.api, &demo_workflow("win_back"));
    server.stop().unwrap();
    home.succeed(&["store", "snapshot"]).unwrap();
    let before = files_of(&home.data());
    let said = home.succeed(&[
        "forecast",
        "win_back",
        "--json",
        "--tape",
        &second_file,
        "--from",
        middle,
        "--until",
        end,
    ]);
    let said = said.unwrap();
    assert!(before == files_of(&home.data()), "nothing has changed");
    let server = home.start().unwrap();
    let started = server.api.post(&format!("{win_back}/start"), &json!({}));
    started.unwrap().good("starting it").unwrap();
    feed(&server.api, &second, end);
    let facts = live_facts(&server.api, &contacts);
    for (workflow, at_least) in [("win_back", 40), ("thank_you", 1)] {
        let expected = counted(&facts, workflow, middle);
        assert_eq!(forecast_of(&said, workflow), expected, "{workflow}");
        let counts = expected.as_object().unwrap().values();
        let all: u64 = counts.map(|count| count.as_u64().unwrap()).sum();
        assert!(all >= at_least, "{workflow}: {expected}");
    }
    server.stop().unwrap();
}

#[test]
fn a_forecast_without_a_tape_lets_the_log_happen_again() {
    let mut home = Home::new().unwrap();
    home.set("transport", "capture")
        .manual_clock("2026-03-02T08:00:00Z");
    let server = home.start().unwrap();
    let tape = series_tape();
    feed(&server.api, &tape, "2026-03-09T00:00:00Z");
    server.stop().unwrap();
    let (path, file) = beside(&home, "series.json");
    fs::write(path, series().to_string()).unwrap();
    let said = home
        .succeed(&["forecast", "series", "--file", &file])
        .unwrap();
    assert!(
        said.contains("the events of the last 14 days of the log once more")
            && said.contains(&format!("{} events from ", tape.len()))
            && said.contains("\n         40 entered\n")
            && said.contains("\n         40 sent by hello\n")
            && said.contains("sends per hour (UTC)\n"),
        "{said}"
    );
    let unknown = home.command(&["forecast", "nobody"]).unwrap();
    let errors = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        unknown.status.code() == Some(1) && errors.contains("there is no workflow nobody"),
        "{errors}"
    );
}
