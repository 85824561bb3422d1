//! Text stories: workflows and lines of input in, effects as lines of text out.
//!
//! The harness is the engine in small: it keeps one contact, fires timers in the order of (due, id), asks its own
//! rules, and hands messages to a sender that does what the story says. After every input it checks what must always
//! hold, and runs the input again on the recorded answers, which must give the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use serde_json::{Value as Json, json};
use signalbox_journey::{
    Advance, Compiled, Context, Decision, Effect, Input, MessageChange, Status, Timer, TimerId,
    control,
};
use signalbox_model::{
    codec,
    contact::{AttributeChanges, Contact},
    definitions::{Definitions, ResolvedBinding, Slot},
    event::Event,
    fact::{Conversion, Fact, FactKind},
    id::{
        ArmName, ContactId, Digest, EventId, EventName, FieldName, MessageId, SegmentName,
        SourceName, StepId, WebhookId, WorkflowId,
    },
    message::{AttemptOutcome, DOMAIN_SLOWED},
    record::{Command, QuestionId, Rebinding},
    segment::{Owner, Segment},
    settings::Settings,
    state::{CONTACT_BYTES_MAX, ContactState, PastEvent, Place},
    time::{Instant, Span},
    value::{Fields, Value},
    verdict::Answer,
    workflow::{Action, Edit, Workflow},
};

use crate::rules::{answer, bindings, fields, resolved};

/// Where every story begins.
pub(crate) const START: &str = "2026-03-01T00:00:00Z";

/// Runs a story with started workflows and a contact that has an address; returns what happened.
pub(crate) fn story(workflows: &[Json], lines: &str) -> String {
    let mut world = World::new(workflows);
    for workflow in workflows {
        let id = workflow["id"].as_str().unwrap();
        world.transition(id, Action::Start);
    }
    world.play(lines);
    world.out
}

pub(crate) struct World {
    pub(crate) definitions: Definitions,
    compiled: Compiled,
    pub(crate) state: ContactState,
    pub(crate) now: Instant,
    start: Instant,
    sequence: u64,
    pub(crate) timers: BTreeSet<Timer>,
    outbox: BTreeMap<MessageId, Outgoing>,
    /// Every message ever queued, to see that none is queued twice.
    queued: BTreeSet<MessageId>,
    /// The template of each message, in the order in which they were queued.
    pub(crate) templates: Vec<Digest>,
    /// Every call ever queued.
    called: BTreeSet<WebhookId>,
    chunks: BTreeMap<u32, Vec<PastEvent>>,
    broken: BTreeSet<String>,
    events: u32,
    pub(crate) out: String,
}

#[derive(Debug, Clone)]
struct Outgoing {
    step: String,
    release_at: Instant,
    attempts: u32,
    claimed: Option<u32>,
}

impl World {
    pub(crate) fn new(workflows: &[Json]) -> Self {
        let start = Instant::parse(START).unwrap();
        let mut contact = Contact::new(ContactId::parse("c1").unwrap(), start);
        contact.attributes = fields(&json!({"email": "ada@example.com"}));
        let mut world = Self {
            definitions: Definitions::default(),
            compiled: Compiled::new(Arc::default()),
            state: ContactState::new(contact),
            now: start,
            start,
            sequence: 0,
            timers: BTreeSet::new(),
            outbox: BTreeMap::new(),
            queued: BTreeSet::new(),
            templates: Vec::new(),
            called: BTreeSet::new(),
            chunks: BTreeMap::new(),
            broken: BTreeSet::new(),
            events: 0,
            out: String::new(),
        };
        for workflow in workflows {
            world.put(workflow, None);
        }
        world
    }

    pub(crate) fn put(&mut self, workflow: &Json, based_on: Option<u32>) {
        self.put_as(workflow, based_on, Edit::Pin);
    }

    /// Makes the next version, moves the journeys that are inside to it, and looks at the contact.
    pub(crate) fn migrate(&mut self, workflow: &Json, based_on: u32) {
        self.put_as(workflow, Some(based_on), Edit::Migrate);
        self.visit();
    }

    /// As the engine does when a version runs that moves journeys.
    fn visit(&mut self) {
        let contact = self.state.contact.id.clone();
        self.apply(&Input::Visit(&contact));
    }

