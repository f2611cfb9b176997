//! The span around a place, to be carried into a task that is started there.

#[cfg(feature = "tracing")]
use tracing::Span;

/// The span that is current at a place; nothing without the feature `tracing`.
#[derive(Debug, Clone)]
pub(crate) struct Around {
    #[cfg(feature = "tracing")]
    span: Span,
}

impl Around {
    /// Returns the span that is current here.
    pub(crate) fn here() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: if super::interest::is_on() {
                Span::current()
            } else {
                Span::none()
            },
        }
    }

    /// Runs `poll` inside the span.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(clippy::unused_self, reason = "with the feature it is used")
    )]
    pub(crate) fn enter<R>(&self, poll: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        let _entered = self.span.enter();
        poll()
    }
}
