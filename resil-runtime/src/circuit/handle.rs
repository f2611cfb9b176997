//! A breaker by hand: looking at it, holding it open or closed, and running calls through it
//! without an attribute.

use std::fmt::{self, Display};

use super::breaker::BreakerCore;
use super::call_permit::{CallPermit, Held};
use super::callers::MANUAL;
use super::changes::Changes;
use super::counts::Counts;
use super::key_text::KeyText;
use super::keys::Keys;
use super::named::NamedBreaker;
use super::names;
use super::policy::CircuitPolicy;
use super::state::CircuitState;
use crate::clock;
use crate::error::Error;
use crate::sync::Arc;

/// The handle of a breaker: [`breaker`](crate::breaker()) gives it.
///
/// What is done by hand holds for all who share the name, at once. Each change of state begins
/// anew: calls that are out are dropped when they come back, not counted.
///
/// Where a function has a `key`, its breakers are those of [`key`](Self::key): each of them, and the
/// one of the name itself, has a state of its own, and is told by hand for itself
/// ([`keys`](Self::keys) gives all of them). They share the settings and the [`changes`](Self::changes).
#[derive(Clone, Copy)]
pub struct Breaker(&'static NamedBreaker);

impl Breaker {
    pub(crate) fn new(breaker: &'static NamedBreaker) -> Self {
        Self(breaker)
    }

    /// Gives it settings, if no function (and nobody by hand) has given it any; its keys have them
    /// too. False if others are in use, which then is a conflict as between two functions.
    pub fn configure(&self, policy: CircuitPolicy) -> bool {
        names::configure(self.0, &policy, MANUAL)
    }

    /// The breaker of one key under this name, made if there is none.
    ///
    /// The key is told by its text: a host, a tenant, the number of a shard. There are at most
    /// [`max_keys`](CircuitPolicy::max_keys); beyond that, the breaker that newcomers share (its key
    /// is [`OVERFLOW`](crate::registry::OVERFLOW)). Text of more than 256 bytes is cut, and told apart by
    /// a hash.
    ///
    /// ```
    /// let host = resil_runtime::breaker("pay").key("pay-3.example.com");
    /// host.force_open();
    /// assert!(host.try_acquire().is_err());
    /// assert!(resil_runtime::breaker("pay").key("pay-4.example.com").try_acquire().is_ok());
    /// ```
    pub fn key(&self, key: impl Display) -> KeyedBreaker {
        let key = KeyText::of(&key);
        KeyedBreaker(self.0.keys().get(&key))
    }

    /// The breakers of all keys that there are now, in no order. As long as their handles live, they
    /// keep their places.
    pub fn keys(&self) -> Vec<KeyedBreaker> {
        let all = self.0.known_keys().map(Keys::all);
        all.into_iter().flatten().map(KeyedBreaker).collect()
    }

    /// The changes of state from here on, of this one and of all keys under its name. That an open
    /// breaker's time is up is told when it is, though no call has come.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use resil_runtime::circuit::CircuitState;
    ///
    /// let breaker = resil_runtime::breaker("pay");
    /// let mut changes = breaker.changes();
    /// breaker.force_open();
    /// assert_eq!(changes.next().await.to, CircuitState::ForcedOpen);
    /// # }
    /// ```
    pub fn changes(&self) -> Changes {
        Changes::of(self.0)
    }

    fn held(self) -> Held {
        Held::Named(self.0)
    }

    #[cfg(test)]
    pub(super) fn known_keys(self) -> &'static Keys {
        self.0.keys()
    }
}

/// The handle of the breaker of one key: [`Breaker::key`] gives it.
///
/// As long as it lives, the breaker keeps its place among the keys.
#[derive(Clone)]
pub struct KeyedBreaker(Arc<BreakerCore>);

impl KeyedBreaker {
    /// The key; [`OVERFLOW`](crate::registry::OVERFLOW) for the breaker that keys beyond
    /// [`max_keys`](CircuitPolicy::max_keys) share.
    pub fn key(&self) -> &str {
        self.0.key().map_or("", |key| key)
    }

    fn held(&self) -> Held {
        Held::Keyed(Arc::clone(&self.0))
    }
}

