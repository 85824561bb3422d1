//! Reads a text that a type parses, from rows without a copy of it in between: they hold hundreds of names.

use std::{fmt::Display, marker::PhantomData};

use serde::{
    Deserialize as _, Deserializer,
    de::{self, Visitor},
};

/// What `parse` makes of the text that comes next.
pub(crate) fn deserialize<'de, D, T, E>(
    deserializer: D,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    if deserializer.is_human_readable() {
        // An error of a visitor would tell the place in the document, which whoever reads documents tells better.
        let text = String::deserialize(deserializer)?;
        return parse(&text).map_err(de::Error::custom);
    }
    deserializer.deserialize_str(Parsed {
        parse,
        makes: PhantomData,
    })
}

struct Parsed<T, E, P> {
    parse: P,
    makes: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E: Display, P: Fn(&str) -> Result<T, E>> Visitor<'_> for Parsed<T, E, P> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<F: de::Error>(self, text: &str) -> Result<T, F> {
        (self.parse)(text).map_err(F::custom)
    }
}
