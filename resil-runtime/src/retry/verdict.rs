//! What is to become of an attempt that has ended: by a pattern, or by what its error is.

use std::time::Duration;

use crate::classify::Class;
use crate::error::Raised;
use crate::mark::Mark;
use crate::shown::Shown;

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

/// The verdict where no pattern decides. A timeout of a layer below is retried; every other refusal by
/// resil is final; an error of the body follows its class, and is retried if it has none.
pub(super) fn default_verdict(class: Option<Class>, raised: Option<Raised>) -> RetryVerdict {
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

/// Returns the verdict on an error that is on record, by this attempt or one before: another attempt
/// would only replay it.
#[cfg(feature = "idempotent")]
pub fn recorded_is_final(mark: &Mark) -> Option<RetryVerdict> {
    mark.recorded_error().then_some(RetryVerdict::Final)
}

/// How an attempt ended that is no success.
pub(super) struct Ended<'a> {
    pub(super) verdict: RetryVerdict,
    /// How long the failed side wants to be left alone.
    pub(super) asked: Option<Duration>,
    pub(super) error: Shown<'a>,
    pub(super) mark: Option<&'a Mark>,
}
