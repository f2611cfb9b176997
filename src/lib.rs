#![doc = include_str!("../README.md")]

#[cfg(feature = "idempotent")]
pub mod idempotency;
#[cfg(feature = "store")]
pub mod limits;

/// The HTTP edge: layers for tower, the server side for axum, and a client over reqwest.
#[cfg(any(feature = "tower", feature = "server", feature = "client"))]
pub use resil_http as http;
#[cfg(feature = "client")]
pub use resil_http::client::Client;
/// The web panel: [`router()`](panel::router), and [`Panel`](panel::Panel) with what can be set of it.
#[cfg(feature = "panel")]
pub use resil_panel as panel;

#[cfg(feature = "hedge")]
pub use resil_macros::hedge;
#[cfg(feature = "idempotent")]
pub use resil_macros::idempotent;
pub use resil_macros::{Classify, bulkhead, circuit, fallback, rate_limit, retry, timeout};
pub use resil_macros::{apply, shared_stack as stack};

pub use resil_runtime::TimeoutPolicy;
pub use resil_runtime::classify::{self, http_status};
pub use resil_runtime::stack::{self, Stack};
pub use resil_runtime::{
    CallReport, Carried, Class, Classify, Deadline, Error, FromResil, Traced, TracedCall, breaker,
    carry, deadline, event, registry, spawn, trace,
};

// The function, and the module with its types.
#[cfg(feature = "catalog")]
pub use resil_runtime::catalog;
#[cfg(feature = "control")]
pub use resil_runtime::control;
#[cfg(feature = "metrics")]
pub use resil_runtime::metrics;
#[cfg(feature = "test-util")]
pub use resil_runtime::seed;
#[cfg(feature = "stats")]
pub use resil_runtime::{CallStats, FunctionStats, Stats, stats};

#[cfg(all(feature = "shutdown", unix))]
pub use resil_runtime::cancel::shutdown_on_signal;
#[cfg(feature = "shutdown")]
pub use resil_runtime::cancel::{Begun, Remaining, RemainingCalls, Shutdown, drain, shutdown};
#[cfg(feature = "cancel")]
pub use resil_runtime::cancel::{CancelScoped, CancellationToken, cancel_scope};

pub use resil_runtime::bulkhead::{
    AdaptiveLimit, Bulkhead, BulkheadChange, BulkheadChanges, BulkheadPlace, BulkheadPolicy,
    KeyedBulkhead,
};
// The function alone, not the module of the same name.
pub use resil_runtime::registry::{BulkheadSnapshot, bulkhead};

// These types are at the root, not in modules called `retry` or `timeout`: an import of the
// attribute would import the module of the same name too, which could clash with the user's own.
#[cfg(feature = "idempotent")]
pub use idempotency::IdempotencyError;
pub use resil_runtime::circuit::{
    Breaker, CallPermit, Change, Changes, CircuitPolicy, CircuitState, Counts,
    KEPT as CHANGES_KEPT, KeyedBreaker, Scoped as PermitScoped, Window,
};
#[cfg(feature = "hedge")]
pub use resil_runtime::hedge::{HedgeAfter, HedgePolicy};
pub use resil_runtime::rate_limit::{
    KeyedRateLimit, OnOutage, RateLimit, RateLimitPolicy, RateLimitSettings,
};
// The function alone: its module of the same name stays where it is.
pub use resil_runtime::registry::rate_limit;
pub use resil_runtime::registry::{
    BreakerSnapshot, Conflict, ConflictKind, RateLimitSnapshot, Registry,
};
pub use resil_runtime::retry::{Backoff, BudgetPolicy, Jitter, RetryPolicy, Strategy};

/// The snippets of that page compile.
#[cfg(all(doctest, feature = "shutdown"))]
#[doc = include_str!("../docs/shutdown.md")]
mod shutdown_page {}

/// The snippets of that page compile.
#[cfg(all(doctest, feature = "tracing"))]
#[doc = include_str!("../docs/tracing.md")]
mod tracing_page {}

/// The snippets of that page compile.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../docs/http-balance.md")]
mod http_balance_page {}

/// The snippets of that page compile.
#[cfg(all(doctest, feature = "tower"))]
#[doc = include_str!("../docs/http-layers.md")]
mod http_layers_page {}

/// The snippets of that page compile.
#[cfg(all(doctest, feature = "panel"))]
#[doc = include_str!("../docs/panel.md")]
mod panel_page {}

/// The snippets of that page compile.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../docs/http-client.md")]
mod http_client_page {}

#[doc(hidden)]
pub mod __private {
    pub use resil_macros::{
        resolve_stack, stack, write_clone_of_the_moved_argument_in_hedge,
        write_clone_of_the_moved_argument_in_retry,
    };
    pub use resil_runtime::__private::*;
    // These replace the runtime's items of the same names: with the feature `store` a call may be
    // made on a store outside of memory.
    #[cfg(feature = "store")]
    pub use resil_stores::__private::{
        IdempotentSite, StoreChoice, recorded, recorded_with_errors,
    };
    #[cfg(feature = "store")]
    pub use resil_stores::__private::{RateLimitStoreChoice, StoredRateLimit};
}
