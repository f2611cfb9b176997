//! Runs the statements of the steps, and runs them again after an empty answer.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio_postgres::Row;

use super::client::{Postgres, micros};
use super::fault::{Fault, NAME, told};
use super::link::{self, Params};
use super::row::Record;
use super::sweeps::BATCH;
use resil_runtime::clock;
use resil_runtime::idempotency::store::{
    Ack, ClaimAnswer, ClaimRequest, RecordKey, StoreError, StoreResult,
};

/// The most times that a step is run while it gets empty answers.
const TRIES: u32 = 10;

impl Postgres {
    /// Makes the table, its sequence and its index, by the statements of [`schema`](Self::schema).
    /// Several processes may call it at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the server can't be reached, or if the user may not make tables.
    pub async fn create_schema(&self) -> StoreResult<()> {
        self.create(self.schema()).await
    }

    /// Runs the statements of a schema.
    pub(super) async fn create(&self, schema: &str) -> StoreResult<()> {
        // The lock lets one process run them after the other: if two `IF NOT EXISTS` meet, one of
        // them fails.
        let text = format!("SELECT pg_advisory_xact_lock(7236837);\n{schema}");
        link::batch(&self.pool, self.timeout.max(Duration::from_secs(10)), &text)
            .await
            .map_err(told)
    }

    /// Deletes up to 1,000 rows whose records ended longer ago than [`rows_kept`](Self::rows_kept),
    /// and returns how many. The store does so by itself with the first claim of this process and
    /// after every thousandth, until no more are left.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be asked.
    pub async fn sweep(&self) -> StoreResult<u64> {
        self.count(&self.sql.sweep, &[&micros(self.kept)]).await
    }

    pub(super) fn sweep_now_and_then(&self) {
        let Some(sweeping) = self.counts.claims.count() else {
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            // An error ends the sweep and is told to nobody: the next step meets it, and reports
            // it.
            while matches!(this.sweep().await, Ok(BATCH..)) {}
            drop(sweeping);
        });
    }

    pub(super) async fn rows(&self, text: &str, params: &Params<'_>) -> Result<Vec<Row>, Fault> {
        link::rows(&self.pool, self.timeout, text, params).await
    }

    /// Runs a step of one half, and returns how many rows it changed. It gets no empty answer: an
    /// `UPDATE` waits for the statement that has the row locked, and then reads the row anew.
    pub(super) async fn count(&self, text: &str, params: &Params<'_>) -> StoreResult<u64> {
        let mut tries = Tries::new(self);
        loop {
            match link::count(&self.pool, self.timeout, text, params).await {
                Err(Fault::Again) => tries.next().await?,
                other => return other.map_err(told),
            }
        }
    }

    pub(super) async fn owner(&self, text: &str, params: &Params<'_>) -> StoreResult<Ack> {
        let changed = self.count(text, params).await?;
        Ok(if changed == 1 {
            Ack::Ok
        } else {
            Ack::LeaseLost
        })
    }

    /// Runs a step of two halves until its answer is not empty, [`TRIES`] times at most.
    pub(super) async fn step<T>(
        &self,
        text: &str,
        params: &Params<'_>,
        read: impl Fn(Option<Record<'_>>) -> StoreResult<Option<T>>,
    ) -> StoreResult<T> {
        let mut tries = Tries::new(self);
        loop {
            match self.rows(text, params).await {
                Ok(rows) => {
                    if let Some(answer) = read(rows.first().map(Record))? {
                        return Ok(answer);
                    }
                }
                Err(Fault::Again) => {}
                Err(fault) => return Err(told(fault)),
            }
            tries.next().await?;
        }
    }

    pub(super) async fn claim_once(
        &self,
        key: &RecordKey,
        request: &ClaimRequest,
    ) -> Result<Option<ClaimAnswer>, Fault> {
        let (key, token) = (&key.hash()[..], &request.token.as_bytes()[..]);
        // A plain `SELECT` first: it answers most claims on a key that is there, and locks and
        // writes nothing.
        let seen = self.rows(&self.sql.read_primary, &[&key]).await?;
        if let Some(row) = seen.first()
            && let Some(answer) = Record(row).claim(request).map_err(Fault::Store)?
        {
            return Ok(Some(answer));
        }
        let fingerprint = request.fingerprint.as_ref().map(|f| &f.as_bytes()[..]);
        let params: &Params<'_> = &[
            &key,
            &token,
            &fingerprint,
            &request.indeterminate(),
            &micros(request.lease),
            &micros(request.ttl),
        ];
        let rows = self.rows(&self.sql.claim, params).await?;
        match rows.first() {
            Some(row) => Record(row).claim(request).map_err(Fault::Store),
            None => Ok(None),
        }
    }
}

/// The tries that a step has left.
pub(super) struct Tries<'a> {
    store: &'a Postgres,
    left: u32,
}

impl<'a> Tries<'a> {
    pub(super) fn new(store: &'a Postgres) -> Self {
        Self { store, left: TRIES }
    }

    /// Counts a try, and waits 1 to 5 ms. Once no try is left, returns the error of the step.
    pub(super) async fn next(&mut self) -> StoreResult<()> {
        self.store.counts.empty.fetch_add(1, Relaxed);
        self.left -= 1;
        if self.left == 0 {
            let why = format!("the key changed under each of {TRIES} tries");
            return Err(StoreError::unavailable(NAME, why));
        }
        let pause = Duration::from_micros(1_000 + u64::from(rand::random::<u16>()) % 4_000);
        clock::sleep_until(clock::add(clock::now(), pause)).await;
        Ok(())
    }
}
