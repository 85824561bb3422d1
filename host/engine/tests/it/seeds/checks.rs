//! What must hold after every seed: the invariants of the threats' section on faults, from what the callers know, what
//! came to the sink, what the log holds and what the engine tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use signalbox_engine::{NewInput, Position};
use signalbox_journal::{Clock, Entry, Journal, Sink as JournalSink};
use signalbox_mail::message::message_id;
use signalbox_model::{
    codec,
    event::{APPROVAL_DECIDED, EVENT_AHEAD_MAX, Event, TRIGGER_LATE_LIMIT},
    fact::{Fact, FactKind},
    id::{ContactId, EventId, JourneyId, MessageId, SourceName, StepId, WorkflowId},
    record::Record,
    state::ContactState,
    time::Instant,
};
use tempfile::TempDir;

use super::{
    documents::{self, CART, THANKS, WELCOME},
    host::{Host, PARTITIONS},
    play::{CONTACTS, Known, Play},
    server::Body,
};
use crate::support::copy_folder;

/// The domain of every Message-ID: that of the default sender.
const DOMAIN: &str = "localhost.localdomain";
/// More than a seed's data may take on disk.
const DISK_BYTES_MAX: u64 = 48 << 20;

type Checked = Result<(), String>;

/// A record of the log.
struct Logged {
    position: Position,
    at: Instant,
    record: Record,
}

/// What the engine tells of a contact.
struct Told {
    id: ContactId,
    state: Option<ContactState>,
    facts: Vec<(u64, Fact)>,
}

/// A message and what became of it, from the facts.
struct Sent {
    contact: ContactId,
    workflow: String,
    journey: JourneyId,
    accepted: usize,
    doubts: usize,
    settled: usize,
}

/// Looks at everything. The engine of the play runs and has nothing left to do.
pub(super) fn check(play: &mut Play) -> Checked {
    let told = told(&play.host)?;
    check_rest(play, &told)?;
    check_funnels(&play.host)?;
    let counts = applied_counts(&play.host)?;
    let since = running_since(&play.host)?;
    play.host.stop();
    let log = read_log(&play.host)?;
    check_inputs(&play.known, &log)?;
    check_applied(&told, &log, &counts, since)?;
    let messages = messages(&told)?;
    check_mails(&messages, &log, &play.host.sink.bodies())?;
    check_times(&told, &play.known.leaps)?;
    check_exits(
        &play.known,
        &told,
        &log,
        &messages,
        &play.host.sink.bodies(),
    )?;
    check_unsubscribed(&play.known, &messages, &play.host.sink.bodies())?;
    check_rebuilt(play)
}

/// Reads from an engine that nothing happens to.
fn read<T, E: std::fmt::Debug>(
    host: &Host,
    work: impl AsyncFnOnce(signalbox_engine::Engine) -> Result<T, E>,
) -> Result<T, String> {
    match host.run(work) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(format!("it cannot be read: {error:?}")),
        Err(down) => Err(format!("{down:?} while nothing happens")),
    }
}

/// Since when the workflow of orders runs.
fn running_since(host: &Host) -> Result<Instant, String> {
    let thanks = WorkflowId::parse(THANKS).expect("an id");
    let view = read(host, async |engine| engine.workflow(&thanks).await)?;
    let since = view.and_then(|view| view.definition.running_since);
    since.ok_or_else(|| "the workflow of orders was never started".to_owned())
}

fn told(host: &Host) -> Result<Vec<Told>, String> {
    let mut all = Vec::new();
    for name in CONTACTS {
        let id = ContactId::parse(name).expect("an id");
        let view = read(host, async |engine| engine.contact(&id).await)?;
        let facts = read(host, async |engine| engine.facts(&id, None, 100_000).await)?;
        let facts = facts.into_iter().map(|fact| (fact.sequence, fact.fact));
        all.push(Told {
            state: view.map(|view| view.state),
            facts: facts.collect(),
            id,
        });
    }
    Ok(all)
}

/// How often an event of each name was applied.
fn applied_counts(host: &Host) -> Result<BTreeMap<String, u64>, String> {
    let schema = read(host, async |engine| engine.schema().await)?;
    let events = schema.events.into_iter();
    Ok(events
        .map(|(name, seen)| (name.to_string(), seen.count))
        .collect())
}

