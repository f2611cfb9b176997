//! A breaker by hand: looking at it, holding it open or closed, and running calls through it
//! without an attribute.

use std::fmt;
use std::time::Duration;

use super::CircuitState;
use super::machine::{Clock, Core};
use super::policy::CircuitPolicy;
use super::site::CircuitVerdict;
use super::word::Stamp;
use crate::clock;
use crate::error::Error;
use crate::event::{self, Event};
use crate::registry;

/// What a breaker has counted in the state that it is in; all zero while it is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Closed: calls in the window of a failure rate. A breaker without such a rule keeps no window:
    /// its successes write nothing, and this is the failures in a row.
    pub calls: u64,
    /// Closed: failures among those calls.
    pub failures: u64,
    /// Closed: failures since the last success, where `failures` is among its rules; else 0.
    pub failures_in_a_row: u32,
    /// Half-open: probes that have not come back.
    pub probes_out: u32,
    /// Half-open: probes that have succeeded.
    pub probes_succeeded: u32,
}

/// The handle of a breaker: [`breaker`](registry::breaker) gives it.
///
/// What is done by hand holds for all who share the name, at once. Each change of state begins
/// anew: calls that are out are dropped when they come back, not counted.
#[derive(Clone, Copy)]
pub struct Breaker(&'static Core);

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name())
            .field("state", &self.state())
            .finish()
    }
}

impl Breaker {
    pub(crate) fn new(core: &'static Core) -> Self {
        Self(core)
    }

    /// The name: the one given to it, or the function's path.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The state that the last event told of. An open breaker whose time is up stays
    /// [`Open`](CircuitState::Open) until a call comes, which is then the first probe: nothing
    /// happens in the background.
    pub fn state(&self) -> CircuitState {
        self.0.state()
    }

    /// What is counted in the present state.
    pub fn counts(&self) -> Counts {
        self.0.counts(clock::now_ms)
    }

    /// Refuses all calls, with no time at which it ends: until [`force_close`](Self::force_close),
    /// [`disable`](Self::disable) or [`reset`](Self::reset).
    pub fn force_open(&self) {
        self.0.force_open();
    }

    /// Closes it, with nothing counted; from there on it works by its rules. One that is closed
    /// stays as it is.
    pub fn force_close(&self) {
        self.0.force_close();
    }

    /// Lets all calls pass and counts nothing, until [`force_close`](Self::force_close),
    /// [`force_open`](Self::force_open) or [`reset`](Self::reset).
    pub fn disable(&self) {
        self.0.disable();
    }

    /// As new: closed, nothing counted, no growth of the open time. The settings stay.
    pub fn reset(&self) {
        self.0.reset();
    }

    /// Gives it settings, if no function (and nobody by hand) has given it any. False if others
    /// are in use, which then is a conflict as between two functions.
    pub fn configure(&self, policy: CircuitPolicy) -> bool {
        registry::configure(self.0, &policy, BY_HAND)
    }

    /// Lets a call in, or refuses it.
    ///
    /// The caller says what came of it: [`success`](CallPermit::success),
    /// [`failure`](CallPermit::failure), or a drop, which is neutral.
    ///
    /// ```
    /// # fn ask() -> Result<u32, std::io::Error> { Ok(1) }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let permit = resil_runtime::registry::breaker("pay").try_acquire()?;
    /// match ask() {
    ///     Ok(_) => permit.success(),
    ///     Err(_) => permit.failure(),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::CircuitOpen`], with the time to the next probe where it is known.
    pub fn try_acquire(&self) -> Result<CallPermit, Error> {
        match self.0.admit(CLOCK) {
            Ok(stamp) => Ok(CallPermit {
                core: self.0,
                stamp,
            }),
            Err(retry_in) => {
                let name = self.0.name();
                event::emit(|| Event::CircuitRefused { name });
                Err(Error::CircuitOpen {
                    name,
                    retry_in: retry_in.map(Duration::from_millis),
                })
            }
        }
    }
}

/// Stands for the function where settings were given by hand.
const BY_HAND: &str = "(by hand)";
const CLOCK: Clock = clock::now_ms;

/// A call that was let in. Dropped without a word, as by a cancellation, it is neutral, and a probe
/// gives its place back.
#[derive(Debug)]
#[must_use = "dropped, the call counts neither as success nor as failure"]
pub struct CallPermit {
    core: &'static Core,
    stamp: Stamp,
}

impl CallPermit {
    /// The other side answered as it should.
    pub fn success(self) {
        self.end(CircuitVerdict::Success);
    }

    /// The other side failed.
    pub fn failure(self) {
        self.end(CircuitVerdict::Failure);
    }

    fn end(self, verdict: CircuitVerdict) {
        self.core.record(self.stamp, verdict, CLOCK);
        std::mem::forget(self);
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.core.record(self.stamp, CircuitVerdict::Neutral, CLOCK);
    }
}
