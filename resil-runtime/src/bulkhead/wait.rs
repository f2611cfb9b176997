//! Waiting for a place.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::core::BulkheadCore;
use super::place::Place;
use super::turn::{Joined, Limits, Turn};
use crate::blocking::{self, Parked};
use crate::call::{CallState, Site, id_of};
use crate::cancel::{self, Stop};
use crate::clock::{self, Sleep, ThreadTime};
use crate::deadline::Deadline;
use crate::error::Refusal;
use crate::event::{self, StopReason};
use crate::observe::count::COUNTS_REFUSALS;

/// A call that found no place at once.
#[derive(Debug)]
#[must_use = "wait for a place"]
pub struct Full<'a> {
    core: &'a BulkheadCore,
    call: Option<&'a CallState>,
    is_manual: bool,
}

impl BulkheadCore {
    /// Lets a call in that finds a place at once.
    // Both ways in end in the same few registers: a result that is put together in memory costs more
    // than all the rest.
    #[inline(always)]
    pub(super) fn enter<'a>(&'a self, call: Option<&'a CallState>) -> Result<Place<'a>, Full<'a>> {
        let began = if self.take_at_once() {
            0
        } else if let Some(began) = self.enter_by_steps() {
            began
        } else {
            return Err(Full {
                core: self,
                call,
                is_manual: false,
            });
        };
        Ok(Place::new(self, call, began))
    }

    /// Takes a place if one is free and nobody waits. Returns when the call went in, or 0.
    #[inline(never)]
    fn enter_by_steps(&self) -> Option<u64> {
        self.take().then(|| self.began())
    }

    /// Returns the time at which a call has just gone in; 0 if calls are not timed.
    fn began(&self) -> u64 {
        if self.load().is_timed() {
            self.now()
        } else {
            0
        }
    }

    /// Returns the place of a call that has just gone in.
    fn place<'a>(&'a self, call: Option<&'a CallState>) -> Place<'a> {
        Place::new(self, call, self.began())
    }
}

impl<'a> Full<'a> {
    /// Notes that the call was made manually.
    pub(super) fn manual(self) -> Self {
        Self {
            is_manual: true,
            ..self
        }
    }

    /// Waits for a place, if there is room in the queue.
    pub fn wait(self) -> Wait<'a> {
        Wait {
            full: self,
            queued: None,
            stop: Stop::new(),
        }
    }

    /// Blocks the thread until there is a place, if there is room in the queue.
    ///
    /// # Errors
    ///
    /// Returns the refusal.
    pub(super) fn wait_blocking(self) -> Result<Place<'a>, Refusal> {
        self.wait_by(Parked::park)
    }

    /// Blocks the thread until there is a place, in a call of the function of `site`, which is not
    /// async.
    ///
    /// # Errors
    ///
    /// Returns the refusal.
    #[cold]
    pub fn block(
        self,
        site: &'static Site,
        call: Option<&CallState>,
    ) -> Result<Place<'a>, Refusal> {
        self.wait_by(|parked| parked.tell_and_park(site, || id_of(call)))
    }

    fn wait_by(self, park: impl Fn(Parked)) -> Result<Place<'a>, Refusal> {
        let waker = blocking::unparker();
        let Some(limits) = Limits::of(self.core) else {
            return Err(self.refuse());
        };
        let time = ThreadTime::begin();
        let mut stop = Stop::new();
        let mut cx = Context::from_waker(&waker);
        if let Some(reason) = stop.poll(&mut cx) {
            return Err(self.cancelled(reason));
        }
        let number = match self.core.join(limits.until, waker.clone()) {
            Joined::In => return Ok(self.core.place(self.call)),
            Joined::Full => return Err(self.refuse()),
            Joined::Waits(number) => number,
        };
        loop {
            let turn = self.core.turn(number, limits, time.ahead(), waker.clone());
            match turn {
                Turn::In => return Ok(self.core.place(self.call)),
                Turn::Late => return Err(self.refuse()),
                Turn::Wait(until) => {
                    if let Some(reason) = stop.poll(&mut cx) {
                        self.core.leave(number);
                        return Err(self.cancelled(reason));
                    }
                    let now = self.core.now().saturating_add(clock::nanos(time.ahead()));
                    let left = |until: u64| Duration::from_nanos(until.saturating_sub(now));
                    park(Parked {
                        left: until.map(left),
                        longest: limits.until.map(left),
                    });
                }
            }
        }
    }

    /// Refuses the call, whose wait was ended from outside.
    #[cold]
    fn cancelled(&self, reason: StopReason) -> Refusal {
        let name = self.core.identity().name().text();
        let call = || (!self.is_manual).then(|| id_of(self.call));
        cancel::refuse(name, reason, call)
    }

    /// Refuses the call.
    pub(super) fn refuse(&self) -> Refusal {
        let limit = self.core.load().limit();
        if COUNTS_REFUSALS || event::is_awake() {
            self.core.tell_refused(self.call, self.is_manual, limit);
        }
        let name = self.core.identity().name().text_ref();
        Refusal::BulkheadFull { name, limit }
    }
}

