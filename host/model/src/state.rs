//! What is kept of one contact: profile, history, journeys, arms and pending messages.
//!
//! Computed by `journey`, kept by `store`. One such value holds what nearly every decision needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    condition::EventPattern,
    contact::Contact,
    id::{
        ContactId, EntryKey, EventId, EventName, FieldName, JourneyId, MessageId, StepId,
        WorkflowId,
    },
    message::Offer,
    propensity::Propensity,
    segment::Membership,
    sources::AttributeSources,
    time::{Instant, Span},
    value::{Fields, Value},
    workflow::step::{MESSAGE_TAGS_MAX, MessageClass},
};

/// Most bytes of an encoded [`ContactState`]: the largest row of the store less its checksum, with margin. The budgets
/// of its parts, here, in [`crate::contact`] and in `journey::limits`, add up to no more.
pub const CONTACT_BYTES_MAX: usize = 65_000;
/// Most events of a chunk of history; the open chunk is part of the contact's row.
pub const CHUNK_EVENTS_MAX: usize = 32;
/// Encoded bytes at which a chunk is sealed: the open one always has fewer. A sealed one has up to an event more.
pub const CHUNK_BYTES_MAX: usize = 7 * 1024;
/// Most sealed chunks of a contact; beyond, the oldest is folded into daily totals.
pub const CHUNKS_MAX: usize = 64;
/// Most event ids remembered per contact to drop repetitions, of [`SeenEvent::BYTES_MAX`] each; beyond, the oldest are
/// forgotten early.
pub const SEEN_EVENTS_MAX: usize = 384;
/// Most lots remembered per contact; beyond, the oldest is forgotten, and drawn anew with the weights of that time.
pub const LOTS_MAX: usize = 32;
/// Most messages remembered per contact, of [`Touch::BYTES_MAX`] each; beyond, one is forgotten, first of those that no
/// frequency cap counts. Where all are counted, all caps are full.
pub const TOUCHES_MAX: usize = 32;
/// How long an entry key is remembered.
pub const KEY_KEEP_DAYS: u32 = 800;

/// Everything about one contact but its sealed chunks of history, which are rows of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactState {
    /// The profile.
    pub contact: Contact,
    /// Ids of recent events, oldest first.
    pub seen: Vec<SeenEvent>,
    /// The history.
    pub history: History,
    /// Standing in each workflow that ever took notice of the contact.
    pub presences: BTreeMap<WorkflowId, Presence>,
    /// Messages that are queued or claimed.
    pub pending: BTreeMap<MessageId, PendingMessage>,
    /// Arms of splits that the contact was given, oldest first.
    pub lots: Vec<Lot>,
    /// Messages that reached the contact, or were withheld to compare with others, oldest first.
    pub touches: Vec<Touch>,
    /// Why the contact must not be mailed, if so.
    pub suppressed: Option<Suppressed>,
    /// What update steps of any workflow kept, each name once, the one kept longest ago first.
    pub kept: Vec<KeptValue>,
    /// How it stands to named segments, by their numbers.
    pub segments: BTreeMap<u32, Membership>,
    /// Which source set which of its attributes.
    pub sources: AttributeSources,
}

impl ContactState {
    /// A contact that nothing has happened to.
    pub fn new(contact: Contact) -> Self {
        Self {
            contact,
            seen: Vec::new(),
            history: History::default(),
            presences: BTreeMap::new(),
            pending: BTreeMap::new(),
            lots: Vec::new(),
            touches: Vec::new(),
            suppressed: None,
            kept: Vec::new(),
            segments: BTreeMap::new(),
            sources: AttributeSources::default(),
        }
    }

    /// What a step of any workflow kept last under that name.
    pub fn kept(&self, name: &str) -> Option<&Value> {
        let mut kept = self.kept.iter();
        kept.find(|one| one.name.as_str() == name)
            .map(|one| &one.value)
    }
}

/// A value that an update step kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptValue {
    /// Its name.
    pub name: FieldName,
    /// The value.
    pub value: Value,
}

