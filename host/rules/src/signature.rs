//! What people say of a component's bytes, each with a key of their own: that they stand for it, and that it may be bound.
//!
//! `catalogue` reads signatures beside files, `engine` checks releases, `app` makes keys and both. What is signed is
//! the heading of the statement, a line feed, and the 32 bytes of the component's SHA-256: so neither statement can be
//! passed off as the other, or as anything else that somebody signs with the same key. Ed25519 is `ring`'s.

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use signalbox_model::id::Digest;

/// Most bytes of a statement or a key as text. Part of the format, so not a setting.
pub const STATEMENT_BYTES_MAX: u64 = 1_024;
/// What is put behind a component's file name for its signature.
pub const SIGNATURE_SUFFIX: &str = ".sig";

const SECRET_HEADING: &str = "signalbox secret key 1";

/// The y coordinates of the eight points of small order, little-endian, and the two other ways to write one: p and
/// p + 1 are no points by RFC 8032, section 5.1.3, and 0 and 1 to many libraries. The points are those that Chalkias,
/// Garillot and Nikolaenko list in their paper of 2020 on the many forms of Ed25519; the sign of x is of no account.
const SMALL_ORDER_Y: [&str; 7] = [
    // 0, of order 4.
    "0000000000000000000000000000000000000000000000000000000000000000",
    // 1, of order 1.
    "0100000000000000000000000000000000000000000000000000000000000000",
    // Two of order 8, and their negatives.
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    // p - 1, of order 2.
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // p, which is 0 again, and p + 1, which is 1 again.
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Why a text is no statement or key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text has another form.
    #[error("line {line} should be {expected}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What should stand there.
        expected: String,
    },
    /// Not so many digits of hex as it should be.
    #[error("{what} should be {digits} digits of 0-9 and a-f")]
    Hex {
        /// Which part.
        what: &'static str,
        /// How many.
        digits: usize,
    },
    /// A public key whose signatures anybody can make.
    #[error("a public key of small order is nobody's: anybody can sign with it")]
    SmallOrder,
    /// The system gave no random bytes.
    #[error("draw a key: {0}")]
    Random(String),
}

/// What a statement says of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever signs stands for these bytes.
    Signature,
    /// Whoever signs lets these bytes be bound.
    Release,
}

impl Purpose {
    /// The first line of the statement, which is signed with the rest.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Signature => "signalbox plugin signature 1",
            Self::Release => "signalbox plugin release 1",
        }
    }

    fn message(self, digest: Digest) -> Vec<u8> {
        [self.heading().as_bytes(), b"\n", &digest.0].concat()
    }
}

/// What others know a person's signatures by. As text: 64 digits of hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let key = Self(unhex("a public key", text)?);
        if key.is_of_small_order() {
            return Err(Error::SmallOrder);
        }
        Ok(key)
    }
}

impl PublicKey {
    fn is_of_small_order(self) -> bool {
        let Self(mut y) = self;
        // The sign of x.
        y[31] &= 0x7f;
        SMALL_ORDER_Y.contains(&hex(&y).as_str())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// What a person signs with. Never printed by `Debug`.
pub struct SecretKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("public", &self.public())
            .finish_non_exhaustive()
    }
}

impl SecretKey {
    /// Draws a new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn draw() -> Result<Self, Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| Error::Random(error.to_string()))?;
        Ok(Self::of(seed))
    }

    fn of(seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed has 32 bytes");
        Self { seed, pair }
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let [secret] = members(text, SECRET_HEADING, ["secret"])?;
        unhex("a secret key", secret).map(Self::of)
    }

    /// The whole key as text, for a file that only its owner may read.
    pub fn to_text(&self) -> String {
        format!("{SECRET_HEADING}\nsecret {}\n", hex(&self.seed))
    }

    /// What others know its signatures by.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(key)
    }

    /// Says that of a component's bytes.
    pub fn sign(&self, purpose: Purpose, digest: Digest) -> Statement {
        let signed = self.pair.sign(&purpose.message(digest));
        let mut signature = [0; 64];
        signature.copy_from_slice(signed.as_ref());
        Statement {
            purpose,
            digest,
            key: self.public(),
            signature,
        }
    }
}

/// What somebody says of a component's bytes. As text: its heading, then `digest`, `key` and `signature` with their hex,
/// a line each.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    purpose: Purpose,
    digest: Digest,
    key: PublicKey,
    signature: [u8; 64],
}

impl Statement {
    /// Reads the text of a statement of that purpose. Whether it is true is another question: [`Self::is_true`].
    ///
    /// # Errors
    /// When the text has another form, that of a statement of another purpose included.
    pub fn parse(purpose: Purpose, text: &str) -> Result<Self, Error> {
        let [digest, key, signature] =
            members(text, purpose.heading(), ["digest", "key", "signature"])?;
        Ok(Self {
            purpose,
            digest: Digest(unhex("a digest", digest)?),
            key: key.parse()?,
            signature: unhex("a signature", signature)?,
        })
    }

    /// The bytes that it is about.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whose it says it is.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Whether the holder of its key has signed it.
    pub fn is_true(&self) -> bool {
        let message = self.purpose.message(self.digest);
        let key = UnparsedPublicKey::new(&ED25519, self.key.0);
        key.verify(&message, &self.signature).is_ok()
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.purpose.heading())?;
        writeln!(f, "digest {}", self.digest)?;
        writeln!(f, "key {}", self.key)?;
        writeln!(f, "signature {}", hex(&self.signature))
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({:?} of {})", self.purpose, self.digest)
    }
}

