//! A call that was let in: the state of the breaker that let it in and, where calls are timed, the
//! time at which it began.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::BreakerCore;
use crate::circuit::callers::Caller;
use crate::circuit::held::nothing_is_held;
use crate::circuit::verdict::CircuitVerdict;
use crate::circuit::word::{PAYLOAD_BITS, Stamp};
use crate::clock;
use crate::error::Error;

/// The unit in which the beginning of a call is kept, in nanoseconds: so coarse that 26 days fit, and
/// about as fine as the clocks of operating systems are.
const UNIT: u64 = 128;

/// The mask of the beginning.
const BEGAN: u64 = (1 << PAYLOAD_BITS) - 1;

/// A call that was let in, in one word: stamp 20 bits, as in the state word | beginning 44.
///
/// The beginning is the time at which the call began, in [`UNIT`]s, plus the waits that are left out
/// of its time; 0 if the call is not timed, as reading the clock costs more than all the rest. Only
/// the task that runs the call accesses the word.
///
/// Known and harmless: a call of more than 13 days is judged as if it had been quick, or by its time
/// modulo 26 days.
#[derive(Debug)]
pub(crate) struct AdmittedCall(AtomicU64);

impl AdmittedCall {
    /// The word of a call under a permit that its task holds already. No other call has it: only calls
    /// of a closed breaker are timed, and their stamps are lower.
    const NESTED: u64 = u64::MAX;

    /// Creates a call that is not timed.
    #[inline(always)]
    const fn untimed(stamp: Stamp) -> Self {
        Self(AtomicU64::new(stamp.to_high_bits()))
    }

    /// Creates a call that began at `now`, in nanoseconds.
    fn timed(stamp: Stamp, now: u64) -> Self {
        Self(AtomicU64::new(stamp.to_high_bits() | units(now).max(1)))
    }

    /// Creates a call under a permit that its task holds already. Its outcome is not recorded.
    const fn nested() -> Self {
        Self(AtomicU64::new(Self::NESTED))
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp::of_high_bits(self.word())
    }

    #[inline(always)]
    pub(crate) fn is_nested(&self) -> bool {
        self.word() == Self::NESTED
    }

    #[inline(always)]
    fn is_timed(&self) -> bool {
        !matches!(self.word(), word if word & BEGAN == 0 || word == Self::NESTED)
    }

    /// Returns the time that the call has taken at `now`, in nanoseconds: not less than it was, and
    /// less than one [`UNIT`] more. It is 0 on a clock that lags behind the one that it began by.
    fn taken(&self, now: u64) -> u64 {
        const SPAN: u64 = UNIT << PAYLOAD_BITS;
        let began = (self.word() & BEGAN) * UNIT;
        let taken = now.wrapping_sub(began) % SPAN;
        if taken < SPAN / 2 { taken } else { 0 }
    }

    /// Begins a wait that is left out of the call's time, and returns its start; 0 if the call is
    /// not timed.
    #[inline]
    pub(crate) fn wait_begins(&self) -> u64 {
        if self.is_timed() { clock::now_ns() } else { 0 }
    }

    /// Ends the wait that began at `since`.
    pub(crate) fn wait_ended(&self, since: u64) {
        self.leave_out(clock::now_ns().saturating_sub(since));
    }

    fn leave_out(&self, waited: u64) {
        let word = self.word();
        let began = (word + waited / UNIT) & BEGAN;
        self.0.store(word & !BEGAN | began.max(1), Relaxed);
    }

