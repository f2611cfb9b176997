//! The handle of a store in PostgreSQL, with its pool of connections and its settings.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime};
use resil_runtime::idempotency::store::StoreResult;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use super::fault::misconfigured;
use super::limit_sql::LimitSql;
use super::sql::{self, Sql};
use super::sweeps::Sweeps;

/// The options of a connection that make the server give up a statement after ten seconds, and a
/// silent connection after ten seconds too.
const GIVE_UP: &str = "-c statement_timeout=10s -c tcp_keepalives_idle=4 \
     -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3";

/// A store in PostgreSQL. Clones share their pool.
#[derive(Clone)]
#[must_use = "a store is of use when it is given to a site"]
pub struct Postgres {
    pub(super) pool: Pool,
    pub(super) sql: Arc<Sql>,
    pub(super) limits: Arc<LimitSql>,
    pub(super) timeout: Duration,
    pub(super) kept: Duration,
    pub(super) counts: Arc<Counts>,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) empty: AtomicU64,
    pub(super) claims: Arc<Sweeps>,
    pub(super) takes: Arc<Sweeps>,
}

impl Postgres {
    /// Makes a store over at most 16 connections, which are made as `config` says, without TLS.
    ///
    /// A connection asks for a `statement_timeout` of 10 s and for the primary. Keep-alives of both ends
    /// find a silent peer within as long, and so does a `tcp_user_timeout`: what `config` says of them
    /// holds in their place. A pooler that refuses such settings (PgBouncer without
    /// `ignore_startup_parameters = options`) needs [`from_pool`](Self::from_pool).
    ///
    /// # Errors
    ///
    /// [`Misconfigured`](resil_runtime::idempotency::store::StoreErrorKind::Misconfigured) if
    /// `config` has no host or no user.
    pub fn from_config(config: Config) -> StoreResult<Self> {
        Self::from_config_with(config, NoTls)
    }

    /// Makes a store as [`from_config`](Self::from_config) does, over connections with TLS.
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
        // A statement for which nobody waits any more still holds locks, and so does one whose
        // client vanished without a word: the server has to give them up by itself. The user's own
        // options come last, and so win.
        let options = config.get_options().unwrap_or_default();
        config.options(format!("{GIVE_UP} {options}"));
        give_up_silence(&mut config);
        // Of several hosts only the primary takes writes.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let pool = Pool::builder(Manager::from_config(config, tls, recycling))
            .max_size(16)
            // Those that are used are known to work.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .create_timeout(Some(limit))
            .recycle_timeout(Some(limit))
            .wait_timeout(Some(limit * 5))
            .build()
            .map_err(misconfigured)?;
        Ok(Self::from_pool(pool))
    }

    /// Makes a store over a pool that is set up already, with its own credentials, TLS, size and
    /// timeouts.
    ///
    /// The store prepares its statements, which a pooler in between must support (PgBouncer 1.21
    /// with `max_prepared_statements`).
    pub fn from_pool(pool: Pool) -> Self {
        Self {
            pool,
            sql: Arc::new(Sql::new("resil_idempotency")),
            limits: Arc::new(LimitSql::new("resil_rate_limit")),
            timeout: Duration::from_secs(2),
            kept: Duration::from_secs(60 * 60),
            counts: Arc::default(),
        }
    }

    /// Sets the name of the table: 1 to 50 of `A-Z a-z 0-9 _ : -`, used with its case as written. A
    /// schema may stand before it, with a dot between. Default `resil_idempotency`.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`](resil_runtime::idempotency::store::StoreErrorKind::Misconfigured) if
    /// `name` is not such a name.
    pub fn table(mut self, name: &str) -> StoreResult<Self> {
        sql::check_name(name).map_err(misconfigured)?;
        self.sql = Arc::new(Sql::new(name));
        Ok(self)
    }

    /// Sets how long to wait for one statement. Default 2 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long the row of a record stays after the record has ended. Default one hour.
    pub fn rows_kept(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }

    /// Returns the statements that make the table, its sequence and its index if they are missing.
    pub fn schema(&self) -> &str {
        &self.sql.schema
    }

    /// Returns how many statements of this store were run again, because another statement had
    /// changed the same row meanwhile. For tests and for curious readers.
    pub fn empty_answers(&self) -> u64 {
        self.counts.empty.load(Relaxed)
    }
}

/// Makes this end of a connection give up a silent peer after ten seconds, where nothing else is set.
fn give_up_silence(config: &mut Config) {
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(Duration::from_secs(4));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(2));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(10));
    }
}

/// The longest span, in microseconds: 200 years. PostgreSQL has dates that far ahead, and intervals
/// that long.
const LONGEST: u64 = 200 * 365 * 24 * 60 * 60 * 1_000_000;

/// Returns a span in microseconds, as the statements count.
pub(super) fn micros(span: Duration) -> i64 {
    let longest = span.as_micros().min(LONGEST.into());
    i64::try_from(longest).unwrap_or(i64::MAX)
}

/// Shows no address and no credentials.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("table", &self.sql.table)
            .field("rate_limit_table", &self.limits.table)
            .field("timeout", &self.timeout)
            .field("rows_kept", &self.kept)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_is_given_up_after_ten_seconds_or_as_it_is_set() {
        let seconds = Duration::from_secs;
        let mut config = Config::new();
        give_up_silence(&mut config);
        let found = config
            .get_keepalives_interval()
            .zip(config.get_keepalives_retries());
        assert_eq!(config.get_keepalives_idle(), seconds(4));
        assert_eq!(found, Some((seconds(2), 3)));
        assert_eq!(config.get_tcp_user_timeout(), Some(&seconds(10)));
        let own = "host=h keepalives_idle=60 keepalives_interval=9 keepalives_retries=5 \
                   tcp_user_timeout=30";
        let own: Config = own.parse().expect("settings");
        let mut config = own.clone();
        give_up_silence(&mut config);
        assert_eq!(config, own);
    }
}
