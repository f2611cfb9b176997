//! The retry of one call: counts the attempts, and decides after each whether another one follows.

use std::convert::Infallible;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::ask::{Answer, Answers, Ask, Asks, of_refusal};
use super::attempt::enclosing;
use super::backoff::DelaySource;
use super::budget::Budget;
use super::delay;
use super::policy::RetryPolicy;
use super::site::RetrySite;
use super::verdict::{RetryVerdict, default_verdict};
use super::waiting::Waiting;
use crate::call::conversions::Conversions;
use crate::call::{AnyRefusal, CallId, CallNumber, CallState, Failure, Outcome};
use crate::classify::Class;
use crate::clock;
use crate::deadline::Deadline;
use crate::error::RefusalKind;
use crate::event::{self, Event, StopReason};

/// Returns where the delay before a retry comes from, given its number and the delay before it.
type DelaySourceFn<'a> = &'a mut dyn FnMut(u32, Option<Duration>) -> DelaySource;

/// The constants of an annotated function, and the time at which the call [began](began).
pub(crate) type Constants = (&'static RetrySite, &'static RetryPolicy, u64);

/// The retry of one call. It is a pointer that is null until an attempt fails and another one is to
/// follow.
///
/// Dropped while another attempt is to follow, or runs, it tells listeners that the call was
/// cancelled.
#[derive(Debug, Default)]
// Without the drop code that a `Box` brings: each function would test a second time whether there is
// something to drop.
pub struct Retry(ManuallyDrop<Option<Pin<Box<Waiting>>>>);

/// Returns the time in nanoseconds if `policy` bounds the whole time of a call (`within`), and 0
/// otherwise. Generated code calls it before the first attempt.
#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn began(policy: &RetryPolicy) -> u64 {
    match policy.within {
        None => 0,
        Some(_) => clock::now_ns(),
    }
}

impl Drop for Retry {
    // Inlined: a call that succeeded at once has nothing to drop.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.forget();
        }
    }
}

impl Retry {
    /// Begins the retry of a call.
    #[inline(always)]
    pub const fn new() -> Self {
        Self(ManuallyDrop::new(None))
    }

