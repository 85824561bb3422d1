//! The way from step to step, and the ways out.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::{World, story},
    rules::{has, on, with, workflow},
};

fn series() -> Json {
    let steps = json!([
        {"id": "first", "send": {"template": "hello"}},
        {"id": "pause", "wait": {"for": "3d"}},
        {"id": "second", "send": {"template": "hello"}},
    ]);
    let exits = json!([{"on": {"event": "order_completed", "where": [{"field": "value", "operator": "gte", "value": 10}]}}]);
    with(workflow("series", on("signup"), steps), "exits", exits)
}

#[test]
fn send_wait_send_done() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "s"}
        @5s send
        @4d send
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as s
    0s series: at first
    0s series: first queued
    5s go for attempt 1
    5s series: first sent
    5s series: at pause
    5s series: pause waits until 259205s
    259205s series: at second
    259205s series: second queued
    4d go for attempt 1
    4d series: second sent
    4d series: completed
    ");
}

#[test]
fn an_exit_ends_a_wait_and_a_queued_message() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "s"}
        event order_completed {"value": 9}
        event order_completed {"value": 10}
        send
        @1h event signup {"key": "t"}
        send
        @2h event order_completed age=1h {"value": 50}
        @9d
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as s
    0s series: at first
    0s series: first queued
    0s series: first skipped: exit
    0s series: exited: exit_event
    1h series: trigger said enter: because
    1h series: entered as t
    1h series: at first
    1h series: first queued
    1h go for attempt 1
    1h series: first sent
    1h series: at pause
    1h series: pause waits until 73h
    2h series: exited: exit_event
    ");
}

#[test]
fn an_exit_while_the_body_is_on_its_way_lets_it_arrive_but_not_again() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "s"}
        intent
        event order_completed {"value": 10}
        outcome retry 1m
        event signup {"key": "t"}
        intent
        event order_completed {"value": 10}
        outcome accepted
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as s
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: exited: exit_event
    0s series: first skipped: exit
    0s series: trigger said enter: because
    0s series: entered as t
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: exited: exit_event
    0s series: first sent
    ");
}

fn branching() -> Json {
    let steps = json!([
        {"id": "which", "branch": {"otherwise": "plain", "arms": [
            {"segment": has("gold"), "goto": "golden"},
            {"segment": has("silver"), "goto": "shiny"},
        ]}},
        {"id": "golden", "send": {"template": "hello"}, "next": "over"},
        {"id": "shiny", "send": {"template": "hello"}, "next": "over"},
        {"id": "plain", "exit": {"reason": "not_interesting"}},
        {"id": "over", "wait": {"for": "1h"}},
    ]);
    workflow("branching", on("signup"), steps)
}

