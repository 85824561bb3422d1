//! Exits by segment: asked when something happens that the segment reads, and once more at the claim of every message.

use signalbox_model::{
    definitions::{ResolvedBinding, Slot, WorkflowVersion},
    fact::{Fact, FactKind},
    id::{MessageId, StepId},
    message::MessageStatus,
    plan::{Plan, Source},
    verdict::Verdict,
    workflow::OnFailure,
};

use crate::{
    advance::{
        Advance, AfterExits, AskedExits, BAD_ANSWER, Context, Continuation, Deferred, Reply,
        Updates, Whose, decision, events::Happening, reasons::Hold,
    },
    effect::Effect,
    limits::{RULE_FAILED_RETRY_AFTER, WAVES_MAX},
};

/// The reason of an exit by segment that names none.
const EXIT_SEGMENT: &str = "exit_segment";

/// What changed of the contact.
pub(super) enum Change<'c> {
    /// An event came; by it the contact may have come into a segment, or left it.
    Event(&'c Happening<'c>),
    /// Attributes have other values, or values were kept.
    Values(&'c Updates),
}

/// What the answers of a journey's exits come to.
enum Said {
    /// The contact is in the segment of an exit, for this reason.
    Leave(String),
    /// A rule failed that is to be asked again.
    AskAgain,
    /// The journey goes on.
    Stay,
}

impl Advance {
    /// Asks the exits of every journey whose segment reads what has changed.
    pub(super) fn ask_exits(&mut self, ctx: &Context<'_>, change: &Change<'_>) {
        for whose in self.journeys_inside() {
            let Some(version) = self.version_of(ctx, &whose) else {
                continue;
            };
            let slots = exits_of(version, |plan| reads(plan, change));
            if !slots.is_empty() && self.waves < WAVES_MAX {
                let asked = AskedExits {
                    whose,
                    version: version.number,
                    slots,
                };
                self.ask_all(ctx, version, &asked);
                let count = asked.slots.len();
                self.waiting.push((Continuation::Exits(asked), count));
            }
        }
    }

    /// Whether the exits of that version read what a step has changed.
    pub(super) fn exits_read(version: &WorkflowVersion, updates: &Updates) -> bool {
        !exits_of(version, |plan| reads(plan, &Change::Values(updates))).is_empty()
    }

    /// Whether exits of the journey are asked in this wave: it goes nowhere before they have answered.
    pub(super) fn is_asked_to_leave(&self, whose: &Whose) -> bool {
        self.waiting.iter().any(|(continuation, _)| {
            matches!(continuation, Continuation::Exits(asked) if asked.whose == *whose)
        })
    }

    /// Steps have changed what exits and triggers read: they are asked, once for all steps of the wave.
    pub(super) fn look_at_updates(&mut self, ctx: &Context<'_>) {
        let updates = std::mem::take(&mut self.updates);
        if !updates.attributes.is_empty() || !updates.kept.is_empty() {
            self.ask_exits(ctx, &Change::Values(&updates));
        }
        if !updates.attributes.is_empty() {
            self.ask_again_in_grace(ctx);
        }
    }

    /// Goes on behind a step at which the journey waited for what its exits say to it.
    fn leave_update(&mut self, ctx: &Context<'_>, whose: &Whose, step: &StepId) {
        let place = self.journey(whose).map(|journey| journey.place.step());
        if place != Some(step) {
            return;
        }
        if let Some((version, step)) = self.step_of(ctx, whose, step) {
            self.go_on_after(ctx, whose, version, step);
        }
    }

    /// Leaves for later what the journey does if its exits let it stay.
    pub(super) fn once_it_stays(&mut self, whose: Whose, what: Deferred) {
        let due_at = self.due_at;
        self.after_exits.push(AfterExits {
            whose,
            what,
            due_at,
        });
    }

