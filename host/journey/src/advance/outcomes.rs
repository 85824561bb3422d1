//! Outcomes: how the attempts of a message end, and how the message does; the journey that stands at it goes on then.

use signalbox_model::{
    fact::FactKind,
    id::{EventId, EventName, MessageId, StepId},
    message::{AttemptOutcome, DOMAIN_SLOWED, MessageStatus},
    segment::{SEGMENT_ENTERED, SEGMENT_LEFT},
    state::{Cause, Place},
    time::Instant,
    value::Value,
};

use crate::{
    advance::{
        Advance, Context, Deferred, MESSAGE_SENT, Settled, Whose,
        claims::whose_of,
        events::{ATTRIBUTES_CHANGED, BOUNCE_KIND, HARD, Happening, MESSAGE_BOUNCED, fields_of},
        pauses::{self, InPause},
    },
    effect::{Effect, MessageChange},
    limits::{
        ATTEMPTS_MAX, FOLLOW_UPS_MAX, IN_DOUBT_RESEND_AFTER, NOT_BEGUN_FOR_MAX,
        NOT_BEGUN_RETRY_AFTER,
    },
};

/// The reason of a refusal that is about the address: there is none such.
const NO_SUCH_ADDRESS: &str = "hard_bounce";
/// The field of a sent message's event that counts the journeys in a row that led to it.
pub(super) const FOLLOW_UPS: &str = "follow_ups";

