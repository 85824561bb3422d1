//! What an advance wants done. The engine commits these in one batch, in order, and acts afterwards.

use signalbox_model::{
    fact::Fact,
    id::{EventId, MessageId},
    message::{Message, MessageStatus},
    record::Posted,
    state::{JourneySummary, PastEvent, Timer},
    time::Instant,
    webhook::Webhook,
};

/// One thing to do. The order within an advance matters: a timer may be cancelled and set again.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Wake the contact at that instant.
    SetTimer(Timer),
    /// That wake-up is not wanted any more, or has just been served.
    CancelTimer(Timer),
    /// Keep this chunk of history as a row of its own.
    SealChunk {
        /// Its number, counting from 0 per contact.
        index: u32,
        /// What it holds, in the order of applying.
        events: Vec<PastEvent>,
    },
    /// Forget that chunk; its daily totals are in the contact's state.
    DropChunk {
        /// Its number.
        index: u32,
    },
    /// Put a new message into the outbox.
    QueueMessage(Box<Message>),
    /// Keep this call to another system.
    QueueWebhook(Box<Webhook>),
    /// A message of the outbox stands otherwise.
    UpdateMessage {
        /// Which one.
        id: MessageId,
        /// How it stands now.
        change: MessageChange,
    },
    /// The answer to the sender that waits at 354. Not stored.
    Claimed {
        /// Which message.
        message: MessageId,
        /// Which attempt, from 1.
        attempt: u32,
        /// Whether it goes on.
        decision: Decision,
    },
    /// Keep this fact and count it.
    Fact(Fact),
    /// Count this fact without keeping it.
    Count(Fact),
    /// A journey is over; its row for people.
    CloseJourney(JourneySummary),
    /// Send this to the control partition.
    Post(Posted),
    /// An event came under the id of another one; it was ignored.
    EventConflict {
        /// The id.
        id: EventId,
    },
    /// An event came again; it was dropped.
    EventRepeated {
        /// The id.
        id: EventId,
    },
    /// The contact's state is another one, though no other effect says so.
    Changed,
    /// Attributes beyond `contact::ATTRIBUTES_MAX` or `contact::ATTRIBUTES_BYTES_MAX` were left out.
    AttributesLeftOut {
        /// How many.
        count: u32,
    },
    /// Attributes were not taken because a source that is believed before had said another value.
    AttributesOverruled {
        /// How many.
        count: u32,
    },
}

/// How a message stands after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageChange {
    /// `go` was given.
    Claimed {
        /// Which attempt, from 1.
        attempt: u32,
        /// When.
        at: Instant,
    },
    /// Back in the outbox for another attempt.
    Requeued {
        /// Not before.
        release_at: Instant,
        /// Attempts that ended.
        attempts: u32,
    },
    /// Nothing more happens to it. Its view can be forgotten.
    Settled(MessageStatus),
}

/// What the sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Begin the body.
    Go,
    /// Break off; the reason code.
    Skipped(String),
}
