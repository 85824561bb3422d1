//! The records of a partition's log.
//!
//! The log holds these and nothing else. Applying them in order from an empty store gives the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    contact::AttributeChanges,
    definitions::{Override, Release, ResolvedBinding, RevokedBy, Slot},
    deprecation::Deprecation,
    event::Event,
    id::{
        ArmName, ContactId, Digest, JourneyId, MessageId, Partition, PluginName, SegmentName,
        StepId, TableName, WorkflowId,
    },
    message::AttemptOutcome,
    segment::{Owner, Segment},
    state::Timer,
    time::Instant,
    verdict::Answer,
    workflow::{Action, Edit},
};

/// One record. Adding a case at the end is the only change that old logs survive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// An event of a contact. Written by accept.
    Event(Event),
    /// Attributes of a contact changed. Written by accept.
    Attributes(ContactId, AttributeChanges),
    /// Timers of this partition due by the instant fire, at most that many of them, by (due, id).
    /// Written by the timers of the partition's owner.
    Tick {
        /// Timers due at or before this fire.
        up_to: Instant,
        /// At most so many.
        timers_max: u32,
    },
    /// The answers to what earlier records of this partition asked. Written before anything of them leaves.
    Decided(Vec<RecordedAnswer>),
    /// A sender stands at 354 with this message and asks whether to go on. Written by the outbox.
    Intent {
        /// Whose message.
        contact: ContactId,
        /// Which message.
        message: MessageId,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// How an attempt ended. Written by the outbox.
    Outcome {
        /// Whose message.
        contact: ContactId,
        /// Which message.
        message: MessageId,
        /// Which attempt, from 1.
        attempt: u32,
        /// How it ended.
        outcome: AttemptOutcome,
    },
    /// A command on what is global. Only in the control partition.
    Command(Command),
    /// A record that another partition sent here. Appended at least once, applied once by its id.
    Post {
        /// Who sent it and as which of its posts.
        id: PostId,
        /// What it sends.
        record: Posted,
    },
    /// All posts of this partition to `partition` up to `id` are in that partition's log; they need not be kept.
    PostsDelivered {
        /// Where they went.
        partition: Partition,
        /// The last of them.
        id: PostId,
    },
    /// A page of a sweep: facts, journeys that are over and settled messages older than the instant are deleted.
    /// Written by the partition's owner.
    Sweep {
        /// What is as old as this, or younger, stays.
        before: Instant,
        /// Where the page before ended; `None` for the first page.
        after: Option<SweepCursor>,
        /// Rows looked at, at most.
        rows_max: u32,
    },
    /// A page of the contacts that have a timer of that workflow: each is looked at, so that its journeys move to a version
    /// that wants them, and its waits go by the present time zones. Written by the partition's owner.
    Visit {
        /// Which workflow.
        workflow: WorkflowId,
        /// The version that wants journeys; 0 for none.
        version: u32,
        /// The version of the time zone data, and the server's own zone; empty where no waits are left.
        zones: String,
        /// The timer at which the page before ended; `None` for the first page.
        after: Option<Timer>,
        /// Timers looked at, at most.
        timers_max: u32,
    },
    /// A page of the contacts that were there when a workflow started: each enters it, as far as it may. Written by the
    /// partition's owner.
    EnterExisting {
        /// Which workflow.
        workflow: WorkflowId,
        /// When it started; a page of another start is passed over.
        since: Instant,
        /// The contact at which the page before ended; `None` for the first page.
        after: Option<ContactId>,
        /// Contacts looked at, at most.
        contacts_max: u32,
    },
    /// A page of all contacts: those that a trigger's key joins with a changed row are asked about. Written by the
    /// partition's owner.
    RowsChanged {
        /// Whose trigger.
        workflow: WorkflowId,
        /// When it started; a page of another start is passed over.
        since: Instant,
        /// Which table.
        table: TableName,
        /// The version that rows are compared with.
        from: Digest,
        /// The version whose rows are compared.
        to: Digest,
        /// The contact at which the page before ended; `None` for the first page.
        after: Option<ContactId>,
        /// Contacts looked at, at most.
        contacts_max: u32,
    },
    /// A page of all contacts, who are asked about a segment that is new or was changed. Written by the partition's owner.
    Evaluate {
        /// The number of the segment.
        segment: u32,
        /// Which of its evaluations; a page of another is passed over.
        evaluation: u32,
        /// The contact at which the page before ended; `None` for the first page.
        after: Option<ContactId>,
        /// Contacts looked at, at most.
        contacts_max: u32,
    },
}

