//! The random numbers of jitter.
//!
//! They come from the generator of the thread, which the system seeds. With the feature `seed` a thread can
//! be given a seed of its own, so that a simulation on paused time does the same each time that it runs.

/// Returns a random number from 0 to `most`, both included; with the feature `seed`, that of the thread's seed.
#[cfg_attr(
    any(not(feature = "edge"), loom),
    allow(unreachable_pub, reason = "an edge draws such numbers too")
)]
pub fn up_to(most: u64) -> u64 {
    #[cfg(feature = "seed")]
    if let Some(number) = seeded::up_to(most) {
        return number;
    }
    rand::random_range(0..=most)
}

/// Returns a number that depends on each bit of `state`: the finalizer of `SplitMix64` (Steele, Lea and
/// Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
#[cfg(any(feature = "chaos", feature = "seed"))]
pub(crate) fn mixed(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(feature = "seed")]
pub use seeded::seed;

#[cfg(feature = "seed")]
mod seeded {
    use std::cell::Cell;

    use crate::random::mixed;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Seeds the random numbers that resil draws on this thread from now on: the jitter of a retry's delays
    /// and of a circuit's open time.
    ///
    /// It is for tests and simulations, on a current-thread runtime with paused time: after the same seed, the
    /// same calls wait for the same times. Other threads are not seeded. Each call starts anew, so
    /// that two runs on one thread can be compared. The numbers that follow from a seed may be others in
    /// another version of resil.
    ///
    /// What must be hard to guess (the ids of calls, the tokens of claims) is never drawn from the seed.
    pub fn seed(seed: u64) {
        STATE.set(Some(seed));
    }

    /// Returns the next number of this thread, from 0 to `most`; `None` if the thread has no seed.
    pub(super) fn up_to(most: u64) -> Option<u64> {
        let state = STATE.get()?.wrapping_add(0x9e37_79b9_7f4a_7c15);
        STATE.set(Some(state));
        Some(scale(mixed(state), most))
    }

    /// Maps all numbers evenly to those from 0 to `most`.
    fn scale(number: u64, most: u64) -> u64 {
        let product = u128::from(number) * (u128::from(most) + 1);
        u64::try_from(product >> 64).unwrap_or(most)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn drawn(most: u64) -> Vec<u64> {
            (0..1_000).map(|_| super::super::up_to(most)).collect()
        }

        #[test]
        fn one_seed_gives_the_same_numbers_and_another_one_others() {
            seed(7);
            let first = drawn(1_000_000);
            assert_ne!(drawn(1_000_000), first, "it goes on");
            seed(7);
            assert_eq!(drawn(1_000_000), first);
            seed(8);
            assert_ne!(drawn(1_000_000), first);
        }

        #[test]
        fn all_numbers_up_to_the_most_come_and_none_above() {
            seed(7);
            let mut counts = [0; 4];
            for number in drawn(3) {
                counts[usize::try_from(number).unwrap()] += 1;
            }
            assert!(
                counts.iter().all(|&n| (200..300).contains(&n)),
                "{counts:?}"
            );
            assert_eq!((scale(u64::MAX, 0), scale(0, 9)), (0, 0));
            assert_eq!(scale(u64::MAX, u64::MAX), u64::MAX);
        }

        #[test]
        fn a_thread_is_seeded_for_itself() {
            seed(7);
            let other = std::thread::spawn(|| super::up_to(9)).join().unwrap();
            assert_eq!(other, None);
        }
    }
}
