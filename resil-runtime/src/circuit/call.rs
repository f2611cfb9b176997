//! One call that was let in: by which state, and when, where calls are timed.

use std::num::NonZeroU64;
use std::time::Duration;

use super::CircuitVerdict;
use super::machine::Core;
use super::word::Stamp;
use crate::clock;
use crate::error::Error;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    stamp: Stamp,
    /// In ns; only where the breaker has a rule about slow calls: a clock costs more than all the
    /// rest.
    began: Option<NonZeroU64>,
}

impl Call {
    /// A success that need not be recorded: it would change nothing, however long it took.
    #[inline(always)]
    pub(super) fn is_quiet(&self, core: &Core) -> bool {
        self.began.is_none() && core.is_quiet()
    }

    /// Records what came of it.
    pub(super) fn end(&self, core: &Core, verdict: CircuitVerdict) {
        let slow = match self.began {
            Some(began) if verdict != CircuitVerdict::Neutral => {
                clock::now_ns().saturating_sub(began.get()) >= core.slow_after()
            }
            _ => false,
        };
        core.record_timed(self.stamp, verdict, slow, clock::now_ms);
    }
}

impl Core {
    /// Lets a call in, or says in how many ms the next probe may run, where that is known.
    #[inline(always)]
    pub(super) fn begin(&self) -> Result<Call, Option<u64>> {
        let stamp = self.admit(clock::now_ms)?;
        let began = if self.slow_after() == 0 {
            None
        } else {
            NonZeroU64::new(clock::now_ns())
        };
        Ok(Call { stamp, began })
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
