//! The wait between two attempts.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::budget::Budget;
use crate::clock::{self, Sleep};

pin_project! {
    /// The future of [`Retry::pause`](super::state::Retry::pause).
    ///
    /// Dropping it before it is done gives the budget its tokens back.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Pause {
        #[pin]
        wait: Wait,
        // The budget that paid for the next attempt, and how much.
        charged: Option<(&'static Budget, u32)>,
    }

    impl PinnedDrop for Pause {
        fn drop(this: Pin<&mut Self>) {
            if let Some((budget, cost)) = this.charged {
                budget.give(cost);
            }
        }
    }
}

pin_project! {
    #[project = WaitProj]
    #[derive(Debug)]
    enum Wait {
        Sleep { #[pin] sleep: Sleep },
        // A delay of zero makes no timer, and still lets other tasks run.
        Yield { yielded: bool },
    }
}

impl Pause {
    /// Creates a wait of `delay`. `charged` is the budget that paid for the next attempt, and how
    /// much.
    #[inline]
    pub(super) fn new(delay: Duration, charged: Option<(&'static Budget, u32)>) -> Self {
        let wait = match delay {
            Duration::ZERO => Wait::Yield { yielded: false },
            d => Wait::Sleep {
                sleep: clock::sleep_until(clock::add(clock::now(), d)),
            },
        };
        Self { wait, charged }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let wait = match this.wait.project() {
            WaitProj::Sleep { sleep } => sleep.poll(cx),
            WaitProj::Yield { yielded: true } => Poll::Ready(()),
            WaitProj::Yield { yielded } => {
                *yielded = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        };
        if wait.is_ready() {
            *this.charged = None;
        }
        wait
    }
}
