//! Each policy, and a whole [`Stack`](resil_runtime::Stack), as a layer of tower.
//!
//! They run on any `tower_service::Service` that is `Clone`, as tonic's channels and axum's routers are, and over
//! the code behind the attributes. The error of the service becomes a [`BoxError`](crate::BoxError), in which a
//! refusal of a policy is a [`resil_runtime::Error`]. [`PolicyService`] says what becomes of `poll_ready`.
//!
//! What an answer means is an [`Outcome`](crate::Outcome), [`HttpOutcome`](crate::HttpOutcome) by default; how a
//! request is sent several times is a [`CloneRequest`], [`HttpRequests`] by default. For a service that is not of
//! HTTP:
//!
//! ```
//! use resil_http::ErrorOutcome;
//! use resil_http::layers::{ByClone, RetryLayer};
//! use resil_runtime::retry::RetryPolicy;
//!
//! let layer = RetryLayer::new(RetryPolicy::new())
//!     .outcome(ErrorOutcome::new())
//!     .clone_request(ByClone::new());
//! ```
//!
//! The outer layer of a `ServiceBuilder` is the one that is written first, as with attributes.

mod each;
mod fallback;
#[cfg(feature = "idempotent")]
mod idempotent;
mod request;
mod reserved;
mod run;
mod service;
mod whole;

#[cfg(feature = "hedge")]
pub use self::each::HedgeLayer;
pub use self::each::{
    BulkheadLayer, CircuitLayer, RateLimitLayer, RetryLayer, StackLayer, TimeoutLayer,
};
pub use self::fallback::{FailedRequest, FallbackLayer, FallbackService};
#[cfg(feature = "idempotent")]
pub use self::idempotent::{IdempotentLayer, IdempotentService};
pub use self::request::{
    ByClone, CloneRequest, Cloned, Copies, DEFAULT_LIMIT, EdgeBody, HttpCopies, HttpRequests, Once,
    RepeatBody, Single, Spent,
};
pub use self::service::{PolicyService, ResponseFuture};
