//! How a store is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Sqlite;
use super::fault::{self, NAME};
use super::schema::{TABLE, check_name};
use super::table::Table;
use super::worker;
use resil_runtime::idempotency::store::{StoreError, StoreResult};

/// A store yet to be opened: see [`sqlite`](super::sqlite).
#[derive(Clone)]
#[must_use = "a store is not there before it is opened"]
pub struct SqliteOptions {
    pub(super) path: PathBuf,
    pub(super) table: String,
    pub(super) create_schema: bool,
    pub(super) busy_timeout: Duration,
    pub(super) sweep_every: Duration,
}

/// Without the path: it may name a person.
impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("table", &self.table)
            .field("create_schema", &self.create_schema)
            .field("busy_timeout", &self.busy_timeout)
            .field("sweep_every", &self.sweep_every)
            .finish_non_exhaustive()
    }
}

impl SqliteOptions {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            table: TABLE.to_owned(),
            create_schema: false,
            busy_timeout: Duration::from_secs(5),
            sweep_every: Duration::from_secs(60),
        }
    }

    /// Makes the file and the tables where they are missing, by the statements of
    /// [`SCHEMA`](super::SCHEMA). Without it both must be there.
    pub fn create_schema(mut self) -> Self {
        self.create_schema = true;
        self
    }

    /// Another name for the table than `resil_idempotency`: 1 to 128 of `A-Z a-z 0-9 _ . : -`.
    /// Two more names begin with it: `<table>_meta` and the index `<table>_expiry`.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// How long a commit waits for other processes before its steps fail. Default 5 s.
    pub fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    /// How often expired records are removed, in batches of 1,000. Default 60 s.
    /// [`Duration::MAX`] leaves it to [`Sqlite::sweep`].
    pub fn sweep_every(mut self, sweep_every: Duration) -> Self {
        self.sweep_every = sweep_every;
        self
    }

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
                    // Who opened it may have gone meanwhile: then there is nothing to do.
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
