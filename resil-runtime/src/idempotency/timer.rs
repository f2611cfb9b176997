//! How a call waits for the owner of its key: as a task of a runtime, or by blocking its thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{self, Instant, Sleep, ThreadTime};

/// The timer of a call that waits for the owner of its key.
pub(super) enum Timer {
    Runtime(Pin<Box<Sleep>>),
    /// The thread that polls it parks for no longer than to this instant, by its own time.
    Thread(Instant, ThreadTime),
}

/// How a call waits, and how long its claim holds without a sign of life.
pub(super) struct Driver {
    /// Makes a timer that fires at an instant.
    pub(super) timer: fn(Instant) -> Timer,
    /// Returns the lease of a claim, given that of the policy.
    pub(super) lease: fn(Duration) -> Duration,
}

/// The call is a task, beside whose body a heartbeat runs.
pub(super) const TASK: Driver = Driver {
    timer: |at| Timer::Runtime(Box::pin(clock::sleep_until(at))),
    lease: |lease| lease,
};

/// The call blocks its thread. No heartbeat can run, and none is needed: the claim is on the stack of
/// the thread, in the memory in which its record is, and can't vanish without a sign. So it holds
/// until it ends: for longer than any process runs.
pub(super) const THREAD: Driver = Driver {
    timer: |at| Timer::Thread(at, ThreadTime::begin()),
    lease: |_| Duration::from_secs(86_400 * 365 * 30),
};

impl Timer {
    pub(super) fn deadline(&self) -> Instant {
        match self {
            Self::Runtime(sleep) => sleep.deadline(),
            Self::Thread(at, _) => *at,
        }
    }

    pub(super) fn reset(&mut self, to: Instant) {
        match self {
            Self::Runtime(sleep) => sleep.as_mut().reset(to),
            Self::Thread(at, _) => *at = to,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Runtime(sleep) => sleep.as_mut().poll(cx),
            Self::Thread(at, time) if *at <= time.now() => Poll::Ready(()),
            Self::Thread(..) => Poll::Pending,
        }
    }

    /// Returns the time of the call that waits.
    pub(super) fn now(&self) -> Instant {
        match self {
            Self::Runtime(_) => clock::now(),
            Self::Thread(_, time) => time.now(),
        }
    }

    /// Returns by how much the time of the call is ahead of the clock.
    pub(super) fn ahead(&self) -> Duration {
        match self {
            Self::Runtime(_) => Duration::ZERO,
            Self::Thread(_, time) => time.ahead(),
        }
    }
}
