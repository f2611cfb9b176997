//! Waiting for the lock of the one writer, which another process may hold.
//!
//! SQLite's own waiting sleeps up to 100 ms at a time, where a commit takes less than one: with
//! several writers that costs most of the throughput. This one looks again soon, and with jitter.
//! It blocks its thread, which is the store's own, in real time: SQLite knows no other.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

thread_local! {
    /// The busy handler is a function without state, one connection has one thread.
    static PATIENCE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// How long `connection`, used by this thread alone, waits for a lock.
pub(super) fn patience(connection: &Connection, limit: Duration) -> rusqlite::Result<()> {
    PATIENCE.set(limit);
    connection.busy_handler(Some(again))
}

/// Repeats what SQLite refuses at once while another process does the same, without asking the
/// busy handler: turning a file into one with a write-ahead log.
pub(super) fn insist<T>(
    connection: &Connection,
    mut step: impl FnMut() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let mut tries = 0;
    loop {
        let out = step();
        let busy = matches!(&out, Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy));
        if !busy || !connection.is_autocommit() || !again(tries) {
            return out;
        }
        tries += 1;
    }
}

/// Whether to look again, after a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "a lock of other processes, waited for on a thread of its own"
)]
fn again(tries: i32) -> bool {
    let now = Instant::now();
    if tries == 0 {
        SINCE.set(Some(now));
    }
    let waited = now.saturating_duration_since(SINCE.get().unwrap_or(now));
    let patience = PATIENCE.get();
    if waited >= patience {
        return false;
    }
    // As long as a commit takes at first; a twentieth of what was waited so far later on.
    let most = (waited / 20).clamp(Duration::from_micros(300), Duration::from_millis(20));
    thread::sleep(most.mul_f64(rand::random_range(0.3..1.0)).min(patience));
    true
}
