//! Whether anybody in the process takes spans or events.

use tracing::level_filters::LevelFilter;

/// Returns whether a subscriber of this process may take an event: one relaxed load.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// Returns whether a subscriber of this process may take a span: one relaxed load.
#[inline(always)]
pub(crate) fn takes_spans() -> bool {
    LevelFilter::INFO <= LevelFilter::current()
}
