//! What the demo prints: for people, and as JSON for whoever checks its counts.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Context;
use serde_json::{Value as Json, json};
use signalbox_engine::Engine;
use signalbox_reports::VersionCounters;

use crate::feed::Report;

/// What happened.
pub(crate) struct Outcome {
    events: u64,
    took: Duration,
    decisions: u64,
    decisions_failed: u64,
    decision_p50_us: u64,
    decision_p99_us: u64,
    messages_captured: usize,
    workflows: BTreeMap<String, (String, VersionCounters)>,
}

impl Outcome {
    pub(crate) async fn of(engine: &Engine, fed: &Report) -> anyhow::Result<Self> {
        let metrics = engine.metrics_snapshot()?;
        let mut workflows = BTreeMap::new();
        let mut counted = engine.counters().await?.workflows;
        for workflow in engine.workflows(None, usize::MAX)? {
            let mut counters = VersionCounters::default();
            for version in counted.remove(&workflow.id).unwrap_or_default().values() {
                counters.merge(version);
            }
            workflows.insert(workflow.id.to_string(), (workflow.title, counters));
        }
        let inbox = engine.inbox().context("the demo captures its mails")?;
        Ok(Self {
            events: fed.posted,
            took: fed.took,
            decisions: metrics.decisions,
            decisions_failed: metrics.decisions_failed,
            decision_p50_us: metrics.decision_time.quantile_us(0.5),
            decision_p99_us: metrics.decision_time.quantile_us(0.99),
            messages_captured: inbox.count(),
            workflows,
        })
    }

    pub(crate) fn to_json(&self) -> Json {
        let workflows: serde_json::Map<String, Json> = self
            .workflows
            .iter()
            .map(|(id, (_, counters))| (id.clone(), workflow_json(counters)))
            .collect();
        json!({
            "events": self.events,
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "decisions": {
                "count": self.decisions,
                "failed": self.decisions_failed,
                "p50_us": self.decision_p50_us,
                "p99_us": self.decision_p99_us,
            },
            "inbox": { "messages": self.messages_captured },
            "workflows": workflows,
        })
    }
}

fn workflow_json(counters: &VersionCounters) -> Json {
    let steps: serde_json::Map<String, Json> = counters
        .steps
        .iter()
        .filter(|(_, step)| step.messages.queued > 0)
        .map(|(id, step)| (id.to_string(), json!({ "sent": step.messages.sent })))
        .collect();
    json!({
        "entered": counters.entered,
        "not_entered": counters.not_entered,
        "inside": counters.inside(),
        "completed": counters.completed,
        "exited": counters.exited,
        "armed": counters.armed,
        "disarmed": counters.disarmed,
        "messages": { "queued": counters.messages.queued, "sent": counters.messages.sent, "by_step": steps },
    })
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        writeln!(
            f,
            "\nevents     {} purchases fed and 18 months of waiting wound in {seconds:.1} s",
            self.events
        )?;
        write!(
            f,
            "decisions  {} by sandboxed rules, p50 {} us, p99 {} us, {} failed",
            self.decisions, self.decision_p50_us, self.decision_p99_us, self.decisions_failed
        )?;
        for (id, (title, counters)) in &self.workflows {
            write!(f, "\n\n{title} ({id})")?;
            write!(
                f,
                "\n  journeys   {} entered, {} inside",
                counters.entered,
                counters.inside()
            )?;
            let outcomes = [("completed", counters.completed)];
            let exits = counters
                .exited
                .iter()
                .map(|(reason, count)| (reason.as_str(), *count));
            for (outcome, count) in outcomes
                .into_iter()
                .chain(exits)
                .filter(|(_, count)| *count > 0)
            {
                write!(f, "\n             {count:>6} {outcome}")?;
            }
            if !counters.not_entered.is_empty() {
                write!(f, "\n  stayed out ")?;
                let reasons = counters
                    .not_entered
                    .iter()
                    .map(|(reason, count)| format!("{count} {reason}"));
                f.write_str(&reasons.collect::<Vec<_>>().join(", "))?;
            }
            write!(f, "\n  mails      {} sent", counters.messages.sent)?;
            for (step, counters) in counters
                .steps
                .iter()
                .filter(|(_, step)| step.messages.queued > 0)
            {
                write!(f, "\n             {:>6} {step}", counters.messages.sent)?;
            }
        }
        write!(f, "\n\n{} mails in the inbox", self.messages_captured)
    }
}
