//! The future of a hedged call: its copies, and the timer of the next one.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::coop;

use super::policy::{HedgeAfter, HedgePolicy};
use super::site::HedgeSite;
use super::timer::Timer;
use super::verdict::{End, Judged};
use crate::call::{CallState, id_of};
use crate::cancel::stopped;
use crate::clock;
use crate::event::{self, Event};
use crate::observe::count::Count;

pin_project! {
    /// The future of [`hedge`].
    ///
    /// Dropping it drops all copies.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Hedge<'a, C, F> {
        // The first copy, until it has failed.
        #[pin]
        first: Option<F>,
        #[pin]
        timer: Timer,
        // The other copies that run, in the order in which they were started.
        others: Vec<Further<F>>,
        // The number of copies that were started: 0 before the first poll.
        started: u32,
        // The end of the first poll in nanoseconds, if the latency of the call counts; 0 before.
        began: u64,
        // The delay before the second copy in nanoseconds; 0 before it is known.
        delay: u64,
        constants: Constants<'a>,
        copy: C,
    }
}

/// The constants of an annotated function, and the state of the call.
#[derive(Debug, Clone, Copy)]
struct Constants<'a> {
    site: &'static HedgeSite,
    policy: &'a HedgePolicy,
    call: &'a CallState,
}

/// A copy that was started after the first one.
#[derive(Debug)]
struct Further<F> {
    /// The number of the copy, from 2.
    number: u32,
    future: Pin<Box<F>>,
}

/// Runs what `copy` makes, and starts it once more while no answer has come.
///
/// `copy` is called once at first, and once for each further copy.
#[inline(always)]
pub fn hedge<'a, C, F>(
    site: &'static HedgeSite,
    policy: &'a HedgePolicy,
    call: &'a CallState,
    copy: C,
) -> Hedge<'a, C, F>
where
    C: Fn() -> F,
{
    Hedge {
        first: Some(copy()),
        timer: Timer::Unset,
        others: Vec::new(),
        started: 0,
        began: 0,
        delay: 0,
        constants: Constants { site, policy, call },
        copy,
    }
}

impl<C, F, O> Future for Hedge<'_, C, F>
where
    C: Fn() -> F,
    F: Future<Output = Judged<O>>,
{
    type Output = O;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O> {
        let this = self.as_mut().project();
        // The timer is not made before the end of the first poll, so that it needs nothing of tokio's
        // budget of the task then.
        let is_first_poll = *this.started == 0;
        if is_first_poll {
            *this.started = 1;
            let Constants { site, policy, .. } = *this.constants;
            if let Some(gain) = policy.gain {
                site.budget.give(gain);
            }
        } else if *this.started > 1 {
            return self.race(cx);
        }
        let had_budget = !is_first_poll && coop::has_budget_remaining();
        let Some(first) = this.first.as_pin_mut() else {
            unreachable!("a hedge was polled again after it had answered")
        };
        match first.poll(cx) {
            Poll::Ready(Judged {
                out,
                end: End::Good,
            }) => {
                let Constants { site, policy, .. } = *this.constants;
                site.succeeded(policy, || since(*this.began));
                Poll::Ready(out)
            }
            // No other copy runs.
            Poll::Ready(Judged {
                out,
                end: End::Final | End::Lost,
            }) => Poll::Ready(out),
            Poll::Ready(Judged {
                out,
                end: End::GoOn,
            }) => self.fail_alone(out, cx),
            Poll::Pending => self.wait(had_budget, cx),
        }
    }
}

