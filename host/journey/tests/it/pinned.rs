//! A property: editing under `pin` never changes what a person inside receives.

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
            4 => json!({"id": id, "split": {"arms": [{"name": "a", "weight": 5_000}, {"name": "b", "weight": 5_000, "goto": "over"}]}}),
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
    ]
}

/// Everything told of the journey with key `a`: it entered before the edit.
fn received(before: &Json, edit: Option<&Json>, edit_at: usize, lines: &[String]) -> String {
    let mut world = World::new(std::slice::from_ref(before));
    world.play("start course\n event signup {\"key\": \"a\"}");
    let mut hours = 0;
    for (at, line) in lines.iter().enumerate() {
        if at == edit_at {
            // The one that is not edited stands still as long.
            world.play("pause course");
            if let Some(edit) = edit {
                world.put_as(edit, Some(1), Edit::Pin);
            }
            world.play("resume course");
        }
        match line.strip_prefix("wind ") {
            Some(more) => {
                hours += more.parse::<u64>().unwrap();
                world.play(&format!("@{hours}h"));
            }
            None => world.play(line),
        }
    }
    hours += 1_000;
    world.play(&format!("@{hours}h"));
    for _ in 0..12 {
        world.play("send");
        hours += 1_000;
        world.play(&format!("@{hours}h"));
    }
    world.out
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
        let kept = received(&before, None, edit_at, &lines);
        let edited = received(&before, Some(&after), edit_at, &lines);
        prop_assert_eq!(kept, edited);
    }
}
