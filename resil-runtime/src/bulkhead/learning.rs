//! How a bulkhead learns its limit from the calls that end, and how it is set manually.

use super::core::BulkheadCore;
use super::learner::{Learned, Lesson};

impl BulkheadCore {
    /// Learns from the end of a call that went in at `began` and is still inside.
    pub(super) fn learn(&self, began: u64, lesson: Lesson) {
        let settings = self.settings();
        let Some(learner) = &settings.learner else {
            return;
        };
        let now = self.now();
        let learned = match lesson {
            Lesson::Nothing => None,
            Lesson::Overloaded => learner.overloaded(began, now),
            Lesson::Answered => learner.add(began, now, self.load().inside()),
        };
        if let Some(Learned { limit, told }) = learned {
            self.set_limit(limit, false);
            if let Some((from, to)) = told {
                self.identity().tell(from, to);
            }
        }
    }

    /// Sets the limit manually, and tells listeners of the change.
    pub(super) fn set_limit_manually(&self, limit: u32) {
        let before = self.set_limit(limit, true).limit();
        let limit = self.load().limit();
        let settings = self.settings();
        if let Some(learner) = &settings.learner {
            learner.set(limit);
        }
        if before != limit {
            self.identity().tell(before, limit);
        }
    }
}
