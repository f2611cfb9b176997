//! LANGUAGE.md, section 11, rule by rule, on paused time: how many calls are let in, who waits and for
//! how long, who shares a rate limit, and what other layers make of a refusal.
//!
//! Rate limits live as long as the process, which all these tests share: each has names of its own.

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

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::event::Event;
use resil::{Deadline, Error, RateLimitPolicy, circuit, rate_limit, registry, retry, timeout};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{advance, sleep};

/// `.` let in, `X` refused by the rate limit, `T` timed out, `O` refused by a circuit, `F` an error of
/// the body.
fn letter<T>(out: &Result<T, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(Error::RateLimited { .. })) => 'X',
        Err(Fault::Resil(Error::Timeout { .. })) => 'T',
        Err(Fault::Resil(Error::CircuitOpen { .. })) => 'O',
        Err(Fault::Resil(e)) => panic!("{e}"),
        Err(_) => 'F',
    }
}

/// The time that a refusal names; `None` if it says that the call can never be let in.
fn retry_after<T: std::fmt::Debug>(out: &Result<T, Fault>) -> Option<Duration> {
    match out {
        Err(Fault::Resil(Error::RateLimited { retry_after, .. })) => *retry_after,
        other => panic!("{other:?}"),
    }
}

/// So many calls, one after the other, as letters.
macro_rules! play {
    ($n:expr, $call:expr) => {{
        let mut seen = String::new();
        for _ in 0..$n {
            seen.push(letter(&$call.await));
        }
        seen
    }};
}

// Behind the macro that they use.
mod by_hand;
mod cost;
mod keys;
mod other_layers;
mod rate;
mod refusal;
mod shapes;
mod sharing;
#[cfg(feature = "store")]
mod stores;
mod waiting;
