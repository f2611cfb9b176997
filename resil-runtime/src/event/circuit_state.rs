//! The state of a breaker as users see it.

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "catalog",
    derive(serde::Deserialize, serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass.
    Closed,
    /// Calls are refused until the open time is over.
    Open,
    /// The open time is over: a few calls pass as probes.
    HalfOpen,
    /// Held open manually: calls are refused until another manual change.
    ForcedOpen,
    /// Disabled manually: calls pass, and nothing is counted.
    Disabled,
}
