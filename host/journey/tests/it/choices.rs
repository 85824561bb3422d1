//! Splits whose arms a rule chooses: what it may answer, what its failure means, and that what was given stays.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::{check::check, limits::WAVES_MAX};
use signalbox_model::workflow::Workflow;

use crate::{
    harness::World,
    rules::{on, with, workflow},
};

#[expect(
    clippy::needless_pass_by_value,
    reason = "the cases build their JSON in place"
)]
fn by(values: Json, policy: &str) -> Json {
    json!({"plugin": "values", "config": {"values": values}, "on_failure": policy})
}

fn plain() -> Json {
    json!({"arm": "plain", "propensity": 0.25})
}

/// An order is the goal of a workflow that splits so, and has a message in both arms.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the cases build their JSON in place"
)]
fn chosen(split: Json) -> Json {
    let steps = json!([
        {"id": "lot", "split": split},
        {"id": "quiet", "send": {"template": "hello"}, "next": "end"},
        {"id": "loud", "send": {"template": "hello"}},
        {"id": "end", "exit": {}},
    ]);
    let every = with(
        workflow("chosen", on("signup"), steps),
        "entry",
        json!("every"),
    );
    let goal = json!({"on": {"event": "order_completed"}, "within": "10d"});
    with(every, "goal", goal)
}

fn arms(weights: [u32; 2]) -> Json {
    json!([
        {"name": "plain", "weight": weights[0], "goto": "quiet"},
        {"name": "shout", "weight": weights[1], "goto": "loud"},
    ])
}

/// Two arms without weights.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the cases build their JSON in place"
)]
fn split(by: Json) -> Json {
    json!({"by": by, "arms": [
        {"name": "plain", "goto": "quiet"},
        {"name": "shout", "goto": "loud"},
    ]})
}

fn started(workflow: &Json) -> World {
    let mut world = World::new(std::slice::from_ref(workflow));
    world.play("start chosen");
    world
}

/// What is told of the split, of other ways out, and of withheld messages.
fn told(world: &mut World, lines: &str) -> String {
    world.out.clear();
    world.play(lines);
    let wanted = ["lot", "exited", "paused", "skipped", "refused"];
    let lines = world.out.lines();
    let lines = lines.filter(|line| wanted.iter().any(|word| line.contains(word)));
    let lines = lines.filter(|line| !line.ends_with("at lot") && !line.ends_with("exit_step"));
    lines.collect::<Vec<_>>().join("\n")
}

