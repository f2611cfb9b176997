//! Waits for the lock of the one writer, which another process may hold.
//!
//! SQLite's own wait sleeps up to 100 ms at a time, and a commit takes less than one millisecond:
//! with several writers that costs most of the throughput. The wait here looks again soon, and with
//! jitter. It blocks the store's own thread, in real time, since SQLite has no other way to wait.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

thread_local! {
    /// The longest wait. Here and not in the handler, since SQLite's busy handler is a function
    /// without state. Each connection has a thread of its own.
    static PATIENCE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Sets how long `connection` waits for a lock. No other thread may use the connection.
pub(super) fn patience(connection: &Connection, limit: Duration) -> rusqlite::Result<()> {
    PATIENCE.set(limit);
    connection.busy_handler(Some(again))
}

/// Takes `step`, and repeats it while the file is locked, for as long as a lock is waited for. It
/// is for the step that gives a file its write-ahead log: if another process is at the same step,
/// SQLite refuses it at once, without asking the busy handler.
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

/// Waits a moment, and returns whether to look for the lock again.
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
    // At first as long as a commit takes, later a twentieth of the time that was waited so far.
    let most = (waited / 20).clamp(Duration::from_micros(300), Duration::from_millis(20));
    thread::sleep(most.mul_f64(rand::random_range(0.3..1.0)).min(patience));
    true
}
