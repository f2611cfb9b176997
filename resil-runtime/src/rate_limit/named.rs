//! The rate limits by name and key.

use std::sync::Arc;

use super::limit::Limit;
use super::policy::RateLimitPolicy;
use crate::clock;
use crate::conflict::ConflictKind;
use crate::named::{self, Named, Names, Rest};

/// The rate limit of a name, and the rate limits of its keys.
pub(super) type NamedLimit = Named<Limit>;

/// A rate limit is at rest when all calls that it has let in are paid for: then its burst is whole.
impl named::Shared for Limit {
    type Policy = RateLimitPolicy;

    const KIND: ConflictKind = ConflictKind::RateLimit;

    fn names() -> &'static Names<Self> {
        static NAMES: Names<Limit> = Names::new();
        &NAMES
    }

    fn new(name: &'static str) -> Self {
        Self::new(name)
    }

    fn keyed(base: &'static Self, key: Arc<str>) -> Self {
        Self::keyed(base, key)
    }

    fn name(&self) -> &'static str {
        self.name()
    }

    fn key(&self) -> Option<&Arc<str>> {
        self.key()
    }

    fn adopt(&self, policy: &RateLimitPolicy, function: &'static str) -> Result<(), &'static str> {
        self.adopt(policy, function, clock::now_ns)
    }

    fn adopt_of(&self, base: &Self) {
        self.adopt_of(base, clock::now_ns);
    }

    #[cfg(all(feature = "control", not(loom)))]
    fn replace(&self, policy: Option<&Self::Policy>, _is_new: bool) {
        self.replace(policy, clock::now_ns);
    }

    fn max_keys(&self) -> u32 {
        self.max_keys()
    }

    fn rest(&self, now: u64) -> Rest {
        if self.is_at_rest(clock::nanos_of_millis(now)) {
            Rest::Idle
        } else {
            Rest::Busy
        }
    }
}
