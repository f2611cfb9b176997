//! Finds out whether an outcome is an error that the fallback is for.

use std::ops::ControlFlow;

use crate::call::conversions::Conversions;
use crate::call::{AnyRefusal, CallState, Failure, Outcome, Site, id_of};
use crate::event::{self, ErrorText, Event};

/// The function that falls back, and the state of the call where its stack keeps one.
pub(crate) type Caller<'a> = (&'static Site, Option<&'a CallState>);

/// Returns the error that the fallback is for, as the user's own, or the outcome where there is none:
/// a value, or an error for which `applies` returns false. `text` returns where the text of the error
/// in events comes from.
#[inline(always)]
pub fn fall_back<R, T, E, P: AnyRefusal>(
    out: Outcome<T, E, P>,
    conversions: Conversions<R, T, E, P>,
    caller: Caller<'_>,
    applies: impl FnMut(&E) -> bool,
    text: impl for<'e> FnOnce(&'e E) -> ErrorText<'e>,
) -> ControlFlow<Outcome<T, E, P>, E> {
    match out {
        Ok(value) => ControlFlow::Break(Ok(value)),
        Err(failure) => match failed(failure, conversions, caller, applies, text) {
            Ok(error) => ControlFlow::Continue(error),
            Err(failure) => ControlFlow::Break(Err(failure)),
        },
    }
}

#[cold]
#[inline(never)]
fn failed<R, T, E, P: AnyRefusal>(
    failure: Failure<E, P>,
    conversions: Conversions<R, T, E, P>,
    caller: Caller<'_>,
    mut applies: impl FnMut(&E) -> bool,
    text: impl for<'e> FnOnce(&'e E) -> ErrorText<'e>,
) -> Result<E, Failure<E, P>> {
    let failure = match failure {
        Failure::Policy(refusal) => {
            let kind = refusal.kind();
            Failure::Exposed(conversions.make(refusal), kind)
        }
        failure => failure,
    };
    match failure {
        Failure::Body(error) | Failure::Exposed(error, _) if applies(&error) => {
            tell(caller, text(&error));
            Ok(error)
        }
        failure => Err(failure),
    }
}

/// Tells listeners that a call falls back, and for which error.
#[cold]
#[inline(never)]
pub(super) fn tell((site, call): Caller<'_>, error: ErrorText<'_>) {
    if let Some(call) = call {
        call.set_fell_back(true);
    }
    event::emit(|| Event::FellBack {
        function: site.name(),
        error: error.text(),
        call: id_of(call),
    });
}
