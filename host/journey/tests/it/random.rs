//! Whatever comes, in whatever order: nothing panics, and what the harness checks after every input holds.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use signalbox_journey::{Input, Timer, TimerId};
use signalbox_model::{
    id::{EntryKey, JourneyId, MessageId, WorkflowId},
    message::AttemptOutcome,
    time::Span,
};

use crate::{
    harness::World,
    rules::{has, later_than, on, with, workflow},
};

fn workflows() -> [Json; 4] {
    let hold = |binding| with(binding, "on_failure", json!("hold"));
    let pause = |binding| with(binding, "on_failure", json!("pause"));
    let values = json!({"plugin": "values", "config": {"send_in": "2h"}});
    let welcome = json!([
        {"id": "hello", "send": {"template": "hello", "personalizer": pause(values)}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "which", "branch": {"otherwise": "again", "arms": [
            {"segment": hold(has("gold")), "goto": "over"},
            {"segment": has("silver"), "goto": "again"},
        ]}},
        {"id": "again", "send": {"template": "hello", "class": "transactional"}},
        {"id": "round", "wait": {"for": "6h"}, "next": "which"},
        {"id": "over", "exit": {}},
    ]);
    let exits = json!([{"segment": hold(has("left"))}, {"on": {"event": "order_completed", "where": [{"field": "key", "operator": "eq", "value": "b"}]}}]);
    let note = json!([{"id": "note", "send": {"template": "hello"}}]);
    // Asked for what the workflow's own step changes, and for the events that its steps wait for.
    let counted = json!([{"segment": {"plugin": "has", "config": {"inputs": [
        {"name": "it", "source": {"attribute": "gold"}, "type": "any"},
        {"name": "offers", "source": {"attribute": "offers"}, "type": "any"},
        {"name": "orders", "source": {"count": {"event": "order_completed"}}, "type": "integer"},
    ]}}}]);
    let welcome = with(
        workflow("welcome", hold(on("signup")), welcome),
        "exits",
        exits,
    );
    [
        with(
            with(welcome, "audience", pause(has("email"))),
            "grace",
            json!("2d"),
        ),
        with(
            workflow(
                "cart",
                hold(later_than("cart_created", "3h", "order_completed")),
                note.clone(),
            ),
            "entry",
            json!("once"),
        ),
        workflow("echo", on("message_sent"), note),
        with(
            with(
                with(
                    with(
                        workflow("offer", on("page_viewed"), offer()),
                        "exits",
                        counted,
                    ),
                    "on_resume",
                    json!("catch_up"),
                ),
                "entry",
                json!("every"),
            ),
            "jumps",
            json!([{"on": {"event": "cart_created"}, "goto": "last"}]),
        ),
    ]
}

/// Every step that needs no rule.
fn offer() -> Json {
    json!([
        {"id": "lot", "split": {"arms": [
            {"name": "one", "weight": 5_000},
            {"name": "two", "weight": 4_000, "goto": "paid"},
            {"name": "none", "weight": 1_000, "holdout": true},
        ]}},
        {"id": "first", "send": {"template": "hello"}},
        {"id": "call", "webhook": {"url": "https://example.com/hook"}},
        {"id": "paid", "wait_for": {"timeout": "20h", "otherwise": "count", "arms": [
            {"on": {"event": "order_completed"}, "goto": "thanks"},
            {"on": {"event": "signup"}},
        ]}},
        {"id": "morning", "wait": {"calendar": {"days": 1, "at": "09:00"}}},
        {"id": "count", "update": {"set": {"offers": {"plus": 1}, "left": {"event": "key"}}, "add_tags": ["offered"], "keep": {"from": {"event": "key"}}}},
        {"id": "again", "goto": {"step": "first", "times_max": 2}},
        {"id": "birthday", "wait": {"until": {"attribute": "born", "yearly": true, "missing": "go_on"}}},
        {"id": "thanks", "send": {"template": "hello"}},
        {"id": "open", "wait": {"window": {"from": "09:00", "to": "18:00", "days": ["monday", "friday"]}}},
        {"id": "last", "send": {"template": "hello"}},
    ])
}

/// A line of a story, or an input that fits nothing.
#[derive(Debug, Clone)]
enum Move {
    Line(String),
    Wind(u64),
    /// Makes the workflow, or its next version without the step at that position.
    Put(usize, usize, bool),
    StrayTimer(u32),
    StrayIntent(u8, u32),
    StrayOutcome(u32, AttemptOutcome),
}

