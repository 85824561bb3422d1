//! What update steps leave behind: values kept for later steps and journeys, and triggers that listen to what they change.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{harness::story, rules::*};

fn changed(attribute: &str) -> Json {
    let mut trigger = on("never_happens");
    trigger["config"]["on"] = json!([{"attribute_changed": attribute}]);
    trigger
}

fn update(set: &Json) -> Json {
    json!([{"id": "note", "update": {"set": set}}])
}

#[test]
fn kept_values_are_read_by_later_steps_and_journeys() {
    let has = |name: &str| json!({"plugin": "has", "config": {"inputs": [{"name": name, "type": "any", "source": {"kept": name}}]}});
    let survey = workflow(
        "survey",
        on("answered"),
        json!([
            {"id": "early", "branch": {"arms": [{"segment": has("score"), "goto": "over"}], "otherwise": "keep"}},
            {"id": "keep", "update": {"keep": {"score": {"event": "score"}}}},
            {"id": "now", "branch": {"arms": [{"segment": has("score"), "goto": "over"}], "otherwise": "over"}},
            {"id": "over", "exit": {}},
        ]),
    );
    let mut renewal = workflow(
        "renewal",
        on("renewal_due"),
        json!([{"id": "over", "exit": {}}]),
    );
    renewal["trigger"]["plugin"] = json!("known");
    renewal["trigger"]["config"]["inputs"] = has("score")["config"]["inputs"].clone();
    assert_snapshot!(
        story(&[survey, renewal], r#"
        event renewal_due
        event answered {"score": 9}
        event renewal_due
        event answered
    "#),
        @r"
    0s renewal: trigger said no: because_not (counted)
    0s survey: trigger said enter: because
    0s survey: entered as e2
    0s survey: at early
    0s survey: steps/early/arms/0 said out: because_not
    0s survey: early took the default arm
    0s survey: at keep
    0s survey: keep updated kept.score
    0s survey: at now
    0s survey: steps/now/arms/0 said in: because
    0s survey: now took arm 0
    0s survey: at over
    0s survey: exited: exit_step
    0s renewal: trigger said enter: because
    0s renewal: entered as e3
    0s renewal: at over
    0s renewal: exited: exit_step
    0s survey: trigger said enter: because
    0s survey: entered as e4
    0s survey: at early
    0s survey: steps/early/arms/0 said in: because
    0s survey: early took arm 0
    0s survey: at over
    0s survey: exited: exit_step
    "
    );
}

#[test]
fn arms_taken_are_read_by_later_steps() {
    let took = |step: &str| json!({"plugin": "has", "config": {"inputs": [{"name": step, "type": "text", "source": {"arm_taken": step}}]}});
    let offers = workflow(
        "offers",
        on("signup"),
        json!([
            {"id": "early", "branch": {"arms": [{"segment": took("offer"), "goto": "over"}], "otherwise": "offer"}},
            {"id": "offer", "split": {"arms": [{"name": "coupon", "weight": 10_000}, {"name": "gift", "weight": 0}]}},
            {"id": "now", "branch": {"arms": [{"segment": took("offer"), "goto": "over"}], "otherwise": "over"}},
            {"id": "over", "exit": {}},
        ]),
    );
    assert_snapshot!(story(&[offers], "event signup"), @"
    0s offers: trigger said enter: because
    0s offers: entered as e1
    0s offers: at early
    0s offers: steps/early/arms/0 said out: because_not
    0s offers: early took the default arm
    0s offers: at offer
    0s offers: offer drew coupon
    0s offers: offer took arm 0
    0s offers: at now
    0s offers: steps/now/arms/0 said in: because
    0s offers: now took arm 0
    0s offers: at over
    0s offers: exited: exit_step
    ");
}

#[test]
fn what_was_kept_longest_ago_makes_room() {
    let keep = |name: &str, chars: usize| json!({"id": name, "update": {"keep": {name: {"value": "x".repeat(chars)}}}});
    let mut steps: Vec<Json> = (0..4)
        .map(|number| keep(&format!("k{number}"), 300))
        .collect();
    steps.push(keep("huge", 2_000));
    let mut world = crate::harness::World::new(&[workflow("w", on("begun"), json!(steps))]);
    world.transition("w", signalbox_model::workflow::Action::Start);
    world.play("event begun");
    let names: Vec<&str> = world
        .state
        .kept
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["k1", "k2", "k3"]);
}

#[test]
fn an_update_asks_the_triggers_of_other_workflows() {
    let one = workflow(
        "one",
        on("begun"),
        update(&json!({"level": {"value": "gold"}})),
    );
    let two = workflow(
        "two",
        changed("level"),
        update(&json!({"seen": {"value": true}})),
    );
    assert_snapshot!(
        story(&[one, two], "
        event begun
        event begun
    "),
        @r"
    0s one: trigger said enter: because
    0s one: entered as e1
    0s one: at note
    0s one: note updated level
    0s one: completed
    0s two: trigger said enter: because
    0s two: entered as attributes_changed:54d5ed4b073bc4ffaf647eb1fdb0ab89:note:1
    0s two: at note
    0s two: note updated seen
    0s two: completed
    0s one: trigger said enter: because
    0s one: entered as e2
    0s one: at note
    0s one: completed
    "
    );
}

#[test]
fn updates_never_go_round_for_ever() {
    let count = |attribute: &str| update(&json!({attribute: {"plus": 1}}));
    let entry = |one: Json| with(one, "entry", json!("every"));
    let itself = entry(workflow("itself", changed("a"), count("a")));
    let there = entry(workflow("ping", changed("b"), count("c")));
    let back = entry(workflow("pong", changed("c"), count("b")));
    assert_snapshot!(
        story(&[itself, there, back], r#"
        set {"a": 1}
        set {"b": 1}
    "#),
        @r"
    0s itself: trigger said enter: because
    0s itself: entered as attributes_changed:1
    0s itself: at note
    0s itself: note updated a
    0s itself: completed
    0s ping: trigger said enter: because
    0s ping: entered as attributes_changed:2
    0s ping: at note
    0s ping: note updated c
    0s ping: completed
    0s pong: trigger said enter: because
    0s pong: entered as attributes_changed:259c69ad66345777fd95dac65bac29c7:note:1
    0s pong: at note
    0s pong: note updated b
    0s pong: completed
    0s ping: trigger said enter: because
    0s ping: entered as attributes_changed:2c1115c686ba1126446dc1912cb5dc0d:note:1
    0s ping: at note
    0s ping: note updated c
    0s ping: completed
    0s pong: trigger said enter: because
    0s pong: entered as attributes_changed:c8824fa2b3ab9bc38cc4a8827db1fe64:note:1
    0s pong: at note
    0s pong: note updated b
    0s pong: completed
    0s ping: trigger said enter: because
    0s ping: entered as attributes_changed:dd862a6ea2b486b645dc63d1f25a1283:note:1
    0s ping: at note
    0s ping: note updated c
    0s ping: completed
    0s pong: trigger said enter: because
    0s pong: entered as attributes_changed:c46981ac0f14b4d32b67054667920c05:note:1
    0s pong: at note
    0s pong: note updated b
    0s ping: not entered: loop_guard
    0s pong: completed
    "
    );
}

#[test]
fn a_posted_event_cannot_say_how_many_journeys_led_to_it() {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    let answers = |id| {
        let answers = workflow(id, on("message_sent"), steps.clone());
        with(answers, "entry", json!("every"))
    };
    for count in [i64::MIN, i64::MAX] {
        let posted = format!("event message_sent {{\"follow_ups\": {count}}}\n");
        let told = story(
            &[answers("ping"), answers("pong")],
            &(posted + &"send\n".repeat(8)),
        );
        assert!(told.contains("ping: note sent"), "{told}");
        assert!(told.ends_with("completed\n"), "{told}");
        assert!(told.contains("not entered: loop_guard"), "{told}");
    }
}