    /// Makes a named segment of that rule or composition, or replaces it.
    pub(crate) fn segment(&mut self, name: &str, members: &Json) {
        let name = SegmentName::parse(name).unwrap();
        let mut document = json!({"name": name, "title": "Some of them"});
        let by = if members.get("plugin").is_some() {
            "rule"
        } else {
            "of"
        };
        document[by] = members.clone();
        let document: Segment = serde_json::from_value(document).unwrap();
        let bound = document.rule.as_ref().map(resolved);
        let based_on = self.definitions.segments.get(&name);
        let based_on = based_on.map(|found| found.version);
        self.command(&Command::put_segment(&document, bound.as_ref(), based_on).unwrap());
    }

    /// As the engine does when a segment was put.
    pub(crate) fn evaluate(&mut self, name: &str) {
        let contact = self.state.contact.id.clone();
        let number = self.definitions.segments[name].number;
        self.apply(&Input::Evaluate(&contact, number));
    }

    /// The segments that the contact is in.
    pub(crate) fn memberships(&self) -> Vec<String> {
        let all = self.definitions.segments.iter();
        let is_in = |number| {
            let known = self.state.segments.get(number);
            known.is_some_and(|one| one.since.is_some())
        };
        let found = all.filter(|(_, found)| is_in(&found.number));
        found.map(|(name, _)| name.to_string()).collect()
    }

    pub(crate) fn delete_segment(&mut self, name: &str) {
        let name = SegmentName::parse(name).unwrap();
        self.command(&Command::DeleteSegment { name });
    }

    /// As the engine does with whoever is there when a workflow starts that takes them in.
    pub(crate) fn enter_existing(&mut self, workflow: &str) {
        let contact = self.state.contact.id.clone();
        let workflow = WorkflowId::parse(workflow).unwrap();
        self.apply(&Input::EnterExisting(&contact, &workflow));
    }

    pub(crate) fn put_as(&mut self, workflow: &Json, based_on: Option<u32>, edit: Edit) {
        let document: Workflow = serde_json::from_value(workflow.clone()).unwrap();
        assert_eq!(
            signalbox_journey::check(&document),
            [],
            "the story's workflow is sound"
        );
        self.put_unchecked(&document, based_on, edit);
    }

    /// A version of before a check that would refuse it now.
    pub(crate) fn put_unchecked(&mut self, document: &Workflow, based_on: Option<u32>, edit: Edit) {
        let templates = document.templates.iter().map(|(name, source)| {
            let digest = Digest::of_bytes(&serde_json::to_vec(source).unwrap());
            (name.to_string(), digest)
        });
        let command = Command::put(
            document,
            &bindings(document),
            templates.collect(),
            based_on,
            edit,
        )
        .unwrap();
        self.command(&command);
    }

    /// `settings JSON`
    fn put_settings(&mut self, json: &str) {
        let settings: Settings = serde_json::from_str(json).unwrap();
        assert_eq!(settings.problems(), [], "the story's settings are sound");
        self.command(&Command::PutSettings {
            settings: json.to_owned(),
            based_on: self.definitions.settings_version,
        });
    }

    pub(crate) fn transition(&mut self, workflow: &str, action: Action) {
        let workflow = WorkflowId::parse(workflow).unwrap();
        self.command(&Command::Transition { workflow, action });
        if action == Action::Resume {
            self.visit();
        }
    }

    /// Resumes the workflow; the contact hears of it by the next input, and is not looked at before.
    pub(crate) fn resume_unseen(&mut self, workflow: &str) {
        let workflow = WorkflowId::parse(workflow).unwrap();
        let action = Action::Resume;
        self.command(&Command::Transition { workflow, action });
    }

    /// Starts what was scheduled, as a server does that was down at the instant.
    pub(crate) fn start_due(&mut self) {
        let change = control::start_due(&self.definitions, self.now).unwrap();
        self.define(change.definitions);
    }

    /// Ends the experiment of the step `lot` for everybody.
    pub(crate) fn end_experiment(&mut self, workflow: &str, version: u32, winner: Option<&str>) {
        self.end_experiment_at(workflow, "lot", version, winner);
    }

