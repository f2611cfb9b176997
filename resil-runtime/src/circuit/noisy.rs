//! The flag by which a breaker with a full, clean window records no success: who raises it, who takes
//! it down, and how neither misses the other.

use super::counted::Counted;
use super::machine::Core;
use super::word::{Stamp, State};
use crate::sync::{Ordering, broken, fence};

impl Core {
    /// A failure or a slow call is in the window: from here on successes are recorded.
    ///
    /// Against [`hush`](Self::hush): this one writes the count and looks at the flag, that one writes
    /// the flag and looks at the count, each with a fence between, so that one of them sees the
    /// other. Operations that are `SeqCst` by themselves would do under C11 too, but model checkers
    /// take those as acquire and release, and this is the cold path.
    pub(super) fn noise(&self, stamp: Stamp) {
        if !broken("noise_fence") {
            fence(Ordering::SeqCst);
        }
        self.set_noisy(stamp, true);
    }

    /// The window is full and clean: from here on a success writes nothing.
    pub(super) fn hush(&self, stamp: Stamp, window: &Counted) {
        self.set_noisy(stamp, false);
        if !broken("hush_fence") {
            fence(Ordering::SeqCst);
        }
        if window.tally(stamp.generation()).is_some_and(|t| !t.settled) {
            self.set_noisy(stamp, true);
        }
    }

    fn set_noisy(&self, stamp: Stamp, yes: bool) {
        loop {
            let word = self.load();
            let State::Closed { in_a_row, noisy } = word.state() else {
                return;
            };
            if (word.stamp() != stamp && !broken("noisy_stamp")) || noisy == yes {
                return;
            }
            let to = word.with(State::Closed {
                in_a_row,
                noisy: yes,
            });
            if self.change(word, to) {
                return;
            }
        }
    }
}
