//! What a simulation or a forecast came to, as text for people and as JSON.
//!
//! `simulate` and `forecast` print it. Everything in it is a count that the facts can be folded to again.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value as Json, json};
use signalbox_model::{
    amount,
    definitions::Slot,
    id::{StepId, WorkflowId},
    time::Instant,
    workflow::Workflow,
};
use signalbox_reports::{
    Counters, OfferCounters, StepCounters, VersionCounters, series::SendsPerHour,
};

/// See the module.
pub(crate) struct Summary {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
    pub(crate) events: usize,
    pub(crate) decisions: u64,
    pub(crate) workflows: BTreeMap<WorkflowId, OfWorkflow>,
    pub(crate) sends: SendsPerHour,
}

/// What happened in one workflow.
#[derive(Default)]
pub(crate) struct OfWorkflow {
    /// Of all its versions together.
    counters: VersionCounters,
    /// Its steps in their order.
    steps: Vec<StepId>,
}

impl OfWorkflow {
    /// The counters of the steps in the workflow's order, then of those that it has no more.
    fn steps(&self) -> impl Iterator<Item = (&StepId, &StepCounters)> {
        let counted = &self.counters.steps;
        let known = self.steps.iter().filter_map(|id| counted.get_key_value(id));
        let gone = counted.iter().filter(|(id, _)| !self.steps.contains(id));
        known.chain(gone)
    }

    /// Journeys that came to a step and have not left it.
    fn inside(&self) -> u64 {
        self.counters.steps.values().map(inside).sum()
    }
}

/// Journeys that came to the step and have not left it.
fn inside(step: &StepCounters) -> u64 {
    let left = step.advanced + step.exited.values().sum::<u64>();
    step.entered.saturating_sub(left)
}

/// What happened in those workflows, and in whichever else something did.
pub(crate) fn by_workflow<'w>(
    counters: &Counters,
    workflows: impl IntoIterator<Item = &'w Workflow>,
) -> BTreeMap<WorkflowId, OfWorkflow> {
    let mut all: BTreeMap<WorkflowId, OfWorkflow> = BTreeMap::new();
    for workflow in workflows {
        let steps = workflow.steps.iter().map(|step| step.id.clone());
        all.entry(workflow.id.clone()).or_default().steps = steps.collect();
    }
    for (workflow, versions) in &counters.workflows {
        let of_workflow = all.entry(workflow.clone()).or_default();
        for counters in versions.values() {
            of_workflow.counters.merge(counters);
        }
    }
    all
}

impl Summary {
    pub(crate) fn to_json(&self) -> Json {
        let workflows: Map<String, Json> = self
            .workflows
            .iter()
            .map(|(id, of_workflow)| (id.to_string(), workflow_json(of_workflow)))
            .collect();
        let mut hours = Vec::new();
        for (hour, of_workflows) in &self.sends.hours {
            for (workflow, sent) in of_workflows {
                hours.push(json!({ "hour": hour, "workflow": workflow, "sent": sent }));
            }
        }
        json!({
            "from": self.from,
            "until": self.until,
            "events": self.events,
            "decisions": self.decisions,
            "workflows": workflows,
            "sends_per_hour": hours,
        })
    }
}

fn workflow_json(of_workflow: &OfWorkflow) -> Json {
    let counters = &of_workflow.counters;
    let steps: Map<String, Json> = counters
        .steps
        .iter()
        .map(|(id, step)| (id.to_string(), step_json(step)))
        .collect();
    json!({
        "entered": counters.entered,
        "not_entered": counters.not_entered,
        "completed": counters.completed,
        "exited": counters.exited,
        "inside": of_workflow.inside(),
        "armed": counters.armed,
        "disarmed": counters.disarmed,
        "arms_dropped": counters.arms_dropped,
        "decisions": counters.decisions,
        "steps": steps,
    })
}

fn step_json(step: &StepCounters) -> Json {
    let messages = &step.messages;
    json!({
        "entered": step.entered,
        "exited": step.exited,
        "inside": inside(step),
        "arms_taken": step.arms_taken,
        "messages": {
            "queued": messages.queued,
            "sent": messages.sent,
            "skipped": messages.skipped,
            "refused": messages.refused,
        },
        "offers": step.offers.iter().map(offer_json).collect::<Map<_, _>>(),
    })
}

