//! What can be wrong with endpoints, and with a choice among them.

use std::sync::Arc;

use resil_runtime::{Class, Classify};

/// A text that is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointFault {
    /// It does not begin with a scheme.
    #[error("has no scheme: write `http://` or `https://` in front of it")]
    NoScheme,
    /// Its scheme is not one of HTTP.
    #[error("has the scheme `{0}`: only `http` and `https` can be sent to")]
    OtherScheme(Box<str>),
    /// It is no URL.
    #[error("is no URL: {0}")]
    NoUrl(String),
    /// It has a name or a password in it.
    #[error("has a user or a password in it: set them on the request")]
    Credentials,
    /// It has more than an authority.
    #[error(
        "has a path, a query or a fragment: an endpoint ends with its port, and the rest is of the request"
    )]
    Path,
    /// Its port is 0.
    #[error("has the port 0, on which nothing listens")]
    NoPort,
    /// It is an address, where a name to be resolved is wanted.
    #[error(
        "is an address and no name that DNS could resolve: write it as a list, `Endpoints::list`"
    )]
    NoName,
}

/// Endpoints that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointsError {
    /// There is none.
    #[error("the list of endpoints is empty: there is nowhere to send a request to")]
    Empty,
    /// One is there twice.
    #[error("endpoint {second} of the list, `{text}`, is the same as endpoint {first}")]
    Doubled {
        /// The place of the first, from 1.
        first: usize,
        /// The place of the second.
        second: usize,
        /// The second as it is written.
        text: Box<str>,
    },
    /// A service is none that could be resolved.
    #[error("`{text}` {fault}")]
    Service {
        /// As it is written, as far as it is no secret: `http://...@pay:8080/...`.
        text: Box<str>,
        /// What is wrong with it.
        fault: EndpointFault,
    },
    /// There are more than [`MAX_ENDPOINTS`](super::MAX_ENDPOINTS).
    #[error("the list has more than {} endpoints", super::mask::MAX_ENDPOINTS)]
    TooMany,
    /// One is no endpoint.
    #[error("endpoint {at} of the list, `{text}`, {fault}")]
    Faulty {
        /// Its place, from 1.
        at: usize,
        /// As it is written, as far as it is no secret: `http://...@pay:8080/...`.
        text: Box<str>,
        /// What is wrong with it.
        fault: EndpointFault,
    },
}

/// No endpoint could be picked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BalanceError {
    /// No endpoint is known (any more).
    #[error("`{name}` has no endpoint: {reason}")]
    NoEndpoint {
        /// The name of the balancer.
        name: Arc<str>,
        /// Why: what is wrong with their source, such as the last failure of DNS; that none is known yet; or that
        /// all that were known have been removed.
        reason: Arc<str>,
    },
    /// As many requests as may be are pending at each endpoint: see
    /// [`max_pending`](super::BalancerBuilder::max_pending).
    #[error("all endpoints of `{name}` are full: {limit} requests are pending at each")]
    Full {
        /// The name of the balancer.
        name: Arc<str>,
        /// The most requests per endpoint.
        limit: u32,
    },
    /// Endpoints that change are followed by a task, and there is no tokio runtime to run it.
    #[error(
        "`{name}` follows endpoints that change, and has to be built inside of a tokio runtime"
    )]
    NoRuntime {
        /// The name of the balancer.
        name: Arc<str>,
    },
    /// The configuration of the system's resolver can't be read.
    #[error("the DNS settings of the system can't be read for `{name}`: {reason}")]
    NoResolver {
        /// The name of the balancer.
        name: Arc<str>,
        /// The error.
        reason: Arc<str>,
    },
}

impl Classify for BalanceError {
    /// That no endpoint is known may pass, and says nothing about an endpoint: nothing was sent.
    fn classify(&self) -> Class {
        match self {
            Self::NoEndpoint { .. } => Class::Transient,
            Self::Full { .. } => Class::Limited { retry_after: None },
            Self::NoRuntime { .. } | Self::NoResolver { .. } => Class::Permanent,
        }
    }
}