/// Nothing waits, nobody is inside, and neither memory nor disk has grown.
fn check_rest(play: &Play, told: &[Told]) -> Checked {
    let metrics = play
        .host
        .engine()
        .metrics_snapshot()
        .map_err(|error| error.to_string())?;
    if metrics.queue_depths.iter().any(|depth| *depth != 0) || metrics.sends_in_flight != 0 {
        return Err(format!(
            "left over: {:?} records, {} mails in flight",
            metrics.queue_depths, metrics.sends_in_flight
        ));
    }
    for one in told {
        let Some(state) = &one.state else { continue };
        if !state.pending.is_empty() {
            return Err(format!("{}: messages wait: {:?}", one.id, state.pending));
        }
        for (workflow, presence) in &state.presences {
            let inside = !presence.journeys.is_empty() || !presence.held.is_empty();
            if inside || !presence.arms.is_empty() {
                return Err(format!("{}: still in {workflow}: {presence:?}", one.id));
            }
        }
    }
    let bytes = bytes_of(&play.host.data());
    if bytes > DISK_BYTES_MAX {
        return Err(format!("{bytes} bytes on disk"));
    }
    Ok(())
}

/// Whoever came to a step went on from it or left there, since the rows say that nobody is inside; the same for the
/// workflow. Over all versions: a journey that moved was counted in two.
fn check_funnels(host: &Host) -> Checked {
    for name in [THANKS, WELCOME, CART] {
        let workflow = WorkflowId::parse(name).expect("an id");
        let Some(view) = read(host, async |engine| engine.workflow(&workflow).await)? else {
            continue;
        };
        let mut all = Funnel::default();
        let mut steps: BTreeMap<StepId, Funnel> = BTreeMap::new();
        for counters in view.counters.into_values() {
            all.add(counters.entered, counters.completed, &counters.exited);
            for (step, counters) in counters.steps {
                let funnel = steps.entry(step).or_default();
                funnel.add(counters.entered, counters.advanced, &counters.exited);
            }
        }
        if !all.is_empty() || steps.values().any(|funnel| !funnel.is_empty()) {
            return Err(format!(
                "{name}: somebody counts as inside: {all:?}, {steps:?}"
            ));
        }
    }
    Ok(())
}

/// How many came, and how many went.
#[derive(Debug, Default)]
struct Funnel {
    came: u64,
    went: u64,
}

impl Funnel {
    fn add(&mut self, entered: u64, advanced: u64, exited: &BTreeMap<String, u64>) {
        self.came += entered;
        self.went += advanced + exited.values().sum::<u64>();
    }

    fn is_empty(&self) -> bool {
        self.came == self.went
    }
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

struct Nobody;

impl Clock for Nobody {
    fn now_ms(&self) -> i64 {
        0
    }
}

impl JournalSink for Nobody {
    fn durable(&self, _: &[Entry]) {}
}

/// Opens a copy of the journal, so that it stays as it is.
fn open_copy(host: &Host) -> Result<(Journal, TempDir), String> {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&host.data().join("journal"), copy.path());
    let config = signalbox_journal::Config::new(copy.path(), PARTITIONS + 1);
    let (journal, _) = Journal::open(config, Arc::new(Nobody), Arc::new(Nobody))
        .map_err(|error| format!("the journal: {error}"))?;
    Ok((journal, copy))
}

/// The last sequence in each partition's log.
fn log_ends(host: &Host) -> Result<Vec<u64>, String> {
    let (journal, _copy) = open_copy(host)?;
    let ends = (0..=PARTITIONS).map(|partition| journal.last_durable(partition));
    Ok(ends.collect())
}

/// All records, by partition and in their order.
fn read_log(host: &Host) -> Result<Vec<Logged>, String> {
    let (journal, _copy) = open_copy(host)?;
    let mut log = Vec::new();
    for partition in 0..=PARTITIONS {
        let entries = journal
            .read(partition, 1)
            .map_err(|error| format!("the journal: {error}"))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("the journal: {error}"))?;
            log.push(Logged {
                position: entry.position,
                at: Instant::from_ms(entry.logged_at_ms),
                record: codec::decode(&entry.payload).map_err(|error| error.to_string())?,
            });
        }
    }
    Ok(log)
}

