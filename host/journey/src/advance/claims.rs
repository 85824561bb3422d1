//! Claims: whether a message may go out, decided when a sender asks for it, from the contact as it is then.

use signalbox_model::{
    fact::FactKind, id::MessageId, message::MessageStatus, state::PendingMessage, time::Instant,
};

use crate::{
    advance::{
        Advance, Context, Whose,
        pauses::{self, InPause, LATE, PAUSED, is_late},
        permits::{FREQUENCY_CAP, HOLDOUT, Permit},
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
    /// The message waits until then, for this reason.
    Hold(Instant, &'static str),
}

impl Advance {
    /// Decides whether a message may go out, from the state as it is now and by what the exits by segment say.
    pub(super) fn intent(&mut self, ctx: &Context<'_>, message: MessageId, attempt: u32) {
        match self.claim(ctx, message, attempt) {
            Claim::Echo(reason) => self.refuse_go(message, attempt, &reason),
            Claim::Skip(reason) => {
                self.refuse_go(message, attempt, &reason);
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
        match pauses::of_message(ctx, pending) {
            InPause::Goes => {}
            InPause::Skipped(reason) => return Claim::SkipInPause(reason),
            InPause::Waits(until) => return Claim::Hold(until, PAUSED),
        }
        if is_late(ctx, pending) {
            return Claim::Skip(LATE.to_owned());
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
}
