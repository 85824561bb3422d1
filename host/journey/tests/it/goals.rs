//! Goals and what counts for them: conversions, the one message that is credited, and exits that always are.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::state::TOUCHES_MAX;

use crate::{
    harness::{World, story},
    rules::{on, with, workflow},
};

/// A message on sign-up that is to bring about an order.
fn note(id: &str, goal: Json) -> Json {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}, {"id": "rest", "wait": {"for": "30d"}}]);
    with(workflow(id, on("signup"), steps), "goal", goal)
}

fn order(within: &str) -> Json {
    json!({"on": {"event": "order_completed"}, "within": within, "value": "total"})
}

/// What is told of conversions and exits.
fn counted(workflows: &[Json], lines: &str) -> String {
    let told = story(workflows, lines);
    let wanted = ["converted", "exited", "not entered", "refused"];
    let lines = told
        .lines()
        .filter(|line| wanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn conversions_count_in_time_and_after_the_exit_too() {
    let leaves = with(
        note("leaves", order("2d")),
        "exits",
        json!([{"on": {"event": "left"}}]),
    );
    assert_snapshot!(counted(&[leaves], r#"
        event signup {"key": "a"}
        send
        event left
        @1d event order_completed {"total": 12.5}
        @2d event order_completed {"total": "much"}
        @2d event order_completed age=1ms
        @3d event order_completed
    "#), @r"
    0s leaves: exited: exit_event
    1d leaves: note converted by e3: first credited worth 125000
    2d leaves: note converted by e4: credited worth 0
    2d leaves: note converted by e5: credited worth 0
    ");
}

#[test]
fn the_last_message_of_all_workflows_is_credited_and_no_other() {
    let first = note("first", order("30d"));
    let mut second = note("second", order("30d"));
    second["trigger"] = on("viewed");
    assert_snapshot!(counted(&[first, second], r#"
        event signup {"key": "a"}
        send
        @1d event viewed {"key": "b"}
        send
        @2d event order_completed {"total": 10}
        @7d event order_completed {"total": 20}
    "#), @r"
    2d first: note converted by e3: first worth 100000
    2d second: note converted by e3: first credited worth 100000
    7d first: note converted by e4:  worth 200000
    7d second: note converted by e4:  worth 200000
    ");
}

#[test]
fn a_goal_may_count_from_opens_or_clicks_but_never_from_those_of_machines() {
    let mut opened = order("2d");
    opened["after"] = json!("opened");
    let mut clicked = order("2d");
    clicked["after"] = json!("clicked");
    assert_snapshot!(counted(&[note("opened", opened), note("clicked", clicked)], r#"
        event signup {"key": "a"}
        send
        @1h event order_completed {"total": 1}
        @2h event message_opened {"workflow": "opened", "step": "note", "machine": true}
        event order_completed {"total": 2}
        @3h event message_opened {"workflow": "opened", "step": "note"}
        event order_completed {"total": 3}
        @4h event message_clicked {"workflow": "clicked", "step": "note"}
        event order_completed {"total": 4}
        @60h event order_completed {"total": 5}
    "#), @r"
    3h opened: note converted by e6: first credited worth 30000
    4h clicked: note converted by e8: first credited worth 40000
    4h opened: note converted by e8:  worth 40000
    ");
}

#[test]
fn an_order_told_late_counts_from_the_opening_before_it() {
    let mut opened = order("2d");
    opened["after"] = json!("opened");
    let mut clicked = order("2d");
    clicked["after"] = json!("clicked");
    assert_snapshot!(counted(&[note("opened", opened), note("clicked", clicked)], r#"
        event signup {"key": "a"}
        send
        @2h event message_opened {"workflow": "opened", "step": "note"}
        event message_clicked {"workflow": "clicked", "step": "note"}
        @9h event message_opened {"workflow": "opened", "step": "note"}
        event message_clicked {"workflow": "clicked", "step": "note"}
        event order_completed age=8h {"total": 1}
        event order_completed age=6h {"total": 2}
        event order_completed {"total": 3}
        @57h event order_completed {"total": 4}
        event order_completed age=1ms {"total": 5}
    "#), @r"
    9h clicked: note converted by e7: first worth 20000
    9h opened: note converted by e7: first credited worth 20000
    9h clicked: note converted by e8:  worth 30000
    9h opened: note converted by e8: credited worth 30000
    57h clicked: note converted by e9:  worth 40000
    57h opened: note converted by e9: credited worth 40000
    57h clicked: note converted by e10:  worth 50000
    57h opened: note converted by e10: credited worth 50000
    ");
}

#[test]
fn who_is_held_out_is_compared_and_never_credited() {
    let held_out = note("held_out", order("7d"));
    assert_snapshot!(counted(&[held_out], r#"
        settings {"holdout": 10000}
        event signup {"key": "a"}
        @1d event order_completed {"total": 10}
        event order_completed {"total": 10}
    "#), @r"
    1d held_out: note converted by e2: first withheld worth 100000
    1d held_out: note converted by e3: withheld worth 100000
    ");
}

/// Messages with their classes, a day apart, and an order behind the last; from the second on she is held out.
fn counted_held_out(classes: &[&str]) -> String {
    let arms = json!([{"name": "nothing", "weight": 10_000, "holdout": true}]);
    let lot = json!({"id": "lot", "split": {"arms": arms}});
    let mut steps = Vec::new();
    for (number, class) in classes.iter().enumerate() {
        let send = json!({"template": "hello", "class": class});
        steps.push(json!({"id": format!("mail{number}"), "send": send}));
        steps.push(json!({"id": format!("rest{number}"), "wait": {"for": "1d"}}));
    }
    steps.insert(2, lot);
    let held_out = with(
        workflow("held_out", on("signup"), Json::Array(steps)),
        "goal",
        order("7d"),
    );
    let mut lines = "event signup\n send\n".to_owned();
    for day in 1..classes.len() {
        writeln!(lines, "@{day}d\n send").expect("it is a string");
    }
    counted(
        &[held_out],
        &(lines + "event order_completed {\"total\": 10}"),
    )
}

#[test]
fn what_was_withheld_hides_no_marketing_that_was_sent_and_is_hidden_by_no_receipt() {
    assert_snapshot!(counted_held_out(&["marketing", "marketing"]), @r"
    1d held_out: mail0 converted by e2: first credited worth 100000
    1d held_out: mail1 converted by e2: first withheld worth 100000
    1d held_out: lot converted in nothing
    ");
    assert_snapshot!(counted_held_out(&["transactional", "marketing", "transactional"]), @r"
    2d held_out: mail1 converted by e2: first withheld worth 100000
    2d held_out: lot converted in nothing
    ");
    assert_snapshot!(counted_held_out(&["marketing", "transactional"]), @r"
    1d held_out: mail1 converted by e2: first credited worth 100000
    1d held_out: lot converted in nothing
    ");
}

#[test]
fn a_goal_may_end_the_journey() {
    let mut goal = order("7d");
    goal["exit"] = json!(true);
    assert_snapshot!(counted(&[note("ends", goal)], r#"
        event signup {"key": "a"}
        event order_completed
    "#), @"0s ends: exited: goal_reached");
}

#[test]
fn unsubscribes_complaints_hard_bounces_and_erasure_always_exit() {
    let steps = json!([{"id": "note", "send": {"template": "hello", "class": "transactional"}}]);
    let receipt = workflow("receipt", on("signup"), steps);
    let news = note("news", json!("none"));
    let quiet = workflow(
        "quiet",
        on("signup"),
        json!([{"id": "rest", "wait": {"for": "1d"}}]),
    );
    for event in [
        "contact_unsubscribed",
        "message_complained",
        r#"message_bounced {"kind": "soft"}"#,
        r#"message_bounced {"kind": "hard"}"#,
        "contact_erased",
        "message_replied",
    ] {
        let lines = format!("event signup {{\"key\": \"a\"}}\n event {event}");
        let told = counted(&[news.clone(), quiet.clone(), receipt.clone()], &lines);
        let expected = match event {
            "contact_unsubscribed" => {
                "0s news: exited: unsubscribed\n0s quiet: exited: unsubscribed"
            }
            "message_complained" => "0s news: exited: complaint\n0s quiet: exited: complaint",
            r#"message_bounced {"kind": "hard"}"# => {
                "0s news: exited: hard_bounce\n0s quiet: exited: hard_bounce\n0s receipt: exited: hard_bounce"
            }
            "contact_erased" => {
                "0s news: exited: erased\n0s quiet: exited: erased\n0s receipt: exited: erased"
            }
            _ => "",
        };
        assert_eq!(told, expected, "{event}");
    }
}

#[test]
fn what_happens_to_a_message_of_before_the_start_triggers_nothing() {
    let news = note("news", json!("none"));
    let opened = |id: &str| {
        let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
        workflow(id, on("message_opened"), steps)
    };
    let mut world = World::new(&[news, opened("early"), opened("late")]);
    world.play("start news\n start early\n event signup {\"key\": \"a\"}\n send\n @1h start late");
    world.play("event message_opened {\"workflow\": \"news\", \"step\": \"note\", \"key\": \"a\"}");
    world.play("event message_opened {\"sent_at\": \"2026-02-28T00:00:00Z\", \"key\": \"b\"}");
    world.play("event message_opened {\"sent_at\": \"2026-03-01T02:00:00Z\", \"key\": \"c\"}");
    let lines = world.out.lines().filter(|line| line.contains("entered"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    0s news: entered as a
    1h late: not entered: sent_before_start
    1h early: entered as a
    1h early: not entered: sent_before_start
    1h late: not entered: sent_before_start
    1h early: not entered: inside
    1h late: entered as c
    ");
}

#[test]
fn what_happens_to_a_message_triggers_from_the_start_on_whatever_it_is() {
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    for event in ["message_sent", "message_clicked", "message_replied"] {
        let heard = |id: &str| workflow(id, on(event), steps.clone());
        let mut world = World::new(&[note("news", json!("none")), heard("early"), heard("late")]);
        world.play("start news\n start early\n event signup {\"key\": \"a\"}\n send");
        world.play("@1h start late");
        world.play(&format!(
            "event {event} {{\"workflow\": \"news\", \"step\": \"note\", \"key\": \"b\"}}"
        ));
        let lines = world.out.lines().filter(|line| line.contains("entered"));
        let lines = lines.collect::<Vec<_>>().join("\n");
        if event == "message_sent" {
            assert_snapshot!(lines, @r"
            0s news: entered as a
            0s early: entered as message_sent:14a0cd8e68817c7ed34673973f36585e
            1h late: not entered: sent_before_start
            1h early: not entered: inside
            ");
        } else {
            let expected = "0s news: entered as a\n1h late: not entered: sent_before_start\n1h early: entered as b";
            assert_eq!(lines, expected, "{event}");
        }
    }
}

#[test]
fn a_message_that_is_forgotten_is_of_before_the_start_as_well() {
    let news = with(note("news", json!("none")), "entry", json!("every"));
    let steps = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    let opened = with(
        workflow("opened", on("message_opened"), steps),
        "entry",
        json!("every"),
    );
    let mut world = World::new(&[news, opened]);
    world.play("start news");
    let mut sent = Vec::new();
    for issue in 0..=TOUCHES_MAX {
        world.play(&format!("event signup {{\"key\": \"{issue}\"}}\n send"));
        sent.push(world.state.touches.last().unwrap().message);
    }
    assert!(
        world
            .state
            .touches
            .iter()
            .all(|touch| touch.message != sent[0])
    );
    world.play("@1d start opened");
    world.out.clear();
    for message in [sent[0], sent[1]] {
        world.play(&format!(
            "event message_opened {{\"message\": \"{message}\"}}"
        ));
    }
    assert_snapshot!(world.out, @r"
    1d opened: not entered: sent_before_start
    1d opened: not entered: sent_before_start
    ");
}

#[test]
fn nothing_starts_without_saying_what_it_is_for() {
    let mut silent = note("silent", json!("none"));
    silent.as_object_mut().unwrap().remove("goal");
    assert_snapshot!(story(&[silent], ""), @"0s refused: workflow silent names no goal: say `goal: none`, or which event it is to bring about");
}

#[test]
fn what_a_machine_opens_or_clicks_moves_nobody_who_does_not_ask_for_it() {
    let steps = json!([
        {"id": "rest", "wait_for": {"timeout": "9d", "arms": [{"on": {"event": "message_clicked"}}]}},
        {"id": "more", "wait": {"for": "9d"}},
    ]);
    let about = |id: &str, part: &str, value: Json| {
        with(workflow(id, on("signup"), steps.clone()), part, value)
    };
    let opened = json!({"event": "message_opened"});
    let by_machine = json!({"event": "message_opened", "where": [{"field": "machine", "operator": "eq", "value": true}]});
    let jumps = json!([{"on": {"event": "message_opened"}, "goto": "more"}]);
    let goal = json!({"on": {"event": "message_clicked"}, "exit": true});
    let mut asks = workflow("asks", on("message_opened"), steps.clone());
    asks["trigger"]["config"]["on"] = json!([{"event": by_machine.clone()}]);
    let workflows = [
        note("a_note", goal),
        asks,
        about("exits", "exits", json!([{"on": opened}])),
        about("exits_by_machine", "exits", json!([{"on": by_machine}])),
        about("jumps", "jumps", jumps),
        workflow("opened", on("message_opened"), steps.clone()),
    ];
    let told = story(
        &workflows,
        r#"
        event signup {"key": "a"}
        send
        @1h event message_opened {"machine": true}
        event message_clicked {"machine": true}
        @2h event message_opened {"machine": false}
        event message_clicked
    "#,
    );
    let lines = told.lines().skip_while(|line| !line.starts_with("1h"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    1h exits_by_machine: exited: exit_event
    1h asks: trigger said enter: because
    1h asks: entered as e2
    1h asks: at rest
    1h asks: rest waits until 217h
    2h exits: exited: exit_event
    2h jumps: jumped from rest to more by message_opened
    2h jumps: at more
    2h jumps: more waits until 218h
    2h opened: trigger said enter: because
    2h opened: entered as e4
    2h opened: at rest
    2h opened: rest waits until 218h
    2h a_note: note converted by e5: first credited worth 0
    2h a_note: exited: goal_reached
    2h asks: rest took arm 0
    2h asks: at more
    2h asks: more waits until 218h
    2h opened: rest took arm 0
    2h opened: at more
    2h opened: more waits until 218h
    ");
}

#[test]
fn conversions_count_in_a_pause() {
    assert_snapshot!(counted(&[note("news", order("7d"))], r#"
        event signup {"key": "a"}
        send
        pause news
        @1d event order_completed {"total": 5}
    "#), @"1d news: note converted by e2: first credited worth 50000");
}

#[test]
fn a_conversion_counts_for_seven_days_and_is_credited_for_five_to_the_millisecond() {
    let goal = json!({"on": {"event": "order_completed"}});
    assert_snapshot!(counted(&[note("news", goal)], r#"
        event signup {"key": "a"}
        send
        @5d event order_completed
        @432000001ms event order_completed
        @7d event order_completed
        @604800001ms event order_completed
    "#), @r"
    5d news: note converted by e2: first credited worth 0
    432000001ms news: note converted by e3:  worth 0
    7d news: note converted by e4:  worth 0
    ");
}

#[test]
fn the_arm_of_a_split_that_gets_nothing_is_counted_at_the_same_step() {
    let mut tested = note("tested", order("7d"));
    let arms = json!([{"name": "nothing", "weight": 10_000, "holdout": true}]);
    let split = json!({"id": "lot", "split": {"arms": arms}});
    tested["steps"].as_array_mut().unwrap().insert(0, split);
    assert_snapshot!(story(&[tested], r#"
        event signup {"key": "a"}
        @1d event order_completed {"total": 5}
    "#), @r"
    0s tested: trigger said enter: because
    0s tested: entered as a
    0s tested: at lot
    0s tested: lot drew nothing
    0s tested: lot took arm 0
    0s tested: at note
    0s tested: note skipped: holdout
    0s tested: at rest
    0s tested: rest waits until 30d
    1d tested: note converted by e2: first withheld worth 50000
    1d tested: lot converted in nothing
    ");
}

#[test]
fn a_message_counts_for_as_long_as_its_goal_says_though_another_went_out_meanwhile() {
    let mut opened = order("30d");
    opened["after"] = json!("opened");
    let mut other = note("other", json!("none"));
    other["trigger"] = on("viewed");
    assert_snapshot!(counted(&[note("news", opened), other], r#"
        event signup {"key": "a"}
        send
        @80d event message_opened {"workflow": "news", "step": "note"}
        @95d event viewed {"key": "b"}
        send
        @100d event order_completed {"total": 5}
    "#), @"100d news: note converted by e4: first worth 50000");
}

/// Orders told so long behind a message and what became of it; those that count.
fn in_time(after: &str, within: Option<&str>, spans: &[&str]) -> Vec<String> {
    let mut goal = json!({"on": {"event": "order_completed"}, "after": after});
    if let Some(within) = within {
        goal["within"] = json!(within);
    }
    let mut lines = "event signup\n send\n".to_owned();
    let touch = r#"{"workflow": "note", "step": "note"}"#;
    match after {
        "opened" => writeln!(lines, "event message_opened {touch}").unwrap(),
        "clicked" => writeln!(lines, "event message_clicked {touch}").unwrap(),
        _ => {}
    }
    for span in spans {
        writeln!(lines, "@{span} event order_completed").unwrap();
    }
    let told = counted(&[note("note", goal)], &lines);
    let told = told.lines().filter(|line| line.contains("converted"));
    let at = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    told.map(at).collect()
}

#[test]
fn a_goal_counts_to_the_millisecond_by_default_for_a_week_and_at_most_for_ninety_days() {
    for after in ["sent", "opened", "clicked"] {
        assert_eq!(
            in_time(after, None, &["7d", "604800001ms"]),
            ["7d"],
            "{after}"
        );
        let longest = in_time(after, Some("90d"), &["90d", "7776000001ms"]);
        assert_eq!(longest, ["90d"], "{after}");
    }
}

#[test]
fn conversions_count_when_the_workflow_has_ended() {
    assert_snapshot!(counted(&[note("note", order("7d"))], r#"
        event signup
        send
        @1d end note
        @2d event order_completed {"total": 5}
    "#), @r"
    2d note: exited: workflow_ended
    2d note: note converted by e2: first credited worth 50000
    ");
}
