//! What falls due while its workflow is paused: arms are dropped, mail is skipped or waits for the resume.
//!
//! It must not matter whether anybody looked during the pause: what was due before the resume and is not done by then is
//! treated as it would have been in the pause.

use signalbox_model::{
    definitions::WorkflowVersion,
    fact::FactKind,
    id::{MessageId, WorkflowId},
    message::MessageStatus,
    state::{PendingMessage, Place},
    time::Instant,
    workflow::{
        OnResume,
        step::{Send, Step},
    },
};

use crate::{
    advance::{
        Advance, Context, Standing, Whose,
        permits::Permit,
        reasons::{Hold, LATE, PAUSED},
        standing,
        steps::Next,
    },
    limits::RESUME_LOOK_AFTER,
};

/// Whether what was due at that instant, and is looked at now, was due in a pause.
pub(super) fn was_due_in_pause(ctx: &Context<'_>, workflow: &WorkflowId, due: Instant) -> bool {
    is_paused(ctx, workflow) || resumed_at(ctx, workflow).is_some_and(|resumed| due < resumed)
}

fn is_paused(ctx: &Context<'_>, workflow: &WorkflowId) -> bool {
    standing(ctx, workflow) == Standing::Paused
}

fn resumed_at(ctx: &Context<'_>, workflow: &WorkflowId) -> Option<Instant> {
    ctx.definitions.workflow(workflow)?.resumed_at
}

fn on_resume(ctx: &Context<'_>, pending: &PendingMessage) -> OnResume {
    let version = ctx.definitions.version(&pending.workflow, pending.version);
    version.map_or(OnResume::Skip, |version| version.document.on_resume)
}

/// What a pause means for a message.
pub(super) enum InPause {
    /// Nothing.
    Goes,
    /// It is skipped, for this reason.
    Skipped(&'static str),
    /// It waits until then.
    Waits(Instant),
}

/// What a pause means for a message that a sender asks about, or has failed with before it could ask.
pub(super) fn of_message(ctx: &Context<'_>, pending: &PendingMessage) -> InPause {
    if !was_due_in_pause(ctx, &pending.workflow, pending.release_at) {
        return InPause::Goes;
    }
    match on_resume(ctx, pending) {
        OnResume::Skip => InPause::Skipped(PAUSED),
        OnResume::CatchUp if is_late(ctx, pending) => InPause::Skipped(LATE),
        OnResume::CatchUp if is_paused(ctx, &pending.workflow) => {
            InPause::Waits(ctx.now.plus(RESUME_LOOK_AFTER))
        }
        OnResume::CatchUp => InPause::Goes,
    }
}

/// Whether the first attempt of a message comes too late.
pub(super) fn is_late(ctx: &Context<'_>, pending: &PendingMessage) -> bool {
    !pending.was_tried && ctx.now.since(pending.due_at) > pending.late_limit
}

impl Advance {
    /// What a pause means for a send that was due at an instant: `None` for nothing, else where its journey goes.
    pub(super) fn send_in_pause(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        send: &Send,
    ) -> Option<Next> {
        if !is_paused(ctx, &whose.workflow) && resumed_at(ctx, &whose.workflow).is_none() {
            return None;
        }
        let reached = self.due_at.min(ctx.now);
        let due = self.due_by_window(ctx, whose, version, (step, send), reached);
        // One that is let out later goes then, if its workflow runs by then.
        if due > ctx.now || !was_due_in_pause(ctx, &whose.workflow, due) {
            return None;
        }
        if version.document.on_resume == OnResume::Skip {
            return Some(self.not_queued(ctx, whose, step, PAUSED));
        }
        if self.is_send_late(ctx, whose, version, (step, send), reached) {
            return Some(self.not_queued(ctx, whose, step, LATE));
        }
        if !is_paused(ctx, &whose.workflow) {
            return None;
        }
        let until = ctx.now.plus(RESUME_LOOK_AFTER);
        let id = self.message_id(whose, step);
        let what =
            FactKind::MessageHeld(step.id.clone(), id, until, Hold::Resume.as_str().to_owned());
        self.journey_fact(ctx, whose, what);
        self.wait_for_resume(whose, step, reached, until);
        Some(Next::Stay)
    }

