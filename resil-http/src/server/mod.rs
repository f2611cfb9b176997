//! The server side, for axum: layers for `Router::layer` and routes for probes.
//!
//! | what | does |
//! |---|---|
//! | [`DeadlineLayer`] | gives each request the deadline that its caller asks for, and answers 504 past it |
//! | [`AdmissionLayer`] | lets so many requests in at once, and so many of a caller in so much time |
//! | [`IdempotencyKeyLayer`] | answers a request that comes again with its `Idempotency-Key` as the first time |
//! | [`readiness()`] | answers whether to send more requests here; no, once the process shuts down |
//! | [`liveness`] | answers that the process is alive |
//!
//! What a layer refuses is answered, never an error: a problem report (RFC 9457) with the status, and for gRPC
//! (a request whose content type is `application/grpc`) status 200 with `grpc-status`.
//!
//! A tuple of layers is one layer, of which the first is the outermost. Put the deadline outside of the admission, so
//! that a request that waits for its place does not wait past its deadline, and the keys inside of both:
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::Router;
//! use axum::routing::get;
//! use http::HeaderName;
//! use resil_http::server::{AdmissionLayer, DeadlineLayer, liveness};
//! use resil_runtime::bulkhead::BulkheadPolicy;
//! use resil_runtime::rate_limit::RateLimitPolicy;
//!
//! let admission = AdmissionLayer::new("api")
//!     .bulkhead(BulkheadPolicy::new().max(200))
//!     .rate_limit(RateLimitPolicy::new().max(50))
//!     .key_header(HeaderName::from_static("x-api-key"))
//!     .exempt(|request| request.uri.path() == "/live");
//! let deadline = DeadlineLayer::new().max(Duration::from_secs(30));
//! let app: Router = Router::new()
//!     .route("/orders", get(|| async { "none" }))
//!     .route("/live", get(liveness))
//!     .layer((deadline, admission));
//! # let _ = app;
//! ```
//!
//! With a `.layer(..)` for each, the one that is added last is the outermost. It means the same, but axum boxes the
//! request's future and clones the route once more for every `.layer(..)`.

mod admission;
mod came;
mod cut;
mod deadline;
mod idempotency_key;
mod kept;
mod liveness;
mod places;
#[cfg(feature = "shutdown")]
mod readiness;
mod refusal;

pub use self::admission::{Admission, AdmissionFuture, AdmissionLayer};
pub use self::deadline::{DeadlineFuture, DeadlineLayer, DeadlineService};
pub use self::idempotency_key::{IdempotencyKeyFuture, IdempotencyKeyLayer, IdempotencyKeyService};
pub use self::liveness::liveness;
#[cfg(feature = "shutdown")]
pub use self::readiness::{Readiness, readiness, shutdown_after};
