//! A duration in four bytes, for refusals that have to stay small.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// A duration in four bytes: exact to the microsecond below 17 minutes, to the millisecond below
/// 12 days, to the second above, saturating after 34 years.
#[derive(Clone, Copy, Eq)]
pub struct CompactDuration(NonZeroU32);

/// Durations are compared: one may be written in two units.
impl PartialEq for CompactDuration {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl CompactDuration {
    const BITS: u32 = 30;
    const MAX: u128 = Self::MAX_SHORT as u128;
    const MAX_SHORT: u32 = (1 << Self::BITS) - 1;

    /// Creates the compact form of `d`, rounded up in the finest unit that it fits in.
    pub(crate) fn new(d: Duration) -> Self {
        if d < Duration::from_secs(1_000) {
            // Without the long divisions below.
            let whole = d.as_secs() * 1_000_000;
            let micros = whole + u64::from(d.subsec_nanos().div_ceil(1_000));
            return Self::of(1, u32::try_from(micros).unwrap_or(u32::MAX >> 2));
        }
        let (unit, n) = if d.as_nanos().div_ceil(1_000) <= Self::MAX {
            (1, d.as_nanos().div_ceil(1_000))
        } else if d.as_nanos().div_ceil(1_000_000) <= Self::MAX {
            (2, d.as_nanos().div_ceil(1_000_000))
        } else {
            (3, d.as_nanos().div_ceil(1_000_000_000).min(Self::MAX))
        };
        let n = u32::try_from(n).unwrap_or(u32::MAX >> 2);
        Self::of(unit, n)
    }

    /// Returns `n` in a unit, which is 1 to 3: the word is never zero.
    const fn of(unit: u32, n: u32) -> Self {
        match NonZeroU32::new(unit << Self::BITS | n) {
            Some(word) => Self(word),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// Creates the compact form of `ms` milliseconds: as [`new`](Self::new) does, without its long
    /// divisions.
    #[inline]
    pub(crate) fn from_millis(ms: u64) -> Self {
        match u32::try_from(ms) {
            Ok(ms) if ms <= Self::MAX_SHORT => Self::of(2, ms),
            _ => Self::new(Duration::from_millis(ms)),
        }
    }

    pub(crate) fn to_bits(self) -> NonZeroU32 {
        self.0
    }

    /// Returns the duration whose [`to_bits`](Self::to_bits) are `bits`.
    pub(crate) fn of_bits(bits: NonZeroU32) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn get(self) -> Duration {
        let n = self.0.get() & Self::MAX_SHORT;
        // The nanoseconds of a unit divide those of a second: no wider arithmetic is needed.
        let of = |unit: u32| {
            let a_second = 1_000_000_000 / unit;
            Duration::new(u64::from(n / a_second), n % a_second * unit)
        };
        match self.0.get() >> Self::BITS {
            2 => of(1_000_000),
            1 => of(1_000),
            _ => Duration::from_secs(u64::from(n)),
        }
    }
}

impl fmt::Debug for CompactDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extremes::{cases, durations};

    #[test]
    fn compact_durations_round_up_in_their_unit() {
        for d in [
            Duration::ZERO,
            Duration::from_micros(250),
            Duration::from_millis(1_500),
            Duration::from_secs(5),
            Duration::from_secs(86_400),
            Duration::from_secs(86_400 * 400),
        ] {
            assert_eq!(CompactDuration::new(d).get(), d);
        }
        assert_eq!(
            CompactDuration::new(Duration::from_nanos(1)).get(),
            Duration::from_micros(1)
        );
        assert!(CompactDuration::new(Duration::MAX).get() >= Duration::from_secs(1_000_000_000));
    }

    #[test]
    fn milliseconds_are_the_same_duration_by_the_short_way() {
        let most = u64::from(CompactDuration::MAX_SHORT);
        for ms in [
            0,
            1,
            999,
            30_000,
            1_073_742,
            most - 1,
            most,
            most + 1,
            u64::MAX,
        ] {
            let long = CompactDuration::new(Duration::from_millis(ms));
            assert_eq!(CompactDuration::from_millis(ms), long, "{ms}");
        }
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn a_compact_duration_is_not_shorter_and_by_less_than_its_unit_longer(d in durations()) {
            const SECOND: u64 = 1_000_000_000;
            let got = CompactDuration::new(d).get();
            let most = Duration::from_secs((1 << 30) - 1);
            if d > most {
                proptest::prop_assert_eq!(got, most);
            } else {
                let unit = match d.as_secs() {
                    0..1_073 => 1_000,
                    1_073..1_073_741 => 1_000_000,
                    _ => SECOND,
                };
                // At the very borders the next unit may have been needed.
                let unit = Duration::from_nanos(unit.min(SECOND));
                let next = (unit * 1_000).min(Duration::from_secs(1));
                proptest::prop_assert!(got >= d && got < d.saturating_add(next));
                if d.as_secs() != 1_073 && d.as_secs() != 1_073_741 {
                    proptest::prop_assert!(got < d.saturating_add(unit));
                }
            }
        }
    }
}
