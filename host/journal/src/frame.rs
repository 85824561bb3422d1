//! The codec of a frame: what one write and one fsync bring to disk.
//!
//! A frame holds every record that was written together, so a group is whole or absent without further markers,
//! and a frame that is followed by another one was certainly fsynced: the next is only written after the fsync of
//! the one before. This is what tells a torn tail (cut it) from damage (name it).
//!
//! Little-endian throughout. Header: body length u32, entries u32, frame number u64, CRC32C of the body u32, CRC32C
//! of (salt of the segment, offset of the frame, the header so far) u32. Body, per entry: partition u16, sequence
//! u64, `logged_at` i64, payload length u32, payload. A frame without entries is a seal, written by a clean close.
//!
//! The salt is random per segment, so no payload can contain bytes that pass for a frame, and neither can what an
//! earlier file left on the same disk blocks; zeros never pass either. Called by `writer` and `scan`; does no I/O.

use crate::{Entry, Position};

/// Bytes of a frame's header.
pub(crate) const HEADER_BYTES: usize = 24;
/// Bytes that an entry takes in a frame beside its payload.
const ENTRY_HEADER_BYTES: usize = 22;

/// A frame's header whose own checksum held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) body_bytes: u32,
    pub(crate) entries: u32,
    pub(crate) number: u64,
    pub(crate) body_crc: u32,
}

/// One entry as it lies in a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RawEntry<'body> {
    pub(crate) position: Position,
    pub(crate) logged_at_ms: i64,
    pub(crate) payload: &'body [u8],
}

/// Replaces what is in `buffer` by the frame `number` with `entries`, to be written at `offset`.
pub(crate) fn encode(buffer: &mut Vec<u8>, salt: u64, offset: u64, number: u64, entries: &[Entry]) {
    buffer.clear();
    buffer.resize(HEADER_BYTES, 0);
    for entry in entries {
        buffer.extend_from_slice(&entry.position.partition.to_le_bytes());
        buffer.extend_from_slice(&entry.position.sequence.to_le_bytes());
        buffer.extend_from_slice(&entry.logged_at_ms.to_le_bytes());
        buffer.extend_from_slice(&(entry.payload.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&entry.payload);
    }
    let body_bytes =
        u32::try_from(buffer.len() - HEADER_BYTES).expect("frame_bytes_max is below 4 GiB");
    let body_crc = crc32c::crc32c(&buffer[HEADER_BYTES..]);
    buffer[0..4].copy_from_slice(&body_bytes.to_le_bytes());
    buffer[4..8].copy_from_slice(&(entries.len() as u32).to_le_bytes());
    buffer[8..16].copy_from_slice(&number.to_le_bytes());
    buffer[16..20].copy_from_slice(&body_crc.to_le_bytes());
    let header_crc = header_crc(salt, offset, &buffer[..20]);
    buffer[20..24].copy_from_slice(&header_crc.to_le_bytes());
}

/// The header in the first bytes of `bytes`, which lie at `offset`; `None` if it is cut or its checksum fails.
pub(crate) fn decode_header(salt: u64, offset: u64, bytes: &[u8]) -> Option<Header> {
    let (fields, crc) = bytes.get(..HEADER_BYTES)?.split_at(20);
    if header_crc(salt, offset, fields) != u32_at(crc, 0) {
        return None;
    }
    Some(Header {
        body_bytes: u32_at(fields, 0),
        entries: u32_at(fields, 4),
        number: u64_at(fields, 8),
        body_crc: u32_at(fields, 16),
    })
}

/// The entry at `cursor` in `body`, moving `cursor` behind it; `None` if the body ends before it does.
pub(crate) fn decode_entry<'body>(
    body: &'body [u8],
    cursor: &mut usize,
) -> Option<RawEntry<'body>> {
    let head = body.get(*cursor..)?.get(..ENTRY_HEADER_BYTES)?;
    let start = *cursor + ENTRY_HEADER_BYTES;
    let payload = body.get(start..)?.get(..u32_at(head, 18) as usize)?;
    *cursor = start + payload.len();
    Some(RawEntry {
        position: position_in(head),
        logged_at_ms: u64_at(head, 10).cast_signed(),
        payload,
    })
}

/// The position in the first bytes of a body that may be damaged: a guess, to be checked against what is expected.
pub(crate) fn guess_position(body: &[u8]) -> Option<Position> {
    body.get(..ENTRY_HEADER_BYTES).map(position_in)
}

/// What a payload takes of every limit that is counted in bytes: what it takes in the file.
pub(crate) fn entry_bytes(payload_bytes: usize) -> usize {
    payload_bytes.saturating_add(ENTRY_HEADER_BYTES)
}

fn position_in(head: &[u8]) -> Position {
    Position {
        partition: u16::from_le_bytes([head[0], head[1]]),
        sequence: u64_at(head, 2),
    }
}

fn header_crc(salt: u64, offset: u64, fields: &[u8]) -> u32 {
    let mut place = [0; 16];
    place[..8].copy_from_slice(&salt.to_le_bytes());
    place[8..].copy_from_slice(&offset.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&place), fields)
}

/// The little-endian u32 at `at`, which the caller knows to lie inside.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(
        bytes[at..at + 4]
            .try_into()
            .expect("four bytes were sliced"),
    )
}

/// The little-endian u64 at `at`, which the caller knows to lie inside.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(
        bytes[at..at + 8]
            .try_into()
            .expect("eight bytes were sliced"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let entry = (
            any::<u16>(),
            any::<u64>(),
            any::<i64>(),
            proptest::collection::vec(any::<u8>(), 0..40),
        );
        let entry = entry.prop_map(|(partition, sequence, logged_at_ms, payload)| Entry {
            position: Position {
                partition,
                sequence,
            },
            logged_at_ms,
            payload: payload.into(),
        });
        proptest::collection::vec(entry, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(entries in entries(), salt: u64, offset: u64, number: u64) {
            let mut buffer = b"left over".to_vec();
            encode(&mut buffer, salt, offset, number, &entries);
            let header = decode_header(salt, offset, &buffer).expect("the header was just written");
            let body = &buffer[HEADER_BYTES..];
            prop_assert_eq!(header.number, number);
            prop_assert_eq!(header.body_bytes as usize, body.len());
            prop_assert_eq!(header.entries as usize, entries.len());
            prop_assert_eq!(header.body_crc, crc32c::crc32c(body));
            let mut cursor = 0;
            for entry in &entries {
                let raw = decode_entry(body, &mut cursor).expect("the entry was just written");
                prop_assert_eq!(raw.position, entry.position);
                prop_assert_eq!(raw.logged_at_ms, entry.logged_at_ms);
                prop_assert_eq!(raw.payload, &*entry.payload);
            }
            prop_assert_eq!(decode_entry(body, &mut cursor), None);
        }

        #[test]
        fn a_header_passes_only_in_its_place(salt: u64, offset in 0..u64::MAX, bytes: [u8; HEADER_BYTES]) {
            let mut buffer = Vec::new();
            encode(&mut buffer, salt, offset, 7, &[]);
            prop_assert_eq!(decode_header(salt, offset + 1, &buffer), None);
            prop_assert_eq!(decode_header(salt ^ 1, offset, &buffer), None);
            let mut cursor = 0;
            decode_entry(&bytes, &mut cursor);
            prop_assert!(cursor <= bytes.len());
        }
    }
}
