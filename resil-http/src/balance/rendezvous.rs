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
