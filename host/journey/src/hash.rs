//! The two hashes that are stored or feed a seed. They may never change: rows on disk compare against them.
//!
//! Used for event ids, entry keys, seeds, and the lots of splits with the names of their arms, where cheap and stable matters and nobody gains by a collision but the
//! loss of their own event. Never for anything that must withstand an attacker.

/// FNV-1a with 64 bits over the bytes (draft-eastlake-fnv, section 2).
pub fn fnv1a(bytes: &[u8]) -> u64 {
    extend(0xcbf2_9ce4_8422_2325, bytes)
}

/// 64 well mixed bits of the parts: FNV-1a with each part closed by a zero byte, finished as splitmix64 does. Parts
/// hold no zero bytes: ids and names are printable.
pub fn mixed<'a>(start: u64, parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash = extend(0xcbf2_9ce4_8422_2325, &start.to_be_bytes());
    for part in parts {
        hash = extend(extend(hash, part), &[0]);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

fn extend(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vectors of FNV-1a, and our own of the seed: a change of either would forget stored keys.
    #[test]
    fn hashes_are_what_they_always_were() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        let ab: [&[u8]; 2] = [b"a", b"b"];
        let joined: [&[u8]; 1] = [b"ab"];
        assert_ne!(mixed(1, ab), mixed(1, joined));
        assert_ne!(mixed(1, ab), mixed(2, ab));
    }
}
