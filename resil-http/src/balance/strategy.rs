//! The strategies.

/// How a [`Balancer`](super::Balancer) chooses among its endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// One after the other.
    RoundRobin,
    /// The one with the fewest requests pending from this process; of those that have as few, one after the
    /// other. It looks at all endpoints.
    LeastPending,
    /// Of two that are drawn at random the one that costs less: peak EWMA of its response time × the requests
    /// that would be pending. It looks at these two.
    ///
    /// The formula is that of Finagle's `PeakEwma` and of `tower::load::PeakEwma`, with these differences: a
    /// failure counts as an answer that took twice the estimate (a second where nothing is known), so that an
    /// endpoint which fails fast does not look fast; and a look at an endpoint does not decay what is stored.
    #[default]
    P2cPeakEwma,
    /// The same endpoint for the same key, in each process that has the same endpoints: rendezvous hashing over
    /// their authorities. When one of n goes, its keys move and no others. Requests without a key go to one
    /// after the other. It looks at all endpoints.
    ConsistentHash,
}
