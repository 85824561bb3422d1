//! The published schema of a workflow's document is what the types say, and takes what they take.

use std::{fs, path::Path};

use serde_json::{Value as Json, json};
use signalbox_model::{schema, workflow::Workflow};

/// Where it is published. `SCHEMA_UPDATE=1` writes it anew: read the difference before it is kept.
fn published() -> std::path::PathBuf {
    let name = format!(
        "../docs/schemas/workflow-{}.schema.json",
        schema::WORKFLOW_FORMAT
    );
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    let made = serde_json::to_string_pretty(&schema::workflow()).unwrap() + "\n";
    if std::env::var_os("SCHEMA_UPDATE").is_some() {
        fs::create_dir_all(published().parent().unwrap()).unwrap();
        fs::write(published(), &made).unwrap();
    }
    let kept = fs::read_to_string(published()).unwrap_or_default();
    assert!(kept == made, "SCHEMA_UPDATE=1 writes it anew");
}

fn document() -> Json {
    json!({
        "id": "all",
        "title": "Every step",
        "trigger": {"plugin": "event", "version": "^1.2", "config": {"event": "signed_up"}, "follow": "pin"},
        "audience": {"plugin": "audience", "on_failure": "hold"},
        "entry": {"after": "7d"},
        "zone": "Europe/Berlin",
        "exits": [{"on": {"event": "left", "where": [{"field": "why", "operator": "in", "value": ["a", 1]}, {"field": "id", "operator": "eq", "entry_event": "id"}]}, "reason": "left"}],
        "jumps": [{"on": {"event": "message_replied"}, "goto": "send"}],
        "steps": [
            {"id": "for", "wait": {"for": "36h"}},
            {"id": "calendar", "wait": {"calendar": {"weekdays": ["monday"], "at": "09:00"}}},
            {"id": "until", "wait": {"until": {"attribute": "born", "yearly": true, "leap_day": "march_1", "days": -3}}},
            {"id": "window", "wait": {"window": {"from": "22:00", "to": "06:00"}}},
            {"id": "event", "wait_for": {"timeout": "1d", "arms": [{"on": {"event": "opened"}, "goto": "send"}]}},
            {"id": "person", "approve": {"timeout": "2d", "rejected": "over", "otherwise": "over"}},
            {"id": "branch", "branch": {"arms": [{"segment": {"plugin": "audience"}, "goto": "send"}]}},
            {"id": "split", "split": {"arms": [{"name": "one", "weight": 10_000, "holdout": true}]}},
            {"id": "update", "update": {"set": {"n": {"plus": 1}}, "add_tags": ["vip"], "keep": {"k": {"value": {"a": [1, true]}}}}},
            {"id": "back", "goto": {"step": "for", "times_max": 2}},
            {"id": "send", "send": {"template": "mail", "class": "transactional", "in_doubt": "hold"}},
            {"id": "over", "exit": {"reason": "done"}},
        ],
        "templates": {"mail": {"subject": "Hi", "mjml": "<mjml></mjml>", "text": "Hi"}},
    })
}

/// What the schema says of the document: the pointers of what is wrong.
fn wrong(document: &Json) -> Vec<String> {
    let schema = schema::workflow().to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = validator.iter_errors(document);
    errors
        .map(|error| error.instance_path().to_string())
        .collect()
}

#[test]
fn the_schema_takes_what_the_types_take() {
    let document = document();
    serde_json::from_value::<Workflow>(document.clone()).unwrap();
    assert_eq!(wrong(&document), [""; 0]);
}

#[test]
fn the_schema_names_everything_that_is_wrong_at_once() {
    let mut document = document();
    let spoilt = [
        ("/id", json!("No Slug")),
        ("/entry", json!("sometimes")),
        ("/exits/0/on/where/0/operator", json!("like")),
        ("/steps/0/wait/for", json!("soon")),
        ("/steps/1/wait/calendar/at", json!("24:00")),
        ("/steps/4/wait_for/timeout", json!(3)),
        ("/steps/7/split/arms/0/weight", json!(-1)),
        ("/steps/8/update/set/n", json!(null)),
        ("/templates/mail/subject", json!(["Hi"])),
    ];
    for (pointer, value) in &spoilt {
        *document.pointer_mut(pointer).unwrap() = value.clone();
    }
    document["steps"][10]["send"]["colour"] = json!("red");
    let mut expected: Vec<&str> = spoilt.iter().map(|(pointer, _)| *pointer).collect();
    expected.push("/steps/10/send");
    let mut found = wrong(&document);
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
