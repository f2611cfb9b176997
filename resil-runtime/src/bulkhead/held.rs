//! A place that was acquired manually.

use super::core::BulkheadCore;
use super::learner::Lesson;
use crate::named::Held;

/// The place of one call in a bulkhead: [`Bulkhead::try_acquire`](crate::Bulkhead::try_acquire) and
/// its siblings return it. Dropped, it is free again.
///
/// An adaptive bulkhead learns from the calls that end with [`success`](Self::success) or
/// [`overloaded`](Self::overloaded). It learns nothing from a place that is only dropped.
#[derive(Debug)]
#[must_use = "dropped, it is free again"]
pub struct BulkheadPlace {
    core: Held<BulkheadCore>,
    /// The time at which the call went in, in nanoseconds; 0 if nothing is learned from it.
    began: u64,
}

impl BulkheadPlace {
    pub(super) fn new(core: Held<BulkheadCore>, began: u64) -> Self {
        Self { core, began }
    }

    /// Gives the place back. An adaptive bulkhead learns how long the call took.
    pub fn success(self) {
        self.learn(Lesson::Answered);
    }

    /// Gives the place back of a call that was refused, timed out or throttled by the other side: the
    /// limit of an adaptive bulkhead is cut by a tenth, at most once a round trip.
    pub fn overloaded(self) {
        self.learn(Lesson::Overloaded);
    }

    fn learn(&self, lesson: Lesson) {
        if self.began != 0 {
            self.core.learn(self.began, lesson);
        }
    }
}

/// Lets an adaptive bulkhead learn from a call that was answered, or asked to be called less often, while the
/// call keeps its place: what is left of it, such as the body of an answer, says nothing about the load. It learns
/// from a call once.
///
/// `is_overloaded` is only asked where the limit is learned; it returns `None` if the call says nothing.
#[cfg(feature = "edge")]
pub fn learn_from(place: &mut BulkheadPlace, is_overloaded: impl FnOnce() -> Option<bool>) {
    if place.began == 0 {
        return;
    }
    let Some(is_overloaded) = is_overloaded() else {
        return;
    };
    place.learn(if is_overloaded {
        Lesson::Overloaded
    } else {
        Lesson::Answered
    });
    place.began = 0;
}

impl Drop for BulkheadPlace {
    fn drop(&mut self) {
        self.core.release();
    }
}
