//! How rows are named: one byte of kind, the partition, and what tells rows of that kind apart.
//!
//! Used by every other module here. Numbers are big-endian and texts end with a zero byte (no id holds one), so that
//! the order of the bytes is the order of what they stand for. A key that was written once keeps its form for ever.

use std::fmt;

use signalbox_model::{
    id::{ContactId, EntryKey, JourneyId, MessageId, Partition, WebhookId, WorkflowId},
    record::PostId,
    state::{Timer, TimerId},
    time::Instant,
    workflow::step::MessageClass,
};

use crate::observed::Observable;

/// What a row holds. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The sequence of the last record that a partition applied.
    Position = 0x01,
    /// Up to when a partition's history was swept away, and the oldest that stayed.
    Swept = 0x02,
    /// A contact with profile, open history, journeys, arms and pending messages.
    Contact = 0x10,
    /// A sealed chunk of a contact's history.
    Chunk = 0x11,
    /// A timer; its key says it all.
    Timer = 0x20,
    /// A message.
    Message = 0x30,
    /// The outbox of marketing: messages that are queued, by their release.
    Outbox = 0x31,
    /// Messages that are claimed.
    Claimed = 0x32,
    /// The outbox of transactional messages, so that they never stand behind marketing.
    Urgent = 0x33,
    /// The facts that one record caused for one contact.
    Facts = 0x40,
    /// A journey that is over.
    Journey = 0x41,
    /// A call to another system.
    Webhook = 0x42,
    /// A counter of reports, opaque here.
    Counter = 0x50,
    /// A post that is not known to have arrived.
    Post = 0x60,
    /// The last post of another partition that was applied here.
    AppliedPost = 0x61,
    /// Which definitions the partition uses.
    Definitions = 0x70,
    /// What was seen of an event or an attribute.
    Observed = 0x71,
}

impl Kind {
    /// All kinds, in the order of their rows.
    pub const ALL: [Self; 17] = [
        Self::Position,
        Self::Swept,
        Self::Contact,
        Self::Chunk,
        Self::Timer,
        Self::Message,
        Self::Outbox,
        Self::Claimed,
        Self::Urgent,
        Self::Facts,
        Self::Journey,
        Self::Webhook,
        Self::Counter,
        Self::Post,
        Self::AppliedPost,
        Self::Definitions,
        Self::Observed,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Swept => "swept",
            Self::Contact => "contact",
            Self::Chunk => "chunk",
            Self::Timer => "timer",
            Self::Message => "message",
            Self::Outbox => "outbox",
            Self::Claimed => "claimed",
            Self::Urgent => "urgent",
            Self::Facts => "facts",
            Self::Journey => "journey",
            Self::Webhook => "webhook",
            Self::Counter => "counter",
            Self::Post => "post",
            Self::AppliedPost => "applied_post",
            Self::Definitions => "definitions",
            Self::Observed => "observed",
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A key that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) partition: Partition,
    pub(crate) rest: Rest,
}

/// What tells rows of one kind and partition apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rest {
    Nothing,
    Contact(ContactId),
    Chunk(ContactId, u32),
    Timer(Timer),
    Message(MessageId),
    Outbox(Instant, MessageId),
    Facts(ContactId, u64, u32),
    Journey(ContactId, Instant, JourneyId),
    Webhook(ContactId, WebhookId),
    Counter(Vec<u8>),
    Post(Partition, u64, u32),
    AppliedPost(Partition),
    Observed(Observable),
}

/// The first bytes of all rows of that kind and partition.
pub(crate) fn prefix(kind: Kind, partition: Partition) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(kind as u8);
    key.extend_from_slice(&partition.to_be_bytes());
    key
}

pub(crate) fn contact(partition: Partition, contact: &ContactId) -> Vec<u8> {
    let mut key = prefix(Kind::Contact, partition);
    key.extend_from_slice(contact.as_str().as_bytes());
    key
}

/// The first bytes of all rows of that kind that belong to the contact; not for [`Kind::Contact`] itself.
pub(crate) fn of_contact(kind: Kind, partition: Partition, contact: &ContactId) -> Vec<u8> {
    let mut key = prefix(kind, partition);
    push_text(&mut key, contact.as_str());
    key
}

