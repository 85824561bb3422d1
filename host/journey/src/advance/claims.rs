//! Claims: whether a message may go out, decided when a sender asks for it, from the contact as it is then.

use signalbox_model::{
    fact::FactKind, id::MessageId, message::MessageStatus, state::PendingMessage, time::Instant,
};

use crate::{
    advance::{
        Advance, Context, Whose,
        pauses::{self, InPause, is_late},
        permits::{HOLDOUT, Permit, WINDOW_CLOSED},
        reasons::{Hold, LATE},
    },
    effect::{Decision, Effect, MessageChange},
    limits::SEND_AHEAD_MAX,
};

/// What a sender is told, and what becomes of the message.
enum Claim {
    /// Begin the body.
    Go,
    /// The claim is an echo of another one, which stands.
    Echo(String),
    /// The message is skipped, for this reason.
    Skip(String),
    /// The message was due in a pause and is skipped, for this reason.
    SkipInPause(&'static str),
    /// The message is skipped and its journey ends, for this reason.
    Exit(String),
    /// The message waits until then, for this.
    Hold(Instant, Hold),
}

impl Advance {
    /// Decides whether a message may go out, from the state as it is now and by what the exits by segment say.
    pub(super) fn intent(&mut self, ctx: &Context<'_>, message: MessageId, attempt: u32) {
        let claim = self.claim(ctx, message, attempt);
        if let Claim::Skip(reason) | Claim::Exit(reason) = &claim
            && reason == WINDOW_CLOSED
        {
            self.tell_zone_of(ctx, message);
        }
        match claim {
            Claim::Echo(reason) => self.refuse_go(message, attempt, &reason),
            Claim::Skip(reason) => {
                self.refuse_go(message, attempt, &reason);
                self.is_due_with(ctx, message);
                self.settle(ctx, message, MessageStatus::Skipped(reason));
            }
            Claim::SkipInPause(reason) => {
                self.refuse_go(message, attempt, reason);
                self.skip_in_pause(ctx, message, reason);
            }
            Claim::Exit(reason) => {
                self.refuse_go(message, attempt, &reason);
                self.exit_at_claim(ctx, message, &reason);
            }
            Claim::Hold(until, hold) => {
                self.refuse_go(message, attempt, hold.as_str());
                self.hold_message(ctx, message, until, hold);
            }
            Claim::Go => {
                let pending = self.state.pending.get(&message);
                let whose = pending.map(whose_of);
                let is_asked =
                    whose.is_some_and(|whose| self.asks_at_claim(ctx, &whose, message, attempt));
                if !is_asked {
                    self.let_out(ctx, message, attempt);
                }
            }
        }
    }

