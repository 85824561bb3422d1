//! Named segments: who comes in and leaves, when, what follows from it, and what is refused.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_model::time::{Instant, Span};

use crate::{
    harness::{START, World},
    rules::{has, on, with, workflow},
};

/// Those who ordered so often, within that span if there is one.
fn ordered(least: u32, within: Option<&str>) -> Json {
    let mut of = json!({"event": "order_completed"});
    if let Some(within) = within {
        of["within"] = json!(within);
    }
    json!({"plugin": "least", "config": {
        "least": least,
        "inputs": [{"name": "orders", "source": {"count": of}, "type": "integer"}],
    }})
}

/// Those who are in the segment, by a rule that reads that.
fn reads(segment: &str) -> Json {
    json!({"plugin": "true", "config": {
        "inputs": [{"name": "is_in", "source": {"segment": segment}, "type": "boolean"}],
    }})
}

/// A trigger on coming into the segment, or on leaving it.
fn on_segment(occasion: &str, segment: &str) -> Json {
    json!({"plugin": "event", "config": {
        "on": [{occasion: segment}],
        "inputs": [{"name": "key", "source": {"event_field": "segment"}, "type": "text"}],
    }})
}

fn mail(id: &str, trigger: Json) -> Json {
    let workflow = workflow(
        id,
        trigger,
        json!([{"id": "note", "send": {"template": "hello"}}]),
    );
    with(workflow, "entry", json!("every"))
}