    /// Returns the number of the attempt that is running or about to begin, from 1.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn attempt(&self) -> u32 {
        match &*self.0 {
            None => 1,
            Some(waiting) => waiting.attempts().saturating_add(1),
        }
    }

    /// Records an attempt that ended with `out`, and returns it if no attempt follows. Otherwise
    /// another one follows after [`pause`](Self::pause), and `out` is dropped.
    ///
    /// `began` is what the function [`began`] returned, or 0. `call` is the state of the call, where
    /// its stack keeps one. `ask` answers questions about an error of the user's: refusals that were
    /// not converted into one are never passed to it.
    #[inline(always)]
    pub fn again<T, E, P: AnyRefusal, A>(
        &mut self,
        constants: Constants,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        mut ask: A,
    ) -> ControlFlow<Outcome<T, E, P>>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        self.after(constants, call, out, &mut ask)
    }

    /// Records an attempt, as [`again`](Self::again) does, in a stack that is this retry alone: the
    /// outcome is what the body returned.
    #[inline(always)]
    pub fn again_alone<R, T, E, A>(
        &mut self,
        constants: Constants,
        out: (R, Conversions<R, T, E, Infallible>),
        mut ask: A,
    ) -> ControlFlow<R>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        self.after_alone(constants, out, &mut ask)
    }

    /// Records an attempt, as [`again`](Self::again) does. `on_ok` returns whether a value asks for
    /// another attempt, and `source` where a delay comes from.
    #[inline(always)]
    pub fn again_by<T, E, P: AnyRefusal, A>(
        &mut self,
        (site, policy, began): Constants,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        on_ok: impl FnOnce(&T) -> bool,
        mut ask: A,
        mut source: impl FnMut(u32, Option<Duration>) -> DelaySource,
    ) -> ControlFlow<Outcome<T, E, P>>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        let follows = match &out {
            Ok(value) if on_ok(value) => {
                let closure = Asks::<E>::path(&ask);
                let mut ask = |question| match question {
                    Ask::Verdict => Answer::Verdict(Some(RetryVerdict::Retry)),
                    _ => Answer::Default,
                };
                let step = Step {
                    site,
                    policy,
                    began,
                    call,
                    closure,
                };
                self.decide(&step, None, &mut ask, &mut source)
            }
            Ok(_) => {
                self.succeeded::<E>(site, policy, call, &ask);
                false
            }
            Err(failure) => self.failed(site, policy, began, call, failure, &mut ask, &mut source),
        };
        if follows {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(out)
        }
    }

    // The steps below take the closure as a trait object. Built without optimisation they are
    // functions of their own, which all functions with one error type share.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after<T, E, P: AnyRefusal>(
        &mut self,
        (site, policy, began): Constants,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        ask: &mut dyn Asks<E>,
    ) -> ControlFlow<Outcome<T, E, P>> {
        match out {
            Ok(value) => {
                self.succeeded(site, policy, call, ask);
                ControlFlow::Break(Ok(value))
            }
            Err(failure) => {
                if self.failed(site, policy, began, call, &failure, ask, &mut by_policy) {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(Err(failure))
                }
            }
        }
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after_alone<R, T, E>(
        &mut self,
        (site, policy, began): Constants,
        (out, conversions): (R, Conversions<R, T, E, Infallible>),
        ask: &mut dyn Asks<E>,
    ) -> ControlFlow<R> {
        match conversions.split(out) {
            Ok(value) => {
                self.succeeded(site, policy, None, ask);
                ControlFlow::Break(conversions.join(Ok(value)))
            }
            Err(error) => {
                if self.failed_alone(site, policy, began, &error, ask) {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(conversions.join(Err(error)))
                }
            }
        }
    }

    // The two below take what they need one by one, so that the code around them has no struct to fill
    // before it knows that the attempt failed.
    #[cold]
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "see above")]
    fn failed<E, P: AnyRefusal>(
        &mut self,
        site: &'static RetrySite,
        policy: &'static RetryPolicy,
        began: u64,
        call: Option<&CallState>,
        failure: &Failure<E, P>,
        ask: &mut dyn Asks<E>,
        source: DelaySourceFn<'_>,
    ) -> bool {
        let (closure, kind) = (ask.path(), failure.refusal());
        let step = Step {
            site,
            policy,
            began,
            call,
            closure,
        };
        match failure {
            Failure::Body(error) | Failure::Exposed(error, _) => {
                let mut ask = |question| ask.answer(error, question);
                self.decide(&step, kind, &mut ask, source)
            }
            Failure::Policy(refusal) => {
                let mut ask = of_refusal(refusal.text());
                self.decide(&step, kind, &mut ask, source)
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn failed_alone<E>(
        &mut self,
        site: &'static RetrySite,
        policy: &'static RetryPolicy,
        began: u64,
        error: &E,
        ask: &mut dyn Asks<E>,
    ) -> bool {
        let step = Step {
            site,
            policy,
            began,
            call: None,
            closure: ask.path(),
        };
        let mut ask = |question| ask.answer(error, question);
        self.decide(&step, None, &mut ask, &mut by_policy)
    }

    #[inline(always)]
    fn succeeded<E>(
        &mut self,
        site: &'static RetrySite,
        policy: &'static RetryPolicy,
        call: Option<&CallState>,
        ask: &dyn Asks<E>,
    ) {
        if self.0.is_some() {
            self.succeeded_again(site, policy, call, ask.path());
        } else if policy.budget.is_some() && site.has_spent() {
            give_one(site, policy, ask.path());
        }
    }

    /// Records a success after retries.
    #[cold]
    #[inline(never)]
    fn succeeded_again(
        &mut self,
        site: &'static RetrySite,
        policy: &'static RetryPolicy,
        call: Option<&CallState>,
        closure: &'static str,
    ) {
        let site = site.of(closure);
        if let Some((budget, numbers)) = site.budget_in_use(policy) {
            budget.give(numbers.cost);
        }
        let mut call = CallOf::new(call, self.0.as_deref());
        event::emit(|| Event::RetrySucceeded {
            function: site.site.name(),
            attempts: self.attempt(),
            call: call.id(),
        });
        self.done();
    }

    /// Decides whether another attempt follows one that ended in an error, or in a value that asks
    /// for one.
    #[cold]
    #[inline(never)]
    fn decide(
        &mut self,
        step: &Step<'_>,
        refusal: Option<RefusalKind>,
        ask: Answers<'_, '_>,
        source: DelaySourceFn<'_>,
    ) -> bool {
        let attempts = self.attempt();
        let mut ended = Ended {
            step,
            site: step.site.of(step.closure),
            attempts,
            // The delay before this attempt, if it was a retry.
            previous: self.0.as_ref().map(|waiting| waiting.delay()),
            call: CallOf::new(step.call, self.0.as_deref()),
        };
        match ended.next(refusal, ask, source) {
            Ok((delay, charged)) => {
                event::emit(|| Event::Retry {
                    function: ended.site.site.name(),
                    attempt: attempts,
                    delay,
                    error: ask(Ask::Text).text().text(),
                    call: ended.call.id(),
                });
                let waiting = self.0.get_or_insert_with(|| Waiting::new(ended.site));
                let call = ended.call.number;
                waiting.as_mut().follow(attempts, call, delay, charged);
                true
            }
            Err(reason) => {
                event::emit(|| Event::RetryStopped {
                    function: ended.site.site.name(),
                    attempts,
                    reason,
                    error: ask(Ask::Text).text().text(),
                    call: ended.call.id(),
                });
                self.done();
                false
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn forget(&mut self) {
        drop(ManuallyDrop::into_inner(std::mem::take(&mut self.0)));
    }

    fn done(&mut self) {
        if let Some(waiting) = &mut *self.0 {
            waiting.as_mut().done();
        }
    }

    /// Returns the wait before the next attempt. Dropping the `Retry` before the wait is over gives
    /// the budget back the tokens that it was charged for the attempt that is not made.
    #[inline]
    pub fn pause(&mut self) -> Pause<'_> {
        Pause(self)
    }
}

#[cold]
#[inline(never)]
fn give_one(site: &'static RetrySite, policy: &RetryPolicy, closure: &'static str) {
    site.of(closure).budget(policy).give(1);
}

/// The source of the delays of a retry without a back-off of the user's.
fn by_policy(_: u32, _: Option<Duration>) -> DelaySource {
    DelaySource::Policy
}

/// What the decision about one attempt needs to know of the function and the call.
struct Step<'a> {
    site: &'static RetrySite,
    policy: &'static RetryPolicy,
    /// When the call began, in nanoseconds; 0 without a bound on the whole time.
    began: u64,
    call: Option<&'a CallState>,
    /// The path of a closure in the function, with all type arguments in force.
    closure: &'static str,
}

/// The future of [`Retry::pause`].
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct Pause<'a>(&'a mut Retry);

impl Future for Pause<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.get_mut().0.0 {
            Some(waiting) => waiting.as_mut().poll_wait(cx),
            None => Poll::Ready(()),
        }
    }
}

