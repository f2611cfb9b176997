//! A call that was let in: the state of the breaker that let it in and, where calls are timed, the
//! time at which it began.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::BreakerCore;
use crate::circuit::callers::Caller;
use crate::circuit::verdict::CircuitVerdict;
use crate::circuit::word::Stamp;
use crate::clock;
use crate::error::Error;

/// A call that was let in.
#[derive(Debug)]
pub(crate) struct AdmittedCall {
    stamp: Stamp,
    /// The time at which the call began, in nanoseconds, plus the waits that are left out of its
    /// time. 0 if the breaker has no rule about slow calls, as reading the clock costs more than
    /// all the rest. Only the task that runs the call writes it.
    began: AtomicU64,
}

impl AdmittedCall {
    /// Creates a call under a permit that its task holds already. Its outcome is not recorded.
    #[cold]
    fn nested() -> Self {
        Self {
            stamp: Stamp::NESTED,
            began: AtomicU64::new(0),
        }
    }

    /// Notes that the outcome is recorded: whatever is recorded afterwards is ignored.
    #[inline(always)]
    pub(crate) fn settle(&mut self) {
        self.stamp = Stamp::NESTED;
    }

    #[inline(always)]
    pub(crate) fn is_nested(&self) -> bool {
        self.stamp == Stamp::NESTED
    }

    /// Returns whether a success need not be recorded: it would change nothing, however long it
    /// took.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, core: &BreakerCore) -> bool {
        !self.is_timed() && core.is_quiet()
    }

    #[inline(always)]
    fn is_timed(&self) -> bool {
        self.began.load(Relaxed) != 0
    }

    /// Begins a wait that is left out of the call's time, and returns its start; 0 if the call is
    /// not timed.
    #[inline]
    pub(crate) fn wait_begins(&self) -> u64 {
        if self.is_timed() { clock::now_ns() } else { 0 }
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
        let began = self.began.load(Relaxed);
        let slow = began != 0
            && verdict != CircuitVerdict::Neutral
            && clock::now_ns().saturating_sub(began) >= core.slow_after();
        core.record_timed(self.stamp, verdict, slow, clock::now_ms);
    }
}

impl BreakerCore {
    /// Lets a call in. A call that `caller` makes under a permit of this very breaker runs under
    /// that permit.
    ///
    /// # Errors
    ///
    /// If it refuses the call, returns the milliseconds until the next probe may run, if they are
    /// known.
    #[inline(always)]
    pub(crate) fn begin(&self, caller: Caller<'_>) -> Result<AdmittedCall, Option<u64>> {
        if self.is_reentered(caller) {
            return Ok(AdmittedCall::nested());
        }
        let stamp = self.admit(clock::now_ms)?;
        let began = if self.slow_after() == 0 {
            0
        } else {
            clock::now_ns()
        };
        Ok(AdmittedCall {
            stamp,
            began: AtomicU64::new(began),
        })
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