    /// The exits have answered: does what had to wait for them, if the journey is still there.
    pub(super) fn stay_inside(&mut self, ctx: &Context<'_>, after: AfterExits) {
        let AfterExits {
            whose,
            what,
            due_at,
        } = after;
        let due_at = std::mem::replace(&mut self.due_at, due_at);
        match what {
            Deferred::Wake(event) => self.wake_one(ctx, &whose, &Happening::of(&event)),
            Deferred::Settled(settled) => self.leave_settled(ctx, &whose, &settled),
            Deferred::Updated(step) => self.leave_update(ctx, &whose, &step),
        }
        self.due_at = due_at;
    }

    /// Asks all exits by segment of the message's journey before it may go out; `false` if there are none.
    pub(super) fn asks_at_claim(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        message: MessageId,
        attempt: u32,
    ) -> bool {
        let Some(version) = self.version_of(ctx, whose) else {
            return false;
        };
        let slots = exits_of(version, |_| true);
        if slots.is_empty() {
            return false;
        }
        let asked = AskedExits {
            whose: whose.clone(),
            version: version.number,
            slots,
        };
        self.ask_all(ctx, version, &asked);
        let count = asked.slots.len();
        let continuation = Continuation::Claim(asked, message, attempt);
        self.waiting.push((continuation, count));
        true
    }

    fn ask_all(&mut self, ctx: &Context<'_>, version: &WorkflowVersion, asked: &AskedExits) {
        for &index in &asked.slots {
            let slot = Slot::Exit(index);
            if let Some(binding) = version.bindings.get(&slot) {
                self.ask_about_journey(ctx, &asked.whose, version.number, slot, binding);
            }
        }
    }

    pub(super) fn exits_answered(
        &mut self,
        ctx: &Context<'_>,
        asked: &AskedExits,
        replies: Vec<Reply>,
    ) {
        // One that is to be asked again is: at the next change, and at the claim.
        if let Said::Leave(reason) = self.exits_said(ctx, asked, replies, Effect::Count) {
            self.exit(ctx, &asked.whose, &reason, "exit");
        }
    }

    pub(super) fn claim_answered(
        &mut self,
        ctx: &Context<'_>,
        asked: &AskedExits,
        (message, attempt): (MessageId, u32),
        replies: Vec<Reply>,
    ) {
        if !self.is_still_pending(message, attempt) {
            return;
        }
        match self.exits_said(ctx, asked, replies, Effect::Fact) {
            Said::Stay => self.let_out(ctx, message, attempt),
            Said::AskAgain => {
                let until = ctx.now.plus(RULE_FAILED_RETRY_AFTER);
                self.refuse_go(message, attempt, Hold::RuleFailed.as_str());
                self.hold_message(ctx, message, until, Hold::RuleFailed);
            }
            Said::Leave(reason) => {
                self.refuse_go(message, attempt, "exit");
                self.exit(ctx, &asked.whose, &reason, "exit");
                // A journey that moved on left its message to itself.
                self.settle(ctx, message, MessageStatus::Skipped("exit".to_owned()));
            }
        }
    }