impl Advance {
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
        let was_asked_for = pending.claimed.is_some();
        let in_pause = pauses::of_message(ctx, pending);
        pending.claimed = None;
        pending.attempts = attempt;
        let is_put_off =
            matches!(outcome, AttemptOutcome::RetryAt(_, reason) if reason == DOMAIN_SLOWED);
        pending.was_tried |= !is_put_off;
        let is_unasked_retry = !was_asked_for && matches!(outcome, AttemptOutcome::RetryAt(..));
        if let (true, InPause::Skipped(reason)) = (is_unasked_retry, in_pause) {
            // No sender came as far as to ask whether it may go out: that is looked at here.
            return self.skip_in_pause(ctx, message, reason);
        }
        match outcome {
            AttemptOutcome::Accepted => {
                self.settle(ctx, message, MessageStatus::Accepted);
            }
            AttemptOutcome::RetryAt(at, reason) => self.retry(ctx, message, *at, reason),
            AttemptOutcome::NotBegun => self.not_begun(ctx, message),
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

    /// It was us who were too slow: however often that was, the message is tried as long as one that a server puts off.
    fn not_begun(&mut self, ctx: &Context<'_>, message: MessageId) {
        let Some(pending) = self.state.pending.get(&message) else {
            return;
        };
        if ctx.now.since(pending.due_at) > NOT_BEGUN_FOR_MAX && pending.cancelled.is_none() {
            return self.settle(ctx, message, MessageStatus::Expired);
        }
        let at = ctx.now.plus(NOT_BEGUN_RETRY_AFTER);
        self.put_off(ctx, message, at, "not_begun");
    }

    fn retry(&mut self, ctx: &Context<'_>, message: MessageId, at: Instant, reason: &str) {
        let Some(pending) = self.state.pending.get(&message) else {
            return;
        };
        if pending.attempts >= ATTEMPTS_MAX && pending.cancelled.is_none() {
            return self.settle(ctx, message, MessageStatus::Expired);
        }
        self.put_off(ctx, message, at, reason);
    }

    fn put_off(&mut self, ctx: &Context<'_>, message: MessageId, at: Instant, reason: &str) {
        let Some(pending) = self.state.pending.get(&message) else {
            return;
        };
        if let Some(cancelled) = &pending.cancelled {
            let status = MessageStatus::Skipped(cancelled.clone());
            return self.settle(ctx, message, status);
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

    pub(super) fn requeue(&mut self, message: MessageId, release_at: Instant) {
        let Some(pending) = self.state.pending.get_mut(&message) else {
            return;
        };
        pending.release_at = release_at;
        let attempts = pending.attempts;
        let change = MessageChange::Requeued {
            release_at,
            attempts,
        };
        self.update(message, change);
    }

    pub(super) fn update(&mut self, id: MessageId, change: MessageChange) {
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
        let whose = whose_of(pending);
        let step = pending.step.clone();
        let offer = pending.offer.clone();
        self.message_fact(ctx, id, what);
        if let (Some(offer), MessageStatus::Accepted) = (offer, &status) {
            let what = FactKind::OfferSent(step.clone(), id, offer);
            self.message_fact(ctx, id, what);
        }
        if matches!(status, MessageStatus::Accepted | MessageStatus::Held) {
            self.touch(ctx, &whose, &step, id, false);
        }
        self.state.pending.remove(&id);
        let event = event_of(&status);
        self.update(id, MessageChange::Settled(status));
        // What the message's own event asks is asked in the version that the journey goes on in.
        let moved = self
            .waits_for(&whose, id)
            .then(|| self.take_version(ctx, &whose))
            .flatten();
        if let Some(event) = event {
            self.happen_to_message(ctx, &whose, &step, id, event);
        }
        let settled = Settled {
            message: id,
            step,
            before: moved.map(|(before, _)| before.number),
            has_failed,
        };
        if self.is_asked_to_leave(&whose) {
            self.once_it_stays(whose, Deferred::Settled(settled));
        } else {
            self.leave_settled(ctx, &whose, &settled);
        }
    }

    /// Goes on from the send at which the journey stands, whose message is settled.
    pub(super) fn leave_settled(&mut self, ctx: &Context<'_>, whose: &Whose, settled: &Settled) {
        if self.waits_for(whose, settled.message) {
            let before = settled.before;
            let before = before.and_then(|number| ctx.definitions.version(&whose.workflow, number));
            self.go_on_from_send(ctx, whose, &settled.step, before, settled.has_failed);
        }
    }

    /// Whether the journey stands at the send until that message is settled.
    fn waits_for(&self, whose: &Whose, id: MessageId) -> bool {
        self.journey(whose).is_some_and(
            |journey| matches!(&journey.place, Place::Sending { message, .. } if *message == id),
        )
    }

    /// The event of a message that was accepted or came back: the contact's history and other workflows hear of it before
    /// anything else.
    fn happen_to_message(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        message: MessageId,
        event: &str,
    ) {
        let id = EventId::parse(&format!("{event}:{message}"));
        let name = EventName::parse(event);
        let (Ok(id), Ok(name)) = (id, name) else {
            return;
        };
        let begun_by = self.journey(whose).map(|journey| &journey.event);
        let follow_ups = 1 + begun_by.map_or(0, follow_ups);
        let last = match event {
            MESSAGE_BOUNCED => (BOUNCE_KIND, Value::text(HARD)),
            _ => (FOLLOW_UPS, Value::Integer(follow_ups)),
        };
        let fields = fields_of([
            ("workflow", Value::text(whose.workflow.as_str())),
            ("step", Value::text(step.as_str())),
            ("message", Value::text(message.to_string())),
            ("journey", Value::text(whose.journey.to_string())),
            last,
        ]);
        let event = Happening {
            id: &id,
            name: &name,
            occurred_at: ctx.now,
            fields: &fields,
            history_only: false,
            made_by: Some(&whose.workflow),
            follow_ups,
            segment: None,
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
    pub(super) fn message_fact(&mut self, ctx: &Context<'_>, id: MessageId, what: FactKind) {
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
pub(super) fn follow_ups(event: &Cause) -> i64 {
    let is_ours = matches!(
        event.name.as_str(),
        MESSAGE_SENT | ATTRIBUTES_CHANGED | SEGMENT_ENTERED | SEGMENT_LEFT
    );
    match event.fields.get(FOLLOW_UPS) {
        // One that was posted from outside may say anything.
        Some(Value::Integer(count)) if is_ours => (*count).clamp(0, FOLLOW_UPS_MAX),
        _ => 0,
    }
}

/// The event that the end of a message makes, if it makes one.
fn event_of(status: &MessageStatus) -> Option<&'static str> {
    match status {
        MessageStatus::Accepted => Some(MESSAGE_SENT),
        MessageStatus::Refused(reason) if reason == NO_SUCH_ADDRESS => Some(MESSAGE_BOUNCED),
        _ => None,
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
