//! Files that are watched, and a switch under load, in real time: waiting is bounded from above alone.

#![allow(
    clippy::await_holding_lock,
    clippy::disallowed_methods,
    clippy::items_after_statements,
    reason = "one file is in force at a time: its lock is that of a test; and these are in real time"
)]

mod load;
mod watched;

use std::path::PathBuf;
use std::sync::Mutex;

/// Held by each test here: there is one file in force.
static FILE: Mutex<()> = Mutex::new(());

/// The error of all bodies here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it failed")]
struct Failed;

/// A folder of its own for a test, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("resil-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