/// The values of a text of one heading and then these members in this order, a line each.
fn members<'a, const COUNT: usize>(
    text: &'a str,
    heading: &str,
    names: [&str; COUNT],
) -> Result<[&'a str; COUNT], Error> {
    let wrong = |line: usize, expected: String| Error::Line { line, expected };
    let mut lines = text.lines();
    if lines.next() != Some(heading) {
        return Err(wrong(1, format!("`{heading}`")));
    }
    let mut values = [""; COUNT];
    for (index, name) in names.iter().enumerate() {
        let line = lines.next().unwrap_or_default();
        let value = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(' '));
        values[index] = value.ok_or_else(|| wrong(index + 2, format!("`{name}` and its value")))?;
    }
    match lines.next() {
        None => Ok(values),
        Some(_) => Err(wrong(COUNT + 2, "the end".to_owned())),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex<const BYTES: usize>(what: &'static str, text: &str) -> Result<[u8; BYTES], Error> {
    let wrong = || Error::Hex {
        what,
        digits: BYTES * 2,
    };
    let is_lower_hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != BYTES * 2 || !text.bytes().all(is_lower_hex) {
        return Err(wrong());
    }
    let mut bytes = [0; BYTES];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test vector of RFC 8032, section 7.1.
    #[test]
    fn keys_are_those_of_the_standard() {
        let text = "signalbox secret key 1\n\
            secret 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n";
        let key = SecretKey::parse(text).expect("a key");
        assert_eq!(
            key.public().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(key.to_text(), text);
        assert!(!format!("{key:?}").contains("9d61"));
    }

    #[test]
    fn a_key_that_anybody_can_sign_with_is_none() {
        for y in SMALL_ORDER_Y {
            let (low, high) = y.split_at(62);
            let high = u8::from_str_radix(high, 16).expect("a byte in hex");
            for sign in [0, 0x80] {
                let key = format!("{low}{:02x}", high | sign).parse::<PublicKey>();
                assert_eq!(key, Err(Error::SmallOrder));
            }
        }
        let key = SecretKey::draw().expect("a key").public();
        assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key));
    }

    /// With the neutral point for the key and for R, and nothing for S, the equation would hold for every digest.
    #[test]
    fn a_statement_of_a_key_of_small_order_is_none() {
        let neutral = SMALL_ORDER_Y[1];
        let text = format!(
            "signalbox plugin signature 1\ndigest {neutral}\nkey {neutral}\nsignature {neutral}{}\n",
            SMALL_ORDER_Y[0]
        );
        let read = Statement::parse(Purpose::Signature, &text);
        assert_eq!(read, Err(Error::SmallOrder));
    }

    #[test]
    fn a_statement_is_true_as_it_was_made_and_in_no_other_way() {
        let key = SecretKey::draw().expect("a key");
        let digest = Digest::of_bytes(b"component");
        let text = key.sign(Purpose::Signature, digest).to_string();
        let read = Statement::parse(Purpose::Signature, &text).expect("a statement");
        assert!(read.is_true());
        assert_eq!((read.digest(), read.key()), (digest, key.public()));

        // Each digit of its three values, made another, makes it untrue.
        for (at, digit) in text.char_indices() {
            let in_heading = at <= Purpose::Signature.heading().len();
            let is_value = text[..at]
                .rsplit('\n')
                .next()
                .is_some_and(|line| line.contains(' '));
            if in_heading || !is_value || digit == '\n' {
                continue;
            }
            let other = if digit == '0' { "1" } else { "0" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            let read = Statement::parse(Purpose::Signature, &changed).expect("the form is right");
            assert!(!read.is_true(), "byte {at}");
        }
    }

    #[test]
    fn a_signature_is_no_release() {
        let key = SecretKey::draw().expect("a key");
        let digest = Digest::of_bytes(b"component");
        let signature = key.sign(Purpose::Signature, digest).to_string();
        assert_eq!(
            Statement::parse(Purpose::Release, &signature).map(|_| ()),
            Err(Error::Line {
                line: 1,
                expected: "`signalbox plugin release 1`".to_owned()
            })
        );
        let headings = [Purpose::Signature, Purpose::Release].map(Purpose::heading);
        let passed_off = signature.replace(headings[0], headings[1]);
        let passed_off = Statement::parse(Purpose::Release, &passed_off).expect("the form");
        assert!(!passed_off.is_true());
    }

    #[test]
    fn another_form_is_told_with_its_line() {
        let hex_64 = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        for (text, told) in [
            (
                String::new(),
                "line 1 should be `signalbox plugin signature 1`",
            ),
            (
                "signalbox plugin signature 1\n".to_owned(),
                "line 2 should be `digest` and its value",
            ),
            (
                "signalbox plugin signature 1\ndigest 12\nkey 3\nsignature 4\n".to_owned(),
                "a digest should be 64 digits of 0-9 and a-f",
            ),
            (
                format!(
                    "signalbox plugin signature 1\ndigest {hex_64}\nkey {hex_64}\nsignature {hex_64}\n"
                ),
                "a signature should be 128 digits of 0-9 and a-f",
            ),
            (
                format!(
                    "signalbox plugin signature 1\ndigest {hex_64}\nkey {hex_64}\nsignature {hex_64}\nmore\n"
                ),
                "line 5 should be the end",
            ),
        ] {
            let error = Statement::parse(Purpose::Signature, &text).expect_err("no statement");
            assert_eq!(error.to_string(), told);
        }
    }
}