    /// Records the outcome of the call.
    #[inline(never)]
    pub(crate) fn end(&self, core: &BreakerCore, verdict: CircuitVerdict) {
        let word = self.word();
        let stamp = Stamp::of_high_bits(word);
        if word & BEGAN == 0 {
            core.record(stamp, verdict, clock::now_ms);
        } else if word != Self::NESTED {
            self.end_timed(core, verdict);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_timed(&self, core: &BreakerCore, verdict: CircuitVerdict) {
        let slow = verdict != CircuitVerdict::Neutral
            && self.taken(clock::now_ns()) >= core.settings().rules.slow_after;
        core.record_timed(self.stamp(), verdict, slow, clock::now_ms);
    }
}

/// Returns `ns` in [`UNIT`]s, modulo 26 days.
const fn units(ns: u64) -> u64 {
    (ns / UNIT) & BEGAN
}

impl BreakerCore {
    /// Lets a call in if there is nothing else to do for it: the breaker is closed, calls are not
    /// timed, and no permit is held around the poll in progress.
    #[inline(always)]
    pub(crate) fn begin_at_once(&self) -> Option<AdmittedCall> {
        let word = self.load();
        let at_once = word.admits_at_once() && nothing_is_held();
        at_once.then(|| AdmittedCall::untimed(word.stamp()))
    }

    /// Returns the milliseconds until the next probe may run, if an open breaker refuses the call. If
    /// it returns `None`, [`begin`](Self::begin) decides.
    #[inline(always)]
    pub(crate) fn refuses_for(&self) -> Option<u64> {
        if nothing_is_held() {
            self.stays_open_for(clock::now_ms)
        } else {
            None
        }
    }

    /// Lets a call in. A call that `caller` makes under a permit of this very breaker runs under
    /// that permit.
    ///
    /// # Errors
    ///
    /// If it refuses the call, returns the milliseconds until the next probe may run, if they are
    /// known.
    #[inline(never)]
    pub(crate) fn begin(&self, caller: Caller<'_>) -> Result<AdmittedCall, Option<u64>> {
        if self.is_reentered(caller) {
            return Ok(AdmittedCall::nested());
        }
        let word = self.load();
        if word.is_closed() {
            return Ok(if word.is_timed() {
                AdmittedCall::timed(word.stamp(), clock::now_ns())
            } else {
                AdmittedCall::untimed(word.stamp())
            });
        }
        self.admit_not_closed(clock::now_ms)
            .map(AdmittedCall::untimed)
    }

    /// Tells listeners of the refusal of a manual call, and returns it as the public error.
    #[cold]
    pub(crate) fn refused(&self, retry_in: Option<u64>) -> Error {
        self.tell_refused(None);
        Error::CircuitOpen {
            name: self.name(),
            retry_in: retry_in.map(Duration::from_millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::word::{State, Word};

    /// In nanoseconds, in the middle of a unit.
    const NOON: u64 = (1 << 60) + 43_200_000_000_077;

    fn stamp() -> Stamp {
        let timed = State::Closed {
            in_a_row: 3,
            record_successes: true,
            timed: true,
        };
        Word::new(0x3_ffff, timed).stamp()
    }

    #[test]
    fn a_call_takes_as_long_as_it_is_or_a_unit_more() {
        for began in [UNIT, NOON, NOON + UNIT - 1, u64::MAX / 2] {
            for took in [0, 1, UNIT - 1, UNIT, 1_000_000_007, 1 << 49] {
                let taken = AdmittedCall::timed(stamp(), began).taken(began + took);
                assert!(
                    (took..took + UNIT).contains(&taken),
                    "{began} {took} {taken}"
                );
            }
        }
    }

    /// What would be 0, which stands for no time.
    #[test]
    fn a_call_that_begins_with_a_span_is_timed() {
        let call = AdmittedCall::timed(stamp(), 1 << 60);
        assert!(call.is_timed());
        assert_eq!(call.taken((1 << 60) + 1_000_000), 1_000_000 - UNIT);
    }

    #[test]
    fn a_wait_is_left_out_but_for_less_than_a_unit() {
        let call = AdmittedCall::timed(stamp(), NOON);
        call.leave_out(4_000_000_003);
        let taken = call.taken(NOON + 5_000_000_001);
        assert!(
            (999_999_998..999_999_998 + 2 * UNIT).contains(&taken),
            "{taken}"
        );
        assert_eq!(call.stamp(), stamp());
    }

    #[test]
    fn a_call_on_a_clock_that_lags_took_no_time() {
        let call = AdmittedCall::timed(stamp(), NOON);
        assert_eq!(call.taken(NOON - 86_400_000_000_000), 0);
    }

    #[test]
    fn only_a_nested_call_is_nested_and_only_a_timed_one_timed() {
        let timed = AdmittedCall::timed(stamp(), u64::MAX);
        let untimed = AdmittedCall::untimed(stamp());
        let disabled = AdmittedCall::untimed(Word::new(0x3_ffff, State::Disabled).stamp());
        let nested = AdmittedCall::nested();
        assert_eq!(
            [&timed, &untimed, &disabled, &nested].map(AdmittedCall::is_nested),
            [false, false, false, true]
        );
        assert_eq!(
            [&timed, &untimed, &disabled, &nested].map(AdmittedCall::is_timed),
            [true, false, false, false]
        );
        assert_eq!(size_of::<AdmittedCall>(), 8);
    }
}