/// The id of a call, drawn when the first event of it is heard.
struct CallOf<'a> {
    state: Option<&'a CallState>,
    number: Option<CallNumber>,
}

impl<'a> CallOf<'a> {
    fn new(state: Option<&'a CallState>, waiting: Option<&Waiting>) -> Self {
        let number = waiting.and_then(Waiting::call);
        Self { state, number }
    }

    fn id(&mut self) -> CallId {
        let draw = || self.state.map_or_else(CallNumber::next, CallState::number);
        self.number.get_or_insert_with(draw).id()
    }
}

/// The end of an attempt that did not succeed.
struct Ended<'a> {
    step: &'a Step<'a>,
    /// The state for the `Self` type of the function.
    site: &'static RetrySite,
    /// The number of attempts that have ended, this one included.
    attempts: u32,
    /// The delay before this attempt, if it was a retry.
    previous: Option<Duration>,
    call: CallOf<'a>,
}

/// The delay before the next attempt, and the budget that has paid for it, and how much.
type Next = (Duration, Option<(&'static Budget, u32)>);

impl Ended<'_> {
    /// Returns the delay before the next attempt, or why none follows.
    fn next(
        &mut self,
        refusal: Option<RefusalKind>,
        ask: Answers<'_, '_>,
        source: DelaySourceFn<'_>,
    ) -> Result<Next, StopReason> {
        let asked = asked(refusal, ask).ok_or(StopReason::Final)?;
        let policy = self.step.policy;
        if let Some(outer) = enclosing() {
            if policy.nested_outer {
                return Err(StopReason::Nested);
            }
            // Once a call is enough: with its first failure.
            if self.attempts == 1 {
                event::emit(|| Event::RetryNested {
                    function: self.site.site.name(),
                    outer: outer.name(),
                    call: self.call.id(),
                });
            }
        }
        if policy.max.is_some_and(|max| self.attempts >= max) {
            return Err(StopReason::Exhausted);
        }
        let asked = match asked {
            Some(asked) => Some(policy.asked(asked).ok_or(StopReason::AskedLonger)?),
            None => None,
        };
        let own = match source(self.attempts, self.previous) {
            DelaySource::Policy => policy.spread(self.attempts, self.previous),
            DelaySource::Own(None) => return Err(StopReason::Exhausted),
            DelaySource::Own(Some(d)) => policy.spread_own(d, self.previous),
        };
        let delay = delay::longer(own, asked);
        self.in_time(delay)?;
        let Some((budget, numbers)) = self.site.budget_in_use(policy) else {
            return Ok((delay, None));
        };
        self.step.site.spend();
        if budget.take(numbers, clock::now_ns) {
            Ok((delay, Some((budget, numbers.cost))))
        } else {
            Err(StopReason::Budget)
        }
    }

    /// Checks that the next attempt would begin before every limit, so that the retry never sleeps
    /// only to fail afterwards.
    fn in_time(&self, delay: Duration) -> Result<(), StopReason> {
        let deadline = Deadline::current();
        if let Some(within) = self.step.policy.within {
            let took = Duration::from_nanos(clock::now_ns().saturating_sub(self.step.began));
            if took.saturating_add(delay) >= within {
                return Err(StopReason::Within);
            }
        }
        match deadline {
            Some(deadline) if deadline.remaining() <= delay => Err(StopReason::Deadline),
            _ => Ok(()),
        }
    }
}

/// Asks whether the error is worth another attempt, and how long the failed side asks to be left
/// alone. Returns `None` if the error is final.
fn asked(refusal: Option<RefusalKind>, ask: Answers<'_, '_>) -> Option<Option<Duration>> {
    use RetryVerdict::Final;

    let said = ask(Ask::Verdict).verdict();
    if said == Some(Final) {
        return None;
    }
    // The kind of a refusal says more than the user's error that was made of it.
    let class = match refusal {
        None => ask(Ask::Class).class(),
        Some(_) => None,
    };
    let retry_after = ask(Ask::RetryAfter).retry_after();
    if said.unwrap_or_else(|| default_verdict(class, refusal)) == Final {
        return None;
    }
    Some(retry_after.or_else(|| match (class, refusal) {
        (Some(Class::Throttled { retry_after }), _) => retry_after,
        (_, Some(kind)) => kind.retry_after(),
        _ => None,
    }))
}
