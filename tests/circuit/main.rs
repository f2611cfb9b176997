//! LANGUAGE.md, section 5, rule by rule, on paused time: what opens a breaker, what is neutral to
//! it, who shares it, and who is let in when it is half-open.
//!
//! Breakers live as long as the process, which all these tests share: each has names of its own.

#![allow(
    clippy::wildcard_imports,
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]
#![allow(
    clippy::extra_unused_type_parameters,
    clippy::items_after_statements,
    clippy::unnecessary_wraps,
    reason = "each function stands where it is called, with the answer that an attribute asks for"
)]

#[path = "../support/mod.rs"]
mod support;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use resil::event::Event;
use resil::{
    CircuitState, Deadline, Error, breaker, circuit, idempotent, registry, retry, timeout,
};
use support::{Events, Fault, Record, ms, poll_once};
use tokio::time::{advance, sleep};

/// What the body is to do.
#[derive(Clone, Copy, Debug)]
enum Do {
    Succeed,
    Fail,
    Http(u16),
    Hang,
    Panic,
    /// Succeeds, or fails, after so many milliseconds.
    Slow(u64),
    SlowFail(u64),
}
use Do::{Fail, Hang, Http, Panic, Slow, SlowFail, Succeed};

async fn act(r: &Record, what: Do) -> Result<u32, Fault> {
    let n = r.attempt();
    match what {
        Succeed => Ok(n),
        Fail => Err(Fault::Network(n)),
        Http(status) => Err(Fault::Http(status)),
        Hang => pending().await,
        Panic => panic!("the body's own"),
        Slow(t) => {
            sleep(ms(t)).await;
            Ok(n)
        }
        SlowFail(t) => {
            sleep(ms(t)).await;
            Err(Fault::Network(n))
        }
    }
}

/// `.` success, `F` an error of the body, `T` a timeout, `X` refused by the circuit.
fn letter(out: &Result<u32, Fault>) -> char {
    match out {
        Ok(_) => '.',
        Err(Fault::Resil(Error::CircuitOpen { .. })) => 'X',
        Err(Fault::Resil(Error::Timeout { .. })) => 'T',
        Err(Fault::Resil(e)) => panic!("{e}"),
        Err(_) => 'F',
    }
}

/// Calls one after the other, as letters.
macro_rules! play {
    ($f:ident($r:expr), $what:expr; $n:expr) => {
        play!(@ $f($r), [$what; $n])
    };
    ($f:ident($r:expr), $($what:expr),+) => {
        play!(@ $f($r), [$($what),+])
    };
    (@ $f:ident($r:expr), $calls:expr) => {{
        let mut seen = String::new();
        for what in $calls {
            seen.push(letter(&$f($r, what).await));
        }
        seen
    }};
}

/// Past an opening of `ms`, jitter included.
async fn pass(open_for: u64) {
    advance(ms(open_for + open_for / 5)).await;
}

/// Polls once and drops.
async fn begin_and_drop(call: impl Future<Output = Result<u32, Fault>>) {
    assert!(poll_once(pin!(call)).await.is_pending());
}

fn state(name: &str) -> CircuitState {
    breaker(name).state()
}

// Behind the macros that they use.
mod changes;
mod generic;
mod half_open;
mod keys;
mod on_ok;
mod outcomes;
mod per_type;
mod permit_in_force;
mod place;
mod reentrance;
mod refusal;
mod sharing;
mod slow;
mod time_is_up;
mod trips;
mod under_other_layers;
mod waiters;
mod waits;