pub(crate) fn webhook(partition: Partition, contact: &ContactId, webhook: &WebhookId) -> Vec<u8> {
    let mut key = of_contact(Kind::Webhook, partition, contact);
    key.extend_from_slice(&webhook.0);
    key
}

pub(crate) fn chunk(partition: Partition, contact: &ContactId, index: u32) -> Vec<u8> {
    let mut key = of_contact(Kind::Chunk, partition, contact);
    key.extend_from_slice(&index.to_be_bytes());
    key
}

pub(crate) fn timer(partition: Partition, timer: &Timer) -> Vec<u8> {
    let mut key = due(partition, timer.due);
    match &timer.id {
        TimerId::Journey(workflow, journey) => {
            key.push(0);
            push_text(&mut key, workflow.as_str());
            key.extend_from_slice(&journey.0);
        }
        TimerId::Arm(workflow, entry) => {
            key.push(1);
            push_text(&mut key, workflow.as_str());
            push_text(&mut key, entry.as_str());
        }
        TimerId::Entry(workflow, number) => {
            key.push(2);
            push_text(&mut key, workflow.as_str());
            key.extend_from_slice(&number.to_be_bytes());
        }
        TimerId::Segments => key.push(3),
    }
    key.extend_from_slice(timer.contact.as_str().as_bytes());
    key
}

/// The first bytes of all timers due at that instant.
pub(crate) fn due(partition: Partition, due: Instant) -> Vec<u8> {
    let mut key = prefix(Kind::Timer, partition);
    push_instant(&mut key, due);
    key
}

pub(crate) fn message(kind: Kind, partition: Partition, message: &MessageId) -> Vec<u8> {
    let mut key = prefix(kind, partition);
    key.extend_from_slice(&message.0);
    key
}

/// The outbox in which messages of that class wait.
pub(crate) fn outbox_of(class: MessageClass) -> Kind {
    match class {
        MessageClass::Marketing => Kind::Outbox,
        MessageClass::Transactional => Kind::Urgent,
    }
}

pub(crate) fn outbox(
    outbox: Kind,
    partition: Partition,
    release_at: Instant,
    message: &MessageId,
) -> Vec<u8> {
    let mut key = released(outbox, partition, release_at);
    key.extend_from_slice(&message.0);
    key
}

/// The first bytes of all rows of that outbox released at that instant.
pub(crate) fn released(outbox: Kind, partition: Partition, release_at: Instant) -> Vec<u8> {
    let mut key = prefix(outbox, partition);
    push_instant(&mut key, release_at);
    key
}

pub(crate) fn facts(
    partition: Partition,
    contact: &ContactId,
    sequence: u64,
    ordinal: u32,
) -> Vec<u8> {
    let mut key = of_contact(Kind::Facts, partition, contact);
    key.extend_from_slice(&sequence.to_be_bytes());
    key.extend_from_slice(&ordinal.to_be_bytes());
    key
}

pub(crate) fn journey(
    partition: Partition,
    contact: &ContactId,
    ended_at: Instant,
    journey: JourneyId,
) -> Vec<u8> {
    let mut key = of_contact(Kind::Journey, partition, contact);
    push_instant(&mut key, ended_at);
    key.extend_from_slice(&journey.0);
    key
}

pub(crate) fn counter(partition: Partition, name: &[u8]) -> Vec<u8> {
    let mut key = prefix(Kind::Counter, partition);
    key.extend_from_slice(name);
    key
}

pub(crate) fn posts_to(from: Partition, to: Partition) -> Vec<u8> {
    let mut key = prefix(Kind::Post, from);
    key.extend_from_slice(&to.to_be_bytes());
    key
}

pub(crate) fn post(to: Partition, id: PostId) -> Vec<u8> {
    let mut key = posts_to(id.from, to);
    key.extend_from_slice(&id.sequence.to_be_bytes());
    key.extend_from_slice(&id.index.to_be_bytes());
    key
}

pub(crate) fn applied_post(partition: Partition, from: Partition) -> Vec<u8> {
    let mut key = prefix(Kind::AppliedPost, partition);
    key.extend_from_slice(&from.to_be_bytes());
    key
}

