//! `#[retry]`: how often, when and why the body runs again.
//!
//! Generated code holds a [`Retry`] beside a loop around the body: after each attempt it asks
//! [`again`](Retry::again), and awaits [`pause`](Retry::pause) before the next. A first attempt
//! that succeeds reads one word (the budget) and nothing else: no clock, no random number.

mod attempt;
mod backoff;
mod budget;
mod delay;
mod pause;
mod policy;
mod verdict;

use std::sync::OnceLock;
use std::time::Duration;

pub use self::attempt::{Attempt, attempt};
pub use self::backoff::{Backoff, Plan, plan};
pub use self::pause::Pause;
pub use self::policy::{BudgetPolicy, Jitter, RetryPolicy, Strategy};
#[cfg(feature = "idempotent")]
pub use self::verdict::recorded_is_final;
pub use self::verdict::{RetryVerdict, ask};

use self::attempt::enclosing;
pub(crate) use self::budget::{Budget, Named};
use self::verdict::{Ended, default_verdict};
use crate::call::{CallId, CallNumber};
use crate::classify::Class;
use crate::clock::{self, Instant};
use crate::deadline::Deadline;
use crate::event::{self, Event, StopReason};
use crate::failure::{Failure, Outcome, Raise};
use crate::mark::Mark;
use crate::shown::Shown;
use crate::site::Site;
use crate::types::PerType;
#[cfg(not(loom))]
use crate::types::Types;

/// The static state of one retried function: its budget.
#[derive(Debug)]
pub struct RetrySite {
    site: &'static Site,
    own: Budget,
    name: Option<&'static str>,
    shared: OnceLock<&'static Named>,
    /// The sites of other `Self` types, each with a budget of its own.
    types: PerType<Self>,
}

impl RetrySite {
    /// The state of `site`; `budget` is the name of a budget shared with others.
    // A model checker's atomics are not const; its models make budgets without a site.
    #[cfg(not(loom))]
    pub const fn new(site: &'static Site, budget: Option<&'static str>) -> Self {
        Self {
            site,
            own: Budget::new(),
            name: budget,
            shared: OnceLock::new(),
            types: PerType::new(),
        }
    }

