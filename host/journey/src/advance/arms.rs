//! Arms: a trigger's wish to be asked again, set by its verdict, taken away by events, fired by a timer.

use std::sync::Arc;

use signalbox_model::{
    definitions::Slot,
    fact::FactKind,
    id::{EntryKey, WorkflowId},
    plan::Occasion,
    state::{PendingArm, Timer, TimerId},
    verdict::Arm,
};

use crate::{
    advance::{
        Advance, CONTACT_FULL, Context, Entering,
        events::{Happening, disarmed},
        pauses::was_due_in_pause,
        reasons::PAUSED,
    },
    budget,
    effect::Effect,
    limits::{ARMS_MAX, REARM_AFTER_MIN},
};

impl Advance {
    /// Sets an arm; a newer one with the same key replaces the older.
    pub(super) fn arm(&mut self, ctx: &Context<'_>, entering: &Entering, arm: Arm) {
        let workflow = &entering.workflow;
        if let Err(reason) = self.may_arm(ctx, entering, &arm) {
            // The one with its key would fire for what is not so any more.
            if let Some(replaced) = self.take_arm(workflow, &arm.key) {
                let what = FactKind::ArmDropped(arm.key, reason.to_owned());
                self.entry_fact(ctx, workflow, replaced.version, what);
            }
            return self.not_entered(ctx, entering, reason);
        }
        let soonest = match entering.arm_key {
            Some(_) => ctx.now.plus(REARM_AFTER_MIN),
            None => ctx.now,
        };
        let at = arm.at.max(soonest);
        let pending = PendingArm {
            at,
            version: entering.version,
            cancelled_by: arm.cancelled_by,
            event: Arc::unwrap_or_clone(Arc::clone(&entering.event)),
        };
        let Some(presence) = self.presence_mut(ctx, workflow) else {
            return;
        };
        let replaced = presence.arms.insert(arm.key.clone(), pending);
        if let Some(replaced) = replaced {
            let timer = self.arm_timer(workflow, &arm.key, replaced.at);
            self.effects.push(Effect::CancelTimer(timer));
        }
        let timer = self.arm_timer(workflow, &arm.key, at);
        self.effects.push(Effect::SetTimer(timer));
        self.entry_fact(
            ctx,
            workflow,
            entering.version,
            FactKind::Armed(arm.key.clone(), at),
        );
        if entering.arm_key.is_none() {
            self.disarm_by_earlier(ctx, workflow, &arm.key);
        }
    }

    fn may_arm(
        &mut self,
        ctx: &Context<'_>,
        entering: &Entering,
        arm: &Arm,
    ) -> Result<(), &'static str> {
        let arms = self.state.presences.get(&entering.workflow);
        let arms = arms.map(|presence| &presence.arms);
        let replaced = arms.and_then(|arms| arms.get(&arm.key));
        if replaced.is_none() && arms.is_some_and(|arms| arms.len() >= ARMS_MAX) {
            return Err("arms_full");
        }
        let freed = replaced.map_or(0, |replaced| {
            budget::arm_bytes(&arm.key, &replaced.event, &replaced.cancelled_by)
        });
        let bytes = budget::arm_bytes(&arm.key, &entering.event, &arm.cancelled_by);
        if bytes <= freed || self.has_room(ctx, &entering.workflow, bytes - freed) {
            Ok(())
        } else {
            Err(CONTACT_FULL)
        }
    }

    pub(super) fn cancel_arms(&mut self, ctx: &Context<'_>, event: &Happening<'_>) {
        let mut cancelled = Vec::new();
        for (workflow, presence) in &self.state.presences {
            for (key, arm) in &presence.arms {
                if event.cancels(&arm.cancelled_by, &arm.event) {
                    cancelled.push((workflow.clone(), key.clone()));
                }
            }
        }
        for (workflow, key) in cancelled {
            if let Some(arm) = self.take_arm(&workflow, &key) {
                self.entry_fact(ctx, &workflow, arm.version, disarmed(&key, event));
            }
        }
    }

    pub(super) fn drop_arms(&mut self, ctx: &Context<'_>, workflow: &WorkflowId, reason: &str) {
        let presence = self.state.presences.get(workflow);
        let keys = presence.map(|found| found.arms.keys().cloned().collect::<Vec<_>>());
        for key in keys.unwrap_or_default() {
            if let Some(arm) = self.take_arm(workflow, &key) {
                let what = FactKind::ArmDropped(key, reason.to_owned());
                self.entry_fact(ctx, workflow, arm.version, what);
            }
        }
    }

    /// Asks the trigger on the occasion `due`. The timer itself is cancelled already.
    pub(super) fn arm_fired(
        &mut self,
        ctx: &Context<'_>,
        timer: &Timer,
        workflow: &WorkflowId,
        key: &EntryKey,
    ) {
        let Some(presence) = self.state.presences.get_mut(workflow) else {
            return;
        };
        if presence.arms.get(key).is_none_or(|arm| arm.at != timer.due) {
            return;
        }
        let Some(arm) = presence.arms.remove(key) else {
            return;
        };
        let dropped = |reason: &str| FactKind::ArmDropped(key.clone(), reason.to_owned());
        if was_due_in_pause(ctx, workflow, timer.due) {
            return self.entry_fact(ctx, workflow, arm.version, dropped(PAUSED));
        }
        let version = ctx.definitions.version(workflow, arm.version);
        let trigger = version.and_then(|version| version.bindings.get(&Slot::Trigger));
        let occasion = trigger.and_then(|binding| {
            let mut occasions = binding.plan.occasions.iter();
            occasions.position(|occasion| *occasion == Occasion::Due)
        });
        let Some(occasion) = occasion else {
            return self.entry_fact(ctx, workflow, arm.version, dropped("not_asked_when_due"));
        };
        self.ask_trigger(
            ctx,
            Entering {
                workflow: workflow.clone(),
                version: arm.version,
                event: Arc::new(arm.event),
                occasion: occasion as u32,
                arm_key: Some(key.clone()),
                cancelled_by: arm.cancelled_by,
                key: None,
                attempts: 0,
                grace_until: None,
            },
        );
    }

    pub(super) fn take_arm(&mut self, workflow: &WorkflowId, key: &EntryKey) -> Option<PendingArm> {
        let arm = self.state.presences.get_mut(workflow)?.arms.remove(key)?;
        let timer = self.arm_timer(workflow, key, arm.at);
        self.effects.push(Effect::CancelTimer(timer));
        Some(arm)
    }

    fn arm_timer(
        &self,
        workflow: &WorkflowId,
        key: &EntryKey,
        due: signalbox_model::time::Instant,
    ) -> Timer {
        Timer {
            due,
            id: TimerId::Arm(workflow.clone(), key.clone()),
            contact: self.state.contact.id.clone(),
        }
    }
}
