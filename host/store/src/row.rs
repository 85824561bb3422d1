//! How values become stored bytes: CRC-32C over key and bytes, then the codec's bytes.
//!
//! The key is part of the checksum, so that a value under another row's key is found as well.

use serde::{Serialize, de::DeserializeOwned};
use signalbox_model::{codec, state::CONTACT_BYTES_MAX};
use sled::IVec;

use crate::error::{Damage, Error, RowName};

/// Most bytes of one stored value, its checksum included. Larger bodies are kept as files beside the rows.
pub const VALUE_BYTES_MAX: usize = 64 * 1024 - 1;

const CHECKSUM_BYTES: usize = 4;

const _: () = assert!(
    CHECKSUM_BYTES + CONTACT_BYTES_MAX <= VALUE_BYTES_MAX,
    "a contact within its budgets fits into its row"
);

/// The stored bytes of a value under that key. They are made in `room`, whatever is there, so that one serves many rows.
pub(crate) fn seal<T: Serialize>(key: &[u8], value: &T, room: &mut Vec<u8>) -> Result<IVec, Error> {
    room.clear();
    room.extend_from_slice(&[0; CHECKSUM_BYTES]);
    codec::encode_onto(value, room).map_err(|source| Error::Encode {
        row: RowName::of(key),
        source,
    })?;
    let bytes = room.len();
    if bytes > VALUE_BYTES_MAX {
        return Err(Error::Oversize {
            row: RowName::of(key),
            bytes,
            bytes_max: VALUE_BYTES_MAX,
        });
    }
    let checksum = checksum(key, &room[CHECKSUM_BYTES..]);
    room[..CHECKSUM_BYTES].copy_from_slice(&checksum.to_be_bytes());
    Ok(IVec::from(room.as_slice()))
}

/// The codec's bytes within stored bytes, checked.
pub(crate) fn body<'a>(key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], Damage> {
    let (stored, body) = sealed
        .split_first_chunk::<CHECKSUM_BYTES>()
        .ok_or(Damage::Short)?;
    if u32::from_be_bytes(*stored) == checksum(key, body) {
        Ok(body)
    } else {
        Err(Damage::Checksum)
    }
}

/// The value that [`seal`] made the bytes from.
pub(crate) fn open<T: DeserializeOwned>(key: &[u8], sealed: &[u8]) -> Result<T, Error> {
    body(key, sealed)
        .and_then(|body| codec::decode(body).map_err(Damage::Undecodable))
        .map_err(|damage| Error::damaged(key, damage))
}

fn checksum(key: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flipped_bit_is_found() {
        let key = b"some key";
        let mut room = b"of another row".to_vec();
        let sealed = seal(key, &("text".to_owned(), 7_u32), &mut room).expect("small");
        assert_eq!(
            open::<(String, u32)>(key, &sealed).expect("whole"),
            ("text".to_owned(), 7)
        );
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open::<(String, u32)>(key, &flipped).is_err(), "bit {bit}");
        }
        assert!(open::<(String, u32)>(b"another", &sealed).is_err());
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let largest = "x".repeat(VALUE_BYTES_MAX - CHECKSUM_BYTES - 4);
        let room = &mut Vec::new();
        let sealed = seal(b"k", &largest, room).expect("fits");
        assert_eq!(sealed.len(), VALUE_BYTES_MAX);
        let error = seal(b"k", &format!("{largest}x"), room).expect_err("one too many");
        assert!(matches!(error, Error::Oversize { bytes, .. } if bytes == VALUE_BYTES_MAX + 1));
    }
}
