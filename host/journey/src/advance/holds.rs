//! What a failing rule leaves behind: held entries and held steps, each with a timer, and the pause of a workflow.

use std::sync::Arc;

use signalbox_model::{
    definitions::Slot,
    fact::FactKind,
    id::{StepId, WorkflowId},
    plan::Occasion,
    record::Posted,
    segment::{SEGMENT_ENTERED, SEGMENT_FIELD, SEGMENT_LEFT},
    state::{Cause, HeldEntry, Place, Presence, Timer, TimerId},
    time::{Instant, Span},
    value::Value,
    workflow::{OnFailure, step::Step},
};

use crate::{
    advance::{
        Advance, CONTACT_FULL, Context, Entering, Standing, Whose,
        entry::{entry_policy, is_existing},
        events::{Happening, disarmed},
        pauses::was_due_in_pause,
        reasons::PAUSED,
        standing,
    },
    budget,
    effect::Effect,
    limits::{HELD_ENTRIES_MAX, HOLD_ATTEMPTS_MAX, HOLD_DELAY_LAST, HOLD_DELAYS, WAVES_MAX},
};

impl Advance {
    /// Serves a timer of the contact. Whatever it was set for, it is gone afterwards.
    pub(super) fn timer(&mut self, ctx: &Context<'_>, timer: &Timer) {
        self.effects.push(Effect::CancelTimer(timer.clone()));
        match &timer.id {
            TimerId::Journey(workflow, journey) => {
                let whose = Whose {
                    workflow: workflow.clone(),
                    journey: *journey,
                };
                self.journey_woken(ctx, timer.due, &whose);
            }
            TimerId::Arm(workflow, key) => self.arm_fired(ctx, timer, workflow, key),
            TimerId::Entry(workflow, number) => {
                self.held_entry_due(ctx, timer.due, workflow, *number);
            }
            TimerId::Segments => self.recheck_segments(ctx),
        }
    }

    /// Asks again later, with the bound of attempts; behind it the contact does not enter.
    pub(super) fn hold_entry(&mut self, ctx: &Context<'_>, entering: Entering) {
        let attempts = entering.attempts + 1;
        let held = self.state.presences.get(&entering.workflow);
        let count = held.map_or(0, |presence| presence.held.len());
        if attempts > HOLD_ATTEMPTS_MAX || count >= HELD_ENTRIES_MAX {
            return self.not_entered(ctx, &entering, "rule_failed");
        }
        let bytes = budget::held_bytes(
            &entering.event,
            &entering.cancelled_by,
            entering.arm_key.as_ref(),
            entering.key.as_ref(),
        );
        if !self.has_room(ctx, &entering.workflow, bytes) {
            return self.not_entered(ctx, &entering, CONTACT_FULL);
        }
        let Some(presence) = self.presence_mut(ctx, &entering.workflow) else {
            return;
        };
        let number = next_number(presence);
        let due = ctx.now.plus(hold_delay(attempts));
        let held = HeldEntry {
            version: entering.version,
            event: Arc::unwrap_or_clone(entering.event),
            occasion: entering.occasion,
            arm_key: entering.arm_key,
            cancelled_by: entering.cancelled_by,
            key: entering.key,
            due,
            attempts,
            in_grace: false,
        };
        presence.held.insert(number, held);
        let timer = self.entry_timer(&entering.workflow, number, due);
        self.effects.push(Effect::SetTimer(timer));
    }

    /// Keeps what the trigger said no to, as long as the workflow's grace lasts and there is room.
    pub(super) fn keep_in_grace(&mut self, ctx: &Context<'_>, entering: Entering) {
        let version = ctx
            .definitions
            .version(&entering.workflow, entering.version);
        let grace = version.and_then(|version| version.document.grace);
        let until = entering
            .grace_until
            .or_else(|| grace.map(|grace| ctx.now.plus(grace)));
        let Some(due) = until.filter(|until| *until > ctx.now) else {
            return;
        };
        let held = self.state.presences.get(&entering.workflow);
        let bytes = budget::held_bytes(
            &entering.event,
            &entering.cancelled_by,
            entering.arm_key.as_ref(),
            None,
        );
        let is_full = held.is_some_and(|presence| presence.held.len() >= HELD_ENTRIES_MAX);
        if is_full || !self.has_room(ctx, &entering.workflow, bytes) {
            return;
        }
        let Some(presence) = self.presence_mut(ctx, &entering.workflow) else {
            return;
        };
        let number = next_number(presence);
        let held = HeldEntry {
            version: entering.version,
            event: Arc::unwrap_or_clone(entering.event),
            occasion: entering.occasion,
            arm_key: entering.arm_key,
            cancelled_by: entering.cancelled_by,
            key: None,
            due,
            attempts: 0,
            in_grace: true,
        };
        presence.held.insert(number, held);
        let timer = self.entry_timer(&entering.workflow, number, due);
        self.effects.push(Effect::SetTimer(timer));
    }

