//! Experiments: what the counts of all partitions say of each split of a workflow, and which of them is over.
//!
//! Read for whoever looks, and by the control partition, which ends what is over. The judgement is `reports`'.

use std::{collections::BTreeMap, sync::Arc};

use signalbox_model::{
    definitions::{Definitions, EndedExperiment},
    id::{ArmName, PluginName, StepId, WorkflowId},
    record::Command,
    time::Instant,
    workflow::{
        WorkflowState,
        step::{Measure, Split, Step},
    },
};
use signalbox_reports::{
    ArmCounters, VersionCounters,
    experiment::{Arm, Finding, Looks, finding},
    weighed::Weighed,
};

use crate::{error::ReadError, shared::Shared, views};

/// Between two looks at whether an experiment is over, in journey time: at each full hour.
const LOOK_EVERY_MS: i64 = 3_600_000;

/// The experiment of a split as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentView {
    /// The step that splits.
    pub step: StepId,
    /// Its name; splits that share it give a contact the same lot.
    pub experiment: String,
    /// What the arms are compared by.
    pub by: Measure,
    /// The plugin whose rule chooses the arms; `None` where they are drawn.
    pub plugin: Option<PluginName>,
    /// People that each arm is planned to have, where the workflow says so.
    pub per_arm: Option<u32>,
    /// The versions that are counted together, the newest first: those that split in the same way.
    pub versions: Vec<u32>,
    /// The people of each arm.
    pub arms: Vec<Arm>,
    /// Whom the people of each arm stand for, where a rule chooses the arms; else empty.
    pub weighed: BTreeMap<ArmName, Weighed>,
    /// What the counts say; `None` where fewer than two arms have a weight, or a rule chooses the arms.
    pub finding: Option<Finding>,
    /// How it ended, if it is over.
    pub ended: Option<EndedExperiment>,
}

impl ExperimentView {
    /// Whether it ends now.
    fn is_over(&self) -> bool {
        let Some(planned) = self.per_arm else {
            return self.winner().is_some();
        };
        let mut compared = self.arms.iter().filter(|arm| arm.weight > 0);
        compared.all(|arm| arm.assigned >= u64::from(planned))
    }

    /// The arm that is ahead of the others.
    fn winner(&self) -> Option<ArmName> {
        match &self.finding {
            Some(Finding::Winner { arm, .. }) => ArmName::parse(arm).ok(),
            _ => None,
        }
    }
}

/// Every split of the workflow's current version.
pub(crate) fn of(
    definitions: &Definitions,
    workflow: &WorkflowId,
    counters: &BTreeMap<u32, VersionCounters>,
) -> Vec<ExperimentView> {
    let found = definitions.workflows.get(workflow);
    let current = found.and_then(|found| found.current_version());
    let steps = current.map_or(&[][..], |current| &current.document.steps);
    let splits = steps
        .iter()
        .filter_map(|step| Some((step, step.split.as_ref()?)));
    splits
        .map(|(step, split)| view(definitions, workflow, (step, split), counters))
        .collect()
}

fn view(
    definitions: &Definitions,
    workflow: &WorkflowId,
    (step, split): (&Step, &Split),
    counters: &BTreeMap<u32, VersionCounters>,
) -> ExperimentView {
    let versions = definitions.versions_of_split(workflow, &step.id);
    let versions: Vec<u32> = versions.map(|version| version.number).collect();
    let counted = |arm: &ArmName| {
        let steps = versions
            .iter()
            .filter_map(|number| counters.get(number)?.steps.get(&step.id));
        let people = steps.filter_map(|step| step.people.get(arm.as_str()));
        people.fold(ArmCounters::default(), |mut all, people| {
            all.merge(*people);
            all
        })
    };
    let arms: Vec<Arm> = split
        .arms
        .iter()
        .map(|arm| {
            let people = counted(&arm.name);
            Arm {
                name: arm.name.to_string(),
                weight: arm.weight,
                assigned: people.assigned,
                converted: people.converted,
            }
        })
        .collect();
    let by = split.by.as_ref();
    let chosen = split.arms.iter().filter(|_| by.is_some());
    let weighed = chosen.map(|arm| (arm.name.clone(), counted(&arm.name).weighed));
    let weighed = weighed.collect();
    let per_arm = split.winner.as_ref().and_then(|winner| winner.per_arm);
    let looks = match per_arm {
        Some(planned) => Looks::Final {
            planned: u64::from(planned),
        },
        None => Looks::Watched,
    };
    let ended = definitions.workflows.get(workflow);
    ExperimentView {
        step: step.id.clone(),
        experiment: split.experiment(workflow, &step.id),
        by: split.measure(),
        plugin: by.map(|by| by.plugin.clone()),
        per_arm,
        versions,
        weighed,
        // Its test takes it that people came into the arms by the weights alone.
        finding: finding(&arms, looks).ok().filter(|_| by.is_none()),
        arms,
        ended: ended.and_then(|found| found.ended.get(&step.id).cloned()),
    }
}

/// The next instant at which somebody has to look whether an experiment is over; `None` if none can end by itself.
pub(crate) fn next_look(definitions: &Definitions, fired_up_to: Instant) -> Option<Instant> {
    let hours = fired_up_to.as_ms().div_euclid(LOOK_EVERY_MS);
    may_end(definitions).then(|| Instant::from_ms((hours + 1) * LOOK_EVERY_MS))
}

/// Whether there is an experiment that may end by itself.
pub(crate) fn may_end(definitions: &Definitions) -> bool {
    open(definitions).next().is_some()
}

/// Splits of running workflows whose experiment is not over and may end by itself.
fn open(definitions: &Definitions) -> impl Iterator<Item = (&WorkflowId, &StepId)> {
    let running = definitions
        .workflows
        .iter()
        .filter(|(_, found)| found.state == WorkflowState::Running);
    running.flat_map(|(id, found)| {
        let steps = found
            .current_version()
            .map(|current| &current.document.steps);
        let steps = steps.into_iter().flatten();
        let splits = steps.filter(|step| {
            let split = step.split.as_ref();
            split.is_some_and(|split| split.winner.is_some()) && !found.ended.contains_key(&step.id)
        });
        splits.map(move |step| (id, &step.id))
    })
}

/// The commands that end what is over.
pub(crate) fn to_end(
    shared: &Shared,
    definitions: &Arc<Definitions>,
) -> Result<Vec<Command>, ReadError> {
    let mut counters = views::counters(shared)?;
    let mut commands = Vec::new();
    for (workflow, step) in open(definitions) {
        let counters = counters.workflows.entry(workflow.clone()).or_default();
        let views = of(definitions, workflow, counters);
        let mut views = views.into_iter();
        let Some(view) = views.find(|view| view.step == *step && view.is_over()) else {
            continue;
        };
        if let Some(&version) = view.versions.first() {
            commands.push(Command::EndExperiment {
                workflow: workflow.clone(),
                step: step.clone(),
                version,
                winner: view.winner(),
                by: None,
            });
        }
    }
    Ok(commands)
}
