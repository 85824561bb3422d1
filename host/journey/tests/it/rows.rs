//! What a rule is given: every source in every column, windows at their edges, and history beyond its chunks.

use std::{fmt::Write as _, sync::Arc};

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::{
    Compiled,
    inputs::{self, Asking, Seed},
};
use signalbox_model::{
    contact::Contact,
    definitions::Slot,
    id::{ContactId, EntryKey, EventId, EventName, JourneyId, StepId, WorkflowId},
    plan::Plan,
    segment::Owner,
    state::{Cause, ContactState, PastEvent},
    time::{Instant, Span},
    value::Value,
};

use crate::{
    harness::{START, World},
    rules::{fields, on, workflow},
};

fn now() -> Instant {
    Instant::parse(START).unwrap()
}

fn plan(inputs: &[(Json, &str)]) -> Plan {
    let inputs: Vec<Json> = inputs
        .iter()
        .enumerate()
        .map(|(index, (source, kind))| json!({"name": format!("i{index}"), "source": source, "type": kind}))
        .collect();
    serde_json::from_value(json!({"format": 1, "inputs": inputs})).unwrap()
}

fn state() -> ContactState {
    let mut contact = Contact::new(ContactId::parse("c1").unwrap(), now());
    contact.attributes = fields(&json!({
        "age": 42, "score": 2.5, "round": 3.0, "name": "Ada", "vip": false,
        "born": "1990-02-28T00:00:00Z", "tags": ["a", 1], "huge": 1e300,
    }));
    let mut state = ContactState::new(contact);
    let past = |hours_ago: u32, json: Json| PastEvent {
        name: EventName::parse("order_completed").unwrap(),
        occurred_at: now().minus(Span::from_ms(u64::from(hours_ago) * 3_600_000)),
        fields: fields(&json),
    };
    // Applied out of order, as late events are.
    state.history.open = vec![
        past(48, json!({"value": 10, "sku": "b"})),
        past(72, json!({"value": 5.5, "sku": "a"})),
        past(1, json!({"value": 1, "sku": "c"})),
        past(1, json!({"sku": "d"})),
        past(24, json!({"value": "text", "sku": "e"})),
    ];
    state
}

fn show(plan: &Plan, state: &ContactState) -> String {
    let event = Cause {
        id: EventId::parse("e1").unwrap(),
        name: EventName::parse("order_completed").unwrap(),
        occurred_at: now().minus(Span::from_ms(1_000)),
        fields: fields(&json!({"value": 3})),
    };
    let key = EntryKey::parse("k").unwrap();
    let owner = Owner::Workflow(WorkflowId::parse("w").unwrap());
    let asking = Asking {
        event: Some(&event),
        occasion: Some(1),
        arm_key: Some(&key),
        now: now(),
        journey: None,
        seed: Seed {
            store: 7,
            owner: &owner,
            slot: &Slot::Trigger,
            journey: None,
        },
        definitions: &Compiled::new(Arc::default()),
    };
    let row = inputs::row(plan, state, &asking);
    let mut told = String::new();
    for (input, value) in plan.inputs.iter().zip(&row) {
        let kind = format!("{:?}", input.kind).to_lowercase();
        let value = value
            .as_ref()
            .map_or("-".to_owned(), |value| format!("{value:?}"));
        writeln!(told, "{} as {kind}: {value}", input.source.in_words()).unwrap();
    }
    told
}

