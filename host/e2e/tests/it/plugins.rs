//! Plugins that come and go while a server works: replaced under load, and every hostile one dropped in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value as Json, json};
use signalbox_e2e::{
    component,
    http::Api,
    server::Home,
    smtp::Sink,
    tools,
    wait::{self, Watch},
};

use crate::support::{Ends, Pace, log, note, on_event, post, send, start};

const SOON: Duration = Duration::from_mins(1);
/// Contacts that events happen to.
const CONTACTS: u64 = 40;

/// Puts a file into the folder of plugins as an operator does: under another name, then renamed.
fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let half = folder.join(format!(".{name}.part"));
    fs::write(&half, bytes).unwrap();
    fs::rename(half, folder.join(name)).unwrap();
}

fn plugin(api: &Api, file: &str) -> Option<Json> {
    let body = api
        .get("/v1/plugins")
        .unwrap()
        .good("listing plugins")
        .unwrap();
    let plugins = body["plugins"].as_array().unwrap().clone();
    plugins.into_iter().find(|plugin| plugin["file"] == file)
}

/// A home with a folder of plugins of its own, so that it can be changed.
fn home_with_own_plugins(sink: &Sink) -> Home {
    let mut home = Home::new().unwrap();
    home.smtp(sink.port());
    let folder = home.beside("plugins");
    tools::copy_folder(&tools::plugins().unwrap(), &folder).unwrap();
    home.plugins = folder;
    home
}

/// Posts events for contacts until it is told to stop; answers how many journeys must have begun for each contact.
fn load(api: &Api, thread: u64, pace: &Pace, posted: &AtomicU64) -> BTreeMap<String, u64> {
    let mut begun = BTreeMap::new();
    let mut number = 0;
    while !pace.is_over() {
        number += 1;
        let contact = format!("c{}", (number * 2 + thread) % CONTACTS);
        post(
            api,
            &contact,
            "order_completed",
            &format!("{thread}-{number}"),
        );
        *begun.entry(contact).or_insert(0) += 1;
        posted.fetch_add(1, Ordering::AcqRel);
        pace.rest(Duration::from_millis(4));
    }
    begun
}

/// Waits until so many journeys of the first version came to their end.
fn wait_completed(api: &Api, expected: u64) {
    wait::until("all journeys are over", SOON, || {
        let body = api
            .get("/v1/workflows/order")?
            .good("reading the workflow")?;
        let counters = body["workflow"]["counters"]["1"].clone();
        Ok((counters["completed"].as_u64() == Some(expected)).then_some(()))
    })
    .unwrap();
}

#[test]
fn a_plugin_is_replaced_again_and_again_under_load() {
    let replacements: u32 = tools::scaled("E2E_REPLACEMENTS", 200);
    let sink = Sink::start().unwrap();
    let home = home_with_own_plugins(&sink);
    put(
        &home.plugins,
        "versioned.wasm",
        &component::versioned(0).unwrap(),
    );
    let server = home.start().unwrap();
    let api = &server.api;
    let everybody = json!({ "plugin": component::NAME, "config": {} });
    let mut document = on_event(
        "order",
        "order_completed",
        &json!([
            { "id": "which", "branch": { "arms": [{ "segment": everybody, "goto": "confirm" }], "otherwise": "leave" } },
            { "id": "leave", "exit": { "reason": "not_in_branch" } },
            send("confirm", "transactional"),
        ]),
    );
    document["audience"] = everybody;
    start(api, &document);

    let (pace, posted) = (Pace::default(), AtomicU64::new(0));
    let begun = Mutex::new(BTreeMap::<String, u64>::new());
    let mut slowest = Duration::ZERO;
    let watch = Watch::start();
    thread::scope(|scope| {
        for thread in 0..2 {
            let (pace, posted, begun) = (&pace, &posted, &begun);
            scope.spawn(move || {
                for (contact, count) in load(api, thread, pace, posted) {
                    *begun.lock().unwrap().entry(contact).or_default() += count;
                }
            });
        }
        let _ends = Ends(&pace);
        for number in 1..=replacements {
            let before = posted.load(Ordering::Acquire);
            let took = Watch::start();
            put(
                &home.plugins,
                "versioned.wasm",
                &component::versioned(number).unwrap(),
            );
            let version = format!("1.0.{number}");
            wait::until(&format!("version {version} is current"), SOON, || {
                let workflow = api
                    .get("/v1/workflows/order")?
                    .good("reading the workflow")?;
                let bindings = &workflow["workflow"]["bindings"];
                let is_current = ["audience", "steps/which/arms/0"]
                    .iter()
                    .all(|slot| bindings[slot]["version"] == version.as_str());
                Ok(is_current.then_some(()))
            })
            .unwrap();
            slowest = slowest.max(took.elapsed());
            wait::until("decisions under this version", SOON, || {
                Ok((posted.load(Ordering::Acquire) > before).then_some(()))
            })
            .unwrap();
        }
    });
    let begun = begun.into_inner().unwrap();
    let expected: u64 = begun.values().sum();
    println!(
        "{replacements} replacements in {:.1} s, the slowest {:.0} ms until current, {expected} events meanwhile",
        watch.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1000.0
    );
    sink.wait("all mails", SOON, |mails| {
        (mails.len() as u64 >= expected).then_some(())
    })
    .unwrap();
    wait_completed(api, expected);
    assert_eq!(sink.count() as u64, expected, "none lost, none twice");
    server.stop().unwrap();
    check_versions(&home, &begun, replacements);
}

