//! A mail as a server received it, read far enough to say whom it was for and what it says.
//!
//! The sink of [`crate::smtp`] makes them, stories read them. It never repairs anything: what is not well-formed reads
//! as empty and fails the test that looks at it.

/// One mail with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender, without brackets.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body with CRLF, without the dots that SMTP adds.
    pub bytes: Vec<u8>,
}

impl Mail {
    /// The first header of that name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        header_in(&headers_of(&self.text()), name)
    }

    /// The subject in plain characters.
    pub fn subject(&self) -> String {
        decode_words(&self.header("Subject").unwrap_or_default())
    }

    /// The Message-ID without brackets.
    pub fn message_id(&self) -> String {
        let id = self.header("Message-ID").unwrap_or_default();
        id.trim_matches(['<', '>']).to_owned()
    }

    /// The text alternative, decoded.
    pub fn text_part(&self) -> String {
        self.part("text/plain")
    }

    /// The HTML alternative, decoded.
    pub fn html_part(&self) -> String {
        self.part("text/html")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn part(&self, kind: &str) -> String {
        let text = self.text();
        let headers = headers_of(&text);
        let content_type = header_in(&headers, "Content-Type").unwrap_or_default();
        let Some(boundary) = parameter(&content_type, "boundary") else {
            return decoded(&text);
        };
        let separator = format!("--{boundary}");
        text.split(&separator)
            .skip(1)
            .map(|part| part.trim_start_matches("\r\n"))
            .find(|part| {
                let part_type = header_in(&headers_of(part), "Content-Type").unwrap_or_default();
                part_type.to_ascii_lowercase().starts_with(kind)
            })
            .map(decoded)
            .unwrap_or_default()
    }
}

/// Header lines, unfolded (RFC 5322 section 2.2.3).
fn headers_of(text: &str) -> Vec<String> {
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let mut headers: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match headers.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => headers.push(line.to_owned()),
        }
    }
    headers
}

fn header_in(headers: &[String], name: &str) -> Option<String> {
    headers.iter().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (found, value) = part.trim().split_once('=')?;
        found
            .eq_ignore_ascii_case(name)
            .then(|| value.trim_matches('"').to_owned())
    })
}

/// The body behind the headers of a part, its transfer encoding undone.
fn decoded(part: &str) -> String {
    let headers = headers_of(part);
    let encoding = header_in(&headers, "Content-Transfer-Encoding").unwrap_or_default();
    let body = part.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let bytes = match encoding.to_ascii_lowercase().as_str() {
        "quoted-printable" => quoted_printable(body),
        "base64" => base64(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

/// RFC 2045 section 6.7.
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'=' {
            bytes.push(*byte);
            continue;
        }
        match rest {
            [b'\r', b'\n', tail @ ..] => rest = tail,
            [high, low, tail @ ..] => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                if let (Some(high), Some(low)) = (digit(high), digit(low)) {
                    bytes.push((high * 16 + low) as u8);
                }
                rest = tail;
            }
            _ => rest = &[],
        }
    }
    bytes
}

/// RFC 4648 section 4; what is not of the alphabet is passed over.
fn base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for six in text.bytes().filter_map(value) {
        bits = (bits << 6) | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// Encoded words in UTF-8 (RFC 2047); the white space between two of them goes.
fn decode_words(text: &str) -> String {
    let mut out = String::new();
    let mut was_encoded = false;
    for (index, word) in text.split(' ').enumerate() {
        let encoded = word
            .strip_prefix("=?")
            .and_then(|word| word.strip_suffix("?="))
            .and_then(|word| {
                let mut parts = word.splitn(3, '?');
                let (_charset, kind, body) = (parts.next()?, parts.next()?, parts.next()?);
                match kind {
                    "B" | "b" => Some(base64(body)),
                    "Q" | "q" => Some(quoted_printable(&body.replace('_', " "))),
                    _ => None,
                }
            });
        if index > 0 && !(was_encoded && encoded.is_some()) {
            out.push(' ');
        }
        was_encoded = encoded.is_some();
        match encoded {
            Some(bytes) => out.push_str(&String::from_utf8_lossy(&bytes)),
            None => out.push_str(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Mail;

    #[test]
    fn parts_and_headers_are_read() {
        let bytes = "From: a@b.example\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n =?utf-8?q?_an_Jos=C3=A9?=\r\n\
            Message-ID: <x@b.example>\r\nContent-Type: multipart/alternative;\r\n boundary=\"sep\"\r\n\r\n\
            --sep\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            caf=C3=A9 =\r\nau lait\r\n--sep\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            PGI+aGk8L2I+\r\n--sep--\r\n";
        let mail = Mail {
            from: String::new(),
            to: Vec::new(),
            bytes: bytes.into(),
        };
        assert_eq!(mail.subject(), "Grüße an José");
        assert_eq!(mail.message_id(), "x@b.example");
        assert_eq!(mail.text_part(), "café au lait\n");
        assert_eq!(mail.html_part(), "<b>hi</b>");
    }
}