#[test]
fn attributes_in_columns() {
    let kinds = [
        "number", "integer", "text", "boolean", "instant", "json", "any",
    ];
    let mut told = String::new();
    for name in [
        "age", "score", "round", "name", "vip", "born", "tags", "huge", "none",
    ] {
        let inputs: Vec<(Json, &str)> = kinds
            .iter()
            .map(|kind| (json!({"attribute": name}), *kind))
            .collect();
        let values: Vec<String> = show(&plan(&inputs), &state())
            .lines()
            .map(|line| line.rsplit_once(": ").unwrap().1.to_owned())
            .collect();
        writeln!(told, "{name}: {}", values.join(" | ")).unwrap();
    }
    assert_snapshot!(told, @r#"
    age: 42.0 | 42 | - | - | 42 | 42 | 42
    score: 2.5 | - | - | - | - | 2.5 | 2.5
    round: 3.0 | 3 | - | - | - | 3.0 | 3.0
    name: - | - | "Ada" | - | - | "Ada" | "Ada"
    vip: - | - | - | false | - | false | false
    born: - | - | "1990-02-28T00:00:00Z" | - | 636163200000 | "1990-02-28T00:00:00Z" | "1990-02-28T00:00:00Z"
    tags: - | - | - | - | - | ["a", 1] | ["a", 1]
    huge: 1e300 | - | - | - | - | 1e300 | 1e300
    none: - | - | - | - | - | - | -
    "#);
}

#[test]
fn the_occasion_and_the_history() {
    let orders = |within: Option<&str>| {
        let mut of = json!({"event": "order_completed"});
        if let Some(within) = within {
            of["within"] = json!(within);
        }
        of
    };
    let only_a = json!({"event": "order_completed", "where": [{"field": "sku", "operator": "eq", "value": "a"}]});
    let never = json!({"event": "refund_made"});
    let told = show(
        &plan(&[
            (json!({"event_field": "value"}), "integer"),
            (json!({"event_field": "none"}), "any"),
            (json!("occurred_at"), "instant"),
            (json!("occasion"), "integer"),
            (json!("arm_key"), "text"),
            (json!("clock"), "instant"),
            (json!("clock"), "number"),
            (json!("clock"), "text"),
            (json!({"count": orders(None)}), "number"),
            (json!({"count": orders(Some("24h"))}), "integer"),
            (json!({"count": orders(Some("86400001ms"))}), "integer"),
            (json!({"count": only_a}), "integer"),
            (json!({"count": never}), "integer"),
            (
                json!({"sum": {"of": orders(None), "field": "value"}}),
                "number",
            ),
            (
                json!({"sum": {"of": orders(Some("30h")), "field": "value"}}),
                "number",
            ),
            (json!({"sum": {"of": never, "field": "value"}}), "number"),
            (json!({"first": {"of": orders(None)}}), "instant"),
            (
                json!({"first": {"of": orders(None), "field": "sku"}}),
                "text",
            ),
            (
                json!({"last": {"of": orders(None), "field": "sku"}}),
                "text",
            ),
            (
                json!({"last": {"of": orders(None), "field": "value"}}),
                "number",
            ),
            (json!({"last": {"of": never}}), "instant"),
            (json!({"recent": {"of": orders(None), "count": 2}}), "json"),
            (json!({"recent": {"of": never, "count": 2}}), "json"),
        ]),
        &state(),
    );
    assert_snapshot!(told, @r#"
    field value of the event as integer: 3
    field none of the event as any: -
    when the event occurred as instant: 1772323199000
    the occasion as integer: 1
    the key of its own arm as text: "k"
    the time as instant: 1772323200000
    the time as number: 1772323200000.0
    the time as text: -
    count of order_completed as number: 5.0
    count of order_completed in 1d as integer: 2
    count of order_completed in 86400001ms as integer: 3
    count of order_completed where sku = "a" as integer: 1
    count of refund_made as integer: 0
    sum of value over order_completed as number: 16.5
    sum of value over order_completed in 30h as number: 1.0
    sum of value over refund_made as number: -
    first order_completed as instant: 1772064000000
    first sku of order_completed as text: "a"
    last sku of order_completed as text: "d"
    last value of order_completed as number: 1.0
    last refund_made as instant: -
    the 2 most recent of order_completed as json: [{"fields": {"sku": "d"}, "occurred_at": "2026-02-28T23:00:00Z"}, {"fields": {"sku": "c", "value": 1}, "occurred_at": "2026-02-28T23:00:00Z"}]
    the 2 most recent of refund_made as json: -
    "#);
}

#[test]
fn a_seed_depends_on_contact_binding_and_journey_only() {
    let owner = Owner::Workflow(WorkflowId::parse("w").unwrap());
    let step = StepId::parse("s").unwrap();
    let personalizer = Slot::Personalizer(step);
    let one = ContactId::parse("c1").unwrap();
    let other = ContactId::parse("c2").unwrap();
    let seed = |store, slot, journey| Seed {
        store,
        owner: &owner,
        slot,
        journey,
    };
    let mut bits = vec![
        seed(7, &Slot::Trigger, None).bits(&one),
        seed(7, &Slot::Trigger, None).bits(&other),
        seed(8, &Slot::Trigger, None).bits(&one),
        seed(7, &personalizer, None).bits(&one),
        seed(7, &personalizer, Some(JourneyId([1; 16]))).bits(&one),
        seed(7, &personalizer, Some(JourneyId([2; 16]))).bits(&one),
    ];
    // Stored decisions are asked again with this: it may never change.
    assert_eq!(bits[0], 10_652_350_117_228_284_916);
    bits.sort_unstable();
    bits.dedup();
    assert_eq!(bits.len(), 6);
}

#[test]
fn history_is_sealed_folded_and_still_counted() {
    let steps = json!([{"id": "note", "send": {"template": "hello"}}]);
    let mut world = World::new(&[workflow("note", on("signup"), steps)]);
    for day in 0..2_200 {
        world.play(&format!(
            "@{}h event order_completed {{\"value\": 2}}",
            day * 12
        ));
    }
    let history = &world.state.history;
    assert_eq!((history.sealed, history.first_chunk), (68, 4));
    assert_eq!(history.totals.len(), 64);
    let sealed = world
        .out
        .lines()
        .filter(|line| line.contains("seal chunk"))
        .count();
    let dropped = world
        .out
        .lines()
        .filter(|line| line.contains("drop chunk"))
        .count();
    assert_eq!((sealed, dropped), (68, 4));
    let count = |within: Option<&str>| {
        let mut of = json!({"event": "order_completed"});
        if let Some(within) = within {
            of["within"] = json!(within);
        }
        let plan = plan(&[
            (json!({"count": of}), "integer"),
            (json!({"sum": {"of": of, "field": "value"}}), "number"),
        ]);
        let owner = Owner::Workflow(WorkflowId::parse("note").unwrap());
        let asking = Asking {
            event: None,
            occasion: None,
            arm_key: None,
            now: world.now,
            journey: None,
            seed: Seed {
                store: 7,
                owner: &owner,
                slot: &Slot::Trigger,
                journey: None,
            },
            definitions: &Compiled::new(Arc::default()),
        };
        inputs::row(&plan, &world.state, &asking)
    };
    assert_eq!(
        *count(None),
        [Some(Value::Integer(2_200)), Some(Value::Number(4_400.0))]
    );
    assert_eq!(
        *count(Some("10d")),
        [Some(Value::Integer(20)), Some(Value::Number(40.0))]
    );
    // 1,090 days reach ten days into the folded ones; the day cut by the window's edge is left out.
    let reaching = count(Some("1090d"));
    assert_eq!(reaching[0], Some(Value::Integer(2_180)));
}
