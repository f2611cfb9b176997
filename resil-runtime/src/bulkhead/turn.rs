//! What a call that waits asks, and what it is answered.

/// The times that bound a wait, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The time at which the call stops waiting.
    pub(super) until: Option<u64>,
    /// The deadline in force, after which a place is of no use.
    pub(super) deadline: Option<u64>,
}

/// The answer to a call that came and had to ask under the lock.
pub(super) enum Joined {
    /// It is in.
    In,
    /// It waits, under this number.
    Waits(u64),
    /// There is neither a place nor room in the queue.
    Full,
}

/// The answer to a call that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is in.
    In,
    /// It is too late: it has left the queue.
    Late,
    /// It waits on, and asks again when it is woken, or at this time in nanoseconds.
    Wait(Option<u64>),
}
