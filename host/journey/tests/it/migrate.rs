//! Editing while people are inside: every row of the table in semantics.md section 7, under `migrate` and under `pin`.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::{
    time::Span,
    workflow::{Action, Edit},
};

use crate::{
    harness::World,
    rules::{has, later_than, on, with, workflow},
};

fn course(steps: Json) -> Json {
    workflow("course", on("signup"), steps)
}

fn send(id: &str) -> Json {
    json!({"id": id, "send": {"template": "hello"}})
}

fn rest(span: &str) -> Json {
    json!({"id": "rest", "wait": {"for": span}})
}

/// A journey that began at 0s in `before` and was moved to `after` at an hour; what was told from there on.
fn moved(before: Json, hour: u32, after: Json, lines: &str) -> String {
    let mut world = World::new(&[course(before)]);
    world.play("start course\n event signup {\"key\": \"a\"}\n send");
    world.play(&format!("@{hour}h pause course"));
    world.out.clear();
    world.migrate(&course(after), 1);
    world.play("resume course");
    world.play(lines);
    world.out
}

#[test]
fn a_shorter_wait_ends_as_if_it_had_always_been_so_and_an_overdue_one_at_once() {
    let steps = |span| json!([send("one"), rest(span), send("two")]);
    assert_snapshot!(moved(steps("24h"), 6, steps("12h"), "@12h send"), @r"
    6h course: moved from version 1, at rest
    6h course: rest waits until 12h
    12h course: at two
    12h course: two queued
    ");
    assert_snapshot!(moved(steps("24h"), 20, steps("12h"), "send"), @r"
    20h course: moved from version 1, at rest
    20h course: rest waits until 20h
    20h course: at two
    20h course: two queued
    20h go for attempt 1
    20h course: two sent
    20h course: completed
    ");
}

#[test]
fn a_longer_wait_counts_the_time_that_is_over() {
    let steps = |span| json!([send("one"), rest(span), send("two")]);
    assert_snapshot!(moved(steps("24h"), 23, steps("48h"), "@47h send\n @48h send"), @r"
    23h course: moved from version 1, at rest
    23h course: rest waits until 2d
    2d course: at two
    2d course: two queued
    ");
}

#[test]
fn who_waits_in_a_step_that_is_removed_goes_to_the_next_one_or_exits() {
    let before = json!([send("one"), rest("24h"), send("two")]);
    assert_snapshot!(moved(before.clone(), 6, json!([send("one"), send("two")]), "send"), @r"
    6h course: moved from version 1, its step is gone
    6h course: at two
    6h course: two queued
    6h go for attempt 1
    6h course: two sent
    6h course: completed
    ");
    assert_snapshot!(moved(before, 6, json!([send("one")]), ""), @r"
    6h course: moved from version 1, its step is gone
    6h course: exited: step_removed
    ");
}

/// Where a journey goes that waits in `rest`, whose way led to `last`, perhaps over steps that are gone as well.
fn led_to(rest: Json, between: &[Json]) -> String {
    let arms = json!([{"segment": has("gold"), "goto": "gold"}]);
    let which = json!({"id": "which", "branch": {"arms": arms}});
    let [one, gold, last] = ["one", "gold", "last"].map(send);
    let way = json!({"id": "way", "goto": {"step": "last"}});
    let mut before = vec![which.clone(), one.clone(), rest, gold.clone(), way.clone()];
    before.extend_from_slice(between);
    before.push(last.clone());
    moved(
        Json::Array(before),
        6,
        json!([which, one, gold, way, last]),
        "",
    )
}

#[test]
fn whoever_is_at_a_removed_step_goes_on_along_its_way() {
    let to = |next: &str| json!({"id": "rest", "wait": {"for": "24h"}, "next": next});
    assert_snapshot!(led_to(to("last"), &[]), @r"
    6h course: moved from version 1, its step is gone
    6h course: at last
    6h course: last queued
    ");
    // Over others that are gone: from each its own way.
    let call = json!({"id": "call", "webhook": {"url": "https://example.com/hook"}, "next": "lot"});
    let arms = json!([{"name": "all", "weight": 10_000, "goto": "back"}]);
    let lot = json!({"id": "lot", "split": {"arms": arms}});
    let back = json!({"id": "back", "goto": {"step": "last"}});
    assert_snapshot!(led_to(to("call"), &[back, lot, call]), @r"
    6h course: moved from version 1, its step is gone
    6h course: at last
    6h course: last queued
    ");
    // As if no event had come, and nobody had decided.
    let waits = json!({"id": "rest", "wait_for": {"timeout": "24h", "arms": [{"on": {"event": "paid"}}], "otherwise": "last"}});
    assert_snapshot!(led_to(waits, &[]), @r"
    6h course: moved from version 1, its step is gone
    6h course: at last
    6h course: last queued
    ");
    let looks = json!({"id": "rest", "approve": {"timeout": "24h", "rejected": "one", "otherwise": "last"}});
    assert_snapshot!(led_to(looks, &[]), @r"
    6h course: moved from version 1, its step is gone
    6h course: at last
    6h course: last queued
    ");
    // A way back that is bounded is over.
    let again = json!({"id": "again", "goto": {"step": "rest", "times_max": 3}});
    assert_snapshot!(led_to(to("again"), &[again]), @r"
    6h course: moved from version 1, its step is gone
    6h course: at last
    6h course: last queued
    ");
    // Where the way is over nothing is behind it.
    let over = json!({"id": "over", "exit": {}});
    assert_snapshot!(led_to(to("over"), &[over]), @r"
    6h course: moved from version 1, its step is gone
    6h course: exited: step_removed
    ");
}

#[test]
fn a_step_added_behind_never_runs_and_one_added_ahead_does() {
    let before = json!([send("one"), rest("24h"), send("two")]);
    let after = json!([
        send("zero"),
        send("one"),
        rest("24h"),
        send("new"),
        send("two")
    ]);
    assert_snapshot!(moved(before, 6, after, "@24h send\n send"), @r"
    6h course: moved from version 1, at rest
    1d course: at new
    1d course: new queued
    ");
}

#[test]
fn a_queued_message_goes_as_it_was_and_the_journey_goes_on_in_the_new_version() {
    let mut world = World::new(&[course(json!([send("one"), rest("24h")]))]);
    world.play("start course\n event signup {\"key\": \"a\"}\n intent\n pause course");
    world.out.clear();
    world.migrate(&course(json!([send("one"), rest("2h"), send("two")])), 1);
    world.play("outcome accepted\n resume course\n @2h send");
    assert_snapshot!(world.out, @r"
    0s course: one sent
    0s course: at rest
    0s course: rest waits until 1d
    0s course: moved from version 1, at rest
    0s course: rest waits until 2h
    2h course: at two
    2h course: two queued
    ");
}

#[test]
fn whoever_was_given_an_arm_keeps_it_under_its_name() {
    let split = |arms: Json| json!([{"id": "lot", "split": {"arms": arms}}, rest("1d"), {"id": "again", "goto": {"step": "lot", "times_max": 1}}]);
    let before = split(json!([{"name": "one", "weight": 10_000}, {"name": "two", "weight": 0}]));
    let after = split(json!([{"name": "two", "weight": 10_000}, {"name": "one", "weight": 0}]));
    assert_snapshot!(moved(before, 6, after, "@1d"), @r"
    6h course: moved from version 1, at rest
    1d course: at again
    1d course: at lot
    1d course: lot took arm 1
    1d course: at rest
    1d course: rest waits until 2d
    ");
}

#[test]
fn a_version_that_pins_moves_nobody_and_a_later_one_that_migrates_moves_all() {
    let steps = |span| course(json!([rest(span), send("two")]));
    let mut world = World::new(&[steps("24h")]);
    world.play("start course\n event signup {\"key\": \"a\"}\n pause course");
    world.out.clear();
    world.put_as(&steps("1h"), Some(1), Edit::Pin);
    world.play("@2h resume course");
    world.play("@3h pause course");
    world.migrate(&steps("4h"), 2);
    world.play("resume course\n @4h send");
    assert_snapshot!(world.out, @r"
    3h course: moved from version 1, at rest
    3h course: rest waits until 4h
    4h course: at two
    4h course: two queued
    ");
}

#[test]
fn a_wait_that_became_something_else_is_done_at_once() {
    let before = json!([rest("24h"), send("two")]);
    let after = json!([{"id": "rest", "send": {"template": "hello"}}, send("two")]);
    assert_snapshot!(moved(before, 6, after, "send\n send"), @r"
    6h course: moved from version 1, at rest
    6h course: at rest
    6h course: rest queued
    6h go for attempt 1
    6h course: rest sent
    6h course: at two
    6h course: two queued
    6h go for attempt 1
    6h course: two sent
    6h course: completed
    ");
}

#[test]
fn other_waits_are_computed_anew() {
    let zone = |steps| with(course(steps), "zone", json!("Asia/Seoul"));
    let calendar =
        |at: &str| zone(json!([{"id": "rest", "wait": {"calendar": {"days": 1, "at": at}}}]));
    let mut world = World::new(&[calendar("09:00")]);
    world.play("start course\n event signup {\"key\": \"a\"}\n pause course");
    world.migrate(&calendar("10:00"), 1);
    world.play("resume course\n pause course");
    let paid = |timeout: &str| json!([{"id": "rest", "wait_for": {"timeout": timeout, "arms": [{"on": {"event": "paid"}}]}}]);
    world.migrate(&zone(paid("3d")), 2);
    world.play("resume course\n pause course");
    let look = json!([{"id": "rest", "approve": {"timeout": "2d", "rejected": "over", "otherwise": "over"}}, {"id": "over", "exit": {}}]);
    world.migrate(&zone(look), 3);
    world.play("resume course");
    assert_snapshot!(world.out, @r"
    0s course: trigger said enter: because
    0s course: entered as a
    0s course: at rest
    0s course: rest goes by Asia/Seoul (workflow)
    0s course: rest waits until 1d
    0s course: moved from version 1, at rest
    0s course: rest goes by Asia/Seoul (workflow)
    0s course: rest waits until 25h
    0s course: moved from version 2, at rest
    0s course: rest waits until 3d
    0s course: moved from version 3, at rest
    0s course: rest waits until 2d
    ");
}

#[test]
fn a_wait_that_is_not_edited_stays_as_it_is() {
    let after = |wait: Json, lines: &str| {
        let before = course(json!([{"id": "rest", "wait": wait}, send("note")]));
        let mut world = World::new(std::slice::from_ref(&before));
        world.play(&format!("start course\n{lines}\n pause course"));
        world.out.clear();
        world.migrate(&with(before, "title", json!("Edited")), 1);
        world.play("resume course");
        world.out
    };
    let born = json!({"until": {"attribute": "born", "yearly": true}});
    let corrected = r#"
        set {"born": "1990-12-01"}
        event signup {"key": "a"}
        @120d set {"born": "1990-06-10"}
    "#;
    assert_snapshot!(after(born, corrected), @"120d course: moved from version 1, at rest");
    let removed = r#"
        set {"born": "2026-03-20"}
        event signup {"key": "a"}
        set {"born": null}
    "#;
    assert_snapshot!(after(json!({"until": {"attribute": "born"}}), removed), @"0s course: moved from version 1, at rest");
    let elsewhere = r#"
        @20h event signup {"key": "a"}
        @27h set {"time_zone": "America/Los_Angeles"}
        @28h
    "#;
    let window = json!({"window": {"from": "09:00", "to": "17:00"}});
    assert_snapshot!(after(window, elsewhere), @"28h course: moved from version 1, at rest");
}

#[test]
fn a_window_that_is_edited_is_waited_for_from_the_move_on() {
    let window = |from: &str, to: &str| {
        course(json!([
            {"id": "rest", "wait": {"window": {"from": from, "to": to}}},
            send("note")
        ]))
    };
    let mut world = World::new(&[window("09:00", "17:00")]);
    world.play("start course\n @20h event signup {\"key\": \"a\"}\n @23h pause course");
    world.migrate(&window("18:00", "22:00"), 1);
    world.play("resume course");
    assert_snapshot!(world.out, @r"
    20h course: trigger said enter: because
    20h course: entered as a
    20h course: at rest
    20h course: rest goes by UTC (utc)
    20h course: rest waits until 33h
    23h course: moved from version 1, at rest
    23h course: rest goes by UTC (utc)
    23h course: rest waits until 42h
    ");
}

#[test]
fn an_arm_of_the_version_before_fires_as_it_was_set() {
    let cart = |after: &str| {
        let trigger = later_than("cart_created", after, "order_completed");
        workflow("cart", trigger, json!([send("remind")]))
    };
    let mut world = World::new(&[cart("1h")]);
    world.play("start cart\n event cart_created {\"key\": \"a\"}\n pause cart");
    world.migrate(&cart("3h"), 1);
    world.play("resume cart\n event cart_created {\"key\": \"b\"}\n @1h\n send\n @3h send");
    assert_snapshot!(world.out, @r"
    0s cart: trigger said arm: because
    0s cart: armed a for 1h
    0s cart: trigger said arm: because
    0s cart: armed b for 3h
    1h cart: trigger said enter: because
    1h cart: entered as a
    1h cart: at remind
    1h cart: remind queued
    1h go for attempt 1
    1h cart: remind sent
    1h cart: completed
    3h cart: trigger said enter: because
    3h cart: entered as b
    3h cart: at remind
    3h cart: remind queued
    ");
}

#[test]
fn a_step_that_comes_again_in_the_new_version_makes_another_message_and_another_call() {
    let again = json!({"id": "again", "goto": {"step": "one", "times_max": 3}});
    let call = json!({"id": "call", "webhook": {"url": "https://example.com/hook"}});
    let before = json!([send("one"), call, rest("24h")]);
    let after = json!([send("one"), call, rest("24h"), again]);
    assert_snapshot!(moved(before.clone(), 6, after.clone(), "@25h send\n @50h send"), @r"
    6h course: moved from version 1, at rest
    1d course: at again
    1d course: at one
    1d course: one queued
    25h go for attempt 1
    25h course: one sent
    25h course: at call
    25h call https://example.com/hook with {}
    25h course: call calls
    25h course: at rest
    25h course: rest waits until 49h
    49h course: at again
    49h course: at one
    49h course: one queued
    50h go for attempt 1
    50h course: one sent
    50h course: at call
    50h call https://example.com/hook with {}
    50h course: call calls
    50h course: at rest
    50h course: rest waits until 74h
    ");
    // And the other way round: the loop is gone, and the step comes later.
    let later = json!([rest("24h"), send("one"), call]);
    assert_snapshot!(moved(after, 6, later, "@25h send"), @r"
    6h course: moved from version 1, at rest
    1d course: at one
    1d course: one queued
    25h go for attempt 1
    25h course: one sent
    25h course: at call
    25h call https://example.com/hook with {}
    25h course: call calls
    25h course: completed
    ");
}

#[test]
fn a_jump_of_the_new_version_takes_nobody_to_where_they_were_in_the_former_one() {
    let steps = json!([send("one"), rest("24h"), send("two"), rest_again()]);
    let jumps = json!([{"on": {"event": "paid"}, "goto": "one"}, {"on": {"event": "asked"}, "goto": "two"}]);
    let mut world = World::new(&[course(steps.clone())]);
    world.play("start course\n event signup {\"key\": \"a\"}\n send\n @6h pause course");
    world.out.clear();
    world.migrate(&with(course(steps), "jumps", jumps), 1);
    world.play("resume course\n event paid\n event asked\n event asked\n send\n event asked");
    assert_snapshot!(world.out, @r"
    6h course: moved from version 1, at rest
    6h course: jumped from rest to two by asked
    6h course: at two
    6h course: two queued
    6h go for attempt 1
    6h course: two sent
    6h course: at more
    6h course: more waits until 30h
    ");
}

fn rest_again() -> Json {
    json!({"id": "more", "wait": {"for": "24h"}})
}

#[test]
fn the_bound_of_a_way_back_counts_over_versions() {
    let again = |times: u32| json!({"id": "again", "goto": {"step": "one", "times_max": times}});
    let steps = |times| {
        json!([
            json!({"id": "zero", "wait": {"for": "1h"}}),
            send("one"),
            rest("24h"),
            again(times)
        ])
    };
    let after = json!([send("one"), rest("24h"), again(1), send("two")]);
    let mut world = World::new(&[course(steps(2))]);
    world.play(
        "start course\n event signup {\"key\": \"a\"}\n @2h send\n @27h send\n @28h pause course",
    );
    world.out.clear();
    world.migrate(&course(after), 1);
    world.play("resume course\n @52h");
    assert_snapshot!(world.out, @r"
    28h course: moved from version 1, at rest
    51h course: at again
    51h course: at two
    51h course: two queued
    ");
}

/// A message that is on its way as the version changes, and how it ends.
fn ended(before: Json, after: Json, outcome: &str) -> String {
    let mut world = World::new(&[course(before)]);
    world.play("start course\n event signup {\"key\": \"a\"}\n intent\n pause course");
    world.out.clear();
    world.migrate(&course(after), 1);
    world.play(&format!("resume course\n outcome {outcome}"));
    world.out
}

#[test]
fn a_message_that_fails_for_good_as_its_journey_moves_takes_its_own_way() {
    let one = json!({"id": "one", "send": {"template": "hello", "on_error": "wrong"}});
    let wrong = json!({"id": "wrong", "exit": {"reason": "wrong"}});
    let before = json!([one, rest("1h"), wrong]);
    let after = json!([one, rest("2h"), wrong]);
    assert_snapshot!(ended(before.clone(), after.clone(), "refused"), @r"
    0s course: one refused: 550_no_mailbox
    0s course: moved from version 1, at one
    0s course: at wrong
    0s course: exited: wrong
    ");
    assert_snapshot!(ended(before.clone(), after, "accepted"), @r"
    0s course: one sent
    0s course: moved from version 1, at one
    0s course: at rest
    0s course: rest waits until 2h
    ");
    // The step is gone: the way that it had, where it is still there.
    let gone = json!([rest("2h"), {"id": "out", "goto": {"step": "wrong"}}, wrong]);
    assert_snapshot!(ended(before.clone(), gone, "refused"), @r"
    0s course: one refused: 550_no_mailbox
    0s course: moved from version 1, its step is gone
    0s course: at wrong
    0s course: exited: wrong
    ");
    assert_snapshot!(ended(before, json!([rest("2h")]), "refused"), @r"
    0s course: one refused: 550_no_mailbox
    0s course: moved from version 1, its step is gone
    0s course: at rest
    0s course: rest waits until 2h
    ");
}

#[test]
fn exits_are_asked_and_answered_under_one_version() {
    let heard = json!({"plugin": "has", "config": {
        "inputs": [{"name": "it", "source": {"last": {"of": {"event": "message_sent", "within": "1h"}}}, "type": "instant"}],
    }});
    let steps = json!([send("one"), rest("2h")]);
    let before = with(
        course(steps.clone()),
        "exits",
        json!([{"segment": heard, "reason": "heard"}]),
    );
    let after = with(
        course(steps),
        "exits",
        json!([{"segment": has("gone"), "reason": "gone"}]),
    );
    let mut world = World::new(&[before]);
    world.play("start course\n event signup {\"key\": \"a\"}\n intent\n pause course");
    world.out.clear();
    world.migrate(&after, 1);
    world.play("resume course\n outcome accepted\n @1h set {\"gone\": 1}");
    assert_snapshot!(world.out, @r"
    0s course: one sent
    0s course: moved from version 1, at one
    0s course: at rest
    0s course: rest waits until 2h
    1h course: exits/0 said in: because
    1h course: exited: gone
    ");
}

/// The version whose template the message has, when the template is edited in a pause that begins at 4h, after the lines.
fn template_sent(workflow: &Json, lines: &str, edit: Edit, resumed: &str) -> u32 {
    let mut edited = workflow.clone();
    edited["templates"]["hello"]["subject"] = json!("Hello again");
    let mut world = World::new(std::slice::from_ref(workflow));
    world.play(&format!("start course\n {lines}\n @4h pause course"));
    world.put_as(&edited, Some(1), edit);
    world.play(&format!(
        "@{resumed} resume course\n mend values\n @10h send"
    ));
    assert_eq!(world.out.matches("note sent").count(), 1, "{}", world.out);
    let course = world.definitions.workflows.values().next().unwrap();
    let mut versions = course.versions.values();
    let sent = versions.find(|version| version.templates.values().eq(&world.templates));
    sent.unwrap().number
}

#[test]
fn a_template_that_is_edited_while_a_message_is_held_goes_as_it_was_when_queued() {
    let plain = course(json!([{"id": "note", "send": {"template": "hello"}}]));
    let window = json!({"from": "09:00", "to": "18:00"});
    let window = with(plain.clone(), "window", window);
    let quiet = r#"settings {"quiet_hours": {"window": {"from": "21:00", "to": "08:00"}}}"#;
    for edit in [Edit::Pin, Edit::Migrate] {
        let sent = template_sent(&window, "@3h event signup", edit, "5h");
        assert_eq!(sent, 1, "held by its window");
        let lines = format!("{quiet}\n @3h event signup");
        assert_eq!(
            template_sent(&plain, &lines, edit, "5h"),
            1,
            "held by night"
        );
    }
}

#[test]
fn a_message_that_is_not_queued_yet_goes_as_its_journeys_version_says() {
    let personalizer = json!({"plugin": "values", "on_failure": "hold"});
    let held = course(
        json!([{"id": "note", "send": {"template": "hello", "personalizer": personalizer}}]),
    );
    let steps = json!([
        {"id": "rest", "wait": {"for": "90m"}},
        {"id": "note", "send": {"template": "hello"}},
    ]);
    let resumed = with(course(steps), "on_resume", json!("catch_up"));
    for (edit, version) in [(Edit::Pin, 1), (Edit::Migrate, 2)] {
        let sent = template_sent(&held, "break values\n @3h event signup", edit, "4h");
        assert_eq!(sent, version, "held by its rule");
        let sent = template_sent(&resumed, "@3h event signup", edit, "5h");
        assert_eq!(sent, version, "held by the pause");
    }
}

#[test]
fn what_follows_on_a_move_is_due_at_the_move_whichever_timer_comes_late() {
    let rest = json!({"id": "rest", "wait": {"for": "1h"}});
    let other = workflow("other", on("signup"), json!([rest]));
    let before = course(json!([{"id": "gone", "wait": {"for": "9d"}}, send("note")]));
    let mut world = World::new(&[other, before]);
    world.play("start other\n start course\n event signup {\"key\": \"a\"}");
    // The timer of the other workflow is seen late, and right behind the resume.
    world.now = world.now.plus(Span::from_days(3));
    world.transition("course", Action::Pause);
    world.put_as(&course(json!([send("note")])), Some(1), Edit::Migrate);
    world.resume_unseen("course");
    world.out.clear();
    world.wind(world.now, true);
    world.play("send");
    assert_snapshot!(world.out, @r"
    3d course: moved from version 1, its step is gone
    3d course: at note
    3d course: note queued
    3d other: completed
    3d go for attempt 1
    3d course: note sent
    3d course: completed
    ");
}
