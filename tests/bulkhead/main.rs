//! LANGUAGE.md, section 10, rule by rule, on paused time: who is let in, who waits, who is refused, and
//! how a limit is found.
//!
//! Bulkheads live as long as the process, which all these tests share: each has names of its own.

#![allow(
    clippy::wildcard_imports,
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::items_after_statements,
    clippy::unnecessary_wraps,
    reason = "each function stands where it is called, with the answer that an attribute asks for"
)]

#[path = "../support/mod.rs"]
mod support;

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use resil::event::Event;
use resil::{
    AdaptiveLimit, BulkheadPolicy, Deadline, Error, breaker, bulkhead, circuit, registry, retry,
    timeout,
};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{advance, sleep};

/// A call that takes so many milliseconds.
async fn take(r: &Record, time: u64) -> Result<u32, Fault> {
    let n = r.attempt();
    sleep(ms(time)).await;
    Ok(n)
}

/// `.` let in, `X` refused by the bulkhead, `T` a timeout, `F` an error of the body.
fn letter(out: &Result<u32, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(Error::BulkheadFull { .. })) => 'X',
        Err(Fault::Resil(Error::Timeout { .. })) => 'T',
        Err(Fault::Resil(e)) => panic!("{e}"),
        Err(_) => 'F',
    }
}

/// Starts the calls one after the other, and returns their ends as letters.
macro_rules! at_once {
    ($n:expr, $call:expr) => {{
        let mut calls: Vec<std::pin::Pin<Box<dyn Future<Output = Result<u32, Fault>>>>> =
            Vec::new();
        for _ in 0..$n {
            calls.push(Box::pin($call));
        }
        let ends = futures_util::future::join_all(calls).await;
        ends.iter().map(letter).collect::<String>()
    }};
}

/// `(limit, in flight, waiting)`
fn state(name: &str) -> (u32, u32, usize) {
    let b = bulkhead(name);
    (b.limit(), b.in_flight(), b.waiting())
}

// Behind the macros that they use.
mod adaptive;
mod cases;
mod gradient2;
mod held_out;
mod in_a_stack;
mod limit;
mod random;
mod sharing;
mod simulation;
mod waiting;