/// A remembered event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenEvent {
    /// Hash of the id.
    pub id_hash: u64,
    /// Hash of what the event said.
    pub content_hash: u32,
    /// UTC day of journey time at which it was applied.
    pub day: i32,
}

impl SeenEvent {
    /// Most bytes it takes encoded: 10 and 5 for the hashes, 3 for a day of any instant.
    pub const BYTES_MAX: usize = 10 + 5 + 3;
}

/// The arm of a split that a contact was given. It is kept when weights change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Hash of the experiment's id.
    pub experiment: u64,
    /// Hash of the arm's name.
    pub arm: u64,
    /// Hash of the id of the workflow that drew it.
    pub workflow: u64,
    /// The version of that workflow.
    pub version: u32,
    /// The place of the split in the version.
    pub step: u16,
    /// When it was drawn.
    pub drawn_at: Instant,
    /// How likely the arm was when it was given.
    pub propensity: Propensity,
    /// Whether the contact was counted as converted.
    pub has_converted: bool,
}

impl Lot {
    /// Most bytes it takes encoded: 10 for each hash, 5 for the version, 3 for the step, 7 for an instant, 1 for the rest.
    pub const BYTES_MAX: usize = 3 * 10 + 5 + 3 + 7 + Propensity::BYTES_MAX + 1;
}

/// A message that reached the contact, or was withheld: what frequency caps and conversions are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// Hash of the workflow's id.
    pub workflow: u64,
    /// Its version.
    pub version: u32,
    /// The place of the step in the version.
    pub step: u16,
    /// The journey.
    pub journey: JourneyId,
    /// The message.
    pub message: MessageId,
    /// When a server took it, or when it was withheld.
    pub sent_at: Instant,
    /// When the contact opened it.
    pub opened: Option<Occurred>,
    /// When the contact clicked it.
    pub clicked: Option<Occurred>,
    /// Hashes of the message's tags, at most [`MESSAGE_TAGS_MAX`]: caps by tag count it also when its workflow is gone.
    pub tags: Vec<u32>,
    /// Whether frequency caps count it.
    pub is_capped: bool,
    /// Whether it was withheld, to compare with others.
    pub is_withheld: bool,
    /// Whether a conversion was counted for it.
    pub has_converted: bool,
}

impl Touch {
    /// Most bytes it takes encoded: 10 for the hash, 5 for the version, 3 for the step, journey and message, 7 for an
    /// instant and 1 more for what may be missing, 5 for a tag and 1 for their count, 3 for the rest.
    pub const BYTES_MAX: usize = 10
        + 5
        + 3
        + JourneyId::BYTES
        + MessageId::BYTES
        + 7
        + 2 * (1 + Occurred::BYTES_MAX)
        + 1
        + MESSAGE_TAGS_MAX * 5
        + 3;
}

/// When something happened that happens more than once. What is told late may have come between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurred {
    /// For the first time.
    pub first: Instant,
    /// For the last time so far.
    pub last: Instant,
}

impl Occurred {
    /// Most bytes it takes encoded: 7 for an instant.
    pub const BYTES_MAX: usize = 2 * 7;

    /// With one time more, which may be told late.
    #[must_use]
    pub fn and_at(before: Option<Self>, at: Instant) -> Self {
        Self {
            first: before.map_or(at, |before| before.first.min(at)),
            last: before.map_or(at, |before| before.last.max(at)),
        }
    }

    /// The last time known at or before an instant.
    pub fn until(self, at: Instant) -> Option<Instant> {
        [self.last, self.first].into_iter().find(|one| *one <= at)
    }
}

/// Why a contact must not be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppressed {
    /// Took the consent back: no marketing.
    Unsubscribed,
    /// Told its provider that a message was not wanted: no marketing.
    Complaint,
    /// The address is none: nothing at all.
    HardBounce,
    /// Is forgotten: nothing at all.
    Erased,
}

