//! One call, as it is seen from outside of its layers.

use std::convert::Infallible;
#[cfg(not(feature = "counts"))]
use std::mem::ManuallyDrop;

use super::followed::Followed;
use crate::call::conversions::Conversions;
use crate::call::{AnyRefusal, CallState, Outcome, Site};
#[cfg(all(feature = "tracing", not(feature = "counts")))]
use crate::spans::interest::takes_spans;

/// A call that has begun. Dropped before [`end`](Self::end), it was dropped by its caller, or it panicked.
///
/// Where calls are counted, each call is followed. Where they are not, a call is if somebody takes spans as it begins:
/// what is known of it is in a box then, so that one that nobody follows costs a null pointer and the tests of it.
#[derive(Debug)]
#[must_use = "dropped, the call is over"]
pub struct Seen<'c>(
    #[cfg(feature = "counts")] Followed<'c>,
    // Without the drop code that a `Box` brings.
    #[cfg(not(feature = "counts"))] ManuallyDrop<Option<Box<Followed<'c>>>>,
);

/// Notes that a call of `site` begins.
#[inline]
pub fn observe<'c>(site: &'static Site, call: &'c CallState) -> Seen<'c> {
    Seen::begin(site, call)
}

#[cfg(feature = "counts")]
impl<'c> Seen<'c> {
    #[inline]
    fn begin(site: &'static Site, call: &'c CallState) -> Self {
        Self(Followed::begin(site, call))
    }

    /// Returns the call, as it is followed.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "not each call is followed without the feature"
    )]
    #[inline(always)]
    pub(super) fn followed(&self) -> Option<&Followed<'c>> {
        Some(&self.0)
    }
}

#[cfg(not(feature = "counts"))]
impl<'c> Seen<'c> {
    #[inline(always)]
    fn begin(site: &'static Site, call: &'c CallState) -> Self {
        #[cfg(feature = "tracing")]
        if takes_spans() {
            return Self::follow(site, call);
        }
        let _ = (site, call);
        Self(ManuallyDrop::new(None))
    }

    #[cfg(feature = "tracing")]
    #[cold]
    #[inline(never)]
    fn follow(site: &'static Site, call: &'c CallState) -> Self {
        Self(ManuallyDrop::new(Some(Box::new(Followed::begin(
            site, call,
        )))))
    }

    /// Returns the call, if it is followed.
    #[inline(always)]
    pub(super) fn followed(&self) -> Option<&Followed<'c>> {
        self.0.as_deref()
    }

    #[cold]
    #[inline(never)]
    fn close(&mut self) {
        drop(self.0.take());
    }
}

#[cfg(not(feature = "counts"))]
impl Drop for Seen<'_> {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.close();
        }
    }
}

impl Seen<'_> {
    /// Notes that the call ends with `out`, the outcome of its outermost layer.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn end<T, E, P: AnyRefusal>(&self, out: &Outcome<T, E, P>) {
        if let Some(followed) = self.followed() {
            followed.end(out);
        }
    }

    /// Notes that the call ends with `out`, which the body returned and no layer has refused, and returns it.
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn end_alone<R, T, E>(&self, out: R, conversions: Conversions<R, T, E, Infallible>) -> R {
        match self.followed() {
            None => out,
            Some(followed) => followed.end_alone(out, conversions),
        }
    }

    /// Notes that the call ends with `out`, the result of a value.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn end_value<T, E>(&self, out: &Result<T, E>) {
        if let Some(followed) = self.followed() {
            followed.end_value(out);
        }
    }

    /// Runs `ask`, a piece of the user's code that begins an attempt, so that a panic of it is known as one of the
    /// call, and inside its span.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(crate) fn asking<R>(&self, ask: impl FnOnce() -> R) -> R {
        let Some(followed) = self.followed() else {
            return ask();
        };
        let ask = || followed.call().asking(ask);
        #[cfg(feature = "tracing")]
        let ask = || followed.span().inside(ask);
        ask()
    }

    /// Runs `code`, a piece of the user's code that is no attempt, inside the span of the call.
    #[cfg(feature = "tracing")]
    #[inline(always)]
    pub(crate) fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
        match self.followed() {
            None => code(),
            Some(followed) => followed.span().inside(code),
        }
    }
}
