//! A call that was let in: the state of the breaker that let it in and, where calls are timed, the
//! time at which it began.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::BreakerCore;
use crate::circuit::callers::Caller;
use crate::circuit::held::nothing_is_held;
use crate::circuit::verdict::CircuitVerdict;
use crate::circuit::word::Stamp;
use crate::clock;
use crate::error::Error;

/// A call that was let in.
#[derive(Debug)]
pub(crate) struct AdmittedCall {
    stamp: Stamp,
    /// The time at which the call began, in nanoseconds, plus the waits that are left out of its
    /// time. 0 if the call is not timed, as reading the clock costs more than all the rest. Only the
    /// task that runs the call writes it.
    began: AtomicU64,
}

impl AdmittedCall {
    /// Creates a call that is not timed.
    #[inline(always)]
    const fn untimed(stamp: Stamp) -> Self {
        let began = AtomicU64::new(0);
        Self { stamp, began }
    }

    /// Creates a call that began at `now`, in nanoseconds.
    fn timed(stamp: Stamp, now: u64) -> Self {
        let began = AtomicU64::new(now);
        Self { stamp, began }
    }

    /// Creates a call under a permit that its task holds already. Its outcome is not recorded.
    pub(crate) const fn nested() -> Self {
        Self::untimed(Stamp::NESTED)
    }

    #[inline(always)]
    pub(crate) fn is_nested(&self) -> bool {
        self.stamp == Stamp::NESTED
    }

    /// Returns the stamp, for the models: they end calls step by step.
    #[cfg(loom)]
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Begins a wait that is left out of the call's time, and returns its start; 0 if the call is
    /// not timed.
    #[inline]
    pub(crate) fn wait_begins(&self) -> u64 {
        if self.began.load(Relaxed) == 0 {
            0
        } else {
            clock::now_ns()
        }
    }

    /// Ends the wait that began at `since`.
    pub(crate) fn wait_ended(&self, since: u64) {
        let waited = clock::now_ns().saturating_sub(since);
        let began = self.began.load(Relaxed);
        self.began.store(began.saturating_add(waited), Relaxed);
    }

    /// Records the outcome of the call.
    #[inline(never)]
    pub(crate) fn end(&self, core: &BreakerCore, verdict: CircuitVerdict) {
        match self.began.load(Relaxed) {
            0 => core.record(self.stamp, verdict, clock::now_ms),
            began => self.end_timed(core, verdict, began),
        }
    }

    #[cold]
    #[inline(never)]
    fn end_timed(&self, core: &BreakerCore, verdict: CircuitVerdict, began: u64) {
        let slow = verdict != CircuitVerdict::Neutral
            && clock::now_ns().saturating_sub(began) >= core.settings().rules.slow_after;
        core.record_timed(self.stamp, verdict, slow, clock::now_ms);
    }
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
