//! What a rule answers.
//!
//! Called by a rule's `decide`. A verdict names its reason by a value of the rule's own enum, so that a reason can
//! be neither forgotten nor misspelt; the host receives the index.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::{plan::EventPattern, raw, time::Instant};

/// Why a rule decides as it does: a stable code for counters and a title for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable code in `snake_case`, unique in the rule.
    pub code: &'static str,
    /// Title for people.
    pub title: &'static str,
}

/// The closed set of a rule's reasons; made by [`crate::reasons!`].
pub trait Reasons: Copy + 'static {
    /// Every reason, in the order of their indexes.
    const ALL: &'static [Reason];

    /// The index into [`Self::ALL`].
    fn index(self) -> u32;

    /// The stable code.
    fn code(self) -> &'static str {
        Self::ALL[self.index() as usize].code
    }
}

/// Declares the reasons of a rule: an enum whose variants carry a stable code and a title.
///
/// ```
/// signalbox_sdk::reasons! {
///     /// Why a contact is a big spender or not.
///     pub enum Why {
///         Over = "over": "Spent more than the threshold",
///         Under = "under": "Spent less than the threshold",
///     }
/// }
/// use signalbox_sdk::Reasons;
/// assert_eq!((Why::Under.index(), Why::Under.code()), (1, "under"));
/// ```
#[macro_export]
macro_rules! reasons {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident {
        $($variant:ident = $code:literal : $title:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name {
            $(#[doc = $title] $variant,)+
        }

        impl $crate::Reasons for $name {
            const ALL: &'static [$crate::Reason] =
                &[$($crate::Reason { code: $code, title: $title }),+];

            fn index(self) -> u32 {
                self as u32
            }
        }
    };
}

/// A verdict of one of the three kinds.
pub trait Verdict: Sized {
    /// The rule's reasons.
    type Reason: Reasons;
    /// The contract's form of it.
    type Raw;
    /// The word for the kind of rule.
    const KIND: &'static str;

    /// The contract's form.
    fn into_raw(self) -> Self::Raw;

    /// The verdict as cases expect it and `signalbox plugin check` prints it.
    fn to_json(&self) -> Json;
}

/// A trigger's answer for one occasion.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerVerdict<R> {
    /// The contact enters the workflow.
    pub enter: Option<Enter>,
    /// The trigger wants to be asked again.
    pub arm: Option<Arm>,
    /// Why.
    pub reason: R,
}

/// An entry into the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enter {
    /// Tells this entry from another of the same contact, 1 to 256 bytes; the event's id without it. The same key
    /// never enters twice.
    pub key: Option<String>,
}

/// A wish to be asked on the occasion `due`. A newer arm with the same key replaces the older one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arm {
    /// When; at once if it is past.
    pub at: Instant,
    /// Names the arm for this contact and workflow, 1 to 256 bytes.
    pub key: String,
    /// Events that take the arm away before it fires, at most 8.
    pub cancelled_by: Vec<EventPattern>,
}

/// A segment's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentVerdict<R> {
    /// In (true) or out (false).
    pub member: bool,
    /// Why.
    pub reason: R,
    /// The next instant at which the answer can change by time alone; only for a segment that reads the clock.
    pub recheck_at: Option<Instant>,
}

/// A personalizer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalizerVerdict<R> {
    /// Values for the template: the text of a JSON object, at most 16 KiB.
    pub values: String,
    /// A subject in place of the template's, without line breaks, at most 250 characters.
    pub subject: Option<String>,
    /// The name of another template of the workflow in place of the step's.
    pub variant: Option<String>,
    /// When the message should go out; now without it.
    pub send_at: Option<Instant>,
    /// Why.
    pub reason: R,
}

impl<R> TriggerVerdict<R> {
    /// The contact enters; the event's id is the key.
    pub fn enter(reason: R) -> Self {
        Self {
            enter: Some(Enter { key: None }),
            arm: None,
            reason,
        }
    }

    /// The contact enters with a key.
    pub fn enter_with(key: impl Into<String>, reason: R) -> Self {
        Self {
            enter: Some(Enter {
                key: Some(key.into()),
            }),
            arm: None,
            reason,
        }
    }

    /// Nothing happens now; the trigger is asked again when the arm fires.
    pub fn arm(arm: Arm, reason: R) -> Self {
        Self {
            enter: None,
            arm: Some(arm),
            reason,
        }
    }

