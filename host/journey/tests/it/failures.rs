//! What a failing rule means, by policy.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::{World, story},
    rules::{has, later_than, on, with, workflow},
};

fn trigger(policy: &str) -> Json {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    workflow(
        "note",
        with(on("signup"), "on_failure", json!(policy)),
        steps,
    )
}

fn branch(policy: &str) -> Json {
    let gold = with(has("gold"), "on_failure", json!(policy));
    let steps = json!([
        {"id": "which", "branch": {"arms": [{"segment": gold, "goto": "golden"}], "otherwise": "plain"}},
        {"id": "plain", "wait": {"for": "1d"}, "next": "golden"},
        {"id": "golden", "wait": {"for": "2d"}},
    ]);
    workflow("which", on("signup"), steps)
}

fn personalizer(policy: &str) -> Json {
    let values = json!({"plugin": "values", "on_failure": policy});
    let steps = json!([
        {"id": "note", "send": {"template": "hello", "personalizer": values}},
        {"id": "rest", "wait": {"for": "1d"}},
    ]);
    workflow("note", on("signup"), steps)
}

#[test]
fn skip_keeps_out_or_ends() {
    assert_snapshot!(story(&[trigger("skip")], "break event\n event signup"), @r"
    0s note: trigger said failed: trapped
    0s note: not entered: rule_failed
    ");
    assert_snapshot!(story(&[branch("skip")], "break has\n event signup {\"key\": \"a\"}"), @r"
    0s which: trigger said enter: because
    0s which: entered as a
    0s which: at which
    0s which: steps/which/arms/0 said failed: trapped
    0s which: exited: rule_failed
    ");
    assert_snapshot!(story(&[personalizer("skip")], "break values\n event signup {\"key\": \"a\"}"), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: steps/note/personalizer said failed: trapped
    0s note: note skipped: rule_failed
    0s note: exited: rule_failed
    ");
}

#[test]
fn default_goes_on_without_the_rule() {
    assert_snapshot!(story(&[trigger("default")], "break event\n event signup"), @r"
    0s note: trigger said failed: trapped
    0s note: not entered: rule_failed
    ");
    assert_snapshot!(story(&[branch("default")], "break has\n event signup {\"key\": \"a\"}\n @1s event other_happened"), @r"
    0s which: trigger said enter: because
    0s which: entered as a
    0s which: at which
    0s which: steps/which/arms/0 said failed: trapped
    0s which: which took the default arm
    0s which: at plain
    0s which: plain waits until 1d
    ");
    assert_snapshot!(story(&[personalizer("default")], "break values\n event signup {\"key\": \"a\"}"), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: steps/note/personalizer said failed: trapped
    0s note: note queued
    ");
}

#[test]
fn hold_asks_again_until_it_answers() {
    assert_snapshot!(story(&[trigger("hold")], r#"
        break event
        event signup {"key": "a"}
        @4m mend event
        @6m
    "#), @r"
    0s note: trigger said failed: trapped
    1m note: trigger said failed: trapped
    6m note: trigger said enter: because
    6m note: entered as a
    6m note: at note
    6m note: note queued
    ");
    assert_snapshot!(story(&[branch("hold")], r#"
        break has
        event signup {"key": "a"}
        @4m mend has
        @6m
    "#), @r"
    0s which: trigger said enter: because
    0s which: entered as a
    0s which: at which
    0s which: steps/which/arms/0 said failed: trapped
    1m which: steps/which/arms/0 said failed: trapped
    6m which: steps/which/arms/0 said out: because_not
    6m which: which took the default arm
    6m which: at plain
    6m which: plain waits until 1446m
    ");
}

#[test]
fn hold_gives_up_after_a_day() {
    let mut world = World::new(&[personalizer("hold")]);
    world.play("start note\n break values\n event signup {\"key\": \"a\"}\n @3d");
    let failures = world
        .out
        .lines()
        .filter(|line| line.contains("said failed"))
        .count();
    let last: Vec<&str> = world.out.lines().rev().take(2).collect();
    assert_snapshot!(format!("{failures} failures\n{}", last.join("\n")), @r"
    29 failures
    1491m note: exited: rule_failed
    1491m note: note skipped: rule_failed
    ");
}

#[test]
fn an_audience_is_held_with_the_key_the_trigger_gave() {
    let held = with(has("vip"), "on_failure", json!("hold"));
    assert_snapshot!(story(&[with(trigger("skip"), "audience", held)], r#"
        set {"vip": 1}
        break has
        event signup {"key": "a"}
        mend has
        @1m
    "#), @r"
    0s note: trigger said enter: because
    0s note: audience said failed: trapped
    1m note: audience said in: because
    1m note: entered as a
    1m note: at note
    1m note: note queued
    ");
}

#[test]
fn what_cancels_an_arm_cancels_the_entry_held_when_it_fired() {
    let later = with(
        later_than("cart_created", "1h", "order_completed"),
        "on_failure",
        json!("hold"),
    );
    let steps = json!([{"id": "remind", "send": {"template": "hello"}}]);
    assert_snapshot!(story(&[workflow("cart", later, steps)], r#"
        event cart_created {"key": "a"}
        @30m break later
        @61m event order_completed {"key": "a"}
        mend later
        @3h
    "#), @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 1h
    1h cart: trigger said failed: trapped
    61m cart: disarmed a by order_completed
    ");
}

#[test]
fn pause_pauses_the_workflow_and_those_held_wait_for_the_resume() {
    let mut world = World::new(&[branch("pause")]);
    world.play("start which\n break has\n event signup {\"key\": \"a\"}\n pause which\n @40h mend has\n resume which\n @42h");
    assert_snapshot!(world.out, @r#"
    0s which: trigger said enter: because
    0s which: entered as a
    0s which: at which
    0s which: steps/which/arms/0 said failed: trapped
    0s post PauseWorkflow { workflow: WorkflowId("which"), since: Instant(2026-03-01T00:00:00Z), at: Instant(2026-03-01T00:00:00Z), reason: "steps/which/arms/0 failed: trapped" }
    2401m which: steps/which/arms/0 said out: because_not
    2401m which: which took the default arm
    2401m which: at plain
    2401m which: plain waits until 3841m
    "#);
}

#[test]
fn an_unknown_template_is_a_bad_answer() {
    let mut variant = personalizer("default");
    variant["steps"][0]["send"]["personalizer"]["config"] = json!({"variant": "nowhere"});
    assert_snapshot!(story(&[variant], "event signup {\"key\": \"a\"}"), @r"
    0s note: trigger said enter: because
    0s note: entered as a
    0s note: at note
    0s note: steps/note/personalizer said failed: bad_answer
    0s note: note queued
    ");
}

#[test]
fn a_cancel_by_an_open_wants_one_of_a_person() {
    let remind = workflow(
        "cart",
        later_than("cart_created", "1h", "message_opened"),
        json!([{"id": "remind", "send": {"template": "hello"}}]),
    );
    assert_snapshot!(story(&[remind], r#"
        event cart_created {"key": "a"}
        event cart_created {"key": "b"}
        event message_opened {"key": "a", "machine": true}
        event message_opened {"key": "b"}
        @1h
    "#), @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 1h
    0s cart: trigger said arm: because
    0s cart: armed b for 1h
    0s cart: disarmed b by message_opened
    1h cart: trigger said enter: because
    1h cart: entered as a
    1h cart: at remind
    1h cart: remind queued
    ");
}

#[test]
fn a_trigger_or_audience_that_pauses_holds_the_entry_until_the_resume() {
    let vip = with(has("vip"), "on_failure", json!("pause"));
    let lines = |rule: &str| {
        format!(
            "set {{\"vip\": 1}}\n break {rule}\n event signup {{\"key\": \"a\"}}\n pause note\n @40h mend {rule}\n resume note\n @42h"
        )
    };
    assert_snapshot!(story(&[trigger("pause")], &lines("event")), @r#"
    0s note: trigger said failed: trapped
    0s post PauseWorkflow { workflow: WorkflowId("note"), since: Instant(2026-03-01T00:00:00Z), at: Instant(2026-03-01T00:00:00Z), reason: "trigger failed: trapped" }
    2401m note: trigger said enter: because
    2401m note: entered as a
    2401m note: at note
    2401m note: note queued
    "#);
    assert_snapshot!(story(&[with(trigger("skip"), "audience", vip)], &lines("has")), @r#"
    0s note: trigger said enter: because
    0s note: audience said failed: trapped
    0s post PauseWorkflow { workflow: WorkflowId("note"), since: Instant(2026-03-01T00:00:00Z), at: Instant(2026-03-01T00:00:00Z), reason: "audience failed: trapped" }
    2401m note: audience said in: because
    2401m note: entered as a
    2401m note: at note
    2401m note: note queued
    "#);
}

/// A message two steps behind whose personalizer holds, with what may end, move or change a journey there.
fn held() -> Json {
    let values = json!({"plugin": "values", "on_failure": "hold"});
    let steps = json!([
        {"id": "rest", "wait_for": {"timeout": "1d", "arms": [{"on": {"event": "gone"}}]}},
        {"id": "note", "send": {"template": "hello", "personalizer": values}},
        {"id": "end", "wait": {"for": "1d"}},
    ]);
    let held = with(
        workflow("note", on("signup"), steps),
        "exits",
        json!([{"on": {"event": "left"}}, {"segment": has_event("gone"), "reason": "gone"}]),
    );
    with(
        held,
        "jumps",
        json!([{"on": {"event": "moved"}, "goto": "end"}]),
    )
}

fn has_event(event: &str) -> Json {
    json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": {"event": event}}}, "type": "instant"}],
    }})
}

#[test]
fn a_message_whose_personalizer_is_still_asked_has_its_reason_when_the_journey_leaves_it() {
    for (line, told) in [
        ("event left", "exit; exited: exit_event"),
        ("event contact_unsubscribed", "exit; exited: unsubscribed"),
        ("event moved", "jumped; jumped from note to end by moved"),
        (
            "end note\n event other",
            "workflow_ended; exited: workflow_ended",
        ),
    ] {
        let mut world = World::new(&[held()]);
        world.play("start note\n break values\n event signup\n @1d");
        world.out.clear();
        world.play(line);
        let lines = world.out.lines().map(|line| line.replace("1d note: ", ""));
        let lines = lines.collect::<Vec<_>>().join("; ");
        let told = format!("note skipped: {told}");
        assert!(lines.contains(&told), "{line}: {lines}");
        world.play("@3d");
        let skipped = world.out.matches("note skipped").count();
        assert_eq!(skipped, 1, "{line}: {}", world.out);
    }
}

#[test]
fn a_journey_that_exits_while_the_personalizer_of_its_message_is_asked_tells_the_message() {
    let mut note = held();
    note["exits"] = json!([{"segment": has("vip"), "reason": "gone"}]);
    let steps = json!([
        {"id": "rest", "wait_for": {"timeout": "1d", "arms": [{"on": {"event": "gone"}}]}},
        {"id": "change", "update": {"set": {"vip": {"value": true}}}},
    ]);
    let other = workflow("other", on("signup"), steps);
    let told = story(&[note, other], "event signup\n @1h event gone");
    let told: Vec<&str> = told.lines().filter(|line| line.starts_with("1h")).collect();
    assert_snapshot!(told.join("\n"), @r"
    1h note: rest took arm 0
    1h note: at note
    1h other: rest took arm 0
    1h other: at change
    1h other: change updated vip
    1h other: completed
    1h note: exits/0 said in: because
    1h note: note skipped: exit
    1h note: exited: gone
    ");
}

#[test]
fn a_journey_that_an_event_ends_by_a_segment_does_not_reach_its_message() {
    assert_snapshot!(story(&[held()], "event signup\n @1h event gone"), @r"
    0s note: trigger said enter: because
    0s note: entered as e1
    0s note: at rest
    0s note: rest waits until 1d
    1h note: exits/1 said in: because
    1h note: exited: gone
    ");
}

#[test]
fn a_message_whose_personalizer_is_still_asked_is_told_when_its_step_is_removed() {
    let mut without = held();
    without["steps"].as_array_mut().unwrap().remove(1);
    let mut waits = held();
    waits["steps"][1] = json!({"id": "note", "wait": {"for": "2d"}});
    let told = |other: &Json| {
        let mut world = World::new(&[held()]);
        world.play("start note\n break values\n event signup\n @1d\n pause note");
        world.out.clear();
        world.migrate(other, 1);
        world.play("resume note\n @2d event left");
        world.out
    };
    assert_snapshot!(told(&without), @r"
    1d note: moved from version 1, its step is gone
    1d note: note skipped: step_removed
    1d note: at end
    1d note: end waits until 2d
    2d note: exited: exit_event
    ");
    assert_snapshot!(told(&waits), @r"
    1d note: moved from version 1, at note
    1d note: note skipped: step_removed
    1441m note: note waits until 4321m
    2d note: exited: exit_event
    ");
}
