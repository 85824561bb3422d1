//! Splits: each contact has a lot in an experiment, drawn or chosen by a rule, and keeps the arm it was given until an
//! arm has won.

use signalbox_model::{
    definitions::{Slot, WorkflowVersion},
    fact::FactKind,
    id::{StepId, WorkflowId},
    propensity::Propensity,
    state::{LOTS_MAX, Lot, Touch},
    value::Value,
    verdict::Verdict,
    workflow::{
        OnFailure,
        step::{Measure, Split, SplitArm, Step, WEIGHTS},
    },
};

use crate::{
    advance::{
        Advance, BAD_ANSWER, Context, Continuation, NO_ANSWER, Reply, Whose,
        steps::{Next, position_of},
        touches::workflow_hash,
    },
    effect::Effect,
    hash::{fnv1a, mixed},
};

/// An arm of a split, by its place in it, and how likely it was.
#[derive(Clone, Copy)]
struct Given {
    arm: usize,
    propensity: Propensity,
}

impl Advance {
    pub(super) fn split(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
    ) -> Next {
        if let Some(settled) = self.settled_arm(ctx, whose, version, step, split) {
            return self.take_arm_of_split(ctx, whose, version, step, Some(settled));
        }
        if split.by.is_none() {
            return self.take_drawn_arm(ctx, whose, version, step, split);
        }
        if !self.may_ask(ctx, whose, step) {
            return Next::Stay;
        }
        let slot = Slot::Personalizer(step.id.clone());
        let Some(binding) = version.bindings.get(&slot) else {
            return self.choice_failed(ctx, whose, version, step, split, NO_ANSWER);
        };
        self.ask_about_journey(ctx, whose, version.number, slot, binding);
        let continuation = Continuation::Split(self.asked_step(whose, &step.id));
        self.waiting.push((continuation, 1));
        Next::Stay
    }

    pub(super) fn split_answered(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        step: &StepId,
        reply: Reply,
    ) {
        let Some((version, step)) = self.step_of(ctx, whose, step) else {
            return;
        };
        let Some(split) = &step.split else {
            return;
        };
        // Another journey that asked in the same wave may have been given the lot before this one.
        let next = match self.settled_arm(ctx, whose, version, step, split) {
            Some(settled) => self.take_arm_of_split(ctx, whose, version, step, Some(settled)),
            None => self.choose_arm(ctx, whose, version, step, split, reply),
        };
        if let Next::On(next) = next {
            self.go(ctx, whose, version, next);
        }
    }

    fn choose_arm(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
        reply: Reply,
    ) -> Next {
        let (chosen, reason) = match reply {
            Reply::Verdict(Verdict::Personalizer(verdict)) => {
                (choice(split, &verdict.values), verdict.reason)
            }
            Reply::Verdict(_) => (None, 0),
            Reply::Failed(code) => {
                return self.choice_failed(ctx, whose, version, step, split, code);
            }
        };
        let Some(chosen) = chosen else {
            return self.choice_failed(ctx, whose, version, step, split, BAD_ANSWER);
        };
        let slot = Slot::Personalizer(step.id.clone());
        self.step_decided(ctx, whose, version, slot, reason, "chosen");
        self.remember_lot(ctx, whose, version, step, split, chosen);
        self.take_arm_of_split(ctx, whose, version, step, Some(chosen.arm))
    }

    /// Where the policy lets the journey go on, its arm is drawn by the weights; without any it goes on without one, and
    /// the next time the rule is asked again.
    fn choice_failed(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
        code: &str,
    ) -> Next {
        let slot = Slot::Personalizer(step.id.clone());
        let by = split.by.as_ref();
        let policy = by.map_or(OnFailure::Skip, |by| by.on_failure);
        if self.step_failed(ctx, whose, version, step, &slot, policy, code) {
            return self.take_drawn_arm(ctx, whose, version, step, split);
        }
        Next::Stay
    }

    fn take_drawn_arm(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
    ) -> Next {
        let experiment = split.experiment(&whose.workflow, &step.id);
        let contact = self.state.contact.id.as_str().as_bytes();
        let drawn = draw(mixed(0, [experiment.as_bytes(), contact]), &split.arms);
        if let Some(drawn) = drawn {
            self.remember_lot(ctx, whose, version, step, split, drawn);
        }
        let arm = drawn.map(|drawn| drawn.arm);
        self.take_arm_of_split(ctx, whose, version, step, arm)
    }

