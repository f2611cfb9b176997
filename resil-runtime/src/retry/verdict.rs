//! The verdict on a failed attempt: by a pattern, or by the class of its error.

use std::time::Duration;

#[cfg(feature = "idempotent")]
use crate::call::CallState;
use crate::classify::Class;
use crate::error::RefusalKind;

/// Whether an error is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryVerdict {
    /// Try again.
    Retry,
    /// Never try again.
    Final,
}

/// Calls `f`, the closure of `retry_after = ..`, with `error`. The closure's argument gets its type
/// here, so that the user need not write it.
#[inline]
pub fn ask_retry_after<E>(error: &E, f: impl FnOnce(&E) -> Option<Duration>) -> Option<Duration> {
    f(error)
}

/// Returns the verdict `Final` if the error of the outcome is recorded, by this attempt or an
/// earlier one, since another attempt would only replay it. Returns `None` otherwise.
#[cfg(feature = "idempotent")]
pub fn recorded_is_final(call: &CallState) -> Option<RetryVerdict> {
    call.error_is_recorded().then_some(RetryVerdict::Final)
}

/// Returns the verdict where no pattern decides. A timeout of a layer below is retried, and
/// so is a rate limit that would let the call pass later; every other refusal by resil is final; an error of the body follows its class, and is retried if it has
/// none.
pub(super) fn default_verdict(class: Option<Class>, refusal: Option<RefusalKind>) -> RetryVerdict {
    let again = match (refusal, class) {
        (Some(kind), _) => matches!(
            kind,
            RefusalKind::Timeout { .. }
                | RefusalKind::RateLimited {
                    is_possible: true,
                    ..
                }
        ),
        (None, Some(Class::Permanent | Class::Neutral)) => false,
        (None, _) => true,
    };
    if again {
        RetryVerdict::Retry
    } else {
        RetryVerdict::Final
    }
}
