//! The settings that a store is opened with.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::schema::TABLE;

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
    /// [`Duration::MAX`] leaves it to [`Sqlite::sweep`](super::Sqlite::sweep).
    pub fn sweep_every(mut self, sweep_every: Duration) -> Self {
        self.sweep_every = sweep_every;
        self
    }
}
