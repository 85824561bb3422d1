//! Messages: queued by a send step; the journey waits there until its message is settled.

use signalbox_model::{
    definitions::{Slot, WorkflowVersion},
    fact::FactKind,
    id::{Digest, MessageId, StepId, TemplateName},
    message::{Message, MessageStatus, Offer},
    state::{PendingMessage, Place},
    time::Instant,
    verdict::{PersonalizerVerdict, Verdict},
    workflow::{
        OnFailure,
        step::{InDoubt, MessageClass, Send, Step},
    },
};

use crate::{
    advance::{
        Advance, BAD_ANSWER, Context, Continuation, NO_ANSWER, Reply, Whose,
        permits::{HOLDOUT, Permit, WINDOW_CLOSED},
        steps::{Next, position_after, position_of},
    },
    effect::Effect,
    limits::{MESSAGE_BYTES_MAX, SEND_AHEAD_MAX},
    view,
};

/// What a message's bytes are made from.
struct Content {
    to: String,
    template: Digest,
    subject: Option<String>,
    view: String,
}

impl Advance {
    pub(super) fn send(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
    ) -> Next {
        // A personalizer may wish for an instant behind the pause: it is asked first.
        if send.personalizer.is_none()
            && let Some(next) = self.send_in_pause(ctx, whose, version, step, send)
        {
            return next;
        }
        // Who cannot be mailed at all is in no holdout: it is compared with those who got the message.
        if let Some(reason) = self.suppression(send.class) {
            return self.not_queued(ctx, whose, step, reason);
        }
        if self.state.contact.email().is_none() {
            return self.not_made(ctx, whose, version, step, send, "no_address");
        }
        if self.is_held_out(ctx, whose, send.class) {
            return self.hold_out(ctx, whose, version, step, send);
        }
        let Some(personalizer) = &send.personalizer else {
            return self.queue(ctx, whose, version, step, send, None);
        };
        if !self.may_ask(ctx, whose, step) {
            return Next::Stay;
        }
        let slot = Slot::Personalizer(step.id.clone());
        let Some(binding) = version.bindings.get(&slot) else {
            let policy = personalizer.on_failure;
            return self.personalizer_failed(ctx, whose, version, step, send, policy, NO_ANSWER);
        };
        self.ask_about_journey(ctx, whose, version.number, slot, binding);
        let continuation = Continuation::Personalizer(self.asked_step(whose, &step.id));
        self.waiting.push((continuation, 1));
        Next::Stay
    }

    /// The message is withheld when it would have gone out, if it would have: only then are its conversions compared with
    /// those of others at the same step. Where that shows later, it is queued and its claim withholds it.
    fn hold_out(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
    ) -> Next {
        if send.personalizer.is_some()
            && let Some(next) = self.send_in_pause(ctx, whose, version, step, send)
        {
            return next;
        }
        let id = self.message_id(whose, step);
        let (due_at, permit) = self.permit_to_queue(ctx, version, send, id, ctx.now);
        let is_late = ctx.now.since(due_at) > send.late_limit;
        match permit {
            Permit::At(at, _) if at <= ctx.now && !is_late && !has_exits(version) => {
                match self.capped(ctx, id, &withheld(ctx, whose, version, step, send)) {
                    None => {
                        self.touch(ctx, whose, &step.id, id, true);
                        self.not_queued(ctx, whose, step, HOLDOUT)
                    }
                    Some(Permit::Skip(reason)) => self.not_queued(ctx, whose, step, reason),
                    Some(_) => self.queue(ctx, whose, version, step, send, None),
                }
            }
            _ => self.queue(ctx, whose, version, step, send, None),
        }
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
    pub(super) fn suppression(&self, class: MessageClass) -> Option<&'static str> {
        let suppressed = self.state.suppressed?;
        suppressed.forbids(class).then(|| suppressed.as_str())
    }

    /// The step makes no message; the journey goes on.
    pub(super) fn not_queued(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &Step,
        reason: &str,
    ) -> Next {
        let id = self.message_id(whose, step);
        let what = FactKind::MessageSkipped(step.id.clone(), id, reason.to_owned());
        self.journey_fact(ctx, whose, what);
        Next::On(
            self.version_of(ctx, whose)
                .and_then(|version| position_after(ctx, whose, version, step)),
        )
    }

    /// The message cannot be made, so that the send has failed for good: the journey goes the step's way for that, if it
    /// has one.
    fn not_made(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
        reason: &str,
    ) -> Next {
        let on = self.not_queued(ctx, whose, step, reason);
        let on_error = send.on_error.as_ref();
        match on_error.and_then(|target| position_of(ctx, whose, version, target)) {
            Some(target) => Next::On(Some(target)),
            None => on,
        }
    }

    /// A journey leaves where it stands. At a send, a message that was not queued yet is not made: the rule that fills it
    /// is still asked, or it waits for the resume.
    pub(super) fn leave_send(&mut self, ctx: &Context<'_>, whose: &Whose, reason: &str) {
        let place = self.journey(whose).map(|journey| &journey.place);
        let Some(Place::Waiting { step, .. } | Place::Held { step, .. }) = place else {
            return;
        };
        let found = self.step_of(ctx, whose, &step.clone());
        if let Some((_, step)) = found.filter(|(_, step)| step.send.is_some()) {
            let id = self.message_id(whose, step);
            let what = FactKind::MessageSkipped(step.id.clone(), id, reason.to_owned());
            self.journey_fact(ctx, whose, what);
        }
    }

