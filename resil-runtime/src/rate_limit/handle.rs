//! The handles of rate limits: asking them for leave without an attribute, and looking at them.

use std::fmt::{self, Display};

use super::limit::{Limit, Reserved, Taken, TooEarly};
use super::named::NamedLimit;
use super::patience::until_deadline;
use super::policy::RateLimitPolicy;
use super::settings::RateLimitSettings;
use super::turn::{Turn, WaitedFor};
use crate::clock;
use crate::error::Error;
use crate::named::{self, Held, MANUAL};
use crate::sync::Arc;

/// The handle of a rate limit: [`rate_limit`](crate::rate_limit()) returns it.
///
/// Calls by hand and calls of annotated functions that give the name are counted together.
///
/// A function with a `key` has a rate limit for each key: [`key`](Self::key) returns it, and
/// [`keys`](Self::keys) lists all. They share the settings, and nothing else.
#[derive(Clone, Copy)]
pub struct RateLimit(&'static NamedLimit);

impl RateLimit {
    pub(super) fn new(limit: &'static NamedLimit) -> Self {
        Self(limit)
    }

    /// Sets the settings of the rate limit and of its keys, unless a function or an earlier call of
    /// this method has set some.
    ///
    /// Returns false if other settings are in use. That is a conflict, as between two functions:
    /// the [registry](crate::registry::Registry::conflicts) lists it.
    pub fn configure(&self, policy: RateLimitPolicy) -> bool {
        named::configure(self.0, &policy, MANUAL)
    }

    /// Returns the rate limit of one key under this name, and makes it if there is none.
    ///
    /// Keys are compared by their text: a host, a tenant, the number of a shard. There are at most
    /// [`max_keys`](RateLimitPolicy::max_keys) rate limits; beyond that, new keys share one, whose key
    /// is [`OVERFLOW`](crate::registry::OVERFLOW). Text of more than 256 bytes is cut, and a hash of
    /// the rest is added.
    ///
    /// ```
    /// use resil_runtime::{rate_limit, rate_limit::RateLimitPolicy};
    ///
    /// let api = rate_limit("api");
    /// api.configure(RateLimitPolicy::new().max(1));
    /// assert!(api.key("alice").try_acquire(1).is_ok());
    /// assert!(api.key("alice").try_acquire(1).is_err());
    /// assert!(api.key("bob").try_acquire(1).is_ok());
    /// ```
    pub fn key(&self, key: impl Display) -> KeyedRateLimit {
        KeyedRateLimit(self.0.of_key(&key))
    }

    /// Returns the rate limits of all keys that exist now, in no particular order. The rate limits keep
    /// their places as long as these handles live.
    pub fn keys(&self) -> Vec<KeyedRateLimit> {
        self.0
            .of_all_keys()
            .into_iter()
            .map(KeyedRateLimit)
            .collect()
    }

    fn held(self) -> Held<Limit> {
        Held::Named(self.0)
    }
}

/// The handle of the rate limit of one key: [`RateLimit::key`] returns it.
///
/// The rate limit keeps its place among the keys as long as the handle lives.
#[derive(Clone)]
pub struct KeyedRateLimit(Arc<Limit>);

impl KeyedRateLimit {
    /// Returns the key; [`OVERFLOW`](crate::registry::OVERFLOW) for the rate limit that keys beyond
    /// [`max_keys`](RateLimitPolicy::max_keys) share.
    pub fn key(&self) -> &str {
        self.0.key().map_or("", |key| key)
    }

    fn held(&self) -> Held<Limit> {
        Held::Keyed(Arc::clone(&self.0))
    }
}

/// The methods that both handles have.
macro_rules! by_hand {
    ($handle:ty) => {
        impl $handle {
            /// Returns the name: the one given to it, or the path of the function.
            pub fn name(&self) -> &'static str {
                self.0.name()
            }

            /// Returns the settings in use, with all defaults filled in; `None` as long as nothing is
            /// limited.
            pub fn settings(&self) -> Option<RateLimitSettings> {
                self.0.settings()
            }

            /// Returns how many calls of cost 1 would be let in now; `u32::MAX` as long as nothing is
            /// limited.
            pub fn available(&self) -> u32 {
                self.0.available(clock::now_ns)
            }

            /// Lets a call in that weighs `cost`, or refuses it at once. A cost of 0 passes and takes
            /// nothing.
            ///
            /// ```
            /// # fn send(messages: &[&str]) -> Result<(), std::io::Error> { Ok(()) }
            /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
            /// let messages = ["first", "second"];
            /// resil_runtime::rate_limit("mail").try_acquire(2)?;
            /// send(&messages)?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// Returns [`Error::RateLimited`], with the time until the call would be let in; `None` if it
            /// never can be, as it costs more than the burst.
            pub fn try_acquire(&self, cost: u32) -> Result<(), Error> {
                if self.0.take(cost, clock::now_ns) == Taken::In {
                    return Ok(());
                }
                let entered = self.0.enter(cost, clock::now_ns, |_| None);
                entered.map(drop).map_err(|early| self.0.refused(early))
            }

            /// Lets a call in that weighs `cost`, and waits for its turn if it is too early: at most as
            /// long as the settings' [`wait`](RateLimitPolicy::wait) says, if they have one, and at most
            /// to the deadline in force. Turns come in the order of the calls.
            ///
            /// # Errors
            ///
            /// Returns [`Error::RateLimited`] at once if its turn would come too late; then it has taken
            /// nothing. Returns [`Error::Cancelled`] if the wait is ended from outside.
            ///
            /// # Cancellation
            ///
            /// Cancel safe: dropped while it waits, it gives its turn back, if no other call has come
            /// since.
            ///
            /// # Panics
            ///
            /// Panics if it has to wait, and runs outside a tokio runtime with the time driver.
            pub async fn acquire(&self, cost: u32) -> Result<(), Error> {
                match self.turn(cost)? {
                    Some(turn) => came(turn.await),
                    None => Ok(()),
                }
            }

            /// Lets a call in as [`acquire`](Self::acquire) does, and blocks the thread while it waits.
            ///
            /// # Errors
            ///
            /// Returns [`Error::RateLimited`] at once if its turn would come too late; then it has taken
            /// nothing. Returns [`Error::Cancelled`] if the wait is ended from outside.
            pub fn blocking_acquire(&self, cost: u32) -> Result<(), Error> {
                match self.turn(cost)? {
                    Some(turn) => came(turn.block()),
                    None => Ok(()),
                }
            }

            fn turn(&self, cost: u32) -> Result<Option<Turn>, Error> {
                match wait_for(&self.0, cost) {
                    Ok(reserved) => Ok(reserved.map(|reserved| Turn::new(self.held(), reserved))),
                    Err(early) => Err(self.0.refused(early)),
                }
            }
        }
    };
}