    fn take_arm_of_split(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        index: Option<usize>,
    ) -> Next {
        let arms = step.split.as_ref().map_or(&[][..], |split| &split.arms);
        let taken = index.and_then(|index| Some((index, arms.get(index)?)));
        let Some((index, arm)) = taken else {
            return self.take_arm_of(ctx, whose, version, step, (None, None));
        };
        if let Some(journey) = self.journey_mut(whose)
            && arm.holdout
        {
            journey.holdout = true;
        }
        let taken = (Some(index as u16), arm.goto.as_ref());
        self.take_arm_of(ctx, whose, version, step, taken)
    }

    /// The arm that nobody has to draw or choose any more: the one that won, or the one that the contact has.
    fn settled_arm(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
    ) -> Option<usize> {
        if let Some(winner) = winner(ctx, whose, version, step, split) {
            return Some(winner);
        }
        let hash = experiment_hash(whose, step, split);
        let lot = self.state.lots.iter().find(|lot| lot.experiment == hash)?;
        let mut arms = split.arms.iter();
        let given = Given {
            arm: arms.position(|one| name_hash(one) == lot.arm)?,
            propensity: lot.propensity,
        };
        if is_of_predecessor(ctx, &whose.workflow, lot) {
            // Others may share it, and go on with the arm.
            split.experiment.as_ref()?;
            self.remember_lot(ctx, whose, version, step, split, given);
        }
        Some(given.arm)
    }

    /// Keeps the arm that the contact was given in the experiment, in place of one from before, and counts the contact.
    fn remember_lot(
        &mut self,
        ctx: &Context<'_>,
        whose: &Whose,
        version: &WorkflowVersion,
        step: &Step,
        split: &Split,
        given: Given,
    ) {
        let Some(position) = position_of(ctx, whose, version, &step.id) else {
            return;
        };
        let experiment = experiment_hash(whose, step, split);
        let lots = &mut self.state.lots;
        let known = lots.iter().position(|lot| lot.experiment == experiment);
        if let Some(known) = known {
            lots.remove(known);
        } else if lots.len() >= LOTS_MAX {
            lots.remove(0);
        }
        let arm = &split.arms[given.arm];
        lots.push(Lot {
            experiment,
            arm: name_hash(arm),
            workflow: workflow_hash(&whose.workflow),
            version: version.number,
            step: position as u16,
            drawn_at: ctx.now,
            propensity: given.propensity,
            has_converted: false,
        });
        let (step, arm) = (step.id.clone(), arm.name.clone());
        let what = match split.by {
            Some(_) => FactKind::ArmChosen(step, arm, given.propensity),
            None => FactKind::ArmAssigned(step, arm),
        };
        self.journey_fact(ctx, whose, what);
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
            let (step, arm) = (step.id.clone(), arm.name.clone());
            let what = match split.by {
                Some(_) => FactKind::ChosenArmConverted(step, arm, lot.propensity),
                None => FactKind::ArmConverted(step, arm),
            };
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
fn draw(number: u64, arms: &[SplitArm]) -> Option<Given> {
    let point = number % u64::from(WEIGHTS);
    let mut end = 0;
    let drawn = arms.iter().position(|arm| {
        end += u64::from(arm.weight);
        point < end
    })?;
    Some(Given {
        arm: drawn,
        propensity: Propensity::of_weight(arms[drawn].weight)?,
    })
}

/// The arm that a rule's values choose; `None` where they name none of the split's, or no chance that it had.
fn choice(split: &Split, values: &Value) -> Option<Given> {
    let Value::Map(members) = values else {
        return None;
    };
    let name = members.get("arm")?.as_text()?;
    let mut arms = split.arms.iter();
    Some(Given {
        arm: arms.position(|arm| arm.name.as_str() == name)?,
        propensity: Propensity::of(members.get("propensity")?.as_number()?)?,
    })
}

fn experiment_hash(whose: &Whose, step: &Step, split: &Split) -> u64 {
    fnv1a(split.experiment(&whose.workflow, &step.id).as_bytes())
}

fn name_hash(arm: &SplitArm) -> u64 {
    fnv1a(arm.name.as_str().as_bytes())
}
