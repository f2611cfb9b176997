//! The settings with which a store is opened.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::schema::TABLE;

/// The settings of a store that is not open yet: see [`sqlite`](super::sqlite).
#[derive(Clone)]
#[must_use = "a store is not there before it is opened"]
pub struct SqliteOptions {
    pub(super) path: PathBuf,
    pub(super) table: String,
    pub(super) create_schema: bool,
    pub(super) busy_timeout: Duration,
    pub(super) sweep_every: Duration,
}

/// Leaves out the path, which may hold a person's name.
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

    /// Makes the file and the tables if they are missing, by the statements of
    /// [`SCHEMA`](super::SCHEMA). By default both must be there.
    pub fn create_schema(mut self) -> Self {
        self.create_schema = true;
        self
    }

    /// Sets the name of the table: 1 to 128 of `A-Z a-z 0-9 _ . : -`. Default `resil_idempotency`.
    /// A second table, `<table>_meta`, and the index `<table>_expiry` are named after it.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// Sets how long a commit waits for other processes before its steps fail. Default 5 s.
    pub fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    /// Sets how often expired records are removed, in batches of 1,000. Default 60 s. With
    /// [`Duration::MAX`] only [`Sqlite::sweep`](super::Sqlite::sweep) removes them.
    pub fn sweep_every(mut self, sweep_every: Duration) -> Self {
        self.sweep_every = sweep_every;
        self
    }
}
