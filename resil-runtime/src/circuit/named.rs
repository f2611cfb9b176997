//! The breaker of a name, together with those of its keys.

use std::ops::Deref;

use super::breaker::{BreakerCore, Clock};
use super::change::Channel;
use super::keys::Keys;
use crate::sync::OnceLock;

/// The breaker of a name, and the breakers of its keys.
#[derive(Debug)]
pub(crate) struct NamedBreaker {
    core: BreakerCore,
    /// The breakers of the keys, made when a key is first asked for.
    keys: OnceLock<Box<Keys>>,
}

impl Deref for NamedBreaker {
    type Target = BreakerCore;
    #[inline(always)]
    fn deref(&self) -> &BreakerCore {
        &self.core
    }
}

impl NamedBreaker {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            core: BreakerCore::new(name),
            keys: OnceLock::new(),
        }
    }

    /// Returns a reference to the name, for the small form of a refusal.
    #[inline]
    pub(super) fn name_ref(&'static self) -> &'static &'static str {
        self.core.shared_name().text_ref()
    }

    /// Returns the breakers of its keys, if it ever had any.
    pub(super) fn known_keys(&self) -> Option<&Keys> {
        self.keys.get().map(Box::as_ref)
    }

    /// Returns the breakers of its keys.
    pub(super) fn keys(&'static self) -> &'static Keys {
        self.keys.get_or_init(|| Box::new(Keys::new(&self.core)))
    }

    /// Returns the channel on which the changes of this breaker and of its keys are sent.
    pub(super) fn channel(&'static self) -> &'static Channel {
        self.core.shared_name().channel()
    }

    /// Makes half-open the breaker itself and those of its keys, where the open time is over.
    /// Returns the time in milliseconds at which the next open time ends.
    pub(super) fn expire_all(&self, clock: Clock) -> Option<u64> {
        let keyed = self.known_keys().and_then(|keys| keys.expire(clock));
        self.expire(clock).into_iter().chain(keyed).min()
    }
}
