//! How long calls take: a histogram of fixed size.

use histogram::{AtomicHistogram32, Config, Histogram, Histogram32};

/// The shape of all histograms. Between two powers of two there are 32 buckets, so that the middle of a
/// bucket is within 1.6 % of all that is in it. Calls of more than 2⁴⁰ ns, 18 minutes, count as so long.
pub(super) const CONFIG: Config = match Config::new(5, 40) {
    Ok(config) => config,
    Err(_) => panic!("5 is less than 40"),
};

/// The longest time that is told from longer ones, in nanoseconds.
const LONGEST: u64 = (1 << 40) - 1;

/// The times that were counted in one shard. They only grow, and wrap around.
pub(super) fn atomic() -> AtomicHistogram32 {
    AtomicHistogram32::with_config(&CONFIG)
}

/// Adds one time, in nanoseconds.
#[inline]
pub(super) fn add(times: &AtomicHistogram32, nanos: u64) {
    // The bound keeps it in range.
    let _ = times.increment(nanos.min(LONGEST));
}

/// Adds to `sums` what is in `times`. `scratch` is of the same shape.
pub(super) fn load_onto(times: &AtomicHistogram32, scratch: &mut Histogram32, sums: &mut [u32]) {
    // All are of one shape.
    let _ = times.load_into(scratch);
    for (sum, one) in sums.iter_mut().zip(scratch.as_slice()) {
        *sum = sum.wrapping_add(*one);
    }
}

/// Returns the times below which the given shares of all lie, by nearest rank; zeros if there are none.
/// `max` is the longest.
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
    fn a_time_without_bound_is_counted() {
        let (times, mut scratch) = (atomic(), Histogram32::with_config(&CONFIG));
        add(&times, u64::MAX);
        add(&times, 0);
        let mut sums = vec![0; CONFIG.total_buckets()];
        load_onto(&times, &mut scratch, &mut sums);
        assert_eq!(
            (sums[0], *sums.last().unwrap(), sums.iter().sum::<u32>()),
            (1, 1, 2)
        );
        let all = Histogram::from_buckets(5, 40, sums.iter().map(|&n| n.into()).collect()).unwrap();
        assert_eq!(percentiles(&all, [1.0], u64::MAX), [u64::MAX]);
    }
}
