//! Whether a request can still be sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// It can be sent again, and nobody counts on it.
const OPEN: u8 = 0;
/// It has failed, and is to be sent again: its body may not be used up meanwhile.
const HELD: u8 = 1;
/// It is used up.
const SPENT: u8 = 2;

/// Whether a request can still be sent again.
///
/// Two sides decide about it, perhaps on two threads: the body of the copy that is under way, which goes past what
/// may be kept of it ([`spend`](Self::spend)), and the policies, which want to send another copy
/// ([`hold`](Self::hold)). The first one wins.
#[derive(Debug, Clone)]
pub struct Spent(Option<Arc<AtomicU8>>);

impl Default for Spent {
    fn default() -> Self {
        Self::new()
    }
}

impl Spent {
    /// Creates the mark of a request that can be sent again.
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Creates the mark of a request that is used up from the start. It allocates nothing.
    pub(in crate::layers) const fn used_up() -> Self {
        Self(None)
    }

    /// Returns whether the request is used up.
    pub fn is_spent(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|mark| mark.load(Ordering::Acquire) == SPENT)
    }

    /// Uses the request up. Returns false if another copy of it is to be sent.
    pub fn spend(&self) -> bool {
        self.turn(OPEN, SPENT) == SPENT
    }

    /// Uses the request up, also if another copy of it is to be sent.
    pub fn spend_for_good(&self) {
        if let Some(mark) = &self.0 {
            mark.store(SPENT, Ordering::Release);
        }
    }

    /// Keeps the request for another copy. Returns false if it is used up.
    pub fn hold(&self) -> bool {
        self.turn(OPEN, HELD) == HELD
    }

    /// Ends the hold: the next copy is under way.
    pub fn release(&self) {
        self.turn(HELD, OPEN);
    }

    /// Turns the mark, if it is `from`, and returns what it is then.
    fn turn(&self, from: u8, to: u8) -> u8 {
        let Some(mark) = &self.0 else {
            return SPENT;
        };
        mark.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .map_or_else(|found| found, |_| to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_wins() {
        let spent = Spent::new();
        assert!(spent.hold() && spent.hold());
        assert!(!spent.spend() && !spent.is_spent());
        spent.release();
        assert!(spent.spend() && spent.spend() && spent.is_spent());
        assert!(!spent.hold());
        spent.release();
        assert!(spent.is_spent());
        let broken = Spent::new();
        assert!(broken.hold());
        broken.spend_for_good();
        assert!(!broken.hold());
        assert!(Spent::used_up().is_spent() && !Spent::used_up().hold());
    }
}
