//! A binding that adopts moves on within its workflow version: whoever is inside is asked about by the new file from the
//! next question on, and what was decided before stays.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::{
    harness::World,
    rules::{has, later_than, on, with, workflow},
};

/// A branch, and a message whose personalizer holds, each a day behind the step before; and an exit by segment.
fn course() -> Json {
    let personalizer = json!({"plugin": "values", "on_failure": "hold"});
    let steps = json!([
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "which", "branch": {"arms": [{"segment": has("gold"), "goto": "note"}]}},
        {"id": "more", "wait": {"for": "1d"}},
        {"id": "note", "send": {"template": "hello", "personalizer": personalizer}},
    ]);
    with(
        workflow("course", on("signup"), steps),
        "exits",
        json!([{"segment": has("left")}]),
    )
}

/// What the rules said.
fn said(world: &World) -> String {
    let lines = world.out.lines().filter(|line| line.contains(" said "));
    let lines: Vec<String> = lines.map(|line| line.replace("course: ", "")).collect();
    lines.join("\n")
}

#[test]
fn a_journey_under_way_is_asked_about_by_the_new_file_from_the_next_question_on() {
    let mut world = World::new(&[course()]);
    world.play("start course\n event signup {\"key\": \"a\"}\n @1d");
    world.rebind("course", 1, "steps/which/arms/0");
    world.rebind("course", 1, "steps/note/personalizer");
    world.play("@2d");
    world.rebind("course", 1, "exits/0");
    world.play("send");
    assert_snapshot!(said(&world), @r"
    0s trigger said enter: because
    1d steps/which/arms/0 said out: because_not
    2d steps/note/personalizer said chosen: because_again
    2d exits/0 said out: because_not_again
    ");
}

#[test]
fn a_step_that_is_held_asks_the_new_file_when_it_asks_again() {
    let mut world = World::new(&[course()]);
    world.play("start course\n event signup {\"key\": \"a\"}\n @25h break values\n @2d");
    world.rebind("course", 1, "steps/note/personalizer");
    world.play("@2881m mend values\n @2890m");
    assert_snapshot!(said(&world), @r"
    0s trigger said enter: because
    1d steps/which/arms/0 said out: because_not
    2d steps/note/personalizer said failed: trapped
    2881m steps/note/personalizer said chosen: because_again
    ");
}

#[test]
fn each_version_moves_on_by_itself() {
    let mut world = World::new(&[course()]);
    world.play("start course\n event signup {\"key\": \"a\"}\n pause course");
    world.put(&course(), Some(1));
    world.play("resume course");
    world.rebind("course", 2, "steps/which/arms/0");
    world.rebind("course", 1, "steps/note/personalizer");
    world.play("@2d");
    assert_snapshot!(said(&world), @r"
    0s trigger said enter: because
    1d steps/which/arms/0 said out: because_not
    2d steps/note/personalizer said chosen: because_again
    ");
}

#[test]
fn an_arm_asks_the_new_file_when_it_falls_due() {
    let steps = json!([{"id": "remind", "send": {"template": "hello"}}]);
    let cart = workflow(
        "course",
        later_than("cart_created", "1h", "order_completed"),
        steps,
    );
    let mut world = World::new(&[cart]);
    world.play("start course\n event cart_created {\"key\": \"a\"}");
    world.rebind("course", 1, "trigger");
    world.play("@1h");
    assert_snapshot!(said(&world), @r"
    0s trigger said arm: because
    1h trigger said enter: because_again
    ");
}

#[test]
fn what_is_held_is_asked_on_its_own_occasion_though_the_new_file_has_another_order() {
    let steps = json!([{"id": "remind", "send": {"template": "hello"}}]);
    let mut trigger = later_than("cart_created", "1h", "order_completed");
    trigger["on_failure"] = json!("hold");
    let mut world = World::new(&[workflow("course", trigger, steps)]);
    world.play("start course\n break later\n event cart_created {\"key\": \"a\"}");
    world.rebind_with("course", 1, "trigger", |binding| {
        let mut config: Json = serde_json::from_str(&binding.config).unwrap();
        config["on"].as_array_mut().unwrap().reverse();
        binding.config = config.to_string();
        binding.plan.occasions.reverse();
    });
    world.play("@1m mend later\n @90m");
    // It arms on the cart, which is its second occasion by now, and enters on the first, when the arm is due.
    assert_snapshot!(said(&world), @r"
    0s trigger said failed: trapped
    1m trigger said arm: because_again
    61m trigger said enter: because_again
    ");
}
