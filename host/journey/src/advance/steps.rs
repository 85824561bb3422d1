//! A journey's way from step to step until it is parked, asks, or is over.

use signalbox_model::{
    definitions::{Slot, WorkflowVersion},
    fact::FactKind,
    id::StepId,
    state::{Journey, JourneySummary, Place, Timer, TimerId},
    time::Instant,
    verdict::Verdict,
    workflow::{
        OnFailure,
        step::{Action, Branch, Goto, Step},
    },
};

use crate::{
    advance::{Advance, BAD_ANSWER, Context, Continuation, NO_ANSWER, Reply, Whose, decision},
    effect::Effect,
    limits::{JOURNEY_STEPS_MAX, STEPS_PER_INPUT_MAX, WAVES_MAX},
};

/// Where a step leads.
pub(super) enum Next {
    /// On to the step at this position; `None` is behind the last.
    On(Option<usize>),
    /// Nowhere: the journey is parked, asks, or is over.
    Stay,
}

impl Advance {
    /// Goes on from the step at `position`; `None` is behind the last, where a journey is complete.
    pub(super) fn go(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        mut position: Option<usize>,
    ) {
        loop {
            let steps = &version.document.steps;
            let Some((at, step)) = position.and_then(|at| Some((at, steps.get(at)?))) else {
                return self.complete(ctx, whose);
            };
            if !self.reach(ctx, whose, at, step) {
                // What was due where it stood is told already.
                return self.break_off(ctx, whose, "loop_guard", "exit");
            }
            match self.take(ctx, whose, version, step) {
                Next::On(next) => position = next,
                Next::Stay => return,
            }
        }
    }

    /// Goes on behind a step.
    pub(super) fn go_on_after(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
    ) {
        let next = position_after(ctx, whose, version, step);
        self.go(ctx, whose, version, next);
    }

    /// The journey's timer fell due.
    pub(super) fn journey_woken(&mut self, ctx: &Context<'_>, due: Instant, whose: &Whose) {
        let Some(journey) = self.journey(whose) else {
            return;
        };
        let (place_due, step) = match &journey.place {
            Place::Waiting { due, step, .. } | Place::Held { due, step, .. } => (*due, step),
            Place::Sending { .. } => return,
        };
        if place_due != due {
            return;
        }
        let (was_held, since) = match journey.place {
            Place::Waiting { since, .. } => (false, since),
            // It only asks, and has no timer: something before this one let it go on.
            Place::Held { attempts: 0, .. } => return,
            Place::Held { .. } | Place::Sending { .. } => (true, due),
        };
        let Some((version, step)) = self.step_of(ctx, whose, &step.clone()) else {
            return self.exit(ctx, whose, "step_gone", "exit");
        };
        if !was_held && step.send.is_some() {
            return self.look_for_resume(ctx, whose, version, step, since);
        }
        if !was_held {
            return self.wait_over(ctx, whose, version, step);
        }
        if self.holds_on(ctx, whose, step) {
            return;
        }
        if let Next::On(next) = self.take(ctx, whose, version, step) {
            self.go(ctx, whose, version, next);
        }
    }

