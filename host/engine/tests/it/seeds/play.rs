//! Plays the schedule of one seed: calls, time, crashes and lies, and what the test knows of them afterwards.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;
use signalbox_engine::{AcceptError, CommandError, Edge, Engine, NewInput, Position, PutError};
use signalbox_model::{
    contact::AttributeChanges,
    event::{APPROVAL_DECIDED, Event, approval},
    id::{ContactId, EventId, EventName, FieldName, WorkflowId},
    state::Place,
    time::{Instant, Span},
    value::{Fields, Value},
    workflow::{Action, Edit, WorkflowState},
};
use tokio::task::JoinSet;

use super::{
    documents::{self, CART, THANKS, WELCOME},
    draw::Draw,
    host::{Down, Host, Setting},
    reaper::HOPS,
};
use crate::support;

/// Few, so that they meet: two or three in each partition.
pub(super) const CONTACTS: [&str; 4] = ["ann", "bob", "cid", "dee"];
/// Calls, windings and commands of one seed.
const ACTS: (u64, u64) = (10, 22);
/// Passed between a command and the answer to its caller, many of them once in each partition.
const HOPS_OF_COMMANDS: [&str; 5] = [
    "journal_write",
    "journal_written",
    "journal_synced",
    "commit",
    "committed",
];
/// What happens to contacts, the usual more often.
const EVENTS: [&str; 20] = [
    "order_completed",
    "order_completed",
    "order_completed",
    "order_completed",
    "order_completed",
    "order_completed",
    "signed_up",
    "signed_up",
    "signed_up",
    "signed_up",
    "cart_updated",
    "cart_updated",
    "cart_updated",
    "cart_updated",
    "account_closed",
    "account_closed",
    "cart_emptied",
    "cart_emptied",
    UNSUBSCRIBED,
    SUBSCRIBED,
];
/// Ends all marketing to the contact, until it subscribes.
const UNSUBSCRIBED: &str = "contact_unsubscribed";
const SUBSCRIBED: &str = "contact_subscribed";
/// Tries to start an engine that goes down while it starts.
const STARTS_MAX: u32 = 8;
/// Behind the last wait and the last retry of every workflow.
const UNTIL_ALL_IS_OVER: Span = Span::from_days(40);

/// Inputs of one call; a call that was not answered may be made again, whole.
pub(super) struct Batch {
    pub(super) inputs: Vec<NewInput>,
    pub(super) calls: usize,
    pub(super) acknowledged: Vec<Vec<Position>>,
}

impl Batch {
    fn of(inputs: Vec<NewInput>) -> Self {
        Self {
            inputs,
            calls: 0,
            acknowledged: Vec::new(),
        }
    }
}

/// An exit that was acknowledged, and after which everything under way had come to its end.
pub(super) struct Closed {
    pub(super) event: Event,
    /// Of the journeys of this workflow.
    pub(super) workflow: &'static str,
    pub(super) stamp: u64,
}

/// An unsubscribe that was acknowledged, and after which everything under way had come to its end.
pub(super) struct Unsubscribed {
    pub(super) contact: ContactId,
    pub(super) stamp: u64,
}

/// What whoever calls the engine knows.
#[derive(Default)]
pub(super) struct Known {
    pub(super) batches: Vec<Batch>,
    /// The states that each workflow may be in.
    pub(super) states: BTreeMap<&'static str, Vec<WorkflowState>>,
    pub(super) closed: Vec<Closed>,
    pub(super) unsubscribed: Vec<Unsubscribed>,
    /// Before the first call that subscribes the contact anew.
    pub(super) subscribed: BTreeMap<ContactId, u64>,
    /// Where the clock of an engine began later than the one before had stood.
    pub(super) leaps: Vec<Instant>,
    /// Where engines went down.
    pub(super) crashes: Vec<&'static str>,
}

/// See the module.
pub(super) struct Play {
    pub(super) host: Host,
    pub(super) known: Known,
    draw: Draw,
    lies: Draw,
    orders: u64,
    now: Instant,
    /// What is done next, so that the hop which is armed is passed.
    next_act: Option<Passes>,
    /// Crashes may be armed.
    faulty: bool,
    /// The furthest position acknowledged, by partition.
    furthest: BTreeMap<u16, u64>,
    /// What was done, for whoever looks at a failure.
    pub(super) log: Vec<String>,
}

/// Something that passes hops which nothing else passes.
#[derive(Clone, Copy)]
enum Passes {
    Snapshot,
    Command,
    Stop,
}

