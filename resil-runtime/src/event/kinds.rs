//! What listeners are told: the events of all policies.

use std::sync::Arc;
use std::time::Duration;

use crate::call::CallId;
use crate::circuit::CircuitState;

/// Something that a policy did. `function` is the annotated function's module path and name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An attempt failed and another one follows.
    #[non_exhaustive]
    Retry {
        /// The annotated function.
        function: &'static str,
        /// The attempt that failed, counted from 1.
        attempt: u32,
        /// The wait before the next one.
        delay: Duration,
        /// What the error says of itself: its `Display`, else its `Debug`, `None` if it has neither,
        /// cut at 256 characters. `None` also for an `Ok` that asks for another try. It is formatted
        /// only where somebody listens.
        error: Option<Arc<str>>,
        /// The call.
        call: CallId,
    },
    /// An attempt failed and no other follows.
    #[non_exhaustive]
    RetryStopped {
        /// The annotated function.
        function: &'static str,
        /// How many attempts have ended.
        attempts: u32,
        /// Why no attempt follows.
        reason: StopReason,
        /// What the error of that attempt says of itself, as in [`Retry`](Self::Retry); `None` where
        /// the call was dropped.
        error: Option<Arc<str>>,
        /// The call.
        call: CallId,
    },
    /// An attempt succeeded after others had failed. Of a success at first try nothing is told.
    #[non_exhaustive]
    RetrySucceeded {
        /// The annotated function.
        function: &'static str,
        /// How many attempts it took, this one included.
        attempts: u32,
        /// The call.
        call: CallId,
    },
    /// A retried function ran under another function's retry: attempts multiply.
    #[non_exhaustive]
    RetryNested {
        /// The inner function.
        function: &'static str,
        /// The function whose retry is around it.
        outer: &'static str,
        /// The call of the inner function.
        call: CallId,
    },
    /// A `#[timeout]` fired.
    #[non_exhaustive]
    TimedOut {
        /// The annotated function.
        function: &'static str,
        /// Its limit as written.
        limit: Duration,
        /// The call.
        call: CallId,
    },
    /// A breaker changed its state.
    ///
    /// From open to half-open it changes when the first call comes after its time is up, or when a
    /// listener of [`changes`](crate::Breaker::changes) finds that it is, whichever is first.
    #[non_exhaustive]
    CircuitChanged {
        /// The breaker.
        name: &'static str,
        /// Its key, where there is a breaker for each key.
        key: Option<Arc<str>>,
        /// The state it left.
        from: CircuitState,
        /// The state it is in.
        to: CircuitState,
        /// The call whose outcome changed it; `None` where it was time, or a hand.
        call: Option<CallId>,
    },
    /// A breaker refused a call.
    #[non_exhaustive]
    CircuitRefused {
        /// The breaker.
        name: &'static str,
        /// Its key, where there is a breaker for each key.
        key: Option<Arc<str>>,
        /// The call; `None` for [`Breaker::try_acquire`](crate::Breaker::try_acquire).
        call: Option<CallId>,
    },
    /// A function called, in the same task, another one (or itself) of the same breaker and key: the
    /// inner call runs under the permit of the outer one. Told once for each pair of functions,
    /// while there is a listener; a call by hand is shown as `(by hand)`.
    #[non_exhaustive]
    CircuitReentered {
        /// The breaker.
        name: &'static str,
        /// The inner function.
        function: &'static str,
        /// The function whose permit is around it.
        outer: &'static str,
    },
    /// Two functions set one breaker differently: the first registered wins.
    #[non_exhaustive]
    CircuitConflict {
        /// The breaker.
        name: &'static str,
        /// The function whose settings are not used.
        function: &'static str,
    },
    /// Two functions give a named retry budget different numbers: the first registered wins.
    #[non_exhaustive]
    BudgetConflict {
        /// The budget.
        name: &'static str,
        /// The function whose numbers are not used.
        function: &'static str,
    },
    /// `#[idempotent]` did something other than run the body and record its result.
    #[cfg(feature = "idempotent")]
    #[non_exhaustive]
    Idempotency {
        /// The scope of the keys.
        name: &'static str,
        /// What it did.
        what: crate::idempotency::IdempotencyEvent,
        /// The first 32 bits of the key's hash: keys themselves are never shown.
        key: u32,
        /// The call; `None` for what the store did by itself.
        call: Option<CallId>,
    },
    /// An idempotency store is not set up as it should be.
    #[cfg(feature = "idempotent")]
    #[non_exhaustive]
    IdempotencyStore {
        /// What the store is called.
        store: String,
        /// What it found, in a sentence.
        finding: String,
    },
}

impl Event {
    /// Returns the call that the event belongs to, if it belongs to one.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Retry { call, .. }
            | Self::RetryStopped { call, .. }
            | Self::RetrySucceeded { call, .. }
            | Self::RetryNested { call, .. }
            | Self::TimedOut { call, .. } => Some(*call),
            Self::CircuitChanged { call, .. } | Self::CircuitRefused { call, .. } => *call,
            #[cfg(feature = "idempotent")]
            Self::Idempotency { call, .. } => *call,
            _ => None,
        }
    }
}

/// Why a failed attempt was the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// `max` attempts were made.
    Exhausted,
    /// The error is not one to retry.
    Final,
    /// The next attempt would begin after `within`.
    Within,
    /// The next attempt would begin after the deadline in force.
    Deadline,
    /// The retry budget is spent.
    Budget,
    /// The failed side asked for a longer wait than `cap`.
    AskedLonger,
    /// `nested = outer`: the retry around this function is to do it.
    Nested,
    /// The call was dropped, in the wait for another attempt or in that one.
    Cancelled,
    /// The process is shutting down.
    Shutdown,
}
