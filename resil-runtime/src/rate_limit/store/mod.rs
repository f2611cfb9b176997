//! The contract of a store that counts the calls of several hosts against one rate limit.
//!
//! Implement [`LimitStore`] to count in a store of your own. `limits::conformance` (feature
//! `test-util` of `resil`) tests whether it keeps this contract.
//!
//! # The state
//!
//! A store keeps at most one [`LimitState`] under a [`LimitKey`]: what the calls that were let in
//! still *owe* at an instant of the store's clock. Each call pays for itself with `per / max` of
//! time, and what is owed falls as time goes by. A state that owes nothing means the same as no
//! state: so a store may remove it then, and not before.
//!
//! Amounts are counted in *units*, of which [`rate`](TakeRequest::rate) are paid in a microsecond.
//! The rate is chosen so that a call owes a whole number of units: no rounding adds up. Two hosts
//! with different settings may meet at one key, as when a new version is rolled out. So a state
//! says the rate that it is counted in, and is converted.
//!
//! # The steps
//!
//! [`take`](LimitStore::take) asks to let a call in, and [`give_back`](LimitStore::give_back)
//! returns the turn of a waiter that was dropped. [`TakeRequest::step`] is the arithmetic of the
//! first, for a store that can lock its state and read its clock. A step is atomic, and goes by the
//! store's clock alone: hosts hand over spans, never instants.

mod memory;
mod request;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use self::memory::Memory;
pub use self::request::{LimitState, TakeAnswer, TakeRequest};
pub use crate::error::store::{StoreError, StoreErrorKind};
use crate::hex::hex;

/// The future that each step of a [`LimitStore`] returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer to a step of a [`LimitStore`], or why there is none.
pub type StoreResult<T> = Result<T, StoreError>;

/// A store that counts the calls of several hosts. The [module](self) describes what it keeps.
///
/// The future of a step may be dropped at any await: the step then took effect once or not at all.
/// A store need not bound the time of a step, since the call bounds it.
pub trait LimitStore: Send + Sync + 'static {
    /// Returns the name of the store for events and logs, such as `"redis"`. It must hold no address
    /// and no secret.
    fn describe(&self) -> &str;

    /// Lets a call in, now or at a later turn, or refuses it: as [`TakeRequest::step`] does with the
    /// state of `key` and the store's time now. A call that is refused changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether the call was counted.
    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>>;

    /// Gives back the `price` of a call, if the state of `key` still is `turn`: the one that the call
    /// left behind. Returns whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nobody knows whether it took effect.
    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>>;
}

/// Forwards every step to the store in the `Arc`.
impl<S: LimitStore + ?Sized> LimitStore for std::sync::Arc<S> {
    fn describe(&self) -> &str {
        (**self).describe()
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        (**self).take(key, request)
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        (**self).give_back(key, turn, price)
    }
}

/// The key under which a store keeps a state: a SHA-256 of namespace, name and the user's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LimitKey([u8; 32]);

impl LimitKey {
    /// Makes a key of these bytes.
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// Returns the 32 bytes.
    pub const fn hash(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the hash as 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

/// Shows the first 32 bits.
impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitKey({}..)", &self.hex()[..8])
    }
}
