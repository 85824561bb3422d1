//! Messages: queued by a send step, claimed at the intent, settled by an outcome; the journey waits there meanwhile.

use signalbox_model::{
    definitions::{Slot, WorkflowVersion},
    fact::FactKind,
    id::{EventId, EventName, FieldName, MessageId, StepId, TemplateName},
    message::{AttemptOutcome, Message, MessageStatus},
    state::{Cause, PendingMessage, Place},
    time::Instant,
    value::{Fields, Value},
    verdict::{PersonalizerVerdict, Verdict},
    workflow::{
        OnFailure,
        step::{InDoubt, MessageClass, Send, Step},
    },
};

use crate::{
    advance::{
        Advance, BAD_ANSWER, Context, Continuation, MESSAGE_SENT, NO_ANSWER, Reply, Standing,
        Whose,
        events::Happening,
        permits::{FREQUENCY_CAP, HOLDOUT, Permit},
        standing,
        steps::{Next, position_after, position_of},
    },
    effect::{Decision, Effect, MessageChange},
    limits::{
        ATTEMPTS_MAX, IN_DOUBT_RESEND_AFTER, MESSAGE_BYTES_MAX, NOT_BEGUN_RETRY_AFTER,
        SEND_AHEAD_MAX,
    },
    view,
};

/// What a sender is told, and what becomes of the message.
enum Claim {
    /// Begin the body.
    Go,
    /// The claim is an echo of another one, which stands.
    Echo(String),
    /// The message is skipped, for this reason.
    Skip(String),
    /// The message is skipped and its journey ends, for this reason.
    Exit(String),
    /// The message waits until then, for this reason.
    Hold(Instant, &'static str),
}

/// Its field that counts the journeys in a row that led to it.
const FOLLOW_UPS: &str = "follow_ups";

impl Advance {
    pub(super) fn send(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
    ) -> Next {
        if standing(ctx, &whose.workflow) == Standing::Paused {
            return self.not_queued(ctx, whose, step, "paused");
        }
        if self.is_held_out(ctx, whose, send.class) {
            let id = self.message_id(whose, step);
            self.touch(ctx, whose, &step.id, id, true);
            return self.not_queued(ctx, whose, step, HOLDOUT);
        }
        if let Some(reason) = self.suppression(send.class) {
            return self.not_queued(ctx, whose, step, reason);
        }
        if self.state.contact.email().is_none() {
            return self.not_queued(ctx, whose, step, "no_address");
        }
        let Some(personalizer) = &send.personalizer else {
            return self.queue(ctx, whose, version, step, send, None);
        };
        if !self.may_ask(ctx, whose, &step.id) {
            return Next::Stay;
        }
        let slot = Slot::Personalizer(step.id.clone());
        let Some(binding) = version.bindings.get(&slot) else {
            let policy = personalizer.on_failure;
            return self.personalizer_failed(ctx, whose, version, step, send, policy, NO_ANSWER);
        };
        self.ask_about_journey(ctx, whose, version.number, slot, binding);
        let continuation = Continuation::Personalizer(whose.clone(), step.id.clone());
        self.waiting.push((continuation, 1));
        Next::Stay
    }

    pub(super) fn personalizer_answered(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        reply: Reply,
    ) {
        let Some((version, step)) = self.step_of(ctx, whose, step) else {
            return;
        };
        let Some(send) = &step.send else {
            return;
        };
        let policy = send
            .personalizer
            .as_ref()
            .map_or(OnFailure::Skip, |binding| binding.on_failure);
        let next = match reply {
            Reply::Verdict(Verdict::Personalizer(verdict))
                if variant(version, &verdict).is_ok() =>
            {
                let slot = Slot::Personalizer(step.id.clone());
                self.step_decided(ctx, whose, version, slot, verdict.reason, "chosen");
                self.queue(ctx, whose, version, step, send, Some(&verdict))
            }
            Reply::Verdict(_) => {
                self.personalizer_failed(ctx, whose, version, step, send, policy, BAD_ANSWER)
            }
            Reply::Failed(code) => {
                self.personalizer_failed(ctx, whose, version, step, send, policy, code)
            }
        };
        if let Next::On(next) = next {
            self.go(ctx, whose, version, next);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the whole of a failure: who, where, which binding, what it means"
    )]
    fn personalizer_failed(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
        policy: OnFailure,
        code: &str,
    ) -> Next {
        let slot = Slot::Personalizer(step.id.clone());
        if self.step_failed(ctx, whose, version, step, &slot, policy, code) {
            return self.queue(ctx, whose, version, step, send, None);
        }
        Next::Stay
    }

