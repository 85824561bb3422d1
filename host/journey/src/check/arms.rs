//! Whether a binding reads arms that its journeys take.

use signalbox_model::{
    definitions::Slot,
    plan::{Plan, Source},
    problem::Problem,
    workflow::Workflow,
};

use crate::arms_taken;

/// Arms that the plan of a rule at that place reads and that nobody takes, each at the place of the binding's config: of a
/// step that there is not, of one without arms, or before there is a journey. A named segment has no `workflow`.
pub fn untaken(
    plan: &Plan,
    slot: &Slot,
    pointer: &str,
    workflow: Option<&Workflow>,
) -> Vec<Problem> {
    let steps = workflow.map_or(&[][..], |workflow| &workflow.steps);
    let mut problems = Vec::new();
    for input in &plan.inputs {
        let Source::ArmTaken(step) = &input.source else {
            continue;
        };
        let found = steps.iter().find(|one| one.id.as_str() == step);
        let reason = match (slot, found) {
            (Slot::Trigger | Slot::Audience | Slot::Membership, _) => {
                format!("the arm taken at {step:?} is read where there is no journey that took one")
            }
            (_, None) => format!("there is no step {step:?} whose arm could be read"),
            (_, Some(found)) if !arms_taken::has_arms(found) => {
                format!("step {step:?} has no arms")
            }
            _ => continue,
        };
        let help = "name a step that splits, branches, waits for events or for an approval, in a branch, a \
                    personalizer or an exit";
        problems.push(Problem::new(pointer, "arm_untaken", reason).with_help(help));
    }
    problems
}