/// What was acknowledged is where it was said to be, and what was not is there whole or not at all.
fn check_inputs(known: &Known, log: &[Logged]) -> Checked {
    let by_position: BTreeMap<Position, &Record> = log
        .iter()
        .map(|logged| (logged.position, &logged.record))
        .collect();
    let mut logged: BTreeMap<&EventId, usize> = BTreeMap::new();
    for one in log {
        if let Record::Event(event) = &one.record {
            *logged.entry(&event.id).or_default() += 1;
        }
    }
    for (number, batch) in known.batches.iter().enumerate() {
        for positions in &batch.acknowledged {
            for (input, position) in batch.inputs.iter().zip(positions) {
                let there = match (input, by_position.get(position)) {
                    (NewInput::Event(event), Some(Record::Event(found))) => event == found,
                    (
                        NewInput::Attributes(contact, changes),
                        Some(Record::Attributes(found, found_changes)),
                    ) => contact == found && changes == found_changes,
                    _ => false,
                };
                if !there {
                    return Err(format!("batch {number} is not at {position}: {input:?}"));
                }
            }
        }
        let events = batch.inputs.iter().filter_map(event_of);
        let ours = events.filter(|event| event.name.as_str() != APPROVAL_DECIDED);
        let counts: BTreeSet<usize> = ours
            .map(|event| logged.get(&event.id).copied().unwrap_or(0))
            .collect();
        let possible = batch.acknowledged.len()..=batch.calls;
        if counts.len() > 1 || counts.iter().any(|count| !possible.contains(count)) {
            return Err(format!(
                "batch {number}: called {} times, {} answers, and in the log {counts:?} times",
                batch.calls,
                batch.acknowledged.len()
            ));
        }
    }
    Ok(())
}

fn event_of(input: &NewInput) -> Option<&Event> {
    match input {
        NewInput::Event(event) => Some(event),
        NewInput::Attributes(..) => None,
    }
}

/// Every input in the log had its effect once, in the order of its contact.
fn check_applied(
    told: &[Told],
    log: &[Logged],
    counts: &BTreeMap<String, u64>,
    since: Instant,
) -> Checked {
    let mut expected_counts: BTreeMap<String, u64> = BTreeMap::new();
    for one in told {
        let mut seen: BTreeSet<&EventId> = BTreeSet::new();
        let mut keys = Vec::new();
        let mut last = None;
        let settings = documents::settings();
        let place = |source: &Option<SourceName>| {
            let mut declared = settings.sources.iter();
            declared
                .position(|one| Some(one) == source.as_ref())
                .unwrap_or(usize::MAX)
        };
        let mut said_by = usize::MAX;
        for logged in log {
            match &logged.record {
                Record::Event(event) if event.contact == one.id && seen.insert(&event.id) => {
                    *expected_counts.entry(event.name.to_string()).or_default() += 1;
                    let in_time = event.occurred_at >= since
                        && logged.at.since(event.occurred_at) <= TRIGGER_LATE_LIMIT;
                    if event.name.as_str() == "order_completed" && in_time {
                        keys.push(event.id.as_str().replace("event-", ""));
                    }
                }
                Record::Attributes(contact, changes)
                    if *contact == one.id && place(&changes.source) <= said_by =>
                {
                    said_by = place(&changes.source);
                    last = changes.attributes.values().next_back().cloned().flatten();
                }
                _ => {}
            }
        }
        let entered = one.facts.iter().filter_map(|(_, fact)| match &fact.what {
            FactKind::JourneyEntered(key) if fact.owner.to_string() == THANKS => {
                Some(key.to_string())
            }
            _ => None,
        });
        let entered: Vec<String> = entered.collect();
        if entered != keys {
            return Err(format!("{}: {keys:?} came in, {entered:?} entered", one.id));
        }
        let attributes = one.state.as_ref().map(|state| &state.contact.attributes);
        let found = attributes.and_then(|attributes| {
            let mut named = attributes.iter();
            named.find_map(|(name, value)| (name.as_str() == "last").then_some(value))
        });
        if found != last.as_ref() {
            return Err(format!("{}: {last:?} was last, it has {found:?}", one.id));
        }
    }
    let found: BTreeMap<&String, &u64> = counts
        .iter()
        .filter(|(name, _)| !name.starts_with("message_"))
        .collect();
    if found != expected_counts.iter().collect() {
        return Err(format!("came in: {expected_counts:?}, applied: {found:?}"));
    }
    Ok(())
}

