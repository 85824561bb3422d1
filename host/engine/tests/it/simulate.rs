//! A simulation comes out as the engine does live, and the same each time, however many partitions there are.

use serde_json::{Value as Json, json};
use signalbox_engine::{Edge, Happened, NewInput, Rendering, Simulation};
use signalbox_model::{
    event::Event,
    id::WorkflowId,
    time::{Instant, Span},
    workflow::Action,
};

use crate::support::{Place, World, event, fact_in_words, follow_up, instant, template, workflow};

const CONTACTS: usize = 12;

/// Waits for events, draws lots and leaves early.
fn series() -> Json {
    json!({
        "id": "series",
        "title": "Series",
        "goal": "none",
        "trigger": {"plugin": "event", "config": {"event": "order_completed", "key": "order"}},
        "exits": [{"on": {"event": "order_returned"}}],
        "steps": [
            {"id": "hello", "send": {"template": "hello"}},
            {"id": "lot", "split": {"arms": [
                {"name": "asked", "weight": 5000, "goto": "answer"},
                {"name": "left", "weight": 5000, "goto": "end"},
            ]}},
            {"id": "answer", "wait_for": {"timeout": "2d", "otherwise": "end", "arms": [
                {"on": {"event": "order_completed"}, "goto": "more"},
            ]}},
            {"id": "more", "send": {"template": "more"}},
            {"id": "end", "exit": {"reason": "done"}},
        ],
        "templates": {"hello": template("Hello {{ contact.email }}"), "more": template("More")},
    })
}

/// Orders of all contacts, some at one instant and some again, and returns.
fn tape() -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..3 * CONTACTS {
        let at = instant("2026-03-01T09:00:00Z").plus(Span::from_ms(number as u64 / 2 * 3_600_000));
        let contact = format!("contact-{}", number * 7 % CONTACTS);
        let name = if number % 5 == 4 {
            "order_returned"
        } else {
            "order_completed"
        };
        let fields = json!({"order": format!("o-{number}"), "value": 40 + number});
        events.push(event(&contact, name, fields, at));
    }
    events
}

fn in_instants(events: Vec<Event>) -> Vec<(Instant, Vec<NewInput>)> {
    let mut instants: Vec<(Instant, Vec<NewInput>)> = Vec::new();
    for event in events {
        let at = event.occurred_at;
        match instants.last_mut() {
            Some((last, inputs)) if *last == at => inputs.push(NewInput::Event(event)),
            _ => instants.push((at, vec![NewInput::Event(event)])),
        }
    }
    instants
}

fn until() -> Instant {
    instant("2026-03-08T09:00:00Z")
}

/// What a simulation says, a line each, and the mails' bytes.
fn simulated(partitions: u16, rendering: Rendering) -> (Vec<String>, Vec<Vec<u8>>) {
    let place = Place::new(&["event", "audience"]);
    let (mut config, catalogue) = place.for_a_simulation();
    config.partitions = partitions;
    let (mut lines, mut mails) = (Vec::new(), Vec::new());
    let tell = Box::new(|happened: Happened<'_>| {
        match happened {
            Happened::Fact(fact) => lines.push(format!(
                "{} {} {}",
                fact.at,
                fact.contact,
                fact_in_words(&fact.what)
            )),
            Happened::Counted(_) => {}
            Happened::Message(message) => mails.push(message.bytes.clone()),
        }
        Ok(())
    });
    let simulation = Simulation::create(config, catalogue, 7, rendering, tell);
    let mut simulation = simulation.expect("it begins");
    for document in [series(), follow_up()] {
        let document = workflow(document);
        simulation
            .put_workflow(&document, None)
            .expect("the workflow is good");
        simulation
            .transition(&document.id, Action::Start)
            .expect("it starts");
    }
    for (at, inputs) in in_instants(tape()) {
        simulation.advance_to(at, Edge::Before).expect("it goes on");
        simulation.feed(inputs).expect("it goes on");
    }
    simulation
        .advance_to(until(), Edge::Through)
        .expect("it goes on");
    assert_eq!(simulation.now(), until());
    simulation.finish().expect("it ends");
    (lines, mails)
}

