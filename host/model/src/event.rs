//! Something that happened to a contact.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ContactId, Digest, EventId, EventName, SourceName},
    time::{Instant, Span},
    value::Fields,
};

/// Most fields of one event.
pub const FIELDS_MAX: usize = 256;
/// Longest stored form of one event, or of one change of attributes, in bytes.
pub const EVENT_BYTES_MAX: usize = 16 * 1024;
/// Furthest that an event may lie ahead of journey time.
pub const EVENT_AHEAD_MAX: Span = Span::from_ms(5 * 60_000);
/// An event older than this enters the history and triggers nothing.
pub const TRIGGER_LATE_LIMIT: Span = Span::from_ms(24 * 3_600_000);
/// The event that a person's decision about a journey makes. Only the server makes it; see [`approval`].
pub const APPROVAL_DECIDED: &str = "approval_decided";

/// Names of the fields of [`APPROVAL_DECIDED`], each a text.
pub mod approval {
    /// The journey that was decided about, as hex.
    pub const JOURNEY: &str = "journey";
    /// The step it stood at.
    pub const STEP: &str = "step";
    /// Which of the journey's visits it was: its count of steps then, so that a decision about one visit is none about
    /// the next.
    pub const VISIT: &str = "visit";
    /// `approved` or `rejected`.
    pub const DECISION: &str = "decision";
    /// Who decided, by the word of whoever asked.
    pub const ACTOR: &str = "actor";
    /// The id of the API key that it was asked with.
    pub const KEY: &str = "key";
    /// What the ids of these events begin with; no other event may have such an id.
    pub const ID_PREFIX: &str = "approval:";
    /// The decision that lets a journey go on.
    pub const APPROVED: &str = "approved";
    /// The one that does not.
    pub const REJECTED: &str = "rejected";
}

/// How long an event's id is remembered for its contact, so that the same event is applied once.
pub const DEDUPE_DAYS: u32 = 30;

/// An event as the log keeps it: checked, with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Whom it happened to.
    pub contact: ContactId,
    /// What happened.
    pub name: EventName,
    /// The caller's id of it, or one that the server made.
    pub id: EventId,
    /// When it happened, by the caller's word; the instant of acceptance if the caller gave none.
    pub occurred_at: Instant,
    /// What belongs to it.
    pub fields: Fields,
    /// Attributes of the contact to set before the event is looked at.
    pub attributes: Fields,
    /// Whether it only enters the history and triggers nothing.
    pub history_only: bool,
    /// Who says so: whether the attributes are taken goes by it.
    pub source: Option<SourceName>,
}

/// Room for what most events say, encoded.
const CONTENT_BYTES: usize = 256;

impl Event {
    /// A hash of what the event says, to tell a repetition from another event under the same id. Its instant is no part
    /// of it: where the caller gave none, each time that it is posted has another. Neither is its source: who tells of
    /// it a second time tells nothing new.
    pub fn content_hash(&self) -> u32 {
        let parts = (
            &self.name,
            &self.fields,
            &self.attributes,
            self.history_only,
        );
        let room = Vec::with_capacity(CONTENT_BYTES);
        let bytes = postcard::to_extend(&parts, room).unwrap_or_default();
        let hash = Digest::of_bytes(&bytes).0;
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}
