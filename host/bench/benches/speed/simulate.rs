//! How many days of contacts a simulation plays in a second: the welcome series over 30 days, on one thread.
//!
//! Contacts sign up one after the other through a day, each at an instant of its own, and are told four times. The bar
//! of design section 11 is 100,000 contact-days a second without rendering. Rendered it is held against rendering and
//! building the same mails and nothing else, and the bar is 0.7x of that. What the simulation's other threads use of
//! the processors is told beside the time.

use std::{env, sync::Arc, time::Duration};

use criterion::{Criterion, SamplingMode, Throughput};
use serde_json::{Value as Json, json};
use signalbox_bench::{
    clock::{process_now, processor_time},
    place::Place,
    say,
};
use signalbox_engine::{Config, Edge, Happened, NewInput, Rendering, Simulation};
use signalbox_mail::{
    address::{Address, Mailbox},
    message::{self, Envelope},
    template::{Root, Template, TemplateSource, View},
};
use signalbox_model::{
    event::Event,
    id::{ContactId, EventId, EventName},
    time::{Instant, Span},
    workflow::{Action, Workflow},
};
use signalbox_rules::catalogue::Catalogue;

/// Contacts, if `SIGNALBOX_BENCH_SIMULATED` names no other number.
const CONTACTS: u64 = 2_000;
const CONTACTS_NAME: &str = "SIGNALBOX_BENCH_SIMULATED";
const DAYS: u32 = 30;
/// Through which they sign up.
const SIGN_UPS_WITHIN: Span = Span::from_days(1);
const MAILS_EACH: u64 = 4;
/// 2026-03-01T09:00:00Z.
const BEGIN_MS: i64 = 1_772_355_600_000;

pub(crate) fn simulations(criterion: &mut Criterion) {
    let contacts = env::var(CONTACTS_NAME).ok();
    let contacts = contacts.map_or(CONTACTS, |text| text.parse().expect("a number"));
    let days = contacts * u64::from(DAYS);
    let mut group = criterion.benchmark_group(format!("simulated_contact_days_{days}"));
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(days));
    let place = Place::new(&["event"]);
    let (catalogue, _events) = place.catalogue();
    let catalogue = Arc::new(catalogue);
    group.bench_function("baseline_rendering_alone", |bencher| {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| render(contacts)).sum());
    });
    let mut used = Vec::new();
    for (name, rendering) in [
        ("rendered", Rendering::Whole),
        ("not_rendered", Rendering::Skipped),
    ] {
        let (mut played, before) = (0, processor_time());
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                played += iterations * days;
                (0..iterations)
                    .map(|_| simulate(&catalogue, rendering, contacts))
                    .sum()
            });
        });
        let processor = processor_time().saturating_sub(before);
        used.push((name, played as f64 / processor.as_secs_f64()));
    }
    group.finish();
    for (name, rate) in used.into_iter().filter(|(_, rate)| *rate > 0.0) {
        say(&format!(
            "simulated, {name}: {rate:.0} contact-days in a second of the processors, all threads together"
        ));
    }
}

fn simulate(catalogue: &Arc<Catalogue>, rendering: Rendering, contacts: u64) -> Duration {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = Instant::from_ms(BEGIN_MS);
    let mut config = Config::new(folder.path());
    config.partitions = 1;
    config.manual_start = first;
    let tape: Vec<Event> = (0..contacts)
        .map(|number| sign_up(number, contacts))
        .collect();
    let (mut facts, mut mails) = (0_u64, 0_u64);
    let tell = Box::new(|happened: Happened<'_>| {
        match happened {
            Happened::Fact(_) | Happened::Counted(_) => facts += 1,
            Happened::Message(_) => mails += 1,
        }
        Ok(())
    });
    let began = process_now();
    let simulation = Simulation::create(config, Arc::clone(catalogue), 0, rendering, tell);
    let mut simulation = simulation.expect("it begins");
    let welcome: Workflow = serde_json::from_value(welcome()).expect("the shape of a workflow");
    simulation
        .put_workflow(&welcome, None)
        .expect("the workflow is good");
    simulation
        .transition(&welcome.id, Action::Start)
        .expect("it starts");
    for event in tape {
        let at = event.occurred_at;
        simulation.advance_to(at, Edge::Before).expect("it goes on");
        simulation
            .feed(vec![NewInput::Event(event)])
            .expect("it goes on");
    }
    let end = first.plus(Span::from_days(DAYS)).plus(SIGN_UPS_WITHIN);
    simulation
        .advance_to(end, Edge::Through)
        .expect("it goes on");
    simulation.finish().expect("it ends");
    let took = began.elapsed();
    let rendered = if rendering == Rendering::Whole {
        contacts * MAILS_EACH
    } else {
        0
    };
    assert_eq!(mails, rendered);
    assert!(facts > contacts * MAILS_EACH * 3, "{facts} facts");
    took
}

