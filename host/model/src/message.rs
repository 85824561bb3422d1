//! One mail to one contact, fixed when it is queued.

use serde::{Deserialize, Serialize};

use crate::{
    amount,
    id::{ArmName, ContactId, Digest, JourneyId, MessageId, StepId, WorkflowId},
    time::Instant,
    value::Value,
    workflow::step::{InDoubt, MessageClass},
};

/// A queued message: everything that its bytes are made from, so that a retry is the same mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id, from which the Message-ID and the boundary are made.
    pub id: MessageId,
    /// Whom it goes to.
    pub contact: ContactId,
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
    pub in_doubt: InDoubt,
    /// The address as it was when queued, unparsed.
    pub to: String,
    /// The template's body, by digest.
    pub template: Digest,
    /// A subject in place of the template's, not Liquid.
    pub subject: Option<String>,
    /// What the template sees, as JSON text: contact, event, journey, rule, workflow. Empty once it is settled.
    pub view: String,
    /// When it was queued.
    pub queued_at: Instant,
    /// Its Date: when it was to go out for the first time. Fixed once an attempt was made.
    pub dated_at: Instant,
    /// When it may go out, or be tried again.
    pub release_at: Instant,
    /// Attempts that ended, each with an outcome.
    pub attempts: u32,
    /// When the first attempt was claimed.
    pub first_attempt_at: Option<Instant>,
    /// How it stands.
    pub status: MessageStatus,
}

/// What a personalizer offers in a message, for reports: a coupon with its cost, say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which of the rule's arms, at most [`Offer::ARM_BYTES_MAX`] long.
    pub arm: ArmName,
    /// What it costs, in ten-thousandths; never negative.
    pub cost: i64,
}

impl Offer {
    /// Longest arm.
    pub const ARM_BYTES_MAX: usize = 50;
    /// Most bytes it takes encoded: 1 for the arm's length, 10 for the cost.
    pub const BYTES_MAX: usize = 1 + Self::ARM_BYTES_MAX + 10;

    /// The offer among the values that a personalizer answered: the first slot that has the members `arm`, the name of an
    /// arm, and `cost`, a number from 0.
    pub fn among(values: &Value) -> Option<Self> {
        let Value::Map(slots) = values else {
            return None;
        };
        slots.values().find_map(|slot| {
            let Value::Map(members) = slot else {
                return None;
            };
            let arm = members.get("arm")?.as_text()?;
            let cost = members.get("cost")?.as_number()?;
            if arm.len() > Self::ARM_BYTES_MAX || cost.is_nan() || cost < 0.0 {
                return None;
            }
            Some(Self {
                arm: ArmName::parse(arm).ok()?,
                cost: amount::parts_of(cost),
            })
        })
    }
}

/// How a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// In the outbox.
    Queued,
    /// `go` was given for the attempt of that number; its outcome is not known yet.
    Claimed(u32),
    /// A server took it.
    Accepted,
    /// Not sent, by our decision, for this reason.
    Skipped(String),
    /// A server refused it for good; the reason code.
    Refused(String),
    /// Retried until there was no more use in it.
    Expired,
    /// In doubt and not sent again.
    Held,
}

impl MessageStatus {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed(_) => "claimed",
            Self::Accepted => "accepted",
            Self::Skipped(_) => "skipped",
            Self::Refused(_) => "refused",
            Self::Expired => "expired",
            Self::Held => "held",
        }
    }

    /// Whether nothing more will happen to the message.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Queued | Self::Claimed(_))
    }
}

/// Why a message is put off, before anything of it is tried: its domain is slowed down.
pub const DOMAIN_SLOWED: &str = "domain_slowed";

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The server took it.
    Accepted,
    /// The server or the way to it said: later. Tried again at that instant.
    RetryAt(Instant, String),
    /// Refused for good; the reason code.
    Refused(String),
    /// There is no more use in trying; the last reason code.
    Expired(String),
    /// The template cannot be rendered for this contact, or the address is none; the reason code.
    Unsendable(String),
    /// `go` was given but the body never began.
    NotBegun,
    /// `go` was given and the connection or the process ended without a reply.
    InDoubt,
}