    /// Keeps what was answered, by the version that was asked. A journey that has moved to another since does not leave by
    /// it, and is asked again where it must be. An answer that lets it stay is told by `stays`.
    fn exits_said(
        &mut self,
        ctx: &Context<'_>,
        asked: &AskedExits,
        replies: Vec<Reply>,
        stays: fn(Fact) -> Effect,
    ) -> Said {
        let whose = &asked.whose;
        let Some(journey) = self.journey(whose) else {
            return Said::Stay;
        };
        let has_moved = journey.version != asked.version;
        let Some(version) = ctx.definitions.version(&whose.workflow, asked.version) else {
            return Said::AskAgain;
        };
        let mut said = if has_moved {
            Said::AskAgain
        } else {
            Said::Stay
        };
        for (&index, reply) in asked.slots.iter().zip(replies) {
            let slot = Slot::Exit(index);
            let code = match reply {
                Reply::Verdict(Verdict::Segment(verdict)) => {
                    let (answer, tell) = if verdict.member {
                        ("in", Effect::Fact as fn(Fact) -> Effect)
                    } else {
                        ("out", stays)
                    };
                    let reason = version.bindings.get(&slot);
                    let reason = reason.map_or("", |binding| binding.reason_code(verdict.reason));
                    let evidence = exit_evidence(ctx, version, &slot, (reason, answer));
                    self.tell_of_exit(ctx, asked, evidence, tell);
                    if verdict.member && !has_moved {
                        return Said::Leave(exit_name(version, index));
                    }
                    continue;
                }
                Reply::Verdict(_) => BAD_ANSWER,
                Reply::Failed(code) => code,
            };
            let evidence = exit_evidence(ctx, version, &slot, (code, "failed"));
            self.tell_of_exit(ctx, asked, evidence, Effect::Fact);
            match policy(version, index) {
                OnFailure::Skip | OnFailure::Default => {}
                OnFailure::Hold => said = Said::AskAgain,
                OnFailure::Pause => {
                    self.pause_workflow(ctx, &whose.workflow, &slot, code);
                    said = Said::AskAgain;
                }
            }
        }
        said
    }

    fn tell_of_exit(
        &mut self,
        ctx: &Context<'_>,
        asked: &AskedExits,
        evidence: Option<FactKind>,
        tell: fn(Fact) -> Effect,
    ) {
        if let Some(what) = evidence {
            let Whose { workflow, journey } = &asked.whose;
            let fact = self.new_fact(ctx, workflow, asked.version, Some(*journey), what);
            self.effects.push(tell(fact));
        }
    }
}

fn exit_evidence(
    ctx: &Context<'_>,
    version: &WorkflowVersion,
    slot: &Slot,
    (reason, answer): (&str, &str),
) -> Option<FactKind> {
    let binding = version.bindings.get(slot)?;
    Some(decision(ctx, slot.clone(), binding, reason, answer))
}

fn exit_name(version: &WorkflowVersion, index: u16) -> String {
    let exit = version.document.exits.get(usize::from(index));
    let reason = exit.and_then(|exit| exit.reason.as_deref());
    reason.unwrap_or(EXIT_SEGMENT).to_owned()
}

/// The exits by segment that have a binding whose plan is wanted.
fn exits_of(version: &WorkflowVersion, is_wanted: impl Fn(&Plan) -> bool) -> Vec<u16> {
    let bindings = version.bindings.iter();
    let exits = bindings.filter_map(|(slot, binding): (&Slot, &ResolvedBinding)| match slot {
        Slot::Exit(index) if is_wanted(&binding.plan) => Some(*index),
        _ => None,
    });
    exits.collect()
}

fn policy(version: &WorkflowVersion, index: u16) -> OnFailure {
    let exit = version.document.exits.get(usize::from(index));
    let segment = exit.and_then(|exit| exit.segment.as_ref());
    segment.map_or(OnFailure::Skip, |segment| segment.on_failure)
}

/// Whether a rule with that plan may say something else after the change. Windows that only pass are not a change.
fn reads(plan: &Plan, change: &Change<'_>) -> bool {
    plan.inputs
        .iter()
        .any(|input| match (&input.source, change) {
            (Source::Attribute(name), Change::Values(changed)) => changed.attributes.contains(name),
            (Source::Kept(name), Change::Values(changed)) => {
                changed.kept.iter().any(|one| one.as_str() == name)
            }
            (Source::Count(of), Change::Event(event)) => of.event == *event.name,
            (Source::Sum(of), Change::Event(event)) => of.of.event == *event.name,
            (Source::First(of) | Source::Last(of), Change::Event(event)) => {
                of.of.event == *event.name
            }
            (Source::Recent(of), Change::Event(event)) => of.of.event == *event.name,
            (Source::Segment(name), Change::Event(event)) => event
                .segment
                .is_some_and(|segment| segment.as_str() == name),
            _ => false,
        })
}
