//! The arithmetic of a rate limit: pure functions over the word and the time.
//!
//! The word is the time at which the calls that were let in are paid for. It is counted in units, of
//! which `scale` are a nanosecond; each call pays `emission` units, a whole number. The scale is the
//! least one for which that is exact: 1 for 100 calls per second, 3 for 3 per second. Up to
//! [`FINEST`] it is exact, and beyond it the emission is rounded up, so that calls are let in a little
//! slower and never faster.
//!
//! Words wrap around. A word counts only if it lies ahead of the clock, and no farther than a word has
//! ever been put: every other one is in the past. That holds for a word that a clock of another runtime
//! has put far ahead (statics outlive paused clocks), and for one from before the numbers wrapped around.

use std::time::Duration;

use super::settings::RateLimitSettings;
use crate::clock;

/// The largest scale. With it, the numbers wrap around every three days, which nothing notices: a word
/// that is that old is taken for one in the past or, rarely, for one that is paid for within the time of
/// one burst.
const FINEST: u64 = 1 << 16;

/// The farthest that a word is put ahead by a burst, and by waiting, in units.
const FARTHEST: u64 = 1 << 61;

/// The reach of a rate limit that others have taken the place of: far more than a word is put ahead. Its word lies
/// [`SEAL`] ahead, so that it lets nobody in.
pub(super) const SEALED: u64 = 6 << 61;

/// How far ahead a word is put that is sealed. It is less than the reach: who comes for it then may read a clock that is
/// a little behind.
#[cfg(all(feature = "control", not(loom)))]
pub(super) const SEAL: u64 = 5 << 61;

/// The rules of a rate limit, in its own unit of time.
#[derive(Debug)]
pub(super) struct Rules {
    /// The units in a nanosecond.
    scale: u64,
    /// The units that a call of cost 1 pays.
    emission: u64,
    /// The units that the word may be ahead of the clock: those of the whole burst.
    tolerance: u64,
    pub(super) burst: u32,
    /// The longest wait in nanoseconds, if calls wait.
    pub(super) wait: Option<u64>,
}

/// Whether a call may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It may come now; the next word.
    Now(u64),
    /// It may come after so many units; the next word if it waits until then.
    Later { units: u64, ahead: u64, next: u64 },
}

impl Rules {
    pub(super) fn new(settings: &RateLimitSettings) -> Self {
        let per = u128::from(clock::nanos(settings.per).max(1));
        let max = u128::from(settings.max);
        let wait = settings.wait.map(clock::nanos);
        let exact = max / greatest_common_divisor(per, max);
        // The nanoseconds that a word may lie ahead.
        let span = u128::from(settings.burst) * per / max + u128::from(wait.unwrap_or(0)) + 1;
        let fits = (u128::from(FARTHEST) / span).max(1);
        let scale = exact.min(u128::from(FINEST)).min(fits);
        let scale = u64::try_from(scale).unwrap_or(1);
        // No more than `per`: the scale is no more than `max`.
        let emission = (per * u128::from(scale)).div_ceil(max);
        let emission = u64::try_from(emission).unwrap_or(FARTHEST);
        let most = u32::try_from(FARTHEST / emission).unwrap_or(u32::MAX);
        let burst = settings.burst.min(most.max(1));
        Self {
            scale,
            emission,
            tolerance: u64::from(burst) * emission,
            burst,
            wait,
        }
    }

    /// Returns the time `ns`, in nanoseconds, as a word.
    #[inline(always)]
    pub(super) fn at(&self, ns: u64) -> u64 {
        ns.wrapping_mul(self.scale)
    }

    /// Returns how far a word may lie ahead before any call has waited, and a millisecond more: clocks of
    /// two cores may differ a little.
    pub(super) fn reach(&self) -> u64 {
        self.beyond(self.tolerance)
    }

    /// Returns the reach by which a word counts that lies `ahead`.
    pub(super) fn beyond(&self, ahead: u64) -> u64 {
        ahead + 1_000_000 * self.scale
    }