    /// The same of another step.
    pub(crate) fn end_experiment_at(
        &mut self,
        workflow: &str,
        step: &str,
        version: u32,
        winner: Option<&str>,
    ) {
        self.command(&Command::EndExperiment {
            workflow: WorkflowId::parse(workflow).unwrap(),
            step: StepId::parse(step).unwrap(),
            version,
            winner: winner.map(|name| ArmName::parse(name).unwrap()),
            by: None,
        });
    }

    /// A binding moves on to the next version of its plugin, which gives its reasons other codes: `NAME_again`.
    pub(crate) fn rebind(&mut self, workflow: &str, version: u32, slot: &str) {
        self.rebind_with(workflow, version, slot, |_| ());
    }

    /// The same with what another file may have otherwise.
    pub(crate) fn rebind_with(
        &mut self,
        workflow: &str,
        version: u32,
        slot: &str,
        change: impl FnOnce(&mut ResolvedBinding),
    ) {
        let workflow = WorkflowId::parse(workflow).unwrap();
        let bindings = &self.definitions.workflows[&workflow].versions[&version].bindings;
        let binding = bindings[&Slot::parse(slot).unwrap()].clone();
        self.rebind_owner(workflow.into(), version, slot, (binding, change));
    }

    /// The rule of that version of a segment moves on in the same way.
    pub(crate) fn rebind_segment(&mut self, name: &str, version: u32) {
        let name = SegmentName::parse(name).unwrap();
        let binding = self.definitions.segments[&name].binding.clone().unwrap();
        let slot = Slot::Membership.to_string();
        self.rebind_owner(name.into(), version, &slot, (binding, |_: &mut _| ()));
    }

    fn rebind_owner(
        &mut self,
        owner: Owner,
        version: u32,
        slot: &str,
        (mut binding, change): (ResolvedBinding, impl FnOnce(&mut ResolvedBinding)),
    ) {
        binding.version = "1.1.0".parse().unwrap();
        binding.digest = Digest::of_bytes(slot.as_bytes());
        for reason in &mut binding.reasons {
            reason.code.push_str("_again");
        }
        change(&mut binding);
        self.command(&Command::Rebind {
            bindings: vec![Rebinding {
                owner,
                version,
                slot: slot.to_owned(),
                binding: serde_json::to_string(&binding).unwrap(),
            }],
        });
    }

    fn command(&mut self, command: &Command) {
        match control::apply(&self.definitions, command, self.now) {
            Ok(change) => self.define(change.definitions),
            Err(conflict) => self.say(&format!("refused: {conflict}")),
        }
    }

    fn define(&mut self, definitions: Definitions) {
        self.compiled = Compiled::new(Arc::new(definitions.clone()));
        self.definitions = definitions;
    }

    fn say(&mut self, line: &str) {
        let at = self.now.since(self.start);
        writeln!(self.out, "{at} {line}").unwrap();
    }

