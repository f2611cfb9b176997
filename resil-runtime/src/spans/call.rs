//! The span of a call: `resil.call`.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tracing::field::Empty;
use tracing::span::Id;
use tracing::{Span, info_span};

use super::own::OwnSpan;
use super::table;
use crate::call::{CallId, CallState, Site};

/// The span of one call, from its first poll until the call is over; nothing if nobody takes it.
///
/// It has the span that is current at the first poll as its parent. It is not entered while the layers of
/// the call are polled: what they do is told by events, which find it in the [`table`].
#[derive(Debug)]
// Without the drop code that a `Box` brings: each call has it, and few have a span.
pub(crate) struct CallSpan(ManuallyDrop<Option<Box<Open>>>);

#[derive(Debug)]
struct Open {
    span: OwnSpan,
    call: CallId,
    /// The number of pieces of the user's code that are being polled inside the span, one in the other.
    entered: AtomicU32,
}

impl CallSpan {
    /// The span of a call that nobody follows.
    pub(crate) const NONE: Self = Self(ManuallyDrop::new(None));

    /// Opens the span of `call`, a call of `site`, if a subscriber takes it.
    #[cold]
    #[inline(never)]
    pub(crate) fn open(site: &'static Site, call: &CallState) -> Self {
        Self(ManuallyDrop::new(open(site, call)))
    }

    /// Writes down how the call ended: with `outcome`, after so many `attempts`.
    #[inline(always)]
    pub(crate) fn end(&self, outcome: &'static str, attempts: u32) {
        if let Some(open) = &*self.0 {
            open.end(outcome, attempts);
        }
    }

    /// Writes down that the call ended with an error of the type `error`.
    pub(crate) fn failed(&self, error: &'static str) {
        if let Some(open) = &*self.0 {
            open.span.record_error(error);
        }
    }

    /// Runs `make`, which makes the span of an attempt below this one. It is told the parent: this span, or
    /// the one that is current if that is already below this one.
    pub(super) fn around<R>(&self, make: impl FnOnce(Option<Id>) -> R) -> R {
        let Some(open) = &*self.0 else {
            return make(Span::current().id());
        };
        let place = open.span.place();
        place.with_its_subscriber(|| {
            let is_inside = open.entered.load(Relaxed) > 0;
            let current = is_inside.then(|| Span::current().id()).flatten();
            make(current.or_else(|| Some(place.id().clone())))
        })
    }

    /// Runs `code`, a piece of the user's code that is no attempt, inside the span.
    #[inline(always)]
    pub(crate) fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
        match &*self.0 {
            None => code(),
            Some(open) => open.inside(code),
        }
    }
}

impl Drop for CallSpan {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.close();
        }
    }
}

impl CallSpan {
    #[cold]
    #[inline(never)]
    fn close(&mut self) {
        drop(self.0.take());
    }
}

fn open(site: &'static Site, call: &CallState) -> Option<Box<Open>> {
    let span = info_span!(
        target: "resil",
        "resil.call",
        function = site.name(),
        call = %call.number().id(),
        outcome = Empty,
        attempts = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    let span = OwnSpan::of(span)?;
    let call = call.number().id();
    table::open(call, span.place().clone());
    Some(Box::new(Open {
        span,
        call,
        entered: AtomicU32::new(0),
    }))
}

impl Open {
    #[cold]
    fn end(&self, outcome: &'static str, attempts: u32) {
        self.span.record("outcome", outcome);
        self.span.record("attempts", attempts);
    }

    #[cold]
    fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
        /// Counts again, when dropped, as before: also when the code panics.
        struct Leave<'a>(&'a AtomicU32);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.store(self.0.load(Relaxed) - 1, Relaxed);
            }
        }
        // Only the task that runs the call counts.
        self.entered.store(self.entered.load(Relaxed) + 1, Relaxed);
        let _leave = Leave(&self.entered);
        self.span.inside(code)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // The span is closed after this: an event that has found it belongs to an open span.
        table::close(self.call);
    }
}
