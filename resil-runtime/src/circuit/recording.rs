//! The call whose outcome a breaker is recording on this thread, so that the event of a change of
//! state can bear the id of that call.

use std::cell::Cell;

use crate::call::{CallId, CallNumber, CallState};
use crate::event;

thread_local! {
    /// The call whose outcome is being recorded by a breaker.
    static RECORDING: Cell<Option<CallNumber>> = const { Cell::new(None) };
}

/// Runs `record`, which records an outcome of `call`: an event that is told meanwhile
/// bears the id of that call.
#[inline]
pub(super) fn recording(call: &CallState, record: impl FnOnce()) {
    struct Restore(Option<CallNumber>);
    impl Drop for Restore {
        fn drop(&mut self) {
            RECORDING.set(self.0);
        }
    }
    if event::is_awake() {
        let _restore = Restore(RECORDING.replace(Some(call.number())));
        record();
    } else {
        record();
    }
}

/// Returns the id of the call whose outcome is being recorded on this thread, if there is one, and
/// clears it: what a listener of that event does is not part of the recording.
pub(super) fn recorded() -> Option<CallId> {
    RECORDING.take().map(CallNumber::id)
}
