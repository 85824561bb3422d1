//! What all partitions decide by: the workflows with their versions, states and resolved bindings.
//!
//! Written by the control partition only. Every partition uses one numbered set of definitions from the record on
//! that brings it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    deprecation::Deprecated,
    describe::{Reason, RuleKind},
    event::TRIGGER_LATE_LIMIT,
    id::{
        ActorName, ArmName, Digest, PluginName, SegmentName, StepId, TableName, TemplateName,
        WorkflowId,
    },
    plan::Plan,
    segment::{Owner, SegmentDefinition},
    settings::Settings,
    shadow::Shadow,
    table::TableVersion,
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
    /// The segments that are not deleted.
    #[serde(default)]
    pub segments: BTreeMap<SegmentName, SegmentDefinition>,
    /// How many segments were ever made.
    #[serde(default)]
    pub segments_made: u32,
    /// Settings of the whole server.
    #[serde(default)]
    pub settings: Settings,
    /// Counts up by one with every change of the settings.
    #[serde(default)]
    pub settings_version: u64,
    /// The reference tables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<TableName, TableDefinition>,
    /// Files of plugins that failed too often, the last [`QUARANTINED_MAX`] of them, and that were revoked, at most
    /// [`REVOKED_MAX`]: they are not asked, and no binding moves on to one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quarantined: BTreeMap<Digest, Quarantined>,
    /// The shadows by number, at most [`SHADOWS_MAX`](crate::shadow::SHADOWS_MAX).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shadows: BTreeMap<u32, Shadow>,
    /// How many shadows ever began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shadows_made: u32,
    /// The components that a second person has released, by their bytes; at most [`RELEASES_MAX`], the oldest goes first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub releases: BTreeMap<Digest, Released>,
    /// Plugins with versions that people are to move away from, at most
    /// [`DEPRECATIONS_MAX`](crate::deprecation::DEPRECATIONS_MAX).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deprecations: BTreeMap<PluginName, Deprecated>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Most files that are known to have failed too often; the one that failed first goes first.
pub const QUARANTINED_MAX: usize = 64;
/// Most files that are known to be revoked; one more is refused.
pub const REVOKED_MAX: usize = 256;

/// A version of a plugin that failed too often, or that somebody revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its version.
    pub version: semver::Version,
    /// Since when.
    pub at: Instant,
    /// The last failure, or why it was revoked.
    pub reason: String,
    /// Who revoked it; `None` where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<RevokedBy>,
}

impl Quarantined {
    /// Why it is not asked.
    pub fn in_words(&self) -> String {
        match &self.revoked {
            Some(by) => format!("revoked by {}: {}", by.actor, self.reason),
            None => self.reason.clone(),
        }
    }
}

/// Who took a version out of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedBy {
    /// The person, by name.
    pub actor: String,
    /// The id of the API key that it came with.
    pub by: String,
}

/// Most releases that are kept.
pub const RELEASES_MAX: usize = 1_000;

/// A component that a second person has let be bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// When.
    pub at: Instant,
    /// Which one, and by whom.
    pub release: Release,
}

/// Who lets a component be bound that somebody else has signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The plugin's name.
    pub plugin: PluginName,
    /// Its version.
    pub version: semver::Version,
    /// Who has signed it.
    pub signed_by: ActorName,
    /// The public key that this was done with, in hex: a binding goes back to it without its file for as long as the key is
    /// trusted.
    pub signed_with: String,
    /// Who releases it; somebody else.
    pub released_by: ActorName,
    /// The public key that this is done with, in hex: the release counts for as long as it is trusted.
    pub key: String,
    /// The id of the API key that the release came with.
    pub by: String,
}

/// Most versions of a table that are listed; the oldest goes first.
pub const TABLE_VERSIONS_MAX: usize = 16;

/// A reference table with its latest versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableDefinition {
    /// The version that decisions are made with.
    pub current: TableVersion,
    /// Those before it, the newest last; at most [`TABLE_VERSIONS_MAX`].
    pub before: Vec<TableVersion>,
}