    pub(crate) fn play(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = match line.strip_prefix('@') {
                Some(timed) => {
                    let (at, rest) = timed.split_once(' ').unwrap_or((timed, ""));
                    let at = self.start.plus(Span::parse(at).unwrap());
                    let wind_through = rest.is_empty();
                    self.wind(at, wind_through);
                    rest
                }
                None => line,
            };
            self.line(line);
        }
        self.wind(self.now, true);
    }

    /// Fires what is due before the instant, and at it as well where nothing else happens then.
    pub(crate) fn wind(&mut self, to: Instant, through: bool) {
        let mut fired = 0;
        while let Some(timer) = self.timers.first().cloned() {
            if timer.due > to || (timer.due == to && !through) {
                break;
            }
            fired += 1;
            assert!(fired < 10_000, "timers never come to rest: {timer:?}");
            self.now = self.now.max(timer.due);
            self.apply(&Input::Timer(&timer));
        }
        self.now = self.now.max(to);
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "start" => self.transition(rest, Action::Start),
            "pause" => self.transition(rest, Action::Pause),
            "resume" => self.transition(rest, Action::Resume),
            "end" => self.transition(rest, Action::End),
            "delete" => self.transition(rest, Action::Delete),
            "break" => drop(self.broken.insert(rest.to_owned())),
            "mend" => drop(self.broken.remove(rest)),
            "event" => self.event(rest),
            "set" => self.set(rest),
            "settings" => self.put_settings(rest),
            "send" => self.send(),
            "intent" => self.intent(),
            "outcome" => self.outcome(rest),
            other => panic!("no such word in stories: {other}"),
        }
    }

    /// `NAME [id=ID] [age=SPAN] [from=SOURCE] [set=ATTRIBUTE:VALUE] [history] [{FIELDS}]`
    fn event(&mut self, rest: &str) {
        let (head, json) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
        let mut words = head.split_whitespace();
        self.events += 1;
        let mut event = Event {
            contact: self.state.contact.id.clone(),
            name: EventName::parse(words.next().unwrap()).unwrap(),
            id: EventId::parse(&format!("e{}", self.events)).unwrap(),
            occurred_at: self.now,
            fields: serde_json::from_str(if json.is_empty() { "{}" } else { json }).unwrap(),
            attributes: Fields::new(),
            history_only: false,
            source: None,
        };
        for word in words {
            match word.split_once('=') {
                Some(("id", id)) => event.id = EventId::parse(id).unwrap(),
                Some(("age", age)) => event.occurred_at = self.now.minus(Span::parse(age).unwrap()),
                Some(("from", source)) => event.source = Some(SourceName::parse(source).unwrap()),
                Some(("set", set)) => {
                    let (name, value) = set.split_once(':').unwrap();
                    let name = FieldName::parse(name).unwrap();
                    event.attributes.insert(name, Value::text(value));
                }
                None if word == "history" => event.history_only = true,
                _ => panic!("no such word of an event: {word}"),
            }
        }
        self.apply(&Input::Event(&event));
    }

    /// `[from SOURCE] {ATTRIBUTES}`
    fn set(&mut self, rest: &str) {
        let (head, json) = rest.split_at(rest.find('{').unwrap());
        let mut changes: AttributeChanges =
            serde_json::from_str(&format!("{{\"attributes\":{json}}}")).unwrap();
        let source = head.trim().strip_prefix("from ");
        changes.source = source.map(|source| SourceName::parse(source).unwrap());
        let contact = self.state.contact.id.clone();
        self.apply(&Input::Attributes(&contact, &changes));
    }

    /// Intent and acceptance of everything released.
    pub(crate) fn send(&mut self) {
        for (message, attempt) in self.released() {
            self.apply(&Input::Intent { message, attempt });
            let claimed = self
                .outbox
                .get(&message)
                .is_some_and(|out| out.claimed.is_some());
            if claimed {
                self.apply_outcome(message, attempt, &AttemptOutcome::Accepted);
            }
        }
    }

    fn intent(&mut self) {
        for (message, attempt) in self.released() {
            self.apply(&Input::Intent { message, attempt });
        }
    }

    fn released(&self) -> Vec<(MessageId, u32)> {
        let released = self
            .outbox
            .iter()
            .filter(|(_, out)| out.release_at <= self.now && out.claimed.is_none());
        released.map(|(id, out)| (*id, out.attempts + 1)).collect()
    }

    /// How the attempt at hand of every message in the outbox ends.
    fn outcome(&mut self, words: &str) {
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        let outcome = match word {
            "accepted" => AttemptOutcome::Accepted,
            "retry" => {
                let at = self.now.plus(Span::parse(rest).unwrap());
                AttemptOutcome::RetryAt(at, "451_later".to_owned())
            }
            "put_off" => {
                let at = self.now.plus(Span::parse(rest).unwrap());
                AttemptOutcome::RetryAt(at, DOMAIN_SLOWED.to_owned())
            }
            "refused" => AttemptOutcome::Refused("550_no_mailbox".to_owned()),
            "bounced" => AttemptOutcome::Refused("hard_bounce".to_owned()),
            "expired" => AttemptOutcome::Expired("451_later".to_owned()),
            "unsendable" => AttemptOutcome::Unsendable("variable_missing".to_owned()),
            "not_begun" => AttemptOutcome::NotBegun,
            "in_doubt" => AttemptOutcome::InDoubt,
            other => panic!("no such outcome: {other}"),
        };
        let attempts: Vec<_> = self
            .outbox
            .iter()
            .map(|(id, out)| (*id, out.attempts + 1))
            .collect();
        for (message, attempt) in attempts {
            self.apply_outcome(message, attempt, &outcome);
        }
    }

    pub(crate) fn apply_outcome(
        &mut self,
        message: MessageId,
        attempt: u32,
        outcome: &AttemptOutcome,
    ) {
        self.apply(&Input::Outcome {
            message,
            attempt,
            outcome,
        });
    }

    pub(crate) fn apply(&mut self, input: &Input<'_>) {
        self.sequence += 1;
        let ctx = Context {
            definitions: &self.compiled,
            now: self.now,
            sequence: self.sequence,
            store_seed: 7,
        };
        let mut recorded: BTreeMap<QuestionId, Answer> = BTreeMap::new();
        let mut advance = Advance::new(&ctx, self.state.clone(), input);
        let mut waves = 0;
        while advance.run(&ctx) == Status::Asking {
            waves += 1;
            assert!(
                waves <= signalbox_journey::limits::WAVES_MAX + 1,
                "waves are bounded"
            );
            for question in advance.questions() {
                let answer = answer(&self.definitions, &self.broken, question, self.now);
                let twice = recorded.insert(question.id.clone(), answer);
                assert!(twice.is_none(), "a question is put once: {:?}", question.id);
            }
            advance.answer(|id| recorded.get(id).cloned());
        }
        let (state, effects) = advance.finish();
        let mut again = Advance::new(&ctx, self.state.clone(), input);
        while again.run(&ctx) == Status::Asking {
            again.answer(|id| recorded.get(id).cloned());
        }
        assert_eq!(
            again.finish(),
            (state.clone(), effects.clone()),
            "a replay is the same"
        );
        self.commit(state, effects);
        self.check();
    }

    fn commit(&mut self, mut state: ContactState, effects: Vec<Effect>) {
        let row = codec::encode(&state).unwrap();
        assert!(
            row.len() <= CONTACT_BYTES_MAX,
            "the contact's row has {} bytes",
            row.len()
        );
        let chunks = std::mem::take(&mut state.history.chunks);
        assert_eq!(
            codec::decode::<ContactState>(&row).unwrap(),
            state,
            "rows read back"
        );
        for effect in effects {
            if let Some(line) = in_words(&effect) {
                self.say(&line);
            }
            self.perform(effect);
        }
        assert!(
            self.chunks.values().eq(chunks.iter()),
            "chunks are kept as sealed"
        );
        state.history.chunks = chunks;
        self.state = state;
    }

    fn perform(&mut self, effect: Effect) {
        let row_bytes = match &effect {
            Effect::SealChunk { events, .. } => codec::size(events),
            Effect::QueueMessage(message) => codec::size(message),
            _ => 0,
        };
        assert!(row_bytes <= CONTACT_BYTES_MAX, "other rows fit as well");
        match effect {
            Effect::SetTimer(timer) => {
                let same = |other: &&Timer| other.id == timer.id;
                assert_eq!(
                    self.timers.iter().find(same),
                    None,
                    "a timer is cancelled before it is set again"
                );
                self.timers.insert(timer);
            }
            Effect::CancelTimer(timer) => drop(self.timers.remove(&timer)),
            Effect::SealChunk { index, events } => drop(self.chunks.insert(index, events)),
            Effect::DropChunk { index } => drop(self.chunks.remove(&index).unwrap()),
            Effect::QueueMessage(message) => {
                assert!(
                    self.queued.insert(message.id),
                    "one message per journey, step and visit"
                );
                self.templates.push(message.template);
                self.outbox.insert(
                    message.id,
                    Outgoing {
                        step: message.step.to_string(),
                        release_at: message.release_at,
                        attempts: 0,
                        claimed: None,
                    },
                );
            }
            Effect::QueueWebhook(webhook) => {
                assert!(self.called.insert(webhook.id), "one call per visit");
            }
            Effect::Claimed {
                message,
                attempt,
                decision: Decision::Go,
            } => {
                let out = &self.outbox[&message];
                assert_eq!(
                    (out.claimed, out.attempts + 1),
                    (None, attempt),
                    "one go an attempt"
                );
            }
            Effect::UpdateMessage { id, change } => {
                let out = self.outbox.get_mut(&id).unwrap();
                match change {
                    MessageChange::Claimed { attempt, .. } => out.claimed = Some(attempt),
                    MessageChange::Requeued {
                        release_at,
                        attempts,
                    } => {
                        (out.release_at, out.attempts, out.claimed) = (release_at, attempts, None);
                    }
                    MessageChange::Settled(status) => {
                        assert!(status.is_settled());
                        self.outbox.remove(&id);
                    }
                }
            }
            _ => {}
        }
    }

    /// What holds between two inputs, whatever they were.
    fn check(&self) {
        let mut owned = BTreeSet::new();
        let mut sending = BTreeSet::new();
        for (workflow, presence) in &self.state.presences {
            for (&id, journey) in &presence.journeys {
                match &journey.place {
                    Place::Waiting { due, .. } | Place::Held { due, .. } => {
                        owned.insert((*due, TimerId::Journey(workflow.clone(), id)));
                    }
                    Place::Sending { message, .. } => {
                        sending.insert(*message);
                    }
                }
            }
            let arms = presence.arms.iter();
            owned.extend(
                arms.map(|(key, arm)| (arm.at, TimerId::Arm(workflow.clone(), key.clone()))),
            );
            let held = presence.held.iter();
            owned.extend(held.map(|(&n, held)| (held.due, TimerId::Entry(workflow.clone(), n))));
        }
        let rechecks = self.state.segments.values();
        let first = rechecks.filter_map(|one| one.recheck_at).min();
        owned.extend(first.map(|due| (due, TimerId::Segments)));
        let set: BTreeSet<_> = self.timers.iter().map(|t| (t.due, t.id.clone())).collect();
        assert_eq!(
            set, owned,
            "every timer has an owner and every owner its timer"
        );
        let live = self
            .state
            .pending
            .iter()
            .filter(|(_, pending)| pending.cancelled.is_none());
        let live: BTreeSet<_> = live.map(|(id, _)| *id).collect();
        assert_eq!(
            live, sending,
            "who sends has a message and every message a sender"
        );
        assert!(
            self.state.pending.keys().eq(self.outbox.keys()),
            "outbox and pending agree"
        );
        for (id, out) in &self.outbox {
            let pending = &self.state.pending[id];
            assert_eq!(
                (pending.attempts, pending.claimed),
                (out.attempts, out.claimed)
            );
            assert_eq!(pending.step.as_str(), out.step);
        }
    }
}

