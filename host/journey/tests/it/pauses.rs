//! What a pause, an end and a deletion mean to those inside.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use signalbox_model::{
    definitions::EARLIER_PAUSES_MAX,
    time::{Instant, Span},
};

use crate::{
    harness::{START, World, story},
    rules::{has, later_than, on, with, workflow},
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
fn what_occurred_in_a_pause_enters_nobody_whenever_it_is_posted() {
    let told = |on_resume: &str| {
        let series = with(series(), "entry", json!("every"));
        let series = with(series, "on_resume", json!(on_resume));
        story(
            &[series, cart()],
            r#"
            @1h pause series
            pause cart
            @3h resume series
            resume cart
            @5h event signup age=3h {"key": "b"}
            event cart_created age=3h {"key": "b"}
            event signup age=2h {"key": "c"}
            event signup age=270m {"key": "before"}
            event signup {"key": "d"}
        "#,
        )
    };
    assert_snapshot!(told("skip"), @r"
    5h series: not entered: paused
    5h cart: not entered: paused
    5h series: trigger said enter: because
    5h series: entered as c
    5h series: at first
    5h series: first queued
    5h series: trigger said enter: because
    5h series: entered as before
    5h series: at first
    5h series: first queued
    5h series: trigger said enter: because
    5h series: entered as d
    5h series: at first
    5h series: first queued
    ");
    assert_eq!(told("catch_up"), told("skip"), "that is about mail");
}

#[test]
fn what_a_window_lets_out_after_the_resume_is_sent_though_its_step_was_reached_in_the_pause() {
    let told = |on_resume: &str, resume: &str| {
        let mut series = with(series(), "on_resume", json!(on_resume));
        series["steps"][2]["send"]["window"] = json!({"from": "12:00", "to": "14:00"});
        let tape = format!(
            "event signup {{\"key\": \"a\"}}\nsend\n@20h pause series\n@{resume} resume series\n@2250m send"
        );
        let told = story(&[series], &tape);
        let lines = told.lines().filter(|line| line.contains("second"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let came = |on_resume: &str, resume: &str| {
        let told = told(on_resume, resume);
        told.lines().last().map(str::to_owned).unwrap_or_default()
    };
    // The window opens at 36h.
    assert_eq!(came("skip", "25h"), "2250m series: second sent");
    assert_eq!(came("skip", "37h"), "2250m series: second skipped: paused");
    assert_eq!(came("catch_up", "25h"), "2250m series: second sent");
    assert_eq!(came("catch_up", "37h"), "2250m series: second sent");
    assert_snapshot!(told("skip", "25h"), @r"
    1d series: at second
    1d series: second queued
    1d series: second goes by UTC (utc)
    1d series: second held until 36h: window
    2250m series: second sent
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

/// Plays the lines that come before the hour, lets nothing happen until then, and plays the others: the server was down,
/// or behind.
fn unseen(workflow: &Json, before: &str, hour: u64, after: &str) -> String {
    let mut world = World::new(std::slice::from_ref(workflow));
    world.play(&format!(
        "start {}\n {before}",
        workflow["id"].as_str().unwrap()
    ));
    world.out.clear();
    let start = Instant::parse(START).unwrap();
    world.now = start.plus(Span::from_ms(hour * 3_600_000));
    world.play(after);
    world.out
}

#[test]
fn what_was_due_in_a_pause_and_is_seen_after_it_is_skipped_as_well() {
    let signup = "event signup {\"key\": \"a\"}\n send\n @1h pause series";
    assert_snapshot!(unseen(&series(), signup, 30, "resume series\n send"), @r"
    30h series: at second
    30h series: second skipped: paused
    30h series: at more
    30h series: more waits until 54h
    ");
    let left = "event cart_created {\"key\": \"a\"}\n pause cart";
    assert_snapshot!(unseen(&cart(), left, 2, "resume cart"), @"2h cart: arm a dropped: paused");
}

/// One message, two hours after the sign-up, and one right behind it.
fn later(on_resume: &str) -> Json {
    let values = json!({"plugin": "values", "config": {"send_in": "2h"}});
    let steps = json!([
        {"id": "note", "send": {"template": "hello", "personalizer": values}},
        {"id": "next", "send": {"template": "hello"}},
    ]);
    with(
        workflow("later", on("signup"), steps),
        "on_resume",
        json!(on_resume),
    )
}

#[test]
fn a_message_due_in_a_pause_and_claimed_after_it_is_skipped_with_what_follows_at_once() {
    let signup = "event signup {\"key\": \"a\"}\n @1h pause later";
    assert_snapshot!(unseen(&later("skip"), signup, 4, "resume later\n send"), @r"
    4h no go for attempt 1: paused
    4h later: note skipped: paused
    4h later: at next
    4h later: next skipped: paused
    4h later: completed
    ");
    // It was due in the first pause, whatever came later.
    let twice = "resume later\n pause later\n resume later\n send";
    assert_snapshot!(unseen(&later("skip"), signup, 4, twice), @r"
    4h no go for attempt 1: paused
    4h later: note skipped: paused
    4h later: at next
    4h later: next skipped: paused
    4h later: completed
    ");
    // No server could be reached in the pause.
    let lines = "outcome retry 2h\n resume later\n @6h send";
    assert_snapshot!(unseen(&later("skip"), signup, 3, lines), @r"
    3h later: note skipped: paused
    3h later: at next
    3h later: next skipped: paused
    3h later: completed
    ");
}

#[test]
fn a_message_whose_next_attempt_is_due_after_the_pause_is_sent() {
    let first = "event signup {\"key\": \"a\"}\n intent\n outcome retry 2h\n @1h pause series";
    assert_snapshot!(unseen(&series(), first, 1, "@90m resume series\n @2h send"), @r"
    2h go for attempt 2
    2h series: first sent
    2h series: at rest
    2h series: rest waits until 26h
    ");
    // Its next attempt was due in the pause.
    assert_snapshot!(unseen(&series(), first, 3, "resume series\n send"), @r"
    3h no go for attempt 2: paused
    3h series: first skipped: paused
    3h series: at rest
    3h series: rest waits until 27h
    ");
    // Nobody knows what becomes of the attempt before the pause is over.
    let given = "event signup {\"key\": \"a\"}\n intent\n @1h pause series";
    assert_snapshot!(unseen(&series(), given, 1, "outcome retry 2h\n @90m resume series\n @3h send"), @r"
    1h series: first deferred until 3h: 451_later
    3h go for attempt 2
    3h series: first sent
    3h series: at rest
    3h series: rest waits until 27h
    ");
}

fn catching_up() -> Json {
    with(series(), "on_resume", json!("catch_up"))
}

#[test]
fn a_workflow_may_catch_up_with_what_was_due_in_a_pause() {
    assert_snapshot!(story(&[catching_up()], r#"
        event signup {"key": "a"}
        send
        @1h pause series
        @30h resume series
        send
        @54h
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
    1d series: second held until 25h: paused
    30h series: second queued
    30h go for attempt 1
    30h series: second sent
    30h series: at more
    30h series: more waits until 54h
    54h series: at third
    54h series: third queued
    ");
    let signup = "event signup {\"key\": \"a\"}\n send\n @1h pause series";
    assert_snapshot!(unseen(&catching_up(), signup, 30, "resume series\n send"), @r"
    30h series: at second
    30h series: second queued
    ");
}

#[test]
fn what_is_caught_up_with_is_not_late() {
    assert_snapshot!(story(&[catching_up()], r#"
        event signup {"key": "a"}
        send
        @1h pause series
        @49h resume series
        send
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
    1d series: second held until 25h: paused
    49h series: second skipped: late
    49h series: at more
    49h series: more waits until 73h
    ");
    let signup = "event signup {\"key\": \"a\"}\n send\n @1h pause series";
    assert_snapshot!(unseen(&catching_up(), signup, 49, "resume series\n send"), @r"
    49h series: at second
    49h series: second skipped: late
    49h series: at more
    49h series: more waits until 73h
    ");
}

#[test]
fn a_message_that_is_queued_is_held_for_the_resume_and_goes_then() {
    assert_snapshot!(story(&[later("catch_up")], r#"
        event signup {"key": "a"}
        @1h pause later
        @2h send
        @150m resume later
        @3h send
    "#), @r"
    0s later: trigger said enter: because
    0s later: entered as a
    0s later: at note
    0s later: steps/note/personalizer said chosen: because
    0s later: note queued
    2h no go for attempt 1: paused
    2h later: note held until 3h: paused
    3h go for attempt 1
    3h later: note sent
    3h later: at next
    3h later: next queued
    ");
}

#[test]
fn whoever_waits_for_the_resume_goes_on_in_the_new_version_and_leaves_as_others_do() {
    let exits = json!([{"on": {"event": "order_completed"}}]);
    let one = with(catching_up(), "exits", exits);
    let mut two = one.clone();
    two["steps"][2] =
        json!({"id": "second", "send": {"template": "hello", "class": "transactional"}});
    two["steps"][3]["wait"]["for"] = json!("2d");
    let mut world = World::new(std::slice::from_ref(&one));
    world.play("start series\n event signup {\"key\": \"a\"}\n send\n @1h pause series\n @25h");
    world.migrate(&two, 1);
    world.play("resume series\n send");
    world.play("@3d pause series\n @4d event order_completed");
    assert_snapshot!(world.out, @r"
    0s series: trigger said enter: because
    0s series: entered as a
    0s series: at first
    0s series: first queued
    0s go for attempt 1
    0s series: first sent
    0s series: at rest
    0s series: rest waits until 1d
    1d series: at second
    1d series: second held until 25h: paused
    25h series: moved from version 1, at second
    25h series: second queued
    25h go for attempt 1
    25h series: second sent
    25h series: at more
    25h series: more waits until 73h
    73h series: at third
    73h series: third held until 74h: paused
    4d series: third skipped: exit
    4d series: exited: exit_event
    ");
}

#[test]
fn a_touch_and_a_lot_outlive_their_workflow_and_mean_nothing_to_its_successor() {
    let goal = json!({"on": {"event": "order_completed"}, "within": "10d"});
    let note = with(series(), "goal", goal);
    let mut world = World::new(std::slice::from_ref(&note));
    world
        .play("start series\n event signup {\"key\": \"a\"}\n send\n pause series\n delete series");
    world.put(&note, None);
    world.out.clear();
    world.play("event order_completed\n @1h start series\n event order_completed");
    world.play("event message_opened {\"workflow\": \"series\", \"step\": \"first\"}");
    assert_snapshot!(world.out, @"0s series: exited: workflow_deleted");
}

#[test]
fn an_event_that_names_a_step_is_about_no_message_of_a_workflow_that_had_the_id_before() {
    let opened = |id: &str| {
        let steps = json!([{"id": "rest", "wait": {"for": "1h"}}]);
        with(
            workflow(id, on("message_opened"), steps),
            "entry",
            json!("every"),
        )
    };
    let mut again = series();
    let steps = again["steps"].as_array_mut().unwrap();
    steps.insert(0, json!({"id": "intro", "send": {"template": "hello"}}));
    let mut world = World::new(&[series(), opened("long"), opened("young")]);
    world.play("start long\n start series\n event signup\n send\n pause series\n delete series");
    world.put(&again, None);
    world.out.clear();
    world.play("@1h start series\n start young\n @2h");
    for step in ["first", "intro"] {
        world.play(&format!(
            "event message_opened {{\"workflow\": \"series\", \"step\": \"{step}\"}}"
        ));
    }
    assert_eq!(
        world.state.touches[0].opened, None,
        "nobody knows which one it was"
    );
    assert_snapshot!(world.out, @r"
    2h series: exited: workflow_deleted
    2h young: not entered: sent_before_start
    2h long: trigger said enter: because
    2h long: entered as e2
    2h long: at rest
    2h long: rest waits until 3h
    2h young: not entered: sent_before_start
    2h long: trigger said enter: because
    2h long: entered as e3
    2h long: at rest
    2h long: rest waits until 3h
    ");
}

#[test]
fn an_event_of_any_pause_of_the_last_day_brings_nobody_in() {
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let note = with(
        workflow("note", on("signup"), steps),
        "entry",
        json!("every"),
    );
    let told = story(
        &[note],
        "@60m pause note\n @70m resume note\n @80m pause note\n @90m resume note\n @100m event signup age=5m\n event signup age=15m\n event signup age=25m\n event signup age=35m\n event signup age=45m",
    );
    let told = told.lines().filter(|line| line.contains("entered"));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    100m note: entered as e1
    100m note: not entered: paused
    100m note: entered as e3
    100m note: not entered: paused
    100m note: entered as e5
    ");
}

#[test]
fn only_so_many_pauses_are_known_and_none_for_longer_than_events_may_be_late() {
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let note = with(
        workflow("note", on("signup"), steps),
        "entry",
        json!("every"),
    );
    let mut world = World::new(&[note]);
    world.play("start note");
    for pause in 0..40 {
        let at = 10 * pause;
        world.play(&format!("@{at}m pause note\n @{}m resume note", at + 5));
    }
    let found = |world: &World| world.definitions.workflows.values().next().unwrap().clone();
    let known = found(&world);
    assert_eq!(known.earlier_pauses.len(), EARLIER_PAUSES_MAX);
    // The oldest of those that are kept stands for all before it.
    let start = Instant::parse(START).unwrap();
    let was_paused = |minutes: u64| known.was_paused(start.plus(Span::from_ms(minutes * 60_000)));
    for minutes in [3, 7, 233, 243, 383, 393] {
        assert!(was_paused(minutes), "{minutes}");
    }
    for minutes in [237, 247, 387, 395] {
        assert!(!was_paused(minutes), "{minutes}");
    }
    world.play("@3d pause note");
    assert_eq!(found(&world).earlier_pauses, []);
}

#[test]
fn a_message_that_its_personalizer_wants_behind_the_pause_goes_then() {
    let told = |send_in: &str| {
        let personalizer = json!({"plugin": "values", "config": {"send_in": send_in}});
        let steps = json!([
            {"id": "rest", "wait": {"for": "1h"}},
            {"id": "note", "send": {"template": "hello", "personalizer": personalizer}},
        ]);
        let note = workflow("note", on("signup"), steps);
        story(
            &[note],
            "event signup\n @30m pause note\n @2h resume note\n @4h send",
        )
    };
    assert_snapshot!(told("2h"), @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at rest
    0s note: rest waits until 1h
    1h note: at note
    1h note: steps/note/personalizer said chosen: because
    1h note: note queued
    4h go for attempt 1
    4h note: note sent
    4h note: completed
    ");
    assert_snapshot!(told("0s"), @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at rest
    0s note: rest waits until 1h
    1h note: at note
    1h note: steps/note/personalizer said chosen: because
    1h note: note skipped: paused
    1h note: completed
    ");
}

#[test]
fn the_message_for_which_a_failing_exit_paused_the_workflow_goes_with_the_others() {
    let told = |on_resume: &str| {
        let mut gone = has("gone");
        gone["on_failure"] = json!("pause");
        let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
        let note = with(
            workflow("note", on("signup"), steps),
            "exits",
            json!([{"segment": gone}]),
        );
        let note = with(note, "on_resume", json!(on_resume));
        let lines = "event signup\n break has\n send\n pause note\n @10m send\n @1h mend has\n resume note\n @3h send";
        story(&[note], lines)
    };
    assert_snapshot!(told("skip"), @r#"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note queued
    0s note: exits/0 said failed: trapped
    0s post PauseWorkflow { workflow: WorkflowId("note"), since: Instant(2026-03-01T00:00:00Z), at: Instant(2026-03-01T00:00:00Z), reason: "exits/0 failed: trapped" }
    0s no go for attempt 1: rule_failed
    0s note: note held until 5m: rule_failed
    10m no go for attempt 1: paused
    10m note: note skipped: paused
    10m note: completed
    "#);
    assert_snapshot!(told("catch_up"), @r#"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note queued
    0s note: exits/0 said failed: trapped
    0s post PauseWorkflow { workflow: WorkflowId("note"), since: Instant(2026-03-01T00:00:00Z), at: Instant(2026-03-01T00:00:00Z), reason: "exits/0 failed: trapped" }
    0s no go for attempt 1: rule_failed
    0s note: note held until 5m: rule_failed
    10m no go for attempt 1: paused
    10m note: note held until 70m: paused
    3h note: exits/0 said out: because_not
    3h go for attempt 1
    3h note: note sent
    3h note: completed
    "#);
}
