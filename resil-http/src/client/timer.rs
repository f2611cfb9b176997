//! The timer of a call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use resil_runtime::clock::{self, Instant, Sleep};

use super::end::End;

/// The timer of a call, which one limit after the other uses. It is made when one is first waited for.
#[derive(Default)]
pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the end of the call has passed, and who is around it has had no time yet to end it.
    gives_way: bool,
}

impl Timer {
    /// Returns whether it waits for an instant that was not over yet when the runtime last looked.
    pub(super) fn is_waiting(&self) -> bool {
        self.sleep.as_ref().is_some_and(|timer| !timer.is_elapsed())
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
            .sleep
            .get_or_insert_with(|| Box::pin(clock::sleep_until(due)));
        if due < timer.deadline() && !self.gives_way {
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

    /// Waits at the end of a call, which has passed, until who is around it has had the [time](End::grace) to end it.
    pub(super) fn give_way(
        &mut self,
        end: &End,
        had_budget: bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let grace = end.grace();
        if grace.is_zero() {
            return Poll::Ready(());
        }
        if !self.gives_way
            && let Some(timer) = &mut self.sleep
        {
            self.gives_way = true;
            // From now: it may be looked at late.
            timer.as_mut().reset(clock::add(clock::now(), grace));
        }
        self.poll(end.at(), had_budget, cx)
    }
}