    pub(super) fn message_id(&self, whose: &Whose, step: &Step) -> MessageId {
        MessageId::new(whose.journey, &step.id, self.visit(whose))
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
        let id = self.message_id(whose, step);
        let content = match self.content(whose, version, send, verdict) {
            Ok(content) => content,
            Err(reason) => return self.not_made(ctx, whose, version, step, send, reason),
        };
        let wished = verdict.and_then(|verdict| verdict.send_at);
        let wished = wished
            .unwrap_or(ctx.now)
            .clamp(ctx.now, ctx.now.plus(SEND_AHEAD_MAX));
        if send.personalizer.is_some()
            && wished == ctx.now
            && let Some(next) = self.send_in_pause(ctx, whose, version, step, send)
        {
            return next;
        }
        let (due_at, permit) = self.permit_to_queue(ctx, version, send, id, wished);
        if let Permit::Skip(WINDOW_CLOSED) | Permit::Exit(WINDOW_CLOSED) = permit {
            self.tell_zone(ctx, whose, version, step);
        }
        let (release_at, held) = match permit {
            Permit::At(at, held) => (at, held),
            Permit::Skip(reason) => return self.not_queued(ctx, whose, step, reason),
            Permit::Exit(reason) => {
                self.exit(ctx, whose, reason, reason);
                return Next::Stay;
            }
        };
        let message = Message {
            id,
            contact: self.state.contact.id.clone(),
            workflow: whose.workflow.clone(),
            version: version.number,
            journey: whose.journey,
            step: step.id.clone(),
            class: send.class,
            in_doubt: in_doubt(send),
            to: content.to,
            template: content.template,
            subject: content.subject,
            view: content.view,
            queued_at: ctx.now,
            dated_at: release_at,
            release_at,
            attempts: 0,
            first_attempt_at: None,
            status: MessageStatus::Queued,
        };
        let offer = verdict.and_then(|verdict| Offer::among(&verdict.values));
        let pending = pending_of(send, &message, due_at, offer);
        self.state.pending.insert(id, pending);
        self.effects.push(Effect::QueueMessage(Box::new(message)));
        self.journey_fact(ctx, whose, FactKind::MessageQueued(step.id.clone(), id));
        if let Some(hold) = held {
            self.tell_held(ctx, id, release_at, hold);
        }
        let (step, message) = (step.id.clone(), id);
        self.park(whose, Place::Sending { step, message });
        Next::Stay
    }

    /// What the message is made of, or why there is none.
    fn content(
        &self,
        whose: &Whose,
        version: &WorkflowVersion,
        send: &Send,
        verdict: Option<&PersonalizerVerdict>,
    ) -> Result<Content, &'static str> {
        let chosen = verdict.and_then(|verdict| variant(version, verdict).ok().flatten());
        let template = chosen.as_ref().unwrap_or(&send.template);
        let template = version.templates.get(template).ok_or("template_missing")?;
        let journey = self.journey(whose).ok_or("journey_gone")?;
        let contact = &self.state.contact;
        let rule = verdict.map(|verdict| &verdict.values);
        let content = Content {
            to: contact.email().unwrap_or_default().to_owned(),
            template: *template,
            subject: verdict.and_then(|verdict| verdict.subject.clone()),
            view: view::build(contact, whose.journey, journey, &version.document, rule),
        };
        let subject = content.subject.as_deref().unwrap_or_default();
        if content.view.len() + content.to.len() + subject.len() > MESSAGE_BYTES_MAX {
            return Err("message_too_large");
        }
        Ok(content)
    }
}

/// What caps would be asked about, were the message queued now.
fn withheld(
    ctx: &Context<'_>,
    whose: &Whose,
    version: &WorkflowVersion,
    step: &Step,
    send: &Send,
) -> PendingMessage {
    PendingMessage {
        workflow: whose.workflow.clone(),
        version: version.number,
        journey: whose.journey,
        step: step.id.clone(),
        class: send.class,
        resend_in_doubt: false,
        queued_at: ctx.now,
        due_at: ctx.now,
        late_limit: send.late_limit,
        release_at: ctx.now,
        attempts: 0,
        was_tried: false,
        claimed: None,
        cancelled: None,
        offer: None,
    }
}

/// Whether somebody in the version may leave it by a segment, which is asked about at the claim.
fn has_exits(version: &WorkflowVersion) -> bool {
    let mut slots = version.bindings.keys();
    slots.any(|slot| matches!(slot, Slot::Exit(_)))
}

/// What the claim of a message that is due at an instant needs to know.
fn pending_of(
    send: &Send,
    message: &Message,
    due_at: Instant,
    offer: Option<Offer>,
) -> PendingMessage {
    PendingMessage {
        workflow: message.workflow.clone(),
        version: message.version,
        journey: message.journey,
        step: message.step.clone(),
        class: message.class,
        resend_in_doubt: message.in_doubt == InDoubt::Resend,
        queued_at: message.queued_at,
        due_at,
        late_limit: send.late_limit,
        release_at: due_at,
        attempts: 0,
        was_tried: false,
        claimed: None,
        cancelled: None,
        offer,
    }
}

fn in_doubt(send: &Send) -> InDoubt {
    send.in_doubt.unwrap_or(match send.class {
        MessageClass::Transactional => InDoubt::Resend,
        MessageClass::Marketing => InDoubt::Hold,
    })
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
