//! The span of an attempt: `resil.attempt`.

use std::any::type_name;
use std::sync::Arc;

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
    pub(crate) fn open(self) -> Option<Arc<OwnSpan>> {
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
        OwnSpan::of(span).map(Arc::new)
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

/// What an attempt has to do before its body is dropped: its first field.
#[derive(Debug, Default)]
pub(crate) struct Before(Option<Arc<OwnSpan>>);

impl Drop for Before {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.enter();
        }
    }
}

impl Before {
    /// Enters the span: what the values of the body do when they are dropped belongs to the attempt.
    #[cold]
    #[inline(never)]
    fn enter(&mut self) {
        if let Some(span) = self.0.take() {
            cut::begin();
            span.place().enter();
        }
    }
}

/// What an attempt has to do after its body was dropped: its last field.
#[derive(Debug, Default)]
pub(crate) struct After {
    span: Option<Arc<OwnSpan>>,
    /// The body is being polled: found on drop, it has panicked.
    is_polling: bool,
}

impl Drop for After {
    #[inline(always)]
    fn drop(&mut self) {
        if self.span.is_some() {
            self.close();
        }
    }
}

impl After {
    /// Closes the span of a body that was dropped.
    #[cold]
    #[inline(never)]
    fn close(&mut self) {
        if let Some(span) = self.span.take() {
            span.place().leave();
            let policy = cut::end();
            if self.is_polling {
                span.panicked();
            } else {
                span.dropped(policy);
            }
        }
    }
}

/// Opens the span of an attempt, to be closed by the two when the attempt is over.
#[cold]
#[inline(never)]
pub(crate) fn begin(before: &mut Before, after: &mut After, of: AttemptOf<'_>) {
    if let Some(span) = of.open() {
        before.0 = Some(Arc::clone(&span));
        after.span = Some(span);
    }
}

impl After {
    /// Whether nobody takes the span.
    #[inline(always)]
    pub(crate) fn is_unseen(&self) -> bool {
        self.span.is_none()
    }

    /// Polls the body inside the span.
    pub(crate) fn polling<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        let Some(span) = &self.span else {
            return poll();
        };
        self.is_polling = true;
        let out = span.inside(poll);
        self.is_polling = false;
        out
    }

    /// Closes the span of a body that has returned.
    pub(crate) fn returned(&mut self, before: &mut Before, error: Looked) {
        before.0 = None;
        if let Some(span) = self.span.take() {
            span.returned(error);
        }
    }
}
