//! Moves journeys to a new version of their workflow, where the version says so.
//!
//! Looked at before every input of a contact while the workflow runs; the engine visits those who wait once such a
//! version runs.

use std::{collections::BTreeMap, iter::successors};

use signalbox_model::{
    definitions::WorkflowVersion,
    fact::FactKind,
    id::{MessageId, StepId},
    state::{Journey, Place},
    workflow::{
        Edit,
        step::{Action, Step},
    },
};

use crate::{
    advance::{Advance, Context, Standing, Whose, standing, steps::position_of},
    budget,
    due::{self, Due},
    effect::Effect,
};

/// Why a journey exits whose step is gone, with no step behind it.
const STEP_REMOVED: &str = "step_removed";

impl Advance {
    /// Moves every journey that a newer version wants. One whose message is on its way moves when that is settled.
    pub(super) fn migrate(&mut self, ctx: &Context<'_>) {
        for whose in self.journeys_inside() {
            let Some(place) = self.journey(&whose).map(|journey| journey.place.clone()) else {
                continue;
            };
            if matches!(place, Place::Sending { .. }) {
                continue;
            }
            let Some((from, to)) = self.take_version(ctx, &whose) else {
                continue;
            };
            let is_send = |step: Option<&Step>| step.is_some_and(|step| step.send.is_some());
            let step = step_in(to, place.step());
            if is_send(step_in(from, place.step())) {
                if is_send(step) {
                    // Whoever waits there, for the resume or for a rule, goes on from there.
                    continue;
                }
                self.leave_send_behind(ctx, &whose, from, &place);
            }
            if let Some(step) = step {
                self.stay(ctx, &whose, (from, to), step, &place);
            } else {
                self.leave_place(ctx, &whose, "exit");
                self.go_behind(ctx, &whose, (from, to), place.step());
            }
        }
    }

    /// Who stood at a send, for the resume or for a rule, finds it gone.
    fn leave_send_behind(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        from: &WorkflowVersion,
        place: &Place,
    ) {
        if let Place::Waiting { step, .. } | Place::Held { step, .. } = place {
            let id = MessageId::new(whose.journey, step, self.visit(whose));
            let what = FactKind::MessageSkipped(step.clone(), id, STEP_REMOVED.to_owned());
            let Whose { workflow, journey } = whose;
            let fact = self.new_fact(ctx, workflow, from.number, Some(*journey), what);
            self.effects.push(Effect::Fact(fact));
        }
    }

    /// Goes on from a step whose message is settled; `before` is the version that the journey was on, if it has just moved.
    /// A step that is gone leads where it led, as far as that is still there.
    pub(super) fn go_on_from_send(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        before: Option<&WorkflowVersion>,
        has_failed: bool,
    ) {
        let Some(version) = self.version_of(ctx, whose) else {
            return self.exit(ctx, whose, "step_gone", "exit");
        };
        let found = step_in(version, step);
        let was = found.or_else(|| step_in(before?, step));
        let on_error = was.and_then(|step| step.send.as_ref()?.on_error.as_ref());
        let target = on_error
            .filter(|_| has_failed)
            .and_then(|target| position_of(ctx, whose, version, target));
        match (target, found, before) {
            (Some(target), ..) => self.go(ctx, whose, version, Some(target)),
            (None, Some(step), _) => self.go_on_after(ctx, whose, version, step),
            (None, None, Some(before)) => self.go_behind(ctx, whose, (before, version), step),
            (None, None, None) => self.exit(ctx, whose, "step_gone", "exit"),
        }
    }

