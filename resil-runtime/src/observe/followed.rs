//! A call that is followed: somebody counts it, or takes its span.

#[cfg(feature = "tracing")]
use std::any::type_name;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use super::count::Count;
use super::outcome::CallOutcome;
#[cfg(feature = "counts")]
use super::slice::slice_of;
#[cfg(feature = "counts")]
use super::tally::Tally;
use crate::call::conversions::Conversions;
use crate::call::{AnyRefusal, CallState, Outcome, Site};
#[cfg(feature = "counts")]
use crate::clock;
#[cfg(feature = "tracing")]
use crate::spans::{
    attempt::AttemptOf, call::CallSpan, interest::takes_spans, words::refusal_word,
};

/// A call that is followed. Dropped before [`end`](Self::end), it was dropped by its caller, or it panicked.
///
/// Only the task that runs the call accesses it, so relaxed accesses are enough.
#[derive(Debug)]
#[must_use = "dropped, the call is over"]
pub(super) struct Followed<'c> {
    site: &'static Site,
    call: &'c CallState,
    /// The number of attempts that have begun. The copies of a hedge are attempts too.
    attempts: AtomicU32,
    /// Whether all is said of the call.
    is_over: AtomicBool,
    /// When it began, as [`clock::now_ns`] counts.
    #[cfg(feature = "counts")]
    began: u64,
    #[cfg(feature = "counts")]
    tally: &'static Tally,
    /// Whether somebody took spans as the call began: what nobody followed from its start has no spans later on.
    #[cfg(feature = "tracing")]
    is_traced: bool,
    #[cfg(feature = "tracing")]
    span: CallSpan,
}

