//! Builds the exact bytes of a message (RFC 5322, MIME) from what was rendered.
//!
//! The engine calls [`build`] right before sending; the same [`Envelope`] always gives the same bytes, because
//! Message-ID, date and boundary are given or derived, never made here. It must never let a value start a
//! header line of its own, and never emit a line over 998 bytes or a byte outside ASCII.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::address::{self, Address, AddressError, Mailbox};

/// Largest message built, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Longest line of a message, in bytes, without its end (RFC 5322 section 2.1.1).
pub const LINE_BYTES_MAX: usize = 998;
/// Most custom headers of one message.
pub const HEADERS_MAX: usize = 50;
/// Longest value of one custom header or address of a link, in bytes.
pub const HEADER_BYTES_MAX: usize = 900;

/// Headers that are ours, or that would change where a message goes or what vouches for it.
const RESERVED_HEADERS: [&str; 18] = [
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "return-path",
    "received",
    "dkim-signature",
    "domainkey-signature",
    "authentication-results",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
];
const RESERVED_PREFIXES: [&str; 3] = ["content-", "arc-", "resent-"];

/// Everything that one message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub to: Address,
    /// Without angle brackets; made by [`message_id`] when the message was queued.
    pub message_id: String,
    /// The instant the message was queued, in milliseconds since 1970.
    pub date_ms: i64,
    pub subject: String,
    pub html: String,
    pub text: String,
    /// For messages that one can unsubscribe from.
    pub unsubscribe: Option<Unsubscribe>,
    /// The list's name for `List-Id` (RFC 2919), such as `news.example.com`.
    pub list_id: Option<String>,
    /// Headers of the workflow's own; checked, because they come from outside.
    pub headers: Vec<(String, String)>,
}

/// Where one unsubscribes (RFC 8058, RFC 2369).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The one-click link; `https` only.
    pub https_url: String,
    /// An address that unsubscribes whoever writes to it.
    pub mailto: Option<Address>,
}

/// Why a message could not be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    #[error("the header `{name}` is ours and cannot be set")]
    ReservedHeader { name: String },
    #[error("`{name}` is not a header name")]
    HeaderName { name: String },
    #[error("the value of the header `{name}` is too long or has a control character")]
    HeaderValue { name: String },
    #[error("more than {HEADERS_MAX} headers")]
    TooManyHeaders,
    #[error("the unsubscribe link is not one https address")]
    UnsubscribeUrl,
    #[error("the list id is not a host name")]
    ListId,
    #[error("the Message-ID is not of the form local@domain")]
    MessageId,
    #[error("the date lies outside of what a header can hold")]
    Date,
    #[error("an address cannot be written into a header")]
    Address,
    #[error("the message has {bytes} bytes; at most {MESSAGE_BYTES_MAX} are allowed")]
    TooLarge { bytes: usize },
    #[error("a line of the message is longer than {LINE_BYTES_MAX} bytes or not ASCII")]
    Line,
}

/// A Message-ID (without angle brackets) that is the same for the same seed, in our domain.
pub fn message_id(seed: &[u8], domain: &str) -> Result<String, AddressError> {
    let domain = address::parse_domain(domain)?;
    Ok(format!("{}@{domain}", hex(b"message-id", seed, 16)))
}

/// Builds the message: headers, then text and HTML as `multipart/alternative`; CRLF only, ASCII only.
pub fn build(envelope: &Envelope) -> Result<Vec<u8>, BuildError> {
    check_message_id(&envelope.message_id)?;
    let size = envelope.html.len() + envelope.text.len();
    if size > MESSAGE_BYTES_MAX {
        return Err(BuildError::TooLarge { bytes: size });
    }
    let date = u64::try_from(envelope.date_ms).map_err(|_| BuildError::Date)?;
    // The year 10000: further on the header's form has no room.
    if date >= 253_402_300_800_000 {
        return Err(BuildError::Date);
    }
    let mut builder = lettre::Message::builder()
        .from(mailbox(&envelope.from)?)
        .to(lettre::message::Mailbox::new(
            None,
            header_address(&envelope.to)?,
        ))
        .subject(one_line(&envelope.subject))
        .date(UNIX_EPOCH + Duration::from_millis(date))
        .message_id(Some(format!("<{}>", envelope.message_id)));
    if let Some(reply_to) = &envelope.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    builder = list_headers(builder, envelope)?;
    builder = custom_headers(builder, &envelope.headers)?;
    let boundary = format!("=_{}", hex(b"boundary", envelope.message_id.as_bytes(), 16));
    let parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(part(ContentType::TEXT_PLAIN, &envelope.text))
        .singlepart(part(ContentType::TEXT_HTML, &envelope.html));
    let message = builder.multipart(parts).map_err(|_| BuildError::Address)?;
    let bytes = message.formatted();
    check_lines(&bytes)?;
    Ok(bytes)
}

fn check_message_id(id: &str) -> Result<(), BuildError> {
    let (local, domain) = id.split_once('@').ok_or(BuildError::MessageId)?;
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    if atom(local) && atom(domain) && id.len() <= 250 {
        Ok(())
    } else {
        Err(BuildError::MessageId)
    }
}

fn mailbox(mailbox: &Mailbox) -> Result<lettre::message::Mailbox, BuildError> {
    let address = header_address(mailbox.address())?;
    Ok(lettre::message::Mailbox::new(
        mailbox.name().map(str::to_owned),
        address,
    ))
}

fn header_address(address: &Address) -> Result<lettre::Address, BuildError> {
    address.as_str().parse().map_err(|_| BuildError::Address)
}

