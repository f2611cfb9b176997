//! What an answer means: whether a request has failed, what that says about the other side, and whether the
//! request may be sent again.
//!
//! [`HttpOutcome`] is the rule of HTTP, and of gRPC over it. [`ErrorOutcome`] is for services of any other
//! kind. Write an [`Outcome`] of your own where neither fits.

mod before;
mod envoy;
mod errors;
mod grpc;
mod http;
mod redirected;
mod unsent;

#[cfg(feature = "client")]
pub(crate) use self::before::came_before;
pub use self::errors::ErrorOutcome;
pub use self::http::{Head, HttpOutcome, Kept};
#[cfg(feature = "client")]
pub(crate) use self::redirected::AfterRedirect;
pub use self::unsent::was_not_sent;

use resil_runtime::Class;

use crate::BoxError;

/// What the outcome of a request means for the policies around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The other side answered as it should.
    Success,
    /// The request failed.
    Failure {
        /// What the failure says about the other side. A circuit goes by it, and a retry.
        class: Class,
        /// Whether the request may be sent again: it was not sent, or it does no harm twice. Without it no
        /// retry repeats the request, whatever the class is.
        may_repeat: bool,
    },
}

/// Judges an answer, or the error that came in its place.
#[cfg(feature = "tower")]
pub(crate) fn judge<Request, Response, O: Outcome<Request, Response>>(
    rule: &O,
    kept: &O::Kept,
    answer: &Result<Response, BoxError>,
) -> Verdict {
    match answer {
        Ok(response) => rule.of_response(kept, response),
        Err(error) => rule.of_error(kept, error),
    }
}

/// Judges what an answer means.
pub trait Outcome<Request, Response>: Clone + Send + Sync + 'static {
    /// What it keeps of the request, which is gone when the answer comes.
    type Kept: Clone + Send + Sync + 'static;

    /// Returns what it needs to know of the request.
    fn keep(&self, request: &Request) -> Self::Kept;

    /// Returns whether the request may be sent twice, and so while another copy of it is under way.
    fn may_repeat(&self, kept: &Self::Kept) -> bool;

    /// Judges an answer.
    fn of_response(&self, kept: &Self::Kept, response: &Response) -> Verdict;

    /// Judges an error that came in the place of an answer.
    fn of_error(&self, kept: &Self::Kept, error: &BoxError) -> Verdict;
}