fn problems(document: Json) -> String {
    let document: Workflow = serde_json::from_value(document).unwrap();
    let mut lines: Vec<String> = check(&document)
        .iter()
        .map(|problem| format!("{} {}: {}", problem.pointer, problem.code, problem.reason))
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn the_rule_names_an_arm_and_its_chance() {
    let mut world = started(&chosen(split(by(plain(), "skip"))));
    assert_snapshot!(told(&mut world, "event signup"), @r"
    0s chosen: steps/lot/personalizer said chosen: because
    0s chosen: lot gave plain at 0.25
    0s chosen: lot took arm 0
    ");
    let lot = world.state.lots[0];
    assert!((lot.propensity.as_number() - 0.25).abs() < f64::EPSILON);
}

#[test]
fn anything_else_is_a_bad_answer() {
    let answers = [
        json!({}),
        json!({"arm": "plain"}),
        json!({"propensity": 0.5}),
        json!({"arm": "other", "propensity": 0.5}),
        json!({"arm": 0, "propensity": 0.5}),
        json!({"arm": "plain", "propensity": "0.5"}),
        json!({"arm": "plain", "propensity": 0}),
        json!({"arm": "plain", "propensity": -0.5}),
        json!({"arm": "plain", "propensity": 1.5}),
        json!({"lot": {"arm": "plain", "propensity": 0.5}}),
    ];
    for values in answers {
        let mut world = started(&chosen(split(by(values.clone(), "skip"))));
        let told = told(&mut world, "event signup");
        let expected = "0s chosen: steps/lot/personalizer said failed: bad_answer\n\
                        0s chosen: exited: rule_failed";
        assert_eq!(told, expected, "{values}");
        assert_eq!(world.state.lots, [], "{values}");
    }
    for (propensity, kept) in [(json!(1), 1.0), (json!(1e-9), 0.0001), (json!(0.5), 0.5)] {
        let values = json!({"arm": "shout", "propensity": propensity, "more": [1]});
        let mut world = started(&chosen(split(by(values, "skip"))));
        let told = told(&mut world, "event signup");
        assert!(told.contains(&format!("gave shout at {kept}\n")), "{told}");
    }
}

#[test]
fn a_failure_goes_by_the_policy() {
    let failing = |policy: &str, weights: Option<[u32; 2]>, lines: &str| {
        let mut split = split(by(plain(), policy));
        if let Some(weights) = weights {
            split["arms"] = arms(weights);
        }
        let mut world = started(&chosen(split));
        told(
            &mut world,
            &format!("break values\n event signup\n {lines}"),
        )
    };
    assert_snapshot!(failing("skip", Some([1, 9_999]), ""), @r"
    0s chosen: steps/lot/personalizer said failed: trapped
    0s chosen: exited: rule_failed
    ");
    // By the weights, which is the chance that the arm had then.
    assert_snapshot!(failing("default", Some([1, 9_999]), "mend values\n event signup"), @r"
    0s chosen: steps/lot/personalizer said failed: trapped
    0s chosen: lot gave shout at 0.9999
    0s chosen: lot took arm 1
    0s chosen: lot took arm 1
    ");
    // Without any, on behind the split, and asked again the next time.
    assert_snapshot!(failing("default", None, "mend values\n event signup"), @r"
    0s chosen: steps/lot/personalizer said failed: trapped
    0s chosen: lot took the default arm
    0s chosen: steps/lot/personalizer said chosen: because
    0s chosen: lot gave plain at 0.25
    0s chosen: lot took arm 0
    ");
    assert_snapshot!(failing("hold", None, "@30s mend values\n @2m"), @r"
    0s chosen: steps/lot/personalizer said failed: trapped
    1m chosen: steps/lot/personalizer said chosen: because
    1m chosen: lot gave plain at 0.25
    1m chosen: lot took arm 0
    ");
    let last = failing("hold", Some([1, 9_999]), "@3d");
    assert_eq!(last.matches("said failed: trapped").count(), 29);
    assert!(
        last.ends_with("1491m chosen: exited: rule_failed"),
        "{last}"
    );
    let paused = failing("pause", None, "");
    assert!(
        paused.starts_with("0s chosen: steps/lot/personalizer said failed: trapped"),
        "{paused}"
    );
    assert!(!paused.contains("exited"), "{paused}");
}

#[test]
fn what_was_given_stays_and_the_rule_is_not_asked_again() {
    let first = chosen(split(by(plain(), "skip")));
    let mut world = started(&first);
    world.play("event signup");
    let again = "break values\n event signup\n mend values\n event signup";
    assert_snapshot!(told(&mut world, again), @r"
    0s chosen: lot took arm 0
    0s chosen: lot took arm 0
    ");

    // Nor by another config, other weights, or as a draw.
    let other = by(json!({"arm": "shout", "propensity": 1}), "skip");
    let weighed = with(split(other.clone()), "arms", arms([0, 10_000]));
    let drawn = json!({"arms": arms([0, 10_000])});
    let edits = [split(other.clone()), weighed, drawn];
    for (edit, split) in (1..).zip(edits) {
        world.play("pause chosen");
        world.put(&chosen(split), Some(edit));
        let told = told(&mut world, "resume chosen\n event signup");
        assert_eq!(told, "0s chosen: lot took arm 0");
    }

    // An arm that is gone is chosen anew.
    let mut renamed = split(other);
    renamed["arms"][0]["name"] = json!("another");
    world.play("pause chosen");
    world.put(&chosen(renamed), Some(4));
    assert_snapshot!(told(&mut world, "resume chosen\n event signup"), @r"
    0s chosen: steps/lot/personalizer said chosen: because
    0s chosen: lot gave shout at 1
    0s chosen: lot took arm 1
    ");
}

#[test]
fn the_way_back_to_the_split_takes_the_same_arm() {
    let steps = json!([
        {"id": "lot", "split": {"by": by(plain(), "skip"), "arms": [{"name": "plain"}, {"name": "shout"}]}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "again", "goto": {"step": "lot", "times_max": 2}},
    ]);
    let mut world = started(&workflow("chosen", on("signup"), steps));
    assert_snapshot!(told(&mut world, "event signup\n break values\n @5d"), @r"
    0s chosen: steps/lot/personalizer said chosen: because
    0s chosen: lot gave plain at 0.25
    0s chosen: lot took arm 0
    1d chosen: lot took arm 0
    2d chosen: lot took arm 0
    ");
}

#[test]
fn two_that_ask_at_once_are_given_one_lot() {
    let sharing = |id: &str, arm: &str| {
        let by = by(json!({"arm": arm, "propensity": 0.5}), "skip");
        let shared = with(split(by), "experiment", json!("subject"));
        with(chosen(shared), "id", json!(id))
    };
    let mut world = World::new(&[sharing("one", "plain"), sharing("two", "shout")]);
    world.play("start one\n start two");
    assert_snapshot!(told(&mut world, "event signup"), @r"
    0s one: steps/lot/personalizer said chosen: because
    0s one: lot gave plain at 0.5
    0s one: lot took arm 0
    0s two: lot took arm 0
    ");
    assert_eq!(world.state.lots.len(), 1);
}

#[test]
fn people_convert_once_at_the_chance_they_had() {
    let mut world = started(&chosen(split(by(plain(), "skip"))));
    assert_snapshot!(told(&mut world, "event signup\n send\n event order_completed\n event order_completed"), @r"
    0s chosen: steps/lot/personalizer said chosen: because
    0s chosen: lot gave plain at 0.25
    0s chosen: lot took arm 0
    0s chosen: lot converted in plain at 0.25
    ");
}

#[test]
fn everybody_takes_the_winner_of_an_experiment_that_was_ended_by_hand() {
    let mut world = started(&chosen(split(by(plain(), "skip"))));
    world.play("event signup");
    world.end_experiment("chosen", 1, Some("shout"));
    assert_snapshot!(told(&mut world, "break values\n event signup"), @"0s chosen: lot took arm 1");
}

#[test]
fn an_arm_that_gets_nothing_may_be_chosen() {
    let mut split = split(by(plain(), "skip"));
    split["arms"][0]["holdout"] = json!(true);
    let mut world = started(&chosen(split));
    assert_snapshot!(told(&mut world, "event signup"), @r"
    0s chosen: steps/lot/personalizer said chosen: because
    0s chosen: lot gave plain at 0.25
    0s chosen: lot took arm 0
    0s chosen: quiet skipped: holdout
    ");
}

#[test]
fn who_is_held_at_a_split_goes_by_the_version_that_moved_them() {
    let mut world = started(&chosen(split(by(plain(), "hold"))));
    world.play("break values\n event signup\n pause chosen");
    world.migrate(&chosen(json!({"arms": arms([0, 10_000])})), 1);
    assert_snapshot!(told(&mut world, "resume chosen\n @5m"), @r"
    1m chosen: lot drew shout
    1m chosen: lot took arm 1
    ");
}

#[test]
fn checks_know_that_a_rule_chooses() {
    let hold = by(plain(), "hold");
    assert_eq!(problems(chosen(split(hold.clone()))), "");
    assert_eq!(
        problems(chosen(with(split(hold.clone()), "arms", arms([1, 9_999])))),
        ""
    );
    assert_snapshot!(problems(chosen(with(split(hold.clone()), "arms", arms([1, 9]))))
        , @"/steps/0/split/arms weights_sum: the weights add up to 10, not to 10000");
    let winner = json!({"by": "goal"});
    assert_snapshot!(problems(chosen(with(split(hold.clone()), "winner", winner)))
        , @"/steps/0/split/winner winner_by_plugin: a rule chooses the arms, and what finds a winner needs them drawn by their weights");

    // Where a failure leads on without an arm, `next` is a way out.
    let behind = |policy: &str| {
        let mut document = chosen(split(by(plain(), policy)));
        document["steps"][0]["next"] = json!("end");
        problems(document)
    };
    assert_eq!(behind("default"), "");
    assert_snapshot!(behind("hold"), @"/steps/0/next next_not_taken: the split says where everybody goes, so nobody takes `next`");
}

#[test]
fn splits_with_a_rule_count_as_questions_in_a_row() {
    let step = |index: u32| json!({"id": format!("s{index}"), "split": {"by": by(plain(), "skip"), "arms": [{"name": "plain"}]}});
    let most = WAVES_MAX - 3;
    let mut steps: Vec<Json> = (0..=most).map(step).collect();
    let deep = workflow("chosen", on("signup"), json!(steps));
    assert!(problems(deep).contains("too_many_questions"));
    steps.pop();
    let document = workflow("chosen", on("signup"), json!(steps));
    assert_eq!(problems(document.clone()), "");
    let told = told(&mut started(&document), "event signup");
    assert!(!told.contains("loop_guard"), "{told}");
}
