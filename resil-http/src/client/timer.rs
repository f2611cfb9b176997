//! The timer of a call.

use std::task::{Context, Poll};

use resil_runtime::clock::{self, Instant};

use super::alarm::AlarmClock;
use super::end::End;

/// The timer of a call, which one limit after the other uses. It is there from when one is first waited for.
#[derive(Default)]
pub(super) struct Timer {
    clock: Option<AlarmClock>,
    /// Until when it gives way, once the end of the call has passed, to who is around it.
    way: Option<Instant>,
}

impl Timer {
    /// Returns whether it waits for an instant that was not over yet when the runtime last looked.
    pub(super) fn is_waiting(&self) -> bool {
        self.clock.as_ref().is_some_and(|clock| !clock.has_rung())
    }

    /// Waits until `due`, which may have moved since the last poll.
    pub(super) fn poll(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let clock = &mut self.clock;
        let clock = clock.get_or_insert_with(|| AlarmClock::ringing_by(due));
        clock.poll(due, cx)
    }

    /// Waits at the end of a call, which has passed, until who is around it has had the [time](End::grace) to end it.
    pub(super) fn give_way(&mut self, end: &End, cx: &mut Context<'_>) -> Poll<()> {
        let grace = end.grace();
        if grace.is_zero() {
            return Poll::Ready(());
        }
        // From now: it may be looked at late.
        let way = *self
            .way
            .get_or_insert_with(|| clock::add(clock::now(), grace));
        self.poll(way, cx)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(clock) = self.clock.take() {
            clock.keep();
        }
    }
}