    /// When a message is due whose send was reached at an instant: when the window and the quiet hours let it out.
    fn due_by_window(
        &self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        (step, send): (&Step, &Send),
        reached: Instant,
    ) -> Instant {
        let id = self.message_id(whose, step);
        match self.permit(ctx, version, send, id, reached) {
            Permit::At(at, _) => at,
            Permit::Skip(_) | Permit::Exit(_) => reached,
        }
    }

    /// Whether a message that was due at an instant, and is not queued yet, comes too late.
    fn is_send_late(
        &self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        (step, send): (&Step, &Send),
        due: Instant,
    ) -> bool {
        let id = self.message_id(whose, step);
        ctx.now.since(self.due_out(ctx, version, send, id, due)) > send.late_limit
    }

    /// A journey stands at a send as in a wait, since the message was due.
    fn wait_for_resume(&mut self, whose: &Whose, step: &Step, since: Instant, until: Instant) {
        let place = Place::Waiting {
            step: step.id.clone(),
            since,
            due: until,
        };
        self.park(whose, place);
    }

    /// Lets everybody go on who stands at a send and waits for a resume that has come.
    pub(super) fn catch_up(&mut self, ctx: &Context<'_>) {
        let mut waiting = Vec::new();
        for (workflow, presence) in &self.state.presences {
            if is_paused(ctx, workflow) || resumed_at(ctx, workflow).is_none() {
                continue;
            }
            for (&journey, inside) in &presence.journeys {
                if let Place::Waiting { step, since, .. } = &inside.place {
                    let workflow = workflow.clone();
                    waiting.push((Whose { workflow, journey }, step.clone(), *since));
                }
            }
        }
        for (whose, step, since) in waiting {
            let Some((version, step)) = self.step_of(ctx, &whose, &step) else {
                continue;
            };
            if step.send.is_some() {
                self.leave_place(ctx, &whose, "exit");
                self.look_for_resume(ctx, &whose, version, step, since);
            }
        }
    }

    /// Looks again at a journey that stands at a send and waits for the resume. Its timer is gone.
    pub(super) fn look_for_resume(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        since: Instant,
    ) {
        let Some(send) = &step.send else {
            return;
        };
        let is_late = self.is_send_late(ctx, whose, version, (step, send), since);
        if is_paused(ctx, &whose.workflow) && !is_late {
            let until = ctx.now.plus(RESUME_LOOK_AFTER);
            return self.wait_for_resume(whose, step, since, until);
        }
        if let Some(journey) = self.journey_mut(whose) {
            journey.place = Place::Held {
                step: step.id.clone(),
                due: since,
                attempts: 0,
            };
        }
        let due_at = std::mem::replace(&mut self.due_at, since);
        if let Next::On(next) = self.send(ctx, whose, version, step, send) {
            self.go(ctx, whose, version, next);
        }
        self.due_at = due_at;
    }

    /// Skips a message for a pause. What follows at once was due with it.
    pub(super) fn skip_in_pause(&mut self, ctx: &Context<'_>, id: MessageId, reason: &str) {
        if let Some(pending) = self.state.pending.get(&id) {
            self.due_at = pending.release_at;
        }
        self.settle(ctx, id, MessageStatus::Skipped(reason.to_owned()));
    }

    /// What is asked again after the failure that paused its workflow is due no earlier than at the resume.
    pub(super) fn is_due_since_resume(&mut self, ctx: &Context<'_>, workflow: &WorkflowId) {
        if let Some(resumed) = resumed_at(ctx, workflow) {
            self.due_at = self.due_at.max(resumed);
        }
    }
}