/// What both handles do.
macro_rules! manual_control {
    ($handle:ty) => {
        impl $handle {
            /// The name: the one given to it, or the function's path.
            pub fn name(&self) -> &'static str {
                self.0.name()
            }

            /// The state. An open breaker whose time is up is
            /// [`HalfOpen`](CircuitState::HalfOpen), though no call has come yet: the next one is the
            /// first probe.
            ///
            /// It is looked up by the clock, and nothing happens in the background. The event of this
            /// change is told when the first call comes, or by those who listen to
            /// [`changes`](Breaker::changes), whichever is first.
            pub fn state(&self) -> CircuitState {
                self.0.state_at(clock::now_ms)
            }

            /// Waits until a call would be let in: at once if it is closed or disabled, or half-open
            /// with a place for a probe; when its time is up if it is open; when a place is free, or
            /// lost, if all its probes are out; and while it is held open, until it is let go.
            ///
            /// All who wait are woken, and of those who then call only so many are let in as there
            /// are [`probes`](CircuitPolicy::probes). The others are refused, and may wait again:
            ///
            /// ```no_run
            /// # async fn next_order() -> u32 { 1 }
            /// # async fn charge(order: u32) -> Result<(), resil_runtime::Error> { Ok(()) }
            /// # async fn work() {
            /// // Takes no order out of the queue while `charge` would be refused.
            /// loop {
            ///     resil_runtime::breaker("pay").ready().await;
            ///     let order = next_order().await;
            ///     while let Err(resil_runtime::Error::CircuitOpen { .. }) = charge(order).await {
            ///         resil_runtime::breaker("pay").ready().await;
            ///     }
            /// }
            /// # }
            /// ```
            ///
            /// Cancel safe: it takes nothing, so a wait that is dropped has changed nothing.
            ///
            /// # Panics
            ///
            /// If it has to wait for a time to pass, outside a tokio runtime with the time driver.
            pub async fn ready(&self) {
                self.0.ready().await;
            }

            /// What is counted in the present state.
            pub fn counts(&self) -> Counts {
                self.0.counts(clock::now_ms)
            }

            /// Refuses all calls, with no time at which it ends: until
            /// [`force_close`](Self::force_close), [`disable`](Self::disable) or
            /// [`reset`](Self::reset). Calls that are in go on, and so does what they call under
            /// their permits.
            pub fn force_open(&self) {
                self.0.force_open();
            }

            /// Closes it, with nothing counted; from there on it works by its rules. One that is
            /// closed stays as it is.
            pub fn force_close(&self) {
                self.0.force_close();
            }

            /// Lets all calls pass and counts nothing, until [`force_close`](Self::force_close),
            /// [`force_open`](Self::force_open) or [`reset`](Self::reset).
            pub fn disable(&self) {
                self.0.disable();
            }

            /// As new: closed, nothing counted, no growth of the open time. The settings stay.
            pub fn reset(&self) {
                self.0.reset();
            }

            /// Lets a call in, or refuses it.
            ///
            /// The caller says what came of it: [`success`](CallPermit::success),
            /// [`failure`](CallPermit::failure), or a drop, which is neutral. Where the breaker has
            /// a rule about slow calls, the time until then is the call's.
            ///
            /// Within a call that this same breaker has let in (the body of a function that it
            /// guards, a [`scope`](CallPermit::scope)) it runs under the permit of that one: it is
            /// never refused, and what comes of it is not counted a second time.
            ///
            /// ```
            /// # fn ask() -> Result<u32, std::io::Error> { Ok(1) }
            /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
            /// let permit = resil_runtime::registry::breaker("pay").try_acquire()?;
            /// match ask() {
            ///     Ok(_) => permit.success(),
            ///     Err(_) => permit.failure(),
            /// }
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::CircuitOpen`], with the time to the next probe where it is known.
            pub fn try_acquire(&self) -> Result<CallPermit, Error> {
                match self.0.begin(self.0.manual_caller()) {
                    Ok(call) => Ok(CallPermit::new(self.held(), call)),
                    Err(retry_in) => Err(self.0.refused(retry_in)),
                }
            }
        }
    };
}

manual_control!(Breaker);
manual_control!(KeyedBreaker);

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name())
            .field("state", &self.state())
            .finish()
    }
}

impl fmt::Debug for KeyedBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedBreaker")
            .field("name", &self.name())
            .field("key", &self.key())
            .field("state", &self.state())
            .finish()
    }
}
