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

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl CircuitState {
    /// Returns the word for the state, which metrics and events of tracing have. It is that of its serde form.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
        }
    }
}
