//! `tonic::Status`: by its code (<https://grpc.io/docs/guides/status-codes/>) and the server's
//! push-back (gRPC A6, `grpc-retry-pushback-ms`). A status that was made on this side is classified
//! by the error that it was made of.

use std::error::Error as StdError;
use std::time::Duration;

use ::tonic::{Code, Status};

use super::chain::{find_inside, links};
use super::class::{Class, Classify};

impl Classify for Status {
    /// Classifies by the code, the push-back and the source.
    ///
    /// Unavailable, deadline exceeded, aborted, internal and unknown are transient, resource
    /// exhausted is throttled, cancelled is neutral, all others are permanent. A push-back is
    /// throttled, for as long as it says; a negative or unreadable one, and more than one,
    /// asks for no further attempt, which is a wait longer than any `cap`.
    ///
    /// A status with a [`source`](StdError::source) did not come from the server but was made on
    /// this side. A [`resil::Error`](crate::Error) among its sources, or an error of your own type
    /// whose class is known, decides. A `Cancelled` that was made of anything else (a connection
    /// that was closed or sent GOAWAY, a stream that was reset, a timeout of the channel's) is
    /// transient: the caller did not cancel, or the future would be gone.
    fn classify(&self) -> Class {
        if let Some(class) = self.source().and_then(|made_of| by_source(self, made_of)) {
            return class;
        }
        let mut pushbacks = self.metadata().get_all("grpc-retry-pushback-ms").iter();
        if let Some(pushback) = pushbacks.next() {
            let asked = pushback
                .to_str()
                .ok()
                .filter(|_| pushbacks.next().is_none())
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

/// Returns the class of the error `made_of` that a status was made of, where the code does not
/// tell.
fn by_source(status: &Status, made_of: &(dyn StdError + 'static)) -> Option<Class> {
    // A status that was wrapped and taken out again (`Status::from_error`) may be the server's.
    if let Some(inner) = links::<Status>(made_of).next() {
        return Some(inner.classify());
    }
    find_inside(made_of).or_else(|| match status.code() {
        Code::Cancelled if !is_cancelled_task(made_of) => Some(Class::Transient),
        _ => None,
    })
}

/// Returns whether a task of this process was aborted, which is a cancellation.
fn is_cancelled_task(made_of: &(dyn StdError + 'static)) -> bool {
    links::<tokio::task::JoinError>(made_of).any(tokio::task::JoinError::is_cancelled)
}
