//! How records and rows become bytes: one byte of format version, then postcard.
//!
//! Called by `store` for rows and by `engine` for records. Postcard carries no names, so a stored type may only grow
//! as its own documentation says; anything else is a new format version with a reader for the old one.

use std::mem;

use serde::{Serialize, de::DeserializeOwned};

/// The format version that is written and read. 1 was never released.
pub const FORMAT: u8 = 2;

/// Why bytes are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No byte at all.
    #[error("the value is empty")]
    Empty,
    /// Written by another binary.
    #[error("the value has format {found}, this binary reads {FORMAT}")]
    UnknownFormat {
        /// The version found.
        found: u8,
    },
    /// The bytes after the version do not decode.
    #[error("the value does not decode")]
    Malformed(#[source] postcard::Error),
    /// Bytes are left over.
    #[error("{bytes} bytes are left behind the value")]
    LeftOver {
        /// How many.
        bytes: usize,
    },
}

/// Room for most values, so that few of them grow while they are written.
const VALUE_BYTES: usize = 256;

/// The bytes of a value, behind their format version.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(VALUE_BYTES);
    encode_onto(value, &mut bytes)?;
    Ok(bytes)
}

/// Writes the bytes of a value, behind their format version, behind what is there.
///
/// # Errors
/// When the value has a sequence that does not know its length; nothing is there any more then.
pub fn encode_onto<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    bytes.push(FORMAT);
    *bytes = postcard::to_extend(value, mem::take(bytes)).map_err(Error::Malformed)?;
    Ok(())
}

/// How many bytes a part of a value takes, counted without writing them.
///
/// # Panics
/// When the part has a sequence that does not know its length, which no stored type has.
pub fn size<T: Serialize + ?Sized>(part: &T) -> usize {
    postcard::serialize_with_flavor(part, postcard::ser_flavors::Size::default())
        .expect("stored types know their lengths")
}

/// The value that [`encode`] made the bytes from.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let (&format, body) = bytes.split_first().ok_or(Error::Empty)?;
    if format != FORMAT {
        return Err(Error::UnknownFormat { found: format });
    }
    let (value, rest) = postcard::take_from_bytes(body).map_err(Error::Malformed)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(Error::LeftOver { bytes: rest.len() })
    }
}
