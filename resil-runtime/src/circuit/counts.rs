//! The counts of a breaker as users see them.

/// What a breaker has counted in its present state; all zero while it is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// While closed: the calls in the window of the rate rules. A breaker without a rate rule has
    /// no window: then this is the number of failures in a row.
    pub calls: u64,
    /// While closed: the failures among those calls.
    pub failures: u64,
    /// While closed: the slow calls among those calls; 0 without a rule `slow`.
    pub slow: u64,
    /// While closed: the failures since the last success; 0 without a rule `failures`.
    pub failures_in_a_row: u32,
    /// While half-open: the probes that have not ended.
    pub probes_out: u32,
    /// While half-open: the probes that have succeeded.
    pub probes_succeeded: u32,
}