impl<'c> Followed<'c> {
    /// Begins to follow a call of `site`.
    #[cfg_attr(
        not(any(feature = "counts", feature = "tracing")),
        expect(dead_code, reason = "nobody follows a call with `observe` alone")
    )]
    #[inline]
    pub(super) fn begin(site: &'static Site, call: &'c CallState) -> Self {
        #[cfg(feature = "counts")]
        let began = clock::now_ns();
        #[cfg(feature = "counts")]
        let tally = site.known_tally().unwrap_or_else(|| first_tally(site));
        #[cfg(feature = "counts")]
        tally.begin();
        #[cfg(feature = "tracing")]
        let is_traced = takes_spans();
        Self {
            site,
            call,
            attempts: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
            #[cfg(feature = "counts")]
            began,
            #[cfg(feature = "counts")]
            tally,
            #[cfg(feature = "tracing")]
            is_traced,
            #[cfg(feature = "tracing")]
            span: if is_traced {
                CallSpan::open(site, call)
            } else {
                CallSpan::NONE
            },
        }
    }

    /// Notes that the call ends with `out`, the outcome of its outermost layer.
    #[inline]
    pub(super) fn end<T, E, P: AnyRefusal>(&self, out: &Outcome<T, E, P>) {
        match out {
            Ok(_) => self.succeeded(),
            Err(failure) => {
                #[cfg(feature = "tracing")]
                self.span
                    .failed(failure.refusal().map_or(type_name::<E>(), refusal_word));
                self.failed(CallOutcome::of_failure(failure.refusal()));
            }
        }
    }

    /// Notes that the call ends with `out`, which is that of the body, and returns it.
    #[inline]
    pub(super) fn end_alone<R, T, E>(
        &self,
        out: R,
        conversions: Conversions<R, T, E, Infallible>,
    ) -> R {
        let out = conversions.split(out);
        if out.is_ok() {
            self.succeeded();
        } else {
            #[cfg(feature = "tracing")]
            self.span.failed(type_name::<E>());
            self.failed(CallOutcome::Error);
        }
        conversions.join(out)
    }

    /// Notes that the call ends with `out`, the result of a value. Whether an error is a refusal is known
    /// by the state of the call.
    #[cfg(not(loom))]
    #[inline]
    pub(super) fn end_value<T, E>(&self, out: &Result<T, E>) {
        if out.is_ok() {
            return self.succeeded();
        }
        let refused = self.call.refused();
        #[cfg(feature = "tracing")]
        self.span
            .failed(refused.map_or(type_name::<E>(), CallOutcome::word));
        self.failed(refused.unwrap_or(CallOutcome::Error));
    }

    /// Notes that an attempt begins.
    #[cfg_attr(feature = "counts", inline)]
    #[cfg_attr(not(feature = "counts"), cold, inline(never))]
    pub(super) fn begin_attempt(&self) {
        let number = self.attempts.load(Relaxed).saturating_add(1);
        self.attempts.store(number, Relaxed);
        if number > 1 {
            // What fell back was an attempt before.
            self.call.set_fell_back(false);
            // The first one is counted when the call ends.
            self.site.count(Count::Attempt);
        }
    }

    /// Returns the state of the call.
    pub(super) fn call(&self) -> &CallState {
        self.call
    }

    /// Returns whether the attempts of the call may have spans.
    #[cfg(feature = "tracing")]
    #[inline(always)]
    pub(super) fn is_traced(&self) -> bool {
        self.is_traced
    }

    /// Returns what the span of the attempt is about that has begun last.
    #[cfg(feature = "tracing")]
    pub(super) fn attempt(&self) -> AttemptOf<'_> {
        AttemptOf {
            site: self.site,
            call: &self.span,
            number: self.attempts.load(Relaxed),
        }
    }

    /// Returns the span of the call.
    #[cfg(feature = "tracing")]
    pub(super) fn span(&self) -> &CallSpan {
        &self.span
    }

    #[cfg_attr(feature = "counts", inline)]
    #[cfg_attr(not(feature = "counts"), cold, inline(never))]
    fn succeeded(&self) {
        if self.call.is_plain() {
            self.finish(CallOutcome::Ok);
        } else {
            self.succeeded_otherwise();
        }
    }

    #[cold]
    #[inline(never)]
    fn succeeded_otherwise(&self) {
        self.finish(if self.call.fell_back() {
            CallOutcome::Fallback
        } else if self.call.replayed() {
            CallOutcome::Replayed
        } else {
            CallOutcome::Ok
        });
    }

    #[cold]
    #[inline(never)]
    fn failed(&self, how: CallOutcome) {
        // A pause that was ended leaves the error of the attempt before it.
        self.finish(if self.call.was_cancelled() {
            CallOutcome::Cancelled
        } else if self.call.replayed() && how == CallOutcome::Error {
            CallOutcome::Replayed
        } else {
            how
        });
    }

    #[cold]
    #[inline(never)]
    fn unfinished(&self) {
        self.finish(if self.call.panicked() {
            #[cfg(feature = "tracing")]
            self.span.failed("panic");
            CallOutcome::Panicked
        } else {
            CallOutcome::Dropped
        });
    }

    /// Notes how the call ended. It is the one place that does.
    #[cfg_attr(feature = "counts", inline)]
    #[cfg_attr(not(feature = "counts"), cold, inline(never))]
    fn finish(&self, how: CallOutcome) {
        self.is_over.store(true, Relaxed);
        #[cfg(feature = "tracing")]
        self.span.end(how.word(), self.attempts.load(Relaxed));
        #[cfg(feature = "counts")]
        {
            let now = clock::now_ns();
            let took = now.saturating_sub(self.began);
            let attempts = u64::from(self.attempts.load(Relaxed) > 0);
            self.tally.end(how.count(), attempts, slice_of(now), took);
        }
        let _ = how;
    }
}

impl Drop for Followed<'_> {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if !*self.is_over.get_mut() {
            self.unfinished();
        }
    }
}

/// Returns the tally for the first call of a function.
#[cfg(feature = "counts")]
#[cold]
#[inline(never)]
fn first_tally(site: &'static Site) -> &'static Tally {
    let tally = site.tally();
    #[cfg(feature = "metrics")]
    super::metrics::start();
    tally
}
