//! Exits by segment, inside a wait and at the claim; and triggers that are asked again in the grace.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::story,
    rules::{has, on, with, workflow},
};

/// A message now and one a day later, for whoever is not `gone`.
fn note(segment: &Json) -> Json {
    let steps = json!([
        {"id": "note", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "more", "send": {"template": "hello"}},
    ]);
    let exits = json!([{"segment": segment, "reason": "gone"}]);
    with(workflow("note", on("signup"), steps), "exits", exits)
}

fn told(workflow: Json, lines: &str) -> String {
    let told = story(&[workflow], lines);
    let wanted = [
        "exits/", "exited", "go for", "sent", "skipped", "held", "entered", "trigger", "post",
    ];
    let lines = told
        .lines()
        .filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_segment_ends_the_journey_inside_a_wait_once_the_contact_is_in_it() {
    assert_snapshot!(told(note(&has("gone")), r#"
        event signup {"key": "a"}
        send
        @1h set {"other": 1}
        @2h set {"gone": true}
        @2d send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: exits/0 said out: because_not
    0s go for attempt 1
    0s note: note sent
    2h note: exits/0 said in: because
    2h note: exited: gone
    ");
}

#[test]
fn a_segment_is_asked_once_more_when_a_message_is_claimed() {
    let seen = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": {"event": "left", "within": "1h"}}}, "type": "instant"}],
    }});
    assert_snapshot!(told(note(&seen), r#"
        event signup {"key": "a"}
        event left history
        send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: exits/0 said in: because
    0s no go for attempt 1: exit
    0s note: note skipped: exit
    0s note: exited: gone
    ");
}

#[test]
fn a_failing_exit_goes_by_its_policy() {
    for policy in ["default", "hold", "pause"] {
        let segment = with(has("gone"), "on_failure", json!(policy));
        let lines = "event signup {\"key\": \"a\"}\n break has\n send\n @6m mend has\n send";
        let out = told(note(&segment), lines);
        match policy {
            "default" => assert!(out.contains("0s note: note sent"), "{out}"),
            "hold" => assert!(out.contains("6m note: note sent"), "{out}"),
            _ => assert!(out.contains("post PauseWorkflow"), "{out}"),
        }
    }
}

#[test]
fn a_no_is_asked_again_in_the_grace_when_attributes_change() {
    let known = json!({"plugin": "known", "config": {
        "on": [{"event": {"event": "signup"}}],
        "inputs": [{"name": "it", "source": {"attribute": "company"}, "type": "text"}],
    }});
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let patient = with(workflow("patient", known, steps), "grace", json!("2h"));
    assert_snapshot!(told(patient.clone(), r#"
        event signup
        @1h set {"other": 1}
        @90m set {"company": "Acme"}
        @100m set {"company": "Other"}
    "#), @r"
    0s patient: trigger said no: because_not (counted)
    1h patient: trigger said no: because_not (counted)
    90m patient: trigger said enter: because
    90m patient: entered as e1
    ");
    assert_snapshot!(told(patient, r#"
        event signup
        pause patient
        @1h set {"company": "Acme"}
        resume patient
        set {"company": null}
        @2h set {"company": "Acme"}
    "#), @r"
    0s patient: trigger said no: because_not (counted)
    1h patient: trigger said no: because_not (counted)
    2h patient: trigger said enter: because
    2h patient: entered as e1
    ");
}

#[test]
fn an_exit_that_says_no_is_only_counted_where_no_message_waits_for_it() {
    let really =
        json!({"event": "left", "where": [{"field": "really", "operator": "eq", "value": true}]});
    let segment = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": really}}, "type": "instant"}],
    }});
    assert_snapshot!(told(note(&segment), r#"
        event signup {"key": "a"}
        send
        @1h event left
        @2h event left {"really": true}
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: exits/0 said out: because_not
    0s go for attempt 1
    0s note: note sent
    1h note: exits/0 said out: because_not (counted)
    2h note: exits/0 said in: because
    2h note: exited: gone
    ");
}

#[test]
fn a_reply_ends_the_journey_where_the_workflow_says_so() {
    let exits = json!([{"on": {"event": "message_replied"}, "reason": "replied"}]);
    assert_snapshot!(told(with(note(&has("gone")), "exits", exits), r#"
        event signup {"key": "a"}
        send
        @1h event message_replied
        @2d send
    "#), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s go for attempt 1
    0s note: note sent
    1h note: exited: replied
    ");
}

#[test]
fn nobody_is_asked_when_the_grace_is_over() {
    let known = json!({"plugin": "known", "config": {
        "on": [{"event": {"event": "signup"}}],
        "inputs": [{"name": "it", "source": {"attribute": "company"}, "type": "text"}],
    }});
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let patient = with(workflow("patient", known, steps), "grace", json!("2h"));
    assert_snapshot!(told(patient, r#"
        event signup
        @121m set {"company": "Acme"}
    "#), @"0s patient: trigger said no: because_not (counted)");
}
