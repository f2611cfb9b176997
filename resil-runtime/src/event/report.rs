//! The report on a call, and on the calls inside it, as the events of a [`trace`](super::trace) tell it.

use std::sync::Arc;
use std::time::Duration;

use super::kinds::{Event, StopReason};
use crate::call::CallId;

/// The number of calls that a report lists.
const MOST_CALLS: usize = 64;

/// The report on a call, and on the calls of annotated functions inside it: [`trace`](crate::trace()) returns it.
///
/// The first fields describe one call: the one with the last event. Of nested calls that is the
/// outer one, as it ends last, unless it had no event. [`calls`](Self::calls) lists all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallReport {
    /// The function that these fields describe; the name of its breaker or of its keys if only
    /// those had an event. `None` if there was no event at all: every call ended at its first
    /// attempt.
    pub function: Option<&'static str>,
    /// The number of attempts: 1 if there was no event, and 0 if the outcome was a replay, or a
    /// refusal before the body ran. If the call was dropped ([`StopReason::Cancelled`]), only the
    /// attempts that had ended count.
    pub attempts: u32,
    /// Why no further attempt was made: `Some(StopReason::Exhausted)` after `max` attempts,
    /// `Some(StopReason::Final)` for an error that is not worth another attempt. `None` after a
    /// success, and without a `#[retry]`.
    pub stopped: Option<StopReason>,
    /// The text of the error of the last failed attempt, cut at 256 characters.
    pub error: Option<Arc<str>>,
    /// Whether an `#[idempotent]` replayed a recorded outcome, and no body ran.
    pub replayed: bool,
    /// The sum of the delays between attempts of all calls, as they were drawn.
    pub waited: Duration,
    /// How often the limit of a `#[timeout]` passed, in all calls.
    pub timeouts: u32,
    /// How many further copies a `#[hedge]` started, in all calls.
    pub hedges: u32,
    /// How often a layer refused before the body ran, in all calls: an open circuit, or an
    /// `#[idempotent]` that did not let the call run.
    pub refusals: u32,
    /// The calls that had an event, ordered by their last one. At most 64: the latest.
    pub calls: Vec<TracedCall>,
    /// The number of calls that `calls` leaves out.
    pub left_out: u64,
}

impl Default for CallReport {
    fn default() -> Self {
        Self {
            function: None,
            attempts: 1,
            stopped: None,
            error: None,
            replayed: false,
            waited: Duration::ZERO,
            timeouts: 0,
            hedges: 0,
            refusals: 0,
            calls: Vec::new(),
            left_out: 0,
        }
    }
}

/// One call in a [`CallReport`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TracedCall {
    /// The id of the call, as in its events.
    pub call: CallId,
    /// The annotated function; the name of its breaker or of its keys if only those had an event.
    pub function: &'static str,
    /// The number of attempts: see [`CallReport::attempts`].
    pub attempts: u32,
    /// Why no further attempt was made: see [`CallReport::stopped`].
    pub stopped: Option<StopReason>,
    /// The text of the error of the last failed attempt.
    pub error: Option<Arc<str>>,
    /// Whether the outcome is a replay.
    pub replayed: bool,
    /// The sum of the delays between its attempts, as they were drawn.
    pub waited: Duration,
    /// How often the limit of one of its `#[timeout]`s passed.
    pub timeouts: u32,
    /// How many further copies its `#[hedge]` started.
    pub hedges: u32,
    /// How often one of its layers refused before the body ran.
    pub refusals: u32,
    /// Whether a `#[retry]` has counted `attempts`.
    counted: bool,
}

impl TracedCall {
    fn new(call: CallId, function: &'static str) -> Self {
        Self {
            call,
            function,
            attempts: 1,
            stopped: None,
            error: None,
            replayed: false,
            waited: Duration::ZERO,
            timeouts: 0,
            hedges: 0,
            refusals: 0,
            counted: false,
        }
    }

    fn count(&mut self, attempts: u32) {
        self.counted = true;
        self.attempts = attempts;
    }

    /// Notes that the call ended without running the body.
    fn nothing_ran(&mut self) {
        if !self.counted {
            self.attempts = 0;
        }
    }
}

impl CallReport {
    /// Returns the entry of `call`, and moves it to the end.
    fn call(&mut self, call: CallId, function: &'static str) -> &mut TracedCall {
        let known = self.calls.iter().position(|c| c.call == call);
        let entry = match known {
            Some(at) => self.calls.remove(at),
            None => TracedCall::new(call, function),
        };
        if self.calls.len() >= MOST_CALLS {
            self.calls.remove(0);
            self.left_out += 1;
        }
        self.calls.push(entry);
        self.calls.last_mut().expect("one was added")
    }

    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::Retry {
                function,
                attempt,
                delay,
                error,
                call,
            } => {
                self.waited = self.waited.saturating_add(*delay);
                let of = self.call(*call, function);
                of.function = function;
                of.count(*attempt);
                of.waited = of.waited.saturating_add(*delay);
                of.error.clone_from(error);
                of.replayed = false;
            }
            Event::RetryStopped {
                function,
                attempts,
                reason,
                error,
                call,
            } => {
                let of = self.call(*call, function);
                of.function = function;
                of.count(*attempts);
                of.stopped = Some(*reason);
                // If the call was dropped or its pause was ended, the error of the last attempt has been
                // told before.
                let has_been_told = matches!(reason, StopReason::Cancelled | StopReason::Shutdown);
                if error.is_some() || !has_been_told {
                    of.error.clone_from(error);
                }
            }
            Event::RetrySucceeded {
                function,
                attempts,
                call,
            } => {
                let of = self.call(*call, function);
                of.function = function;
                of.count(*attempts);
            }
            Event::TimedOut { function, call, .. } => {
                self.timeouts = self.timeouts.saturating_add(1);
                let of = self.call(*call, function);
                of.function = function;
                of.timeouts = of.timeouts.saturating_add(1);
            }
            Event::Hedged { function, call, .. } => {
                self.hedges = self.hedges.saturating_add(1);
                let of = self.call(*call, function);
                of.function = function;
                of.hedges = of.hedges.saturating_add(1);
            }
            Event::FellBack { function, call, .. } => {
                self.call(*call, function).function = function;
            }
            Event::CircuitRefused { name, call, .. }
            | Event::BulkheadRefused { name, call, .. }
            | Event::WaitCancelled { name, call, .. }
            | Event::RateLimited { name, call, .. } => self.refused(*call, name),
            #[cfg(feature = "idempotent")]
            Event::Idempotency {
                name, what, call, ..
            } => match (what, call) {
                (crate::event::idempotency::IdempotencyEvent::Replayed, Some(call)) => {
                    let of = self.call(*call, name);
                    of.replayed = true;
                    of.nothing_ran();
                }
                (what, call) if what.refuses() => self.refused(*call, name),
                _ => {}
            },
            _ => {}
        }
    }

    fn refused(&mut self, call: Option<CallId>, name: &'static str) {
        self.refusals = self.refusals.saturating_add(1);
        if let Some(call) = call {
            let of = self.call(call, name);
            of.refusals = of.refusals.saturating_add(1);
            of.nothing_ran();
        }
    }

    /// Fills in the fields of the call with the last event.
    pub(super) fn finished(self) -> Self {
        match self.calls.last().cloned() {
            None => self,
            Some(last) => Self {
                function: Some(last.function),
                attempts: last.attempts,
                stopped: last.stopped,
                error: last.error,
                replayed: last.replayed,
                ..self
            },
        }
    }
}
