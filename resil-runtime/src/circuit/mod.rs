//! Circuit breaker.

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// Probes are let in.
    HalfOpen,
    /// Held open by hand.
    ForcedOpen,
    /// Disabled by hand: calls pass, nothing is counted.
    Disabled,
}
