//! How a call through the client fails.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use ::http::StatusCode;
use resil_runtime::{Class, Classify, Error};
use url::Url;

use super::place::Place;
use crate::balance::BalanceError;
use crate::outcome::came_before;
use crate::shown::authority;
use crate::tls::HELP;

/// The error of a call through a [`Client`](super::Client).
///
/// An answer whose status is an error is no error here: it comes back as it is, and
/// [`error_for_status`](super::Response::error_for_status) makes one of it.
///
/// No error shows a name, a password, a path or a query of a URL, neither in its text and those of its sources nor by
/// `Debug`, but for a redirect that reqwest's `https_only` refuses: its URL stands in a source.
///
/// For a `#[retry]` or a `#[circuit]` around the call, limits and connections that broke are transient,
/// a deadline of the caller and refusals are neutral, and the rest is permanent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There was no connection in time, its name looked up and its TLS agreed on. The request was not
    /// sent.
    #[error("{at}no connection within {limit:?} (`connect`)")]
    #[non_exhaustive]
    Connect {
        /// The limit.
        limit: Duration,
        /// Where the call was going.
        at: Place,
    },
    /// No byte of the answer came for so long, its head or its body.
    #[error("{at}no byte of the answer for {limit:?} (`read`)")]
    #[non_exhaustive]
    Read {
        /// The limit.
        limit: Duration,
        /// Where the call was going.
        at: Place,
    },
    /// The body of the request made no progress for so long.
    #[error("{at}no progress of the request's body for {limit:?} (`write`)")]
    #[non_exhaustive]
    Write {
        /// The limit.
        limit: Duration,
        /// Where the call was going.
        at: Place,
    },
    /// There was no answer to one request in time.
    #[error("{at}no answer to the request within {limit:?} (`attempt`)")]
    #[non_exhaustive]
    Attempt {
        /// The limit.
        limit: Duration,
        /// Where the call was going.
        at: Place,
    },
    /// The call took too long, with its attempts, the pauses between them and the body of the answer.
    #[error("{at}not done within {limit:?} (`total`), {}", Attempts(*attempts))]
    #[non_exhaustive]
    Total {
        /// The limit.
        limit: Duration,
        /// The number of requests that were begun; 0 if the time was over before the first one.
        attempts: u32,
        /// Where the call was going.
        at: Place,
    },
    /// The [deadline](resil_runtime::Deadline) of the caller has passed, or nothing of it would be left for
    /// the other side. A `#[timeout]` around the call ends it first, with an error of its own.
    #[error("{at}the deadline of the caller has passed, {}", Attempts(*attempts))]
    #[non_exhaustive]
    Deadline {
        /// The number of requests that were begun; 0 if the deadline had passed before the first one.
        attempts: u32,
        /// Where the call was going.
        at: Place,
    },
    /// A policy refused: an open circuit, a full bulkhead, a rate limit, a timeout of a stack, a shutdown.
    #[error(transparent)]
    Refused(#[from] Error),
    /// There is no endpoint to send the request to. Nothing was sent.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// The request can't be sent as it was put together. Nothing was sent.
    #[error("{at}the request can't be sent: {reason}")]
    #[non_exhaustive]
    Request {
        /// What is wrong with it.
        reason: String,
        /// Where the call was going.
        at: Place,
    },
    /// The URL is one of `https`, and reqwest was built without TLS: the feature `client-rustls` brings it.
    #[error("{at}`https://{authority}` can't be asked{}, as reqwest was built without TLS: {HELP}", if *is_redirected { " after a redirect" } else { "" })]
    #[non_exhaustive]
    NoTls {
        /// The host and the port that it leads to.
        authority: Box<str>,
        /// Whether a request was sent before, whose answer was a redirect to there.
        is_redirected: bool,
        /// Where the call was going.
        at: Place,
    },
    /// There is no connection: the name is unknown, the port is closed, TLS was not agreed on. The request
    /// was not sent.
    #[error("{at}no connection: {}", Cause(source))]
    #[non_exhaustive]
    NoConnection {
        /// What reqwest says, without its URL.
        source: reqwest::Error,
        /// Where the call was going.
        at: Place,
    },
    /// The connection broke, or the answer was no HTTP, or the request could not be made, the first one or that
    /// after a redirect.
    #[error("{at}the request failed: {}", Cause(source))]
    #[non_exhaustive]
    Transport {
        /// What reqwest says, without its URL.
        source: reqwest::Error,
        /// Whether reqwest could not make the first request, so that nothing was sent.
        is_unsent: bool,
        /// Where the call was going.
        at: Place,
    },
    /// The answer's status is an error, and [`error_for_status`](super::Response::error_for_status) was
    /// asked.
    #[error("{at}the answer is {status}")]
    #[non_exhaustive]
    Status {
        /// The status.
        status: StatusCode,
        /// Where the call was going.
        at: Place,
    },
    /// The body of the answer is not the JSON that was asked for.
    #[error("{at}the answer is not the JSON that was asked for")]
    #[non_exhaustive]
    Json {
        /// What is wrong with it.
        source: serde_json::Error,
        /// Where the call was going.
        at: Place,
    },
}

