//! One endpoint with what is known about it: its breaker, what is pending there, how long it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use resil_runtime::KeyedBreaker;
use resil_runtime::circuit::{CallPermit, CircuitState};
use resil_runtime::clock;

use super::common::Common;
use super::endpoint::Endpoint;
use super::peak_ewma::PeakEwma;
use super::rendezvous;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) endpoint: Endpoint,
    pub(super) common: Arc<Common>,
    /// `None` where nothing is ejected.
    breaker: Option<KeyedBreaker>,
    /// The hash of its authority, for the choice by key.
    pub(super) hash: u64,
    pending: AtomicU32,
    picked: AtomicU64,
    ejections: AtomicU64,
    pub(super) ewma: PeakEwma,
    /// Whether it was seen out since it was last seen in.
    was_out: AtomicBool,
    /// Whether a probe of this balancer is under way.
    is_probed: AtomicBool,
    /// The time at which its slow start began, in milliseconds; 0 if it has its full share.
    slow_since: AtomicU64,
}

/// How a node looks to a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is in, or is due to be probed.
    In,
    /// It is ejected.
    Out,
}

/// A request that is pending at a node from here on.
pub(super) struct Admitted {
    pub(super) permit: Option<CallPermit>,
    pub(super) is_probe: bool,
}

/// Why a node does not let a request in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its breaker refuses it.
    Out,
    /// As many as may be are pending.
    Full,
}

impl Node {
    pub(super) fn new(endpoint: Endpoint, common: &Arc<Common>, starts_slowly: bool) -> Self {
        let breaker = common
            .breaker()
            .map(|breaker| breaker.key(endpoint.authority()));
        let node = Self {
            hash: rendezvous::hash(endpoint.authority().as_bytes()),
            endpoint,
            common: Arc::clone(common),
            breaker,
            pending: AtomicU32::new(0),
            picked: AtomicU64::new(0),
            ejections: AtomicU64::new(0),
            ewma: PeakEwma::default(),
            was_out: AtomicBool::new(false),
            is_probed: AtomicBool::new(false),
            slow_since: AtomicU64::new(0),
        };
        if starts_slowly {
            node.start_slowly();
        }
        node
    }

    pub(super) fn state(&self) -> CircuitState {
        self.breaker
            .as_ref()
            .map_or(CircuitState::Disabled, KeyedBreaker::state)
    }

    /// Looks whether the node is in, and notes when it goes and comes back.
    pub(super) fn look(&self) -> Look {
        match self.state() {
            CircuitState::Open | CircuitState::ForcedOpen => {
                if !self.was_out.load(Relaxed) && !self.was_out.swap(true, Relaxed) {
                    self.ejections.fetch_add(1, Relaxed);
                    self.common.one_is_out();
                }
                Look::Out
            }
            CircuitState::HalfOpen if self.is_probed.load(Relaxed) => Look::Out,
            CircuitState::HalfOpen => Look::In,
            _ => {
                if self.was_out.load(Relaxed) && self.was_out.swap(false, Relaxed) {
                    // What it took while it failed says nothing about how it is now.
                    self.ewma.forget();
                    self.common.one_is_in();
                    self.start_slowly();
                }
                Look::In
            }
        }
    }

    /// Lets a request in, which is pending from here on.
    pub(super) fn admit(&self) -> Result<Admitted, Refusal> {
        self.begin()?;
        let admitted = self.ask_breaker();
        if admitted.is_none() {
            self.end();
        }
        admitted.ok_or(Refusal::Out)
    }

    /// Lets a request in that the breaker refuses: it has no permit. What comes of it is not news to a breaker
    /// that is open.
    pub(super) fn admit_anyway(&self) -> Result<Admitted, Refusal> {
        self.begin()?;
        Ok(Admitted {
            permit: None,
            is_probe: false,
        })
    }

    fn ask_breaker(&self) -> Option<Admitted> {
        let Some(breaker) = &self.breaker else {
            return Some(Admitted {
                permit: None,
                is_probe: false,
            });
        };
        let is_probe = match breaker.state() {
            CircuitState::Open | CircuitState::ForcedOpen => return None,
            // One at a time, whatever the breaker would let in.
            CircuitState::HalfOpen if self.is_probed.swap(true, Relaxed) => return None,
            state => state == CircuitState::HalfOpen,
        };
        if let Ok(permit) = breaker.try_acquire() {
            return Some(Admitted {
                permit: Some(permit),
                is_probe,
            });
        }
        if is_probe {
            self.is_probed.store(false, Relaxed);
        }
        None
    }

    pub(super) fn probe_ended(&self) {
        self.is_probed.store(false, Relaxed);
    }

    /// Returns what another request would cost. One that is due to be probed costs nothing: what is known about
    /// it is from the time when it failed. One that is still ejected is asked in a panic alone, and then costs what
    /// its failures say: it must not be preferred to one that answers.
    pub(super) fn cost(&self, now_ns: u64) -> f32 {
        if self.was_out.load(Relaxed) && self.is_due() {
            return 0.0;
        }
        self.ewma.cost(self.pending(), self.common.decay, now_ns)
    }

    /// Returns whether it waits for a probe.
    fn is_due(&self) -> bool {
        !self.is_probed.load(Relaxed) && self.state() == CircuitState::HalfOpen
    }

    fn start_slowly(&self) {
        let slow_start = &self.common.slow_start;
        if !slow_start.is_off() {
            let now = clock::now_ms();
            self.slow_since.store(now, Relaxed);
            self.common.one_starts_slowly(now);
        }
    }

    /// Returns the weight of a node in its slow start; `None` if it has its full share.
    pub(super) fn weight(&self, now_ms: impl FnOnce() -> u64) -> Option<f64> {
        let since = self.slow_since.load(Relaxed);
        if since == 0 {
            return None;
        }
        let weight = self.common.slow_start.weight_since(since, now_ms());
        if weight.is_none() {
            // Lost if it starts anew at this moment: then it has its full share a window too soon.
            let _ = self.slow_since.compare_exchange(since, 0, Relaxed, Relaxed);
        }
        weight
    }

    pub(super) fn pending(&self) -> u32 {
        self.pending.load(Relaxed)
    }

    pub(super) fn picked(&self) -> u64 {
        self.picked.load(Relaxed)
    }

    pub(super) fn ejections(&self) -> u64 {
        self.ejections.load(Relaxed)
    }

    pub(super) fn has_room(&self) -> bool {
        self.pending() < self.common.max_pending
    }

    fn begin(&self) -> Result<(), Refusal> {
        let max = self.common.max_pending;
        if max == u32::MAX {
            self.pending.fetch_add(1, Relaxed);
            return Ok(());
        }
        let one_more = |pending: u32| (pending < max).then(|| pending + 1);
        match self.pending.fetch_update(Relaxed, Relaxed, one_more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::Full),
        }
    }

    pub(super) fn note_picked(&self) {
        self.picked.fetch_add(1, Relaxed);
    }

    pub(super) fn end(&self) {
        self.pending.fetch_sub(1, Relaxed);
    }
}
