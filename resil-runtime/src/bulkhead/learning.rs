//! How a bulkhead learns its limit from the calls that end, and how it is set manually.
//!
//! A limit that was learned is put in force under the lock of the learner that has computed it, if that
//! is still in use. Who sets a limit otherwise takes that lock too: an older limit does not come after it.

use std::ptr;

use super::core::{BulkheadCore, Settings};
use super::learner::{Learned, Learner, Lesson};
use super::word::Word;

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
        if let Some(learned) = learned
            && self.goes_by(learner)
        {
            self.put_in_force(learned);
        }
    }

    fn goes_by(&self, learner: &Learner) -> bool {
        let settings = self.settings();
        let in_use = settings.learner.as_deref();
        in_use.is_some_and(|in_use| ptr::eq(in_use, learner))
    }

    fn put_in_force(&self, learned: Learned<'_>) {
        let (limit, told) = (learned.limit, learned.told);
        let changed = self.change_limit(|word| word.with_limit(limit));
        drop(learned);
        self.let_in(changed);
        if let Some((from, to)) = told {
            self.identity().tell(from, to);
        }
    }

    /// Sets the limit manually, and tells listeners of the change.
    pub(super) fn set_limit_manually(&self, limit: u32) {
        let to = |word: Word| word.with_limit(limit).with_manual();
        let (before, after) = self.set_limit(&self.settings(), to);
        if before != after {
            self.identity().tell(before, after);
        }
    }

    /// Changes the limit as `to` says, from which a limit that is learned goes on. Returns the limit before and
    /// after.
    pub(super) fn set_limit(&self, settings: &Settings, to: impl Fn(Word) -> Word) -> (u32, u32) {
        let changed = match &settings.learner {
            Some(learner) => learner.set(|| self.change_limit(to)),
            None => self.change_limit(to),
        };
        self.let_in(changed);
        (changed.0.limit(), changed.1.limit())
    }
}