fn sign_up(number: u64, contacts: u64) -> Event {
    let step_ms = SIGN_UPS_WITHIN.as_ms() / contacts;
    let contact = format!("contact-{number}");
    let attributes = json!({ "email": format!("{contact}@example.com"), "first_name": "Ada" });
    Event {
        contact: ContactId::parse(&contact).expect("an id"),
        name: EventName::parse("signed_up").expect("a name"),
        id: EventId::parse(&format!("sign-up-{number}")).expect("an id"),
        occurred_at: Instant::from_ms(BEGIN_MS).plus(Span::from_ms(number * step_ms)),
        fields: serde_json::from_value(json!({})).expect("fields"),
        attributes: serde_json::from_value(attributes).expect("attributes"),
        history_only: false,
        source: None,
    }
}

fn welcome() -> Json {
    json!({
        "id": "welcome",
        "title": "Welcome",
        "goal": "none",
        "entry": "once",
        "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
        "steps": [
            { "id": "hello", "send": { "template": "hello" } },
            { "id": "three_days", "wait": { "for": "3d" } },
            { "id": "tips", "send": { "template": "tips" } },
            { "id": "a_week", "wait": { "for": "7d" } },
            { "id": "picks", "send": { "template": "picks" } },
            { "id": "twenty_days", "wait": { "for": "20d" } },
            { "id": "offer", "send": { "template": "offer" } },
        ],
        "templates": { "hello": template(), "tips": template(), "picks": template(), "offer": template() },
    })
}

const SUBJECT: &str = "Welcome, {{ contact.first_name }}";
const MJML: &str = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ contact.first_name }}, it is good to have you.</mj-text><mj-button href=\"https://shop.example/new\">Look around</mj-button></mj-column></mj-section></mj-body></mjml>";
const TEXT: &str = "Hello {{ contact.first_name }}, it is good to have you.";

fn template() -> Json {
    json!({ "subject": SUBJECT, "mjml": MJML, "text": TEXT })
}

/// The same mails, rendered and built and nothing else.
fn render(contacts: u64) -> Duration {
    let source = TemplateSource {
        subject: SUBJECT.to_owned(),
        mjml: MJML.to_owned(),
        text: Some(TEXT.to_owned()),
    };
    let template = Template::parse(&source).expect("the template is good");
    let from = Address::parse("signalbox@localhost.localdomain").expect("an address");
    let from = Mailbox::new(Some("Signalbox"), from).expect("a mailbox");
    let began = process_now();
    let mut bytes = 0;
    for number in 0..contacts * MAILS_EACH {
        let contact =
            json!({ "email": format!("contact-{number}@example.com"), "first_name": "Ada" });
        let view = View::new().with(Root::Contact, &contact);
        let rendered = template.render(&view).expect("it renders");
        let to = format!("contact-{number}@example.com");
        let id = u128::from(number).to_be_bytes();
        let envelope = Envelope {
            from: from.clone(),
            reply_to: None,
            to: Address::parse(&to).expect("an address"),
            message_id: message::message_id(&id, "localhost.localdomain").expect("an id"),
            date_ms: BEGIN_MS,
            subject: rendered.subject,
            html: rendered.html,
            text: rendered.text,
            unsubscribe: None,
            list_id: None,
            headers: Vec::new(),
        };
        bytes += message::build(&envelope).expect("it builds").len();
    }
    assert!(bytes > 0);
    began.elapsed()
}
