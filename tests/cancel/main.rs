//! OPERATIONS.md, section 1: cancellation scopes and the shutdown. On paused time, but for the two
//! functions that block their thread.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod blocking;
mod drain;
mod neutral;
mod scopes;
mod shutdowns;
mod storm;
#[path = "../support/mod.rs"]
mod support;
mod values;
mod waits;

use std::pin::Pin;
use std::time::Duration;

use resil::event::{Event, StopReason};
use resil::{CancellationToken, Error, cancel_scope};
use support::{Events, Fault, Record, ms, poll_once};

/// A token that is cancelled after so many milliseconds.
fn cancelled_after(after: u64) -> CancellationToken {
    let token = CancellationToken::new();
    let canceller = token.clone();
    tokio::spawn(async move {
        tokio::time::sleep(ms(after)).await;
        canceller.cancel();
    });
    token
}

/// A token that is cancelled.
fn cancelled() -> CancellationToken {
    let token = CancellationToken::new();
    token.cancel();
    token
}

async fn fail(r: &Record) -> Result<u32, Fault> {
    Err(Fault::Network(r.attempt()))
}

async fn take(r: &Record, time: u64) -> Result<u32, Fault> {
    let n = r.attempt();
    tokio::time::sleep(ms(time)).await;
    Ok(n)
}

fn is_cancelled<T>(out: &Result<T, Fault>) -> bool {
    matches!(out, Err(Fault::Resil(Error::Cancelled)))
}

/// The reasons of the waits that were ended from outside.
fn ended(events: &Events) -> Vec<StopReason> {
    let all = events.all();
    let reasons = all.iter().filter_map(|e| match e {
        Event::WaitCancelled { reason, .. } => Some(*reason),
        _ => None,
    });
    reasons.collect()
}
