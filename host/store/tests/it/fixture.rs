//! Stores with a little of everything in them.

use std::path::Path;

use signalbox_model::{
    contact::Contact,
    definitions::Slot,
    event::Event,
    fact::{Fact, FactKind, RuleDecision},
    id::{
        ContactId, Digest, EntryKey, EventId, EventName, FieldName, JourneyId, MessageId,
        Partition, StepId, WorkflowId,
    },
    message::{Message, MessageStatus},
    record::{PostId, Posted},
    state::{
        Cause, ContactState, Journey, JourneySummary, PastEvent, PendingMessage, Place, Presence,
        Timer, TimerId,
    },
    time::{Instant, Span},
    value::{Fields, Value},
    workflow::step::{InDoubt, MessageClass},
};
use signalbox_store::{Batch, Config, Store};

pub(crate) const PARTITIONS: Partition = 3;

pub(crate) fn config(folder: &Path) -> Config {
    Config {
        cache_bytes: 64 << 20,
        ..Config::new(folder, PARTITIONS, at(0))
    }
}

pub(crate) fn open(folder: &Path) -> Store {
    Store::open(&config(folder)).unwrap()
}

/// As [`open`], with so few rows in memory that most commits are written down on the way, and copied now and then.
pub(crate) fn open_with_little_memory(folder: &Path) -> Store {
    let config = Config {
        waiting_rows: 8,
        flush_every_ms: 20,
        compact_from_bytes: Some(1 << 20),
        ..config(folder)
    };
    Store::open(&config).unwrap()
}

pub(crate) fn at(seconds: u64) -> Instant {
    Instant::from_ms(1_700_000_000_000).plus(Span::from_ms(seconds * 1_000))
}

pub(crate) fn contact_id(number: usize) -> ContactId {
    ContactId::parse(&format!("contact-{number:05}")).unwrap()
}

pub(crate) fn workflow() -> WorkflowId {
    WorkflowId::parse("thank-you").unwrap()
}

fn journey_id(contact: &ContactId, key: &str) -> JourneyId {
    JourneyId::of_parts(&[contact.as_str().as_bytes(), key.as_bytes()])
}

pub(crate) fn past_event(number: usize) -> PastEvent {
    PastEvent {
        name: EventName::parse("order_completed").unwrap(),
        occurred_at: at(number as u64),
        fields: Fields::from([(
            FieldName::parse("value").unwrap(),
            Value::Number(number as f64 / 4.0),
        )]),
    }
}

pub(crate) fn state(contact: &ContactId, number: usize) -> ContactState {
    let mut state = ContactState::new(Contact::new(contact.clone(), at(0)));
    state.contact.attributes.insert(
        FieldName::parse("number").unwrap(),
        Value::Integer(number as i64),
    );
    state.history.open.push(past_event(number));
    state
}

fn cause() -> Cause {
    Cause {
        id: EventId::parse("order-1").unwrap(),
        name: EventName::parse("order_completed").unwrap(),
        occurred_at: at(0),
        fields: Fields::new(),
    }
}

/// Puts the contact into a journey that waits until that instant; answers with the timer it needs.
pub(crate) fn let_wait(state: &mut ContactState, due: Instant) -> Timer {
    let contact = state.contact.id.clone();
    let key = EntryKey::parse("order-1").unwrap();
    let id = journey_id(&contact, key.as_str());
    let journey = Journey {
        version: 1,
        key,
        entered_at: at(0),
        event: cause(),
        place: Place::Waiting {
            step: StepId::parse("wait").unwrap(),
            since: at(0),
            due,
        },
        steps_taken: 1,
        visits: [].into(),
        arms: std::collections::BTreeMap::new(),
        kept: signalbox_model::value::Fields::new(),
        holdout: false,
    };
    let presence: &mut Presence = state.presences.entry(workflow()).or_default();
    presence.journeys.insert(id, journey);
    Timer {
        due,
        id: TimerId::Journey(workflow(), id),
        contact,
    }
}

/// A queued message to the contact, which knows it as pending from here on.
pub(crate) fn queue_message(
    state: &mut ContactState,
    visit: u32,
    template: Digest,
    release_at: Instant,
) -> Message {
    let contact = state.contact.id.clone();
    let step = StepId::parse("send").unwrap();
    let journey = journey_id(&contact, "order-2");
    let id = MessageId::new(journey, &step, visit);
    let pending = PendingMessage {
        workflow: workflow(),
        version: 1,
        journey,
        step: step.clone(),
        class: MessageClass::Marketing,
        resend_in_doubt: false,
        queued_at: release_at,
        due_at: release_at,
        late_limit: Span::from_days(1),
        release_at,
        attempts: 0,
        was_tried: false,
        claimed: None,
        cancelled: None,
        offer: None,
    };
    state.pending.insert(id, pending);
    Message {
        id,
        contact,
        workflow: workflow(),
        version: 1,
        journey,
        step,
        class: MessageClass::Marketing,
        in_doubt: InDoubt::Hold,
        to: "someone@example.com".to_owned(),
        template,
        subject: None,
        view: r#"{"contact":{}}"#.to_owned(),
        queued_at: at(0),
        dated_at: at(0),
        release_at,
        attempts: 0,
        first_attempt_at: None,
        status: MessageStatus::Queued,
    }
}