    /// The site for the `Self` of `types`, where the budget has no name.
    #[cfg(not(loom))]
    #[inline(always)]
    pub fn of(&'static self, types: Option<Types>) -> &'static Self {
        match types {
            Some(types) if !self.types.is_first(types) => self.other(types),
            _ => self,
        }
    }

    #[cfg(not(loom))]
    #[inline(never)]
    fn other(&'static self, types: Types) -> &'static Self {
        let make = || Self::new(self.site, None);
        self.types.other(types, make).unwrap_or(self)
    }

    #[inline(always)]
    fn budget(&'static self, policy: &RetryPolicy) -> &'static Budget {
        match self.name {
            None => &self.own,
            Some(name) => &self.shared(name, policy).budget,
        }
    }

    /// Returns the budget with the numbers in use; `None` if `policy` has none.
    fn budget_in_use(
        &'static self,
        policy: &RetryPolicy,
    ) -> Option<(&'static Budget, BudgetPolicy)> {
        let own = policy.budget?;
        Some(match self.name {
            None => (&self.own, own),
            Some(name) => {
                let shared = self.shared(name, policy);
                (&shared.budget, shared.policy())
            }
        })
    }

    /// Not inlined: it made a first attempt that succeeds half as slow again (32 ns, not 21).
    #[inline(never)]
    fn shared(&self, name: &'static str, policy: &RetryPolicy) -> &'static Named {
        if let Some(shared) = self.shared.get() {
            return shared;
        }
        // Not inside the `OnceLock`'s own initialiser: listeners may be told of a conflict, and one of
        // them may call this very function.
        let named = budget::named(name, policy, self.site.name());
        self.shared.get_or_init(|| named)
    }
}

/// Asked for the delay before a retry, given its number and the delay before it.
type PlanFn<'a> = &'a mut dyn FnMut(u32, Option<Duration>) -> Plan;

/// The retry of one call.
#[derive(Debug)]
pub struct Retry {
    policy: &'static RetryPolicy,
    site: &'static RetrySite,
    /// Attempts that have ended.
    attempts: u32,
    /// The call's number, once an event of it was heard.
    call: Option<CallNumber>,
    /// When the call began, if `within` has to know.
    began: Option<Instant>,
    /// The delay drawn last, in ns: 584 years fit.
    delay: u64,
    /// An attempt failed and another one is to follow: dropped here, the call was cancelled.
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
    /// A call begins.
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

    /// An attempt ended with `out`: whether another one follows, after [`pause`](Self::pause).
    ///
    /// `mark` is the call's, where its stack has one. `on_ok` says of a value that it asks for another
    /// try; `verdict` what the patterns say of an error (`None`: nothing, the default holds); `class`
    /// what the error says of itself; `shown` how it can be shown; `asked` how long the failed side
    /// wants to be left alone. The last four are asked about errors that are the user's already.
    /// `plan` says where the delay comes from.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "generated code calls it, and nothing else"
    )]
    pub fn again<T, E, P: Raise>(
        &mut self,
        out: &Outcome<T, E, P>,
        mark: Option<&Mark>,
        on_ok: impl FnOnce(&T) -> bool,
        verdict: impl FnOnce(&E) -> Option<RetryVerdict>,
        class: impl FnOnce(&E) -> Option<Class>,
        shown: impl FnOnce(&E) -> Shown<'_>,
        asked: impl FnOnce(&E) -> Option<Duration>,
        mut plan: impl FnMut(u32, Option<Duration>) -> Plan,
    ) -> bool {
        match out {
            Ok(value) => {
                if on_ok(value) {
                    let ended = Ended {
                        verdict: RetryVerdict::Retry,
                        asked: None,
                        error: Shown::Nothing,
                        mark,
                    };
                    self.next(&ended, &mut plan)
                } else {
                    self.succeeded(mark);
                    false
                }
            }
            Err(failure) => self.failed(failure, mark, verdict, class, shown, asked, &mut plan),
        }
    }

    #[cold]
    #[expect(clippy::too_many_arguments, reason = "those of `again`")]
    fn failed<E, P: Raise>(
        &mut self,
        failure: &Failure<E, P>,
        mark: Option<&Mark>,
        verdict: impl FnOnce(&E) -> Option<RetryVerdict>,
        class: impl FnOnce(&E) -> Option<Class>,
        shown: impl FnOnce(&E) -> Shown<'_>,
        asked: impl FnOnce(&E) -> Option<Duration>,
        plan: PlanFn<'_>,
    ) -> bool {
        let (error, raised) = (failure.error(), failure.raised());
        let verdict = error.and_then(verdict);
        let mut ended = Ended {
            verdict: RetryVerdict::Final,
            asked: None,
            error: match failure {
                Failure::Body(error) | Failure::Seen(error, _) => shown(error),
                Failure::Policy(refusal) => refusal.shown(),
            },
            mark,
        };
        if verdict != Some(RetryVerdict::Final) {
            // What resil raised is known better by its kind than by what the user's type makes of it.
            let class = if raised.is_some() {
                None
            } else {
                error.and_then(class)
            };
            ended.asked = error.and_then(asked).or(match (class, raised) {
                (Some(Class::Throttled { retry_after }), _) => retry_after,
                (_, Some(raised)) => raised.retry_after(),
                _ => None,
            });
            ended.verdict = verdict.unwrap_or_else(|| default_verdict(class, raised));
        }
        self.next(&ended, plan)
    }

    #[inline(always)]
    fn succeeded(&mut self, mark: Option<&Mark>) {
        if self.attempts != 0 {
            return self.succeeded_again(mark);
        }
        if self.policy.budget.is_some() {
            self.site.budget(self.policy).give(1);
        }
    }

    /// A success after retries.
    #[cold]
    fn succeeded_again(&mut self, mark: Option<&Mark>) {
        self.under_way = false;
        if let Some((budget, numbers)) = self.site.budget_in_use(self.policy) {
            budget.give(numbers.cost);
        }
        event::emit(|| Event::RetrySucceeded {
            function: self.site.site.name(),
            attempts: self.attempt(),
            call: self.call(mark),
        });
    }

    #[inline(never)]
    fn next(&mut self, ended: &Ended<'_>, plan: PlanFn<'_>) -> bool {
        self.attempts = self.attempts.saturating_add(1);
        self.under_way = false;
        match self.decide(ended, plan) {
            Ok(delay) => {
                self.under_way = true;
                self.delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
                event::emit(|| Event::Retry {
                    function: self.site.site.name(),
                    attempt: self.attempts,
                    delay,
                    error: ended.error.text(),
                    call: self.call(ended.mark),
                });
                true
            }
            Err(reason) => {
                self.stopped(reason, ended.error, ended.mark);
                false
            }
        }
    }

    fn stopped(&mut self, reason: StopReason, error: Shown<'_>, mark: Option<&Mark>) {
        event::emit(|| Event::RetryStopped {
            function: self.site.site.name(),
            attempts: self.attempts,
            reason,
            error: error.text(),
            call: self.call(mark),
        });
    }

    #[cold]
    fn cancelled(&mut self) {
        // A panic that passes through on its way is told by itself.
        if !std::thread::panicking() {
            self.stopped(StopReason::Cancelled, Shown::Nothing, None);
        }
    }

    /// Returns the id of the call, for an event that is heard. Kept, as who is dropped has no mark.
    fn call(&mut self, mark: Option<&Mark>) -> CallId {
        let number = self
            .call
            .get_or_insert_with(|| mark.map_or_else(CallNumber::next, Mark::number));
        number.id()
    }

    /// The delay before the one that is to be drawn, if there was one.
    fn previous(&self) -> Option<Duration> {
        (self.attempts > 1).then(|| Duration::from_nanos(self.delay))
    }

    /// The delay before the next attempt, or why none follows.
    fn decide(&mut self, ended: &Ended<'_>, plan: PlanFn<'_>) -> Result<Duration, StopReason> {
        if ended.verdict == RetryVerdict::Final {
            return Err(StopReason::Final);
        }
        if let Some(outer) = enclosing() {
            if self.policy.nested_outer {
                return Err(StopReason::Nested);
            }
            // Once a call: its first failure.
            if self.attempts == 1 {
                self.report_nesting(outer, ended.mark);
            }
        }
        if self.policy.max.is_some_and(|max| self.attempts >= max) {
            return Err(StopReason::Exhausted);
        }
        let asked = match ended.asked {
            Some(asked) => Some(self.policy.asked(asked).ok_or(StopReason::AskedLonger)?),
            None => None,
        };
        let previous = self.previous();
        let own = match plan(self.attempts, previous) {
            Plan::Policy => self.policy.spread(self.attempts, previous),
            Plan::Own(None) => return Err(StopReason::Exhausted),
            Plan::Own(Some(d)) => self.policy.spread_own(d, previous),
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

    /// Never sleeps just to fail: an attempt that would begin at or after a limit is not waited for.
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

    fn report_nesting(&mut self, outer: &'static Site, mark: Option<&Mark>) {
        event::emit(|| Event::RetryNested {
            function: self.site.site.name(),
            outer: outer.name(),
            call: self.call(mark),
        });
    }

    /// The wait before the next attempt. Dropping it ends the retry with the call, and gives back
    /// what the budget was charged for an attempt that is not made.
    #[inline]
    pub fn pause(&self) -> Pause {
        Pause::new(Duration::from_nanos(self.delay), self.charged())
    }

    /// What the attempt to come has taken of whose budget.
    #[cold]
    fn charged(&self) -> Option<(&'static Budget, u32)> {
        let (budget, numbers) = self.site.budget_in_use(self.policy)?;
        Some((budget, numbers.cost))
    }
}