/// Each decision has one version: its file's digest and its reason agree, none failed, none is missing.
fn check_versions(home: &Home, begun: &BTreeMap<String, u64>, replacements: u32) {
    let mut reasons_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut decisions: BTreeMap<String, u64> = BTreeMap::new();
    for row in &crate::support::export(home)["facts"] {
        for fact in row["value"].as_array().unwrap() {
            let decided = &fact[1]["what"]["rule_decided"];
            if decided.is_null() || decided["slot"] == "trigger" {
                continue;
            }
            assert_eq!(decided["answer"], "in", "{fact}");
            let (digest, reason) = (
                decided["digest"].as_str().unwrap(),
                decided["reason"].as_str().unwrap(),
            );
            reasons_of
                .entry(digest.to_owned())
                .or_default()
                .insert(reason.to_owned());
            *decisions
                .entry(fact[1]["contact"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    assert!(
        reasons_of.values().all(|reasons| reasons.len() == 1),
        "{reasons_of:?}"
    );
    let reasons: BTreeSet<&String> = reasons_of.values().flatten().collect();
    assert_eq!(
        reasons.len(),
        reasons_of.len(),
        "no reason under two digests"
    );
    println!("{} of {} versions decided", reasons.len(), replacements + 1);
    let twice: BTreeMap<String, u64> = begun
        .iter()
        .map(|(contact, count)| (contact.clone(), count * 2))
        .collect();
    assert_eq!(decisions, twice, "audience and branch, once for each event");
}

/// What `plugins/hostile/README.md` says of those that are refused at load: the code, and words of the reason.
const REFUSED: [(&str, &str, &str); 18] = [
    ("state-between-rows", "plugin_state", "answers"),
    ("lying-case", "plugin_case", "case"),
    ("loop-in-start", "plugin_describe_failed", ""),
    ("giant-memory", "plugin_", "memory"),
    ("wrong-export", "plugin_exports", "2.0.0"),
    ("wrong-type", "plugin_wrong_type", "type mismatch"),
    ("no-describe", "plugin_exports", "plugin"),
    ("wasi-import", "plugin_imports", "wasi:cli/environment"),
    (
        "clock-import",
        "plugin_imports",
        "wasi:clocks/monotonic-clock",
    ),
    ("many-imports", "plugin_imports", "4980 more"),
    ("missing-kind", "plugin_describe", "/rules"),
    ("extra-kind", "plugin_describe", "trigger"),
    ("bad-describe", "plugin_describe", ""),
    ("truncated", "plugin_", ""),
    ("flipped", "plugin_", ""),
    ("empty", "plugin_empty", "empty"),
    ("text", "plugin_not_wasm", ""),
    ("core-module", "plugin_core_module", "core module"),
];

/// Those that are let in: the plugin's name, and how an attack is contained.
const CONTAINED: [(&str, &str, &[&str]); 9] = [
    ("endless-loop", "endless_loop", &["out_of_fuel"]),
    ("memory-bomb", "memory_bomb", &["out_of_memory"]),
    ("deep-recursion", "deep_recursion", &["trapped"]),
    ("huge-answer", "huge_answer", &["bad_answer", "out_of_fuel"]),
    ("wrong-count", "wrong_count", &["bad_answer"]),
    ("wrong-reason", "wrong_reason", &["bad_answer"]),
    ("bad-values", "bad_values", &["bad_answer"]),
    ("trap", "trap", &["trapped"]),
    ("state-between-batches", "state_between_batches", &[]),
];

/// A trigger in C, an audience in Python and a personalizer in JavaScript in one workflow, dropped in while it runs.
#[test]
fn shipped_rules_in_every_language_serve() {
    let sink = Sink::start().unwrap();
    let home = home_with_own_plugins(&sink);
    let server = home.start().unwrap();
    let api = &server.api;
    for name in ["big-basket", "engagement-trend", "greeting"] {
        let file = format!("{name}.wasm");
        let component = fs::read(tools::shipped(name).unwrap()).unwrap();
        put(&home.plugins, &file, &component);
        // A component of Python is compiled for seconds, at low priority.
        let found = wait::until("the plugin is looked at", 5 * SOON, || {
            Ok(plugin(api, &file).filter(|found| found["state"] != "loading"))
        })
        .unwrap();
        assert_eq!(found["state"], "available", "{found}");
    }
    let mut document = on_event(
        "basket",
        "order_completed",
        &json!([{ "id": "thank", "send": {
            "template": "note",
            "class": "transactional",
            "personalizer": { "plugin": "greeting", "config": {
                "languages": { "de": { "named": "Hallo {name}", "nameless": "Guten Tag" } },
                "otherwise": { "named": "Hello {name}", "nameless": "Hello" },
            } },
        } }]),
    );
    document["trigger"] = json!({ "plugin": "big_basket", "config": { "orders_min": 2 } });
    document["audience"] = json!({ "plugin": "engagement_trend", "config": {
        "trends": ["rising"], "signals": [{ "event": "order_completed" }],
    } });
    document["templates"]["note"] = note("{{ rule.text }}");
    start(api, &document);
    for (number, value) in [(1, 40), (2, 60), (3, 99), (4, 200)] {
        let body = json!({
            "contact": "ada", "name": "order_completed", "id": format!("o-{number}"),
            "fields": { "value": value },
            "attributes": { "email": "ada@example.com", "first_name": "ADA", "language": "de-AT" },
        });
        api.post("/v1/events", &body)
            .unwrap()
            .good("posting an order")
            .unwrap();
    }
    wait::until("the mail is there", SOON, || {
        Ok((sink.count() > 0).then_some(()))
    })
    .unwrap();
    let subjects: Vec<String> = sink
        .mails()
        .iter()
        .map(signalbox_e2e::mail::Mail::subject)
        .collect();
    assert_eq!(subjects, ["Hallo Ada"], "{:?}", log(api, "ada"));
}

#[test]
fn hostile_plugins_are_refused_or_contained_while_good_rules_answer() {
    let sink = Sink::start().unwrap();
    let home = home_with_own_plugins(&sink);
    let server = home.start().unwrap();
    let api = &server.api;
    let before = server.resident_bytes().unwrap();
    start(
        api,
        &on_event(
            "good",
            "order_completed",
            &json!([send("confirm", "transactional")]),
        ),
    );
    let pace = Pace::default();
    let posted = AtomicU64::new(0);
    let begun = thread::scope(|scope| {
        let loading = scope.spawn(|| load(api, 0, &pace, &posted));
        let ends = Ends(&pace);
        refuse_all(api, &home);
        contain_all(api, &home);
        drop(ends);
        loading.join().unwrap()
    });
    let expected: u64 = begun.values().sum();
    sink.wait("the good workflow's mails", SOON, |mails| {
        let good = mails
            .iter()
            .filter(|mail| mail.subject().starts_with("good "))
            .count() as u64;
        (good >= expected).then_some(())
    })
    .unwrap();
    let grown = server.resident_bytes().unwrap().saturating_sub(before);
    println!(
        "{expected} events of the good workflow meanwhile, {} MiB of memory more",
        grown >> 20
    );
    assert!(grown < 700 << 20, "{grown} bytes more");
    server.stop().unwrap();
}

fn refuse_all(api: &Api, home: &Home) {
    let hostile = tools::hostile().unwrap();
    for (name, code, words) in REFUSED {
        let file = format!("{name}.wasm");
        put(
            &home.plugins,
            &file,
            &fs::read(hostile.join(&file)).unwrap(),
        );
        let found = wait::until(&format!("{name} is looked at"), SOON, || {
            Ok(plugin(api, &file).filter(|plugin| plugin["state"] != "loading"))
        })
        .unwrap();
        assert_eq!(found["state"], "refused", "{found}");
        let refusal = &found["refusal"];
        let reason = refusal["reason"].as_str().unwrap();
        assert!(
            refusal["code"].as_str().unwrap().starts_with(code),
            "{name}: {refusal}"
        );
        assert!(
            !reason.is_empty() && reason.len() < 4_000 && reason.contains(words),
            "{name}: {refusal}"
        );
        println!("{name}: {reason}");
    }
    // A bad file over a good one: the good one goes on serving, and the reason is shown beside it.
    put(
        &home.plugins,
        "event.wasm",
        &fs::read(hostile.join("truncated.wasm")).unwrap(),
    );
    let found = wait::until("the bad file over the good one is looked at", SOON, || {
        Ok(plugin(api, "event.wasm").filter(|plugin| !plugin["refusal"].is_null()))
    })
    .unwrap();
    assert_eq!(
        (&found["state"], &found["version"]["name"]),
        (&json!("available"), &json!("event")),
        "{found}"
    );
}

fn contain_all(api: &Api, home: &Home) {
    let hostile = tools::hostile().unwrap();
    for (name, plugin_name, failures) in CONTAINED {
        let file = format!("{name}.wasm");
        put(
            &home.plugins,
            &file,
            &fs::read(hostile.join(&file)).unwrap(),
        );
        let found = wait::until(&format!("{name} is let in"), SOON, || {
            Ok(plugin(api, &file).filter(|plugin| plugin["state"] != "loading"))
        })
        .unwrap();
        assert_eq!(found["state"], "available", "{found}");
        attack(api, name, plugin_name, failures);
    }
}

/// Several contacts are decided on, one of which attacks: that one fails, with its reason, and the others do not.
fn attack(api: &Api, name: &str, plugin_name: &str, failures: &[&str]) {
    let binding = json!({ "plugin": plugin_name, "config": {}, "on_failure": "skip" });
    let steps = if name == "bad-values" {
        let mut step = send("confirm", "transactional");
        step["send"]["personalizer"] = binding;
        json!([step])
    } else {
        json!([
            { "id": "which", "branch": { "arms": [{ "segment": binding, "goto": "leave" }], "otherwise": "leave" } },
            { "id": "leave", "exit": { "reason": "over" } },
        ])
    };
    let event = format!("{plugin_name}_probed");
    start(api, &on_event(name, &event, &steps));
    let contact = |who: &str| format!("{name}-{who}");
    let events: Vec<Json> = ["ann", "eve", "bea"]
        .iter()
        .map(|who| {
            let attributes = json!({ "attack": *who == "eve", "email": format!("{}@example.com", contact(who)) });
            json!({ "contact": contact(who), "name": event, "id": "p", "fields": { "key": "p" }, "attributes": attributes })
        })
        .collect();
    api.post("/v1/events/batch", &json!({ "events": events }))
        .unwrap()
        .good("posting")
        .unwrap();
    for who in ["ann", "eve", "bea"] {
        let over = wait::until(&format!("{name}: {who} is decided on"), SOON, || {
            let body = api.get(&format!("/v1/contacts/{}/journeys", contact(who)))?;
            let journeys = body.body["journeys"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            Ok(journeys
                .into_iter()
                .find(|journey| journey["outcome"] != "inside"))
        })
        .unwrap();
        let lines = log(api, &contact(who));
        let failed: Vec<&String> = lines
            .iter()
            .filter(|line| line.contains("said failed"))
            .collect();
        let is_attack = who == "eve" && !failures.is_empty();
        if is_attack {
            assert_eq!(over["outcome"], "rule_failed", "{lines:?}");
            assert!(
                failures
                    .iter()
                    .any(|failure| failed.iter().any(|line| line.ends_with(failure))),
                "{name}: {lines:?}"
            );
        } else {
            assert!(failed.is_empty(), "{name} {who}: {lines:?}");
            assert!(
                !lines.iter().any(|line| line.contains("said in:")),
                "{name} {who}: {lines:?}"
            );
        }
    }
    if !failures.is_empty() {
        let body = api
            .get("/v1/plugins")
            .unwrap()
            .good("listing plugins")
            .unwrap();
        let plugins = body["plugins"].as_array().unwrap();
        let version = plugins
            .iter()
            .map(|plugin| &plugin["version"])
            .find(|version| version["name"] == plugin_name)
            .unwrap();
        println!("{name}: {}", version["last_error"]);
        assert!(
            version["last_error"]
                .as_str()
                .is_some_and(|text| text.contains(plugin_name)),
            "{version}"
        );
    }
}