impl Definitions {
    /// The binding at that place of a version.
    pub fn binding(&self, owner: &Owner, version: u32, slot: &Slot) -> Option<&ResolvedBinding> {
        match owner {
            Owner::Workflow(workflow) => {
                let found = self.workflows.get(workflow)?.versions.get(&version)?;
                found.bindings.get(slot)
            }
            Owner::Segment(segment) => {
                let found = self.segments.get(segment)?;
                let is_its = found.version == version && *slot == Slot::Membership;
                found.binding.as_ref().filter(|_| is_its)
            }
        }
    }

    /// Every binding of every version of a workflow, and of every segment.
    pub fn bindings(&self) -> impl Iterator<Item = &ResolvedBinding> {
        let workflows = self.workflows.values();
        let versions = workflows.flat_map(|workflow| workflow.versions.values());
        let of_segments = self.segments.values();
        versions
            .flat_map(|version| version.bindings.values())
            .chain(of_segments.filter_map(|segment| segment.binding.as_ref()))
    }

    /// The versions, newest first, that split at the step as the current one does: what is counted for them together.
    pub fn versions_of_split<'a>(
        &'a self,
        workflow: &WorkflowId,
        step: &'a StepId,
    ) -> impl Iterator<Item = &'a WorkflowVersion> {
        let versions = self.workflows.get(workflow).map(|found| &found.versions);
        let split = versions.and_then(|all| all.last_key_value()?.1.document.split_at(step));
        versions
            .into_iter()
            .flat_map(|all| all.values().rev())
            .take_while(move |one| split.is_some() && one.document.split_at(step) == split)
    }
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
    /// Whether everybody who was there at its start is looked at: enters, or has its trigger asked about them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enters_existing: bool,
    /// Journey time at which its last pause began. `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Instant>,
    /// Journey time of its last resume: what was due before that and is not done yet was due in a pause. `None` before the
    /// first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Instant>,
    /// The pauses before its last one that were over less than [`TRIGGER_LATE_LIMIT`] before that began, oldest first, at most
    /// [`EARLIER_PAUSES_MAX`]: what occurred in them may still come in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_pauses: Vec<Pause>,
    /// The version that new journeys enter.
    pub current: u32,
    /// Versions by number, from 1. Those that no journey needs may be gone, the current never.
    pub versions: BTreeMap<u32, WorkflowVersion>,
    /// Starts against the word of the checklist, the last [`OVERRIDES_MAX`] of them, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Overridden>,
    /// Experiments of the current version that are over, by the step that splits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ended: BTreeMap<StepId, EndedExperiment>,
}

impl WorkflowDefinition {
    /// The version that new journeys enter.
    pub fn current_version(&self) -> Option<&WorkflowVersion> {
        self.versions.get(&self.current)
    }

    /// How the experiment of the step ended for whoever is on that version, if it is over for them.
    pub fn ended_for(&self, version: u32, step: &StepId) -> Option<&EndedExperiment> {
        let version = self.versions.get(&version)?;
        version.ended.get(step).or_else(|| {
            let ended = self.ended.get(step)?;
            let split = version.document.split_at(step);
            let mut later = self.versions.range(version.number..);
            let is_current = later.all(|(_, later)| later.document.split_at(step) == split);
            is_current.then_some(ended)
        })
    }

    /// Begins a pause. Of more earlier ones than are kept, the two oldest become one, with the time between them: what
    /// occurred then and comes that late brings nobody in.
    pub fn pause(&mut self, at: Instant) {
        self.state = WorkflowState::Paused;
        let last = self.last_pause();
        self.paused_at = Some(at);
        let pauses = &mut self.earlier_pauses;
        pauses.extend(last);
        pauses.retain(|pause| pause.ended.plus(TRIGGER_LATE_LIMIT) > at);
        if pauses.len() > EARLIER_PAUSES_MAX {
            let oldest = pauses.remove(0);
            pauses[0].began = oldest.began;
        }
    }

    /// Whether it was paused at an instant, of its last pause and of what is known of those before.
    pub fn was_paused(&self, at: Instant) -> bool {
        let mut pauses = self.earlier_pauses.iter().copied().chain(self.last_pause());
        pauses.any(|pause| (pause.began..pause.ended).contains(&at))
    }

    fn last_pause(&self) -> Option<Pause> {
        let (began, ended) = self.paused_at.zip(self.resumed_at)?;
        Some(Pause { began, ended })
    }
}

