//! The counts of a breaker as users see them.

/// What a breaker has counted in the state that it is in; all zero while it is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Closed: calls in the window of a rate. A breaker without such a rule keeps no window:
    /// its successes write nothing, and this is the failures in a row.
    pub calls: u64,
    /// Closed: failures among those calls.
    pub failures: u64,
    /// Closed: slow calls among those, where `slow` is among its rules; else 0.
    pub slow: u64,
    /// Closed: failures since the last success, where `failures` is among its rules; else 0.
    pub failures_in_a_row: u32,
    /// Half-open: probes that have not come back.
    pub probes_out: u32,
    /// Half-open: probes that have succeeded.
    pub probes_succeeded: u32,
}
