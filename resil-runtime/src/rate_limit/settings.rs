//! The settings that a rate limit uses, as users read them.

use std::time::Duration;

/// The settings that a rate limit uses, with all defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RateLimitSettings {
    /// The number of calls that are let in per [`per`](Self::per).
    pub max: u32,
    /// The time in which that many calls are let in.
    pub per: Duration,
    /// The number of calls that may come at once after a pause.
    pub burst: u32,
    /// The longest time that a call which is too early waits for its turn; `None` if it is refused at
    /// once.
    pub wait: Option<Duration>,
    /// The greatest number of keys under the name.
    pub max_keys: u32,
    /// What happens while the store does not answer that the calls are counted in, if they are.
    pub on_outage: OnOutage,
}

/// What happens to calls that are counted in a store while it does not answer: the `on_outage` of
/// `#[rate_limit(store = ..)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnOutage {
    /// All are let in.
    Open,
    /// All are refused.
    Closed,
    /// They are counted in this process alone, by the same numbers.
    #[default]
    Local,
}
