//! `#[idempotent]`: records the outcome of a call under its key, and replays it to the calls that
//! come with the same key later.
//!
//! The module holds the protocol, the keys, the codec of results and the store in memory.
//! [`store`] is the contract of a store outside of memory; the crate `resil-stores` runs calls on
//! such stores. Users read `resil::idempotency` instead.

pub(crate) mod active_claims;
#[cfg(feature = "store")]
pub(crate) mod any_codec;
mod blocking;
#[cfg(not(loom))]
mod call_key;
#[cfg(feature = "store")]
pub(crate) mod call_store;
mod capacity;
pub(crate) mod claiming;
pub(crate) mod codec;
mod encode;
pub(crate) mod held_claim;
#[cfg(feature = "store")]
pub(crate) mod installed;
pub(crate) mod instance;
pub(crate) mod key;
pub(crate) mod key_bytes;
mod key_part;
pub(crate) mod keyed_call;
mod lookup;
pub(crate) mod memory;
#[cfg(loom)]
#[path = "../loom/idempotency.rs"]
pub(crate) mod models;
mod policy;
mod records;
pub(crate) mod running;
pub(crate) mod site;
pub mod store;
pub(crate) mod tell;
mod timer;
pub(crate) mod waiters;

#[cfg(test)]
mod tests;

pub use crate::error::idempotency::{IdempotencyError, InstanceName, KeyFault};
pub use crate::event::idempotency::{IdempotencyEvent, NotRecordedReason};
#[cfg(feature = "store")]
pub use any_codec::{Codec, CodecError, Json, Read};
#[cfg(not(loom))]
pub use call_key::CallKey;
pub use codec::{Recordable, RecordableError};
pub use key_part::KeyPart;
pub use memory::{LimitsInUse, MemoryLimits, memory_limits};
pub use policy::{Conflict, IdempotentPolicy};
pub use store::{OnAbandon, Store, StoreError};
