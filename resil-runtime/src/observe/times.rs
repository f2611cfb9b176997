//! How long calls take: a histogram of fixed size.
//!
//! What is summed up is a histogram of the library `histogram`. A thread counts in a row of plain buckets of the
//! same shape: the library's atomic histogram adds with a locked instruction, a tenth of what a call costs, and the
//! owner of a slot needs none.

use histogram::Config;
#[cfg(any(feature = "stats", test))]
use histogram::Histogram;

use super::slot::Slot;
use crate::sync::{AtomicU32, Ordering::Relaxed};

/// Between two powers of two there are 2⁵ buckets.
const GROUPING: u8 = 5;

/// The times below this one, 2⁶, have a bucket each.
const EXACT: u8 = 2 << GROUPING;

/// The shape of all histograms. Between two powers of two there are 32 buckets, so that the middle of a
/// bucket is within 1.6 % of all that is in it. Calls of more than 2⁴⁰ ns, 18 minutes, count as so long.
pub(super) const CONFIG: Config = match Config::new(GROUPING, 40) {
    Ok(config) => config,
    Err(_) => panic!("5 is less than 40"),
};

/// The longest time that is told from longer ones, in nanoseconds.
const LONGEST: u64 = (1 << 40) - 1;

/// The times that were counted in one shard. They only grow, and wrap around.
#[derive(Debug)]
pub(super) struct Times(Box<[AtomicU32]>);

impl Times {
    pub(super) fn new() -> Self {
        let buckets = 0..CONFIG.total_buckets();
        Self(buckets.map(|_| AtomicU32::new(0)).collect())
    }

    /// Adds one time, in nanoseconds, on the shard of `slot`.
    #[inline]
    pub(super) fn add(&self, slot: Slot, nanos: u64) {
        let Some(bucket) = self.0.get(bucket_of(nanos)) else {
            return;
        };
        if slot.is_owned() {
            bucket.store(bucket.load(Relaxed).wrapping_add(1), Relaxed);
        } else {
            bucket.fetch_add(1, Relaxed);
        }
    }

    /// Adds to `sums` what is in these.
    pub(super) fn load_onto(&self, sums: &mut [u32]) {
        for (sum, one) in sums.iter_mut().zip(&self.0) {
            *sum = sum.wrapping_add(one.load(Relaxed));
        }
    }
}

/// Returns the bucket of a time, as the library has it: the power of two, and the 5 bits after the first.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "there are 1,152 buckets")]
fn bucket_of(nanos: u64) -> usize {
    let nanos = nanos.min(LONGEST);
    if nanos < u64::from(EXACT) {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - u32::from(GROUPING);
    // What is left of the time has its highest bit still, which stands for the first power.
    ((u64::from(shift) << GROUPING) + (nanos >> shift)) as usize
}

/// Returns the middle of a bucket, in nanoseconds.
#[cfg(feature = "metrics")]
pub(super) fn middle(bucket: usize) -> u64 {
    // The first 64 have one time each; then each power of two has 32.
    match bucket.checked_sub(EXACT.into()) {
        None => bucket as u64,
        Some(above) => {
            let width = 2_u64 << (above / 32);
            (32 + above as u64 % 32) * width + (width - 1) / 2
        }
    }
}

/// Returns the times below which the given shares of all lie, by nearest rank; zeros if there are none.
/// `max` is the longest.
#[cfg(any(feature = "stats", test))]
pub(super) fn percentiles<const N: usize>(of: &Histogram, shares: [f64; N], max: u64) -> [u64; N] {
    let mut buckets = [const { None }; N];
    // The shares are between 0 and 1, and there is room for all.
    let _ = of.quantile_buckets_into(&shares, &mut buckets);
    buckets.map(|bucket| {
        bucket.map_or(0, |bucket| {
            let middle = bucket.start() + (bucket.end() - bucket.start()) / 2;
            if bucket.end() >= LONGEST {
                max
            } else {
                middle.min(max)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::slot::OWNED;

    #[test]
    fn percentiles_are_within_two_percent_of_the_sorted_truth() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for spread in [1_u32, 4, 10, 20, 30, 39] {
            let mut truth: Vec<u64> = (0..20_000)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    // Evenly over the powers of two: all lengths of calls come up.
                    let power = state % u64::from(spread + 1);
                    1 + (state >> 20) % (1 << power)
                })
                .collect();
            let mut histogram = Histogram::with_config(&CONFIG);
            for &nanos in &truth {
                histogram.increment(nanos).unwrap();
            }
            truth.sort_unstable();
            let shares = [0.01, 0.5, 0.9, 0.99, 0.999, 1.0];
            let max = *truth.last().unwrap();
            for (share, found) in shares.iter().zip(percentiles(&histogram, shares, max)) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a rank"
                )]
                let rank = (share * truth.len() as f64).ceil() as usize;
                let right = truth[rank - 1];
                let off = (found as f64 - right as f64).abs() / right as f64;
                assert!(off <= 0.02, "{spread} {share}: {found} for {right}");
            }
        }
    }

    #[test]
    fn a_time_is_in_the_bucket_in_which_the_library_has_it() {
        let powers = (0..40).map(|power| 1_u64 << power);
        let near = powers.flat_map(|n| [n - 1, n, n + 1, n + n / 2, n + n / 3, n + n / 32]);
        for nanos in near.chain(0..10_000).filter(|n| *n <= LONGEST) {
            let mut library = Histogram::with_config(&CONFIG);
            library.increment(nanos).unwrap();
            assert_eq!(library.as_slice()[bucket_of(nanos)], 1, "{nanos}");
        }
        assert_eq!(bucket_of(u64::MAX), CONFIG.total_buckets() - 1);
    }

    #[cfg(feature = "metrics")]
    #[test]
    fn the_middle_of_a_bucket_is_that_of_the_library() {
        let mut histogram = Histogram::with_config(&CONFIG);
        histogram.as_mut_slice().fill(1);
        for (at, bucket) in histogram.iter().enumerate() {
            let middle = bucket.start() + (bucket.end() - bucket.start()) / 2;
            assert_eq!(super::middle(at), middle, "{at}");
        }
    }

    #[test]
    fn a_time_without_bound_is_counted() {
        let times = Times::new();
        times.add(Slot(0), u64::MAX);
        times.add(Slot(OWNED), 0);
        let mut sums = vec![0; CONFIG.total_buckets()];
        times.load_onto(&mut sums);
        assert_eq!(
            (sums[0], *sums.last().unwrap(), sums.iter().sum::<u32>()),
            (1, 1, 2)
        );
        let all = Histogram::from_buckets(5, 40, sums.iter().map(|&n| n.into()).collect()).unwrap();
        assert_eq!(percentiles(&all, [1.0], u64::MAX), [u64::MAX]);
    }
}
