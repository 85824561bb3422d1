//! What is late after the server was down: counted from when the message should have gone, with its window and the quiet
//! hours.
//!
//! Stories begin on Sunday, 1 March 2026, at 00:00 UTC.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::time::{Instant, Span};

use crate::{
    harness::{START, World, story},
    rules::{has, on, with, workflow},
};

fn hours(hours: u64) -> Instant {
    let start = Instant::parse(START).unwrap();
    start.plus(Span::from_ms(hours * 3_600_000))
}

/// A message, with what is said of its sending besides the template, whose wait is over at an hour.
fn due_at(hour: u64, send: &Json) -> Json {
    let mut send = send.clone();
    send["template"] = json!("hello");
    let steps = json!([
        {"id": "rest", "wait": {"for": format!("{hour}h")}},
        {"id": "note", "send": send},
    ]);
    workflow("note", on("signup"), steps)
}

/// What becomes of the message when nothing happens until the server is up again at the hour.
fn seen_at(hour: u64, workflow: &Json, settings: &Json) -> String {
    let mut world = World::new(std::slice::from_ref(workflow));
    world.play(&format!("settings {settings}\n start note\n event signup"));
    world.out.clear();
    world.now = hours(hour);
    world.play("send");
    while let Some(pending) = world.state.pending.values().next() {
        let release_at = pending.release_at;
        world.wind(release_at, true);
        world.send();
    }
    let wanted = ["held", "sent", "skipped", "exited"];
    let lines = world.out.lines();
    let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
    let lines: Vec<String> = lines.map(|line| line.replace("note: note ", "")).collect();
    lines.join("; ")
}

