//! Idempotency records in an SQLite file: durable, and shared by the processes of one host.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = std::env::temp_dir().join(format!("resil-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! # let path = dir.join("resil.db");
//! let store = resil_stores::sqlite(&path) // "resil.db"
//!     .create_schema()
//!     .open()
//!     .await?;
//! # drop(store);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it keeps
//!
//! A step that was answered is on the disk (`synchronous = FULL`): it survives a crash of the
//! process and of the host, as far as the disk keeps what it acknowledged to `fsync`. Steps that
//! wait at the same time share a commit, up to 64 of them.
//!
//! Any number of processes of **one host** may open the file. Not over a network file system: a
//! write-ahead log needs shared memory. A process that is stopped (`SIGSTOP`, a debugger) in the
//! middle of a commit keeps the others waiting; after
//! [`busy_timeout`](SqliteOptions::busy_timeout) their steps fail.
//!
//! Time is SQLite's clock, the wall clock of the host. Set forward it ends leases early: their
//! owners are refused if somebody took over, as always. Set back it makes them last longer.
//!
//! A heartbeat is one `fsync`, and has a fifth of the lease to be done: on disks that stall, a
//! lease below about 300 ms may be lost to one of them.
//!
//! `rusqlite` brings SQLite with it, and a binary can link `sqlite3` but once: beside another crate
//! that brings one of its own, at another version of `libsqlite3-sys`, this feature does not build.
//!
//! A file that is restored from a copy knows nothing of what came after: its fences begin again
//! where they were.
//!
//! # To look into it
//!
//! ```text
//! $ sqlite3 resil.db ".schema"
//! $ sqlite3 resil.db "SELECT scope, state, hex(key), datetime(lease_end / 1000, 'unixepoch') \
//!                     FROM resil_idempotency WHERE state = 'pending'"
//! ```
//!
//! Bodies are what the functions returned, encoded: who may read the file may read them. Keys are
//! hashes.
//!
//! # Testing
//!
//! Its thread works in real time. On a paused clock (`tokio::test(start_paused = true)`) a runtime
//! that waits for it is idle, and tokio moves the clock on to the next timer: a step is then
//! answered with "no answer in time" at once. Test over the store in memory, or in real time.

mod client;
mod fault;
mod lock;
mod options;
mod row;
mod schema;
mod steps;
mod table;
#[cfg(test)]
mod tests;
mod worker;

use std::path::PathBuf;

use resil_runtime::idempotency::Store;

pub use client::Sqlite;
pub use options::SqliteOptions;
pub use schema::SCHEMA;

/// The store in the file at `path`, yet to be [opened](SqliteOptions::open).
pub fn sqlite(path: impl Into<PathBuf>) -> SqliteOptions {
    SqliteOptions::new(path.into())
}

macro_rules! on_its_thread {
    ($this:ident, $step:ident, $key:ident $(, $arg:ident)*) => {
        Box::pin($this.step($key, steps::$step($($arg),*)))
    };
}

impl Store for Sqlite {
    fn describe(&self) -> &'static str {
        fault::NAME
    }

    fn outlives_process(&self) -> bool {
        true
    }

    resil_runtime::__store_steps!(on_its_thread);
}