/// The effect as a line, or `None` for what the state or another effect says already.
fn in_words(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::QueueWebhook(webhook) => {
            format!(
                "call {} with {}",
                webhook.url,
                serde_json::to_string(&webhook.fields).unwrap()
            )
        }
        Effect::SetTimer(_)
        | Effect::CancelTimer(_)
        | Effect::QueueMessage(_)
        | Effect::CloseJourney(_)
        | Effect::Changed
        | Effect::UpdateMessage { .. } => return None,
        Effect::SealChunk { index, events } => format!("seal chunk {index} of {}", events.len()),
        Effect::DropChunk { index } => format!("drop chunk {index}"),
        Effect::Claimed {
            attempt, decision, ..
        } => match decision {
            Decision::Go => format!("go for attempt {attempt}"),
            Decision::Skipped(reason) => format!("no go for attempt {attempt}: {reason}"),
        },
        Effect::Fact(fact) => fact_in_words(fact),
        Effect::Count(fact) => format!("{} (counted)", fact_in_words(fact)),
        Effect::Post(posted) => format!("post {posted:?}"),
        Effect::EventConflict { id } => format!("event {id} conflicts"),
        Effect::EventRepeated { id } => format!("event {id} repeated"),
        Effect::AttributesLeftOut { count } => format!("{count} attributes left out"),
        Effect::AttributesOverruled { count } => format!("{count} attributes overruled"),
    })
}