    /// Returns the greatest reach that a word needs.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn farthest(&self) -> u64 {
        self.beyond(self.tolerance + FARTHEST)
    }

    /// Returns how far a word lies ahead by these rules with no more calls left than one that lies `ahead` by those of
    /// `before`. Where none is left, the first turn comes no sooner after those that were promised.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn go_on(&self, before: &Self, ahead: u64) -> u64 {
        let times = |units: u64, by: u64| u128::from(units) * u128::from(by);
        let units = |units: u128| u64::try_from(units).unwrap_or(u64::MAX);
        if let Some(left) = before.tolerance.checked_sub(ahead) {
            let left = times(left, self.emission) / u128::from(before.emission);
            self.tolerance.saturating_sub(units(left))
        } else {
            let promised = times(ahead - before.tolerance, self.scale);
            let promised = promised.div_ceil(u128::from(before.scale));
            // So much is hours in the finest unit of time.
            self.tolerance + units(promised).min(FARTHEST)
        }
    }

    /// Returns how far `word` lies ahead of `now`; 0 if it is in the past.
    #[inline(always)]
    pub(super) fn ahead(word: u64, now: u64, reach: u64) -> u64 {
        let ahead = word.wrapping_sub(now);
        if ahead <= reach { ahead } else { 0 }
    }

    /// Returns whether `word` lies ahead of `now`, however far.
    #[cfg(all(feature = "edge", not(loom)))]
    #[inline(always)]
    pub(super) fn is_later(word: u64, now: u64) -> bool {
        word.wrapping_sub(now).cast_signed() > 0
    }

    /// Decides about a call of `cost`, which is no more than the burst.
    #[inline(always)]
    pub(super) fn decide(&self, word: u64, now: u64, reach: u64, cost: u32) -> Decision {
        let ahead = Self::ahead(word, now, reach) + self.price(cost);
        let next = now.wrapping_add(ahead);
        if ahead <= self.tolerance {
            Decision::Now(next)
        } else {
            let units = ahead - self.tolerance;
            Decision::Later { units, ahead, next }
        }
    }

    /// Returns the turn of a call that waits, after which the word is `next`, in units.
    #[cfg(test)]
    pub(super) fn turn_of(&self, next: u64) -> u64 {
        next.wrapping_sub(self.tolerance)
    }

    /// Returns the units in a nanosecond.
    #[cfg(test)]
    pub(super) fn scale(&self) -> u64 {
        self.scale
    }

    /// Returns the units that a call of `cost` pays.
    #[inline(always)]
    pub(super) fn price(&self, cost: u32) -> u64 {
        u64::from(cost) * self.emission
    }

    /// Returns how many calls would be let in if the word is so far `ahead`.
    pub(super) fn left(&self, ahead: u64) -> u32 {
        let left = self.tolerance.saturating_sub(ahead) / self.emission;
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// Returns the time until a call of cost 1 would be let in if the word is so far `ahead`.
    pub(super) fn until_next(&self, ahead: u64) -> Duration {
        self.duration((ahead + self.emission).saturating_sub(self.tolerance))
    }

    /// Returns `units` in nanoseconds, rounded up.
    fn nanos(&self, units: u64) -> u64 {
        units.div_ceil(self.scale)
    }

    /// Whether a wait of so many units is no longer than `ns`, and no longer than any word may lie ahead.
    pub(super) fn is_within(&self, units: u64, ns: u64) -> bool {
        units <= FARTHEST && u128::from(units) <= u128::from(ns) * u128::from(self.scale)
    }

    /// Returns `units` as a duration, rounded up.
    pub(super) fn duration(&self, units: u64) -> Duration {
        Duration::from_nanos(self.nanos(units))
    }
}