    /// Why the contact must not get a message of that class.
    fn suppression(&self, class: MessageClass) -> Option<&'static str> {
        let suppressed = self.state.suppressed?;
        suppressed.forbids(class).then(|| suppressed.as_str())
    }

    /// The step makes no message; the journey goes on.
    fn not_queued(&mut self, ctx: &Context<'_>, whose: &Whose, step: &Step, reason: &str) -> Next {
        let id = self.message_id(whose, step);
        let what = FactKind::MessageSkipped(step.id.clone(), id, reason.to_owned());
        self.journey_fact(ctx, whose, what);
        Next::On(
            self.version_of(ctx, whose)
                .and_then(|version| position_after(ctx, whose, version, step)),
        )
    }

    fn message_id(&self, whose: &Whose, step: &Step) -> MessageId {
        let visits = self
            .journey(whose)
            .and_then(|journey| journey.visits.get(&step.id));
        let visit = visits.map_or(0, |&visits| visits.saturating_sub(1));
        MessageId::new(whose.journey, &step.id, visit)
    }

    fn queue(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
        verdict: Option<&PersonalizerVerdict>,
    ) -> Next {
        let chosen = verdict.and_then(|verdict| variant(version, verdict).ok().flatten());
        let template = chosen.as_ref().unwrap_or(&send.template);
        let Some(&template) = version.templates.get(template) else {
            return self.not_queued(ctx, whose, step, "template_missing");
        };
        let id = self.message_id(whose, step);
        let Some(journey) = self.journey(whose) else {
            return Next::Stay;
        };
        let contact = &self.state.contact;
        let rule = verdict.map(|verdict| &verdict.values);
        let view = view::build(contact, whose.journey, journey, &version.document, rule);
        let to = contact.email().unwrap_or_default();
        let subject = verdict.and_then(|verdict| verdict.subject.as_deref());
        if view.len() + to.len() + subject.map_or(0, str::len) > MESSAGE_BYTES_MAX {
            return self.not_queued(ctx, whose, step, "message_too_large");
        }
        let wished = verdict.and_then(|verdict| verdict.send_at);
        let wished = wished
            .unwrap_or(ctx.now)
            .clamp(ctx.now, ctx.now.plus(SEND_AHEAD_MAX));
        let (release_at, held) = match self.permit(ctx, version, send, id, wished) {
            Permit::At(at, held) => (at, held),
            Permit::Skip(reason) => return self.not_queued(ctx, whose, step, reason),
            Permit::Exit(reason) => {
                self.exit(ctx, whose, reason, reason);
                return Next::Stay;
            }
        };
        let in_doubt = send.in_doubt.unwrap_or(match send.class {
            MessageClass::Transactional => InDoubt::Resend,
            MessageClass::Marketing => InDoubt::Hold,
        });
        let message = Message {
            id,
            contact: contact.id.clone(),
            workflow: whose.workflow.clone(),
            version: version.number,
            journey: whose.journey,
            step: step.id.clone(),
            class: send.class,
            in_doubt,
            to: to.to_owned(),
            template,
            subject: subject.map(str::to_owned),
            view,
            queued_at: ctx.now,
            dated_at: release_at,
            release_at,
            attempts: 0,
            first_attempt_at: None,
            status: MessageStatus::Queued,
        };
        let pending = self.pending_of(ctx, send, &message);
        self.state.pending.insert(id, pending);
        self.effects.push(Effect::QueueMessage(Box::new(message)));
        self.journey_fact(ctx, whose, FactKind::MessageQueued(step.id.clone(), id));
        if let Some(reason) = held {
            let what = FactKind::MessageHeld(step.id.clone(), id, release_at, reason.to_owned());
            self.journey_fact(ctx, whose, what);
        }
        self.park(
            whose,
            Place::Sending {
                step: step.id.clone(),
                message: id,
            },
        );
        Next::Stay
    }