    /// Nothing happens.
    pub fn nothing(reason: R) -> Self {
        Self {
            enter: None,
            arm: None,
            reason,
        }
    }
}

impl Arm {
    /// An arm that nothing cancels.
    pub fn new(at: Instant, key: impl Into<String>) -> Self {
        Self {
            at,
            key: key.into(),
            cancelled_by: Vec::new(),
        }
    }

    /// Such an event takes the arm away.
    #[must_use]
    pub fn cancelled_by(mut self, pattern: impl Into<EventPattern>) -> Self {
        self.cancelled_by.push(pattern.into());
        self
    }
}

impl<R> SegmentVerdict<R> {
    /// In.
    pub fn inside(reason: R) -> Self {
        Self {
            member: true,
            reason,
            recheck_at: None,
        }
    }

    /// Out.
    pub fn outside(reason: R) -> Self {
        Self {
            member: false,
            reason,
            recheck_at: None,
        }
    }

    /// Says when the answer can change by time alone.
    #[must_use]
    pub fn recheck_at(mut self, at: Instant) -> Self {
        self.recheck_at = Some(at);
        self
    }
}

impl<R> PersonalizerVerdict<R> {
    /// Values for the template from a map of JSON values.
    pub fn new(values: &Map<String, Json>, reason: R) -> Self {
        // A map with text keys always has a JSON form.
        let text = serde_json::to_string(values).unwrap_or_default();
        Self::from_json(text, reason)
    }

    /// Values for the template from the text of a JSON object, as it is.
    pub fn from_json(values: impl Into<String>, reason: R) -> Self {
        Self {
            values: values.into(),
            subject: None,
            variant: None,
            send_at: None,
            reason,
        }
    }

    /// A subject in place of the template's.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Another template of the workflow in place of the step's.
    #[must_use]
    pub fn variant(mut self, variant: impl Into<String>) -> Self {
        self.variant = Some(variant.into());
        self
    }

    /// An instant at which the message should go out.
    #[must_use]
    pub fn send_at(mut self, at: Instant) -> Self {
        self.send_at = Some(at);
        self
    }
}

impl<R: Reasons> Verdict for TriggerVerdict<R> {
    type Reason = R;
    type Raw = raw::trigger::Verdict;
    const KIND: &'static str = "trigger";

    fn into_raw(self) -> Self::Raw {
        raw::trigger::Verdict {
            enter: self
                .enter
                .map(|enter| raw::trigger::Enter { key: enter.key }),
            arm: self.arm.map(|arm| raw::trigger::Arm {
                at: arm.at.as_ms(),
                key: arm.key,
                cancelled_by: arm.cancelled_by.into_iter().map(cancel).collect(),
            }),
            reason: self.reason.index(),
        }
    }

    fn to_json(&self) -> Json {
        json!({ "enter": self.enter, "arm": self.arm, "reason": self.reason.code() })
    }
}

fn cancel(pattern: EventPattern) -> raw::trigger::Cancel {
    // Conditions hold texts and JSON values only, which always have a JSON form.
    let conditions = serde_json::to_string(&pattern.conditions).unwrap_or_default();
    raw::trigger::Cancel {
        event: pattern.event,
        conditions,
    }
}

impl<R: Reasons> Verdict for SegmentVerdict<R> {
    type Reason = R;
    type Raw = raw::segment::Verdict;
    const KIND: &'static str = "segment";

    fn into_raw(self) -> Self::Raw {
        raw::segment::Verdict {
            member: self.member,
            reason: self.reason.index(),
            recheck_at: self.recheck_at.map(Instant::as_ms),
        }
    }

    fn to_json(&self) -> Json {
        json!({ "member": self.member, "reason": self.reason.code(), "recheck_at": self.recheck_at })
    }
}

impl<R: Reasons> Verdict for PersonalizerVerdict<R> {
    type Reason = R;
    type Raw = raw::personalizer::Verdict;
    const KIND: &'static str = "personalizer";

    fn into_raw(self) -> Self::Raw {
        raw::personalizer::Verdict {
            values: self.values,
            subject: self.subject,
            variant: self.variant,
            send_at: self.send_at.map(Instant::as_ms),
            reason: self.reason.index(),
        }
    }

    fn to_json(&self) -> Json {
        let values: Json = serde_json::from_str(&self.values).unwrap_or(Json::Null);
        json!({
            "values": values,
            "subject": self.subject,
            "variant": self.variant,
            "send_at": self.send_at,
            "reason": self.reason.code(),
        })
    }
}
