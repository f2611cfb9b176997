//! How long a call may wait for its turn.

use crate::clock;
use crate::deadline::Deadline;

/// Returns for how many nanoseconds a call may wait if it may wait for `longest`: no turn may come
/// at the deadline in force, or after it.
pub(super) fn until_deadline(longest: u64) -> Option<u64> {
    let Some(deadline) = Deadline::current() else {
        return Some(longest);
    };
    let before = clock::nanos(deadline.remaining()).checked_sub(1)?;
    Some(longest.min(before))
}