/// Where a sweep goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepCursor {
    /// The row to look at next, as the store names it.
    pub key: Vec<u8>,
    /// Nothing that was looked at and stayed is older than this, and nothing that came since the sweep began.
    pub oldest: Instant,
}

/// The name of a post: the record that caused it, and which of that record's posts it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PostId {
    /// The partition that sent it.
    pub from: Partition,
    /// The record there that caused it.
    pub sequence: u64,
    /// From 0, for records that cause several.
    pub index: u32,
}

/// What one partition can send to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Posted {
    /// From now on use the definitions of this version; the document is kept under the digest.
    Definitions {
        /// Counts up.
        version: u64,
        /// The JSON document.
        digest: Digest,
    },
    /// A rule failed under the policy `pause`: pause the workflow.
    PauseWorkflow {
        /// Which workflow.
        workflow: WorkflowId,
        /// Which of its starts: one that is deleted may come again.
        since: Instant,
        /// When the rule failed: whoever has resumed the workflow after it has seen to it.
        at: Instant,
        /// Why.
        reason: String,
    },
}

/// A command on what is global.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Creates a workflow, or makes the next version of one that may be edited.
    PutWorkflow {
        /// The document (`workflow::Workflow`) as JSON text.
        document: String,
        /// What its bindings stand for, as JSON text of a map from slot to resolved binding.
        bindings: String,
        /// Digests of its templates by name.
        templates: BTreeMap<String, Digest>,
        /// The version it was made from; refused if that is not the current one. `None`: must not exist yet.
        based_on: Option<u32>,
        /// What it means for the journeys that are inside.
        edit: Edit,
    },
    /// Moves a workflow to another state.
    Transition {
        /// Which workflow.
        workflow: WorkflowId,
        /// What is asked of it.
        action: Action,
    },
    /// Bindings that adopt move on to other files, all at once.
    Rebind {
        /// At most [`REBINDINGS_MAX`].
        bindings: Vec<Rebinding>,
    },
    /// Puts the settings of the whole server.
    PutSettings {
        /// The settings (`settings::Settings`) as JSON text.
        settings: String,
        /// The version of the settings that they were made from; refused if that is not the current one.
        based_on: u64,
    },
    /// Ends the experiment of a split.
    EndExperiment {
        /// Which workflow.
        workflow: WorkflowId,
        /// The step that splits.
        step: StepId,
        /// The version whose counts were looked at; refused if its split is not the current one.
        version: u32,
        /// The arm that everybody takes from now on; `None` for no winner.
        winner: Option<ArmName>,
        /// Who ends it: the id of an API key; `None` for the engine.
        by: Option<String>,
    },
    /// Makes the next version of a table, or its first.
    PutTable {
        /// Which table.
        table: TableName,
        /// The table as JSON text (`table::Table::to_text`).
        text: String,
    },
    /// Deletes a table that no binding reads.
    DeleteTable {
        /// Which table.
        table: TableName,
    },
    /// Starts, schedules or resumes a workflow whose checklist was looked at.
    Start {
        /// Which workflow.
        workflow: WorkflowId,
        /// `start`, `schedule` or `resume`.
        action: Action,
        /// The version whose checklist was looked at; refused if that is not the current one.
        version: u32,
        /// What failed, and who lets it start; `None` where nothing did.
        by: Option<Override>,
    },
    /// Creates a segment, or replaces its document.
    PutSegment {
        /// The document (`segment::Segment`) as JSON text.
        document: String,
        /// What its rule stands for, as JSON text of a resolved binding; `None` for a composition.
        binding: Option<String>,
        /// The version it was made from; refused if that is not the current one. `None`: must not exist yet.
        based_on: Option<u32>,
    },
    /// Deletes a segment that nothing uses.
    DeleteSegment {
        /// Which one.
        name: SegmentName,
    },
    /// A version of a plugin failed too often: no binding moves on to its file any more.
    Quarantine {
        /// The plugin.
        plugin: PluginName,
        /// Its version, as text.
        version: String,
        /// Its file.
        digest: Digest,
        /// The last failure.
        reason: String,
    },
    /// A quarantined file is asked again, and bindings may move on to it.
    LiftQuarantine {
        /// Which one.
        digest: Digest,
        /// Whether that may be one that somebody revoked.
        lifts_revoked: bool,
    },
    /// Has another version of its plugin asked beside a binding.
    StartShadow {
        /// The workflow or segment.
        owner: Owner,
        /// Which version of it.
        version: u32,
        /// Which binding.
        slot: String,
        /// What the shadow stands for, as JSON text of a resolved binding.
        binding: String,
    },
    /// Has a binding stand for what its shadow does, and ends the shadow.
    PromoteShadow {
        /// Which one.
        number: u32,
    },
    /// Ends a shadow.
    DropShadow {
        /// Which one.
        number: u32,
    },
    /// Lets a component be bound; refused if who releases it has signed it. That both signatures are good was checked before.
    ReleasePlugin {
        /// The component's bytes.
        digest: Digest,
        /// Who releases it.
        release: Release,
    },
    /// Takes a version out of service, and its release with it.
    RevokePlugin {
        /// The plugin.
        plugin: PluginName,
        /// Its version, as text.
        version: String,
        /// Its file.
        digest: Digest,
        /// Why.
        reason: String,
        /// Who.
        revoked: RevokedBy,
    },
    /// Says that people are to move away from versions of a plugin, in the place of what was said of it before.
    DeprecatePlugin {
        /// The plugin.
        plugin: PluginName,
        /// What is said.
        deprecation: Deprecation,
    },
    /// Takes that back.
    LiftDeprecation {
        /// The plugin.
        plugin: PluginName,
    },
}

