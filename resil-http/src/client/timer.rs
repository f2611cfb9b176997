//! The timer of a call.

use std::task::{Context, Poll};

use resil_runtime::clock::Instant;

use super::alarm::AlarmClock;

/// The timer of a call, which one limit after the other uses. It is there from when one is first waited for.
#[derive(Default)]
pub(super) struct Timer(Option<AlarmClock>);

impl Timer {
    /// Returns whether it waits for an instant that was not over yet when the runtime last looked.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.as_ref().is_some_and(|clock| !clock.has_rung())
    }

    /// Waits until `due`, which may have moved since the last poll.
    pub(super) fn poll(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.0.get_or_insert_with(|| AlarmClock::ringing_by(due));
        clock.poll(due, cx)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(clock) = self.0.take() {
            clock.keep();
        }
    }
}
