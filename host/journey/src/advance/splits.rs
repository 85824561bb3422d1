//! Splits: each contact has a lot in an experiment, and keeps the arm it was given.

use signalbox_model::{
    definitions::WorkflowVersion,
    state::{LOTS_MAX, Lot},
    workflow::step::{Split, SplitArm, Step, WEIGHTS},
};

use crate::{
    advance::{Advance, Context, Whose, steps::Next},
    hash::{fnv1a, mixed},
};

impl Advance {
    pub(super) fn split(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
    ) -> Next {
        let experiment = match &split.experiment {
            Some(shared) => shared.to_string(),
            None => format!("{}/{}", whose.workflow, step.id),
        };
        let Some(index) = self.lot(&experiment, &split.arms) else {
            return self.take_arm_of(ctx, whose, version, step, (None, None));
        };
        let arm = &split.arms[index];
        if let Some(journey) = self.journey_mut(whose)
            && arm.holdout
        {
            journey.holdout = true;
        }
        let taken = (Some(index as u16), arm.goto.as_ref());
        self.take_arm_of(ctx, whose, version, step, taken)
    }

    /// The arm the contact has in the experiment, drawn and remembered if it has none among these.
    fn lot(&mut self, experiment: &str, arms: &[SplitArm]) -> Option<usize> {
        let hash = fnv1a(experiment.as_bytes());
        let lots = &mut self.state.lots;
        let place = |arm: u64| arms.iter().position(|one| name_hash(one) == arm);
        let known = lots.iter().position(|lot| lot.experiment == hash);
        if let Some(kept) = known.and_then(|known| place(lots[known].arm)) {
            return Some(kept);
        }
        let contact = self.state.contact.id.as_str().as_bytes();
        let drawn = draw(mixed(0, [experiment.as_bytes(), contact]), arms)?;
        if let Some(known) = known {
            lots.remove(known);
        } else if lots.len() >= LOTS_MAX {
            lots.remove(0);
        }
        lots.push(Lot {
            experiment: hash,
            arm: name_hash(&arms[drawn]),
        });
        Some(drawn)
    }
}

/// The arm in whose share of the ten thousand basis points the number falls.
fn draw(number: u64, arms: &[SplitArm]) -> Option<usize> {
    let point = number % u64::from(WEIGHTS);
    let mut end = 0;
    arms.iter().position(|arm| {
        end += u64::from(arm.weight);
        point < end
    })
}

fn name_hash(arm: &SplitArm) -> u64 {
    fnv1a(arm.name.as_str().as_bytes())
}
