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
//! loses what that had not got yet: [`Store::check`](resil_runtime::idempotency::Store::check) tells of the first three. Claims are never
//! answered by a replica: the text that asks says so itself.

mod link;
mod row;
mod run;
mod sql;
mod steps;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use resil_runtime::idempotency::store::{StoreError, StoreErrorKind, StoreResult};
use run::told;
use sql::Sql;

const NAME: &str = "postgres";

/// What the server does about us when it hears nothing: after ten seconds of one statement, or of
/// silence on the line.
const GIVE_UP: &str = "-c statement_timeout=10s -c tcp_keepalives_idle=4 \
     -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3";

/// Claims between two sweeps.
const SWEEP_EVERY: u64 = 1_000;

/// What a sweep deletes at most.
const BATCH: u64 = 1_000;

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
/// [`StoreErrorKind::Misconfigured`] if the URL is none.
pub fn postgres(url: &str) -> StoreResult<Postgres> {
    // What the driver says of it may hold a part of it.
    let config: Config = url
        .parse()
        .map_err(|_| misconfigured("that is no URL of PostgreSQL"))?;
    Postgres::from_config(config)
}

fn misconfigured(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(NAME, StoreErrorKind::Misconfigured, why)
}

/// A store in PostgreSQL. Clones share their pool.
#[derive(Clone)]
#[must_use = "a store is of use when it is given to a site"]
pub struct Postgres {
    pool: Pool,
    sql: Arc<Sql>,
    timeout: Duration,
    kept: Duration,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    claims: AtomicU64,
    empty: AtomicU64,
    sweeping: AtomicBool,
}

impl Postgres {
    /// Over connections that are made as `config` says, without TLS, 16 at most. They ask for a
    /// `statement_timeout` of 10 s, for keep-alives of as long, and for the primary; a pooler that
    /// refuses such settings (PgBouncer without `ignore_startup_parameters = options`) needs
    /// [`from_pool`](Self::from_pool).
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Misconfigured`] if there is no host or user in it.
    pub fn from_config(config: Config) -> StoreResult<Self> {
        Self::from_config_with(config, NoTls)
    }

    /// Over connections that are made as `config` says, with TLS, 16 at most.
    ///
    /// # Errors
    ///
    /// As [`from_config`](Self::from_config).
    pub fn from_config_with<T>(mut config: Config, tls: T) -> StoreResult<Self>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send + Sync,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(misconfigured("no host is given"));
        }
        let limit = Duration::from_secs(2);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(limit);
        }
        if config.get_application_name().is_none() {
            config.application_name("resil");
        }
        // A statement that nobody waits for any more, and one whose caller vanished without a word,
        // hold locks: the server is to give them up by itself. What the user has set comes last,
        // and holds.
        let options = config.get_options().unwrap_or_default();
        config.options(format!("{GIVE_UP} {options}"));
        // Of several hosts the primary.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_config(config, tls, recycling))
            .max_size(16)
            .runtime(Runtime::Tokio1)
            .create_timeout(Some(limit))
            .recycle_timeout(Some(limit))
            .wait_timeout(Some(limit * 5))
            .build()
            .map_err(misconfigured)?;
        Ok(Self::from_pool(pool))
    }

    /// Over a pool that is there already: its credentials, its TLS, its size and its timeouts are
    /// its own. Statements are prepared, so a pooler between must know of that (PgBouncer 1.21
    /// with `max_prepared_statements`).
    pub fn from_pool(pool: Pool) -> Self {
        Self {
            pool,
            sql: Arc::new(Sql::new("resil_idempotency")),
            timeout: Duration::from_secs(2),
            kept: Duration::from_secs(60 * 60),
            counts: Arc::default(),
        }
    }

    /// Another table than `resil_idempotency`: 1 to 50 of `A-Z a-z 0-9 _ : -`, as it is written,
    /// with a schema and a dot before it if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Misconfigured`] for any other name.
    pub fn table(mut self, name: &str) -> StoreResult<Self> {
        sql::check_name(name).map_err(misconfigured)?;
        self.sql = Arc::new(Sql::new(name));
        Ok(self)
    }

    /// How long one statement is waited for. Default 2 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the row of a record stays after the record has ended. Default one hour.
    pub fn rows_kept(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }

    /// The text that makes the table, its sequence and its index where they are missing.
    pub fn schema(&self) -> &str {
        &self.sql.schema
    }

    /// Runs [`schema`](Self::schema). Several processes may at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be reached or grants no right to it.
    pub async fn create_schema(&self) -> StoreResult<()> {
        // `IF NOT EXISTS` of two that meet is an error of one of them: one after the other.
        let text = format!("SELECT pg_advisory_xact_lock(7236837);\n{}", self.schema());
        link::batch(&self.pool, self.timeout.max(Duration::from_secs(10)), &text)
            .await
            .map_err(told)
    }

    /// Deletes up to 1,000 rows that ended longer ago than [`rows_kept`](Self::rows_kept), and
    /// says how many. It runs by itself after every thousandth claim of this process.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be asked.
    pub async fn sweep(&self) -> StoreResult<u64> {
        self.count(&self.sql.sweep, &[&micros(self.kept)]).await
    }

    /// How many statements of this store were run again since what they saw was older than what
    /// they met: for tests and for who is curious.
    pub fn empty_answers(&self) -> u64 {
        self.counts.empty.load(Relaxed)
    }

    fn sweep_now_and_then(&self) {
        if self.counts.claims.fetch_add(1, Relaxed) % SWEEP_EVERY != SWEEP_EVERY - 1
            || self.counts.sweeping.swap(true, Relaxed)
        {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            // It is not here that a store which is away is told of.
            while matches!(this.sweep().await, Ok(BATCH..)) {}
            this.counts.sweeping.store(false, Relaxed);
        });
    }
}

/// 200 years: a date that PostgreSQL knows, and a number that an interval takes.
const LONGEST: u64 = 200 * 365 * 24 * 60 * 60 * 1_000_000;

fn micros(span: Duration) -> i64 {
    let longest = span.as_micros().min(LONGEST.into());
    i64::try_from(longest).unwrap_or(i64::MAX)
}

/// No address and no credentials.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("table", &self.sql.table)
            .field("timeout", &self.timeout)
            .field("rows_kept", &self.kept)
            .finish_non_exhaustive()
    }
}
