//! Idempotency stores for [`resil`](https://docs.rs/resil): SQLite, Redis or Valkey, PostgreSQL, and
//! any that implements [`Store`](resil_runtime::idempotency::Store).
//!
//! Most users want the package `resil`, whose feature `store` (or `sqlite`, `redis`, `postgres`)
//! re-exports all of this in `resil::idempotency`.
//!
//! A [`Store`](resil_runtime::idempotency::Store) keeps records; its
//! [module](resil_runtime::idempotency::store) says how to build a store of your own. [`Shared`]
//! wraps a store in its settings, and [`install`] makes it the store of the process. A call on it
//! claims its key and renews the claim beside the body. Once the body is done, its outcome is
//! recorded even if the caller is dropped meanwhile.
//!
//! The same servers count the calls of rate limits over all hosts: see [`limits`].
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `sqlite` | [`sqlite()`], records in an SQLite file |
//! | `redis` | [`redis()`], records and rate limits in Redis or Valkey |
//! | `postgres` | [`postgres()`], records and rate limits in PostgreSQL |
//! | `test-util` | [`conformance`] and [`limits::conformance`], to which any store can be held |

mod begin;
mod call;
mod codec;
#[cfg(feature = "test-util")]
pub mod conformance;
mod current;
mod hash;
mod held_claim;
mod install;
mod instance;
mod key_queue;
mod lease;
pub mod limits;
mod manual;
mod pause;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod running;
mod shared;
mod site;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod tasks;

#[cfg(test)]
mod tests;

pub use current::{Current, current};
pub use erased_serde;
pub use install::{InstallError, install, install_named};
pub use manual::{Finding, KeyOf, forget, resolve};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, postgres};
#[cfg(feature = "redis")]
pub use redis::{Redis, redis};
pub use resil_runtime::idempotency::{Codec, CodecError, Json, Read};
pub use shared::Shared;
#[cfg(feature = "sqlite")]
pub use sqlite::sqlite;
pub use tasks::drain;

/// The items that generated code uses in place of those of `resil-runtime`. They may change in any
/// version.
#[doc(hidden)]
pub mod __private {
    pub use crate::codec::{ResultCodec, recorded, recorded_with_errors};
    pub use crate::install::StoreChoice;
    pub use crate::limits::{RateLimitStoreChoice, StoredRateLimit};
    pub use crate::running::{ClaimFuture, Running};
    pub use crate::site::{IdempotentSite, SiteOf};
}