impl Suppressed {
    /// The reason code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Complaint => "complaint",
            Self::HardBounce => "hard_bounce",
            Self::Erased => "erased",
        }
    }

    /// Whether a message of that class must not go out.
    pub fn forbids(self, class: MessageClass) -> bool {
        self >= Self::HardBounce || class == MessageClass::Marketing
    }
}

/// What happened to the contact, in the order in which it was applied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// The open chunk: the most recent events.
    pub open: Vec<PastEvent>,
    /// How many chunks were ever sealed; the sealed chunks kept are `first_chunk..sealed`.
    pub sealed: u32,
    /// The oldest sealed chunk that is kept.
    pub first_chunk: u32,
    /// Totals of the events that are no longer kept one by one.
    pub totals: Vec<DailyTotal>,
    /// Chunks loaded for this advance, oldest first: `first_chunk..sealed`. Not part of the row.
    #[serde(skip)]
    pub chunks: Vec<Vec<PastEvent>>,
    /// A bound of the bytes that the open chunk takes encoded. Not part of the row.
    #[serde(skip)]
    pub open_bytes_at_most: Noted,
}

/// A number that was worked out from the rest of a value, if somebody asked for it. The value is the same without it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noted(pub Option<usize>);

impl PartialEq for Noted {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl History {
    /// All events kept one by one, oldest first, as far as the chunks are loaded.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &PastEvent> {
        self.chunks.iter().flatten().chain(&self.open)
    }
}

/// One past event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastEvent {
    /// What happened.
    pub name: EventName,
    /// When.
    pub occurred_at: Instant,
    /// What belongs to it.
    pub fields: Fields,
}

/// Events of one name on one UTC day, folded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DailyTotal {
    /// UTC day of `occurred_at`.
    pub day: i32,
    /// The events' name.
    pub name: EventName,
    /// How many.
    pub count: u32,
    /// Sums of their numeric fields.
    pub sums: BTreeMap<FieldName, f64>,
}

/// A contact's standing in one workflow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Presence {
    /// The start of the workflow that this belongs to: a workflow that was deleted and made again begins anew.
    pub since: Instant,
    /// How many journeys ever began.
    pub entered: u32,
    /// When the last of them began.
    pub last_entered_at: Option<Instant>,
    /// Hashes of the keys that entered, with the UTC day, oldest first.
    pub keys: Vec<(u64, i32)>,
    /// Arms that have not fired, by key.
    pub arms: BTreeMap<EntryKey, PendingArm>,
    /// Journeys that are inside.
    pub journeys: BTreeMap<JourneyId, Journey>,
    /// Entries whose trigger or audience failed under a policy that asks again, by number.
    pub held: BTreeMap<u32, HeldEntry>,
}

/// An entry that waits for its rule to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldEntry {
    /// The version whose rule is asked.
    pub version: u32,
    /// The event of the occasion.
    pub event: Cause,
    /// Index into the occasions of the trigger's plan.
    pub occasion: u32,
    /// The key of the arm that fired, if the occasion is `due`.
    pub arm_key: Option<EntryKey>,
    /// What takes the entry away: the cancels of that arm.
    pub cancelled_by: Vec<EventPattern>,
    /// The key the trigger let the contact in with, once only the audience is left to ask.
    pub key: Option<EntryKey>,
    /// When it is asked again.
    pub due: Instant,
    /// Attempts so far.
    pub attempts: u32,
    /// The trigger said no, and is asked again when attributes change; at `due` the entry is forgotten.
    pub in_grace: bool,
}

/// An arm that has not fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingArm {
    /// When it fires.
    pub at: Instant,
    /// The version whose trigger armed it.
    pub version: u32,
    /// What takes it away.
    pub cancelled_by: Vec<EventPattern>,
    /// The event that armed it: the event of the occasion `due`.
    pub event: Cause,
}

/// The event that something began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Its id.
    pub id: EventId,
    /// Its name.
    pub name: EventName,
    /// When it happened.
    pub occurred_at: Instant,
    /// What belongs to it.
    pub fields: Fields,
}

