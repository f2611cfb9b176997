//! Errors told apart: which are worth another try, which say that the other side is unwell.
//!
//! | [`Class`] | retry | circuit | examples |
//! |---|---|---|---|
//! | [`Transient`](Class::Transient) | again | failure | timeouts, connection faults, 502, 503, 504; what is unknown |
//! | [`Throttled`](Class::Throttled) | again, after what was asked for | failure | 429 |
//! | [`Permanent`](Class::Permanent) | final | success: the other side answered | 400, 401, 403, 404 |
//! | [`Neutral`](Class::Neutral) | final | neither | cancellations, what resil itself refused before the body ran |
//!
//! A timeout may be the network's or a moment's overload, and another try may find the other side
//! well: transient. 502 and 504 speak of a gateway whose upstream failed, 503 of a server that will
//! be back. 429 says that the caller is too fast, and often how long to wait. 400, 401, 403 and 404
//! would come again however often the request is sent. A cancellation says nothing of the other
//! side, and whoever cancelled wants no more tries. What is unknown is transient: a try too many
//! costs less than a call that is lost, and the retry budget bounds it.

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

pub use self::chain::find;
pub use self::class::{Class, Classify};
#[cfg(feature = "http")]
pub use self::http::retry_after;
pub use self::registry::register;
pub use self::retry_after::parse_retry_after;
pub use self::status::http_status;