impl<C, F, O> Hedge<'_, C, F>
where
    C: Fn() -> F,
    F: Future<Output = Judged<O>>,
{
    /// Goes on after the only copy has failed with `out`.
    #[cold]
    #[inline(never)]
    fn fail_alone(mut self: Pin<&mut Self>, out: O, cx: &mut Context<'_>) -> Poll<O> {
        self.as_mut().project().first.set(None);
        let mut round = Round::new(true);
        round.fail(out);
        self.finish(round, cx)
    }

    /// Goes on after a poll in which the only copy was pending.
    #[inline(never)]
    fn wait(self: Pin<&mut Self>, had_budget: bool, cx: &mut Context<'_>) -> Poll<O> {
        self.finish(Round::new(had_budget), cx)
    }

    /// Polls all copies, in the order in which they were started.
    #[cold]
    #[inline(never)]
    fn race(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O> {
        let mut round = Round::new(coop::has_budget_remaining());
        if let Poll::Ready(judged) = self.as_mut().poll_one(None, cx) {
            self.as_mut().project().first.set(None);
            if let Some(answer) = self.as_mut().end(1, judged, &mut round) {
                return Poll::Ready(answer);
            }
        }
        let mut at = 0;
        while at < self.others.len() {
            match self.as_mut().poll_one(Some(at), cx) {
                Poll::Pending => at += 1,
                Poll::Ready(judged) => {
                    let ended = self.as_mut().project().others.remove(at).number;
                    if let Some(answer) = self.as_mut().end(ended, judged, &mut round) {
                        return Poll::Ready(answer);
                    }
                }
            }
        }
        self.finish(round, cx)
    }

    /// Starts a copy for each one that has failed in this poll, and one when it is time.
    fn finish(mut self: Pin<&mut Self>, mut round: Round<O>, cx: &mut Context<'_>) -> Poll<O> {
        loop {
            while round.failed > 0 && self.as_mut().start() {
                round.failed -= 1;
                if let Some(answer) = self.as_mut().poll_last(&mut round, cx) {
                    return Poll::Ready(answer);
                }
            }
            // For what has failed, no copy is left.
            round.failed = 0;
            if self.first.is_none() && self.others.is_empty() {
                let Some(last) = round.last else {
                    unreachable!("a hedge was polled again after it had answered")
                };
                return Poll::Ready(last);
            }
            if self.as_mut().poll_timer(round.had_budget, cx).is_pending() {
                return Poll::Pending;
            }
            if !self.as_mut().start() {
                self.as_mut().project().timer.set(Timer::Off);
                return Poll::Pending;
            }
            if let Some(answer) = self.as_mut().poll_last(&mut round, cx) {
                return Poll::Ready(answer);
            }
        }
    }

    /// Polls the copy that was started last for the first time. Returns its answer, if it ends the call.
    fn poll_last(
        mut self: Pin<&mut Self>,
        round: &mut Round<O>,
        cx: &mut Context<'_>,
    ) -> Option<O> {
        let at = self.others.len() - 1;
        let Poll::Ready(judged) = self.as_mut().poll_one(Some(at), cx) else {
            return None;
        };
        let ended = self.as_mut().project().others.remove(at).number;
        self.end(ended, judged, round)
    }

    /// Goes on without that copy, which has ended. Returns the outcome of the call, if it ends that.
    fn end(
        self: Pin<&mut Self>,
        number: u32,
        judged: Judged<O>,
        round: &mut Round<O>,
    ) -> Option<O> {
        match judged.end {
            End::Good | End::Final => return Some(self.answer(number, judged)),
            End::GoOn => round.fail(judged.out),
            End::Lost => round.last = Some(judged.out),
        }
        None
    }

    /// Polls one copy: the first one, or that at an index of `others`.
    fn poll_one(
        mut self: Pin<&mut Self>,
        which: Option<usize>,
        cx: &mut Context<'_>,
    ) -> Poll<Judged<O>> {
        let mut unwinding = Unwinding {
            hedge: self.as_mut(),
            which,
        };
        let this = unwinding.hedge.as_mut().project();
        let copy = match which {
            None => this.first.as_pin_mut(),
            Some(at) => this.others.get_mut(at).map(|other| other.future.as_mut()),
        };
        let poll = copy.map_or(Poll::Pending, |copy| copy.poll(cx));
        mem::forget(unwinding);
        poll
    }

    /// Starts a copy, if there may be one more and the budget pays for it.
    fn start(self: Pin<&mut Self>) -> bool {
        let mut this = self.project();
        let Constants { site, policy, call } = *this.constants;
        if *this.started >= policy.max || stopped().is_some() || !site.pay(policy) {
            return false;
        }
        *this.started += 1;
        let number = *this.started;
        this.others.push(Further {
            number,
            future: Box::pin((*this.copy)()),
        });
        this.timer.set(Timer::Unset);
        site.site.count(Count::Hedge);
        event::emit(|| Event::Hedged {
            function: site.site.name(),
            copy: number,
            call: id_of(Some(call)),
        });
        true
    }

    /// Ends the call with the outcome of that copy. The others are dropped where they stand.
    fn answer(self: Pin<&mut Self>, number: u32, judged: Judged<O>) -> O {
        let mut this = self.project();
        let Constants { site, policy, call } = *this.constants;
        let is_first_late = number > 1 && this.first.is_some();
        this.first.set(None);
        this.others.clear();
        if judged.end == End::Good {
            // Of the first copy it is known that it takes longer than the delay. The time of the call
            // would move the percentile up with each call that a copy has saved. If the first copy has
            // failed, nothing is known of the latency.
            if number == 1 {
                site.succeeded(policy, || since(*this.began));
            } else if is_first_late {
                site.succeeded(policy, || *this.delay);
            }
            if number > 1 {
                site.site.count(Count::HedgeWon);
            }
            event::emit(|| Event::HedgeWon {
                function: site.site.name(),
                copy: number,
                call: id_of(Some(call)),
            });
        }
        judged.out
    }
}

impl<C, F> Hedge<'_, C, F> {
    /// Polls the timer, and makes it if it is needed. It is ready when the next copy is due.
    fn poll_timer(self: Pin<&mut Self>, had_budget: bool, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Constants { site, policy, .. } = *this.constants;
        if this.timer.is_unset() {
            let is_timed =
                *this.began == 0 && matches!(policy.after, HedgeAfter::Percentile { .. });
            if is_timed {
                *this.began = clock::now_ns();
            }
            let delay = site.delay(policy).filter(|_| *this.started < policy.max);
            if *this.started == 1 {
                *this.delay = clock::nanos(delay.unwrap_or_default());
            }
            this.timer.as_mut().start(delay);
        }
        this.timer.poll(had_budget, cx)
    }
}