#[test]
fn a_message_with_a_window_is_late_from_when_the_window_let_it_out() {
    let window = json!({"from": "09:00", "to": "18:00"});
    let quiet = json!({"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}}});
    let told = |due: u64, seen: u64, late_limit: &str| {
        let send = json!({"window": window, "late_limit": late_limit});
        seen_at(seen, &due_at(due, &send), &quiet)
    };
    // Due in the open window.
    assert_snapshot!(told(10, 13, "4h"), @"13h sent");
    assert_snapshot!(told(10, 15, "4h"), @"15h skipped: late");
    // Due before it opened at nine.
    assert_snapshot!(told(2, 10, "4h"), @"10h sent");
    assert_snapshot!(told(2, 14, "4h"), @"14h skipped: late");
    // Seen when it is closed again, in the quiet hours or not.
    assert_snapshot!(told(10, 20, "4h"), @"20h skipped: late");
    assert_snapshot!(told(10, 20, "12h"), @"20h held until 33h: window; 33h sent");
    assert_snapshot!(told(10, 22, "4h"), @"22h skipped: late");
    assert_snapshot!(told(10, 22, "12h"), @"22h held until 118980284ms: window; 118980284ms sent");
    assert_snapshot!(told(17, 30, "24h"), @"30h held until 118980284ms: window; 118980284ms sent");
    // Due after it closed: not before the next morning.
    assert_snapshot!(told(20, 30, "4h"), @"30h held until 118980284ms: window; 118980284ms sent");
    assert_snapshot!(told(20, 36, "4h"), @"36h sent");
    assert_snapshot!(told(20, 38, "4h"), @"38h skipped: late");
}

#[test]
fn a_message_that_quiet_hours_hold_is_late_from_their_end() {
    let quiet =
        json!({"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}, "spread": "0s"}});
    let told = |due: u64, seen: u64, send: &Json| seen_at(seen, &due_at(due, send), &quiet);
    let marketing = json!({"late_limit": "4h"});
    assert_snapshot!(told(22, 30, &marketing), @"30h held until 32h: quiet_hours; 32h sent");
    assert_snapshot!(told(22, 36, &marketing), @"36h sent");
    assert_snapshot!(told(22, 37, &marketing), @"37h skipped: late");
    assert_snapshot!(told(20, 23, &marketing), @"23h held until 32h: quiet_hours; 32h sent");
    assert_snapshot!(told(18, 23, &marketing), @"23h skipped: late");
    let transactional = json!({"late_limit": "4h", "class": "transactional"});
    assert_snapshot!(told(22, 26, &transactional), @"26h sent");
    assert_snapshot!(told(22, 27, &transactional), @"27h skipped: late");
}

#[test]
fn where_the_window_skips_it_is_asked_when_the_message_is_seen() {
    let quiet = json!({});
    let told = |due: u64, seen: u64, outside: &str| {
        let window = json!({"from": "09:00", "to": "18:00"});
        let send = json!({"window": window, "late_limit": "4h", "outside": outside});
        seen_at(seen, &due_at(due, &send), &quiet)
    };
    assert_snapshot!(told(10, 13, "skip"), @"13h sent");
    assert_snapshot!(told(10, 15, "skip"), @"15h skipped: late");
    assert_snapshot!(told(10, 20, "skip"), @"20h skipped: late");
    assert_snapshot!(told(10, 20, "exit"), @"20h skipped: late");
    assert_snapshot!(told(8, 10, "skip"), @"10h sent");
}

#[test]
fn a_message_that_waited_for_the_resume_is_late_from_when_the_window_let_it_out() {
    let told = |resumed: u64| {
        let send = json!({"window": {"from": "09:00", "to": "18:00"}, "late_limit": "4h"});
        let note = with(due_at(2, &send), "on_resume", json!("catch_up"));
        let lines = format!("event signup\n @1h pause note\n @{resumed}h resume note\n send");
        let told = story(&[note], &lines);
        let wanted = ["held", "sent", "skipped"];
        let last = told
            .lines()
            .rfind(|line| wanted.iter().any(|word| line.contains(word)));
        last.unwrap_or_default().to_owned()
    };
    assert_snapshot!(told(10), @"10h note: note sent");
    assert_snapshot!(told(13), @"13h note: note sent");
    assert_snapshot!(told(14), @"14h note: note skipped: late");
}

/// What is told of sends and waits from the hour at which the server is up again.
fn told_of(note: &Json, lines: &str) -> String {
    let told = story(std::slice::from_ref(note), lines);
    let wanted = ["sent", "skipped", "waits"];
    let lines = told.lines().filter(|line| !line.starts_with("0s"));
    let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_follows_at_once_on_a_late_message_is_late_as_well() {
    let branch = json!({"arms": [{"segment": has("email"), "goto": "two"}]});
    let steps = json!([
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "one", "send": {"template": "hello"}},
        {"id": "which", "branch": branch},
        {"id": "two", "send": {"template": "hello"}},
        {"id": "pause", "wait": {"for": "1d"}},
        {"id": "three", "send": {"template": "hello"}},
    ]);
    let note = workflow("note", on("signup"), steps);
    let mut world = World::new(std::slice::from_ref(&note));
    world.play("start note\n event signup");
    world.out.clear();
    world.now = hours(5 * 24);
    world.play("");
    world.play("send\n send\n @6d\n send");
    let lines = world.out.lines();
    let wanted = ["sent", "skipped", "waits"];
    let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    5d note: one skipped: late
    5d note: two skipped: late
    5d note: pause waits until 6d
    6d note: three sent
    ");
    // The same for what waits for a resume, which comes too late.
    let note = with(note, "on_resume", json!("catch_up"));
    assert_snapshot!(told_of(&note, "event signup\n @1h pause note\n @5d resume note\n send"), @r"
    49h note: one skipped: late
    49h note: two skipped: late
    49h note: pause waits until 73h
    98h note: three skipped: late
    ");
}

#[test]
fn what_follows_on_a_message_that_another_reason_kept_is_due_with_it() {
    let steps = json!([
        {"id": "one", "send": {"template": "hello", "late_limit": "4d"}},
        {"id": "two", "send": {"template": "hello", "class": "transactional"}},
    ]);
    let note = workflow("note", on("signup"), steps);
    let told = |hours: u32| {
        let held_out = "settings {\"holdout\": 10000}";
        told_of(
            &note,
            &format!("event signup\n {held_out}\n @{hours}h\n send\n send"),
        )
    };
    assert_snapshot!(told(20), @r"
    20h note: one skipped: holdout
    20h note: two sent
    ");
    assert_snapshot!(told(30), @r"
    30h note: one skipped: holdout
    30h note: two skipped: late
    ");
}

#[test]
fn a_message_that_was_only_put_off_is_late_at_its_first_attempt() {
    let told = |outcome: &str| {
        let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
        let note = workflow("note", on("signup"), steps);
        let lines = format!("event signup\n outcome {outcome} 1h\n @3d send");
        story(&[note], &lines)
    };
    assert_snapshot!(told("put_off"), @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note queued
    0s note: note deferred until 1h: domain_slowed
    3d no go for attempt 2: late
    3d note: note skipped: late
    3d note: completed
    ");
    assert_snapshot!(told("retry"), @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at note
    0s note: note queued
    0s note: note deferred until 1h: 451_later
    3d go for attempt 2
    3d note: note sent
    3d note: completed
    ");
}

#[test]
fn a_message_that_is_never_begun_is_tried_for_four_days() {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    let mut world = World::new(&[workflow("note", on("signup"), steps)]);
    world.play("start note\n event signup");
    let slow = "outcome not_begun\n".repeat(250);
    for day in [1, 2, 4] {
        world.play(&format!("@{day}d\n {slow}"));
        assert!(!world.out.contains("expired"), "{}", world.out);
    }
    world.out.clear();
    world.play("@97h\n outcome not_begun");
    assert_snapshot!(world.out, @r"
    97h note: note refused: expired
    97h note: completed
    ");
}
