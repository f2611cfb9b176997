//! What the endpoints of one balancer share: its settings, and hints that save a choice a look at all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::{Breaker, breaker};

use super::peak_ewma::Decay;
use super::slow_start::SlowStart;
use super::strategy::Strategy;

#[derive(Debug)]
pub(super) struct Common {
    pub(super) name: Arc<str>,
    pub(super) strategy: Strategy,
    pub(super) decay: Decay,
    pub(super) slow_start: SlowStart,
    /// The most requests that may be pending at one endpoint; `u32::MAX` for no such limit.
    pub(super) max_pending: u32,
    breaker: Option<Breaker>,
    /// Whose turn it is.
    pub(super) turn: AtomicUsize,
    /// How many are out, as far as is known: a choice that looks at all of them sets it right. Too high, it
    /// costs a look; too low, the breaker of a node that is out refuses the request, and then all are looked at.
    out: AtomicUsize,
    /// The time up to which one may start slowly, in milliseconds.
    slow_until: AtomicU64,
}

impl Common {
    pub(super) fn new(
        name: Arc<str>,
        strategy: Strategy,
        decay: Decay,
        slow_start: SlowStart,
        max_pending: u32,
        ejection: Option<CircuitPolicy>,
    ) -> Self {
        let breaker = ejection.map(|policy| {
            let breaker = breaker(&name);
            // Others may have given the name settings: then those hold, and the registry lists the conflict.
            breaker.configure(policy);
            breaker
        });
        Self {
            name,
            strategy,
            decay,
            slow_start,
            max_pending,
            breaker,
            turn: AtomicUsize::new(0),
            out: AtomicUsize::new(0),
            slow_until: AtomicU64::new(0),
        }
    }

    pub(super) fn breaker(&self) -> Option<Breaker> {
        self.breaker
    }

    pub(super) fn out(&self) -> usize {
        self.out.load(Relaxed)
    }

    pub(super) fn one_is_out(&self) {
        self.out.fetch_add(1, Relaxed);
    }

    pub(super) fn set_out(&self, out: usize) {
        if self.out() != out {
            self.out.store(out, Relaxed);
        }
    }

    pub(super) fn one_starts_slowly(&self, now_ms: u64) {
        let until = now_ms.saturating_add(self.slow_start.window_ms());
        self.slow_until.fetch_max(until, Relaxed);
    }

    /// Returns whether one may start slowly.
    pub(super) fn may_start_slowly(&self, now_ms: impl FnOnce() -> u64) -> bool {
        let until = self.slow_until.load(Relaxed);
        if until == 0 {
            return false;
        }
        if now_ms() < until {
            return true;
        }
        let _ = self.slow_until.compare_exchange(until, 0, Relaxed, Relaxed);
        false
    }
}