/// Finds the place in an error, by a reference of either kind.
macro_rules! place_of {
    ($error:expr) => {
        match $error {
            ClientError::Connect { at, .. }
            | ClientError::Read { at, .. }
            | ClientError::Write { at, .. }
            | ClientError::Attempt { at, .. }
            | ClientError::Total { at, .. }
            | ClientError::Deadline { at, .. }
            | ClientError::Request { at, .. }
            | ClientError::NoTls { at, .. }
            | ClientError::NoConnection { at, .. }
            | ClientError::Transport { at, .. }
            | ClientError::Status { at, .. }
            | ClientError::Json { at, .. } => Some(at),
            ClientError::Refused(_) | ClientError::Balance(_) => None,
        }
    };
}

impl ClientError {
    /// Says that there is no TLS for `url`.
    #[cold]
    pub(super) fn no_tls(url: &Url, is_redirected: bool) -> Self {
        Self::NoTls {
            authority: authority(url).into(),
            is_redirected,
            at: Place::default(),
        }
    }

    /// Makes the error of a request that may have been sent.
    #[cold]
    pub(super) fn transport(source: reqwest::Error) -> Self {
        Self::Transport {
            source: source.without_url(),
            is_unsent: false,
            at: Place::default(),
        }
    }

    /// Makes the error of a request that reqwest could not make.
    #[cold]
    pub(super) fn unsent(source: reqwest::Error) -> Self {
        Self::Transport {
            source: source.without_url(),
            is_unsent: true,
            at: Place::default(),
        }
    }

    #[cold]
    pub(super) fn no_connection(source: reqwest::Error) -> Self {
        Self::NoConnection {
            source: source.without_url(),
            at: Place::default(),
        }
    }

    pub(super) fn request(reason: String) -> Self {
        let at = Place::default();
        Self::Request { reason, at }
    }

    /// Returns the error of a call of `client`, on its way to `authority`. What was said before stays.
    #[cold]
    pub(super) fn at(
        mut self,
        client: &'static str,
        authority: impl FnOnce() -> Option<String>,
    ) -> Self {
        if let Some(place) = self.place_mut() {
            place.fill(client, authority);
        }
        self
    }

    /// Returns where the call was going. A refusal of a policy, and of a balancer, has a name of its own instead.
    pub fn place(&self) -> Option<&Place> {
        place_of!(self)
    }

    fn place_mut(&mut self) -> Option<&mut Place> {
        place_of!(self)
    }

    /// Returns whether one of the limits has passed, or the deadline of the caller.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Attempt { .. }
            | Self::Total { .. }
            | Self::Deadline { .. }
            | Self::Refused(Error::Timeout { .. }) => true,
            Self::NoConnection { source, .. } | Self::Transport { source, .. } => {
                source.is_timeout()
            }
            _ => false,
        }
    }

    /// Returns whether the request of the last attempt certainly did not reach the other side: not after a redirect,
    /// whatever has failed then. An earlier attempt may have; where it might have been executed, a retry only followed
    /// if that does no harm.
    pub fn is_unsent(&self) -> bool {
        match self {
            Self::Transport { is_unsent, .. } => *is_unsent,
            Self::Refused(refusal) => came_before(refusal),
            Self::Connect { .. }
            | Self::NoConnection { .. }
            | Self::Request { .. }
            | Self::Total { attempts: 0, .. }
            | Self::Deadline { attempts: 0, .. }
            | Self::NoTls {
                is_redirected: false,
                ..
            }
            | Self::Balance(_) => true,
            _ => false,
        }
    }
}

impl Classify for ClientError {
    fn classify(&self) -> Class {
        match self {
            Self::Connect { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Attempt { .. }
            | Self::Total { .. } => Class::Transient,
            // The caller's own deadline says nothing about the other side.
            Self::Deadline { .. } => Class::Neutral,
            Self::Refused(error) => error.classify(),
            Self::Balance(error) => error.classify(),
            Self::Request { .. } | Self::NoTls { .. } | Self::Json { .. } => Class::Permanent,
            Self::NoConnection { source, .. } | Self::Transport { source, .. } => source.classify(),
            Self::Status { status, .. } => status.classify(),
        }
    }
}

/// `after 2 attempts`.
struct Attempts(u32);

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("and nothing was sent"),
            1 => f.write_str("after 1 attempt"),
            attempts => write!(f, "after {attempts} attempts"),
        }
    }
}

/// The deepest cause of an error of reqwest, whose own text says little.
struct Cause<'a>(&'a reqwest::Error);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(mut deepest) = self.0.source() else {
            return f.write_str("reqwest gives no cause");
        };
        while let Some(next) = deepest.source() {
            deepest = next;
        }
        fmt::Display::fmt(deepest, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_was_makes_no_error_larger() {
        let largest = size_of::<Error>().max(size_of::<BalanceError>());
        assert!(size_of::<ClientError>() <= largest + size_of::<usize>());
    }
}
