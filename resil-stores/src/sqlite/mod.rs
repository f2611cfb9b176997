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
//! A step that was answered is on the disk (`synchronous = FULL`). It survives a crash of the
//! process and of the host, as far as the disk keeps what it acknowledged to `fsync`. Up to 64
//! steps that wait at the same time share a commit.
//!
//! Any number of processes of **one host** may open the file. A network file system will not do,
//! since a write-ahead log needs shared memory. A process that is stopped (`SIGSTOP`, a debugger)
//! in the middle of a commit keeps the others waiting; after
//! [`busy_timeout`](SqliteOptions::busy_timeout) their steps fail.
//!
//! The clock is SQLite's: the wall clock of the host. If it is set forward, leases end early; an
//! owner whose key was then taken over is refused, as after any other lease. If it is set back,
//! leases last longer.
//!
//! A heartbeat is one `fsync`, and has a fifth of the lease to be acknowledged. On a disk that
//! stalls, a lease below about 300 ms may end during one stall.
//!
//! `rusqlite` brings SQLite with it, and a binary can link `sqlite3` only once. So this feature
//! does not build beside another crate that brings SQLite at another version of `libsqlite3-sys`.
//!
//! A file that is restored from a copy has lost all records since the copy, and its fences go on
//! from where they were then.
//!
//! # To look into it
//!
//! ```text
//! $ sqlite3 resil.db ".schema"
//! $ sqlite3 resil.db "SELECT scope, state, hex(key), datetime(lease_end / 1000, 'unixepoch') \
//!                     FROM resil_idempotency WHERE state = 'pending'"
//! ```
//!
//! A body is the encoded result of a function: anybody who may read the file may read it. Keys are
//! hashes.
//!
//! # Testing
//!
//! The store's thread works in real time. On a paused clock (`tokio::test(start_paused = true)`) a
//! runtime that waits for the thread is idle, so tokio moves the clock on to the next timer, and a
//! step is answered with "no answer in time" at once. Test over the store in memory, or in real
//! time.

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
