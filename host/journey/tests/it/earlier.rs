//! Events that come late and in another order than they occurred.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::story,
    rules::{later_than, on, with, workflow},
};

/// A welcome for whoever has not ordered.
fn welcome(more: &str, value: Json) -> Json {
    let steps = json!([
        {"id": "rest", "wait": {"for": "1h"}},
        {"id": "note", "send": {"template": "hello"}},
    ]);
    with(workflow("welcome", on("signup"), steps), more, value)
}

fn bought() -> Json {
    json!([{"on": {"event": "order"}, "reason": "bought"}])
}

#[test]
fn an_exit_told_before_the_entry_ends_the_journey_at_once() {
    let told = |welcome: Json| {
        story(
            &[welcome],
            r"
            @1d event order age=5m
            event signup age=10m
            @2d send
        ",
        )
    };
    assert_snapshot!(told(welcome("exits", bought())), @r"
    1d welcome: trigger said enter: because
    1d welcome: entered as e2
    1d welcome: exited: bought
    ");
    let goal = json!({"on": {"event": "order"}, "exit": true});
    assert_snapshot!(told(welcome("goal", goal)), @r"
    1d welcome: trigger said enter: because
    1d welcome: entered as e2
    1d welcome: exited: goal_reached
    ");
}

#[test]
fn what_occurred_before_the_journey_or_with_its_begin_ends_nothing() {
    let told = |lines: &str| story(&[welcome("exits", bought())], lines);
    assert_snapshot!(told("@1d event order age=15m\n event signup age=10m"), @r"
    1d welcome: trigger said enter: because
    1d welcome: entered as e2
    1d welcome: at rest
    1d welcome: rest waits until 25h
    ");
    assert_snapshot!(told("@1d event order\n event signup"), @r"
    1d welcome: trigger said enter: because
    1d welcome: entered as e2
    1d welcome: at rest
    1d welcome: rest waits until 25h
    ");
    // Neither does the event that it begins with.
    let again = with(
        with(
            workflow(
                "again",
                on("order"),
                json!([{"id": "rest", "wait": {"for": "1h"}}]),
            ),
            "exits",
            bought(),
        ),
        "entry",
        json!("every"),
    );
    assert_snapshot!(story(&[again], "@1d event order\n event order"), @r"
    1d again: trigger said enter: because
    1d again: entered as e1
    1d again: at rest
    1d again: rest waits until 25h
    1d again: exited: bought
    1d again: trigger said enter: because
    1d again: entered as e2
    1d again: at rest
    1d again: rest waits until 25h
    ");
}

#[test]
fn a_cancel_told_before_its_arm_takes_it_away() {
    let steps = json!([{"id": "remind", "send": {"template": "hello"}}]);
    let cart = workflow("cart", later_than("cart_created", "1h", "order"), steps);
    assert_snapshot!(story(&[cart], r#"
        @1d event order age=5m {"key": "a"}
        event order age=15m {"key": "b"}
        event cart_created age=10m {"key": "a"}
        event cart_created age=10m {"key": "b"}
        @26h
    "#), @r"
    1d cart: trigger said arm: because
    1d cart: armed a for 25h
    1d cart: disarmed a by order
    1d cart: trigger said arm: because
    1d cart: armed b for 25h
    25h cart: trigger said enter: because
    25h cart: entered as b
    25h cart: at remind
    25h cart: remind queued
    ");
}

#[test]
fn an_arm_that_fires_long_behind_its_event_is_not_ended_by_what_came_meanwhile() {
    let steps = json!([{"id": "wish", "send": {"template": "hello"}}]);
    let birthday = with(
        workflow("birthday", later_than("signup", "300d", "never"), steps),
        "exits",
        bought(),
    );
    assert_snapshot!(story(&[birthday], r#"
        event signup {"key": "a"}
        @299d event order
        @300d
    "#), @r"
    0s birthday: trigger said arm: because
    0s birthday: armed a for 300d
    300d birthday: trigger said enter: because
    300d birthday: entered as a
    300d birthday: at wish
    300d birthday: wish queued
    ");
}
