//! What a call has left behind: nothing.

use resil::{Breaker, BulkheadPlace, CircuitState, Deadline, Error, bulkhead, rate_limit};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::body::{Case, Script};
use super::stacks::Stack;
use super::{Before, Ended, breaker_of, is_indeterminate};
use crate::support::ms;

/// What a call has left behind.
pub(super) struct Left<'a> {
    pub(super) stack: &'a Stack,
    pub(super) before: Before,
    pub(super) case: &'a Case,
    pub(super) ended: &'a Ended,
    /// Bodies that were running when it was dropped.
    pub(super) running: u32,
    /// When it came.
    pub(super) came: Instant,
    pub(super) what: &'a str,
}

impl Left<'_> {
    /// Checks all of it. `taken` is the place that was in the way of the call.
    pub(super) async fn check(&self, taken: Option<BulkheadPlace>) {
        let what = self.what;
        assert_eq!(self.case.running(), 0, "a body is left: {what}");
        assert_eq!(Deadline::current(), None, "a deadline is left: {what}");
        let tasks = Handle::current().metrics().num_alive_tasks();
        assert_eq!(tasks, 0, "a task is left: {what}");
        if self.stack.has('B') {
            self.check_places(taken);
        }
        if self.stack.has('L') {
            self.check_turns();
        }
        if let Some(breaker) = breaker_of(self.stack) {
            self.check_breaker(breaker);
            breaker.reset();
        }
        // Under a hedge most runs are copies, and no retries.
        if self.stack.has('R') && !self.stack.has('H') && self.before == Before::Closed {
            self.check_budget().await;
        }
        if self.stack.is_idempotent() && self.before != Before::Limited {
            self.check_key().await;
        }
    }

    /// Nobody is inside but who was there before, and nobody waits.
    fn check_places(&self, taken: Option<BulkheadPlace>) {
        let (what, places) = (self.what, bulkhead(self.stack.layers));
        assert_eq!(places.waiting(), 0, "a wait is left: {what}");
        let inside = u32::from(taken.is_some());
        assert_eq!(places.in_flight(), inside, "a place is left: {what}");
        drop(taken);
        assert_eq!(places.in_flight(), 0, "{what}");
        assert!(places.try_acquire().is_ok(), "wedged: {what}");
    }

    /// A turn is taken by each call that was let in, and by no other one.
    fn check_turns(&self) {
        let (what, stack, begun) = (self.what, self.stack, self.case.begun());
        let limit = rate_limit(stack.layers);
        // The time until the whole burst is back: a minute for each call that was let in.
        let back = if limit.available() == 100 {
            ms(0)
        } else {
            match limit.try_acquire(100) {
                Err(Error::RateLimited { retry_after, .. }) => {
                    retry_after.expect("a time") + self.came.elapsed()
                }
                other => panic!("{other:?}: {what}"),
            }
        };
        let before = if self.before == Before::Limited {
            100
        } else {
            0
        };
        let turns = u32::try_from(back.as_secs().div_ceil(60)).unwrap() - before;
        let repeats = stack.is_above('R', 'L') || stack.is_above('H', 'L');
        let expected = if !stack.layers.ends_with('L') {
            begun.min(1)..=if repeats { 9 } else { 1 }
        } else if stack.is_above('H', 'L') && self.before == Before::Limited {
            // The turn of a copy that waits before another one stays empty.
            begun..=begun + 2
        } else {
            begun..=begun
        };
        assert!(expected.contains(&turns), "{turns} of {expected:?}: {what}");
    }

    fn check_breaker(&self, breaker: Breaker) {
        let (what, counts) = (self.what, breaker.counts());
        assert_eq!(counts.probes_out, 0, "a probe is left: {what}");
        if breaker.state() == CircuitState::HalfOpen {
            assert!(breaker.try_acquire().is_ok(), "wedged: {what}");
        }
        if self.before == Before::ProbeDue {
            return;
        }
        let each_run_counts = !"RHF".chars().any(|inner| self.stack.is_above('C', inner));
        let failures = match self.ended {
            Ended::Cut if each_run_counts => self.case.begun() - self.running,
            // In a fallback, which comes after the outcome.
            Ended::Cut if self.stack.is_above('F', 'C') && self.running == 0 => {
                return assert!(counts.failures_in_a_row <= 1, "{what}");
            }
            Ended::Cut => 0,
            // The copies beside the one that panics are neutral.
            Ended::Panicked if self.stack.is_above('H', 'C') => {
                let failures = counts.failures_in_a_row;
                let expected = 1..=self.case.begun();
                let is_open = breaker.state() == CircuitState::Open;
                return assert!(
                    is_open || expected.contains(&failures),
                    "{failures}: {what}"
                );
            }
            Ended::Panicked if each_run_counts => self.case.begun(),
            Ended::Panicked => 1,
            Ended::Answered(_) => return,
        };
        if failures == 3 {
            assert_eq!(breaker.state(), CircuitState::Open, "{what}");
        } else {
            assert_eq!(counts.failures_in_a_row, failures, "{what}");
        }
    }

    /// A retry costs its token, and nothing else does. A full budget is 100 of them.
    async fn check_budget(&self) {
        let retries = self.case.begun().saturating_sub(1);
        let given_back = match self.ended {
            // 0 is the value of a fallback.
            Ended::Answered(Ok(1..)) if retries > 0 => 1,
            _ => 0,
        };
        let meter = Case::new(Script::FailsAtOnce);
        let _ = (self.stack.meter)(meter.clone()).await;
        assert_eq!(
            meter.begun() - 1,
            100 - retries + given_back,
            "tokens: {}",
            self.what
        );
    }

    /// The key is free, or its result is replayed, or nobody can know; at once in any case.
    async fn check_key(&self) {
        let what = self.what;
        let asked = Instant::now();
        let again = (self.stack.call)(self.case.again(Script::Smooth)).await;
        assert!(asked.elapsed() < ms(500), "the key was waited for: {what}");
        let done = matches!(self.ended, Ended::Answered(_));
        if self.stack.has('I') {
            assert!(again.is_ok(), "{again:?}: {what}");
        } else if !done {
            let lost = self.case.begun() > 0;
            assert_eq!(is_indeterminate(&again), lost, "{again:?}: {what}");
        }
    }
}
