//! The timer of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use resil_runtime::clock::{self, Instant, Sleep};

/// The timer of a call, which one limit after the other uses. It is made when one is first waited for.
#[derive(Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Returns whether it waits for an instant that was not over yet when the runtime last looked.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.as_ref().is_some_and(|timer| !timer.is_elapsed())
    }

    /// Waits until `due`, which may have moved since the last poll. `had_budget` is what
    /// [`clock::poll_sleep`] asks for.
    pub(super) fn poll(
        &mut self,
        due: Instant,
        had_budget: bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let timer = self
            .0
            .get_or_insert_with(|| Box::pin(clock::sleep_until(due)));
        if due < timer.deadline() {
            timer.as_mut().reset(due);
        }
        loop {
            ready!(clock::poll_sleep(timer.as_mut(), had_budget, cx));
            // A limit that has moved away from the timer sets it anew when it fires, and not each time.
            if timer.deadline() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    }
}
