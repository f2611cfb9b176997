//! A client over reqwest, whose limits have names and whose retries never double a request that may have been
//! executed.
//!
//! A [`Client`] is made by [`Client::builder`]; what a call fails with is a [`ClientError`].
//!
//! | limit | what it bounds | error |
//! |---|---|---|
//! | `connect` | a connection: name, TCP, TLS | [`ClientError::Connect`] |
//! | `write` | the time without progress of the request's body | [`ClientError::Write`] |
//! | `read` | the time without a byte of the answer, head and body | [`ClientError::Read`] |
//! | `attempt` | one request up to the head of its answer | [`ClientError::Attempt`] |
//! | `total` | the call, the body of the answer included | [`ClientError::Total`] |
//!
//! A call runs under the policies of the client, and under the ambient [`Deadline`](resil_runtime::Deadline):
//! past it nothing is sent. An answer is judged by [`HttpOutcome`](crate::HttpOutcome).

mod alarm;
mod answer;
mod body;
mod builder;
mod call;
mod connecting;
mod course;
mod credentials;
mod current;
mod deadline;
mod end;
mod error;
mod handle;
mod key;
mod limits;
mod mesh;
mod order;
mod phases;
mod picks;
mod place;
mod policies;
mod progress;
mod redirecting;
mod refused;
mod request;
mod response;
mod service;
mod settings;
mod stats;
mod target;
mod timer;
mod under_way;

pub use self::answer::ResponseBody;
pub use self::body::Body;
pub use self::builder::Builder;
pub use self::deadline::DeadlineHeader;
pub use self::error::ClientError;
pub use self::handle::Client;
pub use self::mesh::{Mesh, RetriedBy};
pub use self::place::Place;
pub use self::refused::BuildError;
pub use self::request::RequestBuilder;
pub use self::response::Response;
pub use self::stats::ClientStats;
