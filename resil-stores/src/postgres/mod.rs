//! The store in PostgreSQL. Each step is one statement, by the server's clock.
//!
//! # A record
//!
//! A record is a row of one table, which is `resil_idempotency` unless another is named. `psql`
//! shows it. [`Postgres::schema`] returns the statements that make the table, and
//! [`Postgres::create_schema`] runs them. The store never makes the table by itself.
//!
//! # The fence
//!
//! A fence comes from a sequence of the table's own, and is taken behind the row's lock. A record
//! that has ended or was removed leaves its row, with its fence, for an hour
//! ([`Postgres::rows_kept`]). Otherwise a claim that was held up between taking its number and
//! writing it could write a lower fence than one before it. So a fence falls only if a statement
//! stands still for that hour, or if somebody sets the sequence back.
//!
//! # What is swept
//!
//! Rows whose records ended longer ago than [`Postgres::rows_kept`] are deleted in batches of
//! 1,000: with the first claim of a process, after every thousandth, and by [`Postgres::sweep`].
//!
//! # What PostgreSQL keeps
//!
//! With its default settings PostgreSQL keeps all records that it has acknowledged. With `fsync`,
//! `full_page_writes` or `synchronous_commit` off it can lose some at a crash: [`Store::check`]
//! warns of these three. A failover to a replica that is not synchronous loses those that the
//! replica has not got yet. A replica never answers a claim: the statement asks whether it runs on
//! one.

mod client;
mod fault;
mod limit_sql;
mod limits;
mod link;
mod row;
mod run;
mod sql;
mod steps;
mod sweeps;

use resil_runtime::idempotency::Store;
use resil_runtime::idempotency::store::{BoxFuture, StoreResult};
use tokio_postgres::Config;

pub use client::Postgres;
use fault::{NAME, misconfigured};

/// Makes a store in PostgreSQL 9.5 or later. Connects at the first step.
///
/// `url` is a URL (`postgres://user:password@host:5432/db`) or a string of settings
/// (`host=.. user=..`). Connections have no TLS: for that, see [`Postgres::from_config_with`] and
/// [`Postgres::from_pool`].
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
/// [`Misconfigured`](resil_runtime::idempotency::store::StoreErrorKind::Misconfigured) if the URL
/// is not valid, or has no host or no user.
pub fn postgres(url: &str) -> StoreResult<Postgres> {
    // The driver's error is dropped, as it may show a part of the URL.
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
