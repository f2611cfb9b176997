//! The handles of breakers: inspecting them, controlling them manually, and running calls through
//! them without an attribute.

use std::fmt::{self, Display};

use super::breaker::BreakerCore;
use super::call_permit::CallPermit;
use super::changes::Changes;
use super::counts::Counts;
use super::named::NamedBreaker;
use super::policy::CircuitPolicy;
use crate::clock;
use crate::error::Error;
use crate::event::circuit_state::CircuitState;
#[cfg(test)]
use crate::named::Keys;
use crate::named::{self, Held, MANUAL};
use crate::sync::Arc;

/// The handle of a breaker: [`breaker`](crate::breaker()) returns it.
///
/// Manual control affects all who share the name, at once. Every change of state begins anew: the
/// outcomes of calls that are under way are not counted.
///
/// A function with a `key` has a breaker for each key: [`key`](Self::key) returns it, and
/// [`keys`](Self::keys) lists all. Each of them, and the breaker of the name itself, has a state
/// and manual control of its own. They share the settings and the [`changes`](Self::changes).
#[derive(Clone, Copy)]
pub struct Breaker(&'static NamedBreaker);

impl Breaker {
    pub(crate) fn new(breaker: &'static NamedBreaker) -> Self {
        Self(breaker)
    }

    /// Sets the settings of the breaker and of its keys, unless a function or an earlier call of
    /// this method has set some.
    ///
    /// Returns false if other settings are in use. That is a conflict, as between two functions:
    /// the [registry](crate::registry::Registry::conflicts) lists it.
    pub fn configure(&self, policy: CircuitPolicy) -> bool {
        named::configure(self.0, &policy, MANUAL)
    }

    /// Returns the breaker of one key under this name, and makes it if there is none.
    ///
    /// Keys are compared by their text: a host, a tenant, the number of a shard. There are at most
    /// [`max_keys`](CircuitPolicy::max_keys) breakers; beyond that, new keys share one, whose key
    /// is [`OVERFLOW`](crate::registry::OVERFLOW). Text of more than 256 bytes is cut, and a hash
    /// of the rest is added.
    ///
    /// ```
    /// let host = resil_runtime::breaker("pay").key("pay-3.example.com");
    /// host.force_open();
    /// assert!(host.try_acquire().is_err());
    /// assert!(resil_runtime::breaker("pay").key("pay-4.example.com").try_acquire().is_ok());
    /// ```
    pub fn key(&self, key: impl Display) -> KeyedBreaker {
        KeyedBreaker(self.0.of_key(&key))
    }

    /// Returns the breakers of all keys that exist now, in no particular order. The breakers keep
    /// their places as long as these handles live.
    pub fn keys(&self) -> Vec<KeyedBreaker> {
        self.0.of_all_keys().into_iter().map(KeyedBreaker).collect()
    }

    /// Subscribes to the changes of state from here on, of this breaker and of all keys under its
    /// name. A listener hears of the end of an open time when it comes, even if no call does.
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

    fn held(self) -> Held<BreakerCore> {
        Held::Named(self.0)
    }

    #[cfg(test)]
    pub(super) fn known_keys(self) -> &'static Keys<BreakerCore> {
        self.0.keys()
    }
}

/// The handle of the breaker of one key: [`Breaker::key`] returns it.
///
/// The breaker keeps its place among the keys as long as the handle lives.
#[derive(Clone)]
pub struct KeyedBreaker(Arc<BreakerCore>);

impl KeyedBreaker {
    /// Returns the key; [`OVERFLOW`](crate::registry::OVERFLOW) for the breaker that keys beyond
    /// [`max_keys`](CircuitPolicy::max_keys) share.
    pub fn key(&self) -> &str {
        self.0.key().map_or("", |key| key)
    }

    fn held(&self) -> Held<BreakerCore> {
        Held::Keyed(Arc::clone(&self.0))
    }
}

/// The methods that both handles have.
macro_rules! manual_control {
    ($handle:ty) => {
        impl $handle {
            /// Returns the name: the one given to it, or the path of the function.
            pub fn name(&self) -> &'static str {
                self.0.name()
            }

            /// Returns the state. An open breaker whose open time is over is
            /// [`HalfOpen`](CircuitState::HalfOpen), even if no call has come yet: the next call is
            /// the first probe.
            ///
            /// This method reads the clock; nothing happens in the background. The event of the
            /// change to half-open is told when the first call comes, or when a listener of
            /// [`changes`](Breaker::changes) notices that the time is over, whichever is first.
            pub fn state(&self) -> CircuitState {
                self.0.state_at(clock::now_ms)
            }

            /// Waits until a call would be let in.
            ///
            /// It returns at once if the breaker is closed, disabled, or half-open with a place for
            /// a probe. If it is open, it returns when the open time is over; if all probes are
            /// out, when a place is free or lost. If it is held open manually, it waits until it no
            /// longer is.
            ///
            /// Everyone who waits is woken. Of those who then call, only as many are let in as
            /// there are [`probes`](CircuitPolicy::probes); the others are refused, and may wait
            /// again:
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
            /// # Cancellation
            ///
            /// Cancel safe: it reserves nothing, so a wait that is dropped has changed nothing.
            ///
            /// # Panics
            ///
            /// Panics if it has to wait for a time to pass, and runs outside a tokio runtime with
            /// the time driver.
            pub async fn ready(&self) {
                self.0.ready().await;
            }

            /// Returns the counts of the present state.
            pub fn counts(&self) -> Counts {
                self.0.counts(clock::now_ms)
            }

            /// Refuses all calls until [`force_close`](Self::force_close),
            /// [`disable`](Self::disable) or [`reset`](Self::reset) is called. Calls that are under
            /// way go on, and so do the calls that they make under their permits.
            pub fn force_open(&self) {
                self.0.force_open();
            }

            /// Closes the breaker, with nothing counted; from then on it works by its rules. A
            /// closed breaker stays as it is.
            pub fn force_close(&self) {
                self.0.force_close();
            }

            /// Lets all calls pass and counts nothing, until [`force_close`](Self::force_close),
            /// [`force_open`](Self::force_open) or [`reset`](Self::reset).
            pub fn disable(&self) {
                self.0.disable();
            }

            /// Resets the breaker: closed, nothing counted, no growth of the open time. The
            /// settings stay.
            pub fn reset(&self) {
                self.0.reset();
            }

            /// Acquires a permit for one call, or refuses it.
            ///
            /// The caller reports the outcome with [`success`](CallPermit::success) or
            /// [`failure`](CallPermit::failure); a permit that is dropped is neutral. If the
            /// breaker has a rule about slow calls, the time until then is the time that the call
            /// took.
            ///
            /// Within a call that this same breaker has let in (the body of a function that it
            /// guards, or a [`scope`](CallPermit::scope)), the new call runs under the permit of
            /// the outer one: it is never refused, and its outcome is not counted a second time.
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
            /// Returns [`Error::CircuitOpen`], with the time until the next probe if it is known.
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
