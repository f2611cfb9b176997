//! One call that was let in: by which state, and when, where calls are timed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::CircuitVerdict;
use super::machine::Core;
use super::nesting::Caller;
use super::word::Stamp;
use crate::clock;
use crate::error::Error;

/// See the module.
#[derive(Debug)]
pub(super) struct Call {
    stamp: Stamp,
    /// In ns, moved on by what is left out of its time; 0 where the breaker has no rule about slow
    /// calls: a clock costs more than all the rest. The task that runs the call alone writes it.
    began: AtomicU64,
}

impl Call {
    /// A call under a permit that its task has already: nothing is recorded of it.
    #[cold]
    fn nested() -> Self {
        Self {
            stamp: Stamp::NESTED,
            began: AtomicU64::new(0),
        }
    }

    pub(super) fn is_nested(&self) -> bool {
        self.stamp == Stamp::NESTED
    }

    /// A success that need not be recorded: it would change nothing, however long it took.
    #[inline(always)]
    pub(super) fn is_quiet(&self, core: &Core) -> bool {
        !self.is_timed() && core.is_quiet()
    }

    #[inline(always)]
    fn is_timed(&self) -> bool {
        self.began.load(Relaxed) != 0
    }

    /// A wait begins that is to be left out of its time: when, or 0 where it is not timed.
    #[inline]
    pub(super) fn wait_begins(&self) -> u64 {
        if self.is_timed() { clock::now_ns() } else { 0 }
    }

    /// The wait that began at `since` is over.
    pub(super) fn wait_ended(&self, since: u64) {
        let waited = clock::now_ns().saturating_sub(since);
        let began = self.began.load(Relaxed);
        self.began.store(began.saturating_add(waited), Relaxed);
    }

    /// Records what came of it.
    pub(super) fn end(&self, core: &Core, verdict: CircuitVerdict) {
        let began = self.began.load(Relaxed);
        let slow = began != 0
            && verdict != CircuitVerdict::Neutral
            && clock::now_ns().saturating_sub(began) >= core.slow_after();
        core.record_timed(self.stamp, verdict, slow, clock::now_ms);
    }
}

impl Core {
    /// Lets a call in, or says in how many ms the next probe may run, where that is known. One that
    /// `caller` makes under a permit of this very breaker runs under that.
    #[inline(always)]
    pub(super) fn begin(&self, caller: Caller<'_>) -> Result<Call, Option<u64>> {
        if self.is_reentered(caller) {
            return Ok(Call::nested());
        }
        let stamp = self.admit(clock::now_ms)?;
        let began = if self.slow_after() == 0 {
            0
        } else {
            clock::now_ns()
        };
        Ok(Call {
            stamp,
            began: AtomicU64::new(began),
        })
    }

    /// The refusal as a user sees it, told to the listeners.
    #[cold]
    pub(super) fn refused(&self, retry_in: Option<u64>) -> Error {
        self.tell_refused(None);
        Error::CircuitOpen {
            name: self.name(),
            retry_in: retry_in.map(Duration::from_millis),
        }
    }
}
