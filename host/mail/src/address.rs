//! Addresses and mailboxes, parsed strictly once so that nothing downstream has to look again.
//!
//! The engine parses what contacts and configuration hold; [`crate::message`] and [`crate::smtp`] accept
//! nothing else. It must never let through a character that could end an SMTP command or a header line,
//! and never print an address by accident: `Debug` masks it and there is no `Display`.

use std::fmt;

use thiserror::Error;

/// Longest address accepted, in bytes: a path of RFC 5321 section 4.5.3.1.3 less its angle brackets.
pub const ADDRESS_BYTES_MAX: usize = 254;
/// Longest local part, in bytes (RFC 5321 section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Longest display name, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// Why an address or a mailbox was refused. The address itself is not repeated, so that it is not logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("the address is empty")]
    Empty,
    #[error("the address is longer than {ADDRESS_BYTES_MAX} bytes")]
    TooLong,
    #[error("the address contains a control character, a line break or white space")]
    Control,
    #[error("the address has no domain")]
    NoDomain,
    #[error(
        "more than one address was given, or the address contains a character that needs quotes"
    )]
    NotOneAddress,
    #[error("a quoted local part is not supported")]
    QuotedLocal,
    #[error("the part before the @ is not valid")]
    Local,
    #[error("the part before the @ has letters outside ASCII, which needs a server with SMTPUTF8")]
    NonAsciiLocal,
    #[error("the domain is not a valid host name")]
    Domain,
    #[error(
        "the display name is longer than {NAME_BYTES_MAX} bytes or contains a control character"
    )]
    Name,
}

/// One address of the form `local@domain`: ASCII, the domain in lower case and in its A-label form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// Parses one bare address.
    ///
    /// A domain in Unicode is turned into its A-label form (IDNA, RFC 5891); a local part in Unicode is
    /// refused by name, as are quoted local parts, domain literals, lists and a leading dash.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        if text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || is_invisible(c))
        {
            return Err(AddressError::Control);
        }
        if text.starts_with('"') {
            return Err(AddressError::QuotedLocal);
        }
        if text.contains([',', ';', '<', '>', '(', ')', '[', ']', '\\', '"', ':']) {
            return Err(AddressError::NotOneAddress);
        }
        let (local, domain) = text.split_once('@').ok_or(AddressError::NoDomain)?;
        if domain.contains('@') {
            return Err(AddressError::NotOneAddress);
        }
        check_local(local)?;
        let domain = parse_domain(domain)?;
        let text = format!("{local}@{domain}");
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        Ok(Self {
            at: local.len(),
            text,
        })
    }

    /// The whole address, for the wire and the store; never for a log.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The part after the `@`: lower case, ASCII.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The address where a person must recognise it: first letter and domain.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('*');
        format!("{first}***@{}", self.domain())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.masked())
    }
}

/// An address with an optional display name, as in `Corner Shop <shop@example.com>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

impl Mailbox {
    /// A mailbox from its parts; an empty name counts as none.
    pub fn new(name: Option<&str>, address: Address) -> Result<Self, AddressError> {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        if let Some(name) = name
            && (name.len() > NAME_BYTES_MAX
                || name.chars().any(|c| c.is_control() || is_invisible(c)))
        {
            return Err(AddressError::Name);
        }
        Ok(Self {
            name: name.map(str::to_owned),
            address,
        })
    }

    /// Parses `address`, `<address>` or `name <address>`; the name may stand in double quotes.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim_matches(' ');
        let Some(inner) = text.strip_suffix('>') else {
            return Self::new(None, Address::parse(text)?);
        };
        let (name, address) = inner.rsplit_once('<').ok_or(AddressError::NotOneAddress)?;
        let name = name.trim_matches(' ');
        let name = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
            .unwrap_or(name);
        if name.contains(['<', '>', '"', '@']) {
            return Err(AddressError::NotOneAddress);
        }
        Self::new(Some(name), Address::parse(address)?)
    }

    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// Parses a host name as the domain of an address or of a Message-ID.
