//! A subject with places for a contact's own words, and what may stand in it.

/// Longest word of a contact's own, in characters.
const OWN_CHARS_MAX: usize = 40;
/// Capitals are loud where there are at least so many letters.
const LETTERS_MIN: usize = 8;

/// A subject as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a>(Vec<Piece<'a>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    Plain(&'a str),
    Own {
        attribute: &'a str,
        stand_in: &'a str,
    },
}

impl<'a> Text<'a> {
    /// Reads plain text with places such as `{first_name|you}`.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        if text.contains(char::is_control) {
            return Err(format!("{text:?} must be one line"));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((plain, behind)) = rest.split_once('{') {
            let place = behind.split_once('}').and_then(|(place, behind)| {
                let (attribute, stand_in) = place.split_once('|')?;
                Some((attribute, stand_in, behind))
            });
            let Some((attribute, stand_in, behind)) = place else {
                return Err(format!(
                    "a place in {text:?} is not written like {{first_name|you}}"
                ));
            };
            if !is_name(attribute) || stand_in.contains('{') {
                return Err(format!(
                    "{attribute:?} in {text:?} is not the name of an attribute"
                ));
            }
            pieces.push(Piece::Plain(plain));
            pieces.push(Piece::Own {
                attribute,
                stand_in,
            });
            rest = behind;
        }
        if rest.contains('}')
            || pieces
                .iter()
                .any(|piece| matches!(piece, Piece::Plain(plain) if plain.contains('}')))
        {
            return Err(format!("a place in {text:?} ends without a beginning"));
        }
        pieces.push(Piece::Plain(rest));
        Ok(Self(pieces))
    }

    /// The attributes that it has places for.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Own { attribute, .. } => Some(*attribute),
            Piece::Plain(_) => None,
        })
    }

    /// With the stand-ins in all places.
    pub(crate) fn plain(&self) -> String {
        let words = self.0.iter().map(|piece| match piece {
            Piece::Plain(plain) => *plain,
            Piece::Own { stand_in, .. } => *stand_in,
        });
        words.collect()
    }

    /// With the contact's own words where they can stand, and the stand-ins elsewhere; `None` where none can.
    pub(crate) fn filled<'b>(&self, own: impl Fn(&str) -> Option<&'b str>) -> Option<String> {
        let mut filled = String::new();
        let mut any = false;
        for piece in &self.0 {
            match piece {
                Piece::Plain(plain) => filled.push_str(plain),
                Piece::Own {
                    attribute,
                    stand_in,
                } => match own(attribute).and_then(presentable) {
                    Some(word) => {
                        filled.push_str(&word);
                        any = true;
                    }
                    None => filled.push_str(stand_in),
                },
            }
        }
        any.then_some(filled)
    }
}

fn is_name(attribute: &str) -> bool {
    let mut bytes = attribute.bytes();
    let begins = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins
        && attribute.len() <= 100
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A contact's own words as they may stand in a subject; `None` where they may not.
fn presentable(word: &str) -> Option<String> {
    let word = word.trim();
    let chars = word.chars().count();
    if chars == 0 || chars > OWN_CHARS_MAX || word.contains(char::is_control) {
        return None;
    }
    let letters = || word.chars().filter(|c| c.is_alphabetic());
    if letters().count() < 4 || letters().any(char::is_lowercase) {
        return Some(word.to_owned());
    }
    let mut quiet = String::new();
    let mut begins = true;
    for c in word.chars() {
        if begins {
            quiet.push(c);
        } else {
            quiet.extend(c.to_lowercase());
        }
        begins = !c.is_alphabetic();
    }
    Some(quiet)
}

/// Whether a subject is loud: most of its letters are capitals, or it has two exclamation marks.
pub(crate) fn shouts(subject: &str) -> bool {
    let letters = subject.chars().filter(|c| c.is_alphabetic());
    let (capitals, all) = letters.fold((0, 0), |(capitals, all), letter| {
        (capitals + usize::from(letter.is_uppercase()), all + 1)
    });
    (all >= LETTERS_MIN && capitals * 2 > all) || subject.matches('!').count() > 1
}
