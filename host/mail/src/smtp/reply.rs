//! Replies and their classes (RFC 5321 section 4.2, RFC 3463).
//!
//! Read by [`super::session`] and [`super::wire`]; kept by the engine with the outcome of a message. The text
//! is what a stranger's server wrote: bounded, without control characters, shown to operators, never logged.

use std::fmt;

use super::Stage;

/// Longest reply text that is kept, in bytes.
pub const REPLY_TEXT_BYTES_MAX: usize = 500;

/// An enhanced status code such as 5.1.1 (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enhanced {
    pub class: u8,
    pub subject: u16,
    pub detail: u16,
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Enhanced {
    /// Reads the code at the start of `text`, if there is one and it agrees with the reply code (RFC 2034 section 4).
    fn parse(text: &str, code: u16) -> Option<Self> {
        let word = text.split_whitespace().next()?;
        let mut parts = word.split('.');
        let mut number = |digits_max: usize| {
            let part = parts.next()?;
            let sound = (1..=digits_max).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit());
            if sound {
                part.parse::<u16>().ok()
            } else {
                None
            }
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let agrees = matches!(class, 2 | 4 | 5) && class == code / 100 && parts.next().is_none();
        agrees.then_some(Self {
            class: u8::try_from(class).unwrap_or(5),
            subject,
            detail,
        })
    }
}

/// What a refusal means for the message, the address and the domain (semantics section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Try later.
    Transient,
    /// The recipient's address does not exist or takes no mail: suppress it.
    HardBounce,
    /// It is about us or about the content: slow the domain down, suppress nobody.
    Policy,
    /// Refused for good, for another reason.
    Permanent,
}

/// One reply of a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub enhanced: Option<Enhanced>,
    /// The server's words without the code: at most [`REPLY_TEXT_BYTES_MAX`] bytes, no control characters.
    pub text: String,
}

impl Reply {
    pub(super) fn new(code: u16, text: &str) -> Self {
        let enhanced = Enhanced::parse(text, code);
        let mut kept = String::new();
        for c in text.chars() {
            let c = if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            };
            if kept.len() + c.len_utf8() > REPLY_TEXT_BYTES_MAX {
                break;
            }
            kept.push(c);
        }
        Self {
            code,
            enhanced,
            text: kept.trim().to_owned(),
        }
    }

    /// The class of a refusal at that stage of a conversation.
    ///
    /// The enhanced code decides where there is one: 5.1.x about the mailbox and 5.2.1 are hard bounces, 5.1.7 and
    /// 5.1.8 (the sender's address) are not, 5.2.2 (full) is transient, 5.7.x is policy. Without one only the basic
    /// code is left, which says too little about an address to suppress it, but for 550 and 551 at RCPT (RFC 5321
    /// section 4.2.3). Before RCPT no recipient was named, so that every word about an address is about ours.
    pub fn class(&self, stage: Stage) -> Class {
        if self.code < 500 {
            return match self.enhanced {
                Some(Enhanced { subject: 7, .. }) => Class::Policy,
                _ => Class::Transient,
            };
        }
        let names_recipient = matches!(stage, Stage::Rcpt | Stage::Data | Stage::Body);
        let enhanced = self
            .enhanced
            .map(|enhanced| (enhanced.subject, enhanced.detail));
        match enhanced {
            Some((1, 0..=4 | 6 | 10) | (2, 1)) if names_recipient => Class::HardBounce,
            None if stage == Stage::Rcpt && matches!(self.code, 550 | 551) => Class::HardBounce,
            Some((2, 2)) => Class::Transient,
            Some((7, _)) => Class::Policy,
            _ => Class::Permanent,
        }
    }
}

/// Code and enhanced code only: the text may hold an address.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match self.enhanced {
            Some(enhanced) => write!(f, " {enhanced}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_decide_the_class() {
        let cases = [
            (450, "4.2.0 try later", Class::Transient),
            (451, "greylisted", Class::Transient),
            (450, "4.7.1 rate limited", Class::Policy),
            (550, "5.1.0 address refused", Class::HardBounce),
            (550, "5.1.1 no such user", Class::HardBounce),
            (550, "5.1.2 bad domain", Class::HardBounce),
            (553, "5.1.4 ambiguous", Class::HardBounce),
            (551, "5.1.6 moved", Class::HardBounce),
            (553, "5.1.7 sender's syntax", Class::Permanent),
            (550, "5.1.8 sender's domain", Class::Permanent),
            (556, "5.1.10 null MX", Class::HardBounce),
            (550, "5.2.1 disabled", Class::HardBounce),
            (552, "5.2.2 mailbox full", Class::Transient),
            (550, "5.7.1 blocked", Class::Policy),
            (550, "5.7.515 not authenticated", Class::Policy),
            (554, "5.6.0 bad content", Class::Permanent),
            (550, "4.1.1 disagrees with its code", Class::Permanent),
            (550, "5.1.1.1 too long", Class::Permanent),
            (550, "5.1111.1 too long", Class::Permanent),
        ];
        for (code, text, class) in cases {
            let reply = Reply::new(code, text);
            assert_eq!(reply.class(Stage::Body), class, "{code} {text}");
        }
    }

    #[test]
    fn text_is_bounded_and_shows_nowhere_by_accident() {
        let reply = Reply::new(
            550,
            &format!("5.1.1 <ann@example.com>\r\n\u{7}{}", "x".repeat(9_000)),
        );
        assert!(reply.text.len() <= REPLY_TEXT_BYTES_MAX);
        assert!(!reply.text.contains(['\r', '\n', '\u{7}']));
        assert_eq!(format!("{reply:?} {reply}"), "Reply(550 5.1.1) 550 5.1.1");
    }
}
