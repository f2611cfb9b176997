//! The events of all policies.

use std::sync::Arc;
use std::time::Duration;

use crate::call::CallId;
use crate::event::circuit_state::CircuitState;

/// Something that a policy did. `function` is the module path and name of the annotated function.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An attempt failed and another one follows.
    #[non_exhaustive]
    Retry {
        /// The annotated function.
        function: &'static str,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
        /// The delay before the next attempt.
        delay: Duration,
        /// The text of the error: its `Display`, or its `Debug`, cut at 256 characters. `None` if
        /// it has neither, and for an `Ok` that asks for another attempt. It is formatted only if
        /// somebody listens.
        error: Option<Arc<str>>,
        /// The call.
        call: CallId,
    },
    /// An attempt failed and no other follows.
    #[non_exhaustive]
    RetryStopped {
        /// The annotated function.
        function: &'static str,
        /// The number of attempts that have ended.
        attempts: u32,
        /// Why no attempt follows.
        reason: StopReason,
        /// The text of the error of that attempt, as in [`Retry`](Self::Retry). `None` if the call
        /// was dropped, or its pause was ended from outside: then [`Retry`](Self::Retry) has told it.
        error: Option<Arc<str>>,
        /// The call.
        call: CallId,
    },
    /// An attempt succeeded after others had failed. There is no event for a success at the first
    /// attempt.
    #[non_exhaustive]
    RetrySucceeded {
        /// The annotated function.
        function: &'static str,
        /// The number of attempts it took, this one included.
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
    /// The limit of a `#[timeout]` passed.
    #[non_exhaustive]
    TimedOut {
        /// The annotated function.
        function: &'static str,
        /// Its limit as written.
        limit: Duration,
        /// The call.
        call: CallId,
    },
    /// A `#[hedge]` started a further copy of a call: the others have given no answer in time, or one of
    /// them has failed.
    #[non_exhaustive]
    Hedged {
        /// The annotated function.
        function: &'static str,
        /// The number of the copy, from 2.
        copy: u32,
        /// The call.
        call: CallId,
    },
    /// A copy of a call with several copies gave its answer, a value. The others were dropped.
    #[non_exhaustive]
    HedgeWon {
        /// The annotated function.
        function: &'static str,
        /// The number of the copy that answered; 1 is the first one.
        copy: u32,
        /// The call.
        call: CallId,
    },
    /// A breaker changed its state.
    ///
    /// It changes from open to half-open when the first call comes after the open time, or when a
    /// listener of [`changes`](crate::Breaker::changes) notices that the time is over, whichever is
    /// first.
    #[non_exhaustive]
    CircuitChanged {
        /// The breaker.
        name: &'static str,
        /// The key of the breaker; `None` for the breaker of the name itself.
        key: Option<Arc<str>>,
        /// The state that the breaker left.
        from: CircuitState,
        /// The state that the breaker entered.
        to: CircuitState,
        /// The call whose outcome changed it; `None` if the open time was over, or it was changed
        /// manually.
        call: Option<CallId>,
    },
    /// A breaker refused a call.
    #[non_exhaustive]
    CircuitRefused {
        /// The breaker.
        name: &'static str,
        /// The key of the breaker; `None` for the breaker of the name itself.
        key: Option<Arc<str>>,
        /// The call; `None` for [`Breaker::try_acquire`](crate::Breaker::try_acquire).
        call: Option<CallId>,
    },
    /// A function called, in the same task, another one (or itself) of the same breaker and key.
    /// The inner call runs under the permit of the outer one. The event is told once for each pair
    /// of functions, while there is a listener; a manual call is shown as `(by hand)`.
    #[non_exhaustive]
    CircuitReentered {
        /// The breaker.
        name: &'static str,
        /// The inner function.
        function: &'static str,
        /// The function whose permit is around it.
        outer: &'static str,
    },
    /// Two functions set one breaker differently. The settings of the one that was called first are
    /// used.
    #[non_exhaustive]
    CircuitConflict {
        /// The breaker.
        name: &'static str,
        /// The function whose settings are not used.
        function: &'static str,
    },
    /// A bulkhead had no place for a call, or none in time.
    #[non_exhaustive]
    BulkheadRefused {
        /// The bulkhead.
        name: &'static str,
        /// The key of the bulkhead; `None` for the bulkhead of the name itself.
        key: Option<Arc<str>>,
        /// The limit of calls at once when it refused.
        limit: u32,
        /// The call; `None` for one that asked manually.
        call: Option<CallId>,
    },
    /// The limit of a bulkhead changed: manually, or because an adaptive limit is by more than a
    /// tenth another one than at the last such event.
    #[non_exhaustive]
    BulkheadLimitChanged {
        /// The bulkhead.
        name: &'static str,
        /// The key of the bulkhead; `None` for the bulkhead of the name itself.
        key: Option<Arc<str>>,
        /// The limit that was told last.
        from: u32,
        /// The limit now.
        to: u32,
    },
    /// Two functions set one bulkhead differently. The settings of the one that was called first are
    /// used.
    #[non_exhaustive]
    BulkheadConflict {
        /// The bulkhead.
        name: &'static str,
        /// The function whose settings are not used.
        function: &'static str,
    },
    /// Two functions give a named retry budget different numbers. The numbers of the one that was
    /// called first are used.
    #[non_exhaustive]
    BudgetConflict {
        /// The budget.
        name: &'static str,
        /// The function whose numbers are not used.
        function: &'static str,
    },
    /// A rate limit refused a call.
    #[non_exhaustive]
    RateLimited {
        /// The rate limit.
        name: &'static str,
        /// The key of the rate limit; `None` for the rate limit of the name itself.
        key: Option<Arc<str>>,
        /// The time until the call would be let in; `None` if it never can be, as its cost is above the
        /// burst.
        retry_after: Option<Duration>,
        /// The call; `None` for a call by hand, through a [`RateLimit`](crate::RateLimit).
        call: Option<CallId>,
    },
    /// A store that counts the calls of rate limits gave no answer. Until it is back, `on_outage` says
    /// what happens to them. It is told once for each outage; at each call where no store of the name
    /// is installed, or where the store holds something else under the key.
    #[non_exhaustive]
    RateLimitStoreAway {
        /// The name of the store.
        store: String,
        /// The text of its error.
        error: String,
    },
    /// A store that counts the calls of rate limits answers again.
    #[non_exhaustive]
    RateLimitStoreBack {
        /// The name of the store.
        store: String,
        /// The time for which calls were not counted in it.
        after: Duration,
    },
    /// Two functions set one rate limit differently. The settings of the one that was called first are
    /// used.
    #[non_exhaustive]
    RateLimitConflict {
        /// The rate limit.
        name: &'static str,
        /// The function whose settings are not used.
        function: &'static str,
    },
    /// A wait of a call was ended from outside, and the call was not let in: the wait in the queue of a
    /// bulkhead, for a turn of a rate limit, or for another call's idempotency key. A retry that stops
    /// tells [`RetryStopped`](Self::RetryStopped).
    #[non_exhaustive]
    WaitCancelled {
        /// The name of the bulkhead, of the rate limit, or of the scope of the keys.
        name: &'static str,
        /// [`Cancelled`](StopReason::Cancelled) in a cancelled scope, or
        /// [`Shutdown`](StopReason::Shutdown).
        reason: StopReason,
        /// The call; `None` for one that waited by hand.
        call: Option<CallId>,
    },
    /// A call failed, and a `#[fallback]` takes the place of its error.
    ///
    /// With an expression it is told before the expression runs, which may fail in its turn; with
    /// `last_ok` only if there is a value.
    #[non_exhaustive]
    FellBack {
        /// The annotated function.
        function: &'static str,
        /// The text of the error that the fallback takes the place of, as in
        /// [`Retry`](Self::Retry).
        error: Option<Arc<str>>,
        /// The call.
        call: CallId,
    },
    /// A function that is not async is about to block the poll of a task of tokio for more than 1 ms:
    /// meanwhile the other tasks of that thread stand still. It is told once for each function, while
    /// there is a listener.
    #[non_exhaustive]
    WorkerBlocked {
        /// The annotated function.
        function: &'static str,
        /// The longest time for which it may wait; `None` if it waits for other calls, and neither an option
        /// nor a deadline says for how long.
        wait: Option<Duration>,
        /// The call.
        call: CallId,
    },
    /// A header of a request was malformed, and the request is answered as if it were not there. A layer
    /// tells it once for each header, while there is a listener.
    #[cfg(feature = "edge")]
    #[non_exhaustive]
    HeaderIgnored {
        /// The name of the header. Its value is not shown: strangers write it.
        header: Arc<str>,
    },
    /// A fault was injected into a run of a function's body.
    #[cfg(feature = "chaos")]
    #[non_exhaustive]
    Injected {
        /// The annotated function.
        function: &'static str,
        /// The fault.
        fault: super::injected::InjectedFault,
        /// The number of the run, of those of the function since the settings of its faults came into
        /// force, from 1.
        run: u64,
        /// The call.
        call: CallId,
    },
    /// A file of settings that is watched has changed, and its settings are in force.
    #[cfg(feature = "control")]
    #[non_exhaustive]
    SettingsLoaded {
        /// The path, as it was given.
        path: Arc<str>,
    },
    /// A setting from outside is left out: a file that is watched has a fault, a function that was called
    /// for the first time can't have it, or a variable of the environment is wrong.
    #[cfg(feature = "control")]
    #[non_exhaustive]
    SettingRefused {
        /// Where it stands, what is wrong, and what to write instead.
        fault: Arc<str>,
    },
    /// `#[idempotent]` did something other than run the body and record its result.
    #[cfg(feature = "idempotent")]
    #[non_exhaustive]
    Idempotency {
        /// The scope of the keys.
        name: &'static str,
        /// What `#[idempotent]` did.
        what: crate::event::idempotency::IdempotencyEvent,
        /// The first 32 bits of the key's hash: keys themselves are never shown.
        key: u32,
        /// The call; `None` if the store did it by itself.
        call: Option<CallId>,
    },
    /// An idempotency store is not set up as it should be.
    #[cfg(feature = "idempotent")]
    #[non_exhaustive]
    IdempotencyStore {
        /// The name of the store.
        store: String,
        /// The finding, in a sentence.
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
            | Self::FellBack { call, .. }
            | Self::WorkerBlocked { call, .. }
            | Self::TimedOut { call, .. } => Some(*call),
            #[cfg(feature = "chaos")]
            Self::Injected { call, .. } => Some(*call),
            Self::Hedged { call, .. } | Self::HedgeWon { call, .. } => Some(*call),
            Self::CircuitChanged { call, .. } | Self::CircuitRefused { call, .. } => *call,
            Self::RateLimited { call, .. }
            | Self::BulkheadRefused { call, .. }
            | Self::WaitCancelled { call, .. } => *call,
            #[cfg(feature = "idempotent")]
            Self::Idempotency { call, .. } => *call,
            _ => None,
        }
    }
}

/// Why no attempt followed a failed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// `max` attempts were made.
    Exhausted,
    /// The error is not worth another attempt.
    Final,
    /// The next attempt would begin after `within`.
    Within,
    /// The next attempt would begin after the deadline in force.
    Deadline,
    /// The retry budget is spent.
    Budget,
    /// The failed side asked for a longer delay than `cap`.
    AskedLonger,
    /// The retry of an outer function retries instead: `nested = outer`.
    Nested,
    /// The call was dropped, while it waited for another attempt or during that attempt; or the
    /// `cancel_scope` around it was cancelled.
    Cancelled,
    /// The process is shutting down.
    Shutdown,
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl StopReason {
    /// Returns the word for the reason, that of the language's docs: metrics and events of tracing have it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Final => "final",
            Self::Within => "within",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::AskedLonger => "asked_longer",
            Self::Nested => "nested",
            Self::Cancelled => "cancelled",
            Self::Shutdown => "shutdown",
        }
    }
}