    /// The step of the journey's version, while both are there.
    pub(super) fn step_of<'a>(
        &self,
        ctx: &Context<'a>,
        whose: &Whose,
        step: &StepId,
    ) -> Option<(&'a WorkflowVersion, &'a Step)> {
        let version = self.version_of(ctx, whose)?;
        let position = ctx
            .definitions
            .steps(&whose.workflow, version.number)?
            .position(step)?;
        Some((version, version.document.steps.get(position)?))
    }

    /// Counts the step; `false` when the journey has gone round too often.
    fn reach(&mut self, ctx: &Context<'_>, whose: &Whose, position: usize, step: &Step) -> bool {
        let steps_reached = self.steps_reached.entry(whose.journey).or_default();
        *steps_reached += 1;
        let steps_reached = *steps_reached;
        let Some(journey) = self.journey_mut(whose) else {
            return false;
        };
        if steps_reached > STEPS_PER_INPUT_MAX || journey.steps_taken >= JOURNEY_STEPS_MAX {
            return false;
        }
        journey.steps_taken += 1;
        // What it left has no timer and no message any more; where it stays is said by who parks it.
        journey.place = Place::Held {
            step: step.id.clone(),
            due: ctx.now,
            attempts: 0,
        };
        *journey.visits.entry(position as u16).or_default() += 1;
        self.journey_fact(ctx, whose, FactKind::StepReached(step.id.clone()));
        true
    }

    /// Does what the step says.
    fn take(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
    ) -> Next {
        match step.actions().next() {
            Some(Action::Send(send)) => self.send(ctx, whose, version, step, send),
            Some(Action::Wait(wait)) => self.wait(ctx, whose, version, step, wait),
            Some(Action::WaitFor(wait)) => {
                self.wait_until(ctx, whose, step, ctx.now.plus(wait.timeout))
            }
            Some(Action::Approve(approve)) => {
                self.wait_until(ctx, whose, step, ctx.now.plus(approve.timeout))
            }
            Some(Action::Branch(branch)) => self.branch(ctx, whose, version, step, branch),
            Some(Action::Split(split)) => self.split(ctx, whose, version, step, split),
            Some(Action::Update(update)) => self.update_contact(ctx, whose, version, step, update),
            Some(Action::Webhook(webhook)) => self.webhook(ctx, whose, version, step, webhook),
            Some(Action::Goto(goto)) => self.follow(ctx, whose, version, step, goto),
            Some(Action::Exit(exit)) => {
                let reason = exit.reason.as_deref().unwrap_or("exit_step");
                self.exit(ctx, whose, reason, "exit");
                Next::Stay
            }
            // The check refuses a step without an action; one from a newer binary leads on.
            None => Next::On(position_after(ctx, whose, version, step)),
        }
    }

    fn follow(
        &self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        goto: &Goto,
    ) -> Next {
        let times = self.visits_of(ctx, whose, version, &step.id);
        Next::On(
            if goto.times_max.is_some_and(|times_max| times > times_max) {
                position_after(ctx, whose, version, step)
            } else {
                position_of(ctx, whose, version, &goto.step)
            },
        )
    }

    /// How often the journey has reached the step, under whichever version.
    pub(super) fn visits_of(
        &self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &StepId,
    ) -> u32 {
        let position = position_of(ctx, whose, version, step);
        let visits = position.zip(self.journey(whose));
        let visits = visits.and_then(|(at, journey)| journey.visits.get(&(at as u16)));
        visits.copied().unwrap_or(0)
    }

    /// Tells the visit of the step that the journey is at from all its others, whatever versions it goes through.
    pub(super) fn visit(&self, whose: &Whose) -> u32 {
        self.journey(whose).map_or(0, |journey| journey.steps_taken)
    }

    /// Notes which arm the journey takes, `None` for the way of everybody else, and says where it goes.
    pub(super) fn take_arm_of(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        (arm, goto): (Option<u16>, Option<&StepId>),
    ) -> Next {
        self.journey_fact(ctx, whose, FactKind::ArmTaken(step.id.clone(), arm));
        let position = position_of(ctx, whose, version, &step.id);
        if let (Some(position), Some(journey)) = (position, self.journey_mut(whose)) {
            journey.arms.insert(position as u16, arm);
        }
        Next::On(match goto {
            Some(goto) => position_of(ctx, whose, version, goto),
            None => position_after(ctx, whose, version, step),
        })
    }

    /// Asks all arms at once: which one is first is known when all have answered.
    fn branch(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        branch: &Branch,
    ) -> Next {
        if !self.may_ask(ctx, whose, step) {
            return Next::Stay;
        }
        let slots: Vec<Slot> = (0..branch.arms.len())
            .map(|index| Slot::Arm(step.id.clone(), index as u16))
            .collect();
        for (index, slot) in slots.iter().enumerate() {
            if !version.bindings.contains_key(slot) {
                return self.arm_failed(ctx, whose, version, step, index, NO_ANSWER);
            }
        }
        let count = slots.len();
        for slot in slots {
            if let Some(binding) = version.bindings.get(&slot) {
                self.ask_about_journey(ctx, whose, version.number, slot, binding);
            }
        }
        let continuation = Continuation::Branch(self.asked_step(whose, &step.id));
        self.waiting.push((continuation, count));
        Next::Stay
    }

    pub(super) fn branch_answered(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        replies: Vec<Reply>,
    ) {
        let Some((version, step)) = self.step_of(ctx, whose, step) else {
            return;
        };
        let Some(branch) = &step.branch else {
            return;
        };
        let next = self.choose(ctx, whose, version, step, branch, replies);
        if let Next::On(next) = next {
            self.go(ctx, whose, version, next);
        }
    }

    fn choose(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        branch: &Branch,
        replies: Vec<Reply>,
    ) -> Next {
        for (index, (arm, reply)) in branch.arms.iter().zip(replies).enumerate() {
            let slot = Slot::Arm(step.id.clone(), index as u16);
            let verdict = match reply {
                Reply::Verdict(Verdict::Segment(verdict)) => verdict,
                Reply::Verdict(_) => {
                    return self.arm_failed(ctx, whose, version, step, index, BAD_ANSWER);
                }
                Reply::Failed(code) => {
                    return self.arm_failed(ctx, whose, version, step, index, code);
                }
            };
            let answer = if verdict.member { "in" } else { "out" };
            self.step_decided(ctx, whose, version, slot, verdict.reason, answer);
            if verdict.member {
                let taken = (Some(index as u16), arm.goto.as_ref());
                return self.take_arm_of(ctx, whose, version, step, taken);
            }
        }
        self.default_arm(ctx, whose, version, step)
    }

    fn default_arm(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
    ) -> Next {
        let branch = step.branch.as_ref();
        let otherwise = branch.and_then(|branch| branch.otherwise.as_ref());
        self.take_arm_of(ctx, whose, version, step, (None, otherwise))
    }

    fn arm_failed(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        index: usize,
        code: &'static str,
    ) -> Next {
        let slot = Slot::Arm(step.id.clone(), index as u16);
        let arm = step
            .branch
            .as_ref()
            .and_then(|branch| branch.arms.get(index));
        let policy = arm.map_or(OnFailure::Skip, |arm| arm.segment.on_failure);
        if self.step_failed(ctx, whose, version, step, &slot, policy, code) {
            return self.default_arm(ctx, whose, version, step);
        }
        Next::Stay
    }

    /// Follows the policy of a failed binding of a step: holds, or exits. `true` when the caller goes on by its
    /// default.
    #[expect(
        clippy::too_many_arguments,
        reason = "the whole of a failure: who, where, which binding, what it means"
    )]
    pub(super) fn step_failed(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        slot: &Slot,
        policy: OnFailure,
        code: &str,
    ) -> bool {
        if let Some(binding) = version.bindings.get(slot) {
            let what = decision(ctx, slot.clone(), binding, code, "failed");
            self.journey_fact(ctx, whose, what);
        }
        let held = match policy {
            OnFailure::Default => return true,
            OnFailure::Skip => false,
            OnFailure::Hold => self.hold_step(ctx, whose, &step.id),
            OnFailure::Pause => {
                self.pause_workflow(ctx, &whose.workflow, slot, code);
                self.hold_step(ctx, whose, &step.id)
            }
        };
        if !held {
            self.exit(ctx, whose, "rule_failed", "rule_failed");
        }
        false
    }

    /// Whether the journey may put another question within this input; if not it exits. A journey that asks stands at
    /// the step as held, keeping the attempts it has behind it there.
    pub(super) fn may_ask(&mut self, ctx: &Context<'_>, whose: &Whose, step: &Step) -> bool {
        if self.waves >= WAVES_MAX {
            self.exit(ctx, whose, "loop_guard", "loop_guard");
            return false;
        }
        let Some(journey) = self.journey_mut(whose) else {
            return false;
        };
        if !matches!(&journey.place, Place::Held { step: at, .. } if *at == step.id) {
            journey.place = Place::Held {
                step: step.id.clone(),
                due: ctx.now,
                attempts: 0,
            };
        }
        true
    }

    pub(super) fn step_decided(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        slot: Slot,
        reason: u32,
        answer: &str,
    ) {
        if let Some(binding) = version.bindings.get(&slot) {
            let what = decision(ctx, slot, binding, binding.reason_code(reason), answer);
            self.journey_fact(ctx, whose, what);
        }
    }

    /// Leaves the journey in a place, with the timer that the place needs.
    pub(super) fn park(&mut self, whose: &Whose, place: Place) {
        let due = match &place {
            Place::Waiting { due, .. } | Place::Held { due, .. } => Some(*due),
            Place::Sending { .. } => None,
        };
        let Some(journey) = self.journey_mut(whose) else {
            return;
        };
        journey.place = place;
        if let Some(due) = due {
            let timer = self.journey_timer(whose, due);
            self.effects.push(Effect::SetTimer(timer));
        }
    }

    fn journey_timer(&self, whose: &Whose, due: Instant) -> Timer {
        Timer {
            due,
            id: TimerId::Journey(whose.workflow.clone(), whose.journey),
            contact: self.state.contact.id.clone(),
        }
    }

    fn complete(&mut self, ctx: &Context<'_>, whose: &Whose) {
        self.journey_fact(ctx, whose, FactKind::JourneyCompleted);
        self.close(ctx, whose, "completed");
    }

    /// Ends the journey before its end, wherever it stands: cancels its timer and what it has in the outbox, and tells the
    /// message that was due there.
    pub(super) fn exit(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        reason: &str,
        message_reason: &str,
    ) {
        if self.journey(whose).is_none() {
            return;
        }
        self.leave_send(ctx, whose, message_reason);
        self.break_off(ctx, whose, reason, message_reason);
    }

    fn break_off(&mut self, ctx: &Context<'_>, whose: &Whose, reason: &str, message_reason: &str) {
        self.leave_place(ctx, whose, message_reason);
        self.journey_fact(ctx, whose, FactKind::JourneyExited(reason.to_owned()));
        self.close(ctx, whose, reason);
    }

    /// Cancels the timer that the place of the journey has, and what the journey has in the outbox.
    pub(super) fn leave_place(&mut self, ctx: &Context<'_>, whose: &Whose, message_reason: &str) {
        // Cancelling a timer that has just fired once more does no harm; a place that only asks has none yet.
        let due = self.journey(whose).and_then(|journey| match journey.place {
            Place::Waiting { due, .. } => Some(due),
            Place::Held { due, attempts, .. } if attempts > 0 => Some(due),
            Place::Held { .. } | Place::Sending { .. } => None,
        });
        if let Some(due) = due {
            let timer = self.journey_timer(whose, due);
            self.effects.push(Effect::CancelTimer(timer));
        }
        self.cancel_messages(ctx, whose, message_reason);
    }

    fn close(&mut self, ctx: &Context<'_>, whose: &Whose, outcome: &str) {
        let presence = self.state.presences.get_mut(&whose.workflow);
        let Some(journey) = presence.and_then(|found| found.journeys.remove(&whose.journey)) else {
            return;
        };
        let Journey {
            version,
            key,
            entered_at,
            ..
        } = journey;
        self.effects.push(Effect::CloseJourney(JourneySummary {
            journey: whose.journey,
            workflow: whose.workflow.clone(),
            version,
            key,
            entered_at,
            ended_at: ctx.now,
            outcome: outcome.to_owned(),
        }));
    }
}

pub(super) fn position_of(
    ctx: &Context<'_>,
    whose: &Whose,
    version: &WorkflowVersion,
    step: &StepId,
) -> Option<usize> {
    let steps = ctx.definitions.steps(&whose.workflow, version.number)?;
    steps.position(step)
}

pub(super) fn position_after(
    ctx: &Context<'_>,
    whose: &Whose,
    version: &WorkflowVersion,
    step: &Step,
) -> Option<usize> {
    match &step.next {
        Some(next) => position_of(ctx, whose, version, next),
        None => position_of(ctx, whose, version, &step.id).map(|at| at + 1),
    }
}
