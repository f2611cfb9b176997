//! Consistent hashing: rendezvous hashing, or highest random weight (Thaler and Ravishankar, "Using name-based
//! mappings to increase hit rates", 1998).
//!
//! Each endpoint has a score for a key, and the highest wins. When an endpoint goes, only its keys move, to the
//! endpoint that is second for each of them; when one comes, it takes an equal share from all. There is no
//! ring to keep, and any part of the endpoints can be left out. It looks at all of them.
//!
//! The hashes are written out here, as they have to be the same in each process and in each version: FNV-1a of
//! the key and of the authority, mixed by the finalizer of `SplitMix64` (Steele, Lea and Flood, 2014). Who knows
//! that can find keys that all go to one endpoint.

/// FNV-1a, 64 bits.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold)
}

/// Returns the score of an endpoint for a key, both as hashes.
pub(super) fn score(key: u64, endpoint: u64) -> u64 {
    // The two have to be mixed apart: else the score is that of their difference.
    mixed(mixed(key) ^ endpoint)
}

/// Returns whether an endpoint of this weight takes part in the choice for a key: a heavier one for the same
/// keys and more.
pub(super) fn takes_part(key: u64, endpoint: u64, weight: f64) -> bool {
    let drawn = mixed(score(key, endpoint)) >> 11;
    (drawn as f64) < weight * (1_u64 << 53) as f64
}

fn mixed(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>).
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_heavier_endpoint_takes_part_for_the_same_keys_and_more() {
        let endpoint = hash(b"10.0.0.1:80");
        let mut counts = [0; 3];
        for key in 0..10_000_u64 {
            let parts = [0.1, 0.5, 1.0].map(|weight| takes_part(key, endpoint, weight));
            assert!(parts[0] <= parts[1] && parts[1] <= parts[2]);
            counts
                .iter_mut()
                .zip(parts)
                .for_each(|(count, part)| *count += u32::from(part));
            assert!(!takes_part(key, endpoint, 0.0));
        }
        assert!(
            (900..1_100).contains(&counts[0]) && (4_800..5_200).contains(&counts[1]),
            "{counts:?}"
        );
        assert_eq!(counts[2], 10_000);
    }
}