/// Most bytes of the name of who overrides a checklist, and of the reason.
pub const OVERRIDE_BYTES_MAX: usize = 500;

/// Most bindings that one command moves.
pub const REBINDINGS_MAX: usize = 512;

/// A binding that moves on to another file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rebinding {
    /// Which workflow or segment.
    pub owner: Owner,
    /// Which version of it.
    pub version: u32,
    /// Which binding.
    pub slot: String,
    /// What it stands for from now on, as JSON text of a resolved binding.
    pub binding: String,
}

impl Command {
    /// The JSON texts inside are made by this room from these types.
    pub fn put_segment(
        document: &Segment,
        binding: Option<&ResolvedBinding>,
        based_on: Option<u32>,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self::PutSegment {
            document: serde_json::to_string(document)?,
            binding: binding.map(serde_json::to_string).transpose()?,
            based_on,
        })
    }

    /// The JSON texts inside are made by this room from these types.
    pub fn put(
        document: &crate::workflow::Workflow,
        bindings: &BTreeMap<Slot, ResolvedBinding>,
        templates: BTreeMap<String, Digest>,
        based_on: Option<u32>,
        edit: Edit,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self::PutWorkflow {
            document: serde_json::to_string(document)?,
            bindings: serde_json::to_string(bindings)?,
            templates,
            based_on,
            edit,
        })
    }
}

/// One answer with the question it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedAnswer {
    /// The record that asked.
    pub sequence: u64,
    /// About whom.
    pub contact: ContactId,
    /// What was asked.
    pub question: QuestionId,
    /// The file that answered.
    pub digest: Digest,
    /// What it said.
    pub answer: Answer,
}

/// Names a question among all that one record asks about one contact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuestionId {
    /// The workflow or segment.
    pub owner: Owner,
    /// Its version.
    pub version: u32,
    /// Which of its bindings.
    pub slot: Slot,
    /// The journey that asks; `None` for triggers, audiences and segments.
    pub journey: Option<JourneyId>,
    /// Counts the questions of the same binding and journey within one record, from 0.
    pub ordinal: u32,
}
