//! The bulkheads by name and key.

use std::sync::Arc;

use super::core::BulkheadCore;
use super::policy::BulkheadPolicy;
use crate::clock;
use crate::conflict::ConflictKind;
use crate::named::{self, Named, Names, Rest};

/// The bulkhead of a name, and the bulkheads of its keys.
pub(crate) type NamedBulkhead = Named<BulkheadCore>;

/// A bulkhead that nobody is in and nobody waits for is at rest, if its limit is the one of the
/// settings. One whose limit was learned, or set manually, gives its place only where no other one is
/// at rest.
impl named::Shared for BulkheadCore {
    type Policy = BulkheadPolicy;

    const KIND: ConflictKind = ConflictKind::Bulkhead;

    fn names() -> &'static Names<Self> {
        static NAMES: Names<BulkheadCore> = Names::new();
        &NAMES
    }

    fn new(name: &'static str) -> Self {
        Self::new(name, clock::now_ns)
    }

    fn keyed(base: &'static Self, key: Arc<str>) -> Self {
        Self::keyed(base, key)
    }

    fn name(&self) -> &'static str {
        self.identity().name().text()
    }

    fn key(&self) -> Option<&Arc<str>> {
        self.identity().key()
    }

    fn adopt(&self, policy: &BulkheadPolicy, function: &'static str) -> Result<(), &'static str> {
        self.adopt(policy.rules(), function)
    }

    fn adopt_of(&self, base: &Self) {
        self.adopt_of(base);
    }

    #[cfg(all(feature = "control", not(loom)))]
    fn replace(&self, policy: Option<&Self::Policy>, is_new: bool) {
        self.replace(policy, is_new);
    }

    fn max_keys(&self) -> u32 {
        self.settings().rules.max_keys
    }

    fn rest(&self, _now: u64) -> Rest {
        if !self.is_empty() {
            Rest::Busy
        } else if self.load().limit() == self.settings().rules.first {
            Rest::Idle
        } else {
            Rest::Over
        }
    }
}