/// Most pauses before the last one that are known of a workflow.
pub const EARLIER_PAUSES_MAX: usize = 16;

/// A pause that is over, in journey time: from `began` until before `ended`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it began.
    pub began: Instant,
    /// When the workflow was resumed.
    pub ended: Instant,
}

/// Most overrides that are kept of one workflow.
pub const OVERRIDES_MAX: usize = 20;

/// A start against the word of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// When it was asked for.
    pub at: Instant,
    /// The version that was to start, or to go on.
    pub version: u32,
    /// Who let it, and what for.
    pub by: Override,
}

/// Who lets a workflow start, or go on after a pause, though its checklist fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The items that failed, by code.
    pub checks: Vec<String>,
    /// The person, by name.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The id of the API key; `None` for the engine.
    pub by: Option<String>,
}

/// How an experiment ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedExperiment {
    /// When.
    pub at: Instant,
    /// The arm that everybody takes from then on; `None` where the planned size was reached without a winner, and the
    /// arms stay as they are.
    pub winner: Option<ArmName>,
    /// Who ended it: the id of an API key; `None` for the engine.
    pub by: Option<String>,
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
    /// Its experiments that were over when a later version began them anew, by the step that splits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ended: BTreeMap<StepId, EndedExperiment>,
}

/// Where a binding stands. As text, in a workflow: `trigger`, `audience`, `steps/ID/personalizer`, `steps/ID/arms/N`,
/// `exits/N`; in a named segment: `membership`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The trigger.
    Trigger,
    /// The audience.
    Audience,
    /// The personalizer of a send step, or the one that chooses the arm of a split.
    Personalizer(StepId),
    /// The segment of an arm of a branch, by index.
    Arm(StepId, u16),
    /// The segment of an exit, by index.
    Exit(u16),
    /// The rule of a named segment.
    Membership,
}

impl Slot {
    /// The kind of rule that belongs there.
    pub fn kind(&self) -> RuleKind {
        match self {
            Self::Trigger => RuleKind::Trigger,
            Self::Audience | Self::Arm(..) | Self::Exit(_) | Self::Membership => RuleKind::Segment,
            Self::Personalizer(_) => RuleKind::Personalizer,
        }
    }

    /// Parses the text form.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            ["trigger"] => Some(Self::Trigger),
            ["audience"] => Some(Self::Audience),
            ["membership"] => Some(Self::Membership),
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
            Self::Membership => f.write_str("membership"),
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
    /// What it stood for before and was not quarantined, the last one last, at most [`FORMERS_MAX`]: where it goes back to
    /// once its file is quarantined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formers: Vec<Former>,
    /// The quarantined file that it went back from; `None` where it did not, or has moved on since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_from: Option<Former>,
}

/// Most files that a binding stood for before and that it knows of.
pub const FORMERS_MAX: usize = 4;

/// A file that a binding stood for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The version of the file.
    pub version: semver::Version,
    /// The file.
    pub digest: Digest,
}

impl ResolvedBinding {
    /// The file that it stands for.
    pub fn file(&self) -> Former {
        Former {
            version: self.version.clone(),
            digest: self.digest,
        }
    }

    /// The same in the place of `before`, a binding of the same plugin: knows where to go back to.
    #[must_use]
    pub fn in_place_of(
        mut self,
        before: &Self,
        quarantined: &BTreeMap<Digest, Quarantined>,
    ) -> Self {
        let left = before.file();
        self.formers.clone_from(&before.formers);
        if left.digest == self.digest {
            self.returned_from.clone_from(&before.returned_from);
        } else if !quarantined.contains_key(&left.digest) {
            self.formers.push(left);
        } else if self.version < left.version || before.formers.contains(&self.file()) {
            self.returned_from = Some(left);
        }
        let digest = self.digest;
        let formers = &mut self.formers;
        formers
            .retain(|former| former.digest != digest && !quarantined.contains_key(&former.digest));
        formers.drain(..formers.len().saturating_sub(FORMERS_MAX));
        self
    }

    /// The code of a reason; `unknown_reason` for an index that is none.
    pub fn reason_code(&self, index: u32) -> &str {
        self.reasons
            .get(index as usize)
            .map_or("unknown_reason", |reason| &reason.code)
    }
}
