//! The retry of one call: counts the attempts, and decides after each whether another one follows.

use std::any::type_name;
use std::convert::Infallible;
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use super::ask::{Answer, Answers, Ask, Asks, PathOf, of_refusal};
use super::backoff::DelaySource;
use super::decision::{CallOf, DelaySourceFn, Ended, Step, by_policy};
use super::policy::RetryPolicy;
use super::site::RetrySite;
use super::verdict::RetryVerdict;
use super::waiting::Waiting;
use crate::call::conversions::Conversions;
use crate::call::{AnyRefusal, CallState, Failure, Outcome};
use crate::clock;
use crate::error::RefusalKind;
use crate::event::{self, Event};
use crate::observe::count::Count;

/// The constants of an annotated function, and the time at which the call [began](began).
pub(crate) type Constants<'a> = (&'static RetrySite, &'a RetryPolicy, u64);

/// The retry of one call. It is a pointer that is null until an attempt fails and another one is to
/// follow.
///
/// Dropped while another attempt is to follow, or runs, it tells listeners that the call was
/// cancelled.
#[derive(Debug, Default)]
// Without the drop code that a `Box` brings: each function would test a second time whether there is
// something to drop.
pub struct Retry(pub(super) ManuallyDrop<Option<Pin<Box<Waiting>>>>);

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
        constants: Constants<'_>,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        mut ask: A,
    ) -> ControlFlow<Outcome<T, E, P>>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        self.after(
            constants,
            call,
            out,
            false,
            &mut ask,
            type_name::<A>,
            &mut by_policy,
            drop,
        )
    }

    /// Records an attempt, as [`again`](Self::again) does, in a stack that is this retry alone: the
    /// outcome is what the body returned.
    #[inline(always)]
    pub fn again_alone<R, T, E, A>(
        &mut self,
        constants: Constants<'_>,
        out: (R, Conversions<R, T, E, Infallible>),
        mut ask: A,
    ) -> ControlFlow<R>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        self.after_alone(constants, None, out, &mut ask, type_name::<A>)
    }

    /// Records an attempt, as [`again_alone`](Self::again_alone) does, of a call that is seen.
    #[cfg(feature = "observe")]
    #[inline(always)]
    pub fn again_seen<R, T, E, A>(
        &mut self,
        constants: Constants<'_>,
        call: &CallState,
        out: (R, Conversions<R, T, E, Infallible>),
        mut ask: A,
    ) -> ControlFlow<R>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        self.after_alone(constants, Some(call), out, &mut ask, type_name::<A>)
    }

    /// Records an attempt, as [`again`](Self::again) does. `on_ok` returns whether a value asks for
    /// another attempt, and `source` where a delay comes from.
    #[inline(always)]
    pub fn again_by<T, E, P: AnyRefusal, A>(
        &mut self,
        constants: Constants<'_>,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        on_ok: impl FnOnce(&T) -> bool,
        mut ask: A,
        mut source: impl FnMut(u32, Option<Duration>) -> DelaySource,
    ) -> ControlFlow<Outcome<T, E, P>>
    where
        A: for<'e> FnMut(&'e E, Ask) -> Answer<'e>,
    {
        let unwanted = out.as_ref().is_ok_and(on_ok);
        self.after(
            constants,
            call,
            out,
            unwanted,
            &mut ask,
            type_name::<A>,
            &mut source,
            drop,
        )
    }

    // The two steps below take the closure as a trait object. Built without optimisation they are
    // functions of their own, which all functions with one error type share.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[expect(
        clippy::too_many_arguments,
        reason = "they stay where the caller has them"
    )]
    pub(super) fn after<T, E, P: AnyRefusal>(
        &mut self,
        (site, policy, began): Constants<'_>,
        call: Option<&CallState>,
        out: Outcome<T, E, P>,
        unwanted: bool,
        ask: &mut dyn Asks<E>,
        path: PathOf,
        source: DelaySourceFn<'_>,
        keep: impl FnOnce(Outcome<T, E, P>),
    ) -> ControlFlow<Outcome<T, E, P>> {
        let (follows, out) = match out {
            Ok(value) if !unwanted => {
                self.succeeded(site, policy, call, path);
                return ControlFlow::Break(Ok(value));
            }
            Ok(value) => {
                let step = Step {
                    site,
                    policy,
                    began,
                    call,
                    closure: path(),
                };
                let mut ask = |question| match question {
                    Ask::Verdict => Answer::Verdict(Some(RetryVerdict::Retry)),
                    _ => Answer::Default,
                };
                (self.decide(&step, None, &mut ask, source), Ok(value))
            }
            Err(failure) => {
                let follows = self.failed(site, policy, began, call, &failure, ask, path, source);
                (follows, Err(failure))
            }
        };
        if follows {
            keep(out);
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(out)
        }
    }

    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after_alone<R, T, E>(
        &mut self,
        (site, policy, began): Constants<'_>,
        call: Option<&CallState>,
        (out, conversions): (R, Conversions<R, T, E, Infallible>),
        ask: &mut dyn Asks<E>,
        path: PathOf,
    ) -> ControlFlow<R> {
        match conversions.split(out) {
            Ok(value) => {
                self.succeeded(site, policy, call, path);
                ControlFlow::Break(conversions.join(Ok(value)))
            }
            Err(error) => {
                if self.failed_alone(site, policy, began, call, &error, ask, path) {
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
        policy: &RetryPolicy,
        began: u64,
        call: Option<&CallState>,
        failure: &Failure<E, P>,
        ask: &mut dyn Asks<E>,
        path: PathOf,
        source: DelaySourceFn<'_>,
    ) -> bool {
        let (closure, kind) = (path(), failure.refusal());
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
    #[expect(clippy::too_many_arguments, reason = "see above")]
    fn failed_alone<E>(
        &mut self,
        site: &'static RetrySite,
        policy: &RetryPolicy,
        began: u64,
        call: Option<&CallState>,
        error: &E,
        ask: &mut dyn Asks<E>,
        path: PathOf,
    ) -> bool {
        let step = Step {
            site,
            policy,
            began,
            call,
            closure: path(),
        };
        let mut ask = |question| ask.answer(error, question);
        self.decide(&step, None, &mut ask, &mut by_policy)
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
        if step.policy.is_off() {
            self.done();
            return false;
        }
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
                ended.site.site.count(Count::Retry);
                event::emit(|| Event::Retry {
                    function: ended.site.site.name(),
                    attempt: attempts,
                    delay,
                    error: ask(Ask::Text).text().told(),
                    call: ended.call.id(),
                });
                let waiting = self.0.get_or_insert_with(|| Waiting::new(ended.site));
                let call = ended.call.number;
                waiting.as_mut().follow(attempts, call, delay, charged);
                true
            }
            Err(reason) => {
                ended.site.site.count(Count::stopped(reason));
                event::emit(|| Event::RetryStopped {
                    function: ended.site.site.name(),
                    attempts,
                    reason,
                    error: ask(Ask::Text).text().told(),
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
        drop(self.0.take());
    }

    pub(super) fn done(&mut self) {
        if let Some(waiting) = &mut *self.0 {
            waiting.as_mut().done();
        }
    }
}
