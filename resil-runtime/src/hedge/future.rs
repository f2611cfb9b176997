//! The future of a hedged call: its copies, and the timer of the next one.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::coop;

use super::gate::{Gate, Open};
use super::policy::{HedgeAfter, HedgePolicy};
use super::race::{Constants, Further, Race, Racing, Round, since};
use super::site::HedgeSite;
use super::timer::Timer;
use super::verdict::{End, Judged};
use crate::call::may_copy::MayCopy;
use crate::call::{CallState, id_of};
use crate::cancel::stopped;
use crate::clock;
use crate::event::{self, Event};
use crate::observe::count::Count;
use crate::spans::cut;

pin_project! {
    /// The future of [`hedge`].
    ///
    /// Dropping it drops all copies.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Hedge<'a, C, F, G> {
        // The first copy, until it has failed.
        #[pin]
        first: Option<F>,
        // It begins at the end of a first poll that gave no answer: a call whose first copy answers at
        // once writes and drops nothing of it.
        #[pin]
        race: Option<Race<F>>,
        constants: Constants<'a>,
        copy: C,
        gate: G,
    }
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
) -> Hedge<'a, C, F, Open>
where
    C: Fn() -> F,
{
    hedge_behind(Open, site, policy, call, copy)
}

/// Runs what `copy` makes as [`hedge`] does, and starts it beside a copy that runs when `gate` lets it.
#[inline(always)]
pub(crate) fn hedge_behind<'a, C, F, G>(
    gate: G,
    site: &'static HedgeSite,
    policy: &'a HedgePolicy,
    call: &'a CallState,
    copy: C,
) -> Hedge<'a, C, F, G>
where
    C: Fn() -> F,
{
    Hedge {
        first: Some(copy()),
        race: None,
        constants: Constants { site, policy, call },
        copy,
        gate,
    }
}