    /// What the claim of a message needs to know.
    fn pending_of(&self, ctx: &Context<'_>, send: &Send, message: &Message) -> PendingMessage {
        PendingMessage {
            workflow: message.workflow.clone(),
            version: message.version,
            journey: message.journey,
            step: message.step.clone(),
            class: message.class,
            resend_in_doubt: message.in_doubt == InDoubt::Resend,
            queued_at: ctx.now,
            due_at: if message.release_at > ctx.now {
                message.release_at
            } else {
                self.due_at.min(ctx.now)
            },
            late_limit: send.late_limit,
            attempts: 0,
            claimed: None,
            cancelled: None,
        }
    }

    /// Decides whether a message may go out, from the state as it is now and by what the exits by segment say.
    pub(super) fn intent(&mut self, ctx: &Context<'_>, message: MessageId, attempt: u32) {
        match self.claim(ctx, message, attempt) {
            Claim::Echo(reason) => self.refuse_go(message, attempt, &reason),
            Claim::Skip(reason) => {
                self.refuse_go(message, attempt, &reason);
                self.settle(ctx, message, MessageStatus::Skipped(reason));
            }
            Claim::Exit(reason) => {
                self.refuse_go(message, attempt, &reason);
                self.exit_at_claim(ctx, message, &reason);
            }
            Claim::Hold(until, reason) => {
                self.refuse_go(message, attempt, reason);
                self.hold_message(ctx, message, until, reason);
            }
            Claim::Go => {
                let pending = self.state.pending.get(&message);
                let whose = pending.map(|pending| Whose {
                    workflow: pending.workflow.clone(),
                    journey: pending.journey,
                });
                let is_asked =
                    whose.is_some_and(|whose| self.asks_at_claim(ctx, &whose, message, attempt));
                if !is_asked {
                    self.go_ahead(ctx, message, attempt);
                }
            }
        }
    }

    /// Gives `go`.
    pub(super) fn go_ahead(&mut self, ctx: &Context<'_>, message: MessageId, attempt: u32) {
        if let Some(pending) = self.state.pending.get_mut(&message) {
            pending.claimed = Some(attempt);
        }
        self.effects.push(Effect::Claimed {
            message,
            attempt,
            decision: Decision::Go,
        });
        let at = ctx.now;
        self.update(message, MessageChange::Claimed { attempt, at });
    }

    pub(super) fn refuse_go(&mut self, message: MessageId, attempt: u32, reason: &str) {
        self.effects.push(Effect::Claimed {
            message,
            attempt,
            decision: Decision::Skipped(reason.to_owned()),
        });
    }

    fn claim(&self, ctx: &Context<'_>, message: MessageId, attempt: u32) -> Claim {
        let Some(pending) = self.state.pending.get(&message) else {
            let reason = self.just_skipped(message).unwrap_or("not_pending");
            return Claim::Echo(reason.to_owned());
        };
        if pending.claimed.is_some() || attempt != pending.attempts + 1 {
            return Claim::Echo("claimed_already".to_owned());
        }
        if let Some(reason) = &pending.cancelled {
            return Claim::Skip(reason.clone());
        }
        if let Some(reason) = self.suppression(pending.class) {
            return Claim::Skip(reason.to_owned());
        }
        if standing(ctx, &pending.workflow) == Standing::Paused {
            return Claim::Skip("paused".to_owned());
        }
        let is_late = pending.attempts == 0 && ctx.now.since(pending.due_at) > pending.late_limit;
        if is_late {
            return Claim::Skip("late".to_owned());
        }
        match self.permit_now(ctx, message, pending) {
            Permit::At(at, Some(reason)) if at > ctx.now => Claim::Hold(at, reason),
            Permit::At(..) => Claim::Go,
            Permit::Skip(reason) => Claim::Skip(reason.to_owned()),
            Permit::Exit(reason) => Claim::Exit(reason.to_owned()),
        }
    }

