//! The decision about an attempt that did not succeed: whether another one follows, and when.

use std::time::Duration;

use super::ask::{Answers, Ask};
use super::attempt::enclosing;
use super::backoff::DelaySource;
use super::budget::Budget;
use super::delay;
#[cfg(feature = "metrics")]
use super::level;
use super::policy::RetryPolicy;
use super::site::RetrySite;
use super::verdict::{RetryVerdict, default_verdict};
use super::waiting::Waiting;
use crate::call::{CallId, CallNumber, CallState};
use crate::cancel::stopped;
use crate::classify::Class;
use crate::clock;
use crate::deadline::Deadline;
use crate::error::RefusalKind;
use crate::event::{self, Event, StopReason};

/// Returns where the delay before a retry comes from, given its number and the delay before it.
pub(super) type DelaySourceFn<'a> = &'a mut dyn FnMut(u32, Option<Duration>) -> DelaySource;

/// The source of the delays of a retry without a back-off of the user's.
pub fn by_policy(_: u32, _: Option<Duration>) -> DelaySource {
    DelaySource::Policy
}

/// What the decision about one attempt needs to know of the function and the call.
pub(super) struct Step<'a> {
    pub(super) site: &'static RetrySite,
    pub(super) policy: &'a RetryPolicy,
    /// When the call began, in nanoseconds; 0 without a bound on the whole time.
    pub(super) began: u64,
    pub(super) call: Option<&'a CallState>,
    /// The path of a closure in the function, with all type arguments in force.
    pub(super) closure: &'static str,
}

/// The id of a call, drawn when the first event of it is heard.
pub(super) struct CallOf<'a> {
    state: Option<&'a CallState>,
    pub(super) number: Option<CallNumber>,
}

impl<'a> CallOf<'a> {
    pub(super) fn new(state: Option<&'a CallState>, waiting: Option<&Waiting>) -> Self {
        let number = waiting.and_then(Waiting::call);
        Self { state, number }
    }

    pub(super) fn id(&mut self) -> CallId {
        let draw = || self.state.map_or_else(CallNumber::next, CallState::number);
        self.number.get_or_insert_with(draw).id()
    }
}

/// The end of an attempt that did not succeed.
pub(super) struct Ended<'a> {
    pub(super) step: &'a Step<'a>,
    /// The state for the `Self` type of the function.
    pub(super) site: &'static RetrySite,
    /// The number of attempts that have ended, this one included.
    pub(super) attempts: u32,
    /// The delay before this attempt, if it was a retry.
    pub(super) previous: Option<Duration>,
    pub(super) call: CallOf<'a>,
}

/// The delay before the next attempt, and the budget that has paid for it, and how much.
pub(super) type Next = (Duration, Option<(&'static Budget, u32)>);

impl Ended<'_> {
    /// Returns the delay before the next attempt, or why none follows.
    pub(super) fn next(
        &mut self,
        refusal: Option<RefusalKind>,
        ask: Answers<'_, '_>,
        source: DelaySourceFn<'_>,
    ) -> Result<Next, StopReason> {
        let asked = asked(refusal, ask)?;
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
        if let Some(reason) = stopped() {
            return Err(reason);
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
        #[cfg(feature = "metrics")]
        level::note(self.site, policy);
        #[cfg(all(feature = "catalog", not(feature = "metrics")))]
        self.site.show(policy);
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
/// alone.
///
/// # Errors
///
/// If the error is final.
fn asked(
    refusal: Option<RefusalKind>,
    ask: Answers<'_, '_>,
) -> Result<Option<Duration>, StopReason> {
    use RetryVerdict::Final;

    // Whatever a pattern says: the wait was ended on purpose.
    if refusal == Some(RefusalKind::Cancelled) {
        return Err(stopped().unwrap_or(StopReason::Cancelled));
    }
    let said = ask(Ask::Verdict).verdict();
    if said == Some(Final) {
        return Err(StopReason::Final);
    }
    // The kind of a refusal says more than the user's error that was made of it.
    let class = match refusal {
        None => ask(Ask::Class).class(),
        Some(_) => None,
    };
    let retry_after = ask(Ask::RetryAfter).retry_after();
    if said.unwrap_or_else(|| default_verdict(class, refusal)) == Final {
        return Err(StopReason::Final);
    }
    Ok(retry_after.or_else(|| match (class, refusal) {
        (Some(Class::Throttled { retry_after } | Class::Limited { retry_after }), _) => retry_after,
        (_, Some(kind)) => kind.retry_after(),
        _ => None,
    }))
}
