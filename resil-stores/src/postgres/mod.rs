//! The store in PostgreSQL: one statement a step, by the server's clock.
//!
//! # A record
//!
//! A row of one table, `resil_idempotency` unless another is named; look into it with `psql`.
//! [`Postgres::schema`] is the text that makes it, and [`Postgres::create_schema`] runs that; the
//! store does neither by itself.
//!
//! # The fence
//!
//! From a sequence of the table's own, taken behind the row's lock. A record that has ended or was
//! removed leaves its row, with its fence, for an hour ([`Postgres::rows_kept`]): a claim that was
//! held up between taking its number and writing it would otherwise lay a lower one. So a fence
//! could fall only if a statement stood still for that hour, or somebody set the sequence back.
//!
//! # What is swept
//!
//! Rows that ended longer ago than that are deleted in batches of 1,000: after every thousandth
//! claim of a process, and by [`Postgres::sweep`].
//!
//! # What PostgreSQL keeps
//!
//! All that it acknowledged, with its settings as they come. `fsync`, `full_page_writes` or
//! `synchronous_commit` off lose it at a crash, and a failover to a replica that is not synchronous
//! loses what that had not got yet: [`Store::check`] tells of the first three. Claims are never answered by a replica: the text that
//! asks says so itself.

mod client;
mod fault;
mod link;
mod row;
mod run;
mod sql;
mod steps;

use resil_runtime::idempotency::Store;
use resil_runtime::idempotency::store::{BoxFuture, StoreResult};
use tokio_postgres::Config;

pub use client::Postgres;
use fault::{NAME, misconfigured};

/// A store in PostgreSQL 9.5 or later, reached by a URL (`postgres://user:password@host:5432/db`)
/// or a string of settings (`host=.. user=..`). Connects at the first step. Without TLS: for that,
/// see [`Postgres::from_config_with`] and [`Postgres::from_pool`].
///
/// ```no_run
/// # async fn main_() -> Result<(), resil_runtime::idempotency::StoreError> {
/// let store = resil_stores::postgres("postgres://app@127.0.0.1/shop")?;
/// store.create_schema().await?; // or run the text of `store.schema()` where your others are run
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Misconfigured`](resil_runtime::idempotency::store::StoreErrorKind::Misconfigured) if the URL is none.
pub fn postgres(url: &str) -> StoreResult<Postgres> {
    // The driver's error may show a part of the URL.
    let config: Config = url
        .parse()
        .map_err(|_| misconfigured("that is no URL of PostgreSQL"))?;
    Postgres::from_config(config)
}

macro_rules! statement {
    ($this:ident, $step:ident, $($arg:ident),*) => {
        Box::pin(steps::$step($this, $($arg),*))
    };
}

impl Store for Postgres {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn outlives_process(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(steps::check(self))
    }

    resil_runtime::__store_steps!(statement);
}