    /// Whether window, quiet hours, holdout and caps let the message out now.
    fn permit_now(&self, ctx: &Context<'_>, id: MessageId, pending: &PendingMessage) -> Permit {
        let whose = Whose {
            workflow: pending.workflow.clone(),
            journey: pending.journey,
        };
        if self.is_held_out(ctx, &whose, pending.class) {
            return Permit::Skip(HOLDOUT);
        }
        let now = Permit::At(ctx.now, None);
        let version = ctx.definitions.version(&pending.workflow, pending.version);
        let steps = ctx.definitions.steps(&pending.workflow, pending.version);
        let position = steps.and_then(|steps| steps.position(&pending.step));
        let send = position.and_then(|position| {
            ctx.definitions
                .send_at(&pending.workflow, pending.version, position)
        });
        let (Some(version), Some(send)) = (version, send) else {
            return now;
        };
        match self.permit(ctx, version, send, id, ctx.now) {
            Permit::At(at, _) if at <= ctx.now => self.capped(ctx, id, pending).unwrap_or(now),
            other => other,
        }
    }

    /// The message goes back and waits. One that caps would keep for too long is skipped instead.
    pub(super) fn hold_message(
        &mut self,
        ctx: &Context<'_>,
        id: MessageId,
        until: Instant,
        reason: &str,
    ) {
        let Some(pending) = self.state.pending.get_mut(&id) else {
            return;
        };
        if until > pending.queued_at.plus(SEND_AHEAD_MAX) {
            return self.settle(ctx, id, MessageStatus::Skipped(reason.to_owned()));
        }
        if reason == FREQUENCY_CAP {
            // It is due once there is room for it: that is not late.
            pending.due_at = until;
        }
        let what = FactKind::MessageHeld(pending.step.clone(), id, until, reason.to_owned());
        self.requeue(id, until);
        self.message_fact(ctx, id, what);
    }

