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
#[derive(Debug, Clone, Default)]
pub struct Spent(Arc<AtomicU8>);

impl Spent {
    /// Creates the mark of a request that can be sent again.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the request is used up.
    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Acquire) == SPENT
    }

    /// Uses the request up. Returns false if another copy of it is to be sent.
    pub fn spend(&self) -> bool {
        self.0
            .compare_exchange(OPEN, SPENT, Ordering::AcqRel, Ordering::Acquire)
            .map_or_else(|found| found == SPENT, |_| true)
    }

    /// Uses the request up, also if another copy of it is to be sent.
    pub fn spend_for_good(&self) {
        self.0.store(SPENT, Ordering::Release);
    }

    /// Keeps the request for another copy. Returns false if it is used up.
    pub fn hold(&self) -> bool {
        self.0
            .compare_exchange(OPEN, HELD, Ordering::AcqRel, Ordering::Acquire)
            .map_or_else(|found| found == HELD, |_| true)
    }

    /// Ends the hold: the next copy is under way.
    pub fn release(&self) {
        let _ = self
            .0
            .compare_exchange(HELD, OPEN, Ordering::AcqRel, Ordering::Acquire);
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
    }
}