pub(crate) fn observed(partition: Partition, name: &Observable) -> Vec<u8> {
    let mut key = prefix(Kind::Observed, partition);
    match name {
        Observable::Event(name) => {
            key.push(0);
            key.extend_from_slice(name.as_str().as_bytes());
        }
        Observable::Attribute(name) => {
            key.push(1);
            key.extend_from_slice(name.as_str().as_bytes());
        }
        Observable::Overflow => key.push(2),
    }
    key
}

/// The first key behind all that begin with these bytes; `None` if there is none.
pub(crate) fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix[..=last].to_vec();
    key[last] += 1;
    Some(key)
}

/// The key that comes directly after this one.
pub(crate) fn after(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

fn push_text(key: &mut Vec<u8>, text: &str) {
    key.extend_from_slice(text.as_bytes());
    key.push(0);
}

fn push_instant(key: &mut Vec<u8>, instant: Instant) {
    // The sign bit turned over, so that instants before 1970 come first.
    key.extend_from_slice(&((instant.as_ms() as u64) ^ (1 << 63)).to_be_bytes());
}

impl Key {
    /// The key that these bytes are; `None` if they are none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let kind = Kind::from_byte(cursor.byte()?)?;
        let partition = Partition::from_be_bytes(cursor.array()?);
        let rest = match kind {
            Kind::Position | Kind::Swept | Kind::Definitions => Rest::Nothing,
            Kind::Contact => Rest::Contact(cursor.contact_to_end()?),
            Kind::Chunk => Rest::Chunk(cursor.contact()?, u32::from_be_bytes(cursor.array()?)),
            Kind::Timer => Rest::Timer(cursor.timer()?),
            Kind::Message | Kind::Claimed => Rest::Message(MessageId(cursor.array()?)),
            Kind::Outbox | Kind::Urgent => {
                Rest::Outbox(cursor.instant()?, MessageId(cursor.array()?))
            }
            Kind::Facts => Rest::Facts(
                cursor.contact()?,
                u64::from_be_bytes(cursor.array()?),
                u32::from_be_bytes(cursor.array()?),
            ),
            Kind::Journey => Rest::Journey(
                cursor.contact()?,
                cursor.instant()?,
                JourneyId(cursor.array()?),
            ),
            Kind::Webhook => Rest::Webhook(cursor.contact()?, WebhookId(cursor.array()?)),
            Kind::Counter => Rest::Counter(cursor.rest().to_vec()),
            Kind::Post => Rest::Post(
                Partition::from_be_bytes(cursor.array()?),
                u64::from_be_bytes(cursor.array()?),
                u32::from_be_bytes(cursor.array()?),
            ),
            Kind::AppliedPost => Rest::AppliedPost(Partition::from_be_bytes(cursor.array()?)),
            Kind::Observed => Rest::Observed(cursor.observable()?),
        };
        cursor.0.is_empty().then_some(Self {
            kind,
            partition,
            rest,
        })
    }

    /// The contact it belongs to, where it names one.
    pub(crate) fn contact(&self) -> Option<&ContactId> {
        match &self.rest {
            Rest::Contact(contact)
            | Rest::Chunk(contact, _)
            | Rest::Facts(contact, ..)
            | Rest::Journey(contact, ..)
            | Rest::Webhook(contact, _) => Some(contact),
            Rest::Timer(timer) => Some(&timer.contact),
            _ => None,
        }
    }
}

