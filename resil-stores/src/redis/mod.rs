//! The store in Redis or Valkey. Each step is one script on one key, by the server's clock.
//!
//! # A record
//!
//! A record is a hash under the prefix and the 64 hex digits of the key (`resil:3f2a..`). It holds
//! state, token, fence, fingerprint, lease end, expiry, and the outcome when it is done. `HGETALL`
//! shows it. A step touches one key and no other state, so a cluster serves as well as one server.
//!
//! # The fence
//!
//! A new fence is one above the last, or the server's clock in microseconds if that is more. A
//! record that has ended or was removed leaves its fence behind for an hour
//! ([`Redis::fences_kept`]). After that the clock alone keeps the next fence above it. So a fence
//! falls only if the server's clock is set back by more than that hour, and by more than the time
//! for which the key was not used. The same holds if a replica takes over whose clock is behind by
//! that much.
//!
//! # What Redis keeps
//!
//! Redis can lose records that it has acknowledged:
//!
//! * at a failover, those that the replica has not got yet;
//! * at a crash, those that `appendfsync` has not written yet (`everysec`: about two seconds of
//!   them; `always`: none), and without an append-only file all of them;
//! * with a `maxmemory-policy` other than `noeviction`, those that Redis evicts.
//!
//! [`Store::check`] warns if there is no append-only file, and of the `maxmemory-policy`. A key
//! whose record is lost can start again. Where that must not happen, `on_abandon = indeterminate`
//! needs PostgreSQL or SQLite.
//!
//! # When memory is full
//!
//! At its `maxmemory` Redis refuses new claims, as [`Unavailable`]. It takes all other steps: owners renew
//! and end their claims, and what is done is replayed.
//!
//! [`Unavailable`]: resil_runtime::idempotency::store::StoreErrorKind::Unavailable

mod answer;
mod check;
mod client;
mod connection;
mod fault;
mod limits;
mod script;
mod steps;

use ::redis::{Client, IntoConnectionInfo};
use resil_runtime::idempotency::Store;
use resil_runtime::idempotency::store::{BoxFuture, StoreResult};

pub use client::Redis;
use fault::{NAME, error};

/// Makes a store in Redis 5 or later, or in Valkey. Connects at the first step.
///
/// `from` is a URL (`redis://user:password@host:6379/0`, `rediss://` with a TLS feature of the
/// `redis` crate, `unix:///path`), or another value that the `redis` crate turns into an address.
///
/// ```no_run
/// # fn main() -> Result<(), resil_runtime::idempotency::StoreError> {
/// let store = resil_stores::redis("redis://127.0.0.1:6379/")?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Misconfigured`](resil_runtime::idempotency::store::StoreErrorKind::Misconfigured) if the URL
/// is not valid.
pub fn redis(from: impl IntoConnectionInfo) -> StoreResult<Redis> {
    let client = Client::open(from).map_err(error)?;
    Ok(Redis::from_client(client))
}

macro_rules! script {
    ($this:ident, $step:ident, $($arg:ident),*) => {
        Box::pin(steps::$step($this, $($arg),*))
    };
}

impl Store for Redis {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn outlives_process(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(self.warnings())
    }

    resil_runtime::__store_steps!(script);
}
