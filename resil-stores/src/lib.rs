//! Idempotency stores for [`resil`](https://docs.rs/resil): SQLite, Redis or Valkey, PostgreSQL, and
//! any that implements [`Store`](resil_runtime::idempotency::Store).
//!
//! Most users want the package `resil`, whose feature `store` (or `sqlite`, `redis`, `postgres`)
//! re-exports all of this in `resil::idempotency`.
//!
//! A [`Store`](resil_runtime::idempotency::Store) keeps records; its
//! [module](resil_runtime::idempotency::store) says how to build one's own. [`Shared`] wraps a store
//! in its settings, and [`install`] makes it the store of the process. A call on it claims its key,
//! renews the claim beside the body, and records the outcome even if its caller is dropped meanwhile.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `sqlite` | [`sqlite()`], records in an SQLite file |
//! | `redis` | [`redis()`], records in Redis or Valkey |
//! | `postgres` | [`postgres()`], records in PostgreSQL |
//! | `test-util` | [`conformance`], the suite that any store can be held to |

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

pub use codec::{Codec, CodecError, Json, Read};
pub use current::{Current, current};
pub use erased_serde;
pub use install::{InstallError, install, install_named};
pub use manual::{Finding, KeyOf, forget, resolve};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, postgres};
#[cfg(feature = "redis")]
pub use redis::{Redis, redis};
pub use shared::Shared;
#[cfg(feature = "sqlite")]
pub use sqlite::sqlite;
pub use tasks::drain;

/// The names that generated code uses in place of those of `resil-runtime`. No promise of stability
/// is made for them.
#[doc(hidden)]
pub mod __private {
    pub use crate::codec::{ResultCodec, recorded, recorded_with_errors};
    pub use crate::install::StoreChoice;
    pub use crate::running::{ClaimFuture, Running};
    pub use crate::site::{IdempotentSite, SiteOf};
}
