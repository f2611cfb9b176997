//! The timer of the next copy.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::clock::{self, Sleep};

pin_project! {
    #[project = TimerProj]
    #[derive(Debug)]
    pub(super) enum Timer {
        // It is made at the end of a poll in which no copy was ready.
        Unset,
        // No timer is as short as that.
        Due,
        Set { #[pin] sleep: Sleep },
        // Time starts no further copy of this call.
        Off,
    }
}

impl Timer {
    pub(super) fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }

    /// Begins to count `delay`. With `None` it is never due.
    pub(super) fn start(mut self: Pin<&mut Self>, delay: Option<Duration>) {
        self.set(match delay {
            None => Self::Off,
            Some(Duration::ZERO) => Self::Due,
            Some(delay) => Self::Set {
                sleep: clock::sleep_until(clock::add(clock::now(), delay)),
            },
        });
    }

    /// Returns whether the delay is over. `had_budget` says whether there was some of tokio's budget of
    /// the task before the copies were polled.
    pub(super) fn poll(self: Pin<&mut Self>, had_budget: bool, cx: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            TimerProj::Due => Poll::Ready(()),
            TimerProj::Unset | TimerProj::Off => Poll::Pending,
            TimerProj::Set { sleep } => clock::poll_sleep(sleep, had_budget, cx),
        }
    }
}
