//! The span of an attempt: `resil.attempt`.

use std::any::type_name;
use std::mem::{self, ManuallyDrop};

use tracing::field::Empty;
use tracing::info_span;

use super::call::CallSpan;
use super::cut;
use super::own::OwnSpan;
use crate::call::Site;
use crate::call::conversions::Conversions;

/// What [`look`] sees: the type of the error, if it is one.
pub(crate) type Looked = Option<&'static str>;

/// Looks at `out`, what a body returned: hands it back, and with it the type of its error.
#[inline]
pub fn look<R, T, E, P>(out: R, conversions: Conversions<R, T, E, P>) -> (R, Looked) {
    let out = conversions.split(out);
    let error = out.is_err().then(type_name::<E>);
    (conversions.join(out), error)
}

/// Looks at the result of a closure that runs under a value, as [`look`] does.
#[cfg(not(loom))]
#[inline]
pub(crate) fn look_at<T, E>(out: Result<T, E>) -> (Result<T, E>, Looked) {
    let error = out.is_err().then(type_name::<E>);
    (out, error)
}

/// What the span of an attempt is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptOf<'a> {
    pub(crate) site: &'static Site,
    pub(crate) call: &'a CallSpan,
    /// The number of the attempt in its call, from 1.
    pub(crate) number: u32,
}

impl AttemptOf<'_> {
    /// Opens the span; `None` if nobody takes it.
    #[cold]
    pub(crate) fn open(self) -> Option<OwnSpan> {
        let span = self.call.around(|parent| {
            info_span!(
                target: "resil",
                parent: parent,
                "resil.attempt",
                function = self.site.name(),
                attempt = self.number,
                http.request.resend_count = self.number.checked_sub(1).filter(|n| *n > 0),
                policy = Empty,
                outcome = Empty,
                error.type = Empty,
                otel.status_code = Empty,
            )
        });
        OwnSpan::of(span)
    }
}

impl OwnSpan {
    /// Writes down how a body ended by itself.
    #[cold]
    pub(crate) fn returned(&self, error: Looked) {
        let outcome = if error.is_some() { "error" } else { "ok" };
        self.record("outcome", outcome);
        if let Some(error) = error {
            self.record_error(error);
        }
    }

    /// Writes down that a body panicked.
    #[cold]
    pub(crate) fn panicked(&self) {
        self.record("outcome", "panicked");
        self.record_error("panic");
    }

    /// Writes down that a body was dropped, by `policy` or by the caller.
    fn dropped(&self, policy: Option<&'static str>) {
        self.record("policy", policy);
        if policy == Some("timeout") {
            self.record("outcome", "timeout");
            self.record_error("timeout");
        } else {
            self.record("outcome", "dropped");
        }
    }
}

/// The span of an attempt, from its first poll until the attempt is over; nothing if nobody takes it.
#[derive(Debug)]
// Without the drop code that a `Box` brings: each attempt has it, and few have a span.
pub(crate) struct AttemptSpan(ManuallyDrop<State>);

#[derive(Debug)]
enum State {
    /// The attempt has not begun, or nobody follows it.
    Idle,
    /// The attempt has begun, and has no span.
    Begun,
    Open(Box<Open>),
}

#[derive(Debug)]
struct Open {
    span: OwnSpan,
    /// The body is being polled: found on drop, it has panicked.
    is_polling: bool,
}

impl AttemptSpan {
    /// The span of an attempt that has not begun, or that nobody follows.
    pub(crate) const NONE: Self = Self(ManuallyDrop::new(State::Idle));

    /// Returns whether the attempt has begun.
    #[inline(always)]
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(*self.0, State::Idle)
    }

    /// Begins the attempt, with a span if there is something that it may be `of`, to be closed when it is over.
    #[inline(always)]
    pub(crate) fn begin(&mut self, of: Option<AttemptOf<'_>>) {
        *self.0 = State::Begun;
        if let Some(of) = of {
            self.open(of);
        }
    }

    #[cold]
    #[inline(never)]
    fn open(&mut self, of: AttemptOf<'_>) {
        if let Some(span) = of.open() {
            let is_polling = false;
            *self.0 = State::Open(Box::new(Open { span, is_polling }));
        }
    }

    fn take(&mut self) -> Option<Box<Open>> {
        match mem::replace(&mut *self.0, State::Begun) {
            State::Open(open) => Some(open),
            State::Idle | State::Begun => None,
        }
    }

    /// Polls the body inside the span.
    pub(crate) fn polling<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        let State::Open(open) = &mut *self.0 else {
            return poll();
        };
        open.is_polling = true;
        let out = open.span.inside(poll);
        open.is_polling = false;
        out
    }

    /// Closes the span of a body that has returned.
    pub(crate) fn returned(&mut self, error: Looked) {
        if let Some(open) = self.take() {
            open.span.returned(error);
        }
    }

    /// Enters the span of a body that is about to be dropped: what its values do then belongs to the attempt.
    #[inline(always)]
    pub(crate) fn before_drop(&self) {
        if let State::Open(open) = &*self.0 {
            open.enter();
        }
    }

    /// Closes the span of a body that was dropped.
    #[cold]
    #[inline(never)]
    fn close(&mut self) {
        if let Some(open) = self.take() {
            open.dropped();
        }
    }
}

impl Drop for AttemptSpan {
    #[inline(always)]
    fn drop(&mut self) {
        if matches!(*self.0, State::Open(_)) {
            self.close();
        }
    }
}

impl Open {
    #[cold]
    #[inline(never)]
    fn enter(&self) {
        cut::begin();
        self.span.place().enter();
    }

    fn dropped(&self) {
        self.span.place().leave();
        let policy = cut::end();
        if self.is_polling {
            self.span.panicked();
        } else {
            self.span.dropped(policy);
        }
    }
}
