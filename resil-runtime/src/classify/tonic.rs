//! `tonic::Status`: by its code (<https://grpc.io/docs/guides/status-codes/>) and the server's
//! push-back (gRPC A6, `grpc-retry-pushback-ms`); one that the client itself has made, by what it
//! was made of.

use std::error::Error as StdError;
use std::time::Duration;

use ::tonic::{Code, Status};

use super::chain::{find_inside, links};
use super::class::{Class, Classify};

impl Classify for Status {
    /// Unavailable, deadline exceeded, aborted, internal and unknown are transient, resource
    /// exhausted is throttled, cancelled is neutral, all others are permanent. A push-back is
    /// throttled, for as long as it says; a negative or unreadable one asks for no further attempt,
    /// which is a wait longer than any `cap`.
    ///
    /// What has a [`source`](StdError::source) did not come from the server but was made on this
    /// side. A [`resil::Error`](crate::Error) in there, or an error of your own type whose class is
    /// known, decides. A `Cancelled` that was made of anything else (a connection that was closed
    /// or sent GOAWAY, a stream that was reset, a timeout of the channel's) is transient: it was
    /// not the caller who cancelled, for its future would be gone.
    fn classify(&self) -> Class {
        if let Some(class) = self.source().and_then(|made_of| by_source(self, made_of)) {
            return class;
        }
        if let Some(pushback) = self.metadata().get("grpc-retry-pushback-ms") {
            let asked = pushback
                .to_str()
                .ok()
                .and_then(|text| text.parse::<u64>().ok());
            let retry_after = Some(asked.map_or(Duration::MAX, Duration::from_millis));
            return Class::Throttled { retry_after };
        }
        match self.code() {
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Internal
            | Code::Unknown => Class::Transient,
            Code::ResourceExhausted => Class::Throttled { retry_after: None },
            Code::Cancelled => Class::Neutral,
            _ => Class::Permanent,
        }
    }
}

/// What the error that a status was made of says of it, where the code does not.
fn by_source(status: &Status, made_of: &(dyn StdError + 'static)) -> Option<Class> {
    // One that was wrapped and taken out again (`Status::from_error`): it may be the server's.
    if let Some(inner) = links::<Status>(made_of).next() {
        return Some(inner.classify());
    }
    find_inside(made_of).or_else(|| match status.code() {
        Code::Cancelled if !is_cancelled_task(made_of) => Some(Class::Transient),
        _ => None,
    })
}

/// A task of this process that was aborted: that is a cancellation.
fn is_cancelled_task(made_of: &(dyn StdError + 'static)) -> bool {
    links::<tokio::task::JoinError>(made_of).any(tokio::task::JoinError::is_cancelled)
}