/// What has happened to the copies in one poll.
struct Round<O> {
    /// The number of copies that have failed and were not replaced.
    failed: u32,
    /// The outcome of the copy that failed or was refused last.
    last: Option<O>,
    /// Whether there was some of tokio's budget of the task before the copies were polled.
    had_budget: bool,
}

impl<O> Round<O> {
    fn new(had_budget: bool) -> Self {
        Self {
            failed: 0,
            last: None,
            had_budget,
        }
    }

    fn fail(&mut self, out: O) {
        self.failed += 1;
        self.last = Some(out);
    }
}

/// A copy is being polled. Dropped, it says that the poll panics.
///
/// The panic is that copy's, and the mark of it in the state of the call would be taken for one of each
/// copy that is dropped after it. So the others are dropped first, without the mark.
struct Unwinding<'p, 'a, C, F> {
    hedge: Pin<&'p mut Hedge<'a, C, F>>,
    /// The index of the copy; `None` for the first one.
    which: Option<usize>,
}

impl<C, F> Drop for Unwinding<'_, '_, C, F> {
    #[cold]
    fn drop(&mut self) {
        let mut this = self.hedge.as_mut().project();
        let call = this.constants.call;
        let panicked = call.panicked();
        call.set_polling(false);
        let others = mem::take(this.others);
        if self.which.is_some() {
            this.first.set(None);
        }
        for (at, other) in others.into_iter().enumerate() {
            if self.which == Some(at) {
                this.others.push(other);
            } else {
                drop(other);
            }
        }
        call.set_polling(panicked);
    }
}

/// Returns the time since `began`, in nanoseconds; 0 if the first poll has not ended.
fn since(began: u64) -> u64 {
    if began == 0 {
        0
    } else {
        clock::now_ns().saturating_sub(began)
    }
}