fn fact_in_words(fact: &Fact) -> String {
    let owner = &fact.owner;
    let start = Instant::parse(START).unwrap();
    let offset = |at: &Instant| at.since(start).to_string();
    let what = match &fact.what {
        FactKind::RuleDecided(decided) => {
            format!(
                "{} said {}: {}",
                decided.slot, decided.answer, decided.reason
            )
        }
        FactKind::Armed(key, at) => format!("armed {key} for {}", offset(at)),
        FactKind::Disarmed(key, event) => format!("disarmed {key} by {event}"),
        FactKind::ArmDropped(key, reason) => format!("arm {key} dropped: {reason}"),
        FactKind::JourneyEntered(key) => format!("entered as {key}"),
        FactKind::NotEntered(reason) => format!("not entered: {reason}"),
        FactKind::StepReached(step) => format!("at {step}"),
        FactKind::WaitStarted(step, due) => format!("{step} waits until {}", offset(due)),
        FactKind::ArmTaken(step, arm) => match arm {
            Some(arm) => format!("{step} took arm {arm}"),
            None => format!("{step} took the default arm"),
        },
        FactKind::MessageQueued(step, _) => format!("{step} queued"),
        FactKind::MessageSent(step, _) => format!("{step} sent"),
        FactKind::MessageSkipped(step, _, reason) => format!("{step} skipped: {reason}"),
        FactKind::MessageRefused(step, _, reason) => format!("{step} refused: {reason}"),
        FactKind::MessageDeferred(step, _, at, reason) => {
            format!("{step} deferred until {}: {reason}", offset(at))
        }
        FactKind::MessageInDoubt(step, _, true) => format!("{step} in doubt, again"),
        FactKind::MessageInDoubt(step, _, false) => format!("{step} in doubt, held"),
        FactKind::JourneyCompleted => "completed".to_owned(),
        FactKind::JourneyExited(reason) => format!("exited: {reason}"),
        FactKind::Updated(step, changes) => format!("{step} updated {}", changes.join(" ")),
        FactKind::Jumped(from, to, event) => format!("jumped from {from} to {to} by {event}"),
        FactKind::StepSkipped(step) => format!("{step} passed over"),
        FactKind::ApprovalDecided(step, decision, actor, _) => {
            format!("{step} {decision} by {actor}")
        }
        FactKind::MessageHeld(step, _, at, reason) => {
            format!("{step} held until {}: {reason}", offset(at))
        }
        FactKind::Converted(conversion) => {
            let Conversion {
                step,
                event,
                is_first,
                is_credited,
                is_withheld,
                worth,
                ..
            } = conversion;
            let marks = [
                (is_first, "first"),
                (is_credited, "credited"),
                (is_withheld, "withheld"),
            ];
            let marks = marks
                .iter()
                .filter(|(is_so, _)| **is_so)
                .map(|(_, word)| *word);
            let marks = marks.collect::<Vec<_>>().join(" ");
            format!("{step} converted by {event}: {marks} worth {worth}")
        }
        FactKind::ArmAssigned(step, arm) => format!("{step} drew {arm}"),
        FactKind::ArmConverted(step, arm) => format!("{step} converted in {arm}"),
        FactKind::ArmChosen(step, arm, p) => format!("{step} gave {arm} at {p}"),
        FactKind::ChosenArmConverted(step, arm, p) => format!("{step} converted in {arm} at {p}"),
        FactKind::WebhookQueued(step, _) => format!("{step} calls"),
        FactKind::Migrated(from, Some(step)) => format!("moved from version {from}, at {step}"),
        FactKind::Migrated(from, None) => format!("moved from version {from}, its step is gone"),
        FactKind::SegmentEntered(true) => "came in".to_owned(),
        FactKind::SegmentEntered(false) => "is in".to_owned(),
        FactKind::OfferSent(step, _, offer) => {
            format!("{step} offered {} for {}", offer.arm, offer.cost)
        }
        FactKind::SegmentLeft(true) => "left".to_owned(),
        FactKind::SegmentLeft(false) => "is out".to_owned(),
        FactKind::ZoneTaken(step, zone, source) => format!("{step} goes by {zone} ({source})"),
    };
    format!("{owner}: {what}")
}
