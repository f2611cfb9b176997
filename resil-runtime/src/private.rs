//! The only names that generated code may use. No promise of stability is made for them.

pub use crate::bulkhead::place::Place;
pub use crate::bulkhead::site::BulkheadSite;
pub use crate::bulkhead::{AdaptiveLimit, BulkheadPolicy};
#[cfg(feature = "catalog")]
pub use crate::call::caller::{as_caller, note_call, run_as_caller};
pub use crate::call::conversions::{
    CarriedRefusal, conversions, conversions_bare, expose_error, into_return, into_return_carrying,
    wrap_body, wrap_carried_body,
};
pub use crate::call::map_output::map_output;
pub use crate::call::run::run;
pub use crate::call::{
    CallState, Failure, Site, Types, watch, watch_code, watch_code_run, watch_run,
};
#[cfg(feature = "shutdown")]
pub use crate::cancel::entered::in_flight;
#[cfg(feature = "catalog")]
pub use crate::catalog::described::{Described, DescribedLayer, DescribedState, Listed};
pub use crate::circuit::permit::under_permit;
pub use crate::circuit::policy::{DEFAULT_CIRCUIT, WindowOf};
pub use crate::circuit::site::CircuitSite;
pub use crate::circuit::verdict::CircuitVerdict;
pub use crate::circuit::{CircuitPolicy, Window};
pub use crate::classify::probe::{Forward, Probe, RetryAfter};
pub use crate::classify::registry::{Derived, Link};
pub use crate::classify::{Class, Classify};
#[cfg(all(feature = "chaos", not(loom)))]
pub use crate::control::inject::{injected, injected_run};
#[cfg(all(feature = "control", not(loom)))]
pub use crate::control::site::ControlSite;
#[cfg(all(feature = "control", not(loom)))]
pub use crate::control::switch::{attempt_if, run_attempt_if, switched, switched_run};
#[cfg(all(feature = "control", not(loom)))]
pub use crate::control::written::Written;
#[cfg(feature = "axum")]
pub use crate::error::response::problem_response;
pub use crate::event::error_text::{ErrorText, ErrorTextProbe};
pub use crate::fallback::last_ok::{LastOkKey, LastOkPolicy, LastOkSite, last_ok};
pub use crate::fallback::recover::fall_back;
pub use crate::fallback::value::fallback_value;
#[cfg(feature = "hedge")]
pub use crate::hedge::future::hedge;
#[cfg(feature = "hedge")]
pub use crate::hedge::site::HedgeSite;
#[cfg(feature = "hedge")]
pub use crate::hedge::verdict::{HedgeVerdict, judge, judge_by};
#[cfg(feature = "hedge")]
pub use crate::hedge::{HedgeAfter, HedgePolicy};
#[cfg(feature = "store")]
pub use crate::named::key::key_of;
#[cfg(feature = "observe")]
pub use crate::observe::attempt::{seen_attempt, seen_code, seen_run};
#[cfg(feature = "observe")]
pub use crate::observe::outcome::CallOutcome;
#[cfg(feature = "observe")]
pub use crate::observe::seen::{Seen, observe};
#[cfg(feature = "tracing")]
pub use crate::observe::traced::{traced_attempt, traced_code, traced_code_run, traced_run};
pub use crate::rate_limit::site::RateLimitSite;
pub use crate::rate_limit::{OnOutage, RateLimitPolicy};
pub use crate::retry::ask::{Answer, Ask};
pub use crate::retry::attempt::{attempt, run_attempt};
pub use crate::retry::backoff::ask_backoff;
pub use crate::retry::decision::by_policy;
#[cfg(feature = "cancel")]
pub use crate::retry::kept::{KeepAll, KeepFailure, KeepNothing, Keeping, Kept};
pub use crate::retry::policy::DEFAULT_RETRY;
pub use crate::retry::site::RetrySite;
pub use crate::retry::state::{Retry, began};
pub use crate::retry::verdict::{RetryVerdict, ask_retry_after};
pub use crate::retry::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
#[cfg(feature = "tracing")]
pub use crate::spans::attempt::look;
#[cfg(not(loom))]
pub use crate::stack::Layer;
#[cfg(not(loom))]
pub use crate::stack::judged::{judge_layer, limit_of};
pub use crate::timeout::{enclosed_timeout, refuse_late, timeout};
pub use inventory::submit;

/// Stands for a value of the type that a body returns, behind `if false`. The call never runs: it
/// pins type inference to that type.
#[cold]
pub fn never<R>() -> R {
    unreachable!("behind `if false`")
}

// No `StoreChoice`: `store = ..` needs the feature `store` of `resil`.
#[cfg(feature = "idempotent")]
pub use crate::idempotency::codec::{recorded, recorded_with_errors};
#[cfg(feature = "idempotent")]
pub use crate::idempotency::instance::KeySays;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::key::{KeyBuilder, PreparedFingerprint};
#[cfg(feature = "idempotent")]
pub use crate::idempotency::running::weigh;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::site::IdempotentSite;
#[cfg(feature = "idempotent")]
pub use crate::idempotency::{Conflict, IdempotentPolicy, OnAbandon};
#[cfg(feature = "idempotent")]
pub use crate::retry::verdict::recorded_is_final;

/// The parts of this crate that the rate limits of `resil-stores` are built on.
#[cfg(feature = "store")]
pub mod stored_limits {
    pub use crate::call::{CallState, Types};
    pub use crate::error::refusal::Refusal;
    pub use crate::rate_limit::site::RateLimitSite;
    pub use crate::rate_limit::stored::*;
}

/// The parts of this crate that `resil-stores` is built on.
#[cfg(feature = "idempotent")]
pub mod stores {
    pub use crate::call::conversions::IsResult;
    pub use crate::call::{CallState, Failure, Outcome, Site, Types};
    #[cfg(feature = "shutdown")]
    pub use crate::cancel::completion::{Completion, CompletionOf};
    pub use crate::cancel::stop::until_stopped;
    pub use crate::error::idempotency::Cause;
    pub use crate::error::refusal::Refusal;
    pub use crate::idempotency::active_claims::*;
    #[cfg(feature = "store")]
    pub use crate::idempotency::any_codec::*;
    #[cfg(feature = "store")]
    pub use crate::idempotency::call_store::*;
    pub use crate::idempotency::claiming::ClaimFuture;
    pub use crate::idempotency::codec::*;
    #[cfg(feature = "store")]
    pub use crate::idempotency::installed::*;
    pub use crate::idempotency::instance::*;
    pub use crate::idempotency::key::*;
    pub use crate::idempotency::key_bytes::*;
    pub use crate::idempotency::keyed_call::*;
    pub use crate::idempotency::memory::*;
    pub use crate::idempotency::running::*;
    pub use crate::idempotency::site::*;
    pub use crate::idempotency::tell::*;
    pub use crate::idempotency::waiters::*;
}

/// Types that the tests of this crate name, and generated code does not.
#[doc(hidden)]
pub mod for_tests {
    pub use crate::call::Outcome;
    pub use crate::call::conversions::Conversions;
    pub use crate::circuit::permit::Permit;
    pub use crate::error::refusal::Refusal;
    #[cfg(feature = "tracing")]
    pub use crate::spans::table::open_spans;
}
