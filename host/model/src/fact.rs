//! What happened, kept for people and folded into reports.

use serde::{Deserialize, Serialize};

use crate::{
    definitions::Slot,
    id::{
        ArmName, ContactId, Digest, EntryKey, EventId, EventName, JourneyId, MessageId, StepId,
        WebhookId,
    },
    message::Offer,
    propensity::Propensity,
    segment::Owner,
    time::Instant,
};

/// One thing that happened in a workflow to a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Journey time.
    pub at: Instant,
    /// To whom.
    pub contact: ContactId,
    /// In which workflow, or about which segment.
    pub owner: Owner,
    /// In which version of it.
    pub version: u32,
    /// In which journey; `None` for what happens before one.
    pub journey: Option<JourneyId>,
    /// What.
    pub what: FactKind,
}

/// The kinds of facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A rule answered; the evidence of a decision.
    RuleDecided(RuleDecision),
    /// The trigger armed itself.
    Armed(EntryKey, Instant),
    /// The arm was taken away by this event.
    Disarmed(EntryKey, EventName),
    /// The arm fell due in a pause or after the end, and was dropped for this reason.
    ArmDropped(EntryKey, String),
    /// A journey began with this key.
    JourneyEntered(EntryKey),
    /// The trigger wanted the contact in, and this reason kept it out.
    NotEntered(String),
    /// The journey came to the step.
    StepReached(StepId),
    /// The journey waits at the step until the instant.
    WaitStarted(StepId, Instant),
    /// The branch took the arm of that index; `None` is the default arm.
    ArmTaken(StepId, Option<u16>),
    /// The step's message was queued.
    MessageQueued(StepId, MessageId),
    /// A server took the message.
    MessageSent(StepId, MessageId),
    /// The message was not sent, for this reason.
    MessageSkipped(StepId, MessageId, String),
    /// The message was refused for good, for this reason.
    MessageRefused(StepId, MessageId, String),
    /// The message will be tried again at the instant; the reason.
    MessageDeferred(StepId, MessageId, Instant, String),
    /// Nobody knows whether the message arrived; `true` if it is sent again.
    MessageInDoubt(StepId, MessageId, bool),
    /// The journey came to its end.
    JourneyCompleted,
    /// The journey left before its end, for this reason.
    JourneyExited(String),
    /// The step changed these: names of attributes, `+TAG` and `-TAG`, `kept.NAME`.
    Updated(StepId, Vec<String>),
    /// The event moved the journey from the first step to the second.
    Jumped(StepId, StepId, EventName),
    /// A jump passed the step over.
    StepSkipped(StepId),
    /// The step's wait, or its message that is held, goes by that zone; whose it is: `contact`, `workflow`, `server` or
    /// `utc`, and `_contact_invalid` behind it when the contact's own is none.
    ZoneTaken(StepId, String, String),
    /// A person decided about the journey: `approved` or `rejected`, who, and with which API key.
    ApprovalDecided(StepId, String, String, String),
    /// The step's message waits until the instant: `window`, `quiet_hours` or `frequency_cap`.
    MessageHeld(StepId, MessageId, Instant, String),
    /// The step's call to another system was queued.
    WebhookQueued(StepId, WebhookId),
    /// The journey moved from that version to the fact's, standing at that step; `None` where the step is gone.
    Migrated(u32, Option<StepId>),
    /// An event met the workflow's goal in time after one of its messages.
    Converted(Conversion),
    /// The contact was given this arm of the split's experiment.
    ArmAssigned(StepId, ArmName),
    /// The contact converted, by what the split's experiment is measured by, in this arm.
    ArmConverted(StepId, ArmName),
    /// The contact came into the segment; whether that counts as happening to it now, and not as known only now.
    SegmentEntered(bool),
    /// The contact left the segment; the same.
    SegmentLeft(bool),
    /// The message that a server took made this offer.
    OfferSent(StepId, MessageId, Offer),
    /// The contact was given this arm of a split whose rule chooses, at this chance.
    ArmChosen(StepId, ArmName, Propensity),
    /// The contact converted, by what the split's experiment is measured by, in this arm that it was given at this chance.
    ChosenArmConverted(StepId, ArmName, Propensity),
}

/// A conversion: one event, counted for one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// The step that sent the message.
    pub step: StepId,
    /// The workflow's last message before the event.
    pub message: MessageId,
    /// The event.
    pub event: EventId,
    /// What the event is worth, in ten-thousandths; 0 without a value.
    pub worth: i64,
    /// Whether it is the first one counted for the message.
    pub is_first: bool,
    /// Whether the message is the last of all workflows', and so credited with it.
    pub is_credited: bool,
    /// Whether the message was withheld, to compare with others.
    pub is_withheld: bool,
}

/// Why what a contact has in a workflow is over, where the workflow was deleted.
pub const WORKFLOW_DELETED: &str = "workflow_deleted";

impl FactKind {
    /// Whether it only tells that the workflow was deleted. Another one may have its name by then.
    pub fn tells_of_deletion(&self) -> bool {
        match self {
            Self::ArmDropped(_, reason)
            | Self::NotEntered(reason)
            | Self::MessageSkipped(_, _, reason)
            | Self::JourneyExited(reason) => reason == WORKFLOW_DELETED,
            _ => false,
        }
    }

    /// The message that nothing more happens to after this.
    pub fn settles(&self) -> Option<&MessageId> {
        match self {
            Self::MessageSent(_, message)
            | Self::MessageSkipped(_, message, _)
            | Self::MessageRefused(_, message, _)
            | Self::MessageInDoubt(_, message, false) => Some(message),
            _ => None,
        }
    }
}

/// A rule's answer as evidence: enough to ask again and compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleDecision {
    /// Which binding of the workflow version.
    pub slot: Slot,
    /// The file that answered.
    pub digest: Digest,
    /// The code of the reason, or of the failure.
    pub reason: String,
    /// What it said, for people: `enter`, `arm`, `no`, `in`, `out`, `chosen`, `failed`.
    pub answer: String,
    /// The record that asked: sequence in the contact's partition.
    pub sequence: u64,
}
