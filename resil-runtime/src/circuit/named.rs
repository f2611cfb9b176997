//! The breakers by name and key.

use std::sync::Arc;

use super::breaker::{BreakerCore, Clock};
use super::change::Channel;
use super::policy::CircuitPolicy;
use super::word::State;
use crate::clock;
use crate::conflict::ConflictKind;
use crate::named::{self, Keys, Named, Names, Rest};

/// The breaker of a name, and the breakers of its keys.
pub(crate) type NamedBreaker = Named<BreakerCore>;

/// A breaker that is closed is at rest. An open one is busy until its open time is over, a half-open
/// one for [`open_for`](super::CircuitPolicy::open_for) after its last probe, and one that is held
/// manually for ever. As long as all breakers of the name are forced, one that is so too is at rest, and
/// one that was changed since is busy: a new one would be forced.
impl named::Shared for BreakerCore {
    type Policy = CircuitPolicy;

    const KIND: ConflictKind = ConflictKind::Circuit;

    fn names() -> &'static Names<Self> {
        static NAMES: Names<BreakerCore> = Names::new();
        &NAMES
    }

    fn new(name: &'static str) -> Self {
        Self::new(name)
    }

    fn keyed(base: &'static Self, key: Arc<str>) -> Self {
        Self::keyed(base.shared_name(), key)
    }

    fn name(&self) -> &'static str {
        self.name()
    }

    fn key(&self) -> Option<&Arc<str>> {
        self.key()
    }

    fn adopt(&self, policy: &CircuitPolicy, function: &'static str) -> Result<(), &'static str> {
        self.adopt(policy, function, clock::now_ms)
    }

    fn adopt_of(&self, base: &Self) {
        self.adopt_of(base, clock::now_ms);
    }

    #[cfg(all(feature = "control", not(loom)))]
    fn replace(&self, policy: Option<&Self::Policy>, _is_new: bool) {
        self.replace(policy, clock::now_ms);
    }

    #[cfg(all(feature = "control", not(loom)))]
    fn begin_forced(&self) {
        self.begin_forced();
    }

    fn max_keys(&self) -> u32 {
        self.settings().rules.max_keys
    }

    fn rest(&self, now: u64) -> Rest {
        #[cfg(all(feature = "control", not(loom)))]
        if let Some(forced) = self.forced() {
            return if self.load().state() == forced {
                Rest::Idle
            } else {
                Rest::Busy
            };
        }
        match self.load().state() {
            State::Closed { .. } => Rest::Idle,
            _ if self.is_over(now) => Rest::Over,
            _ => Rest::Busy,
        }
    }
}

impl NamedBreaker {
    /// Returns a reference to the name, for the small form of a refusal.
    #[inline]
    pub(super) fn name_ref(&'static self) -> &'static &'static str {
        self.shared_name().text_ref()
    }

    /// Returns the channel on which the changes of this breaker and of its keys are sent.
    pub(super) fn channel(&'static self) -> &'static Channel {
        self.shared_name().channel()
    }

    /// Makes half-open the breaker itself and those of its keys, where the open time is over.
    /// Returns the time in milliseconds at which the next open time ends.
    pub(super) fn expire_all(&self, clock: Clock) -> Option<u64> {
        let keyed = self.known_keys().and_then(|keys| expire(keys, clock));
        self.expire(clock).into_iter().chain(keyed).min()
    }
}

/// Makes half-open the breakers of keys whose open time is over. Returns the time in milliseconds at
/// which the next open time ends.
fn expire(keys: &Keys<BreakerCore>, clock: Clock) -> Option<u64> {
    let now = clock();
    let mut next: Option<u64> = None;
    let over = keys.pick(|core| match core.due(now) {
        Some(0) => true,
        due => {
            next = next.into_iter().chain(due).min();
            false
        }
    });
    // The changes are told with no lock held.
    for core in over {
        next = next.into_iter().chain(core.expire(clock)).min();
    }
    next
}
