//! The handle of a store, whose steps its thread takes.

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

/// A store in an SQLite file. Clones share it; with the last one its thread ends, after it has
/// done what still waits.
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
    /// Removes up to 1,000 expired records, and says how many. It happens by itself, too: see
    /// [`sweep_every`](super::SqliteOptions::sweep_every).
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub async fn sweep(&self) -> StoreResult<u64> {
        self.wait(|reply| {
            let answer = None;
            Box::new(Sweep { answer, reply })
        })
        .await
    }

    /// Takes `step`, on the store's thread.
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
    /// Opens it, on a thread of its own that ends with the last clone of the store. The file gets a
    /// write-ahead log, and keeps it.
    ///
    /// # Errors
    ///
    /// If the file or its tables are missing and [`create_schema`](Self::create_schema) was not
    /// asked for, if it can't be written or can't have a write-ahead log, or is no database.
    pub async fn open(self) -> StoreResult<Sqlite> {
        check_name(&self.table)?;
        let (opened, open) = oneshot::channel();
        let (jobs, waiting) = mpsc::channel();
        let (table, sweep_every) = (self.table.as_str().into(), self.sweep_every);
        thread::Builder::new()
            .name("resil-sqlite".into())
            .spawn(move || match Table::open(&self) {
                Ok(table) => {
                    // The caller may have gone meanwhile: then there is nothing to do.
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
