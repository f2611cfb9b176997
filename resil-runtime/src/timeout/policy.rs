//! The settings of a timeout that is run as a value.

use std::time::Duration;

/// A limit in time, as a value: `#[timeout]` without an attribute.
///
/// ```
/// use std::time::Duration;
/// use resil_runtime::TimeoutPolicy;
///
/// const SHORT: TimeoutPolicy = TimeoutPolicy::new(Duration::from_millis(800));
/// assert_eq!(SHORT.limit(), Duration::from_millis(800));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct TimeoutPolicy(Duration);

impl TimeoutPolicy {
    /// Creates a timeout of `limit`.
    ///
    /// # Panics
    ///
    /// If `limit` is zero. In a `const` that is an error at compile time.
    pub const fn new(limit: Duration) -> Self {
        assert!(!limit.is_zero(), "`timeout` must be longer than zero");
        Self(limit)
    }

    /// Creates a timeout whose limit may be zero: what generated code has checked at its own place.
    #[cfg(not(loom))]
    pub(crate) const fn unchecked(limit: Duration) -> Self {
        Self(limit)
    }

    /// The limit of a timeout that is switched off. No attribute writes it.
    #[cfg(all(feature = "control", not(loom)))]
    pub(crate) const OFF: Duration = Duration::new(u64::MAX, 1);

    /// Returns the limit.
    pub const fn limit(self) -> Duration {
        self.0
    }
}
