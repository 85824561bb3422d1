//! What a pause, an end and a deletion mean to those inside.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::{World, story},
    rules::{later_than, on, workflow},
};

fn series() -> Json {
    let steps = json!([
        {"id": "first", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "second", "send": {"template": "hello"}},
        {"id": "more", "wait": {"for": "1d"}},
        {"id": "third", "send": {"template": "hello"}},
    ]);
    workflow("series", on("signup"), steps)
}

fn cart() -> Json {
    let steps = json!([{"id": "remind", "send": {"template": "hello"}}]);
    workflow(
        "cart",
        later_than("cart_created", "1h", "order_completed"),
        steps,
    )
}

#[test]
fn in_a_pause_nothing_matches_and_what_is_due_is_skipped() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "a"}
        send
        @1h pause series
        @2h event signup {"key": "b"}
        @30h resume series
        @31h event signup {"key": "b"}
        @3d send
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: first sent
    0s series: at rest
    0s series: rest waits until 1d
    1d series: at second
    1d series: second skipped: paused
    1d series: at more
    1d series: more waits until 2d
    31h series: trigger said enter: because
    31h series: not entered: inside
    2d series: at third
    2d series: third queued
    3d go for attempt 1
    3d series: third sent
    3d series: completed
    ");
}

#[test]
fn a_message_claimed_in_a_pause_is_skipped() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "a"}
        pause series
        intent
        resume series
        send
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s no go for attempt 1: paused
    0s series: first skipped: paused
    0s series: at rest
    0s series: rest waits until 1d
    ");
}

#[test]
fn an_arm_due_in_a_pause_is_dropped_and_cancels_go_on_listening() {
    assert_snapshot!(story(&[cart()], r#"
        event cart_created {"key": "a"}
        event cart_created {"key": "b"}
        pause cart
        event cart_created {"key": "c"}
        event order_completed {"key": "b"}
        @2h resume cart
        @9h
    "#), @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 1h
    0s cart: trigger said arm: because
    0s cart: armed b for 1h
    0s cart: disarmed b by order_completed
    1h cart: arm a dropped: paused
    ");
}

#[test]
fn the_end_is_seen_at_the_next_input() {
    assert_snapshot!(story(&[series(), cart()], r#"
        event signup {"key": "a"}
        event cart_created {"key": "c"}
        end series
        end cart
        intent
        @2d
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s cart: trigger said arm: because
    0s cart: armed c for 1h
    0s cart: arm c dropped: workflow_ended
    0s series: first skipped: workflow_ended
    0s series: exited: workflow_ended
    0s no go for attempt 1: workflow_ended
    ");
}

#[test]
fn a_message_with_go_at_the_end_is_told_as_it_went() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "a"}
        intent
        end series
        event anything_happened
        outcome accepted
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: exited: workflow_ended
    0s series: first sent
    ");
}

#[test]
fn a_workflow_made_again_begins_anew() {
    let mut world = World::new(&[series()]);
    world
        .play("start series\n event signup {\"key\": \"a\"}\n send\n pause series\n delete series");
    world.put(&series(), None);
    world.play("@1h start series\n event signup {\"key\": \"a\"}");
    assert_snapshot!(world.out, @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: first sent
    0s series: at rest
    0s series: rest waits until 1d
    1h series: exited: workflow_deleted
    1h series: trigger said enter: because
    1h series: entered as a
    1h series: at first
    1h series: first queued
    ");
}

#[test]
fn mail_that_is_pending_at_an_end_from_the_pause_is_not_sent() {
    assert_snapshot!(story(&[series()], r#"
        event signup {"key": "a"}
        pause series
        end series
        send
    "#), @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s series: first skipped: workflow_ended
    0s series: exited: workflow_ended
    0s no go for attempt 1: workflow_ended
    ");
}