    fn exit_at_claim(&mut self, ctx: &Context<'_>, id: MessageId, reason: &str) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let whose = Whose {
            workflow: pending.workflow.clone(),
            journey: pending.journey,
        };
        self.exit(ctx, &whose, reason, reason);
    }

    /// The reason for which this very input took the message away.
    fn just_skipped(&self, message: MessageId) -> Option<&str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::UpdateMessage {
                id,
                change: MessageChange::Settled(MessageStatus::Skipped(reason)),
            } if *id == message => Some(reason.as_str()),
            _ => None,
        })
    }

    /// Takes over how an attempt ended. What does not fit the attempt at hand is an echo and changes nothing.
    pub(super) fn outcome(
        &mut self,
        ctx: &Context<'_>,
        message: MessageId,
        attempt: u32,
        outcome: &AttemptOutcome,
    ) {
        let Some(pending) = self.state.pending.get_mut(&message) else {
            return;
        };
        let fits = match pending.claimed {
            Some(claimed) => claimed == attempt,
            None => attempt == pending.attempts + 1,
        };
        if !fits {
            return;
        }
        pending.claimed = None;
        pending.attempts = attempt;
        match outcome {
            AttemptOutcome::Accepted => {
                self.settle(ctx, message, MessageStatus::Accepted);
            }
            AttemptOutcome::RetryAt(at, reason) => self.retry(ctx, message, *at, reason),
            AttemptOutcome::NotBegun => {
                let at = ctx.now.plus(NOT_BEGUN_RETRY_AFTER);
                self.retry(ctx, message, at, "not_begun");
            }
            AttemptOutcome::Refused(reason) => {
                self.settle(ctx, message, MessageStatus::Refused(reason.clone()));
            }
            AttemptOutcome::Expired(_) => self.settle(ctx, message, MessageStatus::Expired),
            AttemptOutcome::Unsendable(reason) => {
                self.settle_as(ctx, message, MessageStatus::Skipped(reason.clone()), true);
            }
            AttemptOutcome::InDoubt => self.in_doubt(ctx, message),
        }
    }

    fn retry(&mut self, ctx: &Context<'_>, message: MessageId, at: Instant, reason: &str) {
        let Some(pending) = self.state.pending.get(&message) else {
            return;
        };
        if let Some(cancelled) = &pending.cancelled {
            let status = MessageStatus::Skipped(cancelled.clone());
            return self.settle(ctx, message, status);
        }
        if pending.attempts >= ATTEMPTS_MAX {
            return self.settle(ctx, message, MessageStatus::Expired);
        }
        let release_at = at.max(ctx.now);
        let step = pending.step.clone();
        self.requeue(message, release_at);
        let what = FactKind::MessageDeferred(step, message, release_at, reason.to_owned());
        self.message_fact(ctx, message, what);
    }

    fn in_doubt(&mut self, ctx: &Context<'_>, message: MessageId) {
        let Some(pending) = self.state.pending.get(&message) else {
            return;
        };
        let resend = pending.resend_in_doubt
            && pending.cancelled.is_none()
            && pending.attempts < ATTEMPTS_MAX;
        if !resend {
            return self.settle(ctx, message, MessageStatus::Held);
        }
        let what = FactKind::MessageInDoubt(pending.step.clone(), message, true);
        self.requeue(message, ctx.now.plus(IN_DOUBT_RESEND_AFTER));
        self.message_fact(ctx, message, what);
    }

    fn requeue(&mut self, message: MessageId, release_at: Instant) {
        let attempts = self
            .state
            .pending
            .get(&message)
            .map_or(0, |pending| pending.attempts);
        let change = MessageChange::Requeued {
            release_at,
            attempts,
        };
        self.update(message, change);
    }

    fn update(&mut self, id: MessageId, change: MessageChange) {
        self.effects.push(Effect::UpdateMessage { id, change });
    }

    /// Ends a message, tells why, and lets the journey that stood at it go on.
    pub(super) fn settle(&mut self, ctx: &Context<'_>, id: MessageId, status: MessageStatus) {
        let has_failed = matches!(status, MessageStatus::Refused(_) | MessageStatus::Expired);
        self.settle_as(ctx, id, status, has_failed);
    }

    fn settle_as(
        &mut self,
        ctx: &Context<'_>,
        id: MessageId,
        status: MessageStatus,
        has_failed: bool,
    ) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let what = settled_fact(pending.step.clone(), id, &status);
        let whose = Whose {
            workflow: pending.workflow.clone(),
            journey: pending.journey,
        };
        let step = pending.step.clone();
        self.message_fact(ctx, id, what);
        if matches!(status, MessageStatus::Accepted | MessageStatus::Held) {
            self.touch(ctx, &whose, &step, id, false);
        }
        self.state.pending.remove(&id);
        let was_accepted = status == MessageStatus::Accepted;
        self.update(id, MessageChange::Settled(status));
        if was_accepted {
            self.message_sent(ctx, &whose, &step, id);
        }
        let stands_there = self.journey(&whose).is_some_and(
            |journey| matches!(&journey.place, Place::Sending { message, .. } if *message == id),
        );
        if !stands_there {
            return;
        }
        if self.moves_on_from(ctx, &whose, &step) {
            return;
        }
        match self.step_of(ctx, &whose, &step) {
            Some((version, step)) => {
                let on_error = step.send.as_ref().and_then(|send| send.on_error.as_ref());
                match on_error.filter(|_| has_failed) {
                    Some(target) => {
                        let next = position_of(ctx, &whose, version, target);
                        self.go(ctx, &whose, version, next);
                    }
                    None => self.go_on_after(ctx, &whose, version, step),
                }
            }
            None => self.exit(ctx, &whose, "step_gone", "exit"),
        }
    }

    /// The event of an accepted message: the contact's history and other workflows hear of it before anything else.
    fn message_sent(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        message: MessageId,
    ) {
        let id = EventId::parse(&format!("{MESSAGE_SENT}:{message}"));
        let name = EventName::parse(MESSAGE_SENT);
        let (Ok(id), Ok(name)) = (id, name) else {
            return;
        };
        let begun_by = self.journey(whose).map(|journey| &journey.event);
        let follow_ups = 1 + begun_by.map_or(0, follow_ups);
        let members = [
            ("workflow", Value::text(whose.workflow.as_str())),
            ("step", Value::text(step.as_str())),
            ("message", Value::text(message.to_string())),
            ("journey", Value::text(whose.journey.to_string())),
            (FOLLOW_UPS, Value::Integer(follow_ups)),
        ];
        let fields: Fields = members
            .into_iter()
            .filter_map(|(name, value)| Some((FieldName::parse(name).ok()?, value)))
            .collect();
        let event = Happening {
            id: &id,
            name: &name,
            occurred_at: ctx.now,
            fields: &fields,
            history_only: false,
            made_by: Some(&whose.workflow),
            follow_ups,
        };
        self.happen(ctx, &event);
    }

    /// Takes back what a leaving journey has in the outbox. A message that was given `go` cannot be taken back: it is
    /// marked, and not sent again if the attempt fails.
    pub(super) fn cancel_messages(&mut self, ctx: &Context<'_>, whose: &Whose, reason: &str) {
        let mut unclaimed = Vec::new();
        for (&id, pending) in &mut self.state.pending {
            if pending.journey != whose.journey || pending.workflow != whose.workflow {
                continue;
            }
            if pending.claimed.is_some() {
                pending.cancelled.get_or_insert_with(|| reason.to_owned());
            } else {
                unclaimed.push((id, pending.step.clone()));
            }
        }
        for (id, step) in unclaimed {
            let what = FactKind::MessageSkipped(step, id, reason.to_owned());
            self.message_fact(ctx, id, what);
            self.state.pending.remove(&id);
            let status = MessageStatus::Skipped(reason.to_owned());
            self.update(id, MessageChange::Settled(status));
        }
    }

    /// Keeps a fact of a pending message; its journey may be over.
    fn message_fact(&mut self, ctx: &Context<'_>, id: MessageId, what: FactKind) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let fact = self.new_fact(
            ctx,
            &pending.workflow,
            pending.version,
            Some(pending.journey),
            what,
        );
        self.effects.push(Effect::Fact(fact));
    }
}

