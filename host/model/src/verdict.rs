//! A rule's answers and the failures that take their place.

use serde::{Deserialize, Serialize};

use crate::{
    condition::EventPattern,
    id::{Digest, EntryKey, PluginName},
    time::Instant,
    value::Value,
};

/// Most cancels of one arm.
pub const CANCELS_MAX: usize = 8;

/// A trigger's answer for one occasion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerVerdict {
    /// The contact enters; with this key, or the event's id where the rule names none.
    pub enter: Option<Enter>,
    /// The trigger wants to be asked again at an instant.
    pub arm: Option<Arm>,
    /// Index into the rule's reasons.
    pub reason: u32,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enter {
    /// What tells this entry from another; `None` for the event's id.
    pub key: Option<EntryKey>,
}

/// A trigger's wish to be asked again on the occasion `due`. A newer arm with the same key replaces the older.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// When.
    pub at: Instant,
    /// Names the arm for this contact and workflow.
    pub key: EntryKey,
    /// Events that take the arm away before it fires. Looked at from the next event on.
    pub cancelled_by: Vec<EventPattern>,
}

/// A segment's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentVerdict {
    /// In or out.
    pub member: bool,
    /// Index into the rule's reasons.
    pub reason: u32,
    /// The next instant at which the answer can change by time alone; `None` for never.
    pub recheck_at: Option<Instant>,
}

/// A personalizer's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonalizerVerdict {
    /// Values for the template, a map.
    pub values: Value,
    /// A subject in place of the template's.
    pub subject: Option<String>,
    /// The name of another template of the workflow in place of the step's.
    pub variant: Option<String>,
    /// An instant at which the message should go out rather than now.
    pub send_at: Option<Instant>,
    /// Index into the rule's reasons.
    pub reason: u32,
}

/// What a rule of any kind answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// A trigger's.
    Trigger(TriggerVerdict),
    /// A segment's.
    Segment(SegmentVerdict),
    /// A personalizer's.
    Personalizer(PersonalizerVerdict),
}

impl Verdict {
    /// Index into the rule's reasons.
    pub fn reason(&self) -> u32 {
        match self {
            Self::Trigger(verdict) => verdict.reason,
            Self::Segment(verdict) => verdict.reason,
            Self::Personalizer(verdict) => verdict.reason,
        }
    }
}

/// Why there is no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The rule itself said `failed(message)` for this contact.
    Failed,
    /// It trapped: unreachable, stack overflow, out of bounds.
    Trapped,
    /// It used up its fuel.
    OutOfFuel,
    /// It ran past its deadline.
    OutOfTime,
    /// It asked for more memory or table than it may have.
    OutOfMemory,
    /// Its answer breaks the contract: wrong count, unknown reason, bad JSON, too large.
    BadAnswer,
    /// Others of its batch failed too often to look for the bad one; it was not asked by itself.
    RuleUnavailable,
    /// No version of the plugin can be run: quarantined, or its file is gone.
    NotLoaded,
}

impl FailureKind {
    /// Stable code in `snake_case`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Trapped => "trapped",
            Self::OutOfFuel => "out_of_fuel",
            Self::OutOfTime => "out_of_time",
            Self::OutOfMemory => "out_of_memory",
            Self::BadAnswer => "bad_answer",
            Self::RuleUnavailable => "rule_unavailable",
            Self::NotLoaded => "not_loaded",
        }
    }
}

/// A failure that names plugin, version, digest and row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("plugin {plugin} {version} ({digest}) {}: {message} (row {row})", kind.code())]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its version.
    pub version: String,
    /// Its file.
    pub digest: Digest,
    /// The row of the batch it was put to.
    pub row: u32,
    /// For people; at most 500 bytes.
    pub message: String,
}

/// A verdict or a failure.
pub type Answer = Result<Verdict, Failure>;
