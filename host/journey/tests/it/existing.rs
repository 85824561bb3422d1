//! Workflows that take in, at their start, whoever is there.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::World,
    rules::{has, on, with, workflow},
};

fn bulk(id: &str) -> Json {
    let mut document = workflow(
        id,
        on("signup"),
        json!([
            {"id": "note", "send": {"template": "hello"}},
            {"id": "rest", "wait": {"for": "1d"}},
        ]),
    );
    document.as_object_mut().unwrap().remove("trigger");
    with(document, "enter_existing", json!(true))
}

#[test]
fn whoever_is_there_enters_once_and_only_while_it_runs() {
    let mut world = World::new(&[bulk("bulk")]);
    world.enter_existing("bulk");
    world.play("start bulk");
    world.enter_existing("bulk");
    world.enter_existing("bulk");
    world.play("send\n @1d\n pause bulk");
    world.enter_existing("bulk");
    world.play("resume bulk");
    world.enter_existing("bulk");
    assert_snapshot!(world.out, @r"
    0s bulk: entered as existing
    0s bulk: at note
    0s bulk: note queued
    0s bulk: not entered: key_seen
    0s go for attempt 1
    0s bulk: note sent
    0s bulk: at rest
    0s bulk: rest waits until 1d
    1d bulk: completed
    1d bulk: not entered: key_seen
    ");
}

#[test]
fn the_audience_decides_and_those_outside_are_only_counted() {
    let member = with(bulk("member"), "audience", has("vip"));
    let held = with(
        bulk("held"),
        "audience",
        with(has("email"), "on_failure", json!("hold")),
    );
    let mut world = World::new(&[member, held]);
    world.play("start member\n start held\n break has");
    world.enter_existing("held");
    world.play("mend has");
    world.enter_existing("member");
    world.play("@2m");
    assert_snapshot!(world.out, @r"
    0s held: audience said failed: trapped
    0s member: audience said out: because_not (counted)
    0s member: not entered: not_in_audience (counted)
    1m held: audience said in: because
    1m held: entered as existing
    1m held: at note
    1m held: note queued
    ");
}

#[test]
fn who_came_after_the_start_does_not_enter_by_it() {
    let mut world = World::new(&[with(bulk("both"), "trigger", on("signup"))]);
    world.play("start both");
    world.state.contact.created_at = world.now.plus(signalbox_model::time::Span::from_ms(1));
    world.enter_existing("both");
    world.play("event signup");
    assert_snapshot!(world.out, @r"
    0s both: trigger said enter: because
    0s both: entered as e1
    0s both: at note
    0s both: note queued
    ");
}
