//! Named segments: who belongs to a group of contacts, as a marketer writes it, and how one contact stands to it.
//!
//! Membership is kept and moves with what happens to the contact. The document is checked as a whole by
//! `journey::check`; here is only its shape.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    definitions::ResolvedBinding,
    id::{SegmentName, WorkflowId},
    time::Instant,
    workflow::Binding,
};

/// Most segments that one composition names.
pub const COMPOSED_MAX: usize = 20;
/// A contact came into a segment. The event's field `segment` names it.
pub const SEGMENT_ENTERED: &str = "segment_entered";
/// A contact left a segment. The event's field `segment` names it.
pub const SEGMENT_LEFT: &str = "segment_left";
/// The field of these events.
pub const SEGMENT_FIELD: &str = "segment";

/// What a marketer edits. Who belongs to it is said by exactly one of `rule` and `of`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its name, part of every route to it.
    pub name: SegmentName,
    /// Title for people.
    pub title: String,
    /// The rule that says who belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Binding>,
    /// The segments that it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Composition>,
}

/// Whoever is in all of `all`, in one of `any` if it names some, and in none of `none`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Composition {
    /// In each of these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub all: BTreeSet<SegmentName>,
    /// In at least one of these. None named: no matter.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub any: BTreeSet<SegmentName>,
    /// In none of these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub none: BTreeSet<SegmentName>,
}

impl Composition {
    /// Everything that it names.
    pub fn names(&self) -> impl Iterator<Item = &SegmentName> {
        self.all.iter().chain(&self.any).chain(&self.none)
    }

    /// Whether a contact belongs to it that is in those segments.
    pub fn holds(&self, is_in: impl Fn(&SegmentName) -> bool) -> bool {
        self.all.iter().all(&is_in)
            && (self.any.is_empty() || self.any.iter().any(&is_in))
            && !self.none.iter().any(&is_in)
    }
}

/// A segment as all partitions decide by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentDefinition {
    /// What contacts' rows name it by; never given to another segment.
    pub number: u32,
    /// Counts its documents, from 1.
    pub version: u32,
    /// When the document was put.
    pub put_at: Instant,
    /// What the marketer wrote.
    pub document: Segment,
    /// Which file its rule stands for now; `None` for a composition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<ResolvedBinding>,
    /// Counts what every contact has to be asked about anew: its documents, and files that its rule moved on to.
    pub evaluation: u32,
}

/// How a contact stands to a segment: kept while it is in, or is to be asked about again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Membership {
    /// Since when it is in; `None` while it is not.
    pub since: Option<Instant>,
    /// When it is asked again whatever happens.
    pub recheck_at: Option<Instant>,
    /// How often in a row its rule failed; what was known before it did stays.
    pub failures: u8,
}

impl Membership {
    /// Most bytes it takes encoded with its number: 3 for that, 8 for each instant, 1 for the rest.
    pub const BYTES_MAX: usize = 3 + 2 * 8 + 1;
}

/// What a binding, and what is decided by it, belongs to. As text: a workflow's id, or `segments/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A workflow.
    Workflow(WorkflowId),
    /// A named segment.
    Segment(SegmentName),
}

/// What the text of a segment as an owner begins with; no workflow's id holds a slash.
const SEGMENT_PREFIX: &str = "segments/";

impl Owner {
    /// The workflow, if it is one.
    pub fn workflow(&self) -> Option<&WorkflowId> {
        match self {
            Self::Workflow(workflow) => Some(workflow),
            Self::Segment(_) => None,
        }
    }

    /// The segment, if it is one.
    pub fn segment(&self) -> Option<&SegmentName> {
        match self {
            Self::Workflow(_) => None,
            Self::Segment(segment) => Some(segment),
        }
    }

    /// As `workflow welcome` or `segment vip`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Workflow(workflow) => format!("workflow {workflow}"),
            Self::Segment(segment) => format!("segment {segment}"),
        }
    }
}

impl From<WorkflowId> for Owner {
    fn from(workflow: WorkflowId) -> Self {
        Self::Workflow(workflow)
    }
}

impl From<SegmentName> for Owner {
    fn from(segment: SegmentName) -> Self {
        Self::Segment(segment)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workflow(workflow) => workflow.fmt(f),
            Self::Segment(segment) => write!(f, "{SEGMENT_PREFIX}{segment}"),
        }
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Workflow(workflow) => workflow.serialize(serializer),
            Self::Segment(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Owner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = match text.strip_prefix(SEGMENT_PREFIX) {
            Some(name) => SegmentName::parse(name).map(Self::Segment),
            None => WorkflowId::parse(&text).map(Self::Workflow),
        };
        parsed.map_err(de::Error::custom)
    }
}