/// All messages by their Message-ID. One for each journey and step, settled once.
fn messages(told: &[Told]) -> Result<BTreeMap<String, Sent>, String> {
    let mut messages: BTreeMap<MessageId, Sent> = BTreeMap::new();
    let mut steps: BTreeSet<(JourneyId, StepId)> = BTreeSet::new();
    for (contact, fact) in told
        .iter()
        .flat_map(|one| one.facts.iter().map(move |(_, fact)| (&one.id, fact)))
    {
        if let (FactKind::MessageQueued(step, id), Some(journey)) = (&fact.what, fact.journey) {
            let sent = Sent {
                contact: contact.clone(),
                workflow: fact.owner.to_string(),
                journey,
                accepted: 0,
                doubts: 0,
                settled: 0,
            };
            if !steps.insert((journey, step.clone())) || messages.insert(*id, sent).is_some() {
                return Err(format!(
                    "{contact}: {step} of {journey} queued two messages"
                ));
            }
        }
        if let FactKind::MessageInDoubt(_, id, _) = &fact.what
            && let Some(sent) = messages.get_mut(id)
        {
            sent.doubts += 1;
        }
        if let Some(sent) = fact.what.settles().and_then(|id| messages.get_mut(id)) {
            sent.settled += 1;
            sent.accepted += usize::from(matches!(fact.what, FactKind::MessageSent(..)));
        }
    }
    let named = |(id, sent): (MessageId, Sent)| {
        if sent.settled != 1 {
            return Err(format!("message {id} was settled {} times", sent.settled));
        }
        let name = message_id(&id.0, DOMAIN).expect("a domain");
        Ok((name, sent))
    };
    messages.into_iter().map(named).collect()
}

/// The sink has each accepted message, and none more often than there were doubts.
fn check_mails(messages: &BTreeMap<String, Sent>, log: &[Logged], bodies: &[Body]) -> Checked {
    let mut intents: BTreeMap<String, usize> = BTreeMap::new();
    for logged in log {
        if let Record::Intent { message, .. } = &logged.record {
            let name = message_id(&message.0, DOMAIN).expect("a domain");
            *intents.entry(name).or_default() += 1;
        }
    }
    let mut by_id: BTreeMap<&str, Vec<&Body>> = BTreeMap::new();
    for body in bodies {
        by_id.entry(&body.message_id).or_default().push(body);
    }
    for (id, bodies) in &by_id {
        let Some(sent) = messages.get(*id) else {
            return Err(format!("{id} came and was never queued"));
        };
        if bodies.iter().any(|body| body.bytes != bodies[0].bytes) {
            return Err(format!("{id} to {} came with other bytes", sent.contact));
        }
        let claimed = intents.get(*id).copied().unwrap_or(0);
        if bodies.len() > claimed {
            return Err(format!("{id}: {} bodies, {claimed} claims", bodies.len()));
        }
    }
    for (id, sent) in messages {
        let bodies = by_id.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let taken = bodies.iter().filter(|body| body.taken).count();
        if taken < sent.accepted || taken > sent.accepted + sent.doubts {
            return Err(format!(
                "{id} of {} to {}: {taken} in the sink, {} accepted, {} doubts",
                sent.workflow, sent.contact, sent.accepted, sent.doubts
            ));
        }
    }
    Ok(())
}

/// Waits end at their instant: not before, not after, and once. Where time was lost they end when it is found.
fn check_times(told: &[Told], leaps: &[Instant]) -> Checked {
    let at_due = |at: Instant, due: Instant| at == due || (at > due && leaps.contains(&at));
    for one in told {
        let mut waits: BTreeMap<JourneyId, (StepId, Instant)> = BTreeMap::new();
        let mut reached: BTreeSet<(JourneyId, StepId)> = BTreeSet::new();
        let mut over: BTreeSet<JourneyId> = BTreeSet::new();
        let mut entered: BTreeSet<JourneyId> = BTreeSet::new();
        let mut armed: BTreeMap<(String, String), Instant> = BTreeMap::new();
        for (_, fact) in &one.facts {
            let told = |what: &str| format!("{}: {what}: {fact:?}", one.id);
            if let FactKind::Armed(key, at) = &fact.what {
                armed.insert((fact.owner.to_string(), key.to_string()), *at);
            }
            let Some(journey) = fact.journey else {
                continue;
            };
            match &fact.what {
                FactKind::JourneyEntered(key) => {
                    if !entered.insert(journey) {
                        return Err(told("entered twice"));
                    }
                    let arm = (fact.owner.to_string(), key.to_string());
                    if let Some(due) = armed.remove(&arm)
                        && fact.at < due
                    {
                        return Err(told(&format!("before its arm at {due}")));
                    }
                }
                FactKind::WaitStarted(step, until) => {
                    waits.insert(journey, (step.clone(), *until));
                }
                FactKind::StepReached(step) => {
                    if !reached.insert((journey, step.clone())) {
                        return Err(told("reached twice"));
                    }
                    let Some((step, due)) = waits.remove(&journey) else {
                        continue;
                    };
                    let plain = matches!(step.as_str(), "pause" | "morning");
                    let well = at_due(fact.at, due) || (!plain && fact.at <= due);
                    if !well {
                        return Err(told(&format!("{step} was due at {due}")));
                    }
                }
                FactKind::JourneyCompleted | FactKind::JourneyExited(_)
                    if !over.insert(journey) =>
                {
                    return Err(told("over twice"));
                }
                _ => {}
            }
        }
        if entered != over {
            return Err(format!(
                "{}: {entered:?} entered, {over:?} are over",
                one.id
            ));
        }
    }
    Ok(())
}