#[test]
fn an_event_brings_in_and_coming_in_happens_once() {
    let mut world = World::new(&[]);
    world.segment("buyers", &ordered(2, None));
    world.put(
        &mail("thanks", on_segment("segment_entered", "buyers")),
        None,
    );
    world.play("start thanks\n event order_completed\n @1h event order_completed\n send\n @2h event order_completed\n @3h event looked_around");
    assert_snapshot!(world.out, @"
    0s segments/buyers: membership said out: because_not (counted)
    1h segments/buyers: membership said in: because
    1h segments/buyers: came in
    1h thanks: trigger said enter: because
    1h thanks: entered as buyers
    1h thanks: at note
    1h thanks: note queued
    1h go for attempt 1
    1h thanks: note sent
    1h thanks: completed
    2h segments/buyers: membership said in: because (counted)
    ");
}

#[test]
fn a_rule_that_is_asked_by_an_event_is_told_the_membership_that_the_event_brought() {
    let mut world = World::new(&[]);
    world.segment("buyers", &ordered(1, None));
    world.put(
        &with(
            mail("hello", on("order_completed")),
            "audience",
            reads("buyers"),
        ),
        None,
    );
    world.play("start hello\n event order_completed {\"key\": \"a\"}");
    assert_snapshot!(world.out, @"
    0s segments/buyers: membership said in: because
    0s segments/buyers: came in
    0s hello: trigger said enter: because
    0s hello: audience said in: because
    0s hello: entered as a
    0s hello: at note
    0s hello: note queued
    ");
}

#[test]
fn a_rolling_window_lets_go_at_the_exact_instant_without_an_event() {
    let mut world = World::new(&[]);
    world.segment("recent", &ordered(2, Some("2d")));
    world.play("event order_completed\n @1h event order_completed\n @1d event looked_around\n @3d");
    assert_snapshot!(world.out, @"
    0s segments/recent: membership said out: because_not (counted)
    1h segments/recent: membership said in: because
    1h segments/recent: came in
    2d segments/recent: membership said out: because_not
    2d segments/recent: left
    49h segments/recent: membership said out: because_not (counted)
    ");
    assert_eq!(
        world.state.segments,
        [].into(),
        "nothing is kept of who is out for good"
    );
}

#[test]
fn a_rule_is_asked_again_when_it_wanted_to_be() {
    let mut world = World::new(&[]);
    let mut slow = ordered(1, None);
    slow["config"]["recheck_in"] = json!("6h");
    slow["config"]["inputs"].as_array_mut().unwrap().push(json!(
        {"name": "now", "source": "clock", "type": "instant"}
    ));
    world.segment("watched", &slow);
    world.play("event order_completed\n @13h");
    assert_snapshot!(world.out, @"
    0s segments/watched: membership said in: because
    0s segments/watched: came in
    6h segments/watched: membership said in: because (counted)
    12h segments/watched: membership said in: because (counted)
    ");
}

#[test]
fn who_is_in_by_a_change_of_the_segment_has_not_come_in_just_then() {
    let mut world = World::new(&[]);
    world.segment("buyers", &ordered(2, None));
    world.put(
        &mail("thanks", on_segment("segment_entered", "buyers")),
        None,
    );
    world.put(&mail("bye", on_segment("segment_left", "buyers")), None);
    world.play("start thanks\n start bye\n event order_completed");
    world.segment("buyers", &ordered(1, None));
    world.evaluate("buyers");
    world.evaluate("buyers");
    world.segment("buyers", &ordered(3, None));
    world.evaluate("buyers");
    assert_snapshot!(world.out, @"
    0s segments/buyers: membership said out: because_not (counted)
    0s segments/buyers: membership said in: because
    0s segments/buyers: is in
    0s segments/buyers: membership said in: because (counted)
    0s segments/buyers: membership said out: because_not
    0s segments/buyers: is out
    ");
}

#[test]
fn what_comes_in_as_history_is_known_and_has_not_happened() {
    let mut world = World::new(&[]);
    world.segment("buyers", &ordered(1, None));
    world.put(
        &mail("thanks", on_segment("segment_entered", "buyers")),
        None,
    );
    world.play("start thanks\n event order_completed age=1h history");
    assert_snapshot!(world.out, @"
    0s segments/buyers: membership said in: because
    0s segments/buyers: is in
    ");
}

/// `gold` and `active` by rules; `best` in both; `rest` in none; `both` by a rule that reads `best`.
fn composed() -> World {
    let mut world = World::new(&[]);
    world.segment("gold", &has("gold"));
    world.segment("active", &ordered(1, Some("1d")));
    world.segment("best", &json!({"all": ["gold", "active"]}));
    world.segment("rest", &json!({"none": ["best"]}));
    world.segment("both", &reads("best"));
    world.evaluate("rest");
    world
}

#[test]
fn a_contact_that_is_new_is_asked_about_every_segment() {
    let mut world = World::new(&[]);
    world.segment("gold", &has("gold"));
    world.segment("plain", &json!({"none": ["gold"]}));
    world.put(&mail("hello", on_segment("segment_entered", "plain")), None);
    world.state.contact.attributes.clear();
    world.play("start hello\n event looked_around\n event looked_around");
    assert_snapshot!(world.out, @"
    0s segments/gold: membership said out: because_not (counted)
    0s segments/plain: came in
    0s hello: trigger said enter: because
    0s hello: entered as plain
    0s hello: at note
    0s hello: note skipped: no_address
    0s hello: completed
    ");
}

#[test]
fn segments_are_made_of_others_and_move_with_them() {
    let mut world = composed();
    let mut told = format!("{:?}\n", world.memberships());
    for line in ["set {\"gold\": 1}", "event order_completed", "@1d", "@2d"] {
        world.play(line);
        writeln!(told, "{line}: {:?}", world.memberships()).unwrap();
    }
    assert_snapshot!(told, @r#"
    ["rest"]
    set {"gold": 1}: ["gold", "rest"]
    event order_completed: ["active", "best", "both", "gold"]
    @1d: ["gold", "rest"]
    @2d: ["gold", "rest"]
    "#);
}

#[test]
fn nobody_comes_in_and_leaves_by_one_event() {
    let mut world = composed();
    world.segment("calm", &json!({"all": ["gold"], "none": ["both"]}));
    world.play("event order_completed\n set {\"gold\": 1}");
    assert_snapshot!(world.out, @"
    0s segments/rest: is in
    0s segments/active: membership said in: because
    0s segments/active: came in
    0s segments/gold: membership said in: because
    0s segments/gold: came in
    0s segments/best: came in
    0s segments/rest: left
    0s segments/both: membership said in: because
    0s segments/both: came in
    ");
}

#[test]
fn a_rule_that_fails_leaves_the_membership_and_is_asked_again() {
    let mut world = World::new(&[]);
    world.segment("gold", &has("gold"));
    world.play("set {\"gold\": 1}\n break has\n @1m set {\"gold\": null}\n @3m mend has\n @1d");
    assert_snapshot!(world.out, @"
    0s segments/gold: membership said in: because
    0s segments/gold: came in
    1m segments/gold: membership said failed: trapped
    2m segments/gold: membership said failed: trapped
    7m segments/gold: membership said out: because_not
    7m segments/gold: left
    ");
}

#[test]
fn an_update_step_moves_the_contact_and_workflows_that_feed_each_other_come_to_rest() {
    let tag = |id: &str, segment: &str, update: Json| {
        let steps = json!([{"id": "mark", "update": update}]);
        let mut trigger = on_segment("segment_entered", segment);
        // By the event's id, so that each time is another.
        trigger["config"]["inputs"] = json!([]);
        with(workflow(id, trigger, steps), "entry", json!("every"))
    };
    let mut world = World::new(&[]);
    world.segment("gold", &has("gold"));
    world.segment("plain", &json!({"none": ["gold"]}));
    world.put(
        &tag("up", "plain", json!({"set": {"gold": {"value": 1}}})),
        None,
    );
    world.put(&tag("down", "gold", json!({"unset": ["gold"]})), None);
    world.play("start up\n start down\n set {\"gold\": 1}");
    let entered = world
        .out
        .lines()
        .filter(|line| line.contains("entered as"))
        .count();
    assert_eq!(entered, 2, "one record lets in once: {}", world.out);
}

#[test]
fn a_workflow_is_not_begun_by_what_its_own_steps_move() {
    let by_segment = |id: &str| {
        let steps = json!([{"id": "mark", "update": {"unset": ["gold"]}}]);
        let mut trigger = on_segment("segment_left", "gold");
        trigger["config"]["on"] = json!([
            {"segment_left": "gold"},
            {"event": {"event": "signup"}},
        ]);
        trigger["config"]["inputs"] = json!([]);
        with(workflow(id, trigger, steps), "entry", json!("every"))
    };
    let mut world = World::new(&[]);
    world.segment("gold", &has("gold"));
    world.put(&by_segment("own"), None);
    world.play("start own\n set {\"gold\": 1}\n event signup");
    world.put(&by_segment("other"), None);
    world.play("start other\n @1h set {\"gold\": 1}\n set {\"gold\": null}");
    let told = world.out.lines().filter(|line| {
        let wanted = ["came in", "left", "entered as"];
        wanted.iter().any(|word| line.contains(word))
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    0s segments/gold: came in
    0s own: entered as e1
    0s segments/gold: left
    1h segments/gold: came in
    1h segments/gold: left
    1h other: entered as segment_left:gold:4
    1h own: entered as segment_left:gold:4
    ");
}

#[test]
fn a_segment_that_is_gone_is_forgotten() {
    let mut world = World::new(&[]);
    world.segment("recent", &ordered(1, Some("2d")));
    world.play("event order_completed");
    world.delete_segment("recent");
    world.segment("recent", &ordered(2, Some("2d")));
    world.play("@1h event looked_around");
    assert_eq!(world.memberships(), [""; 0]);
    assert_eq!(world.timers, [].into());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut world = composed();
    world.put(&mail("thanks", on_segment("segment_left", "both")), None);
    world.segment("best", &json!({"all": ["gold", "rest"]}));
    world.segment("best", &json!({"all": ["silver"]}));
    world.segment("best", &json!({}));
    world.segment("best", &reads("both"));
    world.delete_segment("best");
    world.delete_segment("both");
    world.delete_segment("silver");
    let many = json!(
        (0..21)
            .map(|number| format!("s{number}"))
            .collect::<Vec<_>>()
    );
    world.segment("large", &json!({"any": many}));
    let mut below = "gold".to_owned();
    for depth in 0..9 {
        let name = format!("deep-{depth}");
        world.segment(&name, &json!({"all": [below]}));
        below = name;
    }
    assert_snapshot!(world.out, @r#"
    0s segments/rest: is in
    0s refused: segment best cannot be put: segment best would go by itself
    0s refused: segment best cannot be put: there is no segment "silver"
    0s refused: segment best cannot be put: names 0 segments, 1 to 20 are allowed
    0s refused: segment best cannot be put: segment best would go by itself
    0s refused: segment best cannot be deleted: segment both goes by it
    0s refused: segment both cannot be deleted: workflow thanks goes by it
    0s refused: there is no segment silver
    0s refused: segment large cannot be put: names 21 segments, 1 to 20 are allowed
    0s refused: segment deep-8 cannot be put: 9 segments, each going by the one before, come before deep-8; at most 8 may
    "#);
}

#[test]
fn a_window_that_folded_days_lie_in_changes_as_they_leave_it() {
    let mut world = World::new(&[]);
    let start = Instant::parse(START).unwrap();
    world.segment("heavy", &ordered(1, Some("30d")));
    // So many that the oldest are kept as totals of their days.
    let hours = 24 * 100;
    for hour in 0..hours {
        world.play(&format!("@{hour}h event order_completed"));
    }
    assert!(!world.state.history.totals.is_empty(), "days are folded");
    assert_eq!(world.memberships(), ["heavy"]);
    let last = start.plus(Span::from_ms((hours - 1) * 3_600_000));
    world.wind(last.plus(Span::from_ms(30 * 86_400_000 - 1)), true);
    assert_eq!(world.memberships(), ["heavy"]);
    world.wind(last.plus(Span::from_days(30)), true);
    assert_eq!(world.memberships(), [""; 0]);
}

#[test]
fn an_exit_that_reads_a_segment_is_asked_when_the_contact_comes_into_it() {
    let steps = json!([{"id": "rest", "wait": {"for": "9d"}}]);
    let exits = json!([{"segment": reads("buyers"), "reason": "bought"}]);
    let mut world = World::new(&[]);
    world.segment("buyers", &ordered(2, None));
    let nudge = workflow("nudge", on("signup"), steps);
    world.put(&with(nudge, "exits", exits), None);
    world.play("start nudge\n event signup {\"key\": \"a\"}\n @1h event order_completed\n @2h event order_completed");
    assert_snapshot!(world.out, @"
    0s nudge: trigger said enter: because
    0s nudge: entered as a
    0s nudge: at rest
    0s nudge: rest waits until 9d
    1h segments/buyers: membership said out: because_not (counted)
    2h segments/buyers: membership said in: because
    2h segments/buyers: came in
    2h nudge: exits/0 said in: because
    2h nudge: exited: bought
    ");
}

#[test]
fn what_a_step_keeps_moves_the_contact_also_where_its_journey_had_it_before() {
    let keep =
        |id: &str, level: u32| json!({"id": id, "update": {"keep": {"level": {"value": level}}}});
    let low = json!([keep("begin", 1), {"id": "rest", "wait": {"for": "2h"}}, keep("again", 1)]);
    let high = json!([keep("rise", 2)]);
    let mut world = World::new(&[
        workflow("low", on("signup"), low),
        workflow("high", on("order_completed"), high),
    ]);
    let raised = json!({"plugin": "least", "config": {
        "least": 2,
        "inputs": [{"name": "level", "source": {"kept": "level"}, "type": "integer"}],
    }});
    world.segment("raised", &raised);
    world.play("start low\n start high\n event signup {\"key\": \"a\"}\n @1h event order_completed {\"key\": \"b\"}\n @2h");
    let told = world.out.lines().filter(|line| line.contains("raised"));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    0s segments/raised: membership said out: because_not (counted)
    1h segments/raised: membership said in: because
    1h segments/raised: came in
    2h segments/raised: membership said out: because_not
    2h segments/raised: left
    ");
}

#[test]
fn a_rule_moves_on_only_for_the_document_that_it_was_bound_by() {
    let mut world = World::new(&[]);
    world.segment("gold", &has("gold"));
    world.play("set {\"gold\": 1}");
    world.segment("gold", &has("silver"));
    world.rebind_segment("gold", 1);
    world.evaluate("gold");
    world.rebind_segment("gold", 2);
    world.evaluate("gold");
    assert_eq!(world.definitions.segments["gold"].evaluation, 3);
    assert_snapshot!(world.out, @"
    0s segments/gold: membership said in: because
    0s segments/gold: came in
    0s refused: the slot of the command does not read: version 1 of segment gold does not go by a rule of has
    0s segments/gold: membership said out: because_not
    0s segments/gold: is out
    0s segments/gold: membership said out: because_not_again (counted)
    ");
}

#[test]
fn what_machines_open_is_counted_only_where_a_condition_asks_for_it() {
    let opened = |of: Json| {
        json!({"plugin": "least", "config": {
            "least": 1,
            "inputs": [{"name": "opened", "source": {"count": of}, "type": "integer"}],
        }})
    };
    let by_machine = json!([{"field": "machine", "operator": "eq", "value": true}]);
    let mut world = World::new(&[]);
    world.segment("readers", &opened(json!({"event": "message_opened"})));
    world.segment(
        "scanned",
        &opened(json!({"event": "message_opened", "where": by_machine})),
    );
    world.play(r#"event message_opened {"machine": true}"#);
    assert_eq!(world.memberships(), ["scanned"]);
    world.play("event message_opened");
    assert_eq!(world.memberships(), ["readers", "scanned"]);
}