/// What a running engine keeps of the same, in the same order.
async fn live() -> (Vec<String>, Vec<Vec<u8>>) {
    let world = World::new();
    world.run(series()).await;
    world.run(follow_up()).await;
    let clock = world.engine.clock().expect("it runs").expect("is manual");
    for (at, inputs) in in_instants(tape()) {
        clock.advance_to(at, Edge::Before).await.expect("it winds");
        world.engine.accept(inputs).await.expect("it accepts");
    }
    clock
        .advance_to(until(), Edge::Through)
        .await
        .expect("it winds");
    let mut facts = Vec::new();
    for number in 0..CONTACTS {
        let contact = format!("contact-{number}").parse().expect("an id");
        let found = world.engine.facts(&contact, None, 10_000).await;
        for stored in found.expect("they can be read") {
            let line = format!(
                "{} {} {}",
                stored.fact.at,
                stored.fact.contact,
                fact_in_words(&stored.fact.what)
            );
            facts.push((stored.fact.at, stored.fact.contact.clone(), line));
        }
    }
    facts.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let inbox = world.engine.inbox().expect("mails are captured");
    let page = inbox.list(None, 200).expect("the inbox can be read");
    assert_eq!(page.next_before, None);
    let mails = page.messages.iter();
    let mails = mails.map(|mail| inbox.read(&mail.id).expect("it can be read").raw);
    let mails = mails.collect();
    (facts.into_iter().map(|(_, _, line)| line).collect(), mails)
}

fn sorted(mut mails: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    mails.sort();
    mails
}

#[tokio::test(flavor = "multi_thread")]
async fn it_comes_out_as_the_engine_does_live() {
    let (facts, mails) = live().await;
    assert!(mails.len() > CONTACTS, "{} mails", mails.len());
    let (lines, simulated_mails) = tokio::task::block_in_place(|| simulated(2, Rendering::Whole));
    assert_eq!(lines, facts);
    assert_eq!(sorted(simulated_mails), sorted(mails));
}

#[test]
fn it_comes_out_the_same_each_time_and_with_any_partitions() {
    let once = simulated(1, Rendering::Whole);
    assert_eq!(once, simulated(1, Rendering::Whole));
    assert_eq!(once, simulated(5, Rendering::Whole));
    let (lines, _) = once;
    let (unrendered, none) = simulated(1, Rendering::Skipped);
    assert_eq!(lines, unrendered);
    assert!(none.is_empty());
}

#[test]
fn what_cannot_be_rendered_or_put_is_told() {
    let place = Place::new(&["event"]);
    let (config, catalogue) = place.for_a_simulation();
    let mut reasons = Vec::new();
    let tell = Box::new(|happened: Happened<'_>| {
        if let Happened::Fact(fact) = happened {
            reasons.push(fact_in_words(&fact.what));
        }
        Ok(())
    });
    let simulation = Simulation::create(config, catalogue, 0, Rendering::Whole, tell);
    let mut simulation = simulation.expect("it begins");
    let mut strict = series();
    strict["templates"]["hello"] = template("{{ contact.first_name }}");
    strict["steps"] = json!([{"id": "hello", "send": {"template": "hello"}}]);
    let missing = WorkflowId::parse("missing").expect("an id");
    assert!(simulation.transition(&missing, Action::Start).is_err());
    let mut unknown = strict.clone();
    unknown["trigger"]["plugin"] = json!("nobody");
    assert!(simulation.put_workflow(&workflow(unknown), None).is_err());
    simulation
        .put_workflow(&workflow(strict), None)
        .expect("the workflow is good");
    let series = WorkflowId::parse("series").expect("an id");
    simulation
        .transition(&series, Action::Start)
        .expect("it starts");
    for (at, inputs) in in_instants(tape()).into_iter().take(1) {
        simulation.advance_to(at, Edge::Before).expect("it goes on");
        simulation.feed(inputs).expect("it goes on");
    }
    simulation.finish().expect("it ends");
    assert!(
        reasons
            .iter()
            .any(|reason| reason == "skipped: variable_missing"),
        "{reasons:?}"
    );
}
