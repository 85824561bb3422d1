//! What all partitions decide by: the workflows with their versions, states and resolved bindings.
//!
//! Written by the control partition only. Every partition uses one numbered set of definitions from the record on
//! that brings it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    describe::{Reason, RuleKind},
    id::{Digest, PluginName, StepId, TemplateName, WorkflowId},
    plan::Plan,
    settings::Settings,
    time::Instant,
    workflow::{Edit, Workflow, WorkflowState},
};

/// All workflows, as of one record of the control partition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Definitions {
    /// Counts up by one with every change.
    pub version: u64,
    /// The workflows that are not deleted.
    pub workflows: BTreeMap<WorkflowId, WorkflowDefinition>,
    /// Settings of the whole server.
    #[serde(default)]
    pub settings: Settings,
    /// Counts up by one with every change of the settings.
    #[serde(default)]
    pub settings_version: u64,
}

/// One workflow with all its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkflowDefinition {
    /// Which of the five states.
    pub state: WorkflowState,
    /// When it starts by itself; only in the state scheduled.
    pub starts_at: Option<Instant>,
    /// Journey time of its start; triggers look at nothing that was logged before. `None` before the start.
    pub running_since: Option<Instant>,
    /// The version that new journeys enter.
    pub current: u32,
    /// Versions by number, from 1. Those that no journey needs may be gone, the current never.
    pub versions: BTreeMap<u32, WorkflowVersion>,
}

impl WorkflowDefinition {
    /// The version that new journeys enter.
    pub fn current_version(&self) -> Option<&WorkflowVersion> {
        self.versions.get(&self.current)
    }
}

/// One immutable version: the document, and what its bindings and templates stand for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkflowVersion {
    /// From 1.
    pub number: u32,
    /// When it was made.
    pub created_at: Instant,
    /// What it means for journeys on versions before it.
    #[serde(default)]
    pub edit: Edit,
    /// What the marketer wrote.
    pub document: Workflow,
    /// Which file each of its bindings stands for now; `adopt` bindings move on within the version.
    pub bindings: BTreeMap<Slot, ResolvedBinding>,
    /// The digest of each template (of its JSON), under which its body is kept.
    pub templates: BTreeMap<TemplateName, Digest>,
}

/// Where in a workflow a binding stands. As text: `trigger`, `audience`, `steps/ID/personalizer`, `steps/ID/arms/N`,
/// `exits/N`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The trigger.
    Trigger,
    /// The audience.
    Audience,
    /// The personalizer of a send step.
    Personalizer(StepId),
    /// The segment of an arm of a branch, by index.
    Arm(StepId, u16),
    /// The segment of an exit, by index.
    Exit(u16),
}

impl Slot {
    /// The kind of rule that belongs there.
    pub fn kind(&self) -> RuleKind {
        match self {
            Self::Trigger => RuleKind::Trigger,
            Self::Audience | Self::Arm(..) | Self::Exit(_) => RuleKind::Segment,
            Self::Personalizer(_) => RuleKind::Personalizer,
        }
    }

    /// Parses the text form.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            ["trigger"] => Some(Self::Trigger),
            ["audience"] => Some(Self::Audience),
            ["exits", index] => Some(Self::Exit(index.parse().ok()?)),
            ["steps", step, "personalizer"] => StepId::parse(step).ok().map(Self::Personalizer),
            ["steps", step, "arms", index] => {
                Some(Self::Arm(StepId::parse(step).ok()?, index.parse().ok()?))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trigger => f.write_str("trigger"),
            Self::Audience => f.write_str("audience"),
            Self::Personalizer(step) => write!(f, "steps/{step}/personalizer"),
            Self::Exit(index) => write!(f, "exits/{index}"),
            Self::Arm(step, index) => write!(f, "steps/{step}/arms/{index}"),
        }
    }
}

impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format_args!("{text:?} is not a place of a binding")))
    }
}

/// A binding with the file it stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedBinding {
    /// The plugin's name.
    pub plugin: PluginName,
    /// The version of the file.
    pub version: semver::Version,
    /// The file.
    pub digest: Digest,
    /// The config as JSON text.
    pub config: String,
    /// What the rule asks for with this config.
    pub plan: Plan,
    /// The reasons its verdicts name.
    pub reasons: Vec<Reason>,
}

impl ResolvedBinding {
    /// The code of a reason; `unknown_reason` for an index that is none.
    pub fn reason_code(&self, index: u32) -> &str {
        self.reasons
            .get(index as usize)
            .map_or("unknown_reason", |reason| &reason.code)
    }
}
