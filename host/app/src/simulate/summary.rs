//! What a simulation or a forecast came to, as text for people and as JSON.
//!
//! `simulate` and `forecast` print it. Everything in it is a count that the facts can be folded to again.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value as Json, json};
use signalbox_model::{id::WorkflowId, time::Instant};
use signalbox_reports::{Counters, StepCounters, VersionCounters, series::SendsPerHour};

/// See the module.
pub(crate) struct Summary {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
    pub(crate) events: usize,
    pub(crate) decisions: u64,
    pub(crate) workflows: BTreeMap<WorkflowId, VersionCounters>,
    pub(crate) sends: SendsPerHour,
}

/// Counters of all versions of each workflow together.
pub(crate) fn by_workflow(counters: &Counters) -> BTreeMap<WorkflowId, VersionCounters> {
    let mut workflows = BTreeMap::new();
    for (workflow, versions) in &counters.workflows {
        let mut all = VersionCounters::default();
        for counters in versions.values() {
            all.merge(counters);
        }
        workflows.insert(workflow.clone(), all);
    }
    workflows
}

impl Summary {
    pub(crate) fn to_json(&self) -> Json {
        let workflows: Map<String, Json> = self
            .workflows
            .iter()
            .map(|(id, counters)| (id.to_string(), workflow_json(counters)))
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

fn workflow_json(counters: &VersionCounters) -> Json {
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
        "arms_taken": step.arms_taken,
        "messages": {
            "queued": messages.queued,
            "sent": messages.sent,
            "skipped": messages.skipped,
            "refused": messages.refused,
        },
    })
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events from {} until {}, {} decisions",
            self.events, self.from, self.until, self.decisions
        )?;
        for (id, counters) in &self.workflows {
            write_workflow(f, id, counters)?;
        }
        let sent: u64 = self.sends.hours.values().flat_map(BTreeMap::values).sum();
        write!(f, "\n\n{sent} messages sent")?;
        if let Some((hour, most)) = self.sends.busiest() {
            write!(f, ", at most {most} in an hour, from {hour} on")?;
        }
        Ok(())
    }
}

fn write_workflow(
    f: &mut fmt::Formatter<'_>,
    id: &WorkflowId,
    counters: &VersionCounters,
) -> fmt::Result {
    write!(f, "\n\n{id}")?;
    write!(f, "\n  {:>9} entered", counters.entered)?;
    for (reason, count) in &counters.not_entered {
        write!(f, "\n  {count:>9} not entered: {reason}")?;
    }
    write!(f, "\n  {:>9} completed", counters.completed)?;
    for (reason, count) in &counters.exited {
        write!(f, "\n  {count:>9} exited: {reason}")?;
    }
    for (what, count) in [("armed", counters.armed), ("disarmed", counters.disarmed)] {
        if count > 0 {
            write!(f, "\n  {count:>9} {what}")?;
        }
    }
    let decisions = &counters.decisions;
    for (step, counters) in &counters.steps {
        for (arm, count) in &counters.arms_taken {
            write!(f, "\n  {count:>9} took arm {arm} at {step}")?;
        }
        let chosen = decisions.get(&format!("steps/{step}/personalizer"));
        for (reason, count) in chosen.into_iter().flatten() {
            write!(f, "\n  {count:>9} chosen at {step}: {reason}")?;
        }
        let messages = &counters.messages;
        if messages.queued > 0 || messages.sent > 0 {
            write!(f, "\n  {:>9} sent by {step}", messages.sent)?;
        }
        for (reason, count) in &messages.skipped {
            write!(f, "\n  {count:>9} skipped at {step}: {reason}")?;
        }
        for (reason, count) in &messages.refused {
            write!(f, "\n  {count:>9} refused at {step}: {reason}")?;
        }
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