    /// Attributes have changed: asks again every trigger that said no a short while ago.
    pub(super) fn ask_again_in_grace(&mut self, ctx: &Context<'_>) {
        if self.waves >= WAVES_MAX {
            return;
        }
        let mut again = Vec::new();
        for (workflow, presence) in &self.state.presences {
            if standing(ctx, workflow) == Standing::Running {
                let in_grace = presence.held.iter().filter(|(_, held)| held.in_grace);
                again.extend(in_grace.map(|(&number, _)| (workflow.clone(), number)));
            }
        }
        for (workflow, number) in again {
            if let Some(held) = self.take_held_entry(&workflow, number) {
                let due = held.due;
                let entering = Entering {
                    attempts: 0,
                    grace_until: Some(due),
                    ..entering_again(ctx, &workflow, held)
                };
                self.ask_trigger(ctx, entering);
            }
        }
    }

    fn held_entry_due(
        &mut self,
        ctx: &Context<'_>,
        due: Instant,
        workflow: &WorkflowId,
        number: u32,
    ) {
        let Some(presence) = self.state.presences.get_mut(workflow) else {
            return;
        };
        let Some(held) = presence
            .held
            .get_mut(&number)
            .filter(|held| held.due == due)
        else {
            return;
        };
        if held.in_grace {
            presence.held.remove(&number);
            return;
        }
        let is_paused = standing(ctx, workflow) == Standing::Paused;
        let version = ctx.definitions.version(workflow, held.version);
        let slot = if held.key.is_some() {
            Slot::Audience
        } else {
            Slot::Trigger
        };
        let pauses =
            version.is_some_and(|version| entry_policy(version, &slot) == OnFailure::Pause);
        let was_due_in_pause = was_due_in_pause(ctx, workflow, due);
        if is_paused && pauses {
            // The failure paused the workflow: who was held by it waits for the resume.
            held.due = ctx.now.plus(HOLD_DELAY_LAST);
            let due = held.due;
            let timer = self.entry_timer(workflow, number, due);
            return self.effects.push(Effect::SetTimer(timer));
        }
        let Some(held) = presence.held.remove(&number) else {
            return;
        };
        let entering = entering_again(ctx, workflow, held);
        if pauses {
            self.is_due_since_resume(ctx, workflow);
        }
        if was_due_in_pause && !pauses {
            self.not_entered(ctx, &entering, PAUSED);
        } else if entering.key.is_some() {
            self.let_in(ctx, entering);
        } else {
            self.ask_trigger(ctx, entering);
        }
    }

    /// What cancels an arm also takes away the entry that is held because the rule failed when the arm fired.
    pub(super) fn cancel_held_entries(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let mut cancelled = Vec::new();
        for (workflow, presence) in &self.state.presences {
            for (&number, held) in &presence.held {
                if event.cancels(&held.cancelled_by, &held.event) {
                    cancelled.push((workflow.clone(), number));
                }
            }
        }
        for (workflow, number) in cancelled {
            if let Some(held) = self.take_held_entry(&workflow, number)
                && let Some(key) = &held.arm_key
            {
                self.entry_fact(ctx, &workflow, held.version, disarmed(key, event));
            }
        }
    }

    pub(super) fn drop_held_entries(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        reason: &str,
    ) {
        let presence = self.state.presences.get(workflow);
        let numbers = presence.map(|found| found.held.keys().copied().collect::<Vec<_>>());
        for number in numbers.unwrap_or_default() {
            let held = self.take_held_entry(workflow, number);
            if let Some(held) = held.filter(|held| !held.in_grace) {
                let what = FactKind::NotEntered(reason.to_owned());
                self.entry_fact(ctx, workflow, held.version, what);
            }
        }
    }

    fn take_held_entry(&mut self, workflow: &WorkflowId, number: u32) -> Option<HeldEntry> {
        let held = self
            .state
            .presences
            .get_mut(workflow)?
            .held
            .remove(&number)?;
        let timer = self.entry_timer(workflow, number, held.due);
        self.effects.push(Effect::CancelTimer(timer));
        Some(held)
    }

    /// A rule of the step failed: under `hold` and `pause` the journey stays there and asks again. `false` when it is
    /// not to be held or was held long enough: then the caller goes on as under `skip`.
    pub(super) fn hold_step(&mut self, ctx: &Context<'_>, whose: &Whose, step: &StepId) -> bool {
        let Some(journey) = self.journey_mut(whose) else {
            return false;
        };
        let before = match &journey.place {
            Place::Held {
                step: at, attempts, ..
            } if at == step => *attempts,
            _ => 0,
        };
        let attempts = before + 1;
        if attempts > HOLD_ATTEMPTS_MAX {
            return false;
        }
        let due = ctx.now.plus(hold_delay(attempts));
        self.park(
            whose,
            Place::Held {
                step: step.clone(),
                due,
                attempts,
            },
        );
        true
    }