pub(crate) fn fact(contact: &ContactId, what: FactKind) -> Fact {
    Fact {
        at: at(0),
        contact: contact.clone(),
        owner: workflow().into(),
        version: 1,
        journey: None,
        what,
    }
}

fn decision() -> FactKind {
    FactKind::RuleDecided(RuleDecision {
        slot: Slot::Trigger,
        digest: Digest::of_bytes(b"a component"),
        reason: "first_order".to_owned(),
        answer: "enter".to_owned(),
        sequence: 1,
    })
}

/// Commits a little of everything for each contact from 0 on, in batches, partition by partition.
pub(crate) fn fill(store: &Store, contacts: usize) {
    let template = store.blobs().put(b"<mjml>hello</mjml>").unwrap();
    let definitions = store.blobs().put(b"{}").unwrap();
    for partition in store.partitions() {
        let mut observed = store.observed(partition).unwrap();
        let mut sequence = store.position(partition);
        let all =
            (0..contacts).filter(|number| store.partition_of(&contact_id(*number)) == partition);
        let numbers: Vec<usize> = all.collect();
        for group in numbers.chunks(64) {
            let mut batch = store.batch(partition).unwrap();
            for number in group {
                sequence += 1;
                observed.see_event(&event(&contact_id(*number), *number), at(sequence));
                put_contact(&mut batch, *number, sequence, template);
            }
            batch.put_observed(&mut observed).unwrap();
            batch.set_position(sequence);
            store.commit(batch).unwrap();
        }
        let mut batch = store.batch(partition).unwrap();
        put_rest(&mut batch, sequence, definitions);
        batch.set_position(sequence + 1);
        store.commit(batch).unwrap();
    }
}

fn put_contact(batch: &mut Batch<'_>, number: usize, sequence: u64, template: Digest) {
    let contact = contact_id(number);
    let mut state = state(&contact, number);
    state.history.sealed = 2;
    for index in 0..2 {
        let events = [past_event(number), past_event(index)];
        batch.put_chunk(&contact, index as u32, &events).unwrap();
    }
    let timer = let_wait(&mut state, at(100 + number as u64 % 7));
    batch.set_timer(&timer).unwrap();
    let queued = queue_message(&mut state, 0, template, at(50 + number as u64 % 5));
    batch.put_message(&queued).unwrap();
    let claimed = Message {
        status: MessageStatus::Claimed(1),
        ..queue_message(&mut state, 1, template, at(50))
    };
    batch.put_message(&claimed).unwrap();
    batch.put_contact(&state).unwrap();
    for (ordinal, what) in [decision(), FactKind::JourneyCompleted]
        .into_iter()
        .enumerate()
    {
        batch
            .put_fact(sequence, ordinal as u32, &fact(&contact, what))
            .unwrap();
    }
    batch
        .put_closed_journey(&contact, &summary(&contact, number as u64))
        .unwrap();
}

fn put_rest(batch: &mut Batch<'_>, sequence: u64, definitions: Digest) {
    let from = batch.partition();
    let id = PostId {
        from,
        sequence,
        index: 0,
    };
    let record = Posted::PauseWorkflow {
        workflow: workflow(),
        since: at(1),
        at: at(2),
        reason: "rule_failed".to_owned(),
    };
    batch.put_post(0, id, &record).unwrap();
    batch.put_applied_post(PostId { from: 1, ..id }).unwrap();
    batch.put_definitions(3, definitions).unwrap();
    batch.put_counter(b"entered\0thank-you", b"\x07").unwrap();
}

pub(crate) fn summary(contact: &ContactId, ended: u64) -> JourneySummary {
    let key = EntryKey::parse(&format!("order-{ended}")).unwrap();
    JourneySummary {
        journey: journey_id(contact, key.as_str()),
        workflow: workflow(),
        version: 1,
        key,
        entered_at: at(0),
        ended_at: at(ended),
        outcome: "completed".to_owned(),
    }
}

pub(crate) fn event(contact: &ContactId, number: usize) -> Event {
    Event {
        contact: contact.clone(),
        name: EventName::parse("order_completed").unwrap(),
        id: EventId::parse(&format!("event-{number}")).unwrap(),
        occurred_at: at(0),
        fields: past_event(number).fields,
        attributes: Fields::new(),
        history_only: false,
        source: None,
    }
}

pub(crate) fn export(store: &Store) -> String {
    let mut out = Vec::new();
    store.export(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The errors and all their causes in one line.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", in_full(source)),
        None => error.to_string(),
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The databases in the folder, and the number of the one in use as its note says.
pub(crate) fn generations(folder: &Path) -> (Vec<String>, u64) {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut databases: Vec<String> = names.filter(|name| name.starts_with("sled")).collect();
    databases.sort();
    let note = std::fs::read_to_string(folder.join("generation")).unwrap_or_default();
    let note = note.split_once("\ncrc32c").map_or("{}", |(json, _)| json);
    let note: serde_json::Value = serde_json::from_str(note).unwrap();
    (databases, note["number"].as_u64().unwrap_or(0))
}
