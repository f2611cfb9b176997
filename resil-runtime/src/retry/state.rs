//! The retry of one call: counts the attempts, and decides after each whether another one follows.

use std::time::Duration;

use super::attempt::enclosing;
use super::backoff::DelaySource;
use super::budget::Budget;
use super::delay;
use super::pause::Pause;
use super::policy::RetryPolicy;
use super::site::RetrySite;
use super::verdict::{Ended, RetryVerdict, default_verdict};
use crate::call::{AnyRefusal, CallId, CallNumber, CallState, Failure, Outcome, Site};
use crate::classify::Class;
use crate::clock::{self, Instant};
use crate::deadline::Deadline;
use crate::event::{self, ErrorText, Event, StopReason};

/// Returns where the delay before a retry comes from, given its number and the delay before it.
type DelaySourceFn<'a> = &'a mut dyn FnMut(u32, Option<Duration>) -> DelaySource;

/// The retry of one call: its settings, and the attempts and delays so far.
#[derive(Debug)]
pub struct Retry {
    policy: &'static RetryPolicy,
    site: &'static RetrySite,
    /// The number of attempts that have ended.
    attempts: u32,
    /// The call's number, once an event of it was heard.
    call: Option<CallNumber>,
    /// When the call began; kept only if `within` is set.
    began: Option<Instant>,
    /// The delay drawn last, in nanoseconds: 584 years fit.
    delay: u64,
    /// An attempt failed and another one is to follow. If the `Retry` is dropped while this is set,
    /// the call was cancelled.
    under_way: bool,
}

impl Drop for Retry {
    #[inline(always)]
    fn drop(&mut self) {
        if self.under_way {
            self.cancelled();
        }
    }
}

impl Retry {
    /// Begins the retry of a call. Reads the clock only if the policy bounds the whole time
    /// (`within`).
    #[inline(always)]
    pub fn begin(site: &'static RetrySite, policy: &'static RetryPolicy) -> Self {
        Self {
            policy,
            site,
            attempts: 0,
            call: None,
            began: if policy.within.is_some() {
                Some(clock::now())
            } else {
                None
            },
            delay: 0,
            under_way: false,
        }
    }

    /// Returns the number of the attempt that is running or about to begin, from 1.
    #[inline(always)]
    pub fn attempt(&self) -> u32 {
        self.attempts.saturating_add(1)
    }

