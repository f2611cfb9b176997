//! The copies beside the first one, and what happens to all of them in one poll.

use std::pin::Pin;

use pin_project_lite::pin_project;

use super::gate::Gate;
use super::policy::HedgePolicy;
use super::site::HedgeSite;
use super::timer::Timer;
use crate::call::CallState;
use crate::call::may_copy::MayCopy;
use crate::clock;

pin_project! {
    /// The copies beside the first one, and the time at which the next one starts.
    #[derive(Debug)]
    pub(super) struct Race<F> {
        #[pin]
        pub(super) timer: Timer,
        // The other copies that run, in the order in which they were started.
        pub(super) others: Vec<Further<F>>,
        // The number of copies that were started.
        pub(super) started: u32,
        // The end of the first poll in nanoseconds, if the latency of the call counts; 0 before.
        pub(super) began: u64,
        // The delay before the second copy in nanoseconds; 0 before it is known.
        pub(super) delay: u64,
    }
}

/// A copy that was started after the first one.
#[derive(Debug)]
pub(super) struct Further<F> {
    /// The number of the copy, from 2.
    pub(super) number: u32,
    pub(super) future: Pin<Box<F>>,
}

impl<F> Race<F> {
    /// The first copy was started and polled.
    pub(super) fn new() -> Self {
        Self {
            timer: Timer::Unset,
            others: Vec::new(),
            started: 1,
            began: 0,
            delay: 0,
        }
    }
}

/// The parts of a [`Hedge`](super::future::Hedge) and of its [`Race`].
pub(super) struct Racing<'p, 'a, C, F, G> {
    pub(super) first: Pin<&'p mut Option<F>>,
    pub(super) timer: Pin<&'p mut Timer>,
    pub(super) others: &'p mut Vec<Further<F>>,
    pub(super) started: &'p mut u32,
    pub(super) began: &'p mut u64,
    pub(super) delay: &'p mut u64,
    pub(super) constants: Constants<'a>,
    pub(super) copy: &'p C,
    pub(super) gate: &'p G,
}

impl<C, F, G: Gate> Racing<'_, '_, C, F, G> {
    /// Returns whether no other copy is started.
    pub(super) fn is_last(&self) -> bool {
        *self.started >= self.constants.policy.max || self.gate.may_copy() == MayCopy::Never
    }
}

/// The constants of an annotated function, and the state of the call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants<'a> {
    pub(super) site: &'static HedgeSite,
    pub(super) policy: &'a HedgePolicy,
    pub(super) call: &'a CallState,
}

impl Constants<'_> {
    /// Gives the budget the share of a call that begins.
    #[inline(always)]
    pub(super) fn give(&self) {
        if let Some(gain) = self.policy.gain {
            self.site.budget.give(gain);
        }
    }
}

/// What has happened to the copies in one poll.
pub(super) struct Round<O> {
    /// The number of copies that have failed and were not replaced.
    pub(super) failed: u32,
    /// The outcome of the copy that failed or was refused last.
    pub(super) last: Option<O>,
    /// Whether there was some of tokio's budget of the task before the copies were polled.
    pub(super) had_budget: bool,
}

impl<O> Round<O> {
    pub(super) fn new(had_budget: bool) -> Self {
        Self {
            failed: 0,
            last: None,
            had_budget,
        }
    }

    pub(super) fn fail(&mut self, out: O) {
        self.failed += 1;
        self.last = Some(out);
    }
}

/// Returns the time since `began`, in nanoseconds; 0 if the first poll has not ended.
pub(super) fn since(began: u64) -> u64 {
    if began == 0 {
        0
    } else {
        clock::now_ns().saturating_sub(began)
    }
}