    /// Whether a held journey only waits on: its rule paused the workflow.
    pub(super) fn holds_on(&mut self, ctx: &Context<'_>, whose: &Whose, step: &Step) -> bool {
        if !pauses(step) {
            return false;
        }
        if standing(ctx, &whose.workflow) != Standing::Paused {
            self.is_due_since_resume(ctx, &whose.workflow);
            return false;
        }
        let Some(Place::Held { attempts, .. }) = self.journey(whose).map(|journey| &journey.place)
        else {
            return false;
        };
        let place = Place::Held {
            step: step.id.clone(),
            due: ctx.now.plus(HOLD_DELAY_LAST),
            attempts: *attempts,
        };
        self.park(whose, place);
        true
    }

    pub(super) fn pause_workflow(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        slot: &Slot,
        code: &str,
    ) {
        let found = ctx.definitions.workflow(workflow);
        let since = found.and_then(|found| found.running_since);
        if let Some(since) = since.filter(|_| standing(ctx, workflow) == Standing::Running) {
            self.effects.push(Effect::Post(Posted::PauseWorkflow {
                workflow: workflow.clone(),
                since,
                at: ctx.now,
                reason: format!("{slot} failed: {code}"),
            }));
        }
    }

    fn entry_timer(&self, workflow: &WorkflowId, number: u32, due: Instant) -> Timer {
        Timer {
            due,
            id: TimerId::Entry(workflow.clone(), number),
            contact: self.state.contact.id.clone(),
        }
    }
}

/// The number behind the last of the held entries.
fn next_number(presence: &Presence) -> u32 {
    let last = presence.held.last_key_value();
    last.map_or(0, |(last, _)| last.wrapping_add(1))
}

pub(super) fn hold_delay(attempts: u32) -> Span {
    let delay = HOLD_DELAYS.get(attempts.saturating_sub(1) as usize);
    delay.copied().unwrap_or(HOLD_DELAY_LAST)
}

fn pauses(step: &Step) -> bool {
    let arms = step.branch.as_ref().map_or(&[][..], |branch| &branch.arms);
    let personalizer = step
        .send
        .as_ref()
        .and_then(|send| send.personalizer.as_ref());
    let by = step.split.as_ref().and_then(|split| split.by.as_ref());
    let segments = arms.iter().map(|arm| &arm.segment);
    let mut bindings = segments.chain(personalizer).chain(by);
    bindings.any(|binding| binding.on_failure == OnFailure::Pause)
}

/// What is asked about once more.
fn entering_again(ctx: &Context<'_>, workflow: &WorkflowId, held: HeldEntry) -> Entering {
    Entering {
        workflow: workflow.clone(),
        version: held.version,
        occasion: occasion_now(ctx, workflow, &held),
        event: Arc::new(held.event),
        arm_key: held.arm_key,
        cancelled_by: held.cancelled_by,
        key: held.key,
        attempts: held.attempts,
        grace_until: None,
    }
}

/// The held entry's occasion in the plan that its trigger has by now: a plugin's next file may put them in another
/// order. One that it no longer has is asked about as it was.
fn occasion_now(ctx: &Context<'_>, workflow: &WorkflowId, held: &HeldEntry) -> u32 {
    let version = ctx.definitions.version(workflow, held.version);
    let trigger = version.and_then(|version| version.bindings.get(&Slot::Trigger));
    let occasions = trigger.map_or(&[][..], |binding| &binding.plan.occasions);
    let is_it = |occasion: &Occasion| match occasion {
        Occasion::Due => held.arm_key.is_some(),
        Occasion::Start => held.arm_key.is_none() && is_existing(&held.event),
        Occasion::AttributeChanged(_) => held.arm_key.is_none(),
        Occasion::SegmentEntered(segment) => {
            held.arm_key.is_none() && is_about(&held.event, SEGMENT_ENTERED, segment)
        }
        Occasion::SegmentLeft(segment) => {
            held.arm_key.is_none() && is_about(&held.event, SEGMENT_LEFT, segment)
        }
        Occasion::Event(pattern) => {
            held.arm_key.is_none() && pattern.matches(&held.event.name, &held.event.fields)
        }
        Occasion::TableRowChanged(_) => false,
    };
    let before = held.occasion;
    if occasions.get(before as usize).is_some_and(is_it) {
        return before;
    }
    let found = occasions.iter().position(is_it);
    found.map_or(before, |found| found as u32)
}

fn is_about(event: &Cause, name: &str, segment: &str) -> bool {
    let named = event.fields.get(SEGMENT_FIELD).and_then(Value::as_text);
    event.name.as_str() == name && named == Some(segment)
}
