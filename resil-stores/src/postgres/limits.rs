//! The rate limits in PostgreSQL. Each step is one statement, by the server's clock.
//!
//! A state is a row of one table, which is `resil_rate_limit` unless another is named, and a step that
//! takes is a function beside it. [`Postgres::rate_limit_schema`] returns the statements that make both,
//! and [`Postgres::create_rate_limit_schema`] runs them. The store never makes them by itself.
//!
//! Rows that owe nothing any more are deleted in batches of 1,000, ten minutes later at most: with the first
//! step of a process, after every thousandth, and by [`Postgres::sweep_rate_limits`].
//!
//! Steps commit with `synchronous_commit` off, so that the row of a key is not locked while the disk
//! writes. A crash of the server may forget the calls of its last moments, three times the
//! `wal_writer_delay` (0.6 s) at most; so may a failover. No row is lost otherwise.

use std::sync::Arc;
use std::time::Duration;

use resil_runtime::rate_limit::store::{
    BoxFuture, LimitKey, LimitState, LimitStore, StoreError, StoreErrorKind, StoreResult,
    TakeAnswer, TakeRequest,
};
use tokio_postgres::Row;

use super::client::Postgres;
use super::fault::{Fault, NAME, misconfigured, told};
use super::limit_sql::LimitSql;
use super::run::Tries;
use super::sweeps::BATCH;
use super::{link, sql};

impl Postgres {
    /// Sets the name of the table of rate limits, as [`table`](Self::table) sets that of records. Default
    /// `resil_rate_limit`.
    ///
    /// # Errors
    ///
    /// [`Misconfigured`](StoreErrorKind::Misconfigured) if `name` is not such a name.
    pub fn rate_limit_table(mut self, name: &str) -> StoreResult<Self> {
        sql::check_name(name).map_err(misconfigured)?;
        self.limits = Arc::new(LimitSql::new(name));
        Ok(self)
    }

    /// Returns the statements that make the table of rate limits with its index, if they are missing, and
    /// that make its function anew.
    pub fn rate_limit_schema(&self) -> &str {
        &self.limits.schema
    }

    /// Makes the table of rate limits, its index and its function, by the statements of
    /// [`rate_limit_schema`](Self::rate_limit_schema). Several processes may call it at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the server can't be reached, or if the user may not make tables or functions.
    pub async fn create_rate_limit_schema(&self) -> StoreResult<()> {
        self.create(self.rate_limit_schema()).await
    }

    /// Deletes up to 1,000 rows of rate limits that owe nothing any more, and returns how many. The store
    /// does so by itself with the first step of this process and after every thousandth.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be asked.
    pub async fn sweep_rate_limits(&self) -> StoreResult<u64> {
        self.count(&self.limits.sweep, &[]).await
    }

    fn sweep_limits_now_and_then(&self) {
        let Some(sweeping) = self.counts.takes.count() else {
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            while matches!(this.sweep_rate_limits().await, Ok(BATCH..)) {}
            drop(sweeping);
        });
    }

    async fn take_limit(&self, key: &LimitKey, request: &TakeRequest) -> StoreResult<TakeAnswer> {
        let patience = request.patience().map_or(-1, int);
        let params: &link::Params<'_> = &[
            &&key.hash()[..],
            &int(request.rate()),
            &int(request.price()),
            &int(request.tolerance()),
            &patience,
        ];
        let mut tries = Tries::new(self);
        let rows = loop {
            match self.rows(&self.limits.take, params).await {
                Ok(rows) => break rows,
                Err(Fault::Again) => tries.next().await?,
                Err(fault) => return Err(told(fault)),
            }
        };
        self.sweep_limits_now_and_then();
        rows.first()
            .and_then(|row| read(row, request))
            .ok_or_else(|| {
                let what = "an answer that is not known";
                StoreError::new(NAME, StoreErrorKind::Corrupt, what)
            })
    }
}

impl LimitStore for Postgres {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        Box::pin(self.take_limit(key, request))
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            let [at, owed, rate, price] = [turn.at, turn.owed, turn.rate, price].map(int);
            let params: &link::Params<'_> = &[&&key.hash()[..], &at, &owed, &rate, &price];
            Ok(self.count(&self.limits.give_back, params).await? == 1)
        })
    }
}

fn read(row: &Row, request: &TakeRequest) -> Option<TakeAnswer> {
    let number = |name| u64::try_from(row.try_get::<_, i64>(name).ok()?).ok();
    let state = LimitState {
        at: number("at_us")?,
        owed: number("owed_units")?,
        rate: request.rate(),
    };
    let wait = Duration::from_micros(number("wait_us")?);
    match row.try_get("word").ok()? {
        "now" => Some(TakeAnswer::Now { state }),
        "turn" => Some(TakeAnswer::Turn { wait, state }),
        "early" => Some(TakeAnswer::TooEarly { wait, state }),
        _ => None,
    }
}

/// Returns `n` as the database counts. No number of a request is above 2^53.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