fn offer_json((arm, offers): (&String, &OfferCounters)) -> (String, Json) {
    let cost = amount::number_of(offers.cost);
    (arm.clone(), json!({ "sent": offers.sent, "cost": cost }))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events from {} until {}, {} decisions",
            self.events, self.from, self.until, self.decisions
        )?;
        for (id, of_workflow) in &self.workflows {
            write!(f, "\n\n{id}")?;
            write_workflow(f, of_workflow)?;
        }
        let sent: u64 = self.sends.hours.values().flat_map(BTreeMap::values).sum();
        write!(f, "\n\n{sent} messages sent")?;
        if let Some((hour, most)) = self.sends.busiest() {
            write!(f, ", at most {most} in an hour, from {hour} on")?;
        }
        Ok(())
    }
}

fn write_workflow(f: &mut fmt::Formatter<'_>, of_workflow: &OfWorkflow) -> fmt::Result {
    let counters = &of_workflow.counters;
    write!(f, "\n  {:>9} entered", counters.entered)?;
    write_reasons(f, "not entered", &counters.not_entered)?;
    for (slot, said) in [
        (Slot::Trigger, "trigger said"),
        (Slot::Audience, "audience said"),
    ] {
        if let Some(reasons) = counters.decisions.get(&slot.to_string()) {
            write_reasons(f, said, reasons)?;
        }
    }
    write!(f, "\n  {:>9} completed", counters.completed)?;
    write_reasons(f, "exited", &counters.exited)?;
    for (what, count) in [
        ("still inside", of_workflow.inside()),
        ("armed", counters.armed),
        ("disarmed", counters.disarmed),
    ] {
        if count > 0 {
            write!(f, "\n  {count:>9} {what}")?;
        }
    }
    write_reasons(f, "arm dropped", &counters.arms_dropped)?;
    for (id, step) in of_workflow.steps() {
        let slot = Slot::Personalizer(id.clone()).to_string();
        write_step(f, id, step, counters.decisions.get(&slot))?;
    }
    Ok(())
}

fn write_step(
    f: &mut fmt::Formatter<'_>,
    id: &StepId,
    step: &StepCounters,
    chosen: Option<&BTreeMap<String, u64>>,
) -> fmt::Result {
    for (arm, count) in &step.arms_taken {
        write!(f, "\n  {count:>9} took arm {arm} at {id}")?;
    }
    if let Some(reasons) = chosen {
        write_reasons(f, &format!("chosen at {id}"), reasons)?;
    }
    let messages = &step.messages;
    if messages.queued > 0 || messages.sent > 0 {
        write!(f, "\n  {:>9} sent by {id}", messages.sent)?;
    }
    for (arm, offers) in &step.offers {
        let cost = amount::number_of(offers.cost);
        write!(
            f,
            "\n  {:>9} offered {arm} by {id}, cost {cost}",
            offers.sent
        )?;
    }
    write_reasons(f, &format!("skipped at {id}"), &messages.skipped)?;
    write_reasons(f, &format!("refused at {id}"), &messages.refused)?;
    if inside(step) > 0 {
        write!(f, "\n  {:>9} still at {id}", inside(step))?;
    }
    Ok(())
}

fn write_reasons(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    reasons: &BTreeMap<String, u64>,
) -> fmt::Result {
    for (reason, count) in reasons {
        write!(f, "\n  {count:>9} {what}: {reason}")?;
    }
    Ok(())
}

/// The hours in which something was sent, a line each.
pub(crate) struct Hours<'a>(pub(crate) &'a SendsPerHour);

impl fmt::Display for Hours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sends per hour (UTC)")?;
        for (hour, workflows) in &self.0.hours {
            write!(f, "\n  {hour}")?;
            for (workflow, sent) in workflows {
                write!(f, "  {sent} {workflow}")?;
            }
        }
        Ok(())
    }
}
