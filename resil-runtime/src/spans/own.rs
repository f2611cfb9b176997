//! A span and the subscriber that it belongs to.
//!
//! A call may be polled, and dropped, where another subscriber is in force than at its first poll, or none.
//! All that happens to its spans happens to the subscriber that has made them.

use std::mem;

use tracing::dispatcher::{Dispatch, with_default};
use tracing::field::Value;
use tracing::{Span, span::Id};

/// A span, as it is known to its subscriber. To another one the id is that of another span.
#[derive(Debug, Clone)]
pub(super) struct Place {
    id: Id,
    subscriber: Dispatch,
}

impl Place {
    /// Returns the place of `span`; `None` if nobody takes it.
    pub(super) fn of(span: &Span) -> Option<Self> {
        span.with_subscriber(|(id, subscriber)| Self {
            id: id.clone(),
            subscriber: subscriber.clone(),
        })
    }

    /// Returns the id of the span.
    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    /// Runs `run` with the span's own subscriber in force: a call may be polled or dropped where another
    /// one is, or none.
    pub(super) fn with_its_subscriber<R>(&self, run: impl FnOnce() -> R) -> R {
        with_default(&self.subscriber, run)
    }

    /// Runs `run` inside the span.
    pub(super) fn inside<R>(&self, run: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Place);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.leave();
            }
        }
        self.with_its_subscriber(|| {
            self.enter();
            let _leave = Leave(self);
            run()
        })
    }

    /// Enters the span.
    pub(super) fn enter(&self) {
        self.subscriber.enter(&self.id);
    }

    /// Leaves the span.
    pub(super) fn leave(&self) {
        self.subscriber.exit(&self.id);
    }
}

/// A span of resil's, which somebody takes. Dropped, it is closed.
#[derive(Debug)]
pub(crate) struct OwnSpan {
    span: Span,
    place: Place,
}

impl OwnSpan {
    /// Returns `None` if nobody takes `span`.
    pub(super) fn of(span: Span) -> Option<Self> {
        Place::of(&span).map(|place| Self { span, place })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Writes down a field.
    pub(super) fn record(&self, field: &str, value: impl Value) {
        self.span.record(field, value);
    }

    /// Writes down that what the span stands for ended with an error of the type `error`. The text of an
    /// error is the user's data: it has no part in a span.
    pub(super) fn record_error(&self, error: &'static str) {
        self.record("error.type", error);
        self.record("otel.status_code", "ERROR");
    }

    /// Runs the user's `code` inside the span. What it makes itself belongs to the subscriber in force.
    pub(crate) fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
        self.span.in_scope(code)
    }
}

impl Drop for OwnSpan {
    fn drop(&mut self) {
        let span = mem::replace(&mut self.span, Span::none());
        // A registry lets go of the span around it through the subscriber that is in force.
        self.place.with_its_subscriber(|| drop(span));
    }
}
