//! The copies of a request that is sent several times.

mod body;
mod copies;
mod parts;
mod shared;
mod spent;

pub use self::body::{EdgeBody, RepeatBody};
pub use self::copies::{DEFAULT_LIMIT, HttpCopies, HttpRequests};
pub use self::spent::Spent;

use std::task::{Context, Poll};

/// Makes copies of requests, for the policies that send one several times.
///
/// [`HttpRequests`] is for those of HTTP, whose body is gone once it is sent; [`ByClone`] for requests of any type
/// that is `Clone`; [`Once`] sends each request once.
pub trait CloneRequest<Request>: Clone + Send + Sync + 'static {
    /// What holds a request between its copies.
    type Copies: Copies<Request>;

    /// Takes a request. `spent` is shared with the policies: they ask it whether the request can be sent again.
    fn copies(&self, request: Request, spent: Spent) -> Self::Copies;
}

/// A request that may be sent several times.
pub trait Copies<Request>: Send + 'static {
    /// Prepares for copies that are under way beside each other, as those of a hedge are. Ready with false if that
    /// is not possible: the copies may then only follow each other.
    ///
    /// It is polled before the first copy is made, inside the policies, and not again once it was ready. Where a
    /// timeout cuts the wait for it, the attempt that follows polls it on.
    fn poll_whole(&mut self, cx: &mut Context<'_>) -> Poll<bool>;

    /// Returns the next copy, or `None` once the request is spent.
    fn next(&mut self) -> Option<Request>;
}

/// Copies requests by their `Clone`.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ByClone {}

impl ByClone {
    /// Creates the rule.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<Request: Clone + Send + 'static> CloneRequest<Request> for ByClone {
    type Copies = Cloned<Request>;

    fn copies(&self, request: Request, _: Spent) -> Cloned<Request> {
        Cloned(request)
    }
}

/// A request that is cloned.
#[derive(Debug)]
pub struct Cloned<Request>(Request);

impl<Request: Clone + Send + 'static> Copies<Request> for Cloned<Request> {
    fn poll_whole(&mut self, _: &mut Context<'_>) -> Poll<bool> {
        Poll::Ready(true)
    }

    fn next(&mut self) -> Option<Request> {
        Some(self.0.clone())
    }
}

/// Sends each request once, whatever the policies are: no retry repeats it, and no hedge copies it.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Once {}

impl Once {
    /// Creates the rule.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<Request: Send + 'static> CloneRequest<Request> for Once {
    type Copies = Single<Request>;

    fn copies(&self, request: Request, spent: Spent) -> Single<Request> {
        Single {
            request: Some(request),
            spent,
        }
    }
}

/// A request that is sent once.
#[derive(Debug)]
pub struct Single<Request> {
    request: Option<Request>,
    spent: Spent,
}

impl<Request: Send + 'static> Copies<Request> for Single<Request> {
    fn poll_whole(&mut self, _: &mut Context<'_>) -> Poll<bool> {
        Poll::Ready(false)
    }

    fn next(&mut self) -> Option<Request> {
        self.spent.spend_for_good();
        self.request.take()
    }
}
