//! Experiments: who is counted in which arm, and what becomes of people once one is over.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::World,
    rules::{on, with, workflow},
};

/// A message before the lot, one behind it, and an order as the goal. All draw `plain` unless the weights say `shout`.
fn tested(by: &str, plain: u32) -> Json {
    let split = json!({
        "arms": [
            {"name": "plain", "weight": plain, "goto": "quiet"},
            {"name": "shout", "weight": 10_000 - plain, "goto": "loud"},
        ],
        "winner": {"by": by},
    });
    let steps = json!([
        {"id": "before", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "lot", "split": split},
        {"id": "quiet", "send": {"template": "hello"}, "next": "end"},
        {"id": "loud", "send": {"template": "hello"}},
        {"id": "end", "exit": {}},
    ]);
    let every = with(
        workflow("tested", on("signup"), steps),
        "entry",
        json!("every"),
    );
    let goal = json!({"on": {"event": "order_completed"}, "within": "10d"});
    with(every, "goal", goal)
}

/// What is told of lots and messages.
fn told(world: &mut World, lines: &str) -> String {
    world.out.clear();
    world.play(lines);
    let wanted = ["drew", "took", "converted in", "refused", "sent"];
    let lines = world.out.lines();
    let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

fn started(workflow: &Json) -> World {
    let mut world = World::new(std::slice::from_ref(workflow));
    world.play("start tested");
    world
}

#[test]
fn people_are_counted_once_and_convert_by_a_message_behind_the_lot() {
    let mut world = started(&tested("goal", 9_999));
    assert_snapshot!(told(&mut world, r#"
        event signup {"key": "a"}
        send
        @1d
        event order_completed
        send
        event order_completed
        event order_completed
        event signup {"key": "b"}
        send
        @2d
        send
        event order_completed
    "#), @r"
    0s tested: before sent
    1d tested: lot drew plain
    1d tested: lot took arm 0
    1d tested: quiet sent
    1d tested: lot converted in plain
    1d tested: before sent
    2d tested: lot took arm 0
    2d tested: quiet sent
    ");
}

#[test]
fn opens_and_clicks_by_people_convert_where_the_experiment_says_so() {
    let acts = r#"
        event signup {"key": "a"}
        send
        @1d
        send
        event order_completed
        event message_opened {"workflow": "tested", "step": "before"}
        event message_clicked {"workflow": "tested", "step": "quiet", "machine": true}
        @25h event message_opened {"workflow": "tested", "step": "quiet"}
        @26h event message_clicked {"workflow": "tested", "step": "quiet"}
    "#;
    let converted = |by: &str| {
        let told = told(&mut started(&tested(by, 9_999)), acts);
        let lines = told.lines().filter(|line| line.contains("converted in"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(converted("opened"), @"25h tested: lot converted in plain");
    assert_snapshot!(converted("clicked"), @"26h tested: lot converted in plain");
}

#[test]
fn everybody_takes_the_winner_and_an_edit_of_the_split_begins_anew() {
    let first = tested("goal", 9_999);
    let mut world = started(&first);
    let again = |world: &mut World, day: u32| {
        let lines = format!("event signup {{\"key\": \"{day}\"}}\n send\n @{day}d");
        let told = told(world, &lines);
        let lines = told.lines().filter(|line| !line.contains("sent"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(again(&mut world, 1), @r"
    1d tested: lot drew plain
    1d tested: lot took arm 0
    ");
    world.end_experiment("tested", 1, Some("shout"));
    assert_snapshot!(again(&mut world, 2), @"2d tested: lot took arm 1");

    // A new version with the same split goes on with the winner.
    world.play("pause tested");
    world.put(&with(first.clone(), "title", json!("Another")), Some(1));
    world.play("resume tested");
    assert_snapshot!(again(&mut world, 3), @"3d tested: lot took arm 1");

    // Other weights are another experiment; who has an arm keeps it.
    world.play("pause tested");
    world.put(&tested("goal", 9_998), Some(2));
    world.play("resume tested");
    assert_snapshot!(again(&mut world, 4), @"4d tested: lot took arm 0");

    // Over without a winner nothing changes.
    world.end_experiment("tested", 3, None);
    assert_snapshot!(again(&mut world, 5), @"5d tested: lot took arm 0");
}

#[test]
fn an_experiment_is_over_for_whoever_is_on_a_version_that_splits_as_it_did() {
    let again = |plain: u32, title: &str| with(tested("goal", plain), "title", json!(title));
    let mut world = started(&again(9_999, "First"));
    world.play("event signup {\"key\": \"over\"}\n send");
    world.end_experiment("tested", 1, Some("shout"));
    world.play("@1h pause tested");
    world.put(&again(9_999, "Same"), Some(1));
    world.play("resume tested\n event signup {\"key\": \"same\"}\n send");
    world.play("@2h pause tested");
    world.put(&again(9_998, "Other"), Some(2));
    world.play("resume tested\n event signup {\"key\": \"other\"}\n send");
    assert_snapshot!(told(&mut world, "@30h"), @r"
    1d tested: lot took arm 1
    25h tested: lot took arm 1
    26h tested: lot drew plain
    26h tested: lot took arm 0
    ");

    // Neither is the winner of the next experiment theirs.
    let mut world = started(&again(9_999, "First"));
    world.play("event signup {\"key\": \"open\"}\n send\n pause tested");
    world.put(&again(9_998, "Other"), Some(1));
    world.end_experiment("tested", 2, Some("shout"));
    world.play("resume tested\n @1h event signup {\"key\": \"over\"}\n send");
    assert_snapshot!(told(&mut world, "@30h"), @r"
    1d tested: lot drew plain
    1d tested: lot took arm 0
    25h tested: lot took arm 1
    ");
}

#[test]
fn an_experiment_ends_once_and_only_as_it_was_looked_at() {
    let first = tested("goal", 9_999);
    let mut world = World::new(std::slice::from_ref(&first));
    world.end_experiment("tested", 1, Some("shout"));
    world.play("start tested");
    world.end_experiment("tested", 1, Some("whisper"));
    world.end_experiment("other", 1, Some("shout"));
    world.play("pause tested");
    world.put(&tested("goal", 1), Some(1));
    world.end_experiment("tested", 1, Some("shout"));
    world.end_experiment("tested", 2, Some("shout"));
    world.play("@1h");
    world.end_experiment("tested", 2, Some("plain"));
    assert_snapshot!(world.out, @r"
    0s refused: workflow tested is draft, but end_experiment needs running or paused; allowed: edit, start, schedule, delete
    0s refused: step lot of workflow tested has no such experiment: no arm has that name
    0s refused: there is no workflow other
    0s refused: step lot of workflow tested has no such experiment: the current version splits in another way
    1h refused: the experiment at step lot of workflow tested was over at 2026-03-01T00:00:00Z
    ");
}

#[test]
fn a_lot_of_a_workflow_that_was_deleted_is_drawn_anew_by_its_successor() {
    let tested = tested("goal", 9_999);
    let mut world = started(&tested);
    let before = "event signup {\"key\": \"a\"}\n send\n @1d\n send\n pause tested\n delete tested";
    assert_snapshot!(told(&mut world, before), @r"
    0s tested: before sent
    1d tested: lot drew plain
    1d tested: lot took arm 0
    1d tested: quiet sent
    ");
    world.put(&tested, None);
    world.play("@25h start tested");
    assert_snapshot!(told(&mut world, r#"
        event order_completed
        event signup {"key": "a"}
        send
        event order_completed
        @50h
        send
        event order_completed
    "#), @r"
    25h tested: before sent
    49h tested: lot drew plain
    49h tested: lot took arm 0
    50h tested: quiet sent
    50h tested: lot converted in plain
    ");
}
