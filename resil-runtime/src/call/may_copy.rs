//! Whether a call may be sent twice at once.

/// Whether a copy may be started beside one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayCopy {
    /// It may: the delay of the hedge counts from when this was first found.
    Yes,
    /// A copy may only follow one that has failed, until it is known whether more is possible. The copy that
    /// runs is polled when that is known.
    NotYet,
    /// There is one copy.
    Never,
}
