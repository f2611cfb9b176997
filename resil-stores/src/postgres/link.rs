//! One statement over one connection of the pool, bounded in time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{Object, Pool, PoolError};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::NAME;
use resil_runtime::clock;
use resil_runtime::idempotency::store::{StoreError, StoreErrorKind};

pub(super) type Params<'a> = [&'a (dyn ToSql + Sync)];

/// Why a statement gave no answer.
pub(super) enum Fault {
    /// Two statements met, and the server wants this one again.
    Again,
    Store(StoreError),
}

/// A connection that is given back when its statement is through, and closed when it is not: the
/// next user would wait behind an answer that nobody reads, or for ever.
struct Lent(Option<Object>);

impl Lent {
    async fn of(pool: &Pool) -> Result<Self, Fault> {
        match pool.get().await {
            Ok(object) => Ok(Self(Some(object))),
            Err(PoolError::Backend(e)) => Err(of_driver(&e)),
            Err(other) => Err(Fault::Store(StoreError::unavailable(NAME, other))),
        }
    }

    fn client(&self) -> &Object {
        self.0.as_ref().expect("it is there until it is given back")
    }

    /// What the statement came to, if it came to anything in time.
    fn ended<T>(
        mut self,
        done: Option<Result<T, tokio_postgres::Error>>,
        timeout: Duration,
    ) -> Result<T, Fault> {
        match done {
            Some(Ok(done)) => {
                drop(self.0.take());
                Ok(done)
            }
            Some(Err(e)) => Err(of_driver(&e)),
            None => {
                let why = format!("no answer within {timeout:?}");
                Err(Fault::Store(StoreError::unavailable(NAME, why)))
            }
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

/// The rows of a statement.
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
    let done = within(timeout, statement).await;
    lent.ended(done, timeout)
}

/// How many rows a statement changed.
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
    let done = within(timeout, statement).await;
    lent.ended(done, timeout)
}

/// Several statements in one text, which take effect together or not at all.
pub(super) async fn batch(pool: &Pool, timeout: Duration, text: &str) -> Result<(), Fault> {
    let lent = Lent::of(pool).await?;
    let done = within(timeout, lent.client().batch_execute(text)).await;
    lent.ended(done, timeout)
}

async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut over) = (
        pin!(future),
        pin!(clock::sleep_until(clock::add(clock::now(), limit))),
    );
    poll_fn(|cx| {
        if let Poll::Ready(done) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        over.as_mut().poll(cx).map(|()| None)
    })
    .await
}

/// What the driver says, as the trait has it. Of an error of the server its message alone: the
/// details may show a row.
fn of_driver(e: &tokio_postgres::Error) -> Fault {
    let Some(db) = e.as_db_error() else {
        let kind = if e.to_string().starts_with("invalid configuration") {
            StoreErrorKind::Misconfigured
        } else {
            StoreErrorKind::Unavailable
        };
        return Fault::Store(StoreError::new(NAME, kind, chain(e)));
    };
    let (code, message) = (db.code(), db.message());
    if [
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
    ]
    .contains(&code)
    {
        return Fault::Again;
    }
    let (kind, hint) = match code.code() {
        // Undefined table, column, sequence.
        "42P01" | "42703" => (
            StoreErrorKind::Misconfigured,
            ": create it with `create_schema`, or with the text of `schema`",
        ),
        code if code.starts_with("42") || code.starts_with("28") || code.starts_with("3D") => {
            (StoreErrorKind::Misconfigured, "")
        }
        _ => (StoreErrorKind::Unavailable, ""),
    };
    let text = format!("{message} ({}){hint}", code.code());
    Fault::Store(StoreError::new(NAME, kind, text))
}

/// The driver says what it did, and its sources why that failed.
fn chain(e: &tokio_postgres::Error) -> String {
    let mut text = e.to_string();
    let mut source = std::error::Error::source(e);
    while let Some(e) = source {
        let why = e.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        source = e.source();
    }
    text
}