    /// Records an attempt that ended with `out`, and returns whether another one follows, after
    /// [`pause`](Self::pause).
    ///
    /// * `call` is the state of the call, where its stack keeps one.
    /// * `on_ok` returns whether a value asks for another attempt.
    /// * `verdict` returns what the patterns say of an error; `None` leaves it to the default.
    /// * `class` returns the error's class, if it has one.
    /// * `text` returns the error's text for events.
    /// * `retry_after` returns how long the failed side asks to be left alone.
    /// * `source` returns where the delay comes from.
    ///
    /// Refusals that were not converted into the user's error are never passed to these functions.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "generated code calls it, and nothing else"
    )]
    pub fn again<T, E, P: AnyRefusal>(
        &mut self,
        out: &Outcome<T, E, P>,
        call: Option<&CallState>,
        on_ok: impl FnOnce(&T) -> bool,
        verdict: impl FnOnce(&E) -> Option<RetryVerdict>,
        class: impl FnOnce(&E) -> Option<Class>,
        text: impl FnOnce(&E) -> ErrorText<'_>,
        retry_after: impl FnOnce(&E) -> Option<Duration>,
        mut source: impl FnMut(u32, Option<Duration>) -> DelaySource,
    ) -> bool {
        match out {
            Ok(value) => {
                if on_ok(value) {
                    let ended = Ended {
                        verdict: RetryVerdict::Retry,
                        retry_after: None,
                        error: ErrorText::Nothing,
                        call,
                    };
                    self.next(&ended, &mut source)
                } else {
                    self.succeeded(call);
                    false
                }
            }
            Err(failure) => self.failed(
                failure,
                call,
                verdict,
                class,
                text,
                retry_after,
                &mut source,
            ),
        }
    }

    #[cold]
    #[expect(clippy::too_many_arguments, reason = "those of `again`")]
    fn failed<E, P: AnyRefusal>(
        &mut self,
        failure: &Failure<E, P>,
        call: Option<&CallState>,
        verdict: impl FnOnce(&E) -> Option<RetryVerdict>,
        class: impl FnOnce(&E) -> Option<Class>,
        text: impl FnOnce(&E) -> ErrorText<'_>,
        retry_after: impl FnOnce(&E) -> Option<Duration>,
        source: DelaySourceFn<'_>,
    ) -> bool {
        let (error, refusal) = (failure.error(), failure.refusal());
        let verdict = error.and_then(verdict);
        let mut ended = Ended {
            verdict: RetryVerdict::Final,
            retry_after: None,
            error: match failure {
                Failure::Body(error) | Failure::Exposed(error, _) => text(error),
                Failure::Policy(refusal) => refusal.text(),
            },
            call,
        };
        if verdict != Some(RetryVerdict::Final) {
            // The kind of a refusal says more than the user's error that was made of it.
            let class = if refusal.is_some() {
                None
            } else {
                error.and_then(class)
            };
            ended.retry_after = error.and_then(retry_after).or(match (class, refusal) {
                (Some(Class::Throttled { retry_after }), _) => retry_after,
                (_, Some(kind)) => kind.retry_after(),
                _ => None,
            });
            ended.verdict = verdict.unwrap_or_else(|| default_verdict(class, refusal));
        }
        self.next(&ended, source)
    }

    #[inline(always)]
    fn succeeded(&mut self, call: Option<&CallState>) {
        if self.attempts != 0 {
            return self.succeeded_again(call);
        }
        if self.policy.budget.is_some() {
            self.site.budget(self.policy).give(1);
        }
    }

    /// Records a success after retries.
    #[cold]
    fn succeeded_again(&mut self, call: Option<&CallState>) {
        self.under_way = false;
        if let Some((budget, numbers)) = self.site.budget_in_use(self.policy) {
            budget.give(numbers.cost);
        }
        event::emit(|| Event::RetrySucceeded {
            function: self.site.site.name(),
            attempts: self.attempt(),
            call: self.call_id(call),
        });
    }

    #[inline(never)]
    fn next(&mut self, ended: &Ended<'_>, source: DelaySourceFn<'_>) -> bool {
        self.attempts = self.attempts.saturating_add(1);
        self.under_way = false;
        match self.decide(ended, source) {
            Ok(delay) => {
                self.under_way = true;
                self.delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
                event::emit(|| Event::Retry {
                    function: self.site.site.name(),
                    attempt: self.attempts,
                    delay,
                    error: ended.error.text(),
                    call: self.call_id(ended.call),
                });
                true
            }
            Err(reason) => {
                self.stopped(reason, ended.error, ended.call);
                false
            }
        }
    }

    fn stopped(&mut self, reason: StopReason, error: ErrorText<'_>, call: Option<&CallState>) {
        event::emit(|| Event::RetryStopped {
            function: self.site.site.name(),
            attempts: self.attempts,
            reason,
            error: error.text(),
            call: self.call_id(call),
        });
    }

    #[cold]
    fn cancelled(&mut self) {
        // No event for a panic that is passing through: it is reported by itself.
        if !std::thread::panicking() {
            self.stopped(StopReason::Cancelled, ErrorText::Nothing, None);
        }
    }

    /// Returns the id of the call, for an event that is heard. The number is kept here too, as the
    /// state of the call is out of reach when the `Retry` is dropped.
    fn call_id(&mut self, call: Option<&CallState>) -> CallId {
        let number = self
            .call
            .get_or_insert_with(|| call.map_or_else(CallNumber::next, CallState::number));
        number.id()
    }

    /// Returns the delay that was drawn before the last attempt, if that one was a retry.
    fn previous(&self) -> Option<Duration> {
        (self.attempts > 1).then(|| Duration::from_nanos(self.delay))
    }

    /// Returns the delay before the next attempt, or why none follows.
    fn decide(
        &mut self,
        ended: &Ended<'_>,
        source: DelaySourceFn<'_>,
    ) -> Result<Duration, StopReason> {
        if ended.verdict == RetryVerdict::Final {
            return Err(StopReason::Final);
        }
        if let Some(outer) = enclosing() {
            if self.policy.nested_outer {
                return Err(StopReason::Nested);
            }
            // Once a call is enough: with its first failure.
            if self.attempts == 1 {
                self.report_nesting(outer, ended.call);
            }
        }
        if self.policy.max.is_some_and(|max| self.attempts >= max) {
            return Err(StopReason::Exhausted);
        }
        let asked = match ended.retry_after {
            Some(asked) => Some(self.policy.asked(asked).ok_or(StopReason::AskedLonger)?),
            None => None,
        };
        let previous = self.previous();
        let own = match source(self.attempts, previous) {
            DelaySource::Policy => self.policy.spread(self.attempts, previous),
            DelaySource::Own(None) => return Err(StopReason::Exhausted),
            DelaySource::Own(Some(d)) => self.policy.spread_own(d, previous),
        };
        let delay = delay::longer(own, asked);
        self.in_time(delay)?;
        match self.site.budget_in_use(self.policy) {
            Some((budget, numbers)) if !budget.take(numbers, clock::now_ns) => {
                Err(StopReason::Budget)
            }
            _ => Ok(delay),
        }
    }

    /// Checks that the next attempt would begin before every limit, so that the retry never sleeps
    /// only to fail afterwards.
    fn in_time(&self, delay: Duration) -> Result<(), StopReason> {
        let deadline = Deadline::current();
        if self.began.is_none() && deadline.is_none() {
            return Ok(());
        }
        let now = clock::now();
        if let (Some(began), Some(within)) = (self.began, self.policy.within)
            && now.saturating_duration_since(began).saturating_add(delay) >= within
        {
            return Err(StopReason::Within);
        }
        match deadline {
            Some(d) if d.instant().saturating_duration_since(now) <= delay => {
                Err(StopReason::Deadline)
            }
            _ => Ok(()),
        }
    }

    fn report_nesting(&mut self, outer: &'static Site, call: Option<&CallState>) {
        event::emit(|| Event::RetryNested {
            function: self.site.site.name(),
            outer: outer.name(),
            call: self.call_id(call),
        });
    }

    /// Returns the wait before the next attempt. Dropping it half-way gives the budget back the
    /// tokens that it was charged for the attempt that is not made.
    #[inline]
    pub fn pause(&self) -> Pause {
        Pause::new(Duration::from_nanos(self.delay), self.charged())
    }

    /// Returns the budget that the next attempt was charged to, and how much.
    #[cold]
    fn charged(&self) -> Option<(&'static Budget, u32)> {
        let (budget, numbers) = self.site.budget_in_use(self.policy)?;
        Some((budget, numbers.cost))
    }
}
