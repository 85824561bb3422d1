//! What every mail address looks like, told without a parser of mail: enough to keep out what can never be mailed.
//!
//! `mail` parses addresses strictly when it sends; whatever it takes is taken here too.

/// Longest address, in bytes: a path of RFC 5321 section 4.5.3.1.3 less its angle brackets.
pub const ADDRESS_BYTES_MAX: usize = 254;

/// The domain of what may be one address: a part before one `@`, and names behind it with dots between them. `None` for
/// what surely is none.
pub fn domain(text: &str) -> Option<&str> {
    let (local, domain) = text.split_once('@')?;
    let is_local = |c: char| c.is_ascii_graphic() && !"\"(),:;<>@[\\]".contains(c);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii())
    };
    let is_whole = text.len() <= ADDRESS_BYTES_MAX
        && !local.is_empty()
        && local.chars().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !domain.chars().any(|c| c.is_whitespace() || c.is_control())
        && domain.split('.').all(is_label)
        && (domain.contains('.') || !domain.is_ascii());
    is_whole.then_some(domain)
}

/// Whether the domain is that one or below it, whatever the case of its letters.
pub fn is_within(domain: &str, blocked: &str) -> bool {
    let Some(at) = domain.len().checked_sub(blocked.len()) else {
        return false;
    };
    domain
        .get(at..)
        .is_some_and(|end| end.eq_ignore_ascii_case(blocked))
        && (at == 0 || domain.as_bytes()[at - 1] == b'.')
}