    /// The newest version that wants the journey. In a pause nobody moves: what is ahead would be skipped.
    fn version_wanted<'a>(&self, ctx: &Context<'a>, whose: &Whose) -> Option<&'a WorkflowVersion> {
        let journey = self.journey(whose)?;
        if standing(ctx, &whose.workflow) != Standing::Running {
            return None;
        }
        let versions = &ctx.definitions.workflow(&whose.workflow)?.versions;
        let mut newer = versions.range(journey.version + 1..).rev();
        let (_, wanted) = newer.find(|(_, version)| version.edit == Edit::Migrate)?;
        Some(wanted)
    }

    /// Puts the journey on the newest version that wants it, with the arms it took and the steps it reached, and answers
    /// with the version it was on and that one. `None` if none wants it, or if the contact's row has no room for what it
    /// may gather there: then it stays on its own.
    pub(super) fn take_version<'a>(
        &mut self,
        ctx: &Context<'a>,
        whose: &Whose,
    ) -> Option<(&'a WorkflowVersion, &'a WorkflowVersion)> {
        let to = self.version_wanted(ctx, whose)?;
        let from = self.version_of(ctx, whose)?;
        let journey = self.journey(whose)?;
        let moved = Journey {
            version: to.number,
            arms: arms_in(from, to, &journey.arms),
            visits: visits_in(from, to, &journey.visits),
            ..journey.clone()
        };
        let before = budget::journey_bytes(ctx.definitions, &whose.workflow, journey);
        let after = budget::journey_bytes(ctx.definitions, &whose.workflow, &moved);
        if after > before && !self.has_room(ctx, &whose.workflow, after - before) {
            return None;
        }
        let at = step_in(to, moved.place.step()).map(|step| step.id.clone());
        if let Some(journey) = self.journey_mut(whose) {
            *journey = moved;
        }
        self.journey_fact(ctx, whose, FactKind::Migrated(from.number, at));
        Some((from, to))
    }

    /// The journey stands at a step that is still there.
    fn stay(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        (from, to): (&WorkflowVersion, &WorkflowVersion),
        step: &Step,
        place: &Place,
    ) {
        let &Place::Waiting { since, due, .. } = place else {
            return;
        };
        let position = to.document.steps.iter().position(|one| one.id == step.id);
        let anew = match step.actions().next() {
            Some(Action::Wait(wait)) => {
                let (zone, _) = self.zone(ctx, to);
                let attributes = &self.state.contact.attributes;
                let before = step_in(from, &step.id).and_then(|before| before.wait.as_ref());
                if before == Some(wait) {
                    due::in_zone(wait, &zone, attributes, (since, due), ctx.now)
                } else {
                    due::anew(wait, &zone, attributes, since, ctx.now)
                }
            }
            Some(Action::WaitFor(wait)) => Due::At(since.plus(wait.timeout)),
            Some(Action::Approve(approve)) => Due::At(since.plus(approve.timeout)),
            // It does something else now: that is done.
            _ => {
                self.leave_place(ctx, whose, "exit");
                return self.go(ctx, whose, to, position);
            }
        };
        self.wait_anew(ctx, whose, (to, step), anew);
    }

    /// Goes on with the first step on the way behind the one that is gone which the new version has.
    fn go_behind(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        (from, to): (&WorkflowVersion, &WorkflowVersion),
        gone: &StepId,
    ) {
        let way = successors(step_in(from, gone), |step| step_behind(from, step));
        let mut way = way.take(from.document.steps.len());
        let next = way.find_map(|step| position_of(ctx, whose, to, &step.id));
        match next {
            Some(next) => self.go(ctx, whose, to, Some(next)),
            None => self.exit(ctx, whose, STEP_REMOVED, "exit"),
        }
    }
}

/// Where the step leads whoever nothing is known of: no event came, nobody decided, no rule let them in. A way back that
/// is bounded is over.
fn step_behind<'v>(version: &'v WorkflowVersion, step: &Step) -> Option<&'v Step> {
    let named = match step.actions().next()? {
        Action::WaitFor(wait) => wait.otherwise.as_ref(),
        Action::Approve(approve) => Some(&approve.otherwise),
        Action::Branch(branch) => branch.otherwise.as_ref(),
        Action::Split(split) => split.arms.first()?.goto.as_ref(),
        Action::Goto(goto) => Some(&goto.step).filter(|_| goto.times_max.is_none()),
        Action::Exit(_) => return None,
        Action::Send(_) | Action::Wait(_) | Action::Update(_) | Action::Webhook(_) => None,
    };
    if let Some(named) = named.or(step.next.as_ref()) {
        return step_in(version, named);
    }
    let mut steps = version.document.steps.iter();
    steps.find(|one| one.id == step.id)?;
    steps.next()
}

fn step_in<'v>(version: &'v WorkflowVersion, id: &StepId) -> Option<&'v Step> {
    version.document.steps.iter().find(|step| step.id == *id)
}

/// The place in the new version of the step at that place in the former one.
fn place_in(from: &WorkflowVersion, to: &WorkflowVersion, position: u16) -> Option<u16> {
    let before = from.document.steps.get(usize::from(position))?;
    let mut steps = to.document.steps.iter();
    let place = steps.position(|step| step.id == before.id)?;
    Some(place as u16)
}

/// How often steps were reached, at the places that they have in the new version.
fn visits_in(
    from: &WorkflowVersion,
    to: &WorkflowVersion,
    visits: &BTreeMap<u16, u32>,
) -> BTreeMap<u16, u32> {
    let visits = visits.iter();
    visits
        .filter_map(|(&position, &count)| Some((place_in(from, to, position)?, count)))
        .collect()
}

/// The arms that were taken, at the places that their steps have in the new version, where these are of the same kind.
/// Arms of a split go by their names, others by their order.
fn arms_in(
    from: &WorkflowVersion,
    to: &WorkflowVersion,
    arms: &BTreeMap<u16, Option<u16>>,
) -> BTreeMap<u16, Option<u16>> {
    let moved = arms.iter().filter_map(|(&position, &arm)| {
        let place = place_in(from, to, position)?;
        let before = from.document.steps.get(usize::from(position))?;
        let after = to.document.steps.get(usize::from(place))?;
        let kind = |step: &Step| step.actions().next().map(|action| action.name());
        if kind(before) != kind(after) {
            return None;
        }
        let arm = match (arm, &before.split, &after.split) {
            (Some(arm), Some(before), Some(after)) => {
                let name = &before.arms.get(usize::from(arm))?.name;
                let index = after.arms.iter().position(|one| one.name == *name)?;
                Some(index as u16)
            }
            _ => arm,
        };
        Some((place, arm))
    });
    moved.collect()
}
