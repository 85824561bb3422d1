//! Workflows that take in, at their start, whoever is there.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::World,
    rules::{has, later_than, on, with, workflow},
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
fn what_a_start_sends_is_late_from_the_start_and_from_a_resume() {
    let mut world = World::new(&[bulk("down"), bulk("paused")]);
    world.play("start down\n start paused\n @1h\n pause paused\n @25h");
    world.enter_existing("down");
    world.play("resume paused\n send");
    world.enter_existing("paused");
    world.play("send");
    assert_snapshot!(world.out, @r"
    25h down: entered as existing
    25h down: at note
    25h down: note queued
    25h no go for attempt 1: late
    25h down: note skipped: late
    25h down: at rest
    25h down: rest waits until 49h
    25h paused: entered as existing
    25h paused: at note
    25h paused: note queued
    25h go for attempt 1
    25h paused: note sent
    25h paused: at rest
    25h paused: rest waits until 49h
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

/// A trigger that is asked at the start as well, and enters at once or later.
fn at_start(plugin: Json) -> Json {
    let mut trigger = plugin;
    let occasions = trigger["config"]["on"].as_array_mut().unwrap();
    occasions.push(json!("start"));
    let document = with(bulk("asked"), "enter_existing", json!(false));
    with(document, "trigger", trigger)
}

#[test]
fn a_trigger_that_asks_for_the_start_decides_about_whoever_is_there() {
    let enters = |takes_in: bool| {
        let document = with(at_start(on("signup")), "enter_existing", json!(takes_in));
        let mut world = World::new(&[document]);
        world.play("start asked");
        world.enter_existing("asked");
        world.out
    };
    assert_snapshot!(enters(true), @r"
    0s asked: trigger said enter: because
    0s asked: entered as existing
    0s asked: at note
    0s asked: note queued
    ");
    assert_snapshot!(enters(false), @r"
    0s asked: trigger said enter: because
    0s asked: not entered: not_at_start (counted)
    ");
}

#[test]
fn a_trigger_arms_at_the_start_and_lets_in_when_the_arm_is_due() {
    let mut later = later_than("cart_created", "1h", "order_completed");
    later["config"]["inputs"][0]["source"] = json!({"attribute": "cart"});
    let mut world = World::new(&[at_start(later)]);
    world.play("set {\"cart\": \"c1\"}\n start asked");
    world.enter_existing("asked");
    world.enter_existing("asked");
    world.play("@1h");
    assert_snapshot!(world.out, @r"
    0s asked: trigger said arm: because
    0s asked: armed c1 for 1h
    0s asked: trigger said arm: because
    0s asked: armed c1 for 1h
    1h asked: trigger said enter: because
    1h asked: entered as c1
    1h asked: at note
    1h asked: note queued
    ");
}

#[test]
fn at_the_start_a_failing_trigger_is_asked_again_and_a_no_has_no_grace() {
    let held = with(
        at_start(with(on("signup"), "on_failure", json!("hold"))),
        "enter_existing",
        json!(true),
    );
    let never = json!({"plugin": "never", "config": {"on": []}});
    let no = with(at_start(never), "grace", json!("1d"));
    let mut world = World::new(&[held]);
    world.play("start asked\n break event");
    world.enter_existing("asked");
    world.play("mend event\n @2m");
    assert_snapshot!(world.out, @r"
    0s asked: trigger said failed: trapped
    1m asked: trigger said enter: because
    1m asked: entered as existing
    1m asked: at note
    1m asked: note queued
    ");
    let mut world = World::new(&[no]);
    world.play("start asked");
    world.enter_existing("asked");
    world.play("set {\"vip\": 1}");
    assert_snapshot!(world.out, @"0s asked: trigger said no: because_not (counted)");
}
