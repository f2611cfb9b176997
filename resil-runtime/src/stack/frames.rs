//! The timeouts of one call: a timer each, and the levels of the deadline that a poll enters.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::clock::Instant;
use crate::deadline::{AmbientFrame, Kept};
use crate::timeout::{Elapsed, Timer, wait};

/// The greatest number of timeouts in a stack.
pub(super) const TIMEOUTS: usize = 4;

pin_project! {
    /// The timers of the timeouts around the point at which a call stands, outermost first.
    pub(super) struct Timers {
        // Two have a place in the future, as in the usual stack: one for the whole and one for each
        // attempt. The others are boxed.
        #[pin]
        first: Timer,
        #[pin]
        second: Timer,
        more: Vec<Pin<Box<Timer>>>,
        entered: usize,
        // The layer of each.
        layers: [usize; TIMEOUTS],
    }
}

/// A timer that no timeout uses.
const UNUSED: Timer = Timer::new(0, false);

impl Timers {
    pub(super) const fn new() -> Self {
        Self {
            first: UNUSED,
            second: UNUSED,
            more: Vec::new(),
            entered: 0,
            layers: [0; TIMEOUTS],
        }
    }

    /// Returns the number of timeouts around the point at which the call stands.
    pub(super) fn entered(&self) -> usize {
        self.entered
    }

    /// Returns the layer of the `n`th timeout.
    pub(super) fn layer(&self, n: usize) -> usize {
        self.layers[n]
    }

    fn get(self: Pin<&mut Self>, n: usize) -> Pin<&mut Timer> {
        let this = self.project();
        match n {
            0 => this.first,
            1 => this.second,
            n => this.more[n - 2].as_mut(),
        }
    }

    /// Begins the timeout of `layer`: its limit counts from the end of the poll in progress.
    pub(super) fn begin(mut self: Pin<&mut Self>, layer: usize, limit: u64) {
        let n = self.entered;
        let timer = Timer::new(limit, n > 0);
        let mut this = self.as_mut().project();
        *this.entered = n + 1;
        this.layers[n] = layer;
        match n {
            0 => this.first.set(timer),
            1 => this.second.set(timer),
            _ => this.more.push(Box::pin(timer)),
        }
    }

    /// Begins the timeout of `layer` in a first poll that has entered it already. `looked` is the instant of
    /// a look at the deadline, which has started the limit.
    pub(super) fn begin_unpinned(&mut self, layer: usize, limit: u64, looked: Option<Instant>) {
        let n = self.entered;
        let timer = match looked {
            None => Timer::new(limit, n > 0),
            Some(now) => Timer::started(now, limit, n > 0),
        };
        self.entered = n + 1;
        self.layers[n] = layer;
        match n {
            0 => self.first = timer,
            1 => self.second = timer,
            _ => self.more.push(Box::pin(timer)),
        }
    }

    /// Ends the innermost timeout.
    pub(super) fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.entered -= 1;
        match *this.entered {
            0 => this.first.set(UNUSED),
            1 => this.second.set(UNUSED),
            _ => drop(this.more.pop()),
        }
    }
}

/// What each level keeps, in a place of its own: see [`Kept`].
pub(super) struct Places([Kept; TIMEOUTS]);

impl Places {
    pub(super) const fn new() -> Self {
        Self([const { Kept::new() }; TIMEOUTS])
    }
}

/// The levels of the deadline that this poll has entered, outermost first. Dropping it leaves them from
/// the innermost outwards, as a panic does.
pub(super) struct Frames<'k> {
    places: &'k Places,
    open: [Option<Level<'k>>; TIMEOUTS],
    depth: usize,
}

struct Level<'k> {
    frame: AmbientFrame<'k>,
    /// Whether there was some of tokio's budget of the task before the body was polled.
    had_budget: bool,
}

impl<'k> Frames<'k> {
    pub(super) fn new(places: &'k Places) -> Self {
        Self {
            places,
            open: [const { None }; TIMEOUTS],
            depth: 0,
        }
    }

    /// Enters the next timeout.
    pub(super) fn enter(&mut self, timers: Pin<&mut Timers>) {
        let n = self.depth;
        let (frame, had_budget) = timers.get(n).enter(&self.places.0[n]);
        self.open[n] = Some(Level { frame, had_budget });
        self.depth = n + 1;
    }

    /// Enters all timeouts that have begun.
    pub(super) fn enter_all(&mut self, mut timers: Pin<&mut Timers>) {
        for _ in 0..timers.entered() {
            self.enter(timers.as_mut());
        }
    }

    fn pop(&mut self) -> Option<Level<'k>> {
        self.depth = self.depth.checked_sub(1)?;
        self.open[self.depth].take()
    }

    /// Leaves the innermost timeout, whose body has answered.
    pub(super) fn leave(&mut self) {
        if let Some(Level { frame, .. }) = self.pop() {
            frame.leave();
        }
    }

    /// Leaves all timeouts in the middle of a poll that goes on.
    pub(super) fn pause(&mut self, mut timers: Pin<&mut Timers>) {
        while let Some(Level { frame, .. }) = self.pop() {
            timers.as_mut().get(self.depth).pause(frame);
        }
    }

    /// Leaves the timeouts from the innermost outwards, after a poll that is pending, and stops at the
    /// first whose limit has passed: it is returned with its number.
    pub(super) fn suspend(
        &mut self,
        mut timers: Pin<&mut Timers>,
        cx: &mut Context<'_>,
    ) -> Option<(usize, Elapsed)> {
        while let Some(Level { frame, had_budget }) = self.pop() {
            let timer = timers.as_mut().get(self.depth);
            if let Poll::Ready(elapsed) = wait(timer, frame, had_budget, cx) {
                return Some((self.depth, elapsed));
            }
        }
        None
    }
}

impl Drop for Frames<'_> {
    fn drop(&mut self) {
        while self.depth > 0 {
            drop(self.pop());
        }
    }
}
