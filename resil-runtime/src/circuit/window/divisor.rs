//! Division by a number that stays the same, as a multiplication: the processor takes several times as
//! long for the one as for the other.

/// A number that others are divided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Divisor {
    by: u64,
    /// 2⁶⁴ / by, rounded down; one less for a power of two.
    reciprocal: u64,
}

impl Divisor {
    /// Creates the divisor `by`, at least one.
    pub(super) const fn new(by: u64) -> Self {
        let by = if by == 0 { 1 } else { by };
        Self {
            by,
            reciprocal: u64::MAX / by,
        }
    }

    /// Returns `n` / by, rounded down.
    #[inline]
    pub(super) const fn divide(self, n: u64) -> u64 {
        let estimate = high_half(n, self.reciprocal);
        // The reciprocal is less than 2⁶⁴ / by, by one at most: so is the quotient.
        let left = n - estimate * self.by;
        estimate + (left >= self.by) as u64
    }
}

const fn high_half(a: u64, b: u64) -> u64 {
    ((a as u128 * b as u128) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extremes::cases;

    #[test]
    fn at_every_border_it_is_the_quotient() {
        let ends = [0, 1, 2, 3, 9, 10, 100, 1 << 34, 1 << 43, u64::MAX];
        for by in ends.into_iter().chain([7, 999, 10_000, 315_360_000_000]) {
            let by = by.max(1);
            let times = ends.map(|n| n / by * by);
            for n in ends.into_iter().chain(times) {
                for n in [n.saturating_sub(1), n, n.saturating_add(1)] {
                    assert_eq!(Divisor::new(by).divide(n), n / by, "{n} / {by}");
                }
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn it_is_the_quotient(n in proptest::num::u64::ANY, by in 1_u64.., shift in 0..64_u32) {
            let by: u64 = u64::max(by >> shift, 1);
            proptest::prop_assert_eq!(Divisor::new(by).divide(n), n / by);
        }
    }
}
