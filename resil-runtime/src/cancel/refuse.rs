//! The refusal of a call whose wait was ended from outside.

use crate::error::Refusal;
use crate::event::{self, CallId, Event, StopReason};

/// Tells listeners that the wait of a call for `name` was ended from outside, and returns the refusal.
/// `call` returns the id of the call; it is asked only if somebody listens.
#[cold]
#[inline(never)]
pub(crate) fn refuse(
    name: &'static str,
    reason: StopReason,
    call: impl FnOnce() -> Option<CallId>,
) -> Refusal {
    event::emit(|| Event::WaitCancelled {
        name,
        reason,
        call: call(),
    });
    Refusal::Cancelled
}
