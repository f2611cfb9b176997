//! Classes of errors: which are worth another attempt, and which say that the other side is
//! failing.
//!
//! | [`Class`] | retry | circuit | examples |
//! |---|---|---|---|
//! | [`Transient`](Class::Transient) | again | failure | timeouts, connection faults, 502, 503, 504; what is unknown |
//! | [`Throttled`](Class::Throttled) | again, after the delay that was asked for | failure | 429 |
//! | [`Permanent`](Class::Permanent) | final | success: the other side answered | 400, 401, 403, 404 |
//! | [`Limited`](Class::Limited) | retried, after its `retry_after` if it has one | neither | what a rate limit on this side refused before the body ran |
//! | [`Neutral`](Class::Neutral) | final | neither | cancellations, what resil itself refused before the body ran |
//!
//! A timeout may come from the network or from a moment of overload, and another attempt may
//! succeed, so it is transient. 502 and 504 mean a gateway whose upstream failed, 503 a server that
//! will be back. 429 means that the caller is too fast, and often says how long to wait. 400, 401,
//! 403 and 404 would come again however often the request is sent. A cancellation says nothing
//! about the other side, and whoever cancelled wants no more attempts. Unknown errors are
//! transient: an attempt too many costs less than a lost call, and the retry budget bounds them.

mod by_type;
mod chain;
mod class;
mod downcast;
#[cfg(feature = "http")]
mod http;
mod own;
#[cfg(feature = "tokio-postgres")]
mod postgres;
pub(crate) mod probe;
#[cfg(feature = "redis")]
mod redis;
pub(crate) mod registry;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry_after;
mod status;
#[cfg(feature = "tonic")]
mod tonic;

#[cfg(not(loom))]
pub(crate) use self::by_type::of_value;
pub use self::chain::find;
pub use self::class::{Class, Classify};
#[cfg(feature = "http")]
pub use self::http::retry_after;
pub use self::probe::RetryAfter;
pub use self::registry::register;
pub use self::retry_after::parse_retry_after;
pub use self::status::http_status;