fn passing(hop: &str) -> Option<Passes> {
    match hop {
        "snapshot_part" | "snapshot_named" | "trim" => Some(Passes::Snapshot),
        "posts_read" | "posts_appended" => Some(Passes::Command),
        "closing" | "recovered" | "marked" => Some(Passes::Stop),
        _ => None,
    }
}

/// What came of the calls made at one time: nothing where there was no answer.
type Answers = Arc<Mutex<Vec<Option<Result<Vec<Position>, AcceptError>>>>>;

impl Play {
    pub(super) fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let lies = draw.fork();
        let setting = Setting::draw(&mut draw);
        let log = vec![format!("{setting:?}")];
        let host = Host::new(setting);
        Self {
            now: host.clock_from(),
            host,
            known: Known::default(),
            draw,
            lies,
            orders: 0,
            next_act: None,
            faulty: true,
            furthest: BTreeMap::new(),
            log,
        }
    }

    /// Plays the schedule, and then time until everything is over, with an honest server and no crash.
    pub(super) fn play(&mut self) -> Result<(), String> {
        let early = self.draw.percent(20);
        if early {
            self.arm();
        }
        self.start()?;
        self.until_done(Self::set_up)?;
        for _ in 0..self.draw.between(ACTS.0, ACTS.1) {
            if self.draw.percent(30) {
                self.arm();
            }
            // An engine that goes down has done a part of it.
            let _ = self.act()?;
            if self.host.is_down() {
                self.recover()?;
            }
        }
        self.faulty = false;
        self.until_done(Self::end)
    }

    fn say(&mut self, what: impl Into<String>) {
        self.log.push(what.into());
    }

    fn arm(&mut self) {
        let hop = *self.draw.pick(&HOPS);
        self.next_act = passing(hop);
        let times = match self.draw.below(3) {
            _ if self.next_act.is_some() => self.draw.between(1, 2),
            0 => 1,
            1 => self.draw.between(1, 6),
            _ => self.draw.between(1, 40),
        };
        self.arm_at(hop, times);
    }

    fn arm_at(&mut self, hop: &'static str, times: u64) {
        self.host.reaper.arm(hop, times);
        self.say(format!("armed: {hop} the {times}. time"));
    }

    /// Has the next start go down on its way, now and then: at what it does after a crash like this one.
    fn arm_start(&mut self, at: &str, power_cut: bool) {
        let hop = match at {
            _ if power_cut => "rows_discarded",
            "go" | "handed_over" | "intent_logged" => "doubt",
            _ => *self
                .draw
                .pick(&["recovered", "marked", "journal_write", "commit"]),
        };
        if self.faulty && self.draw.percent(25) {
            self.arm_at(hop, 1);
        }
    }

    fn start(&mut self) -> Result<(), String> {
        for _ in 0..STARTS_MAX {
            let lies = self.lies.fork();
            self.host.start(Some(lies))?;
            if !self.host.is_down() {
                // It may have gone down since.
                self.now = self.host.engine().now().unwrap_or(self.now);
                return Ok(());
            }
            self.bury();
        }
        Err(format!("it does not come up in {STARTS_MAX} starts"))
    }

    fn bury(&mut self) {
        let at = self.host.reaper.at().unwrap_or("nowhere");
        self.known.crashes.push(at);
        let power_cut = self.draw.percent(25).then(|| self.draw.fork());
        self.say(format!("down: {at}, power cut: {}", power_cut.is_some()));
        self.host.bury(power_cut.clone());
        if self.draw.percent(12) {
            self.lose_time();
        }
        self.arm_start(at, power_cut.is_some());
    }

    fn lose_time(&mut self) {
        let minutes = self.draw.between(1, 3_000);
        self.host.lose_time(self.now, minutes);
        self.known.leaps.push(self.host.clock_from());
        self.say(format!("the clock begins at {}", self.host.clock_from()));
    }

    /// Starts again what went down, and looks at what the workflows came to.
    fn recover(&mut self) -> Result<(), String> {
        loop {
            if self.host.is_down() {
                self.bury();
            }
            self.start()?;
            if self.look_at_states()?.is_ok() {
                return Ok(());
            }
        }
    }

    fn until_done(
        &mut self,
        work: impl Fn(&mut Self) -> Result<Result<(), Down>, String>,
    ) -> Result<(), String> {
        loop {
            if work(self)? == Ok(()) && !self.host.is_down() {
                return Ok(());
            }
            self.recover()?;
        }
    }

    /// Whoever saw a command acknowledged sees its state; one that was not answered may have been applied.
    fn look_at_states(&mut self) -> Result<Result<(), Down>, String> {
        let ids: Vec<&'static str> = self.known.states.keys().copied().collect();
        for id in ids {
            let Ok(state) = self.state(id)? else {
                return Ok(Err(Down));
            };
            let possible = self.known.states.entry(id).or_default();
            let found = state.map_or(WorkflowState::Draft, |(state, _)| state);
            if !possible.contains(&found) {
                return Err(format!(
                    "{id} is {found:?}, and was told to be {possible:?}"
                ));
            }
            *possible = vec![found];
        }
        Ok(Ok(()))
    }

    /// State and version of a workflow, if it is there.
    fn state(&self, id: &str) -> Result<Result<Option<(WorkflowState, u32)>, Down>, String> {
        let workflow = WorkflowId::parse(id).expect("an id");
        let read = self
            .host
            .run(async |engine| engine.workflow(&workflow).await);
        let Ok(read) = read else {
            return Ok(Err(Down));
        };
        let view = read.map_err(|error| format!("{id} cannot be read: {error}"))?;
        Ok(Ok(view.map(|view| {
            (view.definition.state, view.definition.current)
        })))
    }

    fn set_up(&mut self) -> Result<Result<(), Down>, String> {
        match self.host.run(documents::declare_sources) {
            Ok(done) => done.map_err(|error| format!("sources: {error}"))?,
            Err(Down) => return Ok(Err(Down)),
        }
        for document in documents::all() {
            let workflow = support::workflow(document);
            let id = [THANKS, WELCOME, CART]
                .into_iter()
                .find(|id| workflow.id.as_str() == *id)
                .expect("one of ours");
            self.known
                .states
                .entry(id)
                .or_insert(vec![WorkflowState::Draft]);
            let Ok(found) = self.state(id)? else {
                return Ok(Err(Down));
            };
            if found.is_none() {
                let put = self
                    .host
                    .run(async |engine| engine.put_workflow(workflow, None, Edit::Pin).await);
                match put {
                    Ok(put) => drop(put.map_err(|error| format!("{id}: {error}"))?),
                    Err(Down) => return Ok(Err(Down)),
                }
            }
            if found.is_none_or(|(state, _)| state == WorkflowState::Draft)
                && self.transition(id, Action::Start)?.is_err()
            {
                return Ok(Err(Down));
            }
        }
        Ok(Ok(()))
    }

    /// Moves a workflow whose state is known to a state that it can come to.
    fn transition(&mut self, id: &'static str, action: Action) -> Result<Result<(), Down>, String> {
        let target = match action {
            Action::Start | Action::Resume => WorkflowState::Running,
            Action::Pause => WorkflowState::Paused,
            _ => WorkflowState::Ended,
        };
        let workflow = WorkflowId::parse(id).expect("an id");
        self.say(format!("{id}: {}", action.as_str()));
        if self.faulty && self.draw.percent(25) {
            let hop = *self.draw.pick(&HOPS_OF_COMMANDS);
            let times = self.draw.between(1, 12);
            self.arm_at(hop, times);
        }
        let possible = self.known.states.entry(id).or_default();
        possible.push(target);
        let done = self
            .host
            .run(async |engine| engine.transition(&workflow, action).await);
        match done {
            Ok(Ok(_)) => {
                self.known.states.insert(id, vec![target]);
                Ok(Ok(()))
            }
            Ok(Err(error @ CommandError::Conflict(_))) => Err(format!("{id}: {error}")),
            Ok(Err(error)) => Err(format!("{id} was not told: {error}")),
            Err(Down) => Ok(Err(Down)),
        }
    }

    fn act(&mut self) -> Result<Result<(), Down>, String> {
        match self.next_act.take() {
            Some(Passes::Snapshot) => return self.snapshot(),
            Some(Passes::Command) => return self.pause_or_resume(),
            Some(Passes::Stop) => return self.restart(),
            None => {}
        }
        match self.draw.below(100) {
            0..=47 => self.call(),
            48..=59 => self.call_again(),
            60..=77 => self.wind(),
            78..=83 => self.pause_or_resume(),
            84..=86 => self.new_version(),
            87..=90 => self.approve(),
            91..=93 => self.snapshot(),
            94..=96 => self.restart(),
            97 => self.end_workflow(),
            _ => {
                self.say("struck");
                self.host.reaper.strike();
                Ok(Err(Down))
            }
        }
    }

    /// One to three calls at one time, each of one to three inputs.
    fn call(&mut self) -> Result<Result<(), Down>, String> {
        let first = self.known.batches.len();
        if self.draw.percent(15) {
            return self.come_and_go();
        }
        for _ in 0..*self.draw.pick(&[1, 1, 2, 3]) {
            let inputs = (0..*self.draw.pick(&[1, 1, 2, 3])).map(|_| self.input());
            let inputs = inputs.collect();
            self.known.batches.push(Batch::of(inputs));
        }
        let batches: Vec<usize> = (first..self.known.batches.len()).collect();
        self.send(&batches)
    }

    /// A contact signs up and closes its account at once, while its first mail may be under way.
    fn come_and_go(&mut self) -> Result<Result<(), Down>, String> {
        let name = *self.draw.pick(&CONTACTS);
        for event in ["signed_up", "account_closed"] {
            let event = self.event(name, event);
            self.known.batches.push(Batch::of(vec![event]));
            let done = self.send_only(&[self.known.batches.len() - 1])?;
            if done.is_err() {
                return Ok(done);
            }
        }
        self.settle_and_note(&[self.known.batches.len() - 1])
    }

    /// A call that was made before, answered or not: the same event ids once more.
    fn call_again(&mut self) -> Result<Result<(), Down>, String> {
        let count = self.known.batches.len() as u64;
        if count == 0 {
            return Ok(Ok(()));
        }
        let unanswered = (0..count as usize)
            .rev()
            .find(|&batch| self.known.batches[batch].acknowledged.is_empty());
        let any = self.draw.below(count) as usize;
        let batch = unanswered.filter(|_| self.draw.percent(70)).unwrap_or(any);
        self.send(&[batch])
    }

    fn input(&mut self) -> NewInput {
        let name = *self.draw.pick(&CONTACTS);
        if self.draw.percent(15) {
            self.orders += 1;
            let contact = ContactId::parse(name).expect("an id");
            let last = FieldName::parse("last").expect("a name");
            let value = serde_json::from_value(json!(self.orders)).expect("a value");
            let attributes = [(last, Some(value))].into();
            let declared = documents::settings().sources;
            let picked = self.draw.below(declared.len() as u64 + 1) as usize;
            let source = declared.get(picked).cloned();
            let changes = AttributeChanges { attributes, source };
            return NewInput::Attributes(contact, changes);
        }
        let event = *self.draw.pick(&EVENTS);
        self.event(name, event)
    }

    /// An event that no other one is like, which happened just now or some hours ago.
    fn event(&mut self, contact: &str, event: &str) -> NewInput {
        self.orders += 1;
        let order = self.orders;
        let late_min = *self.draw.pick(&[0, 0, 0, 0, 90, 700, 1_439]);
        let fields = json!({"order": order, "value": self.draw.below(90)});
        let attributes = json!({"email": format!("{contact}@example.com")});
        NewInput::Event(Event {
            contact: ContactId::parse(contact).expect("an id"),
            name: EventName::parse(event).expect("a name"),
            id: EventId::parse(&format!("event-{order}")).expect("an id"),
            occurred_at: self.now.minus(Span::from_ms(late_min * 60_000)),
            fields: serde_json::from_value(fields).expect("fields"),
            attributes: serde_json::from_value(attributes).expect("attributes"),
            history_only: false,
            source: None,
        })
    }

    /// Makes these calls at one time, and more often than not waits until everything has come of them.
    fn send(&mut self, batches: &[usize]) -> Result<Result<(), Down>, String> {
        let done = self.send_only(batches)?;
        if done.is_ok() && self.draw.percent(60) {
            return self.settle_and_note(batches);
        }
        Ok(done)
    }

    fn send_only(&mut self, batches: &[usize]) -> Result<Result<(), Down>, String> {
        let mut calls = Vec::new();
        for &batch in batches {
            self.known.batches[batch].calls += 1;
            self.note_subscribed(batch);
            calls.push(self.known.batches[batch].inputs.clone());
        }
        let answers: Answers = Arc::new(Mutex::new(vec![None; calls.len()]));
        let noted = Arc::clone(&answers);
        let done = self.host.run(async move |engine: Engine| {
            let mut tasks = JoinSet::new();
            for (index, inputs) in calls.into_iter().enumerate() {
                let (engine, noted) = (engine.clone(), Arc::clone(&noted));
                tasks.spawn(async move {
                    let answer = engine.accept(inputs).await;
                    noted.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(answer);
                });
            }
            tasks.join_all().await;
            Ok::<(), ()>(())
        });
        let before = self.furthest.clone();
        // Calls that were given up with the engine may still note that nothing came of them.
        let answers = answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for (&batch, answer) in batches.iter().zip(answers) {
            match answer {
                Some(Ok(positions)) => self.acknowledged(batch, positions, &before)?,
                Some(Err(AcceptError::TooFarAhead { .. })) => self.say("too far ahead"),
                Some(Err(_)) | None if self.host.is_down() => {}
                answer => return Err(format!("a call was not taken: {answer:?}")),
            }
        }
        match done {
            Ok(_) => Ok(Ok(())),
            Err(Down) => Ok(Err(Down)),
        }
    }

    fn note_subscribed(&mut self, batch: usize) {
        for input in &self.known.batches[batch].inputs {
            if let NewInput::Event(event) = input
                && event.name.as_str() == SUBSCRIBED
            {
                let stamp = self.host.sink.stamp();
                let first = self.known.subscribed.entry(event.contact.clone());
                first.or_insert(stamp);
            }
        }
    }

    fn acknowledged(
        &mut self,
        batch: usize,
        positions: Vec<Position>,
        before: &BTreeMap<u16, u64>,
    ) -> Result<(), String> {
        self.log.push(format!("batch {batch} at {positions:?}"));
        for position in &positions {
            let known = before.get(&position.partition).copied().unwrap_or(0);
            if position.sequence <= known {
                return Err(format!("{position} was given behind {known}"));
            }
            let furthest = self.furthest.entry(position.partition).or_default();
            *furthest = position.sequence.max(*furthest);
        }
        self.known.batches[batch].acknowledged.push(positions);
        Ok(())
    }

    fn settle_and_note(&mut self, batches: &[usize]) -> Result<Result<(), Down>, String> {
        if self.settle()? == Err(Down) {
            return Ok(Err(Down));
        }
        let stamp = self.host.sink.stamp();
        for &batch in batches {
            let batch = &self.known.batches[batch];
            if batch.acknowledged.is_empty() {
                continue;
            }
            for input in &batch.inputs {
                let NewInput::Event(event) = input else {
                    continue;
                };
                let workflow = match event.name.as_str() {
                    "account_closed" => WELCOME,
                    "cart_emptied" => CART,
                    UNSUBSCRIBED => {
                        self.known.unsubscribed.push(Unsubscribed {
                            contact: event.contact.clone(),
                            stamp,
                        });
                        continue;
                    }
                    _ => continue,
                };
                self.known.closed.push(Closed {
                    event: event.clone(),
                    workflow,
                    stamp,
                });
            }
        }
        Ok(Ok(()))
    }

    pub(super) fn settle(&mut self) -> Result<Result<(), Down>, String> {
        self.advance(self.now)
    }

    fn advance(&mut self, to: Instant) -> Result<Result<(), Down>, String> {
        let wound = self.host.run(async |engine| {
            let clock = engine.clock()?.expect("its clock is manual");
            clock.advance_to(to, Edge::Through).await
        });
        match wound {
            Ok(wound) => {
                let settled = wound.map_err(|error| format!("time does not pass: {error}"))?;
                self.now = settled.now;
                Ok(Ok(()))
            }
            Err(Down) => Ok(Err(Down)),
        }
    }

    fn wind(&mut self) -> Result<Result<(), Down>, String> {
        let minutes = match self.draw.below(4) {
            0 => self.draw.between(1, 10),
            1 => self.draw.between(10, 300),
            2 => self.draw.between(200, 700),
            _ => self.draw.between(600, 2_000),
        };
        let to = self.now.plus(Span::from_ms(minutes * 60_000));
        self.say(format!("{minutes} minutes, to {to}"));
        self.advance(to)
    }

    fn pause_or_resume(&mut self) -> Result<Result<(), Down>, String> {
        let id = *self.draw.pick(&[WELCOME, CART]);
        match self.known.states.get(id).map(Vec::as_slice) {
            Some([WorkflowState::Running]) => self.transition(id, Action::Pause),
            Some([WorkflowState::Paused]) => self.transition(id, Action::Resume),
            _ => Ok(Ok(())),
        }
    }

    fn end_workflow(&mut self) -> Result<Result<(), Down>, String> {
        if let Some([WorkflowState::Running | WorkflowState::Paused]) =
            self.known.states.get(CART).map(Vec::as_slice)
        {
            return self.transition(CART, Action::End);
        }
        Ok(Ok(()))
    }

    /// Only a paused workflow is edited; nobody else edits it.
    fn new_version(&mut self) -> Result<Result<(), Down>, String> {
        let Ok(found) = self.state(WELCOME)? else {
            return Ok(Err(Down));
        };
        let Some((WorkflowState::Paused, version)) = found else {
            return Ok(Ok(()));
        };
        let document = documents::welcome(&format!("Hello {}", version + 1));
        let workflow = support::workflow(document);
        let edit = *self.draw.pick(&[Edit::Pin, Edit::Migrate]);
        self.say(format!("version {}, {edit:?}", version + 1));
        let put = self
            .host
            .run(async |engine| engine.put_workflow(workflow, Some(version), edit).await);
        match put {
            Ok(put) => {
                let put: Result<_, PutError> = put;
                put.map_err(|error| format!("version {version} is not followed: {error}"))?;
                Ok(Ok(()))
            }
            Err(Down) => Ok(Err(Down)),
        }
    }

    /// Decides about the first journey that waits for a person, as the API does.
    fn approve(&mut self) -> Result<Result<(), Down>, String> {
        for name in CONTACTS {
            let contact = ContactId::parse(name).expect("an id");
            let read = self.host.run(async |engine| engine.contact(&contact).await);
            let Ok(read) = read else {
                return Ok(Err(Down));
            };
            let view = read.map_err(|error| format!("{name} cannot be read: {error}"))?;
            let Some(event) = view.and_then(|view| self.decision(&view.state)) else {
                continue;
            };
            self.say(format!("decision about {name}"));
            self.known
                .batches
                .push(Batch::of(vec![NewInput::Event(event)]));
            return self.send(&[self.known.batches.len() - 1]);
        }
        Ok(Ok(()))
    }

    fn decision(&mut self, state: &signalbox_model::state::ContactState) -> Option<Event> {
        let presence = state
            .presences
            .iter()
            .find(|(workflow, _)| workflow.as_str() == CART)?
            .1;
        let mut journeys = presence.journeys.iter();
        let (journey, step, visit) = journeys.find_map(|(id, journey)| match &journey.place {
            Place::Waiting { step, .. } if step.as_str() == "ask" => {
                Some((*id, step.clone(), journey.steps_taken))
            }
            _ => None,
        })?;
        let decision = *self.draw.pick(&[approval::APPROVED, approval::REJECTED]);
        let mut fields = Fields::new();
        for (name, text) in [
            (approval::JOURNEY, journey.to_string()),
            (approval::STEP, step.to_string()),
            (approval::VISIT, visit.to_string()),
            (approval::DECISION, decision.to_owned()),
            (approval::ACTOR, "eva".to_owned()),
        ] {
            fields.insert(FieldName::parse(name).expect("a name"), Value::text(text));
        }
        let id = format!("{}{journey}:{step}:{visit}", approval::ID_PREFIX);
        Some(Event {
            contact: state.contact.id.clone(),
            name: EventName::parse(APPROVAL_DECIDED).expect("a name"),
            id: EventId::parse(&id).expect("an id"),
            occurred_at: self.now,
            fields,
            attributes: Fields::new(),
            history_only: false,
            source: None,
        })
    }

    fn snapshot(&mut self) -> Result<Result<(), Down>, String> {
        self.say("snapshot");
        let made = self.host.run(async |engine| {
            engine.snapshot().await?;
            engine.trim().await
        });
        match made {
            Ok(made) => {
                made.map_err(|error| format!("no snapshot: {error}"))?;
                Ok(Ok(()))
            }
            Err(Down) => Ok(Err(Down)),
        }
    }

    fn restart(&mut self) -> Result<Result<(), Down>, String> {
        self.say("stop and start");
        self.host.stop();
        if self.host.is_down() {
            return Ok(Err(Down));
        }
        if self.draw.percent(40) {
            self.lose_time();
        }
        self.start()?;
        self.look_at_states()
    }

    /// No more faults: what is paused goes on, and time passes until nothing is left to do.
    fn end(&mut self) -> Result<Result<(), Down>, String> {
        self.host.reaper.disarm();
        self.host.reform();
        for id in [WELCOME, CART] {
            if self.known.states.get(id).map(Vec::as_slice) == Some(&[WorkflowState::Paused])
                && self.transition(id, Action::Resume)?.is_err()
            {
                return Ok(Err(Down));
            }
        }
        if self.settle()?.is_err() {
            return Ok(Err(Down));
        }
        self.advance(self.now.plus(UNTIL_ALL_IS_OVER))
    }
}