    /// Gives `go`, or withholds what would have gone out where the contact is to be compared with others.
    pub(super) fn let_out(&mut self, ctx: &Context<'_>, message: MessageId, attempt: u32) {
        let Some(pending) = self.state.pending.get_mut(&message) else {
            return;
        };
        let (whose, class) = (whose_of(pending), pending.class);
        if self.is_held_out(ctx, &whose, class) {
            self.refuse_go(message, attempt, HOLDOUT);
            return self.withhold(ctx, message);
        }
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

    /// Whether the message is still to go out after what else this input led to; if not the sender is told why.
    pub(super) fn is_still_pending(&mut self, message: MessageId, attempt: u32) -> bool {
        let is_pending = self.state.pending.contains_key(&message);
        if !is_pending {
            let reason = self.why_gone(message);
            self.refuse_go(message, attempt, &reason);
        }
        is_pending
    }

    fn claim(&self, ctx: &Context<'_>, message: MessageId, attempt: u32) -> Claim {
        let Some(pending) = self.state.pending.get(&message) else {
            return Claim::Echo(self.why_gone(message));
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
        match pauses::of_message(ctx, pending) {
            InPause::Goes => {}
            InPause::Skipped(reason) => return Claim::SkipInPause(reason),
            InPause::Waits(until) => return Claim::Hold(until, Hold::Resume),
        }
        if is_late(ctx, pending) {
            return Claim::Skip(LATE.to_owned());
        }
        match self.permit_now(ctx, message, pending) {
            Permit::At(at, Some(hold)) if at > ctx.now => Claim::Hold(at, hold),
            Permit::At(..) => Claim::Go,
            Permit::Skip(reason) => Claim::Skip(reason.to_owned()),
            Permit::Exit(reason) => Claim::Exit(reason.to_owned()),
        }
    }

    /// Whether window, quiet hours and caps let the message out now.
    fn permit_now(&self, ctx: &Context<'_>, id: MessageId, pending: &PendingMessage) -> Permit {
        let now = Permit::At(ctx.now, None);
        match self.permit_by_clocks(ctx, id, pending) {
            Some(Permit::At(at, _)) if at <= ctx.now => {
                self.capped(ctx, id, pending).unwrap_or(now)
            }
            other => other.unwrap_or(now),
        }
    }

    /// When window and quiet hours let the message out, by the clocks where the contact is; `None` if its send is gone.
    fn permit_by_clocks(
        &self,
        ctx: &Context<'_>,
        id: MessageId,
        pending: &PendingMessage,
    ) -> Option<Permit> {
        let (workflow, number) = (&pending.workflow, pending.version);
        let version = ctx.definitions.version(workflow, number)?;
        let steps = ctx.definitions.steps(workflow, number)?;
        let position = steps.position(&pending.step)?;
        let send = ctx.definitions.send_at(workflow, number, position)?;
        Some(self.permit(ctx, version, send, id, ctx.now))
    }

    /// The messages that the clocks where the contact is hold until they are released.
    pub(super) fn held_by_clocks(&self, ctx: &Context<'_>) -> Vec<MessageId> {
        let pending = self.state.pending.iter();
        let held = pending.filter(|(id, one)| {
            let waits = one.release_at > ctx.now && one.claimed.is_none();
            let until = || self.permit_by_clocks(ctx, **id, one);
            waits && matches!(until(), Some(Permit::At(at, _)) if at == one.release_at)
        });
        held.map(|(id, _)| *id).collect()
    }

    /// The contact may be elsewhere now: what its clocks held goes out sooner where they say so. What they say is later is
    /// held when it is claimed.
    pub(super) fn release_by_clocks(&mut self, ctx: &Context<'_>, messages: Vec<MessageId>) {
        for id in messages {
            let Some(pending) = self.state.pending.get(&id) else {
                continue;
            };
            let Some(Permit::At(at, hold)) = self.permit_by_clocks(ctx, id, pending) else {
                continue;
            };
            if at >= pending.release_at {
                continue;
            }
            if let Some(pending) = self.state.pending.get_mut(&id) {
                pending.due_at = at;
            }
            self.requeue(id, at);
            if let Some(hold) = hold {
                self.tell_held(ctx, id, at, hold);
            }
        }
    }

    /// The message goes back and waits. One that would wait for too long is skipped instead.
    pub(super) fn hold_message(
        &mut self,
        ctx: &Context<'_>,
        id: MessageId,
        until: Instant,
        hold: Hold,
    ) {
        let Some(pending) = self.state.pending.get_mut(&id) else {
            return;
        };
        let reason = hold.as_str().to_owned();
        if until > pending.queued_at.plus(SEND_AHEAD_MAX) {
            return self.settle(ctx, id, MessageStatus::Skipped(reason));
        }
        if hold.is_due_after() {
            pending.due_at = until;
        }
        self.requeue(id, until);
        self.tell_held(ctx, id, until, hold);
    }

    /// Tells by whose zone the message goes.
    fn tell_zone_of(&mut self, ctx: &Context<'_>, id: MessageId) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let version = ctx.definitions.version(&pending.workflow, pending.version);
        if let Some(version) = version {
            let (zone, source) = self.zone(ctx, version);
            let step = pending.step.clone();
            let what = FactKind::ZoneTaken(step, zone.to_string(), source.to_owned());
            self.message_fact(ctx, id, what);
        }
    }

    /// Tells until when the message waits and why, and whose zone that goes by.
    pub(super) fn tell_held(
        &mut self,
        ctx: &Context<'_>,
        id: MessageId,
        until: Instant,
        hold: Hold,
    ) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let step = pending.step.clone();
        if hold.goes_by_zone() {
            self.tell_zone_of(ctx, id);
        }
        let what = FactKind::MessageHeld(step, id, until, hold.as_str().to_owned());
        self.message_fact(ctx, id, what);
    }

    /// What follows at once on a message that never went out was due with it, and may be late as well.
    fn is_due_with(&mut self, ctx: &Context<'_>, id: MessageId) {
        let pending = self.state.pending.get(&id);
        let Some(pending) = pending.filter(|pending| pending.attempts == 0) else {
            return;
        };
        let (workflow, due_at) = (pending.workflow.clone(), pending.due_at);
        self.due_at = due_at.min(ctx.now);
        self.is_due_since_resume(ctx, &workflow);
    }

    fn withhold(&mut self, ctx: &Context<'_>, id: MessageId) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let (whose, step) = (whose_of(pending), pending.step.clone());
        self.touch(ctx, &whose, &step, id, true);
        self.is_due_with(ctx, id);
        self.settle(ctx, id, MessageStatus::Skipped(HOLDOUT.to_owned()));
    }

    fn exit_at_claim(&mut self, ctx: &Context<'_>, id: MessageId, reason: &str) {
        let Some(pending) = self.state.pending.get(&id) else {
            return;
        };
        let whose = whose_of(pending);
        self.exit(ctx, &whose, reason, reason);
    }

    /// The reason for which this very input took the message away; if none did, nothing is known of it.
    fn why_gone(&self, message: MessageId) -> String {
        let skipped = self.effects.iter().find_map(|effect| match effect {
            Effect::UpdateMessage {
                id,
                change: MessageChange::Settled(MessageStatus::Skipped(reason)),
            } if *id == message => Some(reason.as_str()),
            _ => None,
        });
        skipped.unwrap_or("not_pending").to_owned()
    }
}

/// The journey that sends the message.
pub(super) fn whose_of(pending: &PendingMessage) -> Whose {
    Whose {
        workflow: pending.workflow.clone(),
        journey: pending.journey,
    }
}
