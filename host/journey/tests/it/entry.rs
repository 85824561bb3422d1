//! Who enters, when, and why not.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::{time::Span, workflow::Action};

use crate::{
    harness::{World, story},
    rules::{has, later_than, on, with, workflow},
};

fn thanks() -> Json {
    workflow(
        "thanks",
        on("order_completed"),
        json!([{"id": "thank", "send": {"template": "hello"}}]),
    )
}

#[test]
fn an_event_becomes_a_message() {
    assert_snapshot!(story(&[thanks()], r#"
        event order_completed {"key": "7"}
        send
    "#), @r"
    0s thanks: trigger said enter: because
    0s thanks: entered as 7
    0s thanks: at thank
    0s thanks: thank queued
    0s go for attempt 1
    0s thanks: thank sent
    0s thanks: completed
    ");
}

#[test]
fn the_key_enters_once_and_not_while_inside() {
    assert_snapshot!(story(&[thanks()], r#"
        event order_completed {"key": "7"}
        event order_completed {"key": "8"}
        send
        event order_completed {"key": "7"}
        event order_completed {"key": "8"}
        event order_completed
    "#), @r"
    0s thanks: trigger said enter: because
    0s thanks: entered as 7
    0s thanks: at thank
    0s thanks: thank queued
    0s thanks: trigger said enter: because
    0s thanks: not entered: inside
    0s go for attempt 1
    0s thanks: thank sent
    0s thanks: completed
    0s thanks: trigger said enter: because
    0s thanks: not entered: key_seen
    0s thanks: trigger said enter: because
    0s thanks: entered as 8
    0s thanks: at thank
    0s thanks: thank queued
    0s thanks: trigger said enter: because
    0s thanks: not entered: inside
    ");
}

#[test]
fn every_key_has_its_journey_where_the_mode_is_every() {
    assert_snapshot!(story(&[with(thanks(), "entry", json!("every"))], r#"
        event order_completed {"key": "7"}
        event order_completed {"key": "8"}
        event order_completed {"key": "7"}
    "#), @r"
    0s thanks: trigger said enter: because
    0s thanks: entered as 7
    0s thanks: at thank
    0s thanks: thank queued
    0s thanks: trigger said enter: because
    0s thanks: entered as 8
    0s thanks: at thank
    0s thanks: thank queued
    0s thanks: trigger said enter: because
    0s thanks: not entered: key_seen
    ");
}

#[test]
fn once_is_once_ever() {
    assert_snapshot!(story(&[with(thanks(), "entry", json!("once"))], r#"
        event order_completed {"key": "7"}
        send
        @300d event order_completed {"key": "8"}
    "#), @r"
    0s thanks: trigger said enter: because
    0s thanks: entered as 7
    0s thanks: at thank
    0s thanks: thank queued
    0s go for attempt 1
    0s thanks: thank sent
    0s thanks: completed
    300d thanks: trigger said enter: because
    300d thanks: not entered: entered_before
    ");
}

#[test]
fn an_audience_keeps_out_and_a_no_is_counted() {
    let vip = with(thanks(), "audience", has("vip"));
    let deaf = workflow(
        "deaf",
        json!({"plugin": "never", "config": {"on": [{"event": {"event": "order_completed"}}]}}),
        json!([{"id": "thank", "send": {"template": "hello"}}]),
    );
    assert_snapshot!(story(&[vip, deaf], r#"
        event order_completed
        set {"vip": true}
        event order_completed
        set {"vip": null}
    "#), @r"
    0s deaf: trigger said no: because_not (counted)
    0s thanks: trigger said enter: because
    0s thanks: audience said out: because_not
    0s thanks: not entered: not_in_audience
    0s deaf: trigger said no: because_not (counted)
    0s thanks: trigger said enter: because
    0s thanks: audience said in: because
    0s thanks: entered as e2
    0s thanks: at thank
    0s thanks: thank queued
    ");
}

#[test]
fn repeated_conflicting_late_and_historic_events_trigger_nothing() {
    assert_snapshot!(story(&[thanks()], r#"
        @1d event order_completed id=a age=24h
        event order_completed id=a age=24h
        event order_completed id=a {"key": "9"}
        send
        @2d event order_completed id=b age=25h
        event order_completed id=c history
        @32d event order_completed id=a {"key": "9"}
    "#), @r"
    1d thanks: trigger said enter: because
    1d thanks: entered as a
    1d thanks: at thank
    1d thanks: thank queued
    1d event a repeated
    1d event a conflicts
    1d go for attempt 1
    1d thanks: thank sent
    1d thanks: completed
    2d thanks: not entered: event_late
    32d thanks: trigger said enter: because
    32d thanks: entered as 9
    32d thanks: at thank
    32d thanks: thank queued
    ");
}

fn cart() -> Json {
    workflow(
        "cart",
        later_than("cart_created", "1h", "order_completed"),
        json!([{"id": "remind", "send": {"template": "hello"}}]),
    )
}

#[test]
fn an_arm_fires_is_replaced_and_is_cancelled() {
    assert_snapshot!(story(&[cart()], r#"
        event cart_created {"key": "a"}
        event cart_created {"key": "b"}
        @30m event cart_created {"key": "b"}
        @59m event order_completed {"key": "a"}
        @2h
        send
    "#), @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 1h
    0s cart: trigger said arm: because
    0s cart: armed b for 1h
    30m cart: trigger said arm: because
    30m cart: armed b for 90m
    59m cart: disarmed a by order_completed
    90m cart: trigger said enter: because
    90m cart: entered as b
    90m cart: at remind
    90m cart: remind queued
    2h go for attempt 1
    2h cart: remind sent
    2h cart: completed
    ");
}

#[test]
fn at_one_instant_events_go_before_timers() {
    assert_snapshot!(story(&[cart()], r#"
        event cart_created {"key": "a"}
        @1h event order_completed {"key": "a"}
    "#), @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 1h
    1h cart: disarmed a by order_completed
    ");
}

#[test]
fn late_events_cancel_but_neither_historic_ones_nor_those_from_before_do() {
    assert_snapshot!(story(&[cart()], r#"
        @26h event cart_created age=1h {"key": "a"}
        event cart_created age=1h {"key": "b"}
        event cart_created age=1h {"key": "c"}
        event order_completed age=50m {"key": "a"}
        event order_completed history {"key": "b"}
        event order_completed age=25h {"key": "c"}
        @28h
    "#), @"
    26h cart: trigger said arm: because
    26h cart: armed a for 27h
    26h cart: trigger said arm: because
    26h cart: armed b for 27h
    26h cart: trigger said arm: because
    26h cart: armed c for 27h
    26h cart: disarmed a by order_completed
    27h cart: trigger said enter: because
    27h cart: entered as b
    27h cart: at remind
    27h cart: remind queued
    27h cart: trigger said enter: because
    27h cart: not entered: inside
    ");
}

#[test]
fn a_rule_that_arms_itself_when_due_cannot_spin() {
    let mut spinning = cart();
    spinning["trigger"]["config"]["after"] = json!("0s");
    spinning["trigger"]["config"]["again"] = json!(true);
    assert_snapshot!(story(&[spinning], r#"
        event cart_created {"key": "a"}
        @2m
    "#), @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 0s
    0s cart: trigger said enter_and_arm: because
    0s cart: armed a for 1m
    0s cart: entered as a
    0s cart: at remind
    0s cart: remind queued
    1m cart: trigger said enter_and_arm: because
    1m cart: armed a for 2m
    1m cart: not entered: key_seen
    2m cart: trigger said enter_and_arm: because
    2m cart: armed a for 3m
    2m cart: not entered: key_seen
    ");
}

#[test]
fn a_key_is_kept_for_800_days() {
    let over = workflow("over", on("signup"), json!([{"id": "over", "exit": {}}]));
    assert_snapshot!(story(&[over], r#"
        event signup {"key": "a"}
        @800d event signup {"key": "a"}
        @801d event signup {"key": "a"}
    "#), @r"
    0s over: trigger said enter: because
    0s over: entered as a
    0s over: at over
    0s over: exited: exit_step
    800d over: trigger said enter: because
    800d over: not entered: key_seen
    801d over: trigger said enter: because
    801d over: entered as a
    801d over: at over
    801d over: exited: exit_step
    ");
}

#[test]
fn nothing_of_before_the_start_matches_whenever_it_is_posted() {
    assert_snapshot!(story(&[thanks()], r"
        event order_completed age=1ms
        @1h event order_completed age=61m
        event order_completed age=60m
        send
        @2d event order_completed age=3d
    "), @r"
    0s thanks: not entered: before_start
    1h thanks: not entered: before_start
    1h thanks: trigger said enter: because
    1h thanks: entered as e3
    1h thanks: at thank
    1h thanks: thank queued
    1h go for attempt 1
    1h thanks: thank sent
    1h thanks: completed
    2d thanks: not entered: before_start
    ");
}

#[test]
fn a_scheduled_start_that_is_made_up_for_counts_from_its_instant() {
    let mut world = World::new(&[thanks()]);
    let starts_at = world.now.plus(Span::from_ms(3_600_000));
    world.transition("thanks", Action::Schedule(starts_at));
    world.play("@5h");
    world.start_due();
    world.play("event order_completed age=241m\n event order_completed age=240m");
    assert_snapshot!(world.out, @r"
    5h thanks: not entered: before_start
    5h thanks: trigger said enter: because
    5h thanks: entered as e2
    5h thanks: at thank
    5h thanks: thank queued
    ");
}

#[test]
fn a_trigger_is_asked_when_an_attribute_takes_another_value() {
    let mut trigger = on("signup");
    trigger["config"]["on"] =
        json!([{"attribute_changed": "level"}, {"event": {"event": "signup"}}]);
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    let note = with(workflow("note", trigger, steps), "entry", json!("every"));
    assert_snapshot!(
        story(&[note], r#"
        set {"city": "Rome"}
        set {"level": "gold"}
        set {"level": "gold", "city": "Oslo"}
        pause note
        set {"level": "silver"}
        resume note
        event signup history {"key": "old"}
        set {"level": null}
    "#),
        @r"
    0s note: trigger said enter: because
    0s note: entered as attributes_changed:2
    0s note: at note
    0s note: note queued
    0s note: trigger said enter: because
    0s note: entered as attributes_changed:7
    0s note: at note
    0s note: note queued
    "
    );
}

#[test]
fn an_address_that_can_be_none_or_is_blocked_enters_no_workflow_that_sends() {
    let silent = workflow(
        "silent",
        on("order_completed"),
        json!([{"id": "note", "update": {"add_tags": ["buyer"]}}]),
    );
    assert_snapshot!(story(&[thanks(), silent], r#"
        settings {"blocked_domains": ["throwaway.example"]}
        set {"email": "nobody at home"}
        event order_completed {"key": "1"}
        set {"email": "me@mail.throwaway.example"}
        event order_completed {"key": "2"}
        set {"email": "me@home.example"}
        event order_completed {"key": "3"}
    "#), @r"
    0s silent: trigger said enter: because
    0s silent: entered as 1
    0s silent: at note
    0s silent: note updated +buyer
    0s silent: completed
    0s thanks: trigger said enter: because
    0s thanks: not entered: address_invalid
    0s silent: trigger said enter: because
    0s silent: entered as 2
    0s silent: at note
    0s silent: completed
    0s thanks: trigger said enter: because
    0s thanks: not entered: domain_blocked
    0s silent: trigger said enter: because
    0s silent: entered as 3
    0s silent: at note
    0s silent: completed
    0s thanks: trigger said enter: because
    0s thanks: entered as 3
    0s thanks: at thank
    0s thanks: thank queued
    ");
}

#[test]
fn a_key_is_known_over_an_edit() {
    let steps = |span: &str| json!([{"id": "rest", "wait": {"for": span}}]);
    let order = |span| {
        with(
            workflow("order", on("bought"), steps(span)),
            "entry",
            json!("every"),
        )
    };
    let mut world = World::new(&[order("1h")]);
    world.play("start order\n event bought {\"key\": \"a\"}\n @2h pause order");
    world.put(&order("2h"), Some(1));
    world.play("resume order\n @3h event bought {\"key\": \"a\"}\n event bought {\"key\": \"b\"}");
    assert_snapshot!(world.out, @r"
    0s order: trigger said enter: because
    0s order: entered as a
    0s order: at rest
    0s order: rest waits until 1h
    1h order: completed
    3h order: trigger said enter: because
    3h order: not entered: key_seen
    3h order: trigger said enter: because
    3h order: entered as b
    3h order: at rest
    3h order: rest waits until 5h
    ");
}