/// After an exit was acknowledged, and what was under way had ended, no body of a journey that it ends was begun.
fn check_exits(
    known: &Known,
    told: &[Told],
    log: &[Logged],
    messages: &BTreeMap<String, Sent>,
    bodies: &[Body],
) -> Checked {
    for closed in &known.closed {
        // The first of it in the log is the one that counted.
        let first = log.iter().find(
            |logged| matches!(&logged.record, Record::Event(event) if event.id == closed.event.id),
        );
        let Some(first) = first else {
            return Err(format!("{:?} is not in the log", closed.event.id));
        };
        let facts = told
            .iter()
            .filter(|one| one.id == closed.event.contact)
            .flat_map(|one| &one.facts);
        let entered_before: BTreeSet<JourneyId> = facts
            .filter(|(sequence, fact)| {
                *sequence < first.position.sequence
                    // What occurred before the journey began may be history to it.
                    && fact.at <= closed.event.occurred_at.plus(EVENT_AHEAD_MAX)
                    && fact.owner.to_string() == closed.workflow
                    && matches!(fact.what, FactKind::JourneyEntered(_))
            })
            .filter_map(|(_, fact)| fact.journey)
            .collect();
        for body in bodies.iter().filter(|body| body.begun > closed.stamp) {
            let sent = messages.get(&body.message_id);
            if sent.is_some_and(|sent| entered_before.contains(&sent.journey)) {
                return Err(format!(
                    "{} was begun after {:?} was acknowledged",
                    body.message_id, closed.event
                ));
            }
        }
    }
    Ok(())
}

/// After an unsubscribe was acknowledged, and what was under way had ended, no marketing body to the contact was begun, in
/// whatever workflow; unless a call has subscribed it before that body.
fn check_unsubscribed(
    known: &Known,
    messages: &BTreeMap<String, Sent>,
    bodies: &[Body],
) -> Checked {
    for gone in &known.unsubscribed {
        let subscribed = known.subscribed.get(&gone.contact);
        let until = subscribed.copied().unwrap_or(u64::MAX);
        let after = gone.stamp..until;
        for body in bodies.iter().filter(|body| after.contains(&body.begun)) {
            let sent = messages.get(&body.message_id);
            if sent.is_some_and(|sent| sent.contact == gone.contact && sent.workflow != THANKS) {
                return Err(format!(
                    "{} to {} was begun after its unsubscribe was acknowledged",
                    body.message_id, gone.contact
                ));
            }
        }
    }
    Ok(())
}

/// The store equals a replay of the journal: from its first record, or from a snapshot once it was trimmed. The replay
/// serves nobody, since a start has visits of its own to log; it asks no rule, whose answer it would log too.
fn check_rebuilt(play: &mut Play) -> Checked {
    if play.known.batches.len().is_multiple_of(3) {
        trim(play)?;
    }
    let before = export(&play.host)?;
    let ends = log_ends(&play.host)?;
    play.host.rebuild()?;
    let ends_after = log_ends(&play.host)?;
    if ends != ends_after {
        return Err(format!(
            "a rebuild logs: {ends:?} before, {ends_after:?} after"
        ));
    }
    let after = export(&play.host)?;
    if before == after {
        return Ok(());
    }
    let differs = before.lines().zip(after.lines()).find(|(a, b)| a != b);
    Err(format!(
        "the store is not a replay of its journal: {differs:?}"
    ))
}

/// Makes the two snapshots that a trim needs, and trims.
fn trim(play: &mut Play) -> Checked {
    play.host.start(None)?;
    read(&play.host, async |engine| {
        engine.snapshot().await?;
        engine.snapshot().await?;
        engine.trim().await
    })?;
    play.host.stop();
    Ok(())
}

fn export(host: &Host) -> Result<String, String> {
    let folder = host.data().join("store");
    let config = signalbox_store::Config::new(&folder, PARTITIONS, Instant::from_ms(0));
    let store = signalbox_store::Store::open(&config).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    store.export(&mut text).map_err(|error| error.to_string())?;
    store.close_clean().map_err(|error| error.to_string())?;
    String::from_utf8(text).map_err(|error| error.to_string())
}
