//! The handle of a store. It sends its steps to the store's thread.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;

use resil_runtime::idempotency::store::{RecordKey, StoreError, StoreResult};
use tokio::sync::oneshot;

use super::fault::{self, NAME};
use super::options::SqliteOptions;
use super::schema::check_name;
use super::steps::Step;
use super::table::Table;
use super::worker::{self, Call, Job, Reply, Sweep};

/// A store in an SQLite file. Clones share one thread. When the last clone is dropped, the thread
/// takes the steps that still wait, and ends.
#[derive(Clone)]
pub struct Sqlite {
    jobs: mpsc::Sender<Box<dyn Job>>,
    table: Arc<str>,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Removes up to 1,000 expired records, and returns how many. The store does so by itself, too:
    /// see [`sweep_every`](super::SqliteOptions::sweep_every).
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file can't be written.
    pub async fn sweep(&self) -> StoreResult<u64> {
        self.wait(|reply| {
            let answer = None;
            Box::new(Sweep { answer, reply })
        })
        .await
    }

    /// Takes `step` on the store's thread, and waits for the answer.
    pub(super) async fn step<S: Step>(&self, key: &RecordKey, step: S) -> StoreResult<S::Answer> {
        self.wait(move |reply| {
            Box::new(Call {
                key: *key,
                step,
                answer: None,
                reply,
            })
        })
        .await
    }

    async fn wait<A>(&self, job: impl FnOnce(Reply<A>) -> Box<dyn Job>) -> StoreResult<A> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).map_err(|_| fault::gone())?;
        answer.await.unwrap_or_else(|_| Err(fault::gone()))
    }
}

impl SqliteOptions {
    /// Opens the file, on a thread of the store's own that ends with the last clone of the store.
    /// The file gets a write-ahead log, and keeps it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file or its tables are missing and
    /// [`create_schema`](Self::create_schema) was not asked for, if the file can't be written or
    /// can't have a write-ahead log, or if it is no database.
    pub async fn open(self) -> StoreResult<Sqlite> {
        check_name(&self.table)?;
        let (opened, open) = oneshot::channel();
        let (jobs, waiting) = mpsc::channel();
        let (table, sweep_every) = (self.table.as_str().into(), self.sweep_every);
        thread::Builder::new()
            .name("resil-sqlite".into())
            .spawn(move || match Table::open(&self) {
                Ok(table) => {
                    // If the caller was dropped meanwhile, all senders are gone, and `work`
                    // returns.
                    let _ = opened.send(Ok(()));
                    worker::work(&table, &waiting, sweep_every);
                }
                Err(e) => {
                    let _ = opened.send(Err(e));
                }
            })
            .map_err(|e| StoreError::unavailable(NAME, e))?;
        open.await.unwrap_or_else(|_| Err(fault::gone()))?;
        Ok(Sqlite { jobs, table })
    }
}
