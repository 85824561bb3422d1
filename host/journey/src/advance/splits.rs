//! Splits: each contact has a lot in an experiment, and keeps the arm it was given until an arm has won.

use signalbox_model::{
    definitions::WorkflowVersion,
    fact::FactKind,
    id::WorkflowId,
    state::{LOTS_MAX, Lot, Touch},
    workflow::step::{Measure, Split, SplitArm, Step, WEIGHTS},
};

use crate::{
    advance::{Advance, Context, Whose, steps::Next, touches::workflow_hash},
    effect::Effect,
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
        let index = match winner(ctx, whose, version, step, split) {
            Some(winner) => Some(winner),
            None => self.lot(ctx, whose, version, step, split),
        };
        let Some(index) = index else {
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
    fn lot(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
    ) -> Option<usize> {
        let experiment = split.experiment(&whose.workflow, &step.id);
        let hash = fnv1a(experiment.as_bytes());
        let arms = &split.arms;
        let lots = &mut self.state.lots;
        let place = |arm: u64| arms.iter().position(|one| name_hash(one) == arm);
        let known = lots.iter().position(|lot| lot.experiment == hash);
        let kept = known.and_then(|known| Some((known, place(lots[known].arm)?)));
        let is_over = |known: usize| is_of_predecessor(ctx, &whose.workflow, &lots[known]);
        let contact = self.state.contact.id.as_str().as_bytes();
        let drawn = match kept {
            Some((known, kept)) if !is_over(known) => return Some(kept),
            // Others may share it, and go on with the arm.
            Some((_, kept)) if split.experiment.is_some() => kept,
            _ => draw(mixed(0, [experiment.as_bytes(), contact]), arms)?,
        };
        let position = ctx.definitions.steps(&whose.workflow, version.number)?;
        let position = position.position(&step.id)?;
        if let Some(known) = known {
            lots.remove(known);
        } else if lots.len() >= LOTS_MAX {
            lots.remove(0);
        }
        lots.push(Lot {
            experiment: hash,
            arm: name_hash(&arms[drawn]),
            workflow: workflow_hash(&whose.workflow),
            version: version.number,
            step: position as u16,
            drawn_at: ctx.now,
            has_converted: false,
        });
        let assigned = FactKind::ArmAssigned(step.id.clone(), arms[drawn].name.clone());
        self.journey_fact(ctx, whose, assigned);
        Some(drawn)
    }

    /// Counts the contact as converted, once, in each experiment of the workflow that is measured so and gave it an arm
    /// before the message went out.
    pub(super) fn convert_lots(
        &mut self,
        ctx: &Context<'_>,
        workflow: &WorkflowId,
        touch: &Touch,
        met: &[Measure],
    ) {
        for index in 0..self.state.lots.len() {
            let lot = self.state.lots[index];
            if lot.has_converted
                || lot.workflow != workflow_hash(workflow)
                || touch.sent_at < lot.drawn_at
                || is_of_predecessor(ctx, workflow, &lot)
            {
                continue;
            }
            let version = ctx.definitions.version(workflow, lot.version);
            let step = version.and_then(|one| one.document.steps.get(usize::from(lot.step)));
            let Some((step, split)) = step.and_then(|step| Some((step, step.split.as_ref()?)))
            else {
                continue;
            };
            let arm = split.arms.iter().find(|arm| name_hash(arm) == lot.arm);
            let Some(arm) = arm.filter(|_| met.contains(&split.measure())) else {
                continue;
            };
            self.state.lots[index].has_converted = true;
            let what = FactKind::ArmConverted(step.id.clone(), arm.name.clone());
            let fact = self.new_fact(ctx, workflow, lot.version, Some(touch.journey), what);
            self.effects.push(Effect::Fact(fact));
        }
    }
}

/// Whether the lot was drawn by a workflow that was deleted before this one was made under its id.
fn is_of_predecessor(ctx: &Context<'_>, workflow: &WorkflowId, lot: &Lot) -> bool {
    let since = ctx
        .definitions
        .workflow(workflow)
        .and_then(|found| found.running_since);
    lot.workflow == workflow_hash(workflow) && since.is_none_or(|since| lot.drawn_at < since)
}

/// The arm that won, if the experiment is over for whoever is on that version.
fn winner(
    ctx: &Context<'_>,
    whose: &Whose,
    version: &WorkflowVersion,
    step: &Step,
    split: &Split,
) -> Option<usize> {
    let workflow = ctx.definitions.workflow(&whose.workflow)?;
    let ended = workflow.ended_for(version.number, &step.id)?;
    let winner = ended.winner.as_ref()?;
    split.arms.iter().position(|arm| arm.name == *winner)
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
