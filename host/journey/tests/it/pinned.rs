//! A property: editing under `pin` never changes what a person inside receives, experiments that end before or after it
//! included.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use signalbox_model::workflow::Edit;

use crate::{
    harness::World,
    rules::{has, on, workflow},
};

/// Steps of every kind that decides, sends or waits, by a few numbers.
fn steps(shape: &[u8]) -> Json {
    let mut steps = Vec::new();
    for (at, kind) in shape.iter().enumerate() {
        let id = format!("s{at}");
        steps.push(match kind % 6 {
            0 => json!({"id": id, "send": {"template": "hello"}}),
            1 => json!({"id": id, "wait": {"for": format!("{}h", 1 + kind)}}),
            2 => json!({"id": id, "wait_for": {"timeout": format!("{}h", 1 + kind), "arms": [{"on": {"event": "paid"}}]}}),
            3 => json!({"id": id, "branch": {"arms": [{"segment": has("gold"), "goto": "over"}]}}),
            4 => {
                let a = if kind / 6 % 2 == 0 { 5_000 } else { 3_000 };
                json!({"id": id, "split": {"arms": [{"name": "a", "weight": a}, {"name": "b", "weight": 10_000 - a, "goto": "over"}]}})
            }
            _ => json!({"id": id, "wait": {"calendar": {"days": 1, "at": "09:00"}}}),
        });
    }
    steps.push(json!({"id": "over", "send": {"template": "hello"}}));
    Json::Array(steps)
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("send".to_owned()),
        Just("event paid".to_owned()),
        Just("set {\"gold\": 1}".to_owned()),
        Just("set {\"time_zone\": \"Asia/Seoul\"}".to_owned()),
        (1..40_u64).prop_map(|hours| format!("wind {hours}")),
        (0..8_usize, prop_oneof![Just("a"), Just("b")])
            .prop_map(|(step, winner)| format!("win s{step} {winner}")),
    ]
}

/// What the workflow has at that step.
fn step_of<'a>(workflow: &'a Json, step: &str) -> Option<&'a Json> {
    let mut steps = workflow["steps"].as_array()?.iter();
    steps.find(|one| one["id"] == step)
}

/// Everything told of the journey with key `a`: it entered before the edit, which is done or only stood still for.
fn received(
    (before, after): (&Json, &Json),
    is_edited: bool,
    edit_at: usize,
    lines: &[String],
) -> String {
    let mut world = World::new(std::slice::from_ref(before));
    world.play("start course\n event signup {\"key\": \"a\"}");
    let mut hours = 0;
    let mut version = 1;
    for (at, line) in lines.iter().enumerate() {
        if at == edit_at {
            world.play("pause course");
            if is_edited {
                version = 2;
                world.put_as(after, Some(1), Edit::Pin);
            }
            world.play("resume course");
        }
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["wind", more] => {
                hours += more.parse::<u64>().unwrap();
                world.play(&format!("@{hours}h"));
            }
            ["win", step, winner] => {
                // Behind an edit of the split it is another experiment that ends.
                let is_same = step_of(before, step) == step_of(after, step);
                if is_edited || is_same || at < edit_at {
                    world.end_experiment_at("course", step, version, Some(winner));
                }
            }
            _ => world.play(line),
        }
    }
    hours += 1_000;
    world.play(&format!("@{hours}h"));
    for _ in 0..12 {
        world.play("send");
        hours += 1_000;
        world.play(&format!("@{hours}h"));
    }
    // Who may not end what is over already is no matter of the person's.
    let lines = world.out.lines();
    let lines = lines.filter(|line| {
        !line.contains(" refused: step ") && !line.contains(" refused: the experiment ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn editing_under_pin_changes_nothing_for_who_is_inside(
        before in prop::collection::vec(any::<u8>(), 1..8),
        after in prop::collection::vec(any::<u8>(), 1..8),
        edit_at in 0..10_usize,
        lines in prop::collection::vec(line(), 0..12),
    ) {
        let course = |shape: &[u8]| workflow("course", on("signup"), steps(shape));
        let (before, after) = (course(&before), course(&after));
        let kept = received((&before, &after), false, edit_at, &lines);
        let edited = received((&before, &after), true, edit_at, &lines);
        prop_assert_eq!(kept, edited);
    }
}
