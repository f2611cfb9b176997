//! The store in Redis or Valkey: one script a step, on one key, by the server's clock.
//!
//! # A record
//!
//! A hash under the prefix and the 64 hex digits of the key (`resil:3f2a..`): state, token, fence,
//! fingerprint, lease end, expiry, and the outcome when it is done. Look into it with `HGETALL`.
//! One key a step and no other state, so a cluster serves as one server does.
//!
//! # The fence
//!
//! One above the last, or the server's clock in microseconds where that is more. A record that has
//! ended or was removed leaves its fence behind for an hour ([`Redis::fences_kept`]); after that
//! the clock alone keeps the next one above it. So a fence could fall only if the server's clock
//! was set back by more than the time that a key was not used, and more than that hour; the same
//! holds for a replica that takes over with a clock behind by that much.
//!
//! # What Redis keeps
//!
//! What it acknowledged can be lost: at a failover what the replica had not yet got, at a crash
//! what `appendfsync` had not yet written (`everysec`: about two seconds; `always`: nothing), with
//! no append-only file all of it, and with a `maxmemory-policy` other than `noeviction` whatever
//! it threw away. [`Store::check`] tells of the last two. A key that is lost can start again:
//! where that must not be, `on_abandon = indeterminate` needs PostgreSQL or SQLite.

mod answer;
mod check;
mod client;
mod connection;
mod fault;
mod script;
mod steps;

use ::redis::{Client, IntoConnectionInfo};
use resil_runtime::idempotency::Store;
use resil_runtime::idempotency::store::{BoxFuture, StoreResult};

pub use client::Redis;
use fault::{NAME, error};

/// A store in Redis 5 or later, or in Valkey, reached by a URL (`redis://user:password@host:6379/0`,
/// `rediss://` with a TLS feature of the `redis` crate, `unix:///path`) or by what else the `redis`
/// crate takes for one. Connects at the first step.
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
/// [`Misconfigured`](resil_runtime::idempotency::store::StoreErrorKind::Misconfigured) if the URL is none.
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
