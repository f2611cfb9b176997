//! The panel over HTTP, on real sockets and in real time: what it answers, to whom, and what it bears.
#![allow(
    clippy::disallowed_methods,
    reason = "sockets live in real time: there is no paused clock to be true to"
)]

mod api;
mod client;
mod commands;
mod faults;
#[path = "../support/in_time.rs"]
mod in_time;
mod page;
mod pages;
mod stores;
mod stream;

use tokio::sync::RwLock;

/// Pages are counted over the whole process: a test that counts them has it alone.
static PROCESS: RwLock<()> = RwLock::const_new(());