/// What is left of a key while it is read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn text_to_end(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.rest()).ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        std::str::from_utf8(text).ok()
    }

    fn contact(&mut self) -> Option<ContactId> {
        ContactId::parse(self.text()?).ok()
    }

    fn contact_to_end(&mut self) -> Option<ContactId> {
        ContactId::parse(self.text_to_end()?).ok()
    }

    fn instant(&mut self) -> Option<Instant> {
        let ms = (u64::from_be_bytes(self.array()?) ^ (1 << 63)) as i64;
        let instant = Instant::from_ms(ms);
        (instant.as_ms() == ms).then_some(instant)
    }

    fn workflow(&mut self) -> Option<WorkflowId> {
        WorkflowId::parse(self.text()?).ok()
    }

    fn timer(&mut self) -> Option<Timer> {
        let due = self.instant()?;
        let tag = self.byte()?;
        let id = match tag {
            0 => TimerId::Journey(self.workflow()?, JourneyId(self.array()?)),
            1 => TimerId::Arm(self.workflow()?, EntryKey::parse(self.text()?).ok()?),
            2 => TimerId::Entry(self.workflow()?, u32::from_be_bytes(self.array()?)),
            3 => TimerId::Segments,
            _ => return None,
        };
        Some(Timer {
            due,
            id,
            contact: self.contact_to_end()?,
        })
    }

    fn observable(&mut self) -> Option<Observable> {
        match self.byte()? {
            0 => Some(Observable::Event(self.text_to_end()?.parse().ok()?)),
            1 => Some(Observable::Attribute(self.text_to_end()?.parse().ok()?)),
            2 => Some(Observable::Overflow),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} row", self.kind.as_str())?;
        match &self.rest {
            Rest::Nothing => {}
            Rest::Contact(contact) => write!(f, " of contact {:?}", contact.as_str())?,
            Rest::Chunk(contact, index) => {
                write!(f, " {index} of contact {:?}", contact.as_str())?;
            }
            Rest::Timer(timer) => {
                write!(
                    f,
                    " of contact {:?} due {}",
                    timer.contact.as_str(),
                    timer.due
                )?;
            }
            Rest::Message(message) => write!(f, " {message}")?,
            Rest::Outbox(release_at, message) => {
                write!(f, " of message {message} released {release_at}")?;
            }
            Rest::Facts(contact, sequence, ordinal) => {
                let contact = contact.as_str();
                write!(f, " {sequence}.{ordinal} of contact {contact:?}")?;
            }
            Rest::Journey(contact, _, journey) => {
                write!(f, " {journey} of contact {:?}", contact.as_str())?;
            }
            Rest::Webhook(contact, webhook) => {
                write!(f, " {webhook} of contact {:?}", contact.as_str())?;
            }
            Rest::Counter(name) => write!(f, " {}", name.escape_ascii())?,
            Rest::Post(to, sequence, index) => {
                write!(f, " {sequence}.{index} to partition {to}")?;
            }
            Rest::AppliedPost(from) => write!(f, " of partition {from}")?,
            Rest::Observed(name) => write!(f, " of {name}")?,
        }
        write!(f, " in partition {}", self.partition)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Key {
        fn encode(&self) -> Vec<u8> {
            let partition = self.partition;
            match &self.rest {
                Rest::Nothing => prefix(self.kind, partition),
                Rest::Contact(id) => contact(partition, id),
                Rest::Chunk(id, index) => chunk(partition, id, *index),
                Rest::Timer(value) => timer(partition, value),
                Rest::Message(id) => message(self.kind, partition, id),
                Rest::Outbox(at, id) => outbox(self.kind, partition, *at, id),
                Rest::Facts(id, sequence, ordinal) => facts(partition, id, *sequence, *ordinal),
                Rest::Journey(id, at, value) => journey(partition, id, *at, *value),
                Rest::Webhook(id, value) => webhook(partition, id, value),
                Rest::Counter(name) => counter(partition, name),
                Rest::Post(to, sequence, index) => post(
                    *to,
                    PostId {
                        from: partition,
                        sequence: *sequence,
                        index: *index,
                    },
                ),
                Rest::AppliedPost(from) => applied_post(partition, *from),
                Rest::Observed(name) => observed(partition, name),
            }
        }
    }

    prop_compose! {
        // Few letters and short texts, so that one text is often the beginning of another.
        fn contact_id()(text in "[ab\u{e9}~]{1,4}") -> ContactId {
            ContactId::parse(&text).expect("printable")
        }
    }

    prop_compose! {
        fn instant()(ms in prop_oneof![-3_i64..3, any::<i64>()]) -> Instant {
            Instant::from_ms(ms)
        }
    }

    fn timer_id() -> impl Strategy<Value = TimerId> {
        let workflow = || "[a0][a_-]{0,2}".prop_map(|text| WorkflowId::parse(&text).expect("slug"));
        prop_oneof![
            (workflow(), any::<[u8; 16]>()).prop_map(|(w, j)| TimerId::Journey(w, JourneyId(j))),
            (workflow(), "[ab ]{1,3}")
                .prop_map(|(w, k)| TimerId::Arm(w, EntryKey::parse(&k).expect("printable"))),
            (workflow(), any::<u32>()).prop_map(|(w, n)| TimerId::Entry(w, n)),
            Just(TimerId::Segments),
        ]
    }

    fn rest() -> impl Strategy<Value = (Kind, Rest)> {
        let message = || any::<[u8; 16]>().prop_map(MessageId);
        let observable = prop_oneof![
            "[ab_]{1,3}".prop_filter_map("a name", |text| {
                Some(Observable::Event(text.parse().ok()?))
            }),
            "[aB_]{1,3}".prop_map(|text| Observable::Attribute(text.parse().expect("a name"))),
            Just(Observable::Overflow),
        ];
        prop_oneof![
            Just((Kind::Position, Rest::Nothing)),
            Just((Kind::Swept, Rest::Nothing)),
            Just((Kind::Definitions, Rest::Nothing)),
            contact_id().prop_map(|id| (Kind::Contact, Rest::Contact(id))),
            (contact_id(), any::<u32>()).prop_map(|(id, n)| (Kind::Chunk, Rest::Chunk(id, n))),
            (instant(), timer_id(), contact_id()).prop_map(|(due, id, contact)| (
                Kind::Timer,
                Rest::Timer(Timer { due, id, contact })
            )),
            message().prop_map(|id| (Kind::Message, Rest::Message(id))),
            message().prop_map(|id| (Kind::Claimed, Rest::Message(id))),
            (any::<bool>(), instant(), message()).prop_map(|(is_urgent, at, id)| {
                let kind = if is_urgent {
                    Kind::Urgent
                } else {
                    Kind::Outbox
                };
                (kind, Rest::Outbox(at, id))
            }),
            (contact_id(), any::<u64>(), any::<u32>())
                .prop_map(|(id, s, o)| (Kind::Facts, Rest::Facts(id, s, o))),
            (contact_id(), instant(), any::<[u8; 16]>())
                .prop_map(|(id, at, j)| (Kind::Journey, Rest::Journey(id, at, JourneyId(j)))),
            (contact_id(), any::<[u8; 16]>())
                .prop_map(|(id, w)| (Kind::Webhook, Rest::Webhook(id, WebhookId(w)))),
            any::<Vec<u8>>().prop_map(|name| (Kind::Counter, Rest::Counter(name))),
            (any::<u16>(), any::<u64>(), any::<u32>())
                .prop_map(|(to, s, i)| (Kind::Post, Rest::Post(to, s, i))),
            any::<u16>().prop_map(|from| (Kind::AppliedPost, Rest::AppliedPost(from))),
            observable.prop_map(|name| (Kind::Observed, Rest::Observed(name))),
        ]
    }

    fn key() -> impl Strategy<Value = Key> {
        (0_u16..3, rest()).prop_map(|(partition, (kind, rest))| Key {
            kind,
            partition,
            rest,
        })
    }

    proptest! {
        #[test]
        fn keys_read_what_they_write(key in key()) {
            prop_assert_eq!(Key::decode(&key.encode()), Some(key));
        }

        #[test]
        fn bytes_are_ordered_as_keys_are(a in key(), b in key()) {
            prop_assert_eq!(a.encode().cmp(&b.encode()), a.cmp(&b), "{} {}", a, b);
        }

        #[test]
        fn timers_fire_in_their_own_order(
            a in (instant(), timer_id(), contact_id()),
            b in (instant(), timer_id(), contact_id()),
        ) {
            let [a, b] = [a, b].map(|(due, id, contact)| Timer { due, id, contact });
            prop_assert_eq!(timer(0, &a).cmp(&timer(0, &b)), a.cmp(&b));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>()) {
            if let Some(key) = Key::decode(&bytes) {
                prop_assert_eq!(key.encode(), bytes);
            }
        }

        #[test]
        fn behind_is_the_next_that_does_not_begin_so(prefix in any::<Vec<u8>>(), tail in any::<Vec<u8>>()) {
            if let Some(next) = behind(&prefix) {
                prop_assert!([&*prefix, &*tail].concat() < next);
                prop_assert!(!next.starts_with(&prefix));
            }
        }
    }
}
