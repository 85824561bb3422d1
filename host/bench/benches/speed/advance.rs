//! What one step of the pure core costs: a contact's state and an input in, the new state and effects out.
//!
//! No rule is asked, nothing is stored. Beside it postcard decoding and encoding the same contact's row, which is the
//! least that a state machine with stored states does for a step. The bar of design section 11 is 2 us.

use std::{collections::BTreeMap, hint::black_box, sync::Arc};

use criterion::{BatchSize, Criterion};
use serde_json::{Value as Json, json};
use signalbox_bench::{is_wanted, say};
use signalbox_journey::{Advance, Compiled, Context, Effect, Input, Status, Timer, control};
use signalbox_model::{
    contact::Contact,
    definitions::{Definitions, ResolvedBinding, Slot},
    describe::Reason,
    event::Event,
    id::{ContactId, Digest, EventId, EventName},
    record::Command,
    state::ContactState,
    time::{Instant, Span},
    value::Fields,
    verdict::{Enter, TriggerVerdict, Verdict},
    workflow::{Action, Edit, Workflow},
};

/// Events in the contact's history before it enters.
const HISTORY: u64 = 20;
/// 2026-03-01T09:00:00Z.
const BEGIN_MS: i64 = 1_772_355_600_000;

pub(crate) fn steps(criterion: &mut Criterion) {
    let compiled = compiled();
    let (state, timer) = waiting(&compiled);
    let row = postcard::to_stdvec(&state).expect("it encodes");
    let tomorrow = Instant::from_ms(BEGIN_MS).plus(Span::from_days(1));
    let visit = event("visited", HISTORY + 1, tomorrow);
    let other = event("looked_around", HISTORY + 1, tomorrow);
    let [end, visit, other] = [
        (timer.due, Input::Timer(&timer)),
        (tomorrow, Input::Event(&visit)),
        (tomorrow, Input::Event(&other)),
    ];
    for (now, input) in [&end, &visit] {
        let (_, effects) = step(&compiled, *now, state.clone(), input);
        let sends = |effect: &Effect| matches!(effect, Effect::QueueMessage(_));
        assert!(effects.iter().any(sends), "the journey goes on to a send");
    }

    let mut group = criterion.benchmark_group("advance_without_rules");
    group.bench_function("baseline_postcard_row", |bencher| {
        bencher.iter_with_large_drop(|| {
            let state: ContactState = postcard::from_bytes(black_box(&row)).expect("it decodes");
            let row = postcard::to_stdvec(&state).expect("it encodes");
            (state, row)
        });
    });
    for (name, (now, input)) in [
        ("wait_ends_into_send", &end),
        ("event_ends_wait_into_send", &visit),
        ("event_while_waiting", &other),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || state.clone(),
                |state| step(&compiled, *now, state, black_box(input)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    if is_wanted("advance_without_rules") {
        say(&format!(
            "advance: the contact's row has {} bytes with {HISTORY} events of history (bar: 2 us a step)",
            row.len()
        ));
    }
}

/// One input, all the way.
fn step(
    compiled: &Compiled,
    now: Instant,
    state: ContactState,
    input: &Input<'_>,
) -> (ContactState, Vec<Effect>) {
    let ctx = Context {
        definitions: compiled,
        now,
        sequence: 7,
        store_seed: 1,
    };
    let mut advance = Advance::new(&ctx, state, input);
    while advance.run(&ctx) == Status::Asking {
        advance.answer(|_| {
            Some(Ok(Verdict::Trigger(TriggerVerdict {
                enter: Some(Enter { key: None }),
                arm: None,
                reason: 0,
            })))
        });
    }
    advance.finish()
}

/// A contact with some history that waits, and the timer of its wait.
fn waiting(compiled: &Compiled) -> (ContactState, Timer) {
    let begin = Instant::from_ms(BEGIN_MS);
    let mut contact = Contact::new(contact_id(), begin);
    contact.attributes =
        fields(&json!({ "email": "ada@example.com", "first_name": "Ada", "country": "DE" }));
    let mut state = ContactState::new(contact);
    for number in 0..HISTORY {
        let past = event("order_completed", number, begin);
        (state, _) = step(compiled, begin, state, &Input::Event(&past));
    }
    let entering = event("signed_up", HISTORY, begin);
    let (state, effects) = step(compiled, begin, state, &Input::Event(&entering));
    let timer = effects.into_iter().find_map(|effect| match effect {
        Effect::SetTimer(timer) => Some(timer),
        _ => None,
    });
    (state, timer.expect("the contact waits"))
}

fn event(name: &str, number: u64, at: Instant) -> Event {
    Event {
        contact: contact_id(),
        name: EventName::parse(name).expect("a name"),
        id: EventId::parse(&format!("event-{number}")).expect("an id"),
        occurred_at: at,
        fields: fields(&json!({ "order": number, "value": 59.9, "items": 3 })),
        attributes: Fields::new(),
        history_only: false,
        source: None,
    }
}

fn contact_id() -> ContactId {
    ContactId::parse("contact-1").expect("an id")
}

fn fields(json: &Json) -> Fields {
    serde_json::from_value(json.clone()).expect("fields")
}

/// A running workflow whose journeys wait for three days, or for a visit.
fn compiled() -> Compiled {
    let document = json!({
        "id": "welcome",
        "title": "Welcome",
        "goal": "none",
        "entry": "once",
        "trigger": { "plugin": "event", "config": {} },
        "steps": [
            { "id": "pause", "wait_for": { "arms": [{ "on": { "event": "visited" } }], "timeout": "3d" } },
            { "id": "tips", "send": { "template": "tips" } },
            { "id": "a_week", "wait": { "for": "7d" } },
            { "id": "picks", "send": { "template": "tips" } },
        ],
        "templates": { "tips": { "subject": "Tips", "mjml": "<mjml></mjml>" } },
    });
    let document: Workflow = serde_json::from_value(document).expect("the shape of a workflow");
    let trigger = ResolvedBinding {
        plugin: document
            .trigger
            .as_ref()
            .expect("it has one")
            .plugin
            .clone(),
        version: semver::Version::new(1, 0, 0),
        digest: Digest::of_bytes(b"event"),
        config: String::new(),
        plan: serde_json::from_value(json!({
            "format": 1,
            "inputs": [],
            "occasions": [{ "event": { "event": "signed_up" } }],
        }))
        .expect("the shape of a plan"),
        reasons: vec![Reason {
            code: "because".to_owned(),
            title: "Because".to_owned(),
        }],
        formers: Vec::new(),
        returned_from: None,
    };
    let templates = document.templates.keys();
    let templates =
        templates.map(|name| (name.to_string(), Digest::of_bytes(name.as_str().as_bytes())));
    let bindings = BTreeMap::from([(Slot::Trigger, trigger)]);
    let put = Command::put(&document, &bindings, templates.collect(), None, Edit::Pin);
    let start = Command::Transition {
        workflow: document.id,
        action: Action::Start,
    };
    let now = Instant::from_ms(BEGIN_MS).minus(Span::from_days(1));
    let mut definitions = Definitions::default();
    for command in [put.expect("it encodes"), start] {
        let change = control::apply(&definitions, &command, now);
        definitions = change.expect("nothing stands against it").definitions;
    }
    Compiled::new(Arc::new(definitions))
}
