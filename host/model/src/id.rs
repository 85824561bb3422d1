//! Names and ids as types of their own, each made only by a parse that says what is wrong.
//!
//! Called wherever a name enters from outside. A value of such a type is known to be well formed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::{parsed, schema::text_schema, time::Instant};

/// Longest contact id, event id or entry key, in bytes.
pub const ID_BYTES_MAX: usize = 256;
/// Longest name (of an event, attribute, field, workflow, step, plugin, template), in bytes.
pub const NAME_BYTES_MAX: usize = 100;

/// Why a text is not the id or name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing there.
    #[error("{what} is empty")]
    Empty {
        /// Which kind of id or name.
        what: &'static str,
    },
    /// Longer than its bound.
    #[error("{what} has {bytes} bytes, at most {bytes_max} are allowed")]
    TooLong {
        /// Which kind of id or name.
        what: &'static str,
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        bytes_max: usize,
    },
    /// A character outside its alphabet.
    #[error("{what} may only hold {allowed}, found {found:?} at byte {at}")]
    Character {
        /// Which kind of id or name.
        what: &'static str,
        /// The alphabet, in words.
        allowed: &'static str,
        /// The first offending character.
        found: char,
        /// Its byte offset.
        at: usize,
    },
}

fn check(
    what: &'static str,
    text: &str,
    bytes_max: usize,
    allowed: &'static str,
    is_allowed: impl Fn(usize, char) -> bool,
) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::Empty { what });
    }
    if text.len() > bytes_max {
        return Err(Error::TooLong {
            what,
            bytes: text.len(),
            bytes_max,
        });
    }
    match text
        .char_indices()
        .find(|&(at, found)| !is_allowed(at, found))
    {
        Some((at, found)) => Err(Error::Character {
            what,
            allowed,
            found,
            at,
        }),
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr, $allowed:literal, $is_allowed:expr, $pattern:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses the text.
            ///
            /// # Errors
            /// When it is empty, too long or holds a character outside its alphabet.
            pub fn parse(text: &str) -> Result<Self, Error> {
                check($what, text, $max, $allowed, $is_allowed)?;
                Ok(Self(text.into()))
            }

            /// The text as it was parsed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parsed::deserialize(deserializer, Self::parse)
            }
        }

        text_schema!($name, $what, $max, $pattern);

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

/// The alphabets below, as JSON Schema says them.
const PRINTABLE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$";
const SNAKE: &str = "^[a-z][a-z0-9_]*$";
const FIELD: &str = "^[A-Za-z_][A-Za-z0-9_-]*$";
const SLUG: &str = "^[a-z0-9][a-z0-9_-]*$";
const ACTOR: &str = "^[A-Za-z0-9._@+-]+$";

fn is_printable(_: usize, found: char) -> bool {
    !found.is_control() && !matches!(found, '\u{2028}' | '\u{2029}')
}

fn is_snake(at: usize, found: char) -> bool {
    found.is_ascii_lowercase() || (at > 0 && (found.is_ascii_digit() || found == '_'))
}

fn is_field(at: usize, found: char) -> bool {
    found.is_ascii_alphabetic()
        || found == '_'
        || (at > 0 && (found.is_ascii_digit() || found == '-'))
}

fn is_slug(at: usize, found: char) -> bool {
    found.is_ascii_lowercase() || found.is_ascii_digit() || (at > 0 && matches!(found, '_' | '-'))
}

fn is_actor(_: usize, found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '.' | '_' | '@' | '+' | '-')
}

text_id!(
    /// The caller's id of a contact: 1 to 256 bytes without control characters.
    ContactId, "contact id", ID_BYTES_MAX, "printable characters", is_printable, PRINTABLE
);
text_id!(
    /// The caller's id of an event, unique per contact: 1 to 256 bytes without control characters.
    EventId, "event id", ID_BYTES_MAX, "printable characters", is_printable, PRINTABLE
);
text_id!(
    /// What tells one entry of a contact into a workflow from another: a field of the event or the event's id.
    EntryKey, "entry key", ID_BYTES_MAX, "printable characters", is_printable, PRINTABLE
);
text_id!(
    /// What happened, in `snake_case` past tense such as `order_completed`.
    EventName, "event name", NAME_BYTES_MAX, "a-z, 0-9 and _, starting with a letter", is_snake, SNAKE
);
text_id!(
    /// The name of an attribute of a contact or a field of an event.
    FieldName, "field name", NAME_BYTES_MAX, "A-Z, a-z, 0-9, _ and -, starting with a letter or _", is_field, FIELD
);
text_id!(
    /// A workflow's id, chosen by who creates it.
    WorkflowId, "workflow id", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// The name of a segment of this server, chosen by who creates it.
    SegmentName, "segment name", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// The name of a system that says what is known of contacts, such as `crm`.
    SourceName, "source", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// The name of a reference table.
    TableName, "table name", NAME_BYTES_MAX, "A-Z, a-z, 0-9, _ and -, starting with a letter or _", is_field, FIELD
);
text_id!(
    /// A step's id, unique in its workflow version.
    StepId, "step id", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// An experiment's id: splits that share it give a contact the same lot.
    ExperimentId, "experiment id", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// The name of an arm of a split, unique in it; stays the same over versions.
    ArmName, "arm name", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// A word for a kind of mail, such as `welcome` or `post_purchase`.
    MailType, "type", NAME_BYTES_MAX, "a-z, 0-9 and _, starting with a letter", is_snake, SNAKE
);
text_id!(
    /// A tag of a contact, or of a message.
    Tag, "tag", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// A template's name, unique in its workflow version.
    TemplateName, "template name", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);
text_id!(
    /// A plugin's name as its `describe` says it.
    PluginName, "plugin name", NAME_BYTES_MAX, "a-z, 0-9, _ and -, starting with a letter or digit", is_slug, SLUG
);

