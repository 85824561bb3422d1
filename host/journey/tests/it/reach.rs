//! How workflows reach people.

use serde_json::{Value as Json, json};
use signalbox_journey::reach::Reach;

use crate::rules::{on, with, workflow};

fn reach(document: &Json) -> &'static str {
    let workflow = serde_json::from_value(document.clone()).expect("a workflow");
    Reach::of(&workflow).as_str()
}

fn of(steps: Json) -> &'static str {
    reach(&workflow("w", on("came"), steps))
}

#[test]
fn a_workflow_is_bulk_triggered_or_a_drip() {
    let send = |id: &str| json!({"id": id, "send": {"template": "hello"}});
    let wait = json!({"id": "rest", "wait": {"for": "1d"}});
    assert_eq!(of(json!([wait])), "triggered");
    assert_eq!(of(json!([wait, send("one")])), "triggered");
    assert_eq!(of(json!([send("one"), wait, send("two")])), "drip");
    // The one mail or the other is one mail.
    let either = json!([
        {"id": "lot", "split": {"arms": [{"name": "a", "weight": 5000, "goto": "one"}, {"name": "b", "weight": 5000, "goto": "two"}]}},
        {"id": "one", "send": {"template": "hello"}, "next": "end"},
        send("two"),
        {"id": "end", "exit": {}},
    ]);
    assert_eq!(of(either.clone()), "triggered");
    let also_after_a_failure = json!([
        {"id": "one", "send": {"template": "hello", "on_error": "two"}, "next": "end"},
        send("two"),
        {"id": "end", "exit": {}},
    ]);
    assert_eq!(of(also_after_a_failure), "drip");
    // The same mail again, and one that an event jumps to.
    let again = json!([send("one"), wait, {"id": "back", "goto": {"step": "one", "times_max": 3}}]);
    assert_eq!(of(again), "drip");
    let jumps = with(
        workflow("w", on("came"), either),
        "jumps",
        json!([{"on": {"event": "left"}, "goto": "two"}]),
    );
    assert_eq!(reach(&jumps), "drip");
    let mut bulk = workflow("w", on("came"), json!([send("one"), send("two")]));
    bulk.as_object_mut().expect("an object").remove("trigger");
    assert_eq!(reach(&with(bulk, "enter_existing", json!(true))), "bulk");
}