by_hand!(RateLimit);
by_hand!(KeyedRateLimit);

/// Lets a call of cost 1 in that may come now, and returns how many more would be let in then. `None`: it has taken
/// nothing and told nobody, and [`acquire`](RateLimit::acquire) or [`try_acquire`](RateLimit::try_acquire) decides.
///
/// `came` is when the call came, where that is known: a rate limit that was at rest then does not read the clock.
#[cfg(all(feature = "edge", not(loom)))]
pub fn take_one(limit: &RateLimit, came: Option<clock::Instant>) -> Option<u32> {
    limit.0.take_one(came, clock::now_ns)
}

/// Lets a call in, as [`take_one`] does, by the limit of its key.
#[cfg(all(feature = "edge", not(loom)))]
pub fn take_one_of_key(limit: &KeyedRateLimit, came: Option<clock::Instant>) -> Option<u32> {
    limit.0.take_one(came, clock::now_ns)
}

/// Returns the rate limit of a key as [`RateLimit::key`] does, whose text is there already; `None` if it is no UTF-8.
#[cfg(all(feature = "edge", not(loom)))]
pub fn of_bytes(limit: RateLimit, key: &[u8]) -> Option<KeyedRateLimit> {
    limit.0.of_bytes(key).map(KeyedRateLimit)
}

/// Returns the outcome of a manual call that has waited.
fn came(waited: WaitedFor) -> Result<(), Error> {
    let refusal = waited.refusal_by_hand();
    refusal.map_or(Ok(()), |refusal| Err(refusal.into_error()))
}

/// Lets a manual call in, now or later.
fn wait_for(limit: &Limit, cost: u32) -> Result<Option<Reserved>, TooEarly> {
    limit.enter(cost, clock::now_ns, |longest| {
        until_deadline(longest.unwrap_or(u64::MAX))
    })
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name())
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyedRateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimit")
            .field("name", &self.name())
            .field("key", &self.key())
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}