#[test]
fn a_branch_takes_its_first_arm_or_the_default() {
    assert_snapshot!(story(&[branching()], r#"
        event signup {"key": "a"}
        set {"silver": 1}
        event signup {"key": "b"}
        send
        @1h
        set {"gold": 1}
        event signup {"key": "c"}
    "#), @r"
    0s branching: trigger said enter: because
    0s branching: entered as a
    0s branching: at which
    0s branching: steps/which/arms/0 said out: because_not
    0s branching: steps/which/arms/1 said out: because_not
    0s branching: which took the default arm
    0s branching: at plain
    0s branching: exited: not_interesting
    0s branching: trigger said enter: because
    0s branching: entered as b
    0s branching: at which
    0s branching: steps/which/arms/0 said out: because_not
    0s branching: steps/which/arms/1 said in: because
    0s branching: which took arm 1
    0s branching: at shiny
    0s branching: shiny queued
    0s go for attempt 1
    0s branching: shiny sent
    0s branching: at over
    0s branching: over waits until 1h
    1h branching: completed
    1h branching: trigger said enter: because
    1h branching: entered as c
    1h branching: at which
    1h branching: steps/which/arms/0 said in: because
    1h branching: which took arm 0
    1h branching: at golden
    1h branching: golden queued
    ");
}

#[test]
fn a_message_sent_tells_other_workflows_and_not_its_own() {
    let echo = workflow(
        "echo",
        on("message_sent"),
        json!([{"id": "note", "send": {"template": "hello"}}]),
    );
    assert_snapshot!(story(&[echo, series()], r#"
        event signup {"key": "s"}
        send
        send
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as s
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: first sent
    0s series: at pause
    0s series: pause waits until 3d
    0s echo: trigger said enter: because
    0s echo: entered as message_sent:20a219bfc4103b355e250a18f7b73095
    0s echo: at note
    0s echo: note queued
    0s go for attempt 1
    0s echo: note sent
    0s echo: completed
    ");
}

#[test]
fn two_workflows_that_answer_each_other_come_to_an_end() {
    let note = json!([{"id": "note", "send": {"template": "hello"}}]);
    let one = workflow("one", on("message_sent"), note.clone());
    let other = workflow("other", on("message_sent"), note.clone());
    let first = workflow("first", on("signup"), note);
    let told = story(
        &[first, one, other],
        &format!("event signup\n{}", "send\n".repeat(20)),
    );
    let sent = told
        .lines()
        .filter(|line| line.ends_with("note sent"))
        .count();
    let guarded = told
        .lines()
        .filter(|line| line.ends_with("loop_guard"))
        .count();
    assert_snapshot!(format!("{sent} sent, {guarded} guarded"), @"7 sent, 1 guarded");
}

#[test]
fn a_loop_makes_a_message_per_visit_and_ends_at_the_guard() {
    let steps = json!([
        {"id": "again", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1h"}, "next": "again"},
    ]);
    let exits = json!([{"on": {"event": "unsubscribed"}}]);
    let endless = with(workflow("loop", on("signup"), steps), "exits", exits);
    let mut world = World::new(&[endless]);
    world.play("start loop\n event signup\n send\n @1h\n send\n @2h\n send");
    assert_snapshot!(world.out, @r"
    0s loop: trigger said enter: because
    0s loop: entered as e1
    0s loop: at again
    0s loop: again queued
    0s go for attempt 1
    0s loop: again sent
    0s loop: at rest
    0s loop: rest waits until 1h
    1h loop: at again
    1h loop: again queued
    1h go for attempt 1
    1h loop: again sent
    1h loop: at rest
    1h loop: rest waits until 2h
    2h loop: at again
    2h loop: again queued
    2h go for attempt 1
    2h loop: again sent
    2h loop: at rest
    2h loop: rest waits until 3h
    ");
    world.out.clear();
    world.play("set {\"email\": null}\n @220d");
    let last: Vec<&str> = world.out.lines().rev().take(3).collect();
    assert_snapshot!(last.join("\n"), @r"
    5000h loop: exited: loop_guard
    4999h loop: rest waits until 5000h
    4999h loop: at rest
    ");
}

#[test]
fn the_guard_tells_no_message_twice() {
    let steps = json!([
        {"id": "first", "send": {"template": "hello"}},
        {"id": "again", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1h"}, "next": "again"},
    ]);
    let exits = json!([{"on": {"event": "unsubscribed"}}]);
    let endless = with(workflow("loop", on("signup"), steps), "exits", exits);
    let told = story(&[endless], "set {\"email\": null}\n event signup\n @220d");
    let last: Vec<&str> = told.lines().rev().take(4).collect();
    assert_snapshot!(last.join("\n"), @r"
    4999h loop: exited: loop_guard
    4999h loop: again skipped: no_address
    4999h loop: at again
    4998h loop: rest waits until 4999h
    ");
}

#[test]
fn an_edit_in_a_pause_leaves_those_inside_on_their_version() {
    let mut world = World::new(&[series()]);
    world.play("start series\n event signup {\"key\": \"a\"}\n send\n @1h pause series");
    let edited = with(
        series(),
        "steps",
        json!([{"id": "only", "wait": {"for": "1h"}}]),
    );
    world.put(&edited, Some(1));
    world.play("resume series\n @3d send\n event signup {\"key\": \"b\"}\n @4d");
    assert_snapshot!(world.out, @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: first sent
    0s series: at pause
    0s series: pause waits until 3d
    3d series: trigger said enter: because
    3d series: not entered: inside
    3d series: at second
    3d series: second queued
    ");
}
