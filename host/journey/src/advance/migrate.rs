//! Moves journeys to a new version of their workflow, where the version says so.
//!
//! Looked at before every input of a contact while the workflow runs; the engine visits those who wait once such a
//! version runs.

use std::collections::BTreeMap;

use signalbox_model::{
    definitions::WorkflowVersion,
    fact::FactKind,
    id::StepId,
    state::{Journey, Place},
    time::Instant,
    workflow::{
        Edit,
        step::{Action, Step},
    },
};

use crate::{
    advance::{Advance, Context, Standing, Whose, standing},
    budget,
    due::{self, Due},
};

/// Why a journey exits whose step is gone, with no step behind it.
const STEP_REMOVED: &str = "step_removed";

impl Advance {
    /// Moves every journey that a newer version wants. One whose message is on its way moves when that is settled.
    pub(super) fn migrate(&mut self, ctx: &Context<'_>) {
        for whose in self.journeys_inside() {
            let Some(to) = self.version_wanted(ctx, &whose) else {
                continue;
            };
            let place = self.journey(&whose).map(|journey| journey.place.clone());
            let (Some(place), Some(from)) = (place, self.version_of(ctx, &whose)) else {
                continue;
            };
            if matches!(place, Place::Sending { .. }) || !self.take_version(ctx, &whose, to) {
                continue;
            }
            if let Some(step) = step_in(to, place.step()) {
                self.stay(ctx, &whose, to, step, &place);
            } else {
                self.leave_place(ctx, &whose, "exit");
                self.go_behind(ctx, &whose, (from, to), place.step());
            }
        }
    }

    /// Whether a journey whose message at the step is settled goes on in a newer version.
    pub(super) fn moves_on_from(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
    ) -> bool {
        let (Some(to), Some(from)) = (self.version_wanted(ctx, whose), self.version_of(ctx, whose))
        else {
            return false;
        };
        if !self.take_version(ctx, whose, to) {
            return false;
        }
        match step_in(to, step) {
            Some(step) => self.go_on_after(ctx, whose, to, step),
            None => self.go_behind(ctx, whose, (from, to), step),
        }
        true
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

    /// Puts the journey on the version, with the arms it took and the steps it reached; `false` if the contact's row has no room for what it may
    /// gather there: then it stays on its own.
    fn take_version(&mut self, ctx: &Context<'_>, whose: &Whose, to: &WorkflowVersion) -> bool {
        let (Some(journey), Some(from)) = (self.journey(whose), self.version_of(ctx, whose)) else {
            return false;
        };
        let moved = Journey {
            version: to.number,
            arms: arms_in(from, to, &journey.arms),
            visits: visits_in(from, to, &journey.visits),
            ..journey.clone()
        };
        let before = budget::journey_bytes(ctx.definitions, &whose.workflow, journey);
        let after = budget::journey_bytes(ctx.definitions, &whose.workflow, &moved);
        if after > before && !self.has_room(ctx, &whose.workflow, after - before) {
            return false;
        }
        let at = step_in(to, moved.place.step()).map(|step| step.id.clone());
        if let Some(journey) = self.journey_mut(whose) {
            *journey = moved;
        }
        self.journey_fact(ctx, whose, FactKind::Migrated(from.number, at));
        true
    }

    /// The journey stands at a step that is still there.
    fn stay(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        to: &WorkflowVersion,
        step: &Step,
        place: &Place,
    ) {
        let Place::Waiting { since, due, .. } = place else {
            return;
        };
        let position = to.document.steps.iter().position(|one| one.id == step.id);
        let anew = match step.actions().next() {
            Some(Action::Wait(wait)) => {
                let (zone, _) = self.zone(ctx, to);
                due::of(wait, &zone, &self.state.contact.attributes, *since)
            }
            Some(Action::WaitFor(wait)) => Due::At(since.plus(wait.timeout)),
            Some(Action::Approve(approve)) => Due::At(since.plus(approve.timeout)),
            // It does something else now: that is done.
            _ => {
                self.leave_place(ctx, whose, "exit");
                return self.go(ctx, whose, to, position);
            }
        };
        let anew: Instant = match anew {
            Due::At(anew) => anew.max(ctx.now),
            Due::Now => ctx.now,
            Due::Never(reason) => return self.exit(ctx, whose, reason, "exit"),
        };
        if anew != *due {
            self.move_wait(ctx, whose, step, *since, anew);
        }
    }

    /// Goes on with the first step behind the one that is gone which the new version has.
    fn go_behind(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        (from, to): (&WorkflowVersion, &WorkflowVersion),
        gone: &StepId,
    ) {
        let mut behind = from
            .document
            .steps
            .iter()
            .skip_while(|step| step.id != *gone);
        let next = behind.find_map(|step| {
            let mut steps = to.document.steps.iter();
            steps.position(|one| one.id == step.id)
        });
        match next {
            Some(next) => self.go(ctx, whose, to, Some(next)),
            None => self.exit(ctx, whose, STEP_REMOVED, "exit"),
        }
    }
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

/// The arms that were taken, at the places that their steps have in the new version. Arms of a split go by their names,
/// others by their order.
fn arms_in(
    from: &WorkflowVersion,
    to: &WorkflowVersion,
    arms: &BTreeMap<u16, Option<u16>>,
) -> BTreeMap<u16, Option<u16>> {
    let moved = arms.iter().filter_map(|(&position, &arm)| {
        let place = place_in(from, to, position)?;
        let before = from.document.steps.get(usize::from(position))?;
        let after = to.document.steps.get(usize::from(place))?;
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
