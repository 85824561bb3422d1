//! One contact, one input: from a state to questions, and from their answers to a new state and effects.
//!
//! `engine` makes an [`Advance`] per contact of a group and calls [`Advance::run`] until it is done, answering the
//! questions of all contacts in between, wave by wave. A step that asks parks its continuation here, not in the state;
//! nothing of an advance survives but what [`Advance::finish`] returns.

mod arms;
mod beside;
mod claims;
mod earlier;
mod entry;
pub(crate) mod events;
mod exits;
mod holds;
mod messages;
mod migrate;
mod outcomes;
mod pauses;
mod permits;
mod reasons;
mod segments;
mod splits;
mod steps;
mod tables;
mod touches;
mod updates;
mod waits;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use signalbox_model::{
    condition::EventPattern,
    contact::AttributeChanges,
    definitions::{ResolvedBinding, Slot, WorkflowVersion},
    event::{Event, approval},
    fact::{Fact, FactKind, RuleDecision, WORKFLOW_DELETED},
    id::{ContactId, EntryKey, FieldName, JourneyId, MessageId, StepId, WorkflowId},
    message::AttemptOutcome,
    record::QuestionId,
    segment::Owner,
    state::{Cause, ContactState, Journey, Place, Timer},
    time::Instant,
    value::Value,
    verdict::{Answer, Verdict},
    workflow::WorkflowState,
};

pub use self::beside::Beside;
use self::segments::Settling;
use crate::{
    budget,
    compiled::Compiled,
    effect::Effect,
    inputs::{self, Asking, Seed},
    limits::STANDING_BYTES_MAX,
    tables::ChangedRows,
};

/// What an advance may know of the world: nothing but this.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The definitions in force at this record.
    pub definitions: &'a Compiled,
    /// Journey time of the record.
    pub now: Instant,
    /// The record's sequence in its partition, kept with decisions as evidence.
    pub sequence: u64,
    /// Drawn once when the store was made; part of every seed.
    pub store_seed: u64,
}