pub(super) fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extremes::cases;

    fn rules(max: u32, per: Duration, burst: u32) -> Rules {
        Rules::new(&RateLimitSettings {
            max,
            per,
            burst,
            wait: None,
            max_keys: 1,
            on_outage: crate::rate_limit::OnOutage::Local,
        })
    }

    #[test]
    fn a_call_pays_a_whole_number_of_units() {
        let second = Duration::from_secs(1);
        for (max, per, scale, emission) in [
            (100, second, 1, 10_000_000),
            (3, second, 3, 1_000_000_000),
            (99, second, 99, 1_000_000_000),
            (60, Duration::from_secs(60), 1, 1_000_000_000),
            (7, Duration::from_nanos(7), 1, 1),
            (1, Duration::MAX, 1, clock::nanos(Duration::MAX)),
            // So many calls that the emission is rounded up.
            (1_000_003, second, FINEST, 65_535_804),
        ] {
            let rules = rules(max, per, max);
            assert_eq!(
                (rules.scale, rules.emission),
                (scale, emission),
                "{max} per {per:?}"
            );
        }
    }

    #[test]
    fn settings_of_every_size_have_rules() {
        let sizes = [1, 2, 3, 1_000, 65_537, u32::MAX - 4, u32::MAX];
        for per in [
            Duration::from_nanos(1),
            Duration::from_secs(1),
            Duration::MAX,
        ] {
            for max in sizes {
                for burst in sizes {
                    let rules = rules(max, per, burst);
                    assert!(rules.emission > 0 && rules.burst > 0);
                    assert!(rules.tolerance <= FARTHEST);
                    let all = rules.decide(5, 5, rules.reach(), rules.burst);
                    assert_eq!(all, Decision::Now(5 + rules.tolerance));
                }
            }
        }
    }

    #[test]
    fn a_word_that_lies_too_far_ahead_is_one_of_another_clock() {
        let rules = rules(10, Duration::from_secs(1), 10);
        let now = rules.at(1 << 60);
        let reach = rules.reach();
        assert_eq!(
            Rules::ahead(now + rules.tolerance, now, reach),
            rules.tolerance
        );
        assert_eq!(Rules::ahead(now + reach + 1, now, reach), 0);
        assert_eq!(Rules::ahead(now - 1, now, reach), 0);
        assert_eq!(Rules::ahead(0, now, reach), 0);
    }

    /// A limit by the book: the times at which calls are paid for, in units of which each second has
    /// `max` billions.
    struct Book {
        paid: u128,
    }

    impl Book {
        fn lets_in(&mut self, (max, per, burst): (u32, u64, u32), now: u64, cost: u32) -> bool {
            let now = u128::from(now) * u128::from(max);
            let paid = self.paid.max(now) + u128::from(cost) * u128::from(per);
            let may = cost <= burst && paid <= now + u128::from(burst) * u128::from(per);
            if may {
                self.paid = paid;
            }
            may
        }
    }

    proptest! {
        #![proptest_config(cases())]

        /// To the nanosecond, however long it goes on, and across the end of the numbers.
        #[test]
        fn it_lets_in_what_the_book_lets_in(
            max in 1_u32..=65_536,
            per in 1_u64..=5_000_000_000,
            burst in 1_u32..=70_000,
            start in prop_oneof![Just(1_u64 << 60), Just(u64::MAX / 3), any::<u64>()],
            calls in prop::collection::vec((0_u64..2_000, 0_u32..4, 0_u64..3), 1..60),
        ) {
            let rules = rules(max, Duration::from_nanos(per), burst);
            let mut book = Book { paid: 0 };
            let mut now = 0_u64;
            let mut word = rules.at(start);
            for (thousandths, cost, off) in calls {
                // Around multiples of the time that one call takes.
                let step = per / u64::from(max) * thousandths / 500;
                now += step + off;
                let by_book = book.lets_in((max, per, burst), now, cost);
                let at = rules.at(start.wrapping_add(now));
                let lets_in = cost <= rules.burst
                    && match rules.decide(word, at, rules.reach(), cost) {
                        Decision::Now(next) => {
                            word = next;
                            true
                        }
                        Decision::Later { units, .. } => {
                            // Asking again then, and not a nanosecond before.
                            let then = now + rules.nanos(units);
                            let lets_in = |now: u64| {
                                let at = rules.at(start.wrapping_add(now));
                                matches!(rules.decide(word, at, rules.reach(), cost), Decision::Now(_))
                            };
                            prop_assert!(lets_in(then) && !lets_in(then - 1));
                            false
                        }
                    };
                prop_assert_eq!(lets_in, by_book);
            }
        }
    }
}
