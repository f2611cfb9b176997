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

use std::sync::OnceLock;
use std::time::Duration;

pub use self::attempt::{Attempt, attempt};
pub use self::backoff::{Backoff, Plan, plan};
pub use self::pause::Pause;
pub use self::policy::{BudgetPolicy, Jitter, RetryPolicy, Strategy};

use self::attempt::enclosing;
pub(crate) use self::budget::Budget;
use self::delay::Spread;
use crate::classify::Class;
use crate::clock::{self, Instant};
use crate::deadline::Deadline;
use crate::error::Raised;
use crate::event::{self, Event, StopReason};
use crate::failure::{Failure, Outcome, Raise};
use crate::site::Site;
use crate::types::{PerType, Types};

/// The static state of one retried function: its budget.
#[derive(Debug)]
pub struct RetrySite {
    site: &'static Site,
    own: Budget,
    name: Option<&'static str>,
    shared: OnceLock<&'static Budget>,
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
    fn budget(&self) -> &Budget {
        match self.name {
            None => &self.own,
            Some(name) => self.shared(name),
        }
    }

    /// Not inlined: it made a first attempt that succeeds half as slow again (32 ns, not 21).
    #[inline(never)]
    fn shared(&self, name: &'static str) -> &Budget {
        self.shared.get_or_init(|| budget::named(name))
    }
}

/// What a pattern says of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryVerdict {
    /// Try again.
    Retry,
    /// Never try again.
    Final,
}

/// Asks `f` of `error`: a closure written in the attribute learns its argument's type here.
#[inline]
pub fn ask<E>(error: &E, f: impl FnOnce(&E) -> Option<Duration>) -> Option<Duration> {
    f(error)
}

