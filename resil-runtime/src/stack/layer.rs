//! One layer of a stack.

use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::timeout::TimeoutPolicy;

/// The greatest number of layers in a [`Stack`](super::Stack).
pub const MAX_LAYERS: usize = 8;

/// One layer of a [`Stack`](super::Stack): a policy with its settings.
///
/// Each policy converts into it: `Layer::from(RetryPolicy::new())`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Layer {
    /// A circuit breaker.
    Circuit(CircuitPolicy),
    /// A retry.
    Retry(RetryPolicy),
    /// A timeout.
    Timeout(TimeoutPolicy),
    /// A bulkhead.
    Bulkhead(BulkheadPolicy),
    /// A rate limit.
    RateLimit(RateLimitPolicy),
    /// A hedge.
    #[cfg(feature = "hedge")]
    Hedge(HedgePolicy),
}

impl Layer {
    /// Returns the name of the policy, as its attribute is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Circuit(_) => "circuit",
            Self::Retry(_) => "retry",
            Self::Timeout(_) => "timeout",
            Self::Bulkhead(_) => "bulkhead",
            Self::RateLimit(_) => "rate_limit",
            #[cfg(feature = "hedge")]
            Self::Hedge(_) => "hedge",
        }
    }
}

macro_rules! from_policies {
    ($($(#[$cfg:meta])* $policy:ty => $layer:ident),* $(,)?) => {$(
        $(#[$cfg])*
        impl From<$policy> for Layer {
            fn from(policy: $policy) -> Self {
                Self::$layer(policy)
            }
        }
    )*};
}

from_policies! {
    CircuitPolicy => Circuit,
    RetryPolicy => Retry,
    TimeoutPolicy => Timeout,
    BulkheadPolicy => Bulkhead,
    RateLimitPolicy => RateLimit,
    #[cfg(feature = "hedge")]
    HedgePolicy => Hedge,
}