impl<C, F, O, G> Future for Hedge<'_, C, F, G>
where
    C: Fn() -> F,
    F: Future<Output = Judged<O>>,
    G: Gate,
{
    type Output = O;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O> {
        let this = self.as_mut().project();
        // The timer is made at the end of the first poll: before it needs nothing of tokio's budget of the task.
        let mut had_budget = false;
        match this.race.as_ref().get_ref() {
            None if this.gate.is_asked() => {}
            None => this.constants.give(),
            Some(race) if race.started == 1 => had_budget = coop::has_budget_remaining(),
            Some(_) => return self.race(cx),
        }
        let Some(first) = this.first.as_pin_mut() else {
            unreachable!("a hedge was polled again after it had answered")
        };
        let polled = first.poll(cx);
        // A call that has one copy in any case has no part in the budget, nor in the latencies.
        let is_asked = this.gate.is_asked();
        let is_hedged = !is_asked || this.gate.may_copy() != MayCopy::Never;
        if is_asked && is_hedged && this.race.is_none() {
            this.constants.give();
        }
        match polled {
            Poll::Ready(Judged {
                out,
                end: End::Good,
            }) => {
                if is_hedged {
                    let Constants { site, policy, .. } = *this.constants;
                    let race = this.race.as_ref().get_ref().as_ref();
                    site.succeeded(policy, || race.map_or(0, |race| since(race.began)));
                }
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

impl<C, F, O, G> Hedge<'_, C, F, G>
where
    C: Fn() -> F,
    F: Future<Output = Judged<O>>,
    G: Gate,
{
    /// Goes on after the only copy has failed with `out`.
    #[cold]
    #[inline(never)]
    fn fail_alone(mut self: Pin<&mut Self>, out: O, cx: &mut Context<'_>) -> Poll<O> {
        self.as_mut().project().first.set(None);
        self.as_mut().begin();
        let mut round = Round::new(true);
        round.fail(out);
        self.finish(round, cx)
    }

    /// Goes on after a poll in which the only copy was pending.
    #[inline(never)]
    fn wait(mut self: Pin<&mut Self>, had_budget: bool, cx: &mut Context<'_>) -> Poll<O> {
        self.as_mut().begin();
        self.finish(Round::new(had_budget), cx)
    }

    /// Begins the race, if it has not begun.
    fn begin(self: Pin<&mut Self>) {
        let mut race = self.project().race;
        if race.is_none() {
            race.set(Some(Race::new()));
        }
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
        while at < self.as_mut().racing().others.len() {
            match self.as_mut().poll_one(Some(at), cx) {
                Poll::Pending => at += 1,
                Poll::Ready(judged) => {
                    let ended = self.as_mut().racing().others.remove(at).number;
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
            let this = self.as_mut().racing();
            if this.first.is_none() && this.others.is_empty() {
                let Some(last) = round.last else {
                    unreachable!("a hedge was polled again after it had answered")
                };
                return Poll::Ready(last);
            }
            if self.as_mut().poll_timer(round.had_budget, cx).is_pending() {
                return Poll::Pending;
            }
            if !self.as_mut().start() {
                self.as_mut().racing().timer.set(Timer::Off);
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
        let at = self.as_mut().racing().others.len() - 1;
        let Poll::Ready(judged) = self.as_mut().poll_one(Some(at), cx) else {
            return None;
        };
        let ended = self.as_mut().racing().others.remove(at).number;
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
        let this = unwinding.hedge.as_mut().racing();
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
        let mut this = self.racing();
        let Constants { site, policy, call } = this.constants;
        if this.is_last() || stopped().is_some() || !site.pay(policy) {
            return false;
        }
        *this.started += 1;
        let number = *this.started;
        this.others.push(Further {
            number,
            future: Box::pin((this.copy)()),
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
        let mut this = self.racing();
        let Constants { site, policy, call } = this.constants;
        let is_first_late = number > 1 && this.first.is_some();
        cut::by("hedge", || this.first.set(None));
        cut::by("hedge", || this.others.clear());
        if judged.end == End::Good {
            // The first copy takes longer than the delay: that is known of it, if it has not failed. The
            // time of the call would move the percentile up with each call that a copy has saved.
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

impl<'a, C, F, G: Gate> Hedge<'a, C, F, G> {
    /// Returns the parts of the future and of its race, which has begun.
    fn racing(self: Pin<&mut Self>) -> Racing<'_, 'a, C, F, G> {
        let this = self.project();
        let Some(race) = this.race.as_pin_mut() else {
            unreachable!("the race begins as the first poll ends")
        };
        let race = race.project();
        Racing {
            first: this.first,
            timer: race.timer,
            others: race.others,
            started: race.started,
            began: race.began,
            delay: race.delay,
            constants: *this.constants,
            copy: this.copy,
            gate: this.gate,
        }
    }

    /// Polls the timer, and makes it if it is needed. It is ready when the next copy is due.
    fn poll_timer(self: Pin<&mut Self>, had_budget: bool, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.racing();
        let Constants { site, policy, .. } = this.constants;
        if this.timer.is_unset() {
            if this.gate.may_copy() == MayCopy::NotYet {
                return Poll::Pending;
            }
            let is_timed =
                *this.began == 0 && matches!(policy.after, HedgeAfter::Percentile { .. });
            if is_timed {
                *this.began = clock::now_ns();
            }
            let delay = site.delay(policy).filter(|_| !this.is_last());
            if *this.started == 1 {
                *this.delay = clock::nanos(delay.unwrap_or_default());
            }
            this.timer.as_mut().start(delay);
        }
        this.timer.poll(had_budget, cx)
    }
}

/// A copy is being polled. Dropped, it says that the poll panics.
///
/// The panic is that copy's, and the mark of it in the state of the call would be taken for one of each
/// copy that is dropped after it. So the others are dropped first, without the mark.
struct Unwinding<'p, 'a, C, F, G: Gate> {
    hedge: Pin<&'p mut Hedge<'a, C, F, G>>,
    /// The index of the copy; `None` for the first one.
    which: Option<usize>,
}

impl<C, F, G: Gate> Drop for Unwinding<'_, '_, C, F, G> {
    #[cold]
    fn drop(&mut self) {
        let mut this = self.hedge.as_mut().racing();
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