text_id!(
    /// A person who signs or releases plugins, such as `eva` or `eva@example.com`.
    ActorName, "actor name", NAME_BYTES_MAX, "A-Z, a-z, 0-9, ., _, @, + and -", is_actor, ACTOR
);

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Length in bytes.
            pub const BYTES: usize = $bytes;

            /// Hashes the parts, each with its length before it so that no two lists of parts collide.
            pub fn of_parts(parts: &[&[u8]]) -> Self {
                let mut hasher = Sha256::new();
                for part in parts {
                    hasher.update((part.len() as u64).to_be_bytes());
                    hasher.update(part);
                }
                let full: [u8; 32] = hasher.finalize().into();
                let mut short = [0; $bytes];
                short.copy_from_slice(&full[..$bytes]);
                Self(short)
            }

            /// Parses lower-case hex as [`fmt::Display`] writes it.
            ///
            /// # Errors
            /// When the length or a character is wrong.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let allowed = "0-9 and a-f";
                check($what, text, $bytes * 2, allowed, |_, c| matches!(c, '0'..='9' | 'a'..='f'))?;
                if text.len() != $bytes * 2 {
                    return Err(Error::TooLong { what: $what, bytes: text.len(), bytes_max: $bytes * 2 });
                }
                let mut out = [0; $bytes];
                for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
                    *byte = hex_digit(pair[0]) << 4 | hex_digit(pair[1]);
                }
                Ok(Self(out))
            }
        }

        impl $name {
            fn to_hex(self) -> [u8; $bytes * 2] {
                let mut hex = [0; $bytes * 2];
                for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
                    pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
                }
                hex
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(str::from_utf8(&self.to_hex()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(str::from_utf8(&self.to_hex()).unwrap_or_default())
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    parsed::deserialize(deserializer, Self::parse)
                } else {
                    <[u8; $bytes]>::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        other => other - b'a' + 10,
    }
}

hash_id!(
    /// SHA-256 of a file's bytes: a plugin's component, a template, a definitions document.
    Digest, 32, "digest"
);
hash_id!(
    /// One journey: the hash of workflow, its start, contact and entry key, so that the same entry is always the same
    /// journey.
    JourneyId, 16, "journey id"
);
hash_id!(
    /// One message: the hash of journey, step and visit, so that a visit of a step makes one message only.
    MessageId, 16, "message id"
);

hash_id!(
    /// One call of a webhook step: the hash of journey, step and visit.
    WebhookId, 16, "webhook id"
);

impl WebhookId {
    /// The call that this visit of the step makes: `visit` is how many steps the journey had reached when it came there,
    /// which no edit of the workflow makes come twice.
    pub fn new(journey: JourneyId, step: &StepId, visit: u32) -> Self {
        Self::of_parts(&[
            b"webhook",
            &journey.0,
            step.as_str().as_bytes(),
            &visit.to_be_bytes(),
        ])
    }
}

impl Digest {
    /// The digest of a file's bytes: plain SHA-256.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl JourneyId {
    /// The journey that this entry makes. `since` is the start of the workflow: one that was deleted and made again
    /// under its old id makes other journeys.
    pub fn new(workflow: &WorkflowId, since: Instant, contact: &ContactId, key: &EntryKey) -> Self {
        Self::of_parts(&[
            b"journey",
            workflow.as_str().as_bytes(),
            &since.as_ms().to_be_bytes(),
            contact.as_str().as_bytes(),
            key.as_str().as_bytes(),
        ])
    }
}

impl MessageId {
    /// The message that this visit of the step makes: `visit` is how many steps the journey had reached when it came
    /// there, which no edit of the workflow makes come twice.
    pub fn new(journey: JourneyId, step: &StepId, visit: u32) -> Self {
        Self::of_parts(&[
            b"message",
            &journey.0,
            step.as_str().as_bytes(),
            &visit.to_be_bytes(),
        ])
    }
}

/// The number of a partition of the store. Contacts live in `0..partitions`; the control partition is the one after.
pub type Partition = u16;

/// The partition a contact lives in, for a store of that many contact partitions: a stable hash of the id.
pub fn partition_of(contact: &ContactId, partitions: Partition) -> Partition {
    let hash = Digest::of_bytes(contact.as_str().as_bytes()).0;
    let head = u64::from_be_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ]);
    (head % u64::from(partitions.max(1))) as Partition
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_wrong() {
        let cases = [
            (
                EventName::parse("order_completed").map(|n| n.to_string()),
                Ok("order_completed"),
            ),
            (
                EventName::parse("").map(|n| n.to_string()),
                Err("event name is empty"),
            ),
            (
                EventName::parse("Order").map(|n| n.to_string()),
                Err(
                    "event name may only hold a-z, 0-9 and _, starting with a letter, found 'O' at byte 0",
                ),
            ),
            (
                PluginName::parse("../../etc/x").map(|n| n.to_string()),
                Err(
                    "plugin name may only hold a-z, 0-9, _ and -, starting with a letter or digit, found '.' at byte 0",
                ),
            ),
            (
                ContactId::parse("a\r\nb").map(|n| n.to_string()),
                Err("contact id may only hold printable characters, found '\\r' at byte 1"),
            ),
        ];
        for (found, expected) in cases {
            assert_eq!(
                found.map_err(|e| e.to_string()),
                expected.map(str::to_owned).map_err(str::to_owned)
            );
        }
        assert!(ContactId::parse(&"x".repeat(257)).is_err());
    }

    #[test]
    fn digests_read_what_they_write() {
        let digest = Digest::of_bytes(b"abc");
        assert_eq!(
            digest.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
        assert!(Digest::parse("ba78").is_err());
    }
}
