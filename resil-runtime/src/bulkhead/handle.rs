//! The handles of bulkheads: inspecting them, setting their limit, and running calls through them
//! without an attribute.

use std::fmt::{self, Display};

use super::changes::BulkheadChanges;
use super::held::BulkheadPlace;
use super::named::NamedBulkhead;
use super::place::Place;
use super::policy::BulkheadPolicy;
use crate::error::{Error, Refusal};
use crate::named::{self, Held, MANUAL, Shared};
use crate::sync::Arc;

use super::core::BulkheadCore;

/// The handle of a bulkhead: [`bulkhead`](crate::bulkhead()) returns it.
///
/// A function with a `key` has a bulkhead for each key: [`key`](Self::key) returns it, and
/// [`keys`](Self::keys) lists all. Each of them, and the bulkhead of the name itself, has calls and a
/// limit of its own. They share the settings and the [`changes`](Self::changes).
#[derive(Clone, Copy)]
pub struct Bulkhead(&'static NamedBulkhead);

impl Bulkhead {
    pub(crate) fn new(bulkhead: &'static NamedBulkhead) -> Self {
        Self(bulkhead)
    }

    /// Sets the settings of the bulkhead and of its keys, unless a function or an earlier call of
    /// this method has set some. A limit that was [set](Self::set_limit) before stays.
    ///
    /// Returns false if other settings are in use. That is a conflict, as between two functions:
    /// the [registry](crate::registry::Registry::conflicts) lists it.
    pub fn configure(&self, policy: BulkheadPolicy) -> bool {
        named::configure(self.0, &policy, MANUAL)
    }

    /// Returns the bulkhead of one key under this name, and makes it if there is none.
    ///
    /// Keys are compared by their text: a host, a tenant, the number of a shard. There are at most
    /// [`max_keys`](BulkheadPolicy::max_keys) bulkheads; beyond that, new keys share one, whose key
    /// is [`OVERFLOW`](crate::registry::OVERFLOW). Text of more than 256 bytes is cut, and a hash
    /// of the rest is added.
    ///
    /// ```
    /// let host = resil_runtime::bulkhead("pay").key("pay-3.example.com");
    /// host.set_limit(1);
    /// let place = host.try_acquire().unwrap();
    /// assert!(host.try_acquire().is_err());
    /// assert!(resil_runtime::bulkhead("pay").key("pay-4.example.com").try_acquire().is_ok());
    /// # drop(place);
    /// ```
    pub fn key(&self, key: impl Display) -> KeyedBulkhead {
        KeyedBulkhead(self.0.of_key(&key))
    }

    /// Returns the bulkheads of all keys that exist now, in no particular order. The bulkheads keep
    /// their places among the keys as long as these handles live.
    pub fn keys(&self) -> Vec<KeyedBulkhead> {
        self.0
            .of_all_keys()
            .into_iter()
            .map(KeyedBulkhead)
            .collect()
    }

    /// Subscribes to the changes of the limit from here on, of this bulkhead and of all keys under
    /// its name. An adaptive limit is told each time that it is by more than a tenth another one than
    /// the one told last. A limit that settings from outside change is told too; the first one is no
    /// change.
    pub fn changes(&self) -> BulkheadChanges {
        BulkheadChanges::of(self.0.identity().name())
    }

    fn held(self) -> Held<BulkheadCore> {
        Held::Named(self.0)
    }
}

/// The handle of the bulkhead of one key: [`Bulkhead::key`] returns it.
///
/// The bulkhead keeps its place among the keys as long as the handle lives.
#[derive(Clone)]
pub struct KeyedBulkhead(Arc<BulkheadCore>);

impl KeyedBulkhead {
    /// Returns the key; [`OVERFLOW`](crate::registry::OVERFLOW) for the bulkhead that keys beyond
    /// [`max_keys`](BulkheadPolicy::max_keys) share.
    pub fn key(&self) -> &str {
        self.0.identity().key().map_or("", |key| key)
    }

    fn held(&self) -> Held<BulkheadCore> {
        Held::Keyed(Arc::clone(&self.0))
    }
}

/// Returns the outcome of a manual call in the types that users see.
fn by_hand(
    core: &Held<BulkheadCore>,
    entered: Result<Place<'_>, Refusal>,
) -> Result<BulkheadPlace, Error> {
    match entered {
        Ok(place) => Ok(BulkheadPlace::new(core.clone(), place.keep())),
        Err(refusal) => Err(refusal.into_error()),
    }
}

/// Acquires a place that is free, as [`try_acquire`](Bulkhead::try_acquire) does. Where there is none it tells nobody:
/// [`acquire`](Bulkhead::acquire) decides.
#[cfg(all(feature = "edge", not(loom)))]
pub fn free_place(bulkhead: &Bulkhead) -> Option<BulkheadPlace> {
    let place = bulkhead.0.enter(None).ok()?;
    Some(BulkheadPlace::new(bulkhead.held(), place.keep()))
}

/// The methods that both handles have.
macro_rules! manual_control {
    ($handle:ty) => {
        impl $handle {
            /// Returns the name: the one given to it, or the path of the function.
            pub fn name(&self) -> &'static str {
                self.0.name()
            }

            /// Returns the limit of calls at once. An adaptive limit is a seventh lower for a moment
            /// now and then, while the latency without a queue is measured.
            pub fn limit(&self) -> u32 {
                self.0.load().limit()
            }

            /// Returns the number of calls inside. A place that was handed to a waiting call counts.
            pub fn in_flight(&self) -> u32 {
                self.0.load().inside()
            }

            /// Returns the number of calls that wait for a place.
            pub fn waiting(&self) -> usize {
                self.0.waiting()
            }

            /// Sets the limit of calls at once, 1 to 65 535; a value out of range is replaced by the
            /// nearest one in range.
            ///
            /// If it is raised, waiting calls go in at once. If it is lowered below the number of
            /// calls inside, none of them is ended, and no other one goes in before enough of them
            /// have ended. The settings of a function that is called later do not change it; an
            /// adaptive limit goes on from it.
            pub fn set_limit(&self, limit: u32) {
                self.0.set_limit_manually(limit);
            }

            /// Acquires a place for one call, without waiting for it.
            ///
            /// The place is given back when it is dropped.
            ///
            /// ```
            /// # fn main() -> Result<(), resil_runtime::Error> {
            /// let place = resil_runtime::bulkhead("disk").try_acquire()?;
            /// // .. the work
            /// drop(place);
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// Returns [`Error::BulkheadFull`] if no place is free, or if others wait for one.
            pub fn try_acquire(&self) -> Result<BulkheadPlace, Error> {
                let core = self.held();
                let entered = core.enter(None);
                by_hand(&core, entered.map_err(|full| full.manual().refuse()))
            }

            /// Acquires a place for one call, and waits for it if there is room in the
            /// [queue](BulkheadPolicy::queue): as long as [`wait`](BulkheadPolicy::wait) says, and
            /// no longer than to the deadline in force.
            ///
            /// # Cancellation
            ///
            /// Cancel safe: a future that is dropped leaves the queue, and loses its turn. A place
            /// that was handed to it goes to the next one.
            ///
            /// # Errors
            ///
            /// Returns [`Error::BulkheadFull`] if there is no room in the queue, or no place in time, and
            /// [`Error::Cancelled`] if the wait is ended from outside.
            ///
            /// # Panics
            ///
            /// Panics if it needs a timer, and runs outside a tokio runtime with the time driver.
            pub async fn acquire(&self) -> Result<BulkheadPlace, Error> {
                let core = self.held();
                let entered = match core.enter(None) {
                    Ok(place) => Ok(place),
                    Err(full) => full.manual().wait().await,
                };
                by_hand(&core, entered)
            }

            /// Acquires a place for one call as [`acquire`](Self::acquire) does, and blocks the
            /// thread meanwhile. It needs no runtime. Do not call it in async code: no other task
            /// of the thread would run.
            ///
            /// # Errors
            ///
            /// Returns [`Error::BulkheadFull`] if there is no room in the queue, or no place in time, and
            /// [`Error::Cancelled`] if the wait is ended from outside.
            pub fn acquire_blocking(&self) -> Result<BulkheadPlace, Error> {
                let core = self.held();
                let entered = match core.enter(None) {
                    Ok(place) => Ok(place),
                    Err(full) => full.manual().wait_blocking(),
                };
                by_hand(&core, entered)
            }
        }

        impl fmt::Debug for $handle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($handle))
                    .field("name", &self.name())
                    .field("key", &self.0.identity().key())
                    .field("limit", &self.limit())
                    .field("in_flight", &self.in_flight())
                    .field("waiting", &self.waiting())
                    .finish()
            }
        }
    };
}

manual_control!(Bulkhead);
manual_control!(KeyedBulkhead);
