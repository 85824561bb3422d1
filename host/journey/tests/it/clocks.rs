//! Windows, quiet hours, caps, exits and holdouts together: when a message goes out, or would have.
//!
//! Stories begin on Sunday, 1 March 2026, at 00:00 UTC.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::story,
    rules::{has, on, with, workflow},
};

/// A workflow with that window, and what is outside of it; quiet hours from 21 to 9, spread over an hour.
fn by_clocks(window: &Json, lines: &str) -> String {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}, {"id": "rest", "wait": {"for": "1h"}}]);
    let news = with(
        workflow("news", on("signup"), steps),
        "window",
        window["window"].clone(),
    );
    let news = with(news, "outside", window["outside"].clone());
    let quiet =
        r#"settings {"quiet_hours": {"window": {"from": "21:00", "to": "09:00"}, "spread": "1h"}}"#;
    story(&[news], &format!("{quiet}\n{lines}"))
}

#[test]
fn what_the_quiet_hours_held_is_spread_where_the_window_opens_behind_them() {
    let window = json!({"window": {"from": "09:00", "to": "18:00"}, "outside": "hold"});
    assert_snapshot!(by_clocks(&window, "@22h event signup"), @r"
    22h news: trigger said enter: because
    22h news: entered as e1
    22h news: at note
    22h news: note queued
    22h news: note goes by UTC (utc)
    22h news: note held until 120813548ms: window
    ");
}

#[test]
fn a_message_that_the_quiet_hours_put_outside_of_its_window_does_as_outside() {
    let window = |outside| json!({"window": {"from": "20:00", "to": "22:00"}, "outside": outside});
    let told = |outside| by_clocks(&window(outside), "@1290m event signup");
    assert_snapshot!(told("hold"), @r"
    1290m news: trigger said enter: because
    1290m news: entered as e1
    1290m news: at note
    1290m news: note queued
    1290m news: note goes by UTC (utc)
    1290m news: note held until 160413548ms: window
    ");
    assert_snapshot!(told("skip"), @r"
    1290m news: trigger said enter: because
    1290m news: entered as e1
    1290m news: at note
    1290m news: note goes by UTC (utc)
    1290m news: note skipped: window_closed
    1290m news: at rest
    1290m news: rest waits until 1350m
    ");
    assert_snapshot!(told("exit"), @r"
    1290m news: trigger said enter: because
    1290m news: entered as e1
    1290m news: at note
    1290m news: note goes by UTC (utc)
    1290m news: note skipped: window_closed
    1290m news: exited: window_closed
    ");
}

#[test]
fn a_message_is_withheld_when_it_would_have_gone_out() {
    let window = |outside| json!({"window": {"from": "09:00", "to": "17:00"}, "outside": outside});
    let held_out = |outside| {
        let lines = "settings {\"holdout\": 10000}\n @20h event signup\n @33h send\n @35h";
        by_clocks(&window(outside), lines)
    };
    assert_snapshot!(held_out("hold"), @r"
    20h news: trigger said enter: because
    20h news: entered as e1
    20h news: at note
    20h news: note queued
    20h news: note goes by UTC (utc)
    20h news: note held until 33h: window
    33h no go for attempt 1: holdout
    33h news: note skipped: holdout
    33h news: at rest
    33h news: rest waits until 34h
    34h news: completed
    ");
    assert_snapshot!(held_out("skip"), @r"
    20h news: trigger said enter: because
    20h news: entered as e1
    20h news: at note
    20h news: note goes by UTC (utc)
    20h news: note skipped: window_closed
    20h news: at rest
    20h news: rest waits until 21h
    21h news: completed
    ");
    assert_snapshot!(held_out("exit"), @r"
    20h news: trigger said enter: because
    20h news: entered as e1
    20h news: at note
    20h news: note goes by UTC (utc)
    20h news: note skipped: window_closed
    20h news: exited: window_closed
    ");
}

/// A message, another one at once, and one more a day later, with those exits.
fn held_out(exits: Json, lines: &str) -> String {
    let steps = json!([
        {"id": "one", "send": {"template": "hello"}},
        {"id": "two", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "three", "send": {"template": "hello"}},
    ]);
    let news = with(workflow("news", on("signup"), steps), "exits", exits);
    let told = story(&[news], lines);
    let lines = told.lines().filter(|line| !line.contains("entered"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_is_withheld_that_a_cap_would_have_kept_back() {
    let capped = |holdout: &str, exits: Json| {
        let lines = format!(
            r#"
            settings {{"holdout": {holdout}, "caps": [{{"count": 1, "per": {{"last": "20h"}}}}]}}
            event signup
            send
            send
            @25h send
            "#
        );
        held_out(exits, &lines)
    };
    let gone = json!([{"segment": has("gone"), "reason": "gone"}]);
    assert_snapshot!(capped("10000", json!([])), @r"
    0s news: trigger said enter: because
    0s news: at one
    0s news: one skipped: holdout
    0s news: at two
    0s news: two skipped: frequency_cap
    0s news: at rest
    0s news: rest waits until 1d
    1d news: at three
    1d news: three skipped: holdout
    1d news: completed
    ");
    assert_snapshot!(capped("0", gone.clone()), @r"
    0s news: trigger said enter: because
    0s news: at one
    0s news: one queued
    0s news: exits/0 said out: because_not
    0s go for attempt 1
    0s news: one sent
    0s news: at two
    0s news: two queued
    0s no go for attempt 1: frequency_cap
    0s news: two skipped: frequency_cap
    0s news: at rest
    0s news: rest waits until 1d
    1d news: at three
    1d news: three queued
    25h news: exits/0 said out: because_not
    25h go for attempt 1
    25h news: three sent
    25h news: completed
    ");
    assert_snapshot!(capped("10000", gone), @r"
    0s news: trigger said enter: because
    0s news: at one
    0s news: one queued
    0s news: exits/0 said out: because_not
    0s no go for attempt 1: holdout
    0s news: one skipped: holdout
    0s news: at two
    0s news: two queued
    0s no go for attempt 1: frequency_cap
    0s news: two skipped: frequency_cap
    0s news: at rest
    0s news: rest waits until 1d
    1d news: at three
    1d news: three queued
    25h news: exits/0 said out: because_not
    25h no go for attempt 1: holdout
    25h news: three skipped: holdout
    25h news: completed
    ");
}

#[test]
fn nothing_is_withheld_where_an_exit_would_have_come_first() {
    let gone = json!([{"segment": has("gone"), "reason": "gone"}]);
    let lines = r#"
        settings {"holdout": 10000}
        set {"gone": true}
        event signup
        send
    "#;
    assert_snapshot!(held_out(gone, lines), @r"
    0s news: trigger said enter: because
    0s news: at one
    0s news: one queued
    0s news: exits/0 said in: because
    0s no go for attempt 1: exit
    0s news: one skipped: exit
    0s news: exited: gone
    ");
}
