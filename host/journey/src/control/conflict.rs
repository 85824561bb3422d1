//! Why a command is refused.

use signalbox_model::{
    definitions::{Release, Slot},
    id::{Digest, PluginName, SegmentName, StepId, TableName, WorkflowId},
    segment::Owner,
    time::{Instant, Span},
    workflow::WorkflowState,
};

use super::{ShadowConflict, one_of};

/// Why a command was refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// There is no such workflow.
    #[error("there is no workflow {workflow}")]
    NotFound {
        /// The id asked for.
        workflow: WorkflowId,
    },
    /// The state does not allow it.
    #[error("workflow {workflow} is {}, but {action} needs {}; allowed: {}", state.as_str(), one_of(needed), allowed.join(", "))]
    State {
        /// Which workflow.
        workflow: WorkflowId,
        /// The state it is in.
        state: WorkflowState,
        /// What was asked.
        action: &'static str,
        /// The states that allow it.
        needed: Vec<WorkflowState>,
        /// What can be asked in this state.
        allowed: &'static [&'static str],
    },
    /// The workflow was to be new, but there is one.
    #[error("workflow {workflow} exists already, its version is {current}")]
    Exists {
        /// Which workflow.
        workflow: WorkflowId,
        /// Its current version.
        current: u32,
    },
    /// The edit was made from another version than the current one.
    #[error(
        "workflow {workflow} has moved on to version {current}, the edit was made from {based_on}"
    )]
    Version {
        /// Which workflow.
        workflow: WorkflowId,
        /// Its current version.
        current: u32,
        /// The version the edit was made from.
        based_on: u32,
    },
    /// The checklist that was looked at is that of another version than the current one.
    #[error(
        "workflow {workflow} has moved on to version {current}, the checklist was that of {checked}"
    )]
    Checked {
        /// Which workflow.
        workflow: WorkflowId,
        /// Its current version.
        current: u32,
        /// The version whose checklist was looked at.
        checked: u32,
    },
    /// The settings were made from others than the current ones.
    #[error("the settings have moved on to version {current}, these were made from {based_on}")]
    Settings {
        /// The current version.
        current: u64,
        /// The version these were made from.
        based_on: u64,
    },
    /// It can neither start nor go on after a pause without saying what it is measured by.
    #[error(
        "workflow {workflow} names no goal: say `goal: none`, or which event it is to bring about"
    )]
    GoalMissing {
        /// Which workflow.
        workflow: WorkflowId,
    },
    /// There is no such arm, or no such split in the version that was looked at.
    #[error("step {step} of workflow {workflow} has no such experiment: {reason}")]
    NoExperiment {
        /// Which workflow.
        workflow: WorkflowId,
        /// The step named.
        step: StepId,
        /// What is not there.
        reason: &'static str,
    },
    /// The experiment is over already.
    #[error("the experiment at step {step} of workflow {workflow} was over at {at}")]
    ExperimentOver {
        /// Which workflow.
        workflow: WorkflowId,
        /// The step that splits.
        step: StepId,
        /// Since when.
        at: Instant,
    },
    /// There is no such segment.
    #[error("there is no segment {segment}")]
    SegmentNotFound {
        /// The name asked for.
        segment: SegmentName,
    },
    /// The segment was to be new, but there is one.
    #[error("segment {segment} exists already, its version is {current}")]
    SegmentExists {
        /// Which segment.
        segment: SegmentName,
        /// Its current version.
        current: u32,
    },
    /// The edit was made from another version than the current one.
    #[error(
        "segment {segment} has moved on to version {current}, the edit was made from {based_on}"
    )]
    SegmentVersion {
        /// Which segment.
        segment: SegmentName,
        /// Its current version.
        current: u32,
        /// The version the edit was made from.
        based_on: u32,
    },
    /// Something goes by the segment that was to be deleted.
    #[error("segment {segment} cannot be deleted: {by} goes by it")]
    SegmentInUse {
        /// Which segment.
        segment: SegmentName,
        /// What does.
        by: String,
    },
    /// The segment goes by what there is not any more.
    #[error("segment {segment} cannot be put: {reason}")]
    SegmentRefused {
        /// Which segment.
        segment: SegmentName,
        /// What is wrong.
        reason: String,
    },
    /// A start was scheduled for an instant that is not ahead.
    #[error("the start at {starts_at} is not ahead of {now}")]
    NotAhead {
        /// The instant asked for.
        starts_at: Instant,
        /// Journey time.
        now: Instant,
    },
    /// The scheduled start is so close that it cannot be kept from everybody any more.
    #[error(
        "workflow {workflow} starts in less than {before}, too soon to be cancelled: pause or end it once it runs"
    )]
    StartsSoon {
        /// Which workflow.
        workflow: WorkflowId,
        /// How long before its start a workflow can be cancelled.
        before: Span,
    },
    /// A bound is reached.
    #[error("there are {count} {what} already, at most {count_max} are allowed")]
    Full {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        count_max: usize,
    },
    /// A binding reads the table, and could not any more.
    #[error("table {table} is read by {slot} of {}: {reason}", owner.in_words())]
    TableInUse {
        /// Which table.
        table: TableName,
        /// Whose binding.
        owner: Owner,
        /// Which of its bindings.
        slot: Slot,
        /// What it could not read.
        reason: String,
    },
    /// There is no such table.
    #[error("there is no table {table}")]
    TableNotFound {
        /// The name asked for.
        table: TableName,
    },
    /// A binding asks for what no table has; it went while the workflow was put.
    #[error("{slot} cannot be bound: {reason}")]
    TableUnmet {
        /// Which binding.
        slot: Slot,
        /// What it asks for.
        reason: String,
    },
    /// The file is not quarantined.
    #[error("no file {digest} is quarantined")]
    NotQuarantined {
        /// Which one.
        digest: Digest,
    },
    /// Somebody revoked the file, and it takes another release to bring it back.
    #[error("{digest} was revoked by {actor}: a second person has to release it anew")]
    Revoked {
        /// Which one.
        digest: Digest,
        /// Who revoked it.
        actor: String,
    },
    /// Nothing was said of the plugin's versions.
    #[error("no version of plugin {plugin} is deprecated")]
    NotDeprecated {
        /// Which one.
        plugin: PluginName,
    },
    /// A shadow cannot begin or end.
    #[error(transparent)]
    Shadow(#[from] ShadowConflict),
    /// Who has signed a component would release it too.
    #[error("{} {} is signed by {}: somebody else has to release it", .0.plugin, .0.version, .0.signed_by)]
    SelfRelease(Box<Release>),
    /// The command's texts do not read as what they should be.
    #[error("the {what} of the command does not read: {reason}")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Conflict {
    /// Stable code in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "workflow_not_found",
            Self::State { .. } => "workflow_state",
            Self::Exists { .. } => "workflow_exists",
            Self::Version { .. } | Self::Checked { .. } => "workflow_version",
            Self::Settings { .. } => "settings_version",
            Self::GoalMissing { .. } => "goal_missing",
            Self::NoExperiment { .. } => "experiment_not_found",
            Self::ExperimentOver { .. } => "experiment_over",
            Self::SegmentNotFound { .. } => "segment_not_found",
            Self::SegmentExists { .. } => "segment_exists",
            Self::SegmentVersion { .. } => "segment_version",
            Self::SegmentInUse { .. } => "segment_in_use",
            Self::SegmentRefused { .. } => "segment_refused",
            Self::NotAhead { .. } => "start_not_ahead",
            Self::StartsSoon { .. } => "workflow_starts_soon",
            Self::TableInUse { .. } => "table_in_use",
            Self::TableNotFound { .. } => "table_not_found",
            Self::TableUnmet { .. } => "table_unmet",
            Self::SelfRelease(_) => "self_release",
            Self::Full { .. } => "workflows_full",
            Self::NotQuarantined { .. } => "not_quarantined",
            Self::Revoked { .. } => "plugin_revoked",
            Self::NotDeprecated { .. } => "not_deprecated",
            Self::Shadow(conflict) => conflict.code(),
            Self::Malformed { .. } => "command_malformed",
        }
    }
}
