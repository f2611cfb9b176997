//! The verdict on the outcome of a copy: whether it ends the call.

use crate::call::{AnyRefusal, Failure, Outcome};
use crate::classify::Class;
use crate::error::RefusalKind;

/// What the patterns say of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HedgeVerdict {
    /// The error does not end the call: another copy may do better.
    GoOn,
    /// The error ends the call.
    Final,
    /// `on` does not name the error. It ends the call, unless it is a refusal: no pattern has to name those
    /// for the copies that run to go on.
    NotNamed,
}

/// The outcome of a copy, and what it means for the call.
#[derive(Debug)]
pub struct Judged<O> {
    pub(super) out: O,
    pub(super) end: End,
}

/// How a copy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With a value: the answer of the call.
    Good,
    /// With an error that ends the call.
    Final,
    /// With an error that another copy may do better than, and that starts the next one at once.
    GoOn,
    /// A layer below refused it before its body was polled. The copies that run may do better; one that
    /// starts at once would be refused, too.
    Lost,
}

/// Judges the outcome of a copy by the `class` of the user's error.
#[inline(always)]
pub fn judge<T, E, P: AnyRefusal>(
    out: Outcome<T, E, P>,
    class: impl FnMut(&E) -> Option<Class>,
) -> Judged<Outcome<T, E, P>> {
    judge_by(out, |_| None, class)
}

/// Judges the outcome of a copy. `verdict` returns what the patterns say of the user's error; if it
/// returns `None`, the error's `class` decides.
#[inline(always)]
pub fn judge_by<T, E, P: AnyRefusal>(
    out: Outcome<T, E, P>,
    verdict: impl FnMut(&E) -> Option<HedgeVerdict>,
    class: impl FnMut(&E) -> Option<Class>,
) -> Judged<Outcome<T, E, P>> {
    match out {
        Ok(value) => Judged {
            out: Ok(value),
            end: End::Good,
        },
        Err(failure) => Judged {
            end: failed(&failure, verdict, class),
            out: Err(failure),
        },
    }
}

#[cold]
#[inline(never)]
fn failed<E, P: AnyRefusal>(
    failure: &Failure<E, P>,
    verdict: impl FnMut(&E) -> Option<HedgeVerdict>,
    class: impl FnMut(&E) -> Option<Class>,
) -> End {
    let (error, refusal) = (failure.error(), failure.refusal());
    let is_lost = refusal.is_some_and(is_before_the_body);
    match error.and_then(verdict) {
        Some(HedgeVerdict::GoOn) => End::GoOn,
        Some(HedgeVerdict::NotNamed) | None if is_lost => End::Lost,
        Some(HedgeVerdict::Final | HedgeVerdict::NotNamed) => End::Final,
        None => by_default(refusal, || error.and_then(class)),
    }
}

/// Whether such a refusal comes before the body is polled, and says nothing of the copies that run.
fn is_before_the_body(refusal: RefusalKind) -> bool {
    matches!(
        refusal,
        RefusalKind::CircuitOpen { .. }
            | RefusalKind::BulkheadFull
            | RefusalKind::RateLimited { .. }
    )
}

/// Returns the end where no pattern decides. After a timeout of a layer below the call goes on, unless
/// the deadline of the caller has cut it: no copy can be in time any more. An error of the body ends the
/// call unless it is transient, or has no class.
fn by_default(refusal: Option<RefusalKind>, class: impl FnOnce() -> Option<Class>) -> End {
    let goes_on = match refusal {
        Some(kind) => matches!(kind, RefusalKind::Timeout { inherited: false }),
        None => matches!(class(), None | Some(Class::Transient)),
    };
    if goes_on { End::GoOn } else { End::Final }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    type Out = Outcome<(), u32, Refusal>;

    fn end(out: Out, class: Option<Class>) -> End {
        judge(out, |_| class).end
    }

    #[test]
    fn a_transient_error_and_one_without_a_class_go_on() {
        let body = || Err(Failure::Body(1));
        assert_eq!(end(Ok(()), None), End::Good);
        assert_eq!(end(body(), None), End::GoOn);
        assert_eq!(end(body(), Some(Class::Transient)), End::GoOn);
        for class in [
            Class::Permanent,
            Class::Neutral,
            Class::Throttled { retry_after: None },
            Class::Limited { retry_after: None },
        ] {
            assert_eq!(end(body(), Some(class)), End::Final, "{class:?}");
        }
    }

    #[test]
    fn of_refusals_only_an_own_timeout_goes_on() {
        let exposed = |kind| Err(Failure::Exposed(1, kind));
        let timeout = RefusalKind::Timeout { inherited: false };
        assert_eq!(end(exposed(timeout), Some(Class::Permanent)), End::GoOn);
        for kind in [
            RefusalKind::Timeout { inherited: true },
            RefusalKind::Idempotency,
        ] {
            assert_eq!(end(exposed(kind), None), End::Final, "{kind:?}");
        }
    }

    #[test]
    fn a_copy_that_is_refused_before_its_body_is_lost() {
        for kind in [
            RefusalKind::CircuitOpen { retry_in: None },
            RefusalKind::BulkheadFull,
            RefusalKind::RateLimited {
                retry_after: None,
                is_possible: true,
            },
        ] {
            let out = || Err(Failure::Exposed(1, kind));
            assert_eq!(end(out(), Some(Class::Permanent)), End::Lost, "{kind:?}");
            let by = |verdict| judge_by(out(), |_| Some(verdict), |_| None).end;
            assert_eq!(by(HedgeVerdict::NotNamed), End::Lost);
            assert_eq!(by(HedgeVerdict::GoOn), End::GoOn);
            assert_eq!(by(HedgeVerdict::Final), End::Final);
        }
    }

    #[test]
    fn a_pattern_decides_before_the_class_and_the_kind() {
        let open = RefusalKind::CircuitOpen { retry_in: None };
        let by = |verdict, out: Out| judge_by(out, |_| Some(verdict), |_| None).end;
        assert_eq!(
            by(HedgeVerdict::GoOn, Err(Failure::Exposed(1, open))),
            End::GoOn
        );
        for verdict in [HedgeVerdict::Final, HedgeVerdict::NotNamed] {
            assert_eq!(by(verdict, Err(Failure::Body(1))), End::Final);
        }
    }
}
