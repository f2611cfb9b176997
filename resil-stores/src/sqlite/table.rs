//! The SQL of the store: opens the connection, checks the table, and takes steps in it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, named_params};

use super::fault::{self, misconfigured};
use super::lock;
use super::options::SqliteOptions;
use super::row::{Millis, Row};
use super::schema::{LAYOUT, schema_for};
use super::steps::{Step, Then};
use resil_runtime::idempotency::store::{RecordKey, StoreError, StoreResult};

/// The most expired records that are removed in one transaction.
pub(super) const SWEEP: u64 = 1_000;

// Read by a statement, so that the clock is SQLite's. It is read after the lock is held, since that
// may have been waited for, and anew for each step. Within a transaction it goes back only if the
// host's clock does.
const NOW: &str = "SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";

const EXPIRED: &str = "expiry <= ?1 AND (state = 'done' OR lease_end <= ?1)";

pub(super) struct Table {
    connection: Connection,
    find: String,
    write: String,
    delete: String,
    fence: String,
    expired: String,
    sweep: String,
}

impl Table {
    pub(super) fn open(options: &SqliteOptions) -> StoreResult<Self> {
        let connection = connect(&options.path, options.create_schema)?;
        lock::patience(&connection, options.busy_timeout).map_err(fault::of)?;
        configure(&connection)?;
        let t = &options.table;
        let meta = format!("{t}_meta");
        let missing = || -> StoreResult<Option<&str>> {
            for table in [t.as_str(), meta.as_str()] {
                if !connection.table_exists(None, table).map_err(fault::of)? {
                    return Ok(Some(table));
                }
            }
            Ok(None)
        };
        // Two processes may find the tables missing at once. A process that finds them takes no
        // lock.
        if options.create_schema && missing()?.is_some() {
            let schema = schema_for(t);
            let create = format!("BEGIN IMMEDIATE;\n{schema}\nCOMMIT;");
            connection.execute_batch(&create).map_err(fault::of)?;
        }
        if let Some(table) = missing()? {
            return Err(misconfigured(format!(
                "there is no table `{table}`; run the statements of `SCHEMA`, \
                 or ask for them with `create_schema()`"
            )));
        }
        let layout = format!("SELECT layout FROM \"{meta}\" WHERE one = 1");
        let layout: Option<i64> = connection
            .query_row(&layout, [], |row| row.get(0))
            .optional()
            .map_err(fault::of)?;
        if layout != Some(LAYOUT) {
            return Err(misconfigured(format!(
                "`{meta}` says layout {layout:?}, and this version of resil knows {LAYOUT}"
            )));
        }
        let table = Self {
            find: format!(
                "SELECT state, token, fence, fingerprint, indeterminate, lease_end, expiry, \
                 outcome, body, codec, version FROM \"{t}\" WHERE key = ?1"
            ),
            write: format!(
                "INSERT INTO \"{t}\" (key, scope, state, token, fence, fingerprint, \
                 indeterminate, lease_end, expiry, outcome, body, codec, version) \
                 VALUES (:key, :scope, :state, :token, :fence, :fingerprint, \
                 :indeterminate, :lease_end, :expiry, :outcome, :body, :codec, :version) \
                 ON CONFLICT (key) DO UPDATE SET state = excluded.state, \
                 token = excluded.token, fence = excluded.fence, \
                 fingerprint = excluded.fingerprint, indeterminate = excluded.indeterminate, \
                 lease_end = excluded.lease_end, expiry = excluded.expiry, \
                 outcome = excluded.outcome, body = excluded.body, codec = excluded.codec, \
                 version = excluded.version"
            ),
            delete: format!("DELETE FROM \"{t}\" WHERE key = ?1"),
            fence: format!("UPDATE \"{meta}\" SET fence = fence + 1 WHERE one = 1 RETURNING fence"),
            expired: format!("SELECT EXISTS (SELECT 1 FROM \"{t}\" WHERE {EXPIRED})"),
            sweep: format!(
                "DELETE FROM \"{t}\" WHERE rowid IN \
                 (SELECT rowid FROM \"{t}\" WHERE {EXPIRED} LIMIT {SWEEP})"
            ),
            connection,
        };
        // Prepared now, so that a table of that name with other columns is an error of `open`, and
        // not of the first call.
        for sql in [
            &table.find,
            &table.write,
            &table.delete,
            &table.fence,
            &table.expired,
            &table.sweep,
        ] {
            table.connection.prepare_cached(sql).map_err(fault::of)?;
        }
        Ok(table)
    }

    /// Runs `inside` in one transaction. It is on disk when this returns `Ok`.
    pub(super) fn commit(
        &self,
        inside: impl FnOnce() -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        // A rollback that failed has left a transaction open, and none could begin beside it.
        if !self.connection.is_autocommit() {
            self.run("ROLLBACK")?;
        }
        // `IMMEDIATE` takes the lock of the writer from the start, so that what is read inside
        // stays true until the commit.
        self.run("BEGIN IMMEDIATE")?;
        let done = inside().and_then(|()| self.run("COMMIT"));
        // Some failures roll back by themselves.
        if done.is_err() && !self.connection.is_autocommit() {
            // Ignored, as the callers are told of the first failure.
            let _ = self.run("ROLLBACK");
        }
        done
    }