/// What happened to the contact.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// An event.
    Event(&'a Event),
    /// Attributes changed.
    Attributes(&'a ContactId, &'a AttributeChanges),
    /// Nothing but a look: the contact's journeys move to a new version where one wants them, and calendar waits are
    /// computed anew.
    Visit(&'a ContactId),
    /// The workflow started and takes in whoever was there.
    EnterExisting(&'a ContactId, &'a WorkflowId),
    /// The segment of that number is new or was changed.
    Evaluate(&'a ContactId, u32),
    /// Rows of a table changed, and the workflow's trigger listens to that.
    RowsChanged(&'a ContactId, &'a WorkflowId, &'a ChangedRows),
    /// A timer fell due. One that fits nothing any more only cancels itself.
    Timer(&'a Timer),
    /// A sender stands at 354 and asks.
    Intent {
        /// With which message.
        message: MessageId,
        /// In which attempt, from 1.
        attempt: u32,
    },
    /// An attempt ended.
    Outcome {
        /// Of which message.
        message: MessageId,
        /// Which attempt, from 1.
        attempt: u32,
        /// How.
        outcome: &'a AttemptOutcome,
    },
}

/// Whether an advance has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// [`Advance::finish`] has the result.
    Done,
    /// [`Advance::questions`] want answers first.
    Asking,
}

/// One row for one rule. Its binding stands in the definitions under the id's owner, version and slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Names it among all questions of the record about this contact.
    pub id: QuestionId,
    /// The values of the binding's plan, in order, typed for their columns.
    pub row: Box<[Option<Value>]>,
    /// What is put to the binding's shadow, if it has one.
    pub beside: Option<Beside>,
}

/// A contact on its way through one input.
#[derive(Debug)]
pub struct Advance {
    state: ContactState,
    effects: Vec<Effect>,
    /// The questions of this wave, and what goes on with their answers: as many of them, in order, as it counts.
    questions: Vec<Question>,
    waiting: Vec<(Continuation, usize)>,
    /// What journeys do if the exits that are asked let them stay.
    after_exits: Vec<AfterExits>,
    /// What steps have changed since the last wave.
    updates: Updates,
    /// As many as there are questions once they are answered; empty before.
    replies: Vec<Reply>,
    /// Questions of former waves, to number those of the same binding.
    asked: Vec<QuestionId>,
    waves: u32,
    /// By journey.
    steps_reached: BTreeMap<JourneyId, u32>,
    /// At most so many bytes are taken by what workflows keep of the contact; `None` until somebody has to know.
    standing_bytes: Option<usize>,
    /// When what happens now was due: earlier than now for a timer that fires late.
    due_at: Instant,
}

/// What goes on when its questions are answered.
#[derive(Debug)]
enum Continuation {
    /// A trigger or, once the key is known, an audience was asked.
    Entry(Entering),
    /// All arms of a branch were asked.
    Branch(AskedStep),
    /// The personalizer of a send was asked.
    Personalizer(AskedStep),
    /// The personalizer that chooses the arm of a split was asked.
    Split(AskedStep),
    /// Exits of a journey were asked.
    Exits(AskedExits),
    /// Exits of a journey were asked before that attempt of its message goes out.
    Claim(AskedExits, MessageId, u32),
    /// Named segments were asked.
    Segments(Settling),
}

/// A step whose rules were asked. Its journey may be elsewhere when they have answered.
#[derive(Debug)]
struct AskedStep {
    whose: Whose,
    step: StepId,
    /// Which of the journey's visits.
    visit: u32,
    /// When the step was due.
    due_at: Instant,
}

/// Exits by segment that were asked.
#[derive(Debug, Clone)]
struct AskedExits {
    whose: Whose,
    /// The version whose exits they are.
    version: u32,
    /// Their indexes in it.
    slots: Vec<u16>,
}

/// What a journey goes on with once its exits have let it stay.
#[derive(Debug)]
struct AfterExits {
    whose: Whose,
    what: Deferred,
    /// When it was due.
    due_at: Instant,
}

/// What has to wait for the exits of a journey.
#[derive(Debug)]
enum Deferred {
    /// An event moves the journey, or ends what it waits for.
    Wake(Arc<Cause>),
    /// The message is settled at which the journey stands.
    Settled(Settled),
    /// The journey goes on behind its step, which changed what its exits read.
    Updated(StepId),
}

/// What changed of the contact's values, by name.
#[derive(Debug, Default)]
struct Updates {
    /// Attributes that have another value, or none any more.
    attributes: BTreeSet<FieldName>,
    /// Values that were kept.
    kept: BTreeSet<FieldName>,
}

/// A message that is settled, and what its journey needs to know of it.
#[derive(Debug)]
struct Settled {
    message: MessageId,
    step: StepId,
    /// The version that the journey was on, if it has just moved to another.
    before: Option<u32>,
    has_failed: bool,
}

/// A journey by its workflow and id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Whose {
    workflow: WorkflowId,
    journey: JourneyId,
}

/// An entry on its way in.
#[derive(Debug)]
struct Entering {
    workflow: WorkflowId,
    /// The version whose rule is asked.
    version: u32,
    event: Arc<Cause>,
    occasion: u32,
    arm_key: Option<EntryKey>,
    cancelled_by: Vec<EventPattern>,
    /// Known once the trigger let the contact in.
    key: Option<EntryKey>,
    attempts: u32,
    /// Until when the trigger is asked again after a no, once it was.
    grace_until: Option<Instant>,
}

/// A verdict, or the code of the failure in its place.
#[derive(Debug)]
enum Reply {
    Verdict(Verdict),
    Failed(&'static str),
}

/// How a workflow stands to a contact that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Running,
    Paused,
    /// Nobody stays in it; the reason of the exit.
    Over(&'static str),
}

/// The arms of a step that a person decides at.
pub(crate) const DECISIONS: [&str; 2] = [approval::APPROVED, approval::REJECTED];
/// The event that an accepted message makes.
pub(crate) const MESSAGE_SENT: &str = "message_sent";
/// Room for the effects of most inputs.
const EFFECTS: usize = 8;
/// The failure in place of an answer that breaks the contract.
const BAD_ANSWER: &str = "bad_answer";
/// Why a workflow keeps nothing more of a contact: there is no room for it in the contact's row.
const CONTACT_FULL: &str = "contact_full";
/// The failure in place of an answer that nobody gave.
const NO_ANSWER: &str = "not_loaded";

impl Advance {
    /// Applies the input to the state, as far as it goes without an answer.
    ///
    /// The sealed chunks that the state's history keeps must be loaded.
    pub fn new(ctx: &Context<'_>, state: ContactState, input: &Input<'_>) -> Self {
        let mut advance = Self {
            state,
            effects: Vec::with_capacity(EFFECTS),
            questions: Vec::new(),
            waiting: Vec::new(),
            after_exits: Vec::new(),
            updates: Updates::default(),
            replies: Vec::new(),
            asked: Vec::new(),
            waves: 0,
            steps_reached: BTreeMap::new(),
            standing_bytes: None,
            due_at: ctx.now,
        };
        advance.leave_what_is_over(ctx);
        advance.forget_segments(ctx);
        advance.migrate(ctx);
        advance.catch_up(ctx);
        // Not of what was moved before: that is due since it was moved.
        if let Input::Timer(timer) = input {
            advance.due_at = timer.due;
        }
        match *input {
            Input::Event(event) => advance.event(ctx, event),
            Input::Attributes(_, changes) => advance.change_attributes(ctx, changes),
            Input::Timer(timer) => advance.timer(ctx, timer),
            Input::Visit(_) => advance.recompute_waits(ctx, None),
            Input::EnterExisting(_, workflow) => advance.enter_existing(ctx, workflow),
            Input::Evaluate(_, segment) => advance.evaluate(ctx, segment),
            Input::RowsChanged(_, workflow, changed) => {
                advance.rows_changed(ctx, workflow, changed);
            }
            Input::Intent { message, attempt } => advance.intent(ctx, message, attempt),
            Input::Outcome {
                message,
                attempt,
                outcome,
            } => advance.outcome(ctx, message, attempt, outcome),
        }
        advance.look_at_updates(ctx);
        advance
    }

    /// Goes on with the answers given, until there are questions again or nothing is left to do.
    pub fn run(&mut self, ctx: &Context<'_>) -> Status {
        if !self.questions.is_empty() && self.replies.len() == self.questions.len() {
            self.waves += 1;
            let questions = std::mem::take(&mut self.questions);
            self.asked.extend(questions.into_iter().map(|one| one.id));
            let mut replies = std::mem::take(&mut self.replies).into_iter();
            let answered = std::mem::take(&mut self.waiting).into_iter();
            let answered = answered.map(|(continuation, count)| {
                let replies: Vec<Reply> = replies.by_ref().take(count).collect();
                (continuation, replies)
            });
            let is_about_exits =
                |(one, _): &(Continuation, _)| matches!(one, Continuation::Exits(_));
            let (exits, others): (Vec<_>, Vec<_>) = answered.partition(is_about_exits);
            let staying = std::mem::take(&mut self.after_exits);
            for (continuation, replies) in exits {
                self.resume(ctx, continuation, replies);
            }
            for after in staying {
                self.stay_inside(ctx, after);
            }
            for (continuation, replies) in others {
                self.resume(ctx, continuation, replies);
            }
            self.look_at_updates(ctx);
        }
        if self.questions.is_empty() {
            Status::Done
        } else {
            Status::Asking
        }
    }

    /// The questions of this wave. They do not depend on each other.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Answers every question of the wave. A question that gets `None` is taken as failed.
    pub fn answer(&mut self, mut answers: impl FnMut(&QuestionId) -> Option<Answer>) {
        let replies = self
            .questions
            .iter()
            .map(|question| match answers(&question.id) {
                Some(Ok(verdict)) => Reply::Verdict(verdict),
                Some(Err(failure)) => Reply::Failed(failure.kind.code()),
                None => Reply::Failed(NO_ANSWER),
            });
        self.replies = replies.collect();
    }

    /// The new state and what is to be done. Only after [`Self::run`] said `Done`.
    pub fn finish(self) -> (ContactState, Vec<Effect>) {
        debug_assert!(
            self.questions.is_empty(),
            "an advance is finished once it is done"
        );
        (self.state, self.effects)
    }

    /// The contact as it stands; the engine looks up whom the questions are about.
    pub fn contact(&self) -> &ContactId {
        &self.state.contact.id
    }

    fn resume(&mut self, ctx: &Context<'_>, continuation: Continuation, replies: Vec<Reply>) {
        match continuation {
            Continuation::Entry(entering) => {
                let reply = replies.into_iter().next();
                self.entry_answered(ctx, entering, reply.unwrap_or(Reply::Failed(NO_ANSWER)));
            }
            Continuation::Exits(asked) => self.exits_answered(ctx, &asked, replies),
            Continuation::Claim(asked, message, attempt) => {
                self.claim_answered(ctx, &asked, (message, attempt), replies);
            }
            Continuation::Branch(asked) => {
                self.step_answered(asked, |advance, whose, step| {
                    advance.branch_answered(ctx, whose, step, replies);
                });
            }
            Continuation::Segments(settling) => self.segments_answered(ctx, settling, replies),
            Continuation::Personalizer(asked) => {
                let reply = replies.into_iter().next();
                let reply = reply.unwrap_or(Reply::Failed(NO_ANSWER));
                self.step_answered(asked, |advance, whose, step| {
                    advance.personalizer_answered(ctx, whose, step, reply);
                });
            }
            Continuation::Split(asked) => {
                let reply = replies.into_iter().next();
                let reply = reply.unwrap_or(Reply::Failed(NO_ANSWER));
                self.step_answered(asked, |advance, whose, step| {
                    advance.split_answered(ctx, whose, step, reply);
                });
            }
        }
    }

    /// Goes on with what the step's rules said, unless a jump of the same input has moved the journey elsewhere.
    fn step_answered(&mut self, asked: AskedStep, go_on: impl FnOnce(&mut Self, &Whose, &StepId)) {
        let AskedStep {
            whose,
            step,
            visit,
            due_at,
        } = asked;
        let place = self.journey(&whose).map(|journey| &journey.place);
        let stands_there = matches!(place, Some(Place::Held { step: at, .. }) if *at == step);
        if !stands_there || self.visit(&whose) != visit {
            return;
        }
        let due_at = std::mem::replace(&mut self.due_at, due_at);
        go_on(self, &whose, &step);
        self.due_at = due_at;
    }

    /// The step at which the journey stands now, to ask its rules.
    fn asked_step(&self, whose: &Whose, step: &StepId) -> AskedStep {
        AskedStep {
            whose: whose.clone(),
            step: step.clone(),
            visit: self.visit(whose),
            due_at: self.due_at,
        }
    }

    /// Puts a question about an entry.
    fn ask_about_entry(
        &mut self,
        ctx: &Context<'_>,
        slot: Slot,
        binding: &ResolvedBinding,
        entering: Entering,
    ) {
        let owner = Owner::Workflow(entering.workflow.clone());
        let id = self.question_id(owner, entering.version, slot, None);
        let is_trigger = entering.key.is_none();
        let asking = Asking {
            event: Some(&entering.event),
            occasion: is_trigger.then_some(entering.occasion),
            arm_key: entering.arm_key.as_ref().filter(|_| is_trigger),
            now: ctx.now,
            journey: None,
            seed: seed(ctx, &id),
            definitions: ctx.definitions,
        };
        let row = inputs::row(&binding.plan, &self.state, &asking);
        let beside = beside::of(&id, binding, &self.state, &asking);
        self.questions.push(Question { id, row, beside });
        self.waiting.push((Continuation::Entry(entering), 1));
    }

    /// Puts a question about a journey; the caller parks what goes on with the answer.
    fn ask_about_journey(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: u32,
        slot: Slot,
        binding: &ResolvedBinding,
    ) {
        let owner = Owner::Workflow(whose.workflow.clone());
        let id = self.question_id(owner, version, slot, Some(whose.journey));
        let journey = self.journey(whose);
        let asking = Asking {
            event: journey.map(|journey| &journey.event),
            occasion: None,
            arm_key: None,
            now: ctx.now,
            journey,
            seed: seed(ctx, &id),
            definitions: ctx.definitions,
        };
        let row = inputs::row(&binding.plan, &self.state, &asking);
        let beside = beside::of(&id, binding, &self.state, &asking);
        self.questions.push(Question { id, row, beside });
    }

    /// Puts a question about a contact as it is; the caller parks what goes on with the answer.
    fn ask_about_contact(
        &mut self,
        ctx: &Context<'_>,
        owner: Owner,
        version: u32,
        slot: Slot,
        binding: &ResolvedBinding,
    ) {
        let id = self.question_id(owner, version, slot, None);
        let asking = Asking {
            event: None,
            occasion: None,
            arm_key: None,
            now: ctx.now,
            journey: None,
            seed: seed(ctx, &id),
            definitions: ctx.definitions,
        };
        let row = inputs::row(&binding.plan, &self.state, &asking);
        let beside = beside::of(&id, binding, &self.state, &asking);
        self.questions.push(Question { id, row, beside });
    }

    fn question_id(
        &self,
        owner: Owner,
        version: u32,
        slot: Slot,
        journey: Option<JourneyId>,
    ) -> QuestionId {
        let earlier = self
            .asked
            .iter()
            .chain(self.questions.iter().map(|one| &one.id));
        let ordinal = earlier
            .filter(|id| {
                id.owner == owner
                    && id.version == version
                    && id.journey == journey
                    && id.slot == slot
            })
            .count();
        QuestionId {
            owner,
            version,
            slot,
            journey,
            ordinal: ordinal as u32,
        }
    }

    fn journey(&self, whose: &Whose) -> Option<&Journey> {
        let presence = self.state.presences.get(&whose.workflow)?;
        presence.journeys.get(&whose.journey)
    }

    fn journey_mut(&mut self, whose: &Whose) -> Option<&mut Journey> {
        let presence = self.state.presences.get_mut(&whose.workflow)?;
        presence.journeys.get_mut(&whose.journey)
    }

    /// Whether the workflow may keep so many bytes more of the contact. They count as taken then.
    fn has_room(&mut self, ctx: &Context<'_>, workflow: &WorkflowId, bytes: usize) -> bool {
        let is_known = self.state.presences.contains_key(workflow);
        let more = bytes
            + if is_known {
                0
            } else {
                budget::presence_bytes(workflow)
            };
        let measured = || budget::standing_bytes(ctx.definitions, &self.state);
        let mut taken = self.standing_bytes.unwrap_or_else(measured);
        if taken + more > STANDING_BYTES_MAX {
            // What left since it was measured is not counted off.
            taken = measured();
        }
        let fits = taken + more <= STANDING_BYTES_MAX;
        self.standing_bytes = Some(if fits { taken + more } else { taken });
        fits
    }

    /// The version the journey is on, while it and its version are there.
    fn version_of<'a>(&self, ctx: &Context<'a>, whose: &Whose) -> Option<&'a WorkflowVersion> {
        let journey = self.journey(whose)?;
        ctx.definitions.version(&whose.workflow, journey.version)
    }

    fn new_fact(
        &self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        version: u32,
        journey: Option<JourneyId>,
        what: FactKind,
    ) -> Fact {
        Fact {
            at: ctx.now,
            contact: self.state.contact.id.clone(),
            owner: Owner::Workflow(workflow.clone()),
            version,
            journey,
            what,
        }
    }

    /// Keeps a fact of an entry that has no journey yet.
    fn entry_fact(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        version: u32,
        what: FactKind,
    ) {
        let fact = self.new_fact(ctx, workflow, version, None, what);
        self.effects.push(Effect::Fact(fact));
    }

    /// Keeps a fact of a journey that is there.
    fn journey_fact(&mut self, ctx: &Context<'_>, whose: &Whose, what: FactKind) {
        let version = self.journey(whose).map_or(0, |journey| journey.version);
        let fact = self.new_fact(ctx, &whose.workflow, version, Some(whose.journey), what);
        self.effects.push(Effect::Fact(fact));
    }
}

fn seed<'a>(ctx: &Context<'_>, id: &'a QuestionId) -> Seed<'a> {
    Seed {
        store: ctx.store_seed,
        owner: &id.owner,
        slot: &id.slot,
        journey: id
            .journey
            .filter(|_| matches!(id.slot, Slot::Personalizer(_))),
    }
}

fn standing(ctx: &Context<'_>, workflow: &WorkflowId) -> Standing {
    match ctx.definitions.workflow(workflow).map(|found| found.state) {
        Some(WorkflowState::Running) => Standing::Running,
        Some(WorkflowState::Paused) => Standing::Paused,
        Some(WorkflowState::Ended) => Standing::Over("workflow_ended"),
        Some(WorkflowState::Draft | WorkflowState::Scheduled) | None => {
            Standing::Over(WORKFLOW_DELETED)
        }
    }
}

/// The evidence of a decision.
fn decision(
    ctx: &Context<'_>,
    slot: Slot,
    binding: &ResolvedBinding,
    reason: &str,
    answer: &str,
) -> FactKind {
    FactKind::RuleDecided(RuleDecision {
        slot,
        digest: binding.digest,
        reason: reason.to_owned(),
        answer: answer.to_owned(),
        sequence: ctx.sequence,
    })
}