/// How many journeys in a row, each begun by the one before, led to the event.
fn follow_ups(event: &Cause) -> i64 {
    match event.fields.get(FOLLOW_UPS) {
        Some(Value::Integer(count)) if event.name.as_str() == MESSAGE_SENT => *count,
        _ => 0,
    }
}

fn settled_fact(step: StepId, id: MessageId, status: &MessageStatus) -> FactKind {
    match status {
        MessageStatus::Accepted => FactKind::MessageSent(step, id),
        MessageStatus::Refused(reason) => FactKind::MessageRefused(step, id, reason.clone()),
        MessageStatus::Expired => FactKind::MessageRefused(step, id, "expired".to_owned()),
        MessageStatus::Held => FactKind::MessageInDoubt(step, id, false),
        MessageStatus::Skipped(reason) => FactKind::MessageSkipped(step, id, reason.clone()),
        MessageStatus::Queued | MessageStatus::Claimed(_) => {
            unreachable!("only a settled status ends a message")
        }
    }
}

/// The template that a personalizer chose in place of the step's; `Err` when the workflow has none of that name.
fn variant(
    version: &WorkflowVersion,
    verdict: &PersonalizerVerdict,
) -> Result<Option<TemplateName>, ()> {
    let Some(name) = &verdict.variant else {
        return Ok(None);
    };
    let name = TemplateName::parse(name).map_err(|_| ())?;
    if version.templates.contains_key(&name) {
        Ok(Some(name))
    } else {
        Err(())
    }
}