    /// Returns the step's answer; `None` if the step has something to write. Takes no lock that a
    /// writer waits for.
    ///
    /// The clock is read before the row. A process that stands still in between may so take a dead
    /// claim for a live one, but never a live claim for a dead one.
    pub(super) fn read_answer<S: Step>(
        &self,
        key: &RecordKey,
        step: &S,
    ) -> rusqlite::Result<Option<StoreResult<S::Answer>>> {
        let now = self.now()?;
        Ok(match self.find(key)? {
            Err(strange) => Some(Err(strange)),
            Ok(row) => match step.decide(row, now) {
                Then::Keep(answer) => Some(Ok(answer)),
                _ => None,
            },
        })
    }

    /// Takes the step. To be called inside [`commit`](Self::commit).
    pub(super) fn make<S: Step>(
        &self,
        key: &RecordKey,
        step: &S,
    ) -> rusqlite::Result<StoreResult<S::Answer>> {
        let now = self.now()?;
        let row = match self.find(key)? {
            Err(strange) => return Ok(Err(strange)),
            Ok(row) => row,
        };
        Ok(Ok(match step.decide(row, now) {
            Then::Keep(answer) => answer,
            Then::Delete(answer) => {
                let mut delete = self.connection.prepare_cached(&self.delete)?;
                delete.execute([key.hash().as_slice()])?;
                answer
            }
            Then::Write(row, answer) => {
                self.write(key, &row)?;
                answer
            }
            Then::Own(mut row, answer) => {
                let mut next = self.connection.prepare_cached(&self.fence)?;
                row.fence = next
                    .query_row([], |row| row.get::<_, i64>(0))?
                    .unsigned_abs();
                self.write(key, &row)?;
                answer(row.fence)
            }
        }))
    }

    /// Returns whether there is an expired record. Takes no lock that a writer waits for.
    pub(super) fn any_expired(&self) -> rusqlite::Result<bool> {
        let now = self.now()?;
        let mut expired = self.connection.prepare_cached(&self.expired)?;
        expired.query_row([now.0], |row| row.get(0))
    }

    /// Removes up to [`SWEEP`] expired records, and returns how many. To be called inside
    /// [`commit`](Self::commit).
    pub(super) fn sweep(&self) -> rusqlite::Result<u64> {
        let now = self.now()?;
        let mut sweep = self.connection.prepare_cached(&self.sweep)?;
        Ok(sweep.execute([now.0])? as u64)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn now(&self) -> rusqlite::Result<Millis> {
        let mut now = self.connection.prepare_cached(NOW)?;
        now.query_row([], |row| row.get(0).map(Millis))
    }

    fn find(&self, key: &RecordKey) -> rusqlite::Result<StoreResult<Option<Row>>> {
        let mut find = self.connection.prepare_cached(&self.find)?;
        let found = find
            .query_row([key.hash().as_slice()], Row::read)
            .optional()?;
        Ok(found
            .transpose()
            .map_err(|strange| -> StoreError { fault::strange(strange, key) }))
    }

    fn write(&self, key: &RecordKey, row: &Row) -> rusqlite::Result<()> {
        let done = row.done.as_ref();
        let mut write = self.connection.prepare_cached(&self.write)?;
        write.execute(named_params! {
            ":key": key.hash().as_slice(),
            ":scope": key.name(),
            ":state": if done.is_some() { "done" } else { "pending" },
            ":token": row.token.as_bytes().as_slice(),
            // The counter never comes to the maximum: each fence costs a claim of some
            // microseconds.
            ":fence": i64::try_from(row.fence).unwrap_or(i64::MAX),
            ":fingerprint": row.fingerprint.as_ref().map(|f| f.as_bytes().as_slice()),
            ":indeterminate": row.indeterminate,
            ":lease_end": row.lease_end.0,
            ":expiry": row.expiry.0,
            ":outcome": done.map(|r| r.outcome.as_str()),
            ":body": done.map(|r| &*r.body),
            ":codec": done.map(|r| &*r.codec),
            ":version": done.map(|r| r.version),
        })?;
        Ok(())
    }
}

fn connect(path: &Path, create: bool) -> StoreResult<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Without `create` a wrong path must not leave an empty database behind.
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    Connection::open_with_flags(path, flags).map_err(|e| misconfigured(e.to_string()))
}

fn configure(connection: &Connection) -> StoreResult<()> {
    let mode = lock::insist(connection, || {
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| {
            row.get::<_, String>(0)
        })
    })
    .map_err(fault::of)?;
    if mode != "wal" {
        return Err(misconfigured(format!(
            "its journal is `{mode}` and can't be a write-ahead log; \
             it must be a file on a disk of this host"
        )));
    }
    // `fullfsync` is for macOS, whose `fsync` does not reach the disk. Elsewhere it has no effect.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;",
        )
        .map_err(fault::of)?;
    // The store uses as many statements as the default of 16 holds; this leaves room.
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}