pub(crate) fn parse_domain(text: &str) -> Result<String, AddressError> {
    if text.is_empty() {
        return Err(AddressError::NoDomain);
    }
    let domain = idna::domain_to_ascii_strict(text).map_err(|_| AddressError::Domain)?;
    let labels: Vec<&str> = domain.split('.').collect();
    let valid = labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && labels
            .last()
            .is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
    if valid {
        Ok(domain)
    } else {
        Err(AddressError::Domain)
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// RFC 5322 section 3.2.3's dot-atom, less a leading dash (which some mailers read as an option).
fn check_local(local: &str) -> Result<(), AddressError> {
    if !local.is_ascii() {
        return Err(AddressError::NonAsciiLocal);
    }
    let atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let valid = (1..=LOCAL_BYTES_MAX).contains(&local.len())
        && local.bytes().all(atext)
        && !local.starts_with(['.', '-'])
        && !local.ends_with('.')
        && !local.contains("..");
    if valid {
        Ok(())
    } else {
        Err(AddressError::Local)
    }
}

/// Characters that show nothing or turn the reading direction round, used to disguise one address as another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_pass_and_domains_are_lowered() {
        let address = Address::parse("Ann.Lee+tag@Example.COM").unwrap();
        assert_eq!(address.as_str(), "Ann.Lee+tag@example.com");
        assert_eq!(
            (address.local(), address.domain()),
            ("Ann.Lee+tag", "example.com")
        );
        assert_eq!(format!("{address:?}"), "Address(A***@example.com)");
    }

    #[test]
    fn a_unicode_domain_becomes_a_labels_and_a_unicode_local_part_is_refused() {
        assert_eq!(
            Address::parse("info@bücher.example").unwrap().domain(),
            "xn--bcher-kva.example"
        );
        assert_eq!(
            Address::parse("jürgen@example.com"),
            Err(AddressError::NonAsciiLocal)
        );
    }

    #[test]
    fn hostile_addresses_are_refused_by_name() {
        let long = format!("{}@example.com", "a".repeat(400));
        let cases: &[(&str, AddressError)] = &[
            ("", AddressError::Empty),
            ("a@b.c\r\nRCPT TO:<x>", AddressError::Control),
            ("a\u{0}@example.com", AddressError::Control),
            ("a@exam\u{200b}ple.com", AddressError::Control),
            ("a\u{2028}@example.com", AddressError::Control),
            ("a b@example.com", AddressError::Control),
            ("<a@b.example>,<c@d.example>", AddressError::NotOneAddress),
            ("a@b.example,c@d.example", AddressError::NotOneAddress),
            ("a@b@example.com", AddressError::NotOneAddress),
            (&long, AddressError::TooLong),
            ("\"quoted\"@example.com", AddressError::QuotedLocal),
            ("-oX@example.com", AddressError::Local),
            (".a@example.com", AddressError::Local),
            ("a..b@example.com", AddressError::Local),
            ("@example.com", AddressError::Local),
            ("nobody", AddressError::NoDomain),
            ("nobody@", AddressError::NoDomain),
            ("a@localhost", AddressError::Domain),
            ("a@127.0.0.1", AddressError::Domain),
            ("a@[127.0.0.1]", AddressError::NotOneAddress),
            ("a@-example.com", AddressError::Domain),
            ("a@example..com", AddressError::Domain),
            ("a@exa_mple.com", AddressError::Domain),
        ];
        for (text, expected) in cases {
            assert_eq!(Address::parse(text).unwrap_err(), *expected, "{text:?}");
        }
    }

    #[test]
    fn mailboxes_keep_their_name_and_refuse_line_breaks_in_it() {
        let mailbox = Mailbox::parse("Corner Shop <shop@example.com>").unwrap();
        assert_eq!(mailbox.name(), Some("Corner Shop"));
        assert_eq!(
            Mailbox::parse("\"Lee, Ann\" <a@example.com>")
                .unwrap()
                .name(),
            Some("Lee, Ann")
        );
        assert_eq!(Mailbox::parse("a@example.com").unwrap().name(), None);
        assert_eq!(
            Mailbox::parse("x\r\nBcc: y <a@example.com>"),
            Err(AddressError::Name)
        );
        assert_eq!(
            Mailbox::parse("<a@b.example>,<c@d.example>"),
            Err(AddressError::NotOneAddress)
        );
    }
}
