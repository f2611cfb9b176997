//! The verdict of a circuit on an outcome.

use crate::classify::Class;
use crate::error::RefusalKind;

/// The verdict of a breaker on the outcome of a call: what it says about the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitVerdict {
    /// The other side failed.
    Failure,
    /// The other side answered as it should.
    Success,
    /// The outcome says nothing about the other side.
    Neutral,
}

/// Returns the verdict on an error of the body where no pattern decides. A permanent error proves
/// that the other side answers.
fn by_class(class: Option<Class>) -> CircuitVerdict {
    match class {
        None | Some(Class::Transient | Class::Throttled { .. }) => CircuitVerdict::Failure,
        Some(Class::Permanent) => CircuitVerdict::Success,
        Some(Class::Limited { .. } | Class::Neutral) => CircuitVerdict::Neutral,
    }
}

/// A question about the error of a call. The answer is `None` if nothing is known, or if the error is
/// not the user's.
pub(super) type Asked<'a, T> = &'a mut dyn FnMut() -> Option<T>;

/// The closure in generated code that returns what the patterns say of an error of the type `E`.
///
/// It is a trait of its own, since a trait object of `FnMut` brings two functions more for each closure.
pub(super) trait Answers<E> {
    /// Returns the verdict on `error`.
    fn about(&mut self, error: &E) -> Option<CircuitVerdict>;
}

impl<E, A: FnMut(&E) -> Option<CircuitVerdict>> Answers<E> for A {
    #[inline(always)]
    fn about(&mut self, error: &E) -> Option<CircuitVerdict> {
        self(error)
    }
}

/// Returns the verdict on a failed call: by the patterns or, where none matches, by the class of
/// the error.
pub(super) fn judge(
    refusal: Option<RefusalKind>,
    replayed: bool,
    verdict: Asked<'_, CircuitVerdict>,
    class: Asked<'_, Class>,
) -> CircuitVerdict {
    let said = verdict();
    match refusal {
        None if replayed => CircuitVerdict::Neutral,
        None => match said {
            None => by_class(class()),
            // The error of the body may be a refusal by another function. It is treated as a
            // refusal by this stack is, below.
            Some(CircuitVerdict::Success)
                if matches!(class(), Some(Class::Limited { .. } | Class::Neutral)) =>
            {
                CircuitVerdict::Neutral
            }
            Some(said) => said,
        },
        // It says nothing about the other side, whatever a pattern says.
        Some(RefusalKind::Cancelled) => CircuitVerdict::Neutral,
        Some(RefusalKind::Timeout { inherited: false } | RefusalKind::Injected) => {
            said.unwrap_or(CircuitVerdict::Failure)
        }
        // Refused before the body ran, or cut by the caller's own deadline. That is no success,
        // even if a pattern says so; it is a failure only if a pattern says so.
        Some(
            RefusalKind::Timeout { inherited: true }
            | RefusalKind::CircuitOpen { .. }
            | RefusalKind::BulkheadFull
            | RefusalKind::RateLimited { .. }
            | RefusalKind::Idempotency,
        ) => match said {
            Some(CircuitVerdict::Failure) => CircuitVerdict::Failure,
            _ => CircuitVerdict::Neutral,
        },
    }
}
