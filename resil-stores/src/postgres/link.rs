//! Runs one statement over one connection of the pool, bounded in time.

use std::time::Duration;

use deadpool_postgres::{Object, Pool, PoolError};
use resil_runtime::clock;
use resil_runtime::idempotency::store::StoreError;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::{Fault, NAME, of_driver};

pub(super) type Params<'a> = [&'a (dyn ToSql + Sync)];

/// A connection, lent by the pool for one statement.
///
/// It is given back if the statement has ended, and closed if it has not: its next user would wait
/// behind an answer that nobody reads, or for ever.
struct Lent<'p> {
    object: Option<Object>,
    pool: &'p Pool,
    since: clock::Instant,
}

impl<'p> Lent<'p> {
    async fn of(pool: &'p Pool) -> Result<Self, Fault> {
        match pool.get().await {
            Ok(object) => Ok(Self {
                object: Some(object),
                pool,
                since: clock::now(),
            }),
            Err(PoolError::Backend(e)) => Err(of_driver(&e)),
            Err(other) => Err(Fault::Store(StoreError::unavailable(NAME, other))),
        }
    }

    fn client(&self) -> &Object {
        self.object
            .as_ref()
            .expect("it is there until it is given back")
    }

    /// Returns the result of the statement; the store is `Unavailable` if none came in time. The
    /// connection is given back only if the statement succeeded.
    ///
    /// If no answer came, the server may have vanished without a word. The connections that nobody has
    /// taken meanwhile are then closed too, or each of them would cost a step that waits as long.
    fn ended<T>(
        mut self,
        done: Option<Result<T, tokio_postgres::Error>>,
        timeout: Duration,
    ) -> Result<T, Fault> {
        match done {
            Some(Ok(done)) => {
                drop(self.object.take());
                Ok(done)
            }
            Some(Err(e)) => Err(of_driver(&e)),
            None => {
                let waited = clock::now().saturating_duration_since(self.since);
                self.pool.retain(|_, used| used.last_used() < waited);
                let why = format!("no answer within {timeout:?}");
                Err(Fault::Store(StoreError::unavailable(NAME, why)))
            }
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        drop(self.object.take().map(Object::take));
    }
}

/// Runs a statement, and returns its rows.
pub(super) async fn rows(
    pool: &Pool,
    timeout: Duration,
    text: &str,
    params: &Params<'_>,
) -> Result<Vec<Row>, Fault> {
    let lent = Lent::of(pool).await?;
    let statement = async {
        let statement = lent.client().prepare_cached(text).await?;
        lent.client().query(&statement, params).await
    };
    let done = clock::within(until(timeout), statement).await;
    lent.ended(done, timeout)
}

/// Runs a statement, and returns how many rows it changed.
pub(super) async fn count(
    pool: &Pool,
    timeout: Duration,
    text: &str,
    params: &Params<'_>,
) -> Result<u64, Fault> {
    let lent = Lent::of(pool).await?;
    let statement = async {
        let statement = lent.client().prepare_cached(text).await?;
        lent.client().execute(&statement, params).await
    };
    let done = clock::within(until(timeout), statement).await;
    lent.ended(done, timeout)
}

/// Runs several statements in one text, which take effect together or not at all.
pub(super) async fn batch(pool: &Pool, timeout: Duration, text: &str) -> Result<(), Fault> {
    let lent = Lent::of(pool).await?;
    let done = clock::within(until(timeout), lent.client().batch_execute(text)).await;
    lent.ended(done, timeout)
}

/// Returns the end of a step that may take `timeout` from now on.
fn until(timeout: Duration) -> clock::Instant {
    clock::add(clock::now(), timeout)
}