impl Limits {
    /// Returns the limits of a wait that begins now; `None` if there is nothing to wait for.
    fn of(core: &BulkheadCore) -> Option<Self> {
        let settings = core.settings();
        let rules = &settings.rules;
        if rules.queue == 0 {
            return None;
        }
        let deadline = Deadline::current().map(|at| clock::nanos_of(at.instant()));
        let mut until = deadline;
        if deadline.is_some() || rules.wait.is_some() {
            let now = core.now();
            let own = rules.wait.map(|wait| now.saturating_add(wait));
            until = deadline.into_iter().chain(own).min();
            if until.is_some_and(|until| until <= now) {
                return None;
            }
        }
        Some(Self { until, deadline })
    }
}

/// The future of a call that waits for a place.
///
/// If it is dropped before it is ready, the call leaves the queue, and a place that was handed to it
/// goes to the next one.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct Wait<'a> {
    full: Full<'a>,
    // Boxed: few calls wait.
    queued: Option<Pin<Box<Queued>>>,
    stop: Stop,
}

pin_project! {
    /// A call in the queue.
    #[derive(Debug)]
    struct Queued {
        number: u64,
        limits: Limits,
        // When the timer is due, in nanoseconds.
        due: u64,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl Queued {
    fn poll(mut self: Pin<&mut Self>, core: &BulkheadCore, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match core.turn(self.number, self.limits, Duration::ZERO, cx.waker().clone()) {
                Turn::In => return Poll::Ready(true),
                Turn::Late => return Poll::Ready(false),
                Turn::Wait(None) => {
                    self.as_mut().project().timer.set(None);
                    return Poll::Pending;
                }
                Turn::Wait(Some(at)) => ready!(self.as_mut().poll_timer(at, cx)),
            }
        }
    }

    /// Polls the timer, set for `at`.
    fn poll_timer(self: Pin<&mut Self>, at: u64, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if *this.due != at || this.timer.is_none() {
            *this.due = at;
            this.timer
                .set(Some(clock::sleep_until(clock::at_nanos(at))));
        }
        match this.timer.as_mut().as_pin_mut() {
            Some(timer) => ready!(timer.poll(cx)),
            None => return Poll::Pending,
        }
        this.timer.set(None);
        Poll::Ready(())
    }
}

impl<'a> Future for Wait<'a> {
    type Output = Result<Place<'a>, Refusal>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let core = self.full.core;
        let call = self.full.call;
        if self.queued.is_none() {
            let limits = Limits::of(core);
            if limits.is_some()
                && let Some(reason) = self.stop.poll(cx)
            {
                return Poll::Ready(Err(self.full.cancelled(reason)));
            }
            let joined = match limits {
                None => Err(()),
                Some(limits) => match core.join(limits.until, cx.waker().clone()) {
                    Joined::In => return Poll::Ready(Ok(core.place(call))),
                    Joined::Full => Err(()),
                    Joined::Waits(number) => Ok((number, limits)),
                },
            };
            let Ok((number, limits)) = joined else {
                return Poll::Ready(Err(self.full.refuse()));
            };
            self.queued = Some(Box::pin(Queued {
                number,
                limits,
                due: 0,
                timer: None,
            }));
        }
        let Some(queued) = self.queued.as_mut() else {
            return Poll::Pending;
        };
        let Poll::Ready(is_in) = queued.as_mut().poll(core, cx) else {
            let Some(reason) = self.stop.poll(cx) else {
                return Poll::Pending;
            };
            if let Some(queued) = self.queued.take() {
                core.leave(queued.number);
            }
            return Poll::Ready(Err(self.full.cancelled(reason)));
        };
        self.queued = None;
        Poll::Ready(if is_in {
            Ok(core.place(call))
        } else {
            Err(self.full.refuse())
        })
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(queued) = &self.queued {
            self.full.core.leave(queued.number);
        }
    }
}
