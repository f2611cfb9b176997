//! The instant by which a whole call has to end: its limit `total`, or the deadline of the caller if that is
//! sooner.

use std::time::Duration;

use resil_runtime::Deadline;
use resil_runtime::clock::{self, Instant};

use super::error::ClientError;
use super::place::Place;

/// The end of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    began: Instant,
    at: Instant,
    total: Duration,
    is_callers: bool,
}

impl End {
    /// Returns the end of a call that begins now.
    pub(super) fn of(total: Duration) -> Self {
        let began = clock::now();
        let own = Deadline::at(clock::add(began, total));
        let (end, is_callers) = match Deadline::current() {
            Some(callers) if callers < own => (callers, true),
            _ => (own, false),
        };
        Self {
            began,
            at: end.instant(),
            total,
            is_callers,
        }
    }

    /// Returns the instant at which the call began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// Returns the time that is left at `now`, less `margin`; `None` if that is not a millisecond.
    pub(super) fn left(&self, now: Instant, margin: Duration) -> Option<Duration> {
        let left = self.at.saturating_duration_since(now).checked_sub(margin)?;
        (left >= Duration::from_millis(1)).then_some(left)
    }

    /// Returns whether the call has to be over, and nobody around it has ended it.
    pub(super) fn has_passed(&self) -> bool {
        clock::add(self.at, self.grace()) <= clock::now()
    }

    /// Returns the time that is left, when the call is to end, for who is around it. A `#[timeout]` there ends it by
    /// itself, in the same poll: for the function around, its attempt has taken too long. That is another thing than
    /// the deadline of that function's own caller.
    pub(super) fn grace(&self) -> Duration {
        if self.is_callers {
            Duration::from_millis(1)
        } else {
            Duration::ZERO
        }
    }

    /// Returns the error of a call that came to its end.
    pub(super) fn error(&self, attempts: u32) -> ClientError {
        let at = Place::default();
        if self.is_callers {
            return ClientError::Deadline { attempts, at };
        }
        ClientError::Total {
            limit: self.total,
            attempts,
            at,
        }
    }
}
