//! What the models of [`loom`](crate::loom) ask of a bulkhead.

use super::core::BulkheadCore;
use super::policy::BulkheadPolicy;

impl BulkheadCore {
    pub(crate) fn configure(&self, policy: &BulkheadPolicy) {
        self.adopt(policy.rules(), "loom").unwrap();
    }

    /// Takes a place that is free, and keeps it.
    pub(crate) fn fill(&self) {
        let place = self.enter(None);
        place.expect("a place is free").keep();
    }

    /// Takes a place, and waits for it if there is none. It is kept.
    pub(crate) async fn wait_in(&self) {
        match self.enter(None) {
            Ok(place) => place.keep(),
            Err(full) => full.wait().await.expect("it has time").keep(),
        };
    }

    pub(crate) fn limit_to(&self, limit: u32) {
        self.set_limit_manually(limit);
    }

    /// Returns the number of calls inside, and of those that wait.
    pub(crate) fn counts(&self) -> (u32, usize) {
        (self.load().inside(), self.waiting())
    }
}