/// RFC 8058: exactly one `https` address, the post header beside it; a `mailto` may follow.
fn list_headers(
    mut builder: MessageBuilder,
    envelope: &Envelope,
) -> Result<MessageBuilder, BuildError> {
    if let Some(unsubscribe) = &envelope.unsubscribe {
        let url = &unsubscribe.https_url;
        let sound = url.len() <= HEADER_BYTES_MAX
            && url.starts_with("https://")
            && url
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>,\"\\".contains(&byte));
        if !sound {
            return Err(BuildError::UnsubscribeUrl);
        }
        let mut value = format!("<{url}>");
        if let Some(mailto) = &unsubscribe.mailto {
            value.extend([", <mailto:", mailto.as_str(), ">"]);
        }
        builder = raw_header(builder, "List-Unsubscribe", value)?;
        builder = raw_header(
            builder,
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".to_owned(),
        )?;
    }
    if let Some(list_id) = &envelope.list_id {
        let list_id = address::parse_domain(list_id).map_err(|_| BuildError::ListId)?;
        builder = raw_header(builder, "List-Id", format!("<{list_id}>"))?;
    }
    Ok(builder)
}

fn custom_headers(
    mut builder: MessageBuilder,
    headers: &[(String, String)],
) -> Result<MessageBuilder, BuildError> {
    if headers.len() > HEADERS_MAX {
        return Err(BuildError::TooManyHeaders);
    }
    for (name, value) in headers {
        check_header(name, value)?;
        builder = raw_header(builder, name, value.clone())?;
    }
    Ok(builder)
}

/// Checks one header of a workflow's own; also called when the workflow is saved.
pub fn check_header(name: &str, value: &str) -> Result<(), BuildError> {
    let token = (1..=76).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !token {
        return Err(BuildError::HeaderName {
            name: name.chars().filter(|c| !c.is_control()).take(80).collect(),
        });
    }
    let lower = name.to_ascii_lowercase();
    if RESERVED_HEADERS.contains(&lower.as_str())
        || RESERVED_PREFIXES
            .iter()
            .any(|start| lower.starts_with(start))
    {
        return Err(BuildError::ReservedHeader {
            name: name.to_owned(),
        });
    }
    let sound = value.len() <= HEADER_BYTES_MAX
        && !value
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    if sound {
        Ok(())
    } else {
        Err(BuildError::HeaderValue {
            name: name.to_owned(),
        })
    }
}

fn raw_header(
    builder: MessageBuilder,
    name: &str,
    value: String,
) -> Result<MessageBuilder, BuildError> {
    let header =
        HeaderName::new_from_ascii(name.to_owned()).map_err(|_| BuildError::HeaderName {
            name: name.to_owned(),
        })?;
    Ok(builder.raw_header(HeaderValue::new(header, value)))
}

/// Quoted-printable whatever the content: the same form for every message, lines of 76, ASCII only.
fn part(content_type: ContentType, content: &str) -> SinglePart {
    let body = Body::new_with_encoding(crlf(content), ContentTransferEncoding::QuotedPrintable)
        .unwrap_or_else(Body::new);
    SinglePart::builder().header(content_type).body(body)
}

/// Every line end (CRLF, bare CR, bare LF) becomes CRLF; NUL and other controls that no text needs are dropped.
fn crlf(content: &str) -> String {
    let mut normal = String::with_capacity(content.len() + content.len() / 40);
    let mut rest = content;
    while let Some(at) = rest.find(char::is_control) {
        normal.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut behind = rest.chars();
        let control = behind.next();
        rest = behind.as_str();
        match control {
            Some('\r') => {
                normal.push_str("\r\n");
                rest = rest.strip_prefix('\n').unwrap_or(rest);
            }
            Some('\n') => normal.push_str("\r\n"),
            Some('\t') => normal.push('\t'),
            _ => {}
        }
    }
    normal.push_str(rest);
    normal
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

fn check_lines(bytes: &[u8]) -> Result<(), BuildError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(BuildError::TooLarge { bytes: bytes.len() });
    }
    let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
    let mut sound = bytes.is_ascii() && !bytes.contains(&0);
    while let Some(line) = lines.next() {
        let line = match lines.peek() {
            Some(_) => line.strip_suffix(b"\r"),
            None => Some(line),
        };
        sound &= line.is_some_and(|line| line.len() <= LINE_BYTES_MAX && !line.contains(&b'\r'));
    }
    if sound { Ok(()) } else { Err(BuildError::Line) }
}

fn hex(purpose: &[u8], seed: &[u8], bytes: usize) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hasher = Sha256::new();
    hasher.update(purpose);
    hasher.update([0]);
    hasher.update(seed);
    let digest = hasher.finalize();
    let nibbles = digest
        .iter()
        .take(bytes)
        .flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_becomes_one_and_controls_go() {
        let cases = [
            ("", ""),
            ("plain", "plain"),
            ("a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd"),
            ("\n\r\r\n\n", "\r\n\r\n\r\n\r\n"),
            ("a\tb\0c\u{7f}d\u{85}é\r", "a\tbcdé\r\n"),
        ];
        for (content, expected) in cases {
            assert_eq!(crlf(content), expected, "{content:?}");
        }
    }

    #[test]
    fn a_line_is_ascii_and_ends_as_a_line_does() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        for good in ["", "a", "a\r\n", "a\r\n\r\nb", &longest] {
            assert!(check_lines(good.as_bytes()).is_ok(), "{good:?}");
        }
        let longer = format!("{longest}x\r\n");
        for bad in ["a\nb", "a\rb", "a\r", "\r\r\n", "a\0", "é", &longer] {
            assert!(check_lines(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