fn moves() -> impl Strategy<Value = Move> {
    let event = (
        prop::sample::select(vec![
            "signup",
            "cart_created",
            "order_completed",
            "page_viewed",
        ]),
        prop::sample::select(vec!["", " age=20h", " age=40h", " history", " id=same"]),
        prop::sample::select(vec!["a", "b", "c"]),
    );
    let workflow = prop::sample::select(vec!["welcome", "cart", "echo", "offer"]);
    let command = prop::sample::select(vec![
        "start", "start", "pause", "resume", "resume", "end", "delete",
    ]);
    let rule = prop::sample::select(vec!["event", "later", "has", "values"]);
    let set = vec![
        r#"{"gold": 1}"#,
        r#"{"gold": null}"#,
        r#"{"silver": 1}"#,
        r#"{"left": 1}"#,
        r#"{"left": null}"#,
        r#"{"email": null}"#,
        r#"{"email": "x@example.com"}"#,
        r#"{"time_zone": "Asia/Tokyo"}"#,
        r#"{"time_zone": "America/New_York", "born": "2000-03-04"}"#,
        r#"{"time_zone": "nowhere", "born": "2000-03-09"}"#,
    ];
    let settings = vec![
        "{}",
        r#"{"quiet_hours": {"window": {"from": "20:00", "to": "08:00"}}, "zone": "Asia/Seoul"}"#,
        r#"{"caps": [{"count": 1, "per": "day"}, {"count": 3, "per": {"last": "7d"}, "at_cap": "defer"}]}"#,
        r#"{"holdout": 10000}"#,
    ];
    let outcomes = vec![
        "accepted",
        "accepted",
        "retry 1h",
        "refused",
        "expired",
        "unsendable",
        "not_begun",
        "in_doubt",
    ];
    prop_oneof![
        6 => event.prop_map(|(name, how, key)| Move::Line(format!("event {name}{how} {{\"key\": \"{key}\"}}"))),
        3 => Just(Move::Line("send".to_owned())),
        2 => Just(Move::Line("intent".to_owned())),
        2 => prop::sample::select(outcomes).prop_map(|outcome| Move::Line(format!("outcome {outcome}"))),
        2 => (command, workflow).prop_map(|(command, workflow)| Move::Line(format!("{command} {workflow}"))),
        1 => rule.clone().prop_map(|rule| Move::Line(format!("break {rule}"))),
        1 => rule.prop_map(|rule| Move::Line(format!("mend {rule}"))),
        1 => prop::sample::select(set).prop_map(|set| Move::Line(format!("set {set}"))),
        4 => (1..40_u64).prop_map(Move::Wind),
        2 => (0..4_usize, 0..8_usize, any::<bool>())
            .prop_map(|(which, without, migrates)| Move::Put(which, without, migrates)),
        1 => prop::sample::select(settings).prop_map(|settings| Move::Line(format!("settings {settings}"))),
        1 => (0..3_u32).prop_map(Move::StrayTimer),
        1 => (0..3_u8, 0..4_u32).prop_map(|(which, attempt)| Move::StrayIntent(which, attempt)),
        1 => (0..4_u32).prop_map(|attempt| Move::StrayOutcome(attempt, AttemptOutcome::Accepted)),
        1 => (0..4_u32).prop_map(|attempt| Move::StrayOutcome(attempt, AttemptOutcome::InDoubt)),
    ]
}

fn play(world: &mut World, step: &Move) {
    let message = |world: &World, which: u8| {
        let mut pending = world.state.pending.keys();
        pending
            .nth(usize::from(which))
            .copied()
            .unwrap_or(MessageId([9; 16]))
    };
    match step {
        Move::Line(line) => world.play(line),
        Move::Wind(hours) => {
            let to = world.now.plus(Span::from_ms(hours * 3_600_000));
            world.wind(to, true);
        }
        Move::Put(which, without, migrates) => {
            let mut workflow = workflows()[*which].clone();
            let id = WorkflowId::parse(workflow["id"].as_str().unwrap()).unwrap();
            let current = world
                .definitions
                .workflows
                .get(&id)
                .map(|found| found.current);
            let steps = workflow["steps"].as_array_mut().unwrap();
            // Named by no other step are the wait at the second position, the call, and the way back: with that, what
            // comes again in one version comes once in another.
            let is_unnamed = |step: &Json| {
                step["id"] == "rest" || step["id"] == "call" || step.get("goto").is_some()
            };
            if steps.get(*without).is_some_and(is_unnamed) {
                steps.remove(*without);
            }
            match current {
                Some(current) if *migrates => {
                    world.play(&format!("pause {id}"));
                    world.migrate(&workflow, current);
                    world.play(&format!("resume {id}"));
                }
                _ => world.put(&workflow, current),
            }
        }
        Move::StrayTimer(kind) => {
            let workflow = WorkflowId::parse("welcome").unwrap();
            let id = match kind {
                0 => TimerId::Journey(workflow, JourneyId([9; 16])),
                1 => TimerId::Arm(workflow, EntryKey::parse("a").unwrap()),
                _ => TimerId::Entry(workflow, 0),
            };
            let contact = world.state.contact.id.clone();
            let due = world.now;
            if !world
                .timers
                .iter()
                .any(|timer| timer.id == id && timer.due == due)
            {
                world.apply(&Input::Timer(&Timer { due, id, contact }));
            }
        }
        Move::StrayIntent(which, attempt) => {
            let message = message(world, *which);
            world.apply(&Input::Intent {
                message,
                attempt: *attempt,
            });
        }
        Move::StrayOutcome(attempt, outcome) => {
            let message = message(world, 0);
            world.apply_outcome(message, *attempt, outcome);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold(steps in prop::collection::vec(moves(), 1..80)) {
        let mut world = World::new(&workflows());
        world.play("start welcome\n start cart\n start echo\n start offer");
        for step in &steps {
            play(&mut world, step);
        }
        // Whatever happened, an end leaves nothing behind.
        for workflow in ["welcome", "cart", "echo", "offer"] {
            world.play(&format!("end {workflow}\n delete {workflow}"));
        }
        world.play("outcome in_doubt\n event page_viewed");
        prop_assert!(world.timers.is_empty());
        prop_assert!(world.state.presences.is_empty());
        prop_assert!(world.state.pending.is_empty(), "{:?}", world.state.pending);
    }
}