/// What holds where no pattern decides: a timeout below may pass, what else resil raised is final;
/// the body's own error is what it says it is, and worth another try if it says nothing.
fn default_verdict(class: Option<Class>, raised: Option<Raised>) -> RetryVerdict {
    let again = match (raised, class) {
        (Some(raised), _) => matches!(raised, Raised::Timeout { .. }),
        (None, Some(Class::Permanent | Class::Neutral)) => false,
        (None, _) => true,
    };
    if again {
        RetryVerdict::Retry
    } else {
        RetryVerdict::Final
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
    /// When the call began, if `within` has to know.
    began: Option<Instant>,
    /// The delay drawn last.
    delay: Option<Duration>,
    nested_reported: bool,
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
            began: if policy.within.is_some() {
                Some(clock::now())
            } else {
                None
            },
            delay: None,
            nested_reported: false,
            under_way: false,
        }
    }

    /// An attempt ended with `out`: whether another one follows, after [`pause`](Self::pause).
    ///
    /// `on_ok` says of a value that it asks for another try; `verdict` what the patterns say of an
    /// error (`None`: nothing, the default holds); `class` what the error says of itself; `asked`
    /// how long the failed side wants to be left alone. The last three are asked about errors that
    /// are the user's already. `plan` says where the delay comes from.
    #[inline(always)]
    pub fn again<T, E, P: Raise>(
        &mut self,
        out: &Outcome<T, E, P>,
        on_ok: impl FnOnce(&T) -> bool,
        verdict: impl FnOnce(&E) -> Option<RetryVerdict>,
        class: impl FnOnce(&E) -> Option<Class>,
        asked: impl FnOnce(&E) -> Option<Duration>,
        mut plan: impl FnMut(u32, Option<Duration>) -> Plan,
    ) -> bool {
        match out {
            Ok(value) => {
                if on_ok(value) {
                    self.next(Some(RetryVerdict::Retry), None, &mut plan)
                } else {
                    self.succeeded();
                    false
                }
            }
            Err(failure) => self.failed(failure, verdict, class, asked, &mut plan),
        }
    }

    #[cold]
    fn failed<E, P: Raise>(
        &mut self,
        failure: &Failure<E, P>,
        verdict: impl FnOnce(&E) -> Option<RetryVerdict>,
        class: impl FnOnce(&E) -> Option<Class>,
        asked: impl FnOnce(&E) -> Option<Duration>,
        plan: PlanFn<'_>,
    ) -> bool {
        let (error, raised) = (failure.error(), failure.raised());
        let verdict = error.and_then(verdict);
        if verdict == Some(RetryVerdict::Final) {
            return self.next(verdict, None, plan);
        }
        // What resil raised is known better by its kind than by what the user's type makes of it.
        let class = if raised.is_some() {
            None
        } else {
            error.and_then(class)
        };
        let asked = error.and_then(asked).or(match (class, raised) {
            (Some(Class::Throttled { retry_after }), _) => retry_after,
            (_, Some(raised)) => raised.retry_after(),
            _ => None,
        });
        let verdict = verdict.unwrap_or_else(|| default_verdict(class, raised));
        self.next(Some(verdict), asked, plan)
    }

    #[inline(always)]
    fn succeeded(&mut self) {
        self.under_way = false;
        if let Some(budget) = self.policy.budget {
            self.site
                .budget()
                .give(if self.attempts == 0 { 1 } else { budget.cost });
        }
    }

    #[inline(never)]
    fn next(
        &mut self,
        verdict: Option<RetryVerdict>,
        asked: Option<Duration>,
        plan: PlanFn<'_>,
    ) -> bool {
        self.attempts = self.attempts.saturating_add(1);
        self.under_way = false;
        match self.decide(verdict, asked, plan) {
            Ok(delay) => {
                self.under_way = true;
                self.delay = Some(delay);
                event::emit(|| Event::Retry {
                    function: self.site.site.name(),
                    attempt: self.attempts,
                    delay,
                });
                true
            }
            Err(reason) => {
                self.stopped(reason);
                false
            }
        }
    }

    fn stopped(&self, reason: StopReason) {
        event::emit(|| Event::RetryStopped {
            function: self.site.site.name(),
            attempts: self.attempts,
            reason,
        });
    }

    #[cold]
    fn cancelled(&self) {
        // A panic that passes through on its way is told by itself.
        if !std::thread::panicking() {
            self.stopped(StopReason::Cancelled);
        }
    }

    /// The delay before the next attempt, or why none follows.
    fn decide(
        &mut self,
        verdict: Option<RetryVerdict>,
        asked: Option<Duration>,
        plan: PlanFn<'_>,
    ) -> Result<Duration, StopReason> {
        if verdict == Some(RetryVerdict::Final) {
            return Err(StopReason::Final);
        }
        if let Some(outer) = enclosing() {
            if self.policy.nested_outer {
                return Err(StopReason::Nested);
            }
            self.report_nesting(outer);
        }
        if self.policy.max.is_some_and(|max| self.attempts >= max) {
            return Err(StopReason::Exhausted);
        }
        let spread: Spread = match asked {
            Some(asked) => self.policy.asked(asked).ok_or(StopReason::AskedLonger)?,
            None => match plan(self.attempts, self.delay) {
                Plan::Policy => self.policy.spread(self.attempts, self.delay),
                Plan::Own(None) => return Err(StopReason::Exhausted),
                Plan::Own(Some(d)) => self.policy.spread_own(d, self.delay),
            },
        };
        let delay = spread.draw();
        self.in_time(delay)?;
        match self.policy.budget {
            Some(budget) if !self.site.budget().take(budget) => Err(StopReason::Budget),
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

    fn report_nesting(&mut self, outer: &'static Site) {
        if !self.nested_reported {
            self.nested_reported = true;
            event::emit(|| Event::RetryNested {
                function: self.site.site.name(),
                outer: outer.name(),
            });
        }
    }

    /// The wait before the next attempt. Dropping it ends the retry with the call, and gives back
    /// what the budget was charged for an attempt that is not made.
    #[inline]
    pub fn pause(&self) -> Pause {
        let charged = self.policy.budget.map(|b| (self.site, b.cost));
        Pause::new(self.delay, charged)
    }
}