/// One contact's way through one workflow version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// The version it is on: the one it entered with, or the last that moved it.
    pub version: u32,
    /// Its entry key.
    pub key: EntryKey,
    /// When it began.
    pub entered_at: Instant,
    /// The event it began with.
    pub event: Cause,
    /// Where it stands.
    pub place: Place,
    /// Steps reached so far, bounded by `journey::JOURNEY_STEPS_MAX`.
    pub steps_taken: u32,
    /// How often each step was reached, by its place in the version.
    pub visits: BTreeMap<u16, u32>,
    /// The arm that was taken last at each step with arms, by the step's place in the version: its index, or `None` for
    /// the way of everybody else.
    pub arms: BTreeMap<u16, Option<u16>>,
    /// What update steps kept.
    pub kept: Fields,
    /// Whether marketing messages are withheld to compare with others.
    pub holdout: bool,
}

/// Where a journey stands between two records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Place {
    /// In a wait that began at `since` and ends at `due`.
    Waiting {
        /// The wait.
        step: StepId,
        /// When it was reached.
        since: Instant,
        /// When it ends.
        due: Instant,
    },
    /// At a send, until its message is settled.
    Sending {
        /// The send.
        step: StepId,
        /// Its message.
        message: MessageId,
    },
    /// A rule failed there and is asked again at `due`.
    Held {
        /// The step that asks the rule.
        step: StepId,
        /// When it is asked again.
        due: Instant,
        /// Attempts so far.
        attempts: u32,
    },
}

impl Place {
    /// The step it is at.
    pub fn step(&self) -> &StepId {
        match self {
            Self::Waiting { step, .. } | Self::Sending { step, .. } | Self::Held { step, .. } => {
                step
            }
        }
    }
}

/// What the claim of a queued message needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingMessage {
    /// The workflow that sends it.
    pub workflow: WorkflowId,
    /// The version of the workflow.
    pub version: u32,
    /// The journey that sends it.
    pub journey: JourneyId,
    /// The step that sends it.
    pub step: StepId,
    /// What kind of message it is.
    pub class: MessageClass,
    /// What happens when it is in doubt.
    pub resend_in_doubt: bool,
    /// When it was queued.
    pub queued_at: Instant,
    /// When it was due.
    pub due_at: Instant,
    /// Latest first attempt after that.
    pub late_limit: Span,
    /// When it may go out, or be tried again; where its step was late, when that was due.
    pub release_at: Instant,
    /// Attempts that ended.
    pub attempts: u32,
    /// Whether one of them was tried in earnest: was not put off because its domain is slowed down.
    pub was_tried: bool,
    /// The attempt for which `go` was given and no outcome is known.
    pub claimed: Option<u32>,
    /// Why it must not be sent any more, if so.
    pub cancelled: Option<String>,
    /// What its personalizer offers in it.
    pub offer: Option<Offer>,
}

/// A wake-up of one contact. Timers of a partition fire in the order of (due, id, contact).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timer {
    /// When.
    pub due: Instant,
    /// What wakes up.
    pub id: TimerId,
    /// Whose.
    pub contact: ContactId,
}

/// What a timer wakes up. One of a kind per contact: setting it again replaces the old due instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TimerId {
    /// A journey that waits or is held.
    Journey(WorkflowId, JourneyId),
    /// An arm of a workflow's trigger.
    Arm(WorkflowId, EntryKey),
    /// A held entry of a workflow, by its number.
    Entry(WorkflowId, u32),
    /// The contact is asked about segments again.
    Segments,
}

/// What is kept of a journey that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneySummary {
    /// The journey.
    pub journey: JourneyId,
    /// The workflow it went through.
    pub workflow: WorkflowId,
    /// The version it entered with.
    pub version: u32,
    /// Its entry key.
    pub key: EntryKey,
    /// When it began.
    pub entered_at: Instant,
    /// When it ended.
    pub ended_at: Instant,
    /// `completed`, or the reason of its exit.
    pub outcome: String,
}
