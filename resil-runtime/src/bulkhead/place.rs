//! The place of one call of an annotated function.

use super::core::BulkheadCore;
use super::learner::Lesson;
use crate::call::{CallState, Failure, Outcome};
use crate::classify::Class;
use crate::error::Refusal;

/// The place of one call of an annotated function, given back when it is dropped.
#[derive(Debug)]
#[must_use = "dropped, it is free again"]
pub struct Place<'a> {
    core: &'a BulkheadCore,
    call: Option<&'a CallState>,
    /// The time at which the call went in, in nanoseconds; 0 if nothing is learned from it.
    began: u64,
    /// Whether the call takes no place: the layer is switched off.
    #[cfg(all(feature = "control", not(loom)))]
    is_off: bool,
}

impl<'a> Place<'a> {
    /// Creates the place of a call that is in. A call of a learned limit is timed.
    #[inline(always)]
    pub(super) fn new(core: &'a BulkheadCore, call: Option<&'a CallState>, began: u64) -> Self {
        Self {
            core,
            call,
            began,
            #[cfg(all(feature = "control", not(loom)))]
            is_off: false,
        }
    }

    /// Creates the place of a call that takes none.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn none(core: &'a BulkheadCore, call: Option<&'a CallState>) -> Self {
        let mut place = Self::new(core, call, 0);
        place.is_off = true;
        place
    }

    /// Keeps the place taken, and returns when the call went in.
    pub(super) fn keep(self) -> u64 {
        let began = self.began;
        std::mem::forget(self);
        began
    }

    /// Learns from the outcome of the call, and returns it.
    #[inline(always)]
    pub fn settle<T, E>(
        &mut self,
        out: Outcome<T, E, Refusal>,
        class: impl FnMut(&E) -> Option<Class>,
    ) -> Outcome<T, E, Refusal> {
        if self.began != 0 {
            let class = out.as_ref().err().and_then(|f| f.error()).and_then(class);
            let refusal = out.as_ref().err().and_then(Failure::refusal);
            self.learn(Lesson::of(out.is_ok(), refusal, class));
        }
        out
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, lesson: Lesson) {
        let began = std::mem::take(&mut self.began);
        self.core.learn(began, lesson);
    }
}

impl Drop for Place<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(all(feature = "control", not(loom)))]
        if self.is_off {
            return;
        }
        if self.began != 0 {
            self.dropped();
        }
        self.core.release();
    }
}

impl Place<'_> {
    /// Learns from a call that was dropped: by a timeout of the same stack it was too slow.
    #[cold]
    #[inline(never)]
    fn dropped(&self) {
        if self.call.is_some_and(CallState::is_timing_out) {
            self.core.learn(self.began, Lesson::Overloaded);
        }
    }
}
